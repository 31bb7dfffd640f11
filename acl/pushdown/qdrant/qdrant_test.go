package qdrant_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/qdrant"
)

var (
	mary = acl.For(acl.Principal{User: "mary", Groups: []string{`a "],b\`}})
	eve  = acl.For(acl.Principal{User: "eve"})
	list = acl.List{acl.Allow.User("mary"), acl.Deny.User("eve")}
)

func filter(t *testing.T, s acl.Scope, o qdrant.Options) qdrant.Clause {
	t.Helper()
	c, err := qdrant.Filter(s, acl.Rules{}, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Rules P1, P2, A2, A4
func TestFields(t *testing.T) {
	const nobody = `{"kind":"list","allow":[],"levels":[],"deny":[]}`
	for _, tt := range []struct {
		name string
		acl  acl.ACL
		want string
	}{
		{"nobody", nil, nobody}, {"deny alone", acl.List{acl.Deny.User("u")}, nobody},
		{"public", acl.Public(), `{"kind":"list","allow":["*"],"levels":[],"deny":[]}`},
		{"list", list, `{"kind":"list","allow":["umary"],"levels":[],"deny":["ueve"]}`},
		{"levels", acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.User(`"`)}, {acl.Allow.User("w")}}, `{"kind":"hierarchy","allow":["uu"],"levels":[{"allow":["u\""]},{"allow":["uw"]}],"deny":[]}`},
	} {
		got, err := qdrant.Fields(tt.acl, acl.Rules{})
		if diff := cmp.Diff(tt.want, text(got)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
	var e *acl.Error
	if got, err := qdrant.Fields(acl.List{{}}, acl.Rules{}); text(got) != nobody || !errors.As(err, &e) {
		t.Errorf("invalid: %v, %v", got, err)
	}
}

// Rules P1, A8
func TestFilter(t *testing.T) {
	const none = `{"must":[{"has_id":[]}]}`
	for _, tt := range []struct {
		name  string
		scope acl.Scope
		want  string
	}{
		{"zero", acl.Scope{}, none}, {"everything", acl.Unrestricted(), `{}`},
		{"mary", acl.For(acl.Principal{User: `"]}`}), `{"must":[{"key":"tokenacl.allow","match":{"any":["*","u\"]}"]}}],"must_not":[{"key":"tokenacl.deny","match":{"any":["*","u\"]}"]}},` +
			`{"must":[{"must_not":[{"key":"tokenacl.kind","match":{"value":"list"}}]},{"nested":{"filter":{"must_not":[{"key":"allow","match":{"any":["*","u\"]}"]}}]},"key":"tokenacl.levels"}}]}]}`},
	} {
		if diff := cmp.Diff(tt.want, string(filter(t, tt.scope, qdrant.Options{}).JSON())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := string(qdrant.Clause{}.JSON()); got != none {
		t.Errorf("zero Clause is %s", got)
	}
	var bad *acl.Error
	if c, err := qdrant.Filter(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, qdrant.Options{}); !errors.As(err, &bad) || string(c.JSON()) != none {
		t.Errorf("not UTF-8: %s, %v", c.JSON(), err)
	}

	many := acl.Principal{User: "u"}
	for i := range 98 {
		many.Groups = append(many.Groups, fmt.Sprint("g", i))
	}
	if _, err := qdrant.Filter(acl.For(many), acl.Rules{}, qdrant.Options{ConditionMaxSize: 100}); err != nil {
		t.Errorf("100 of 100 terms: %v", err)
	}
	for size, want := range map[int]error{99: qdrant.ErrLimit, -1: nil} {
		if c, err := qdrant.Filter(acl.For(many), acl.Rules{}, qdrant.Options{ConditionMaxSize: size}); err == nil || want != nil && !errors.Is(err, want) || string(c.JSON()) != none {
			t.Errorf("100 terms of %d: %s, %v", size, c.JSON(), err)
		}
	}
	long := acl.For(acl.Principal{User: strings.Repeat("x", 12<<20)})
	if c, err := qdrant.Filter(long, acl.Rules{}, qdrant.Options{}); !errors.Is(err, qdrant.ErrLimit) || string(c.JSON()) != none {
		t.Errorf("36 MiB: %v", err)
	}

	every, nobody := filter(t, acl.Unrestricted(), qdrant.Options{Verify: true}), qdrant.Clause{}
	guest := filter(t, acl.Guest(), qdrant.Options{})
	for _, tt := range []struct {
		got  qdrant.Clause
		want string
	}{
		{every.And(nobody), none}, {nobody.And(every), none}, {every.And(every), `{}`},
		{guest.And(nobody), `{"must":[` + string(guest.JSON()) + `,` + none + `]}`},
	} {
		if string(tt.got.JSON()) != tt.want {
			t.Errorf("And: %s, want %s", tt.got.JSON(), tt.want)
		}
	}
}

// Rule G3
func TestClausePrints(t *testing.T) {
	c := filter(t, mary, qdrant.Options{})
	if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.LogValue()); text != strings.TrimSpace(strings.Repeat("qdrant clause ", 4)) {
		t.Errorf("prints %s", text)
	}
	if text, err := json.Marshal(c); err == nil {
		t.Errorf("marshals to %s", text)
	}
}

// collection is what Qdrant would answer of one.
func collection() string {
	return `{"result":{"status":"green","config":{"params":{},"metadata":{"tokenacl":{"rules":"` + acl.Rules{}.Hash() + `"}}},"payload_schema":{"tokenacl.allow":{"data_type":"keyword","points":3},` +
		`"tokenacl.deny":{"data_type":"keyword","points":0},"tokenacl.kind":{"data_type":"keyword","points":3},"tokenacl.levels[].allow":{"data_type":"keyword","points":0},"n":{"data_type":"integer","points":3}}},"status":"ok","time":1e-05}`
}

// Rules A6, G1
func TestCollection(t *testing.T) {
	if got, want := string(qdrant.Metadata(acl.Rules{})), `{"metadata":{"tokenacl":{"rules":"`+(acl.Rules{}).Hash()+`"}}}`; got != want {
		t.Errorf("metadata %s, want %s", got, want)
	}
	var names []string
	for _, body := range qdrant.Indexes() {
		var index map[string]string
		if err := json.Unmarshal(body, &index); err != nil || index["field_schema"] != "keyword" || len(index) != 2 {
			t.Errorf("%s: %v", body, err)
		}
		names = append(names, index["field_name"])
	}
	if diff := cmp.Diff([]string{"tokenacl.allow", "tokenacl.deny", "tokenacl.kind", "tokenacl.levels[].allow"}, names); diff != "" {
		t.Errorf("indexes (-want +got):\n%s", diff)
	}
	if err := qdrant.CheckCollection([]byte(collection()), acl.Rules{}); err != nil {
		t.Error(err)
	}
	for name, tt := range map[string]struct{ old, new, path, reason string }{
		"other rules": {acl.Rules{}.Hash(), acl.Rules{Fold: true}.Hash(), "/result/config/metadata/tokenacl", "other rules"},
		"no rules":    {`"rules"`, `"x"`, "/result/config/metadata/tokenacl", "no hash"},
		"no index":    {`"tokenacl.deny"`, `"x"`, "/result/payload_schema/tokenacl.deny", "no index"},
		"text index":  {`"tokenacl.allow":{"data_type":"keyword"`, `"tokenacl.allow":{"data_type":"text"`, "/result/payload_schema/tokenacl.allow", "no index"},
		"no levels":   {`levels[]`, `levels`, "/result/payload_schema/tokenacl.levels[].allow", "no index"},
		"no JSON":     {`{`, ``, "", "is not strict JSON"},
	} {
		err := qdrant.CheckCollection([]byte(strings.Replace(collection(), tt.old, tt.new, 1)), acl.Rules{})
		var e *qdrant.Error
		if !errors.As(err, &e) || e.Path != tt.path || !strings.Contains(e.Reason, tt.reason) || !strings.HasPrefix(err.Error(), "qdrant: ") {
			t.Errorf("%s: %v, want %s: %s", name, err, tt.path, tt.reason)
		}
	}
}

const some = `{"must":[{"has_id":[1]}]}`

// Rules P1, G1
func TestBody(t *testing.T) {
	nobody, verify := qdrant.Clause{}, filter(t, acl.Unrestricted(), qdrant.Options{Verify: true})
	const none = `{"must":[{"has_id":[]}]}`
	for _, tt := range []struct {
		clause     qdrant.Clause
		user, want string
	}{
		{nobody, `{}`, `{"filter":` + none + `,"with_payload":false}`},
		{nobody, `{"filter":{ }}`, `{"filter":` + none + `,"with_payload":false}`},
		{nobody, `{"query":[1,2.5],"limit":3,"offset":1,"filter":` + some + `,"with_payload":true,"with_vector":true,"using":"v","score_threshold":0.5,"params":{"hnsw_ef":1,"exact":true}}`,
			`{"filter":{"must":[` + none + `,` + some + `]},"limit":3,"offset":1,"params":{"hnsw_ef":1,"exact":true},"query":[1,2.5],"score_threshold":0.5,"using":"v","with_payload":{"exclude":["tokenacl"]},"with_vector":true}`},
		{nobody, `{"prefetch":{"query":[1],"prefetch":[{"query":[[1],[2]]},{"filter":` + some + `}]},"query":{"fusion":"rrf"},"with_payload":["a"]}`,
			`{"filter":` + none + `,"prefetch":{"filter":` + none + `,"prefetch":[{"filter":` + none + `,"query":[[1],[2]]},{"filter":{"must":[` + none + `,` + some + `]}}],"query":[1]},"query":{"fusion":"rrf"},"with_payload":{"include":["a"]}}`},
		{nobody, `{"with_payload":{"exclude":["a"]},"query":{"order_by":"n"}}`, `{"filter":` + none + `,"query":{"order_by":"n"},"with_payload":{"exclude":["a","tokenacl"]}}`},
		{nobody, `{"with_payload":{"include":["a"]},"prefetch":[]}`, `{"filter":` + none + `,"prefetch":[],"with_payload":{"include":["a"]}}`},
		{nobody, `{"with_payload":[]}`, `{"filter":` + none + `,"with_payload":false}`},
		{verify, `{}`, `{"filter":{},"with_payload":{"include":["tokenacl"]}}`}, {verify, `{"with_payload":true}`, `{"filter":{},"with_payload":true}`},
		{verify, `{"with_payload":{"exclude":["a"]},"filter":` + some + `}`, `{"filter":` + some + `,"with_payload":{"exclude":["a"]}}`},
		{verify, `{"with_payload":{"exclude":[]}}`, `{"filter":{},"with_payload":true}`},
		{verify.And(nobody), `{}`, `{"filter":` + none + `,"with_payload":{"include":["tokenacl"]}}`}, {nobody.And(verify), `{}`, `{"filter":` + none + `,"with_payload":{"include":["tokenacl"]}}`},
		{nobody, `{"query":{"rrf":{"k":60}},"prefetch":[{"query":{"sample":"random"},"params":{"acorn":{"enable":true},"indexed_only":true,"quantization":{"rescore":true}}}]}`,
			`{"filter":` + none + `,"prefetch":[{"filter":` + none + `,"params":{"acorn":{"enable":true},"indexed_only":true,"quantization":{"rescore":true}},"query":{"sample":"random"}}],"query":{"rrf":{"k":60}},"with_payload":false}`},
		{verify, `{"with_payload":["a"]}`, `{"filter":{},"with_payload":{"include":["a","tokenacl"]}}`},
	} {
		got, err := qdrant.Body(tt.clause, []byte(tt.user))
		if diff := cmp.Diff(tt.want, string(got)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.user, err, diff)
		}
	}
	nine := strings.TrimSuffix(strings.Repeat(`{},`, 9), ",")
	for user, path := range map[string]string{
		`[]`: "", `{`: "", `{"limit":1,"limit":2}`: "", `{"Filter":{}}`: "/Filter", `{"lookup_from":{"collection":"c"}}`: "/lookup_from", `{"shard_key":"a"}`: "/shard_key",
		`{"query":1}`: "/query", `{"query":"id"}`: "/query", `{"query":{"nearest":7}}`: "/query/nearest", `{"query":{"recommend":{"positive":[1]}}}`: "/query/recommend",
		`{"query":{"discover":{}}}`: "/query/discover", `{"query":{"context":[]}}`: "/query/context", `{"query":{"formula":"x"}}`: "/query/formula", `{"query":{"text":"a","model":"m"}}`: "/query/text",
		`{"query":["a"]}`: "/query/0", `{"query":[[1,"a"]]}`: "/query/0/1", `{"query":{"order_by":"tokenacl.allow"}}`: "/query/order_by", `{"query":{"order_by":{"key":"tokenacl.deny"}}}`: "/query/order_by/key",
		`{"prefetch":1}`: "/prefetch", `{"prefetch":[1]}`: "/prefetch/0", `{"prefetch":[[{}]]}`: "/prefetch/0", `{"prefetch":[{},{"lookup_from":{}}]}`: "/prefetch/1/lookup_from", `{"prefetch":{"offset":1}}`: "/prefetch/offset",
		`{"prefetch":[` + nine + `]}`: "/prefetch/8", `{"prefetch":{"filter":[]}}`: "/prefetch/filter", `{"params":{"idf":{}}}`: "/params/idf",
		`{"filter":null}`: "/filter", `{"filter":{"musty":[]}}`: "/filter/musty", `{"filter":{"must":[{"slice":{}}]}}`: "/filter/must/0/slice", `{"filter":{"must":1}}`: "/filter/must",
		`{"filter":{"must":[{"key":"tokenacl.allow","match":{"value":"gx"}}]}}`: "/filter/must/0/key", `{"filter":{"should":{"key":"\"tokenacl\".deny","match":{"value":"gx"}}}}`: "/filter/should/key",
		`{"filter":{"must":[{"is_empty":{"key":"tokenacl[].x"}}]}}`: "/filter/must/0/is_empty/key", `{"filter":{"must":[{"nested":{"key":"tokenacl.levels","filter":{}}}]}}`: "/filter/must/0/nested/key",
		`{"filter":{"must":[{"key":1}]}}`: "/filter/must/0/key", `{"filter":{"min_should":{"conditions":[{"is_null":{"key":"tokenacl"}}],"min_count":0}}}`: "/filter/min_should/conditions/0/is_null/key",
		`{"with_payload":1}`: "/with_payload", `{"with_payload":["tokenacl.allow"]}`: "/with_payload/0", `{"with_payload":{"include":["tokenacl"]}}`: "/with_payload/0",
		`{"with_payload":{"include":[],"exclude":[]}}`: "/with_payload", `{"with_payload":{"exclude":1}}`: "/with_payload", `{"with_payload":[1]}`: "/with_payload/0", `{"limit":"1"}`: "/limit",
	} {
		got, err := qdrant.Body(nobody, []byte(user))
		var e *qdrant.Error
		if got != nil || !errors.As(err, &e) || e.Path != path {
			t.Errorf("%s: %s, %v, want an error at %q", user, got, err, path)
		}
	}
	big := filter(t, acl.For(acl.Principal{User: strings.Repeat("x", 6<<20)}), qdrant.Options{})
	if got, err := qdrant.Body(big, []byte(`{"prefetch":{}}`)); got != nil || !errors.Is(err, qdrant.ErrLimit) {
		t.Errorf("36 MiB: %d bytes, %v", len(got), err)
	}
}

// Rule P1
func TestQuery(t *testing.T) {
	const user = `{"must":{"key":"a","match":{"any":["tokenacl.allow"]}},"should":[{"key":"tokenaclx","is_empty":true},{"must_not":[{"nested":{"key":"a[]","filter":{"must":[{"key":"tokenac","range":{"gt":1}}]}}}]}]}`
	got, err := qdrant.Query(qdrant.Clause{}, []byte(" "+user+"\n"))
	if want := `{"must":[{"must":[{"has_id":[]}]},` + user + `]}`; string(got) != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	for _, bad := range []string{`{"a":1}`, `{`, ``, `"x"`, strings.Repeat(`{"must":`, 65) + `{}` + strings.Repeat(`}`, 65), "{\"must\":\"\xff\"}"} {
		var e *qdrant.Error
		if got, err := qdrant.Query(qdrant.Clause{}, []byte(bad)); got != nil || !errors.As(err, &e) {
			t.Errorf("%.40s: %s, %v", bad, got, err)
		}
	}
}

// Rules P5, G1
func TestVerify(t *testing.T) {
	texts := map[string]string{}
	var page []string
	add := func(name, text string) { texts[name] = text; page = append(page, name) }
	long := slices.Repeat(list, 1000)
	for i := range long {
		long[i].Name += strconv.Itoa(i)
	}
	long = append(long, list...)
	for _, d := range []struct {
		name string
		acl  acl.ACL
	}{{"list", list}, {"public", acl.Public()}, {"long", long}, {"levels", acl.Hierarchy{{acl.Allow.User("mary")}, {acl.Allow.User("eve")}}}, {"nobody", nil}} {
		fields, err := qdrant.Fields(d.acl, acl.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		add(d.name, text(fields))
	}
	for i, text := range []string{
		"", "[]", "{}", `{"kind":"list","allow":["*"],"levels":[],"deny":null}`, `{"kind":"list","allow":"*","levels":[],"deny":[]}`, `{"kind":"list","allow":[1,"*"],"levels":[],"deny":[]}`,
		`{"kind":"list","allow":["*"],"levels":null,"deny":[]}`, `{"kind":"list","allow":["*"],"levels":[{"allow":["umary"]}],"deny":[]}`, `{"kind":"hierarchy","allow":["*"],"levels":[],"deny":[]}`,
		`{"kind":"hierarchy","allow":["*"],"levels":[{"allow":"*"}],"deny":[]}`, `{"kind":"hierarchy","allow":["*"],"levels":[{"allow":["*"],"x":1}],"deny":[]}`,
		`{"allow":["*"],"levels":[],"deny":[]}`, `{"kind":"list","allow":["*"],"levels":[],"deny":[],"x":1}`, `{"kind":"list","allow":["*"],"allow":["*"],"levels":[],"deny":[]}`,
	} {
		add(fmt.Sprint("broken ", i), text)
	}
	stored := func(name string) []byte { return []byte(texts[name]) }
	for _, tt := range []struct {
		name  string
		scope acl.Scope
		want  []string
	}{
		{"mary", mary, []string{"list", "public", "long"}}, {"eve", eve, []string{"public"}}, {"guest", acl.Guest(), []string{"public"}}, {"nobody", acl.Scope{}, nil},
		{"both", acl.For(acl.Principal{User: "eve", Groups: []string{"x"}}), []string{"public"}},
	} {
		kept, dropped, err := qdrant.Verify(tt.scope, acl.Rules{}, page, stored)
		if diff := cmp.Diff(tt.want, kept); diff != "" || dropped != len(page)-len(tt.want) || err != nil {
			t.Errorf("%s: %d dropped, %v (-want +got):\n%s", tt.name, dropped, err, diff)
		}
	}
	if kept, dropped, err := qdrant.Verify(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, page, stored); kept != nil || dropped != len(page) || err == nil {
		t.Errorf("not UTF-8: %v, %d, %v", kept, dropped, err)
	}
}

// What is accepted holds the filter in the request and in each prefetch.
//
// Rules P1, G4
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"query":[1],"filter":{"must":[{"has_id":[1]}]}}`, `{"prefetch":[{"query":[1]},{"prefetch":{}}],"query":{"fusion":"rrf"}}`, `{"with_payload":["a"]}`,
		`{"filter":{"must":{"key":"tokenacl.allow","is_null":true}}}`, `{"Filter":{}}`, `[]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, user string) {
		got, err := qdrant.Body(qdrant.Clause{}, []byte(user))
		if err != nil {
			var e *qdrant.Error
			if got != nil || !errors.As(err, &e) {
				t.Fatalf("%s, %v", got, err)
			}
			return
		}
		var body object
		if err := json.Unmarshal(got, &body); err != nil {
			t.Fatal(err)
		}
		everywhere(t, body)
	})
}

func everywhere(t *testing.T, body object) {
	t.Helper()
	if all := text(body["filter"]); !strings.HasPrefix(all, `{"must":[{"has_id":[]}]}`) && !strings.HasPrefix(all, `{"must":[{"must":[{"has_id":[]}]},`) || len(body["filter"].(object)) != 1 {
		t.Fatalf("the filter is %s", all)
	}
	switch p := body["prefetch"].(type) {
	case object:
		everywhere(t, p)
	case []any:
		for _, e := range p {
			everywhere(t, e.(object))
		}
	}
}
