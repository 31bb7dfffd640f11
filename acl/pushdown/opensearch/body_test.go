package opensearch_test

import (
	_ "embed"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// accepted are bodies, each with what it becomes: FILTER is the clause. An empty
// text is the body itself with the query under must and without ACLs in the hits.
var accepted = []struct{ name, body, want string }{
	{"nothing", `{}`, `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"]}}`},
	{"words", `{"query": {"match": {"title": "token"}}, "size": 10}`,
		`{"query":{"bool":{"must":[{"match":{"title":"token"}}],"filter":[FILTER]}},"size":10,"_source":{"excludes":["tokenacl"]}}`},
	{"should alone", `{"query": {"bool": {"should": [{"term": {"lang": "en"}}]}}}`,
		`{"query":{"bool":{"must":[{"bool":{"should":[{"term":{"lang":"en"}}]}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"]}}`},
	{"no documents", `{"_source": false}`, `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[FILTER]}},"_source":false}`},
	{"all of them", `{"_source": true}`, `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"]}}`},
	{"some fields", `{"_source": ["title", "token*"]}`,
		`{"query":{"bool":{"must":[{"match_all":{}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"],"includes":["title","token*"]}}`},
	{"one field", `{"_source": "title"}`, `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"],"includes":["title"]}}`},
	{"the ACL", `{"_source": {"includes": "tokenacl", "excludes": ["text"]}}`,
		`{"query":{"bool":{"must":[{"match_all":{}}],"filter":[FILTER]}},"_source":{"excludes":["text","tokenacl"],"includes":["tokenacl"]}}`},
	{"neighbours", `{"query": {"knn": {"vector": {"vector": [1, 2], "k": 3}}}}`,
		`{"query":{"bool":{"must":[{"knn":{"vector":{"filter":{"bool":{"filter":[FILTER]}},"vector":[1,2],"k":3}}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"]}}`},
	{"neighbours of some", `{"query": {"bool": {"should": [{"knn": {"vector": {"vector": [1, 2], "k": 3, "filter": {"term": {"lang": "en"}}}}}, {"match": {"title": "x"}}]}}}`,
		`{"query":{"bool":{"must":[{"bool":{"should":[{"knn":{"vector":{"filter":{"bool":{"filter":[FILTER,{"term":{"lang":"en"}}]}},"vector":[1,2],"k":3}}},{"match":{"title":"x"}}]}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"]}}`},
	{"Elasticsearch's neighbours", `{"knn": {"field": "vector", "query_vector": [1], "k": 1, "num_candidates": 9, "filter": {"term": {"lang": "en"}}}}`,
		`{"knn":{"filter":{"bool":{"filter":[FILTER,{"term":{"lang":"en"}}]}},"field":"vector","query_vector":[1],"k":1,"num_candidates":9},"_source":{"excludes":["tokenacl"]}}`},
	{"neighbours after nested objects", `{"query": {"bool": {"filter": {"nested": {"path": "p", "query": {"match_all": {}}}}, "must": {"knn": {"v": {"vector": [1]}}}}}}`,
		`{"query":{"bool":{"must":[{"bool":{"filter":{"nested":{"path":"p","query":{"match_all":{}}}},"must":{"knn":{"v":{"filter":{"bool":{"filter":[FILTER]}},"vector":[1]}}}}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"]}}`},
	{"and a query", `{"knn": [{"field": "vector", "query_vector": [1]}], "query": {"match_none": {}}}`,
		`{"query":{"bool":{"must":[{"match_none":{}}],"filter":[FILTER]}},"knn":[{"filter":{"bool":{"filter":[FILTER]}},"field":"vector","query_vector":[1]}],"_source":{"excludes":["tokenacl"]}}`},
	{"no neighbours", `{"knn": []}`, `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[FILTER]}},"knn":[],"_source":{"excludes":["tokenacl"]}}`},
	{"Elasticsearch's query", `{"query": {"knn": {"field": "vector", "query_vector": [1]}}}`,
		`{"query":{"bool":{"must":[{"knn":{"filter":{"bool":{"filter":[FILTER]}},"field":"vector","query_vector":[1]}}],"filter":[FILTER]}},"_source":{"excludes":["tokenacl"]}}`},
}

// Bodies and queries, one a line, that stay what they are but for the filter. A
// real server gets them too.
//
//go:embed testdata/bodies.txt
var bodiesText string

//go:embed testdata/queries.txt
var queriesText string

var bodies, queries = lines(bodiesText), lines(queriesText)

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

var mary = acl.For(acl.Principal{User: "mary", Groups: []string{"staff"}})

// Rule P3
func TestBody(t *testing.T) {
	clause := filter(t, mary, opensearch.Options{})
	for _, tt := range accepted {
		t.Run(tt.name, func(t *testing.T) {
			got, err := opensearch.Body(clause, []byte(tt.body))
			if want := strings.ReplaceAll(tt.want, "FILTER", string(clause.JSON())); string(got) != want || err != nil {
				t.Errorf("%v\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

// decode reads JSON as encoding/json does; numbers stay as they are spelt.
func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// What is accepted keeps its meaning: the query stands under must, the rest is
// as it was.
//
// Rule P3
func TestPlain(t *testing.T) {
	clause := filter(t, mary, opensearch.Options{})
	if len(bodies) != 14 || len(queries) != 31 {
		t.Fatalf("%d bodies and %d queries", len(bodies), len(queries))
	}
	for _, body := range bodies {
		got, err := opensearch.Body(clause, []byte(body))
		want := `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[` + string(clause.JSON()) + `]}},"_source":{"excludes":["tokenacl"]},` + body[1:]
		if err != nil {
			t.Errorf("%s: %v", body, err)
		} else if diff := cmp.Diff(decode(t, want), decode(t, string(got))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	for _, q := range queries {
		got, err := opensearch.Query(clause, []byte(q))
		want := `{"bool":{"must":[` + q + `],"filter":[` + string(clause.JSON()) + `]}}`
		if err != nil {
			t.Errorf("%s: %v", q, err)
		} else if diff := cmp.Diff(decode(t, want), decode(t, string(got))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q, diff)
		}
	}
}

// With Options.Verify, hits have the ACL's fields whatever the caller asks for.
//
// Rules P3, P5
func TestSourceForVerify(t *testing.T) {
	clause := filter(t, mary, opensearch.Options{Verify: true})
	for source, want := range map[string]string{
		`true`: `true`, `false`: `{"includes":["tokenacl"]}`, `"title"`: `{"includes":["title","tokenacl"]}`,
		`{"excludes": ["text"]}`: `{"excludes":["text"]}`, `{"include": ["a"], "exclude": "b"}`: `{"excludes":["b"],"includes":["a","tokenacl"]}`,
	} {
		got, err := opensearch.Body(clause, []byte(`{"_source": `+source+`}`))
		if err != nil || !strings.HasSuffix(string(got), `,"_source":`+want+`}`) {
			t.Errorf("%s: %s, %v", source, got, err)
		}
	}
	refused := []string{"tokenacl", "tokenacl.deny", "tokenacl.levels", "tokenacl.levels.allow", "tokenacl.*", "*.deny", "t*l.*y", "*", "**", "*tokenacl", "tok*", "*levels", "token*acl*deny*"}
	for _, pattern := range refused {
		for _, source := range []string{`{"excludes": ["` + pattern + `"]}`, `{"includes": ["title"], "exclude": ["title", "` + pattern + `"]}`} {
			var e *opensearch.Error
			if got, err := opensearch.Body(clause, []byte(`{"_source": `+source+`}`)); !errors.As(err, &e) || e.Path != "/_source" || got != nil {
				t.Errorf("%s: %s, %v", source, got, err)
			}
			if _, err := opensearch.Body(filter(t, mary, opensearch.Options{}), []byte(`{"_source": `+source+`}`)); err != nil {
				t.Errorf("%s, where nothing is verified: %v", source, err)
			}
		}
	}
	for _, pattern := range []string{"title", "tokenaclx", "tokenac", "*x", "token*x*", "deny", "x*", "xtokenacl", "tokenacl*acl", "*.den"} {
		if _, err := opensearch.Body(clause, []byte(`{"_source": {"excludes": ["`+pattern+`"]}}`)); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// escapes are bodies that see more than the filter lets through, or might, and
// where each is refused.
var escapes = []struct{ name, body, path string }{
	{"global aggregation", `{"aggs": {"a": {"global": {}}}}`, "/aggs/a/global"},
	{"global aggregation inside", `{"aggs": {"a": {"terms": {"field": "x"}, "aggs": {"b": {"global": {}}}}}}`, "/aggs/a/aggs/b/global"},
	{"two kinds", `{"aggs": {"a": {"terms": {"field": "x"}, "avg": {"field": "x"}}}}`, "/aggs/a/avg"},
	{"spelt with escapes", `{"aggs": {"a": {"glob\u0061l": {}}}}`, "/aggs/a/global"},
	{"min_doc_count 0", `{"aggs": {"a": {"terms": {"field": "x", "min_doc_count": 0}}}}`, "/aggs/a/terms/min_doc_count"},
	{"min_doc_count 00", `{"aggs": {"a": {"terms": {"field": "x", "min_doc_count": -0}}}}`, "/aggs/a/terms/min_doc_count"},
	{"min_doc_count 0.0", `{"aggs": {"a": {"terms": {"field": "x", "min_doc_count": 0.9}}}}`, "/aggs/a/terms/min_doc_count"},
	{"min_doc_count 0e1", `{"aggs": {"a": {"terms": {"field": "x", "min_doc_count": 1e-9}}}}`, "/aggs/a/terms/min_doc_count"},
	{"min_doc_count as text", `{"aggs": {"a": {"terms": {"field": "x", "min_doc_count": "0"}}}}`, "/aggs/a/terms/min_doc_count"},
	{"shard_min_doc_count", `{"aggs": {"a": {"terms": {"field": "x", "shard_min_doc_count": 0}}}}`, "/aggs/a/terms/shard_min_doc_count"},
	{"script for a field", `{"aggs": {"a": {"terms": {"script": "doc['x'].value"}}}}`, "/aggs/a/terms"},
	{"script beside a field", `{"aggs": {"a": {"avg": {"field": "x", "script": "_value"}}}}`, "/aggs/a/avg/script"},
	{"scripted metric", `{"aggs": {"a": {"scripted_metric": {}}}}`, "/aggs/a/scripted_metric"},
	{"pipeline script", `{"aggs": {"a": {"bucket_script": {}}}}`, "/aggs/a/bucket_script"},
	{"background statistics", `{"aggs": {"a": {"significant_terms": {"field": "x"}}}}`, "/aggs/a/significant_terms"},
	{"background of texts", `{"aggs": {"a": {"significant_text": {"field": "x"}}}}`, "/aggs/a/significant_text"},
	{"documents of a bucket", `{"aggs": {"a": {"top_hits": {}}}}`, "/aggs/a/top_hits"},
	{"children", `{"aggs": {"a": {"children": {"type": "x"}}}}`, "/aggs/a/children"},
	{"parent", `{"aggs": {"a": {"parent": {"type": "x"}}}}`, "/aggs/a/parent"},
	{"names of groups", `{"aggs": {"a": {"terms": {"field": "tokenacl.allow"}}}}`, "/aggs/a/terms/field"},
	{"levels", `{"aggs": {"a": {"nested": {"path": "tokenacl.levels"}}}}`, "/aggs/a/nested/path"},
	{"query of an aggregation", `{"aggs": {"a": {"filter": {"script": {}}}}}`, "/aggs/a/filter/script"},
	{"queries of an aggregation", `{"aggs": {"a": {"filters": {"filters": {"x": {"has_child": {}}}}}}}`, "/aggs/a/filters/filters/x/has_child"},
	{"neighbours of an aggregation", `{"aggs": {"a": {"filter": {"knn": {"v": {"vector": [1], "k": 1}}}}}}`, "/aggs/a/filter/knn"},
	{"no kind", `{"aggs": {"a": {"aggs": {}}}}`, "/aggs/a"},

	{"script", `{"query": {"script": {"script": "true"}}}`, "/query/script"},
	{"script for scores", `{"query": {"script_score": {"query": {"match_all": {}}, "script": "1"}}}`, "/query/script_score"},
	{"function score", `{"query": {"function_score": {"script_score": {"script": "1"}}}}`, "/query/function_score"},
	{"terms lookup", `{"query": {"terms": {"x": {"index": "secret", "id": "1", "path": "x"}}}}`, "/query/terms/x"},
	{"terms lookup inside", `{"query": {"bool": {"must": [{"match_all": {}}, {"terms": {"x": {"index": "secret", "id": "1", "path": "x"}}}]}}}`, "/query/bool/must/1/terms/x"},
	{"terms of a bitmap", `{"query": {"terms": {"x": ["a"], "value_type": "bitmap"}}}`, "/query/terms/value_type"},
	{"terms set", `{"query": {"terms_set": {"x": {"terms": ["a"], "minimum_should_match_script": {"source": "1"}}}}}`, "/query/terms_set"},
	{"more like a document", `{"query": {"more_like_this": {"fields": ["x"], "like": [{"_id": "1"}]}}}`, "/query/more_like_this"},
	{"percolate a document", `{"query": {"percolate": {"field": "q", "index": "i", "id": "1"}}}`, "/query/percolate"},
	{"shape of a document", `{"query": {"geo_shape": {"place": {"indexed_shape": {"index": "i", "id": "1"}}}}}`, "/query/geo_shape"},
	{"children of a document", `{"query": {"has_child": {"type": "x", "query": {"match_all": {}}}}}`, "/query/has_child"},
	{"parent of a document", `{"query": {"has_parent": {"parent_type": "x", "query": {"match_all": {}}}}}`, "/query/has_parent"},
	{"children by id", `{"query": {"parent_id": {"type": "x", "id": "1"}}}`, "/query/parent_id"},
	{"syntax with fields", `{"query": {"query_string": {"query": "tokenacl.allow:*"}}}`, "/query/query_string"},
	{"encoded query", `{"query": {"wrapper": {"query": "eyJtYXRjaF9hbGwiOnt9fQ=="}}}`, "/query/wrapper"},
	{"template", `{"query": {"template": {"match_all": {}}}}`, "/query/template"},
	{"hybrid", `{"query": {"hybrid": {"queries": []}}}`, "/query/hybrid"},
	{"neural", `{"query": {"neural": {"v": {"query_text": "x", "k": 1}}}}`, "/query/neural"},
	{"two queries", `{"query": {"match_all": {}, "match_none": {}}}`, "/query"},
	{"member after the query", `{"query": {"bool": {"must": [], "scoring": 1}}}`, "/query/bool/scoring"},
	{"hits of nested objects", `{"query": {"nested": {"path": "p", "query": {"match_all": {}}, "inner_hits": {}}}}`, "/query/nested/inner_hits"},
	{"neighbours among nested objects", `{"query": {"nested": {"path": "p", "query": {"knn": {"p.v": {"vector": [1], "k": 1}}}}}}`, "/query/nested/query/knn"},
	{"ACL by term", `{"query": {"term": {"tokenacl.allow": "gstaff"}}}`, "/query/term/tokenacl.allow"},
	{"ACL by escape", `{"query": {"term": {"tokenac\u006c.allow": "gstaff"}}}`, "/query/term/tokenacl.allow"},
	{"ACL by exists", `{"query": {"exists": {"field": "tokenacl.deny"}}}`, "/query/exists/field"},
	{"ACL of all fields", `{"query": {"exists": {"field": "*"}}}`, "/query/exists/field"},
	{"ACL by level", `{"query": {"nested": {"path": "tokenacl.levels", "query": {"match_all": {}}}}}`, "/query/nested/path"},
	{"every field", `{"query": {"multi_match": {"query": "gstaff"}}}`, "/query/multi_match"},
	{"no field", `{"query": {"multi_match": {"query": "gstaff", "fields": []}}}`, "/query/multi_match/fields"},
	{"wildcard for fields", `{"query": {"multi_match": {"query": "gstaff", "fields": ["title", "token*"]}}}`, "/query/multi_match/fields/1"},
	{"ACL with a weight", `{"query": {"multi_match": {"query": "gstaff", "fields": ["tokenacl.allow^2"]}}}`, "/query/multi_match/fields/0"},
	{"whole ACL with a weight", `{"query": {"multi_match": {"query": "gstaff", "fields": ["tokenacl^2"]}}}`, "/query/multi_match/fields/0"},
	{"every field by simple syntax", `{"query": {"simple_query_string": {"query": "gstaff"}}}`, "/query/simple_query_string"},
	{"another index by name", `{"query": {"term": {"_index": "secret"}}}`, "/query/term/_index"},
	{"no query", `{"query": null}`, "/query"},
	{"list of queries", `{"query": []}`, "/query"},

	{"script beside neighbours", `{"query": {"knn": {"v": {"vector": [1], "k": 1, "rescore": {"query": {}}}}}}`, "/query/knn/v/rescore"},
	{"filter of neighbours", `{"query": {"knn": {"v": {"vector": [1], "k": 1, "filter": {"script": {}}}}}}`, "/query/knn/v/filter/script"},
	{"neighbours in a filter", `{"query": {"knn": {"v": {"vector": [1], "k": 1, "filter": {"knn": {"v": {"vector": [1], "k": 1}}}}}}}`, "/query/knn/v/filter/knn"},
	{"neighbours of a model", `{"knn": {"field": "v", "query_vector_builder": {}}}`, "/knn/query_vector_builder"},
	{"hits of neighbours", `{"knn": {"field": "v", "query_vector": [1], "inner_hits": {}}}`, "/knn/inner_hits"},
	{"neighbours after aggregations", `{"post_filter": {"knn": {"v": {"vector": [1], "k": 1}}}}`, "/post_filter/knn"},
	{"too many neighbours", `{"knn": [` + strings.Repeat(`{"field": "v", "query_vector": [1]},`, 8) + `{"field": "v", "query_vector": [1]}]}`, "/knn/8"},
	{"neighbours in two fields", `{"query": {"knn": {"v": {"vector": [1], "k": 1}, "w": {"vector": [1], "k": 1}}}}`, "/query/knn/w"},
	{"neighbours as text", `{"query": {"knn": {"v": "x"}}}`, "/query/knn/v"},
	{"neighbours by ACL", `{"query": {"knn": {"tokenacl.allow": {"vector": [1], "k": 1}}}}`, "/query/knn/tokenacl.allow"},

	{"script fields", `{"script_fields": {"x": {"script": "1"}}}`, "/script_fields"},
	{"runtime fields", `{"runtime_mappings": {"x": {"type": "keyword"}}}`, "/runtime_mappings"},
	{"derived fields", `{"derived": {"x": {"type": "keyword", "script": {}}}}`, "/derived"},
	{"rescoring", `{"rescore": {"query": {"rescore_query": {"match_all": {}}}}}`, "/rescore"},
	{"suggestions", `{"suggest": {"x": {"text": "a", "term": {"field": "title"}}}}`, "/suggest"},
	{"explanations", `{"explain": true}`, "/explain"},
	{"profile", `{"profile": true}`, "/profile"},
	{"boosts of indices", `{"indices_boost": [{"secret": 2}]}`, "/indices_boost"},
	{"point in time", `{"pit": {"id": "x"}}`, "/pit"},
	{"pipeline", `{"search_pipeline": {}}`, "/search_pipeline"},
	{"extension", `{"ext": {}}`, "/ext"},
	{"slices", `{"slice": {"id": 0, "max": 2}}`, "/slice"},
	{"statistics", `{"stats": ["x"]}`, "/stats"},
	{"stored fields", `{"stored_fields": ["_source"]}`, "/stored_fields"},
	{"ACL in fields", `{"fields": ["tokenacl.allow"]}`, "/fields/0"},
	{"all fields", `{"fields": ["title", "*"]}`, "/fields/1"},
	{"field without a name", `{"fields": [""]}`, "/fields/0"},
	{"weight without a field", `{"query": {"multi_match": {"query": "x", "fields": ["^2"]}}}`, "/query/multi_match/fields/0"},
	{"ACL in values", `{"docvalue_fields": [{"field": "tokenacl.deny"}]}`, "/docvalue_fields/0/field"},
	{"sort by script", `{"sort": {"_script": {"type": "number", "script": "1"}}}`, "/sort/_script"},
	{"sort by ACL", `{"sort": ["title", "tokenacl.allow"]}`, "/sort/1"},
	{"sort by place in the index", `{"sort": ["title", "_doc"]}`, "/sort/1"},
	{"sort by place in the index, as member", `{"sort": {"_doc": "asc"}}`, "/sort/_doc"},
	{"sort by nested objects", `{"sort": [{"p.x": {"order": "asc", "nested": {"path": "p"}}}]}`, "/sort/0/p.x/nested"},
	{"sort by distance", `{"sort": [{"_geo_distance": {"place": [1, 2]}}]}`, "/sort/0/_geo_distance"},
	{"hits of groups", `{"collapse": {"field": "x", "inner_hits": {"name": "y"}}}`, "/collapse/inner_hits"},
	{"group by ACL", `{"collapse": {"field": "tokenacl.allow"}}`, "/collapse/field"},
	{"marks of another query", `{"highlight": {"fields": {"title": {"highlight_query": {"match_all": {}}}}}}`, "/highlight/fields/title/highlight_query"},
	{"marks of the filter", `{"highlight": {"fields": {"title": {}}, "require_field_match": false}}`, "/highlight/require_field_match"},
	{"marks in the ACL", `{"highlight": {"fields": {"tokenacl.allow": {}}}}`, "/highlight/fields/tokenacl.allow"},
	{"marks everywhere", `{"highlight": {"fields": {"*": {}}}}`, "/highlight/fields/*"},
	{"marks by other fields", `{"highlight": {"fields": {"title": {"matched_fields": ["tokenacl.allow"]}}}}`, "/highlight/fields/title/matched_fields"},
	{"filter after aggregations", `{"post_filter": {"script": {}}}`, "/post_filter/script"},
	{"unknown member", `{"a/b~c": 1}`, "/a~1b~0c"},
	{"source of another form", `{"_source": {"includes": ["x"], "x": ["y"]}}`, "/_source/x"},
	{"source without names", `{"_source": {"includes": []}}`, "/_source/includes"},
	{"source of a number", `{"_source": 1}`, "/_source"},
	{"source of null", `{"_source": null}`, "/_source"},
	{"size as text", `{"size": "10"}`, "/size"},
	{"size by half", `{"size": 1.5}`, "/size"},
	{"total as text", `{"track_total_hits": "true"}`, "/track_total_hits"},

	{"field of a number", `{"aggs": {"a": {"sum": {"field": 1}}}}`, "/aggs/a/sum/field"},
	{"query of no field", `{"query": {"term": {}}}`, "/query/term"},
	{"query of no object", `{"query": {"match_all": []}}`, "/query/match_all"},
	{"vector of texts", `{"query": {"knn": {"v": {"vector": ["x"], "k": 1}}}}`, "/query/knn/v/vector/0"},
	{"corners of any name", `{"query": {"geo_bounding_box": {"place": {"script": 1}}}}`, "/query/geo_bounding_box/place/script"},
	{"no object", `[]`, ""},
	{"no JSON", `{"query": {"match_all": {}}`, ""},
	{"two values", `{} {}`, ""},
	{"query twice", `{"query": {"match_none": {}}, "query": {"match_all": {}}}`, ""},
	{"query twice by escape", `{"query": {"match_none": {}}, "qu\u0065ry": {"match_all": {}}}`, ""},
	{"comment", `{"query": {"match_all": {}} /* */}`, ""},
	{"not UTF-8", "{\"query\": {\"match\": {\"title\": \"\xff\"}}}", ""},
	{"deep", strings.Repeat(`{"query":`, 100) + `1` + strings.Repeat(`}`, 100), ""},
	{"long", `{"size": 1` + strings.Repeat(" ", 1<<20) + `}`, ""},
}

// Every escape is refused where it is, and nothing comes with the error.
//
// Rule P3
func TestEscapes(t *testing.T) {
	if len(escapes) < 110 {
		t.Fatalf("%d escapes", len(escapes))
	}
	clause := filter(t, mary, opensearch.Options{})
	names := map[string]bool{}
	for _, tt := range escapes {
		if names[tt.name] {
			t.Errorf("%s is there twice", tt.name)
		}
		names[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			got, err := opensearch.Body(clause, []byte(tt.body))
			var e *opensearch.Error
			if !errors.As(err, &e) || e.Path != tt.path || e.Reason == "" || got != nil {
				t.Fatalf("%s, %v; want an error at %q", got, err, tt.path)
			}
			if tt.path != "" && !strings.HasPrefix(err.Error(), "opensearch: "+tt.path+": ") {
				t.Errorf("error %q", err)
			}
		})
	}
}

// Query refuses what Body does.
//
// Rule P3
func TestQueryEscapes(t *testing.T) {
	clause := filter(t, mary, opensearch.Options{})
	tried := 0
	for _, tt := range escapes {
		var body map[string]json.RawMessage
		if json.Unmarshal([]byte(tt.body), &body) != nil || body["query"] == nil || !strings.HasPrefix(tt.path, "/query") {
			continue
		}
		tried++
		got, err := opensearch.Query(clause, body["query"])
		var e *opensearch.Error
		if !errors.As(err, &e) || "/query"+e.Path != tt.path || got != nil {
			t.Errorf("%s: %s, %v", tt.name, got, err)
		}
	}
	if tried < 40 {
		t.Errorf("tried %d", tried)
	}
	for _, q := range []string{``, `null`, `"x"`, `{}`, `{"match_all": {}} , {"match_all": {}}`, `{"match_all": {}}]}}`} {
		if got, err := opensearch.Query(clause, []byte(q)); err == nil || got != nil {
			t.Errorf("%s: %s, %v", q, got, err)
		}
	}
}

// An error shows no value of what the caller sent.
//
// Rule G3
func TestErrorsShowNoValue(t *testing.T) {
	clause := filter(t, mary, opensearch.Options{})
	for _, body := range []string{
		`{"size": "SECRET"}`, `{"query": "SECRET"}`, `{"query": {"terms": {"x": "SECRET"}}}`, `{"sort": ["_SECRET"]}`, `{"_source": {"x": "SECRET"}}`,
		`{"query": {"term": {"x": ["SECRET"]}}}`, `{"fields": ["tokenacl.SECRET"]}`, `{"aggs": {"a": {"terms": {"field": "SECRET*"}}}}`, `{"x": SECRET}`,
	} {
		if _, err := opensearch.Body(clause, []byte(body)); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// FuzzBody: what Body accepts is JSON in which the clause stands beside what the
// caller sent, which is otherwise the same.
//
// Rules P3, G4
func FuzzBody(f *testing.F) {
	for _, tt := range accepted {
		f.Add(tt.body)
	}
	for _, body := range bodies {
		f.Add(body)
	}
	for _, q := range queries {
		f.Add(`{"query": ` + q + `}`)
	}
	for _, tt := range escapes {
		if len(tt.body) < 1<<12 {
			f.Add(tt.body)
		}
	}
	clause := filter(f, mary, opensearch.Options{})
	f.Fuzz(func(t *testing.T, body string) {
		got, err := opensearch.Body(clause, []byte(body))
		if err != nil {
			if got != nil {
				t.Fatalf("%s comes with %v", got, err)
			}
			return
		}
		user, ok := decode(t, body).(map[string]any)
		if !ok {
			t.Fatalf("accepted %s", body)
		}
		out := decode(t, string(got)).(map[string]any)
		neighbours, filters := 0, 0
		stripped := strip(out, decode(t, string(clause.JSON())), &neighbours, &filters).(map[string]any)
		delete(stripped, "_source")
		delete(user, "_source")
		if _, given := user["query"]; !given && stripped["query"] != nil {
			user["query"] = map[string]any{"match_all": map[string]any{}}
		}
		if diff := cmp.Diff(user, stripped); diff != "" {
			t.Errorf("%s became %s (-user +stripped):\n%s", body, got, diff)
		}
		if neighbours > filters || neighbours+filters == 0 && out["query"] == nil {
			t.Errorf("%d knn clauses and %d filters in them: %s", neighbours, filters, got)
		}
	})
}

// strip takes the clause out of a body again: from around the query, and from
// the filter of each knn clause.
func strip(v, clause any, neighbours, filters *int) any {
	same := func(v any) bool { return cmp.Equal(v, clause) }
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = strip(v[i], clause, neighbours, filters)
		}
		return v
	case map[string]any:
		if b, ok := v["bool"].(map[string]any); ok && len(v) == 1 {
			must, _ := b["must"].([]any)
			if list, ok := b["filter"].([]any); ok && len(list) == 1 && same(list[0]) && len(must) == 1 && len(b) == 2 {
				return strip(must[0], clause, neighbours, filters)
			}
		}
		if _, es := v["query_vector"]; es {
			*neighbours++
		} else if _, os := v["vector"].([]any); os && v["k"] != nil {
			*neighbours++
		}
		if f, ok := v["filter"].(map[string]any); ok {
			b, _ := f["bool"].(map[string]any)
			if list, _ := b["filter"].([]any); len(list) > 0 && same(list[0]) {
				*filters++
				delete(v, "filter")
				if len(list) == 2 {
					v["filter"] = list[1]
				}
			}
		}
		for name := range v {
			v[name] = strip(v[name], clause, neighbours, filters)
		}
	}
	return v
}
