package qdrant

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/qdrant"
	"github.com/tokenacl/tokenacl/integration/real"
)

var someRules = []acl.Rules{{DenyOnlyEveryone: true}, {AnyLevel: true, Fold: true}, {DenyOnlyEveryone: true, MissingGroupsMeanNone: true}}

// Qdrant's engine decides as acl does.
//
// Rules P1, P2, A3, A4, A5, A6, A8
func TestEdge(t *testing.T) {
	report := acltest.Run(t, start(t, "edge"), acltest.Options{Documents: 5000, Callers: 200, RuleSets: someRules})
	if report.Decisions < 5000*200+3*850*160 {
		t.Errorf("only %v", report)
	}
	real.Proven(t, proof(t, "its engine in process", "qdrant-edge-py", "filter, count, each rule").Report(report))
}

var (
	rules = acl.Rules{}
	mary  = acl.For(acl.Principal{User: "mary", Groups: []string{"staff"}})
	staff = acl.List{acl.Allow.Group("staff")}
)

// small are four points, of which mary sees two, 1 and 4.
var small = []acltest.Document{
	{ID: "a", ACL: staff}, {ID: "b", ACL: acl.List{acl.Allow.Group("staff"), acl.Deny.User("mary")}},
	{ID: "c", ACL: acl.Hierarchy{staff, {acl.Allow.Group("board")}}}, {ID: "d", ACL: acl.Public()},
}

// proof is that of one of its packages for Python.
func proof(t *testing.T, how, pkg, feature string) real.Proof {
	t.Helper()
	text, err := os.ReadFile("requirements.txt")
	version := regexp.MustCompile(`(?m)^` + pkg + `==(.+)$`).FindStringSubmatch(string(text))
	if err != nil || version == nil {
		t.Fatalf("the version of %s: %v", pkg, err)
	}
	return real.Proof{Engine: "Qdrant", Version: "(" + pkg + " " + version[1] + ")", How: how + ", not the server", Feature: feature}
}

func clause(t *testing.T, s acl.Scope, o qdrant.Options) qdrant.Clause {
	t.Helper()
	c, err := qdrant.Filter(s, rules, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func finds(t *testing.T, p *process, c qdrant.Clause, user string) (ids string, hits []hit) {
	t.Helper()
	body, err := qdrant.Body(c, []byte(user))
	if err != nil {
		t.Fatalf("%s: %v", user, err)
	}
	r, err := p.ask("query", json.RawMessage(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for _, h := range r.Hits {
		ids += p.ids[h.ID-1]
	}
	return string(slices.Sorted(slices.Values([]rune(ids)))), r.Hits
}

const vector = `[1,0,0,0,0,0,0,0]`

// What callers send narrows what they see, in the engine and in the client's
// local mode, which is another program.
//
// Rules P1, P5
func TestBodies(t *testing.T) {
	edge, client := start(t, "edge"), start(t, "client")
	for _, p := range []*process{edge, client} {
		if err := p.Store(rules, small); err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			scope acl.Scope
			want  string
		}{
			"mary": {mary, "ad"}, "guest": {acl.Guest(), "d"}, "nobody": {acl.Scope{}, ""}, "everything": {acl.Unrestricted(), "abcd"},
			"board": {acl.For(acl.Principal{Groups: []string{"staff", "board"}}), "abcd"}, "quotes": {acl.For(acl.Principal{User: `"],"any":["gstaff`}), "d"},
		} {
			found, err := p.Search(tt.scope)
			if slices.Sort(found); strings.Join(found, "") != tt.want || err != nil {
				t.Errorf("%s finds %q, %v, want %q", name, found, err, tt.want)
			}
			if got, _ := finds(t, p, clause(t, tt.scope, qdrant.Options{}), `{"query":`+vector+`}`); got != tt.want {
				t.Errorf("%s finds %q of the nearest, want %q", name, got, tt.want)
			}
		}
		if got, hits := finds(t, p, clause(t, mary, qdrant.Options{}), `{"query":`+vector+`,"limit":1}`); got != "d" {
			t.Errorf("the nearest is %q, %v, want d", got, hits)
		}
	}

	c := clause(t, mary, qdrant.Options{})
	requests := map[string]string{
		`{}`: "ad", `{"filter":{}}`: "ad", `{"filter":{"should":[{"key":"text","match":{"value":"word"}},{"has_id":[2,3]}]}}`: "ad",
		`{"filter":{"must":{"has_id":[2,3]}}}`: "", `{"filter":{"must_not":[{"has_id":[1]}]},"with_vector":true}`: "d",
		`{"filter":{"min_should":{"conditions":[{"has_id":[2,4]}],"min_count":1}}}`:                                                      "d",
		`{"query":` + vector + `,"prefetch":{"query":` + vector + `,"limit":3}}`:                                                         "ad",
		`{"query":{"fusion":"rrf"},"prefetch":[{"query":` + vector + `},{"query":` + vector + `,"filter":{"must":[{"has_id":[2,1]}]}}]}`: "ad",
		`{"query":` + vector + `,"prefetch":{"prefetch":[{"query":` + vector + `}],"query":` + vector + `},"offset":1}`:                  "a",
		`{"query":{"nearest":` + vector + `},"params":{"exact":true},"score_threshold":2}`:                                               "d",
	}
	for user, want := range requests {
		got, hits := finds(t, client, c, user)
		if got != want {
			t.Errorf("%s finds %q, want %q", user, got, want)
		}
		for _, h := range hits {
			if h.Payload[qdrant.Field] != nil {
				t.Errorf("%s shows the ACL of %d", user, h.ID)
			}
		}
	}

	// The ACLs, where the application asks for them; and without the clause, so that
	// Verify drops what it should have.
	_, hits := finds(t, client, clause(t, acl.Unrestricted(), qdrant.Options{Verify: true}), `{"with_payload":["text"]}`)
	kept, dropped, err := qdrant.Verify(mary, rules, hits, func(h hit) []byte { return h.Payload[qdrant.Field] })
	if len(kept) != 2 || dropped != 2 || err != nil {
		t.Errorf("%d kept, %d dropped, %v", len(kept), dropped, err)
	}
	p := proof(t, "the local mode of its client", "qdrant-client", "requests of callers, Verify")
	p.Documents, p.Callers, p.Answers = len(small), 1, len(requests)
	real.Proven(t, p)
}

// The schema of the API has all that this package makes.
//
// Rule P1
func TestSchema(t *testing.T) {
	p := start(t, "client")
	bodies := map[string][]json.RawMessage{"UpdateCollection": {qdrant.Metadata(rules)}, "CreateFieldIndex": indexes()}
	for _, s := range []acl.Scope{{}, acl.Guest(), mary, acl.Unrestricted()} {
		bodies["Filter"] = append(bodies["Filter"], clause(t, s, qdrant.Options{}).JSON(), clause(t, s, qdrant.Options{}).And(clause(t, mary, qdrant.Options{})).JSON())
		for _, user := range []string{
			`{}`, `{"with_payload":true,"with_vector":["a"],"using":"v","params":{"hnsw_ef":1,"indexed_only":true,"acorn":{"enable":true},"quantization":{"rescore":true}}}`,
			`{"with_payload":{"exclude":["a"]},"query":{"order_by":{"key":"n","direction":"asc","start_from":1}}}`, `{"query":{"sample":"random"}}`,
			`{"query":{"indices":[1],"values":[0.5]},"filter":{"must":[{"nested":{"key":"a","filter":{"must":[{"key":"b","range":{"gt":1}}]}}},{"is_empty":{"key":"c"}},{"key":"d","values_count":{"lt":2}}]}}`,
			`{"query":{"nearest":{"indices":[1],"values":[0.5]},"mmr":{"diversity":0.5}},"prefetch":[{"query":[[1,2],[3,4]],"limit":5,"score_threshold":0.5,"using":"m"}]}`, `{"query":{"rrf":{"k":60}},"prefetch":[{}]}`,
		} {
			for _, o := range []qdrant.Options{{}, {Verify: true}} {
				body, err := qdrant.Body(clause(t, s, o), []byte(user))
				if err != nil {
					t.Fatalf("%s: %v", user, err)
				}
				bodies["QueryRequest"] = append(bodies["QueryRequest"], body)
			}
		}
	}
	n := 0
	for model, list := range bodies {
		for _, body := range list {
			n++
			if _, err := p.ask("validate", []any{model, body}); err != nil {
				t.Errorf("%s as %s: %v", body, model, err)
			}
		}
	}
	if n != 1+4+8+56 {
		t.Errorf("%d bodies", n)
	}
	if _, err := p.ask("validate", []any{"Filter", json.RawMessage(`{"musty":[]}`)}); err == nil {
		t.Error("the schema takes a member that is misspelt")
	}
}
