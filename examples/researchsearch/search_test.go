package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/fgac"
)

// scope is that of a user, by way of a token.
func (s *service) scope(t *testing.T, name string) acl.Scope {
	t.Helper()
	token, err := s.pool.token(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	scope, err := s.gate.Scope(t.Context(), contextOf(token))
	if err != nil {
		t.Fatal(err)
	}
	return scope
}

// TestQueries has the kinds of queries that fgac takes, with what was counted by
// hand.
func TestQueries(t *testing.T) {
	s := newService(t)
	admin, limited := s.scope(t, "PubMedAdminUser"), s.scope(t, "PubMedLimitedUser")
	for _, row := range []struct {
		query          string
		admin, limited int
	}{
		{`{"match_all":{}}`, 34, 31},
		{`{"match_none":{}}`, 0, 0},
		{`{"ids":{"values":["PM-0001","PM-0015"]}}`, 2, 1},
		{`{"term":{"year":2019}}`, 4, 0},
		{`{"term":{"research_group.keyword":"RG_301"}}`, 6, 0},
		{`{"terms":{"mesh_terms":["Stroke","Iron"]}}`, 2, 0},
		{`{"terms_set":{"mesh_terms":{"terms":["Stroke"],"minimum_should_match_field":"year"}}}`, 0, 0},
		{`{"range":{"published":{"gte":"2023-01-01","lt":"2024-01-01"}}}`, 7, 0},
		{`{"exists":{"field":"grant.id"}}`, 34, 0},
		{`{"exists":{"field":"journal"}}`, 34, 0}, // masked
		{`{"prefix":{"title":"A "}}`, 2, 1},
		{`{"wildcard":{"title":"*biology*"}}`, 7, 7},
		{`{"match":{"title":{"query":"molecular biology","operator":"and"}}}`, 5, 5},
		{`{"match_phrase":{"title":"molecular biology"}}`, 5, 5},
		{`{"match":{"journal":"immunology"}}`, 5, 0}, // masked
		{`{"bool":{"must":[{"match":{"title":"molecular"}}],"must_not":[{"match":{"title":"biology"}}]}}`, 2, 1},
		{`{"bool":{"should":[{"term":{"year":2019}},{"match":{"title":"molecular"}}]}}`, 10, 6},
		{`{"query_string":{"query":"title:molecular AND NOT title:biology"}}`, 2, 1},
	} {
		for i, scope := range []acl.Scope{admin, limited} {
			got, err := s.search(scope, "pubmed", row.query, 10)
			want := []int{row.admin, row.limited}[i]
			if err != nil || got.Hits.Total.Value != want || len(got.Hits.Hits) != min(want, 10) {
				t.Errorf("%s, user %d: %+v, %v; want %d", row.query, i, got, err, want)
			}
		}
	}
}

// TestAggregations: numbers counted by hand, over all trials for the one who sees
// all, over 17 of 24 for the one who does not.
func TestAggregations(t *testing.T) {
	s := newService(t)
	for _, row := range []struct{ aggregation, all, own string }{
		{`{"sum":{"field":"enrollment"}}`, `{"value":3503}`, `{"value":3421}`},
		{`{"avg":{"field":"enrollment"}}`, fmt.Sprintf(`{"value":%v}`, 3503/24.), fmt.Sprintf(`{"value":%v}`, 3421/17.)},
		{`{"min":{"field":"enrollment"}}`, `{"value":0}`, `{"value":14}`},
		{`{"max":{"field":"enrollment"}}`, `{"value":640}`, `{"value":640}`},
		{`{"value_count":{"field":"sites.city"}}`, `{"value":44}`, `{"value":36}`},
		{`{"cardinality":{"field":"status.keyword","precision_threshold":100}}`, `{"value":6}`, `{"value":3}`},
		{`{"terms":{"field":"phase","size":2,"shard_size":9}}`,
			`{"buckets":[{"doc_count":7,"key":"Phase 2"},{"doc_count":6,"key":"Phase 3"}],"doc_count_error_upper_bound":0,"sum_other_doc_count":11}`,
			`{"buckets":[{"doc_count":6,"key":"Phase 3"},{"doc_count":3,"key":"Not applicable"}],"doc_count_error_upper_bound":0,"sum_other_doc_count":8}`},
		{`{"terms":{"field":"status","order":{"_key":"asc"},"min_doc_count":4},"aggs":{"most":{"max":{"field":"enrollment"}}}}`,
			`{"buckets":[{"doc_count":4,"key":"Active, not recruiting","most":{"value":640}},{"doc_count":8,"key":"Completed","most":{"value":350}},{"doc_count":5,"key":"Recruiting","most":{"value":295}}],"doc_count_error_upper_bound":0,"sum_other_doc_count":0}`,
			`{"buckets":[{"doc_count":4,"key":"Active, not recruiting","most":{"value":640}},{"doc_count":8,"key":"Completed","most":{"value":350}},{"doc_count":5,"key":"Recruiting","most":{"value":295}}],"doc_count_error_upper_bound":0,"sum_other_doc_count":0}`},
		{`{"histogram":{"field":"enrollment","interval":300}}`,
			`{"buckets":[{"doc_count":21,"key":0},{"doc_count":2,"key":300},{"doc_count":1,"key":600}]}`,
			`{"buckets":[{"doc_count":14,"key":0},{"doc_count":2,"key":300},{"doc_count":1,"key":600}]}`},
		{`{"date_histogram":{"field":"start_date","calendar_interval":"year","min_doc_count":3,"order":{"_count":"desc"}}}`,
			`{"buckets":[{"doc_count":4,"key":1640995200000,"key_as_string":"2022-01-01T00:00:00.000Z"},{"doc_count":4,"key":1672531200000,"key_as_string":"2023-01-01T00:00:00.000Z"},{"doc_count":3,"key":1514764800000,"key_as_string":"2018-01-01T00:00:00.000Z"},{"doc_count":3,"key":1609459200000,"key_as_string":"2021-01-01T00:00:00.000Z"}]}`,
			`{"buckets":[{"doc_count":3,"key":1672531200000,"key_as_string":"2023-01-01T00:00:00.000Z"}]}`},
		// What is masked or hidden does not exist.
		{`{"terms":{"field":"sponsor","size":1}}`, `{"buckets":[{"doc_count":11,"key":"Consortium of University Hospitals"}],"doc_count_error_upper_bound":0,"sum_other_doc_count":13}`, `{"buckets":[],"doc_count_error_upper_bound":0,"sum_other_doc_count":0}`},
		{`{"sum":{"field":"adverse_events"}}`, `{"value":649}`, `{"value":0}`},
		{`{"max":{"field":"adverse_events"}}`, `{"value":188}`, `{"value":null}`},
		{`{"avg":{"field":"adverse_events","missing":2}}`, fmt.Sprintf(`{"value":%v}`, 649/24.), `{"value":2}`},
	} {
		for i, name := range []string{"ClinicalTrialsAdminUser", "ClinicalTrialsLimitedUser"} {
			got, err := s.search(s.scope(t, name), "clinical-trials", `{"size":0,"aggs":{"a":`+row.aggregation+`}}`, 10)
			if err != nil {
				t.Errorf("%s: %v", row.aggregation, err)
				continue
			}
			text, err := toJSON(got.Aggregations["a"])
			if want := []string{row.all, row.own}[i]; err != nil || string(text) != want {
				t.Errorf("%s: %s\n%s, want\n%s", name, row.aggregation, text, want)
			}
			if len(got.Hits.Hits) != 0 {
				t.Errorf("%d hits, and none was asked for", len(got.Hits.Hits))
			}
		}
	}
}

// requests ask for all that an answer can have.
var requests = []string{
	`{"match_all":{}}`, `{"match":{"title":"molecular biology trial"}}`, `{"query":{"exists":{"field":"interim_result"}}}`,
	`{"query":{"bool":{"must_not":[{"match":{"research_group":"RG_345"}}]}},"sort":[{"reviewer_notes":"desc"},"_score"]}`,
	`{"sort":[{"adverse_events":"desc"},{"title":{"order":"asc"}}],"from":2,"size":5}`,
	`{"size":3,"aggs":{"a":{"terms":{"field":"journal"},"aggs":{"n":{"value_count":{"field":"authors.name"}}}},"b":{"sum":{"field":"grant.amount_usd"}},"c":{"cardinality":{"field":"status"}}}}`,
	`{"size":0,"aggregations":{"a":{"date_histogram":{"field":"published","fixed_interval":"365d"}},"b":{"histogram":{"field":"enrollment","interval":50},"aggs":{"c":{"avg":{"field":"adverse_events"}}}},"d":{"terms":{"field":"interim_result","missing":"none"}},"e":{"max":{"field":"citations"}}}}`,
}

// TestHiddenContributesNothing: without the documents that a user does not see,
// and with other values in the fields that are hidden from them, every answer is
// the same.
func TestHiddenContributesNothing(t *testing.T) {
	s := newService(t)
	asked, removed, changed := 0, 0, 0
	for _, who := range people {
		scope := s.scope(t, who.name)
		user, err := s.user(scope)
		if err != nil {
			t.Fatal(err)
		}
		for index, docs := range s.store.indices {
			access, err := user.Access(fgac.Search, index)
			if err != nil {
				continue
			}
			var own []document
			for _, d := range docs {
				why := access.Explain(d.id, d.source)
				if !why.Visible {
					removed++
					continue
				}
				source := decode(d.source).(map[string]any)
				for _, f := range why.Fields {
					name, _, _ := strings.Cut(f.Path, ".")
					rule := slices.Contains([]string{"embargoed", "access", "status"}, name) // rules for documents see these
					if strings.HasPrefix(f.State, "hidden") && !rule {
						source[name] = "changed by the test"
						changed++
					}
				}
				text, err := toJSON(source)
				if err != nil {
					t.Fatal(err)
				}
				own = append(own, document{d.id, text})
			}
			other := &service{gate: s.gate, roles: s.roles, pool: s.pool, store: &store{indices: map[string][]document{index: own}}}
			for _, request := range requests {
				asked++
				// Members of the changed documents have another order.
				if a, b := answerOf(t, s, scope, index, request), answerOf(t, other, scope, index, request); a != b {
					t.Errorf("%s, %s, %s:\n%s, and without what is hidden\n%s", who.name, index, request, a, b)
				}
			}
		}
	}
	if asked != 8*len(requests) || removed != 3+12+7+9 || changed < 500 {
		t.Errorf("%d requests, %d documents removed, %d fields changed", asked, removed, changed)
	}
}

func answerOf(t *testing.T, s *service, scope acl.Scope, index, request string) string {
	t.Helper()
	answer, err := s.search(scope, index, request, 10)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	for i := range answer.Hits.Hits {
		h := &answer.Hits.Hits[i]
		if h.Source, err = json.Marshal(h.fields); err != nil {
			t.Fatal(err)
		}
	}
	text, err := toJSON(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSort(t *testing.T) {
	s := newService(t)
	scope := s.scope(t, "PubMedAdminUser")
	for _, row := range []struct{ sort, want string }{
		{`"citations"`, "PM-0031 PM-0034 PM-0027"},
		{`{"citations":{"order":"desc","missing":"_last","unmapped_type":"long"}}`, "PM-0004 PM-0014 PM-0002"},
		{`[{"published":"desc"}]`, "PM-0031 PM-0021 PM-0034"},
		{`[{"year":"desc"},{"title.keyword":"asc"}]`, "PM-0015 PM-0021 PM-0011"},
		{`[{"nothing":"desc"},"_doc"]`, "PM-0001 PM-0002 PM-0003"},
		{`["_score"]`, "PM-0001 PM-0002 PM-0003"},
	} {
		got, err := s.search(scope, "pubmed", `{"size":3,"sort":`+row.sort+`}`, 10)
		if err != nil {
			t.Errorf("%s: %v", row.sort, err)
			continue
		}
		var ids []string
		for _, h := range got.Hits.Hits {
			ids = append(ids, h.ID)
		}
		if strings.Join(ids, " ") != row.want {
			t.Errorf("%s: %v, want %s", row.sort, ids, row.want)
		}
	}
	got, err := s.search(s.scope(t, "ResearchBasicUser"), "pubmed", `{"from":20,"size":10,"sort":[{"year":"asc"}]}`, 10)
	if err != nil || len(got.Hits.Hits) != 2 || got.Hits.Total.Value != 22 || got.Hits.Hits[1].Score != nil || got.Hits.MaxScore != nil || len(got.Hits.Hits[1].Sort) != 1 {
		t.Errorf("the last page: %+v, %v", got, err)
	}
	if got, err := s.search(scope, "pubmed", `{"from":99}`, 10); err != nil || len(got.Hits.Hits) != 0 {
		t.Errorf("behind the last page: %+v, %v", got, err)
	}
}

// TestBuckets has intervals, gaps and missing values.
func TestBuckets(t *testing.T) {
	var found []hit
	for _, doc := range []string{
		`{"d":"2023-12-31","n":-3,"v":[1,1,2]}`, `{"d":"2024-02-29T12:30:00Z","n":0,"v":[{"x":true}]}`, `{"d":"2024-03-04","n":7.5,"v":null}`,
		`{"d":1709510400000,"n":"7","v":"one"}`, `{"d":"soon","n":false}`,
	} {
		found = append(found, hit{fields: decode([]byte(doc))})
	}
	for _, row := range []struct{ aggregation, want string }{
		{`{"date_histogram":{"field":"d","calendar_interval":"1y"}}`, "2023-01-01 1, 2024-01-01 3"},
		{`{"date_histogram":{"field":"d","calendar_interval":"quarter"}}`, "2023-10-01 1, 2024-01-01 3"},
		{`{"date_histogram":{"field":"d","calendar_interval":"1M"}}`, "2023-12-01 1, 2024-01-01 0, 2024-02-01 1, 2024-03-01 2"},
		{`{"date_histogram":{"field":"d","interval":"week","min_doc_count":1}}`, "2023-12-25 1, 2024-02-26 1, 2024-03-04 2"},
		{`{"date_histogram":{"field":"d","calendar_interval":"day","min_doc_count":1}}`, "2023-12-31 1, 2024-02-29 1, 2024-03-04 2"},
		{`{"date_histogram":{"field":"d","fixed_interval":"12h","min_doc_count":1}}`, "2023-12-31 1, 2024-02-29 1, 2024-03-04 2"},
		{`{"date_histogram":{"field":"d","fixed_interval":"60d"}}`, "2023-11-19 1, 2024-01-18 3"},
		{`{"histogram":{"field":"n","interval":2.5}}`, "-5 1, -2.5 0, 0 1, 2.5 0, 5 0, 7.5 1"},
		{`{"histogram":{"field":"n","interval":5,"missing":100,"min_doc_count":1,"order":{"_key":"desc"}}}`, "5 1, 0 1, -5 1"},
		{`{"terms":{"field":"v"}}`, "1 1, 2 1, one 1"},
		{`{"terms":{"field":"v.x","missing":"none"}}`, "none 4, true 1"},
	} {
		var a aggregation
		if err := json.Unmarshal([]byte(row.aggregation), &a); err != nil {
			t.Fatal(err)
		}
		results, err := aggregate(found, map[string]aggregation{"a": a})
		if err != nil {
			t.Errorf("%s: %v", row.aggregation, err)
			continue
		}
		var got []string
		for _, b := range results["a"].(map[string]any)["buckets"].([]map[string]any) {
			key := fmt.Sprint(b["key"])
			if date, ok := b["key_as_string"].(string); ok {
				key = date[:10]
			}
			got = append(got, fmt.Sprintf("%s %v", key, b["doc_count"]))
		}
		if text := strings.Join(got, ", "); text != row.want {
			t.Errorf("%s: %s, want %s", row.aggregation, text, row.want)
		}
	}
}

// TestBoundsOfAggregations: no request makes more than is allowed, nor panics.
func TestBoundsOfAggregations(t *testing.T) {
	s := newService(t)
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf(`"m%d":{"avg":{"field":"year"}}`, i))
	}
	inside := `,"aggs":{` + strings.Join(many, ",") + `}`
	for _, row := range []struct{ aggregation, refused string }{
		{`{"terms":{"field":"year"}}`, ""},
		{`{"terms":{"field":"year","size":-1}}`, "size"}, {`{"terms":{"field":"year","size":0}}`, "size"},
		{`{"histogram":{"field":"year","interval":1}` + inside + `}`, ""},
		{`{"histogram":{"field":"year","interval":0.05}` + inside + `}`, "too many"},
	} {
		_, err := s.search(s.scope(t, "PubMedAdminUser"), "pubmed", `{"size":0,"aggs":{"a":`+row.aggregation+`}}`, 10)
		if refused := err != nil; refused != (row.refused != "") || refused && !strings.Contains(err.Error(), row.refused) {
			t.Errorf("%.60s: %v, want %q", row.aggregation, err, row.refused)
		}
	}
}

// TestValuesAt: names with dots, whatever the order of members.
func TestValuesAt(t *testing.T) {
	doc := decode([]byte(`{"a":{"c":1,"b.d":3},"a.b":2,"a.b.e":[4,{"f":5}]}`))
	for path, want := range map[string]string{"a.b": "[2]", "a.c": "[1]", "a.b.d": "[3]", "a.b.e": "[4]", "a.b.e.f": "[5]", "a": "[]", "x": "[]"} {
		for range 20 {
			if got := fmt.Sprint(valuesAt(doc, path)); got != want {
				t.Fatalf("%s: %s, want %s", path, got, want)
			}
		}
	}
}
