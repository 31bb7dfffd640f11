package bleve

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/blevesearch/bleve/v2/search/searcher"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	pushdown "github.com/tokenacl/tokenacl/acl/pushdown/bleve"
	"github.com/tokenacl/tokenacl/integration/real"
)

func stored(hit *search.DocumentMatch) string {
	text, _ := hit.Fields[pushdown.StoredField].(string)
	return text
}

// Bleve decides as acl does, and counts and facets as it decides.
//
// Rules P1, P2, P5, A3, A4, A5, A6, A8
func TestKit(t *testing.T) {
	real.Wanted(t)
	e := &engine{t: t, o: pushdown.Options{Verify: true}}
	defer e.close()
	report := acltest.Run(t, e, acltest.Options{Documents: 5000, Callers: 200,
		RuleSets: []acl.Rules{{DenyOnlyEveryone: true}, {AnyLevel: true, Fold: true}, {DenyOnlyEveryone: true, MissingGroupsMeanNone: true}}})
	if report.Decisions < 5000*200+3*850*160 {
		t.Errorf("only %v", report)
	}
	real.Proven(t, real.Proof{Engine: "Bleve", Version: real.Version(t, "github.com/blevesearch/bleve/v2"), How: "itself, in process",
		Feature: "requests of callers, totals, facets, Verify, each rule"}.Report(report))
}

var (
	rules = acl.Rules{}
	mary  = acl.For(acl.Principal{User: "mary", Groups: []string{"staff"}})
)

// small is an index of four documents, of which mary sees two, a and d.
func small(t *testing.T, o pushdown.Options) *engine {
	t.Helper()
	e := &engine{t: t, o: o}
	t.Cleanup(e.close)
	staff := acl.List{acl.Allow.Group("staff")}
	if err := e.Store(rules, []acltest.Document{
		{ID: "a", ACL: staff}, {ID: "b", ACL: acl.List{acl.Allow.Group("staff"), acl.Deny.User("mary")}},
		{ID: "c", ACL: acl.Hierarchy{staff, {acl.Allow.Group("board")}}}, {ID: "d", ACL: acl.Public()},
	}); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *engine) clause(s acl.Scope) pushdown.Clause {
	e.t.Helper()
	c, err := pushdown.Filter(s, rules, e.o)
	if err != nil {
		e.t.Fatal(err)
	}
	return c
}

func (e *engine) finds(c pushdown.Clause, user string) (ids string) {
	e.t.Helper()
	result, err := e.ask(c, user)
	if err != nil {
		e.t.Fatalf("%s: %v", user, err)
	}
	for _, hit := range result.Hits {
		ids += hit.ID
		if len(hit.Locations[pushdown.Field+".allow"])+len(hit.Fragments[pushdown.Field+".allow"]) > 0 {
			e.t.Errorf("%s: %s shows what matched in its ACL", user, hit.ID)
		}
	}
	return string(slices.Sorted(slices.Values([]rune(ids))))
}

// What callers send narrows what they see.
//
// Rules P1, P5
func TestRequests(t *testing.T) {
	e := small(t, pushdown.Options{Verify: true})
	c := e.clause(mary)
	for user, want := range map[string]string{
		`{"query":{"match_all":{}}}`:  "ad",
		`{"query":{"match_none":{}}}`: "", `{"query":{}}`: "",
		`{"query":{"must":{"conjuncts":[{"match_none":{}}]}}}`:                                     "",
		`{"query":{"must":{"conjuncts":[]},"should":{"disjuncts":[{"match_all":{}}]}}}`:            "ad", // Bleve takes a must of nothing for none
		`{"query":{"should":{"disjuncts":[{"match_all":{}}],"min":0}}}`:                            "ad",
		`{"query":{"must_not":{"disjuncts":[{"term":"nowhere","field":"text"}]}}}`:                 "ad",
		`{"query":{"ids":["b","c","d"]}}`:                                                          "d",
		`{"query":{"disjuncts":[{"match_all":{}},{"ids":["b"]}],"min":0}}`:                         "ad",
		`{"query":{"query":"text:word"},"highlight":{},"includeLocations":true}`:                   "ad",
		`{"query":{"query":"ghhdheggbggggg"}}`:                                                     "", // group staff: ACLs are not in _all
		`{"query":{"match":"hf ck ghhdhegbgggg ghhdheggggbgg gh","analyzer":"simple"}}`:            "",
		`{"query":{"must":{"conjuncts":[{"term":"word","field":"text"}]},"filter":{"ids":["a"]}}}`: "a",
		`{"query":{"match_all":{}},"sort":["_id"],"size":1,"search_after":["a"]}`:                  "d",
		`{"query":{"conjuncts":[{"disjuncts":[{"filter":{"match_all":{}}},{"match":"the"}]}]}}`:    "ad",
		`{"query":{"match":"the","field":"text"}}`:                                                 "", // a stop word: a query of nothing
		`{"query":{"must":{"conjuncts":[{"match":"the"}]},"must_not":{"disjuncts":[{"ids":[]}]}}}`: "", // as Bleve answers it
	} {
		if got := e.finds(c, user); got != want {
			t.Errorf("%s finds %q, want %q", user, got, want)
		}
	}
	if got := e.finds(pushdown.Clause{}, `{"query":{"match_all":{}}}`); got != "" {
		t.Errorf("the zero Clause finds %q", got)
	}
	if got := e.finds(e.clause(acl.Unrestricted()), `{"query":{"match_all":{}}}`); got != "abcd" {
		t.Errorf("without restriction: %q", got)
	}
	if got := e.finds(c.And(e.clause(acl.Guest())), `{"query":{"match_all":{}}}`); got != "d" {
		t.Errorf("and a guest: %q", got)
	}

	// A search without the clause: Verify drops what it should have.
	all, err := e.ask(e.clause(acl.Unrestricted()), `{"query":{"match_all":{}}}`)
	if err != nil {
		t.Fatal(err)
	}
	kept, dropped, err := pushdown.Verify(mary, rules, all.Hits, stored)
	if len(kept) != 2 || dropped != 2 || err != nil {
		t.Errorf("%d kept, %d dropped, %v", len(kept), dropped, err)
	}
}

// A limit that an application sets is an error or has no effect; nothing is cut.
//
// Rule P1
func TestClauseLimits(t *testing.T) {
	e := small(t, pushdown.Options{})
	p := acl.Principal{User: "mary", Groups: []string{"staff"}}
	for i := range 100 {
		p.Groups = append(p.Groups, strings.Repeat("x", i+1))
	}
	c := e.clause(acl.For(p))
	searcher.DisjunctionMaxClauseCount = 10
	defer func() { searcher.DisjunctionMaxClauseCount = 0 }()
	result, err := e.ask(c, `{"query":{"match_all":{}}}`)
	if err == nil && result.Total != 2 {
		t.Errorf("finds %d", result.Total)
	}
	var q query.Query
	if q, err = query.ParseQuery(c.JSON()); err != nil {
		t.Fatal(err)
	}
	if result, err := e.index.Search(bleve.NewSearchRequest(q)); err == nil && result.Total != 2 {
		t.Errorf("by itself it finds %d", result.Total)
	}
}

// Bleve refuses documents of an index that was made under other rules only
// because CheckMapping asks.
//
// Rule A6
func TestOtherRules(t *testing.T) {
	e := small(t, pushdown.Options{})
	text, err := json.Marshal(e.index.Mapping())
	if err != nil {
		t.Fatal(err)
	}
	if err := pushdown.CheckMapping(text, acl.Rules{Fold: true}, e.o); err == nil || !strings.Contains(err.Error(), "other rules") {
		t.Errorf("other rules: %v", err)
	}
	if err := pushdown.CheckMapping(text, rules, pushdown.Options{Levels: 2}); err == nil {
		t.Error("other options pass")
	}
}

// Nested documents do not ask all levels, which is why this package has none:
// what is not of a nested document cannot be taken from its parent. If that
// changes, so may Options.Levels.
//
// Rule A4
func TestNestedDocumentsAreNoLevels(t *testing.T) {
	level := bleve.NewNestedDocumentMapping()
	level.AddFieldMappingsAt("allow", mapping.NewKeywordFieldMapping())
	level.AddFieldMappingsAt("is", mapping.NewKeywordFieldMapping())
	m := bleve.NewIndexMapping()
	m.DefaultMapping.AddSubDocumentMapping("levels", level)
	index, err := bleve.New(t.TempDir()+"/index", m)
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	type object = map[string]any
	if err := index.Index("d", object{"text": "word", "levels": []any{object{"is": "level", "allow": "staff"}, object{"is": "level", "allow": "board"}}}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]uint64{
		`{"term":"staff","field":"levels.allow"}`: 1,
		// The document has a level without staff; it should be hidden.
		`{"must":{"conjuncts":[{"term":"word","field":"text"}]},"must_not":{"disjuncts":[{"must":{"conjuncts":[{"term":"level","field":"levels.is"}]},` +
			`"must_not":{"disjuncts":[{"term":"staff","field":"levels.allow"}]}}]}}`: 1,
	} {
		q, err := query.ParseQuery([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if result, err := index.Search(bleve.NewSearchRequest(q)); err != nil || result.Total != want {
			t.Errorf("%s finds %v, %v, want %d", text, result, err, want)
		}
	}
}

// A field of another member can go by the name of one of ours. What a document
// says there is in its ACL, which CheckMapping refuses.
//
// Rules A6, P1
func TestFieldNamedAsOurs(t *testing.T) {
	m, err := newMapping(rules, pushdown.Options{Levels: 1})
	if err != nil {
		t.Fatal(err)
	}
	title := mapping.NewTextFieldMapping()
	title.Name, title.Analyzer = pushdown.Field+".allow", "simple"
	m.DefaultMapping.AddFieldMappingsAt("title", title)
	e := &engine{t: t, rules: rules, o: pushdown.Options{Levels: 1}}
	if e.index, err = bleve.New(t.TempDir()+"/index", m); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	if err := e.index.Index("d", map[string]any{"title": "ck"}); err != nil { // the word of everyone
		t.Fatal(err)
	}
	if got := e.finds(e.clause(acl.Guest()), `{"query":{"match_all":{}}}`); got != "d" {
		t.Errorf("found %q: Bleve no longer does this, and CheckMapping may let it pass", got)
	}
	if err := e.checkMapping(); err == nil || !strings.Contains(err.Error(), "/properties/title/fields/0/name") {
		t.Errorf("CheckMapping: %v", err)
	}
}
