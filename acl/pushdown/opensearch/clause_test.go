package opensearch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

func filter(t testing.TB, s acl.Scope, o opensearch.Options) opensearch.Clause {
	t.Helper()
	c, err := opensearch.Filter(s, acl.Rules{}, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// decides is the clause of a caller whose terms are this list.
func decides(list string) string {
	return strings.ReplaceAll(`{"bool":{"filter":[{"terms":{"tokenacl.allow":LIST}}],"must_not":[{"terms":{"tokenacl.deny":LIST}},`+
		`{"nested":{"path":"tokenacl.levels","query":{"bool":{"must_not":[{"terms":{"tokenacl.levels.allow":LIST}}]}}}}]}}`, "LIST", list)
}

// Rules P1, P2, A8
func TestFilter(t *testing.T) {
	mary := acl.Principal{User: "mary", Groups: []string{"staff", "b"}, DataSourceGroups: []acl.DataSourceGroup{{GroupID: "g", DataSourceID: "wiki"}}}
	for _, tt := range []struct {
		name  string
		scope acl.Scope
		want  string
	}{
		{"zero", acl.Scope{}, `{"match_none":{}}`},
		{"unrestricted", acl.Unrestricted(), `{"match_all":{}}`},
		{"guest", acl.Guest(), decides(`["*"]`)},
		{"principal", acl.For(mary), decides(`["*","ag","gb","gstaff","s4:wikig","umary"]`)},
		{"without public", acl.For(mary).WithoutPublic(), decides(`["ag","gb","gstaff","s4:wikig","umary"]`)},
		{"unknown groups", acl.For(acl.Principal{GroupsUnknown: true}), decides(`["*","?"]`)},
		{"quotes", acl.For(acl.Principal{User: `"]}},{"match_all":{}}`, Groups: []string{`\`, "*", "a\nb"}}),
			decides(`["*","g*","g\\","ga\nb","u\"]}},{\"match_all\":{}}"]`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(filter(t, tt.scope, opensearch.Options{}).JSON()); got != tt.want {
				t.Errorf("clause\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	var zero opensearch.Clause
	if got := string(zero.JSON()); got != `{"match_none":{}}` {
		t.Errorf("the zero clause is %s", got)
	}
	bad, err := opensearch.Filter(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, opensearch.Options{})
	var e *acl.Error
	if !errors.As(err, &e) || string(bad.JSON()) != `{"match_none":{}}` {
		t.Errorf("%s, %v", bad.JSON(), err)
	}
}

// Equal scopes have equal clauses, whatever the order of their names.
//
// Rule P1
func TestFilterStable(t *testing.T) {
	for range 20 {
		a := filter(t, acl.For(acl.Principal{Groups: []string{"c", "a", "b", "a"}}), opensearch.Options{})
		b := filter(t, acl.For(acl.Principal{Groups: []string{"a", "b", "c"}}), opensearch.Options{})
		if string(a.JSON()) != string(b.JSON()) {
			t.Fatalf("%s and %s", a.JSON(), b.JSON())
		}
	}
	a := filter(t, acl.Guest(), opensearch.Options{})
	a.JSON()[0] = 'x'
	if string(a.JSON()) != decides(`["*"]`) {
		t.Error("JSON hands out what the clause keeps")
	}
}

// And narrows, whatever the other is.
//
// Rule R1
func TestAnd(t *testing.T) {
	guest, none, all := filter(t, acl.Guest(), opensearch.Options{}), opensearch.Clause{}, filter(t, acl.Unrestricted(), opensearch.Options{Verify: true})
	for _, tt := range []struct {
		a, b opensearch.Clause
		want string
	}{
		{guest, none, `{"bool":{"filter":[` + decides(`["*"]`) + `,{"match_none":{}}]}}`},
		{none, all, `{"bool":{"filter":[{"match_none":{}},{"match_all":{}}]}}`},
		{all, guest, `{"bool":{"filter":[{"match_all":{}},` + decides(`["*"]`) + `]}}`},
	} {
		if got := string(tt.a.And(tt.b).JSON()); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	for _, c := range []opensearch.Clause{guest.And(all), all.And(guest)} {
		if body, err := opensearch.Body(c, []byte(`{}`)); err != nil || !strings.HasSuffix(string(body), `"_source":true}`) {
			t.Errorf("%s, %v", body, err)
		}
	}
}

// A clause is never JSON by accident.
//
// Rule G3
func TestClauseIsNoJSON(t *testing.T) {
	clause := filter(t, acl.For(acl.Principal{User: "mary"}), opensearch.Options{})
	text, err := json.Marshal(map[string]any{"filter": clause})
	if err == nil || !strings.Contains(err.Error(), "json.RawMessage(clause.JSON())") || strings.Contains(string(text)+err.Error(), "mary") {
		t.Errorf("%s, %v", text, err)
	}
	if got := fmt.Sprintf("%v %+v %#v %s", clause, clause, clause, clause); strings.Contains(got, "mary") || !strings.Contains(got, "opensearch clause") {
		t.Errorf("formatted as %s", got)
	}
	if got := clause.LogValue().String(); got != "opensearch clause" {
		t.Errorf("logged as %s", got)
	}
}

func groups(n int) (names []string) {
	for i := range n {
		names = append(names, "group"+strconv.Itoa(i))
	}
	return names
}

// What one query cannot hold is an error, or in parts by lookup; never cut.
//
// Rule P1
func TestLimit(t *testing.T) {
	limit := acl.For(acl.Principal{Groups: groups(opensearch.MaxTerms - 1)}) // and everyone
	more := acl.For(acl.Principal{Groups: groups(opensearch.MaxTerms)})
	if _, err := opensearch.Filter(limit, acl.Rules{}, opensearch.Options{}); err != nil {
		t.Error(err)
	}
	c, err := opensearch.Filter(more, acl.Rules{}, opensearch.Options{})
	if !errors.Is(err, opensearch.ErrLimit) || string(c.JSON()) != `{"match_none":{}}` {
		t.Errorf("%.100s, %v", c.JSON(), err)
	}
	for parts, s := range map[int]acl.Scope{1: limit, 2: more, 3: acl.For(acl.Principal{Groups: groups(2*opensearch.MaxTerms + 5)})} {
		id, document, err := opensearch.LookupDocument(s, acl.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		var stored map[string][]string
		if err := json.Unmarshal(document, &stored); err != nil {
			t.Fatal(err)
		}
		p, _ := s.Principal()
		total := 0
		for i := range parts {
			part := stored["terms"+strconv.Itoa(i)]
			total += len(part)
			if len(part) == 0 || len(part) > opensearch.MaxTerms {
				t.Errorf("part %d has %d terms", i, len(part))
			}
		}
		if len(stored) != parts || total != len(p.Groups)+1 {
			t.Errorf("%d parts with %d terms, want %d with %d", len(stored), total, parts, len(p.Groups)+1)
		}
		clause := string(filter(t, s, opensearch.Options{Lookup: "principals"}).JSON())
		if n := strings.Count(clause, `"id":"`+id+`","index":"principals","path":"terms`); n != 3*parts {
			t.Errorf("%d lookups in %s", n, clause)
		}
		if strings.Count(clause, `"should":[`) != strings.Count(clause, `"minimum_should_match":1`) || strings.Contains(clause, `"should":[`) != (parts > 1) {
			t.Errorf("should without minimum_should_match: %s", clause)
		}
	}
}

// Rules P1, P3
func TestLookup(t *testing.T) {
	o := opensearch.Options{Lookup: "principals"}
	for name, s := range map[string]acl.Scope{"zero": {}, "unrestricted": acl.Unrestricted()} {
		id, document, err := opensearch.LookupDocument(s, acl.Rules{})
		if id != "" || document != nil || err != nil || strings.Contains(string(filter(t, s, o).JSON()), "principals") {
			t.Errorf("%s: %s, %s, %v", name, id, document, err)
		}
	}
	if _, _, err := opensearch.LookupDocument(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}); err == nil {
		t.Error("a name that is not valid UTF-8 has a document")
	}
	ids := map[string]bool{}
	for _, p := range []acl.Principal{{User: "a"}, {Groups: []string{"a"}}, {Groups: []string{"a", "b"}}, {Groups: []string{"a\",\"gb"}}, {User: "a", GroupsUnknown: true}} {
		id, _, err := opensearch.LookupDocument(acl.For(p), acl.Rules{})
		if err != nil || len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" {
			t.Errorf("id %q, %v", id, err)
		}
		ids[id] = true
	}
	if len(ids) != 5 {
		t.Errorf("%d ids of 5 callers", len(ids))
	}
	want := strings.ReplaceAll(decides("LIST"), "LIST", `{"id":"ID","index":"principals","path":"terms0"}`)
	id, document, err := opensearch.LookupDocument(acl.Guest(), acl.Rules{})
	if got := string(filter(t, acl.Guest(), o).JSON()); got != strings.ReplaceAll(want, "ID", id) || string(document) != `{"terms0":["*"]}` || err != nil {
		t.Errorf("%s, %s, %v", got, document, err)
	}
}
