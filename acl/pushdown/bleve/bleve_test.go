package bleve_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/bleve"
)

var (
	mary = acl.For(acl.Principal{User: "mary", Groups: []string{`a "b\`}})
	eve  = acl.For(acl.Principal{User: "eve"})
	list = acl.List{acl.Allow.User("mary"), acl.Deny.User("eve")}
)

func filter(t *testing.T, s acl.Scope, r acl.Rules, o bleve.Options) bleve.Clause {
	t.Helper()
	c, err := bleve.Filter(s, r, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Rules P1, P2, A2, A4
func TestFields(t *testing.T) {
	// u is 75, g is 67, * is 2a: hf, gh, ck.
	for _, tt := range []struct {
		name string
		acl  acl.ACL
		o    bleve.Options
		want map[string]any
	}{
		{"nobody", nil, bleve.Options{}, nil},
		{"deny alone", acl.List{acl.Deny.User("u")}, bleve.Options{}, nil},
		{"public", acl.Public(), bleve.Options{}, map[string]any{"allow": "ck", "deny": ""}},
		{"list", acl.List{acl.Allow.User("u"), acl.Allow.Group("\x00"), acl.Deny.User("é")}, bleve.Options{Levels: 1},
			map[string]any{"allow": "ghaa hfhf", "deny": "hfmdkj"}},
		{"levels", acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.User("v")}, {acl.Allow.User("w")}}, bleve.Options{Levels: 3},
			map[string]any{"allow": "hfhf", "level1": "hfhg", "level2": "hfhh", "levels": []string{"1", "2"}, "deny": ""}},
		{"verify", list, bleve.Options{Verify: true}, map[string]any{"allow": "hfgngbhchj", "deny": "hfgfhggf", "acl": `{"levels":[["umary"]],"deny":["ueve"]}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bleve.Fields(tt.acl, acl.Rules{}, tt.o)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	var e *acl.Error
	if got, err := bleve.Fields(acl.List{{}}, acl.Rules{}, bleve.Options{}); got != nil || !errors.As(err, &e) {
		t.Errorf("invalid: %v, %v", got, err)
	}
	deep := acl.Hierarchy{}
	for range 31 {
		deep = append(deep, acl.List{acl.Allow.User("u")})
	}
	if got, err := bleve.Fields(deep, acl.Rules{}, bleve.Options{}); got != nil || !errors.Is(err, bleve.ErrLimit) {
		t.Errorf("31 levels: %v, %v", got, err)
	}
	if got, err := bleve.Fields(deep[:30], acl.Rules{}, bleve.Options{}); len(got) != 32 || err != nil {
		t.Errorf("30 levels: %d fields, %v", len(got), err)
	}
	if got, err := bleve.Fields(deep[:2], acl.Rules{}, bleve.Options{Levels: -1}); got != nil || err == nil {
		t.Errorf("negative: %v, %v", got, err)
	}
}

// Rules P1, A8
func TestFilter(t *testing.T) {
	one := bleve.Options{Levels: 1}
	for _, tt := range []struct {
		name  string
		scope acl.Scope
		o     bleve.Options
		want  string
	}{
		{"zero", acl.Scope{}, one, `{"match_none":{}}`},
		{"everything", acl.Unrestricted(), one, `{"match_all":{}}`},
		{"guest", acl.Guest(), one, `{"must":{"conjuncts":[{"analyzer":"simple","field":"tokenacl.allow","match":"ck"}]},` +
			`"must_not":{"disjuncts":[{"analyzer":"simple","field":"tokenacl.deny","match":"ck"},{"field":"tokenacl.levels","term":"1"}]}}`},
		{"levels", acl.For(acl.Principal{User: "u"}).WithoutPublic(), bleve.Options{Levels: 2}, `{"must":{"conjuncts":[{"analyzer":"simple","field":"tokenacl.allow","match":"hfhf"}]},` +
			`"must_not":{"disjuncts":[{"analyzer":"simple","field":"tokenacl.deny","match":"hfhf"},{"field":"tokenacl.levels","term":"2"},` +
			`{"must":{"conjuncts":[{"field":"tokenacl.levels","term":"1"}]},"must_not":{"disjuncts":[{"analyzer":"simple","field":"tokenacl.level1","match":"hfhf"}]}}]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(filter(t, tt.scope, acl.Rules{}, tt.o).JSON())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := string(bleve.Clause{}.JSON()); got != `{"match_none":{}}` {
		t.Errorf("zero Clause is %s", got)
	}
	var e *acl.Error
	if c, err := bleve.Filter(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, one); !errors.As(err, &e) || string(c.JSON()) != `{"match_none":{}}` {
		t.Errorf("not UTF-8: %s, %v", c.JSON(), err)
	}
	if c, err := bleve.Filter(mary, acl.Rules{}, bleve.Options{Levels: -1}); err == nil || string(c.JSON()) != `{"match_none":{}}` {
		t.Errorf("negative levels: %s, %v", c.JSON(), err)
	}
	many, again := acl.Principal{User: "u"}, acl.Principal{User: "u"}
	for i := range 500 {
		many.Groups = append(many.Groups, fmt.Sprint("g", i))
		again.Groups = append(again.Groups, fmt.Sprint("g", 499-i))
	}
	a, b := filter(t, acl.For(many), acl.Rules{}, one), filter(t, acl.For(again), acl.Rules{}, one)
	if string(a.JSON()) != string(b.JSON()) {
		t.Error("the order of groups changes the clause")
	}
	if both := string(filter(t, acl.Unrestricted(), acl.Rules{}, one).And(bleve.Clause{}).JSON()); both != `{"conjuncts":[{"match_all":{}},{"match_none":{}}]}` {
		t.Errorf("And: %s", both)
	}
	verify, plain := filter(t, acl.Guest(), acl.Rules{}, bleve.Options{Levels: 1, Verify: true}), filter(t, acl.Guest(), acl.Rules{}, one)
	for _, c := range []bleve.Clause{verify.And(plain), plain.And(verify)} {
		if text, err := bleve.Request(c, []byte(`{"query":{"match_all":{}}}`)); err != nil || !strings.Contains(string(text), `"fields":["tokenacl.acl"]`) {
			t.Errorf("And does not ask for the ACL: %s, %v", text, err)
		}
	}
}

// Rule G3
func TestClausePrints(t *testing.T) {
	c := filter(t, mary, acl.Rules{}, bleve.Options{})
	if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.LogValue()); text != strings.TrimSpace(strings.Repeat("bleve clause ", 4)) {
		t.Errorf("prints %s", text)
	}
	if text, err := json.Marshal(c); err == nil {
		t.Errorf("marshals to %s", text)
	}
}

// indexMapping is what Bleve would write of an index of mapping.
func indexMapping(mapping string) string {
	return `{"default_mapping":{"enabled":true,"dynamic":true,"properties":{"tokenacl":` + mapping + `}},"types":{},"default_analyzer":"standard"}`
}

// Rules A6, G1
func TestMapping(t *testing.T) {
	o := bleve.Options{Levels: 2, Verify: true}
	text, err := bleve.Mapping(acl.Rules{}, o)
	if err != nil {
		t.Fatal(err)
	}
	mapping := string(text)
	if want := `"acl":{"enabled":true,"dynamic":false,"fields":[{"type":"text","analyzer":"keyword","store":true}]},` +
		`"allow":{"enabled":true,"dynamic":false,"fields":[{"type":"text","analyzer":"simple","index":true,"skip_freq_norm":true}]}`; !strings.Contains(mapping, want) {
		t.Errorf("mapping %s", mapping)
	}
	good := indexMapping(mapping)
	typed := strings.Replace(good, `"types":{}`, `"types":{"page":{"enabled":true,"dynamic":true,"properties":{"tokenacl":`+mapping+`}}}`, 1)
	for name, index := range map[string]string{
		"plain": good, "types": typed, "no types": strings.Replace(good, `"types":{},`, "", 1),
		"disabled type":    strings.Replace(good, `"types":{}`, `"types":{"page":{"enabled":false}}`, 1),
		"disabled default": strings.Replace(typed, `"default_mapping":{"enabled":true,"dynamic":true,"properties":{"tokenacl":`+mapping+`}}`, `"default_mapping":{"enabled":false}`, 1),
		"spelled out":      strings.ReplaceAll(good, `"type":"text"`, `"type":"text","docvalues":false,"include_in_all":false`),
		"synonyms of none": strings.Replace(good, `"types"`, `"default_synonym_source":"","types"`, 1),
		"other analyzer":   strings.Replace(good, `"types"`, `"analysis":{"analyzers":{"mine":{"type":"custom"}}},"types"`, 1),
	} {
		if err := bleve.CheckMapping([]byte(index), acl.Rules{}, o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct{ index, path, reason string }{
		"other rules":   {strings.Replace(good, acl.Rules{}.Hash(), acl.Rules{Fold: true}.Hash(), 1), "/default_mapping/properties/tokenacl", "other rules"},
		"no rules":      {strings.Replace(good, "rules-", "x", 1), "/default_mapping/properties/tokenacl", "other rules"},
		"no field":      {strings.Replace(good, `"tokenacl"`, `"other"`, 1), "/default_mapping/properties/tokenacl", "is missing"},
		"no default":    {`{}`, "/default_mapping", "want an object"},
		"type":          {strings.Replace(good, `"types":{}`, `"types":{"a/b":{"enabled":true,"dynamic":true}}`, 1), "/types/a~1b/properties/tokenacl", "is missing"},
		"doc values":    {strings.Replace(good, `"index":true`, `"index":true,"docvalues":true`, 1), "/default_mapping/properties/tokenacl", "is not what Mapping declares"},
		"in all":        {strings.Replace(good, `"index":true`, `"index":true,"include_in_all":true`, 1), "/default_mapping/properties/tokenacl", "is not what Mapping declares"},
		"analyzer":      {strings.Replace(good, `"simple"`, `"standard"`, 1), "/default_mapping/properties/tokenacl", "is not what Mapping declares"},
		"dynamic":       {strings.Replace(good, `"tokenacl":{"enabled":true,"dynamic":false`, `"tokenacl":{"enabled":true,"dynamic":true`, 1), "/default_mapping/properties/tokenacl", "is not what Mapping declares"},
		"field is off":  {strings.Replace(good, `"tokenacl":{"enabled":true`, `"tokenacl":{"enabled":false`, 1), "/default_mapping/properties/tokenacl", "is not what Mapping declares"},
		"our analyzer":  {strings.Replace(good, `"types"`, `"analysis":{"analyzers":{"simple":{"type":"custom"}}},"types"`, 1), "/analysis/analyzers/simple", "stands for"},
		"our tokenizer": {strings.Replace(good, `"types"`, `"analysis":{"tokenizers":{"letter":{"type":"regexp"}}},"types"`, 1), "/analysis/tokenizers/letter", "stands for"},
		"synonyms":      {strings.Replace(good, `"types"`, `"default_synonym_source":"s","types"`, 1), "/default_synonym_source", "would let"},
		"synonyms type": {strings.Replace(good, `"dynamic":true`, `"dynamic":true,"default_synonym_source":"s"`, 1), "/default_mapping/default_synonym_source", "would let"},
		"named ours":    {strings.Replace(good, `"properties":{"tokenacl"`, `"properties":{"title":{"enabled":true,"fields":[{"type":"text"},{"name":"tokenacl.allow","type":"text"}]},"tokenacl"`, 1), "/default_mapping/properties/title/fields/1/name", "as a field of the ACL"},
		"itself ours":   {strings.Replace(good, `"dynamic":true`, `"dynamic":true,"fields":[{"name":"tokenacl.deny"}]`, 1), "/default_mapping/fields/0/name", "as a field of the ACL"},
		"no JSON":       {`{`, "", "is not strict JSON"},
	} {
		err := bleve.CheckMapping([]byte(tt.index), acl.Rules{}, o)
		var e *bleve.Error
		if !errors.As(err, &e) || e.Path != tt.path || !strings.Contains(e.Reason, tt.reason) || !strings.HasPrefix(err.Error(), "bleve: ") {
			t.Errorf("%s: %v, want %s: %s", name, err, tt.path, tt.reason)
		}
	}
	for _, other := range []bleve.Options{{Levels: 1, Verify: true}, {Levels: 3, Verify: true}, {Levels: 2}, {}} {
		if err := bleve.CheckMapping([]byte(good), acl.Rules{}, other); err == nil {
			t.Errorf("%+v pass", other)
		}
	}
	if text, err := bleve.Mapping(acl.Rules{}, bleve.Options{Levels: -1}); err == nil || text != nil {
		t.Errorf("negative levels: %s, %v", text, err)
	}
	if err := bleve.CheckMapping([]byte(good), acl.Rules{}, bleve.Options{Levels: -1}); err == nil {
		t.Error("negative levels pass")
	}
}

// Rules P1, G1
func TestRequest(t *testing.T) {
	everything := filter(t, acl.Unrestricted(), acl.Rules{}, bleve.Options{})
	for user, want := range map[string]string{
		`{"query":{"match":"x"}}`: `{"query":{"must":{"conjuncts":[{"match":"x"}]},"filter":{"match_all":{}}}}`,
		`{"size":5,"from":10,"query":{"query":"+a tokenacl -b:c"},"sort":["-n",{"by":"field","field":"m","desc":true}],"facets":{"f":{"field":"n","size":3,"numeric_ranges":[{"name":"x","min":1}]}},"highlight":{"fields":["text"]},"score":"none"}`: `{"facets":{"f":{"field":"n","size":3,"numeric_ranges":[{"name":"x","min":1}]}},"from":10,"highlight":{"fields":["text"]},` +
			`"query":{"must":{"conjuncts":[{"query":"+a tokenacl -b:c"}]},"filter":{"match_all":{}}},"score":"none","size":5,"sort":["-n",{"by":"field","field":"m","desc":true}]}`,
		`{"query":{"must":{"conjuncts":[{"term":"tokenacl.allow","field":"f"}]},"should":{"disjuncts":[],"min":1},"boost":2},"fields":["title","tokenaclx"]}`: `{"fields":["title","tokenaclx"],"query":{"must":{"conjuncts":[{"must":{"conjuncts":[{"term":"tokenacl.allow","field":"f"}]},"should":{"disjuncts":[],"min":1},"boost":2}]},"filter":{"match_all":{}}}}`,
		`{"query":{}}`: `{"query":{"must":{"conjuncts":[{}]},"filter":{"match_all":{}}}}`,
	} {
		got, err := bleve.Request(everything, []byte(user))
		if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", user, err, diff)
		}
	}
	got, err := bleve.Request(filter(t, acl.Unrestricted(), acl.Rules{}, bleve.Options{Verify: true}), []byte(`{"query":{"match_all":{}},"fields":["t"]}`))
	if want := `"fields":["tokenacl.acl","t"]`; err != nil || !strings.Contains(string(got), want) {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	for user, path := range map[string]string{
		`{"query":{"match_all":{}},"knn":[]}`: "/knn", `{"query":{"match_all":{}},"Query":{"match_all":{}}}`: "/Query",
		`{"query":{"match_all":{}},"pre_search_data":{}}`: "/pre_search_data", `{"query":{"match_all":{}},"explain":true}`: "/explain",
		`{"query":{"match_all":{}},"params":{}}`: "/params", `{"query":{"match_all":{}},"score":"rrf"}`: "/score",
		`{}`: "/query", `[]`: "", `{"query":[]}`: "/query", `{"query":null}`: "/query", `{"query":{},"query":{}}`: "", `{"query":{}}{}`: "",
		`{"query":{"custom_filter":{}}}`: "/query/custom_filter", `{"query":{"must":{"conjuncts":[{},{"script":1}]}}}`: "/query/must/conjuncts/1/script",
		`{"query":{"prefix":"g","field":"tokenacl.allow"}}`: "/query/field", `{"query":{"prefix":"g","Field":"tokenacl.allow"}}`: "/query/Field",
		`{"query":{"disjuncts":[{"term":"x","field":"tokenacl"}]}}`: "/query/disjuncts/0/field", `{"query":{"term":"x","field":1}}`: "/query/field",
		`{"query":{"query":"tokenacl.allow:hfhf"}}`: "/query/query", `{"query":{"query":"+token\\acl\\.deny:hfhf"}}`: "/query/query", `{"query":{"query":{}}}`: "/query/query",
		`{"query":{},"fields":["*"]}`: "/fields/0", `{"query":{},"fields":["tokenacl.acl"]}`: "/fields/0", `{"query":{},"fields":"a"}`: "/fields",
		`{"query":{},"sort":["-tokenacl.allow"]}`: "/sort/0", `{"query":{},"sort":[{"by":"field","field":"tokenacl.deny"}]}`: "/sort/0/field", `{"query":{},"sort":[{"by":"magic"}]}`: "/sort/0/by",
		`{"query":{},"facets":{"a/b":{"field":"tokenacl.allow","size":9}}}`: "/facets/a~1b/field", `{"query":{},"facets":[]}`: "/facets",
		`{"query":{},"highlight":{"fields":["tokenacl.acl"]}}`: "/highlight/fields/0", `{"query":{},"size":"1"}`: "/size",
		`{"query":{"conjuncts":{}}}`: "/query/conjuncts",
	} {
		got, err := bleve.Request(everything, []byte(user))
		var e *bleve.Error
		if got != nil || !errors.As(err, &e) || e.Path != path {
			t.Errorf("%s: %s, %v, want an error at %q", user, got, err, path)
		}
	}
}

// Rule P1
func TestQuery(t *testing.T) {
	got, err := bleve.Query(bleve.Clause{}, []byte(` {"match_all":{}} `))
	if want := `{"must":{"conjuncts":[{"match_all":{}}]},"filter":{"match_none":{}}}`; string(got) != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	for _, bad := range []string{`{"a":1}`, `{`, ``, `"x"`, strings.Repeat(`{"must":`, 65) + `{}` + strings.Repeat(`}`, 65), "{\"match\":\"\xff\"}"} {
		var e *bleve.Error
		if got, err := bleve.Query(bleve.Clause{}, []byte(bad)); got != nil || !errors.As(err, &e) {
			t.Errorf("%.40s: %s, %v", bad, got, err)
		}
	}
}

// These Bleve would answer with a panic, or after most of a minute.
//
// Rule G4
func TestNotForBleve(t *testing.T) {
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	facets := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`"f%d":{"field":"n","size":1}`, i)
		}
		return `"facets":{` + strings.Join(list, ",") + `}`
	}
	long := strings.Repeat("word ", 810)
	members := map[string]string{ // and the path to what is refused, "" for none
		`"size":0,"from":999999999`: "", `"size":-1`: "/size", `"size":1.5`: "/size", `"size":1e3`: "/size", `"from":1000000000`: "/from", `"from":9223372036854775807`: "/from", `"from":-1`: "/from",
		`"facets":{"f":{"field":"n","size":-5}}`: "/facets/f/size", facets(100): "", facets(101): "/facets",
		`"sort":[` + many(32, `"a"`) + `]`: "", `"sort":[` + many(33, `"a"`) + `]`: "/sort",
		`"search_after":["x"]`: "", `"search_after":[]`: "/search_after", `"search_before":["x","y"]`: "/search_before",
		`"sort":["a","b"],"search_before":["x","y"]`: "", `"sort":["a","b"],"search_after":["x"]`: "/search_after", `"sort":[],"search_after":[]`: "/search_after",
	}
	for member, path := range members {
		got, err := bleve.Request(bleve.Clause{}, []byte(`{"query":{"match_all":{}},`+member+`}`))
		var e *bleve.Error
		if path == "" && err != nil || path != "" && (got != nil || !errors.As(err, &e) || e.Path != path) {
			t.Errorf("%.60s: %v, want an error at %q", member, err, path)
		}
	}
	for query, want := range map[string]bool{
		`{"match":"` + long + long + `"}`: true, `{"match":"` + long + `","fuzziness":2}`: true, `{"match":"` + long + long + `","fuzziness":2}`: false, `{"regexp":"` + long + long + `"}`: false,
		`{"conjuncts":[{"wildcard":"` + long + `"},{"disjuncts":[{"prefix":"a"}]}]}`: true, `{"conjuncts":[{"wildcard":"` + long + `"},{"disjuncts":[{"prefix":"` + long + `"}]}]}`: false,
		`{"must":{"conjuncts":[` + many(200, `{"term":"x","fuzziness":1}`) + `]}}`: false,
		`{"query":"` + long + long + `"}`:                                          true, `{"query":"` + long + `a~2 ` + long + `"}`: false, `{"query":"` + long + `a* ` + long + `"}`: false, `{"query":"` + long + `/a/ ` + long + `"}`: false, `{"query":"a? b~"}`: true,
	} {
		if _, err := bleve.Query(bleve.Clause{}, []byte(query)); (err == nil) != want {
			t.Errorf("%.60s: %v, want it accepted: %t", query, err, want)
		}
	}
}

// Bleve parses a query anew at each of its depths: what it parses is bounded, as
// is the request.
//
// Rule G4
func TestDepth(t *testing.T) {
	query := func(depth int) []byte {
		inner := `{"ids":["` + strings.Repeat(`x","`, 100_000) + `x"]}`
		return []byte(strings.Repeat(`{"conjuncts":[`, depth) + inner + strings.Repeat(`]}`, depth))
	}
	for depth, want := range map[int]bool{0: true, 1: true, 9: true, 10: false, 28: false} {
		_, err := bleve.Query(bleve.Clause{}, query(depth))
		_, whole := bleve.Request(bleve.Clause{}, []byte(`{"query":`+string(query(depth))+`}`))
		var e *bleve.Error
		if (err == nil) != want || (whole == nil) != want || !want && (!errors.As(whole, &e) || e.Path != "/query") {
			t.Errorf("depth %d: %v, %v", depth, err, whole)
		}
	}
	flat := `{"must":{"conjuncts":[` + strings.Repeat(`{"term":"abcdefghij","field":"f"},`, 30_000) + `{}]}}`
	if _, err := bleve.Query(bleve.Clause{}, []byte(flat)); err != nil {
		t.Errorf("many queries side by side: %v", err)
	}
}

// Rules P5, G1
func TestVerify(t *testing.T) {
	texts := map[string]string{}
	for name, a := range map[string]acl.ACL{"list": list, "public": acl.Public(), "long": acl.List{acl.Allow.User("mary"), acl.Allow.User(strings.Repeat("x", 1000))}, "levels": acl.Hierarchy{{acl.Allow.User("mary")}, {acl.Allow.User("eve")}}} {
		fields, err := bleve.Fields(a, acl.Rules{}, bleve.Options{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = fields["acl"].(string)
	}
	for name, text := range map[string]string{
		"empty": "", "no object": "[]", "no levels": `{"levels":[],"deny":null}`, "levels null": `{"levels":null,"deny":null}`, "no denials": `{"levels":[["*"]]}`,
		"number": `{"levels":[[1]],"deny":null}`, "text": `{"levels":["*"],"deny":null}`, "denials": `{"levels":[["*"]],"deny":"ueve"}`, "number denied": `{"levels":[["*"]],"deny":[1]}`,
		"more": `{"levels":[["*"]],"deny":null,"x":1}`, "twice": `{"levels":[["*"]],"levels":[["*"]]}`,
	} {
		texts[name] = text
	}
	page := []string{"list", "empty", "public", "no object", "no levels", "levels null", "no denials", "number", "levels", "text", "denials", "number denied", "more", "twice", "long"}
	stored := func(name string) string { return texts[name] }
	for _, tt := range []struct {
		name  string
		scope acl.Scope
		want  []string
	}{
		{"mary", mary, []string{"list", "public", "long"}}, {"eve", eve, []string{"public"}}, {"guest", acl.Guest(), []string{"public"}}, {"nobody", acl.Scope{}, nil},
		{"everything", acl.Unrestricted(), []string{"list", "public", "no levels", "levels", "long"}},
	} {
		kept, dropped, err := bleve.Verify(tt.scope, acl.Rules{}, page, stored)
		if diff := cmp.Diff(tt.want, kept); diff != "" || dropped != len(page)-len(tt.want) || err != nil {
			t.Errorf("%s: %d dropped, %v (-want +got):\n%s", tt.name, dropped, err, diff)
		}
	}
	if kept, dropped, err := bleve.Verify(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, page, stored); kept != nil || dropped != len(page) || err == nil {
		t.Errorf("not UTF-8: %v, %d, %v", kept, dropped, err)
	}
}

// What is accepted holds the filter once, around a query as the user wrote it.
//
// Rules P1, G4
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"query":{"match":"x"},"size":1}`, `{"query":{"query":"a:b"},"fields":["t"]}`, `{"query":{"must":{"conjuncts":[{"term":"x","field":"f"}]}}}`,
		`{"query":{"term":"x","field":"tokenacl.allow"}}`, `{"query":{},"Query":{}}`, `[]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, user string) {
		got, err := bleve.Request(bleve.Clause{}, []byte(user))
		if err != nil {
			var e *bleve.Error
			if got != nil || !errors.As(err, &e) {
				t.Fatalf("%s, %v", got, err)
			}
			return
		}
		var asked, out struct{ Query json.RawMessage }
		var combined struct {
			Must    struct{ Conjuncts []json.RawMessage }
			Filter  json.RawMessage
			MustNot json.RawMessage `json:"must_not"`
		}
		if err := errors.Join(json.Unmarshal([]byte(user), &asked), json.Unmarshal(got, &out), json.Unmarshal(out.Query, &combined)); err != nil {
			t.Fatal(err)
		}
		if string(combined.Filter) != `{"match_none":{}}` || len(combined.Must.Conjuncts) != 1 || combined.MustNot != nil {
			t.Fatalf("%s becomes %s", user, got)
		}
	})
}
