package pushdown_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
	"github.com/tokenacl/tokenacl/integration/real"
)

const library = `"title": {"type": "text"}, "lang": {"type": "keyword"}, "price": {"type": "integer"}, "date": {"type": "date"}, "guess": {"type": "keyword"},
	"place": {"type": "geo_point"}, "parts": {"type": "nested", "properties": {"name": {"type": "keyword"}}}`

// stock is two documents that mary sees, and three that she does not, of which
// the word and the language layoffs are.
func stock(e *engine) acl.Scope {
	e.t.Helper()
	e.create(acl.Rules{}, library)
	staff, board := acl.List{acl.Allow.Group("staff")}, acl.List{acl.Allow.Group("board")}
	titles := []string{"a document about tokens", "another document", "layoffs and layoffs document", "layoffs of tokens", "document of layoffs"}
	err := e.bulk(len(titles), func(i int) (string, any) {
		source := map[string]any{"title": titles[i], "lang": "en", "price": i, "date": fmt.Sprintf("202%d-01-01", i), "place": []int{i, i}, "parts": []any{map[string]any{"name": "a"}}}
		id, list := fmt.Sprintf("visible%d", i), staff
		if i > 1 {
			id, list, source["lang"], source["guess"] = fmt.Sprintf("hidden%d", i), board, "layoffs", []string{"en"}
		}
		fields, err := opensearch.Fields(list, acl.Rules{})
		if err != nil {
			e.t.Fatal(err)
		}
		source[opensearch.Field] = fields
		return id, source
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return acl.For(acl.Principal{User: "mary", Groups: []string{"staff"}})
}

// accepted tries whatever Body and Query accept: the server understands it, and
// shows nothing of what is hidden and none of the ACL.
func accepted(t *testing.T, e *engine) {
	clause, err := opensearch.Filter(stock(e), acl.Rules{}, opensearch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tried, hits := 0, 0
	try := func(user string) {
		body, err := opensearch.Body(clause, []byte(user))
		if err != nil {
			t.Fatalf("%s: %v", user, err)
		}
		answer := string(e.do("POST", "/"+e.index+"/_search", body, 200))
		if strings.Contains(answer, "hidden") || strings.Contains(answer, "layoffs") || strings.Contains(answer, opensearch.Field) {
			t.Errorf("%s: %s", user, answer)
		}
		tried++
		hits += strings.Count(answer, `"_id":"visible`)
	}
	for _, body := range lines(t, "bodies") {
		try(body)
	}
	for _, query := range lines(t, "queries") {
		try(`{"query": ` + query + `}`)
		try(`{"query": {"bool": {"should": [` + query + `, {"match": {"title": "layoffs"}}], "must_not": [{"term": {"lang": "de"}}]}}, "aggs": {"a": {"terms": {"field": "lang"}}}}`)
	}
	for _, source := range []string{`true`, `"*"`, `["tokenacl.*", "title"]`, `{"includes": ["tokenacl"]}`, `{"excludes": ["title"]}`} {
		try(`{"_source": ` + source + `}`)
	}
	t.Logf("%d requests, %d hits", tried, hits)
	if tried != 14+2*31+5 || hits < 60 {
		t.Errorf("%d requests, %d hits", tried, hits)
	}
	p := proof(e.version, "requests of callers: nothing hidden in any answer")
	p.Documents, p.Callers, p.Answers = 5, 1, tried
	real.Proven(t, p)
}

// lines are of a file that the tests of the package have.
func lines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile("../../../acl/pushdown/opensearch/testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// escapes shows that what Body refuses does show what is hidden, when the filter
// merely stands beside it.
func escapes(t *testing.T, e *engine) {
	s := stock(e)
	clause, err := opensearch.Filter(s, acl.Rules{}, opensearch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, body, shows string }{
		{"global aggregation", `{"size": 0, "aggs": {"a": {"global": {}, "aggs": {"b": {"terms": {"field": "lang"}}}}}}`, `"key":"layoffs","doc_count":3`},
		{"min_doc_count 0", `{"size": 0, "aggs": {"a": {"terms": {"field": "lang", "min_doc_count": 0}}}}`, `"key":"layoffs","doc_count":0`},
		{"suggestion", `{"size": 0, "suggest": {"s": {"text": "layofs", "term": {"field": "title"}}}}`, `"text":"layoffs"`},
		{"terms lookup", `{"query": {"terms": {"lang": {"index": "escapes", "id": "hidden2", "path": "guess"}}}}`, `"_id":"visible0"`},
		{"more like a document", `{"query": {"more_like_this": {"fields": ["title"], "like": [{"_id": "hidden3"}], "min_term_freq": 1, "min_doc_freq": 1, "minimum_should_match": 1}}}`, `"_id":"visible0"`},
		// Of five documents, with an object inside of each.
		{"background statistics", `{"size": 0, "aggs": {"a": {"significant_terms": {"field": "lang", "min_doc_count": 1}}}}`, `"bg_count":10`},
		{"explanation", `{"query": {"match": {"title": "document"}}, "explain": true}`, `"description":"N, total number of documents with field"`},
		{"ACL by script field", `{"script_fields": {"x": {"script": {"source": "params._source.tokenacl.allow"}}}}`, `gstaff`},
		{"ACL by source", `{"_source": "tokenacl"}`, `gstaff`},
		{"ACL by every field", `{"query": {"multi_match": {"query": "gstaff"}}}`, `"_id":"visible0"`},
		{"ACL in the syntax", `{"query": {"query_string": {"query": "tokenacl.allow:gst*"}}}`, `"_id":"visible0"`},
		{"marks of the filter", `{"query": {"match": {"title": "document"}}, "highlight": {"fields": {"*": {"require_field_match": false}}}}`, `<em>gstaff</em>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := opensearch.Body(clause, []byte(tt.body)); !errors.As(err, new(*opensearch.Error)) && tt.name != "ACL by source" {
				t.Errorf("Body accepts it: %v", err)
			}
			var body map[string]json.RawMessage
			if err := json.Unmarshal([]byte(tt.body), &body); err != nil {
				t.Fatal(err)
			}
			if body["query"] == nil {
				body["query"] = json.RawMessage(`{"match_all": {}}`)
			}
			body["query"] = json.RawMessage(fmt.Sprintf(`{"bool": {"must": [%s], "filter": [%s]}}`, body["query"], clause.JSON()))
			status, answer := e.server.Do(t, "POST", "/"+e.index+"/_search", "", body)
			if status != 200 || !strings.Contains(string(answer), tt.shows) {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
	// A caller's clause under should asks nothing beside a filter: Query puts it
	// under must.
	user := `{"term": {"lang": "nothing"}}`
	count := func(query string) string {
		return string(e.do("POST", "/"+e.index+"/_count", []byte(`{"query": `+query+`}`), 200))
	}
	if answer := count(fmt.Sprintf(`{"bool": {"should": [%s], "filter": [%s]}}`, user, clause.JSON())); !strings.Contains(answer, `"count":2`) {
		t.Errorf("should beside a filter: %s", answer)
	}
	query, err := opensearch.Query(clause, []byte(user))
	if err != nil {
		t.Fatal(err)
	}
	if answer := count(string(query)); !strings.Contains(answer, `"count":0`) {
		t.Errorf("Query: %s", answer)
	}
}

// failsClosed has an index without our mapping, which is an error, documents
// without our fields, which are hidden, and a partial update, which takes away
// what it no longer has.
func failsClosed(t *testing.T, e *engine) {
	s := stock(e)
	if err := opensearch.CheckMapping(e.do("GET", "/"+e.index+"/_mapping", nil, 200), acl.Rules{Fold: true}); err == nil {
		t.Error("other rules are accepted")
	}
	e.do("PUT", "/"+e.index+"/_doc/bare", []byte(`{"title": "bare"}`), 201)
	e.do("PUT", "/"+e.index+"/_doc/unknown", []byte(`{"title": "unknown", "tokenacl": {"allow": ["gstaff"], "dony": ["umary"]}}`), 400)
	e.do("POST", "/"+e.index+"/_update/visible0?refresh=true", map[string]any{"doc": map[string]any{opensearch.Field: opensearch.Stored{}}}, 200)
	if found, err := e.Search(s); err != nil || strings.Join(found, " ") != "visible1" {
		t.Errorf("found %v, %v", found, err)
	}
	e.do("PUT", "/plain/_doc/1?refresh=true", []byte(`{"title": "document"}`), 201)
	clause, err := opensearch.Filter(s, acl.Rules{}, opensearch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	body, err := opensearch.Body(clause, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := e.server.Do(t, "POST", "/plain/_search", "", body); status == 200 && strings.Contains(string(answer), `"_id"`) {
		t.Errorf("an index without the mapping answers %s", answer)
	}
	if err := opensearch.CheckMapping(e.do("GET", "/plain/_mapping", nil, 200), acl.Rules{}); err == nil {
		t.Error("an index without the mapping is accepted")
	}

	// A partial update stores what is in _source: without the denials, none.
	e.do("PUT", "/partial", []byte(`{"mappings": {"_source": {"excludes": ["*.deny"]}}}`), 200)
	e.do("PUT", "/partial/_mapping", opensearch.Mapping(acl.Rules{}), 200)
	denied, err := opensearch.Fields(acl.List{acl.Allow.Group("staff"), acl.Deny.User("mary")}, acl.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	e.do("PUT", "/partial/_doc/1", map[string]any{"title": "document", opensearch.Field: denied}, 201)
	for _, want := range []string{`"value":0`, `"value":1`} {
		e.do("POST", "/partial/_refresh", nil, 200)
		if answer := e.do("POST", "/partial/_search", body, 200); !strings.Contains(string(answer), want) {
			t.Errorf("a _source without denials: want %s: %s", want, answer)
		}
		e.do("POST", "/partial/_update/1", []byte(`{"doc": {"title": "changed"}}`), 200)
	}
	if err := opensearch.CheckMapping(e.do("GET", "/partial/_mapping", nil, 200), acl.Rules{}); err == nil {
		t.Error("a _source without denials is accepted")
	}
}
