package fgac

import (
	"fmt"
	"strings"
	"testing"
)

// verdictFor compiles a query and matches a document, both JSON.
func verdictFor(t testing.TB, q, doc string) verdict {
	t.Helper()
	r, err := parseRule(q, false)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	d, ok := readDocument("id1", []byte(doc))
	if !ok {
		t.Fatalf("%s is no document", doc)
	}
	return r.query.match(&d)
}

// TestQueries has each kind of query, and what it says of a document.
//
// Rule F2
func TestQueries(t *testing.T) {
	for _, row := range []struct {
		q, doc string
		want   verdict
	}{
		{`{"match_all": {}}`, `{}`, yes},
		{`{"match_none": {}}`, `{"a": 1}`, no},
		{`{"match_all": {"boost": 2, "_name": "x"}}`, `{}`, yes},

		{`{"term": {"a": "x"}}`, `{"a": "x"}`, yes},
		{`{"term": {"a": {"value": "x", "boost": 1.5}}}`, `{"a": ["y", "x"]}`, yes},
		{`{"term": {"a": "x"}}`, `{"a": "X"}`, no},
		{`{"term": {"a": "x"}}`, `{"a": "x y"}`, no},
		{`{"term": {"a": "x"}}`, `{"b": "x"}`, no},
		{`{"term": {"a": "x"}}`, `{"a": null}`, no},
		{`{"term": {"a": "x"}}`, `{"a": 1}`, unknown},
		{`{"term": {"a": "x"}}`, `{"a": [1, "x"]}`, yes},
		{`{"term": {"a": 5}}`, `{"a": 5.0}`, yes},
		{`{"term": {"a": 5}}`, `{"a": 50e-1}`, yes},
		{`{"term": {"a": "5"}}`, `{"a": 5}`, yes},
		{`{"term": {"a": 5}}`, `{"a": "5"}`, yes},
		{`{"term": {"a": 5}}`, `{"a": "5.0"}`, unknown},
		{`{"term": {"a": 5}}`, `{"a": "six"}`, no},
		{`{"term": {"a": 5}}`, `{"a": "05"}`, unknown}, {`{"term": {"a": 5}}`, `{"a": "+5"}`, unknown}, {`{"term": {"a": 5}}`, `{"a": " 5"}`, unknown}, {`{"term": {"a": "5"}}`, `{"a": "5.0"}`, unknown}, {`{"term": {"a": "05"}}`, `{"a": 5}`, unknown},
		{`{"term": {"a": "5"}}`, `{"a": "5.1"}`, no}, {`{"term": {"a": "5"}}`, `{"a": "v5"}`, no}, {`{"term": {"a": "v5"}}`, `{"a": "5"}`, no}, {`{"term": {"a": "5"}}`, `{"a": "٥"}`, unknown}, {`{"term": {"a": "5"}}`, `{"a": "0x5p0"}`, unknown}, {`{"term": {"a": "0xab"}}`, `{"a": "0xac"}`, no},
		{`{"term": {"a": "2026-01-01"}}`, `{"a": "2026-01-01T10:00"}`, unknown}, {`{"term": {"a": "2026-01-01"}}`, `{"a": "2026"}`, unknown}, {`{"term": {"a": "2026-01-01"}}`, `{"a": "2026-02"}`, no}, {`{"term": {"a": "2026"}}`, `{"a": "2025"}`, no},
		{`{"term": {"a": "10.0.0.0/8"}}`, `{"a": "10.1.2.3"}`, unknown}, {`{"term": {"a": "10.0.0.1"}}`, `{"a": "::ffff:10.0.0.1"}`, unknown}, {`{"term": {"a": "10.0.0.1"}}`, `{"a": "10.0.0.2"}`, no},
		{`{"term": {"a": false}}`, `{"a": ""}`, unknown}, {`{"term": {"a": true}}`, `{"a": ""}`, no}, {`{"term": {"a": ""}}`, `{"a": "false"}`, unknown}, {`{"term": {"a": ""}}`, `{"a": false}`, unknown},
		{`{"bool": {"must_not": {"term": {"a": "5"}}}}`, `{"a": "5.0"}`, unknown}, {`{"bool": {"must_not": {"term": {"a": "5"}}}}`, `{"a": "6"}`, yes},
		{`{"terms": {"a": ["1", "2", "3", "4", "5", "6", "7", "8", "9"]}}`, `{"a": "5.0"}`, unknown}, {`{"terms": {"a": ["1", "2", "3", "4", "5", "6", "7", "8", "9"]}}`, `{"a": "10"}`, no},
		{`{"term": {"a": 9007199254740993}}`, `{"a": 9007199254740992}`, no},
		{`{"term": {"a": true}}`, `{"a": true}`, yes},
		{`{"term": {"a": "true"}}`, `{"a": true}`, yes},
		{`{"term": {"a": true}}`, `{"a": "true"}`, yes},
		{`{"term": {"a": true}}`, `{"a": false}`, no},
		{`{"term": {"a": true}}`, `{"a": 1}`, unknown},
		{`{"term": {"a": 1}}`, `{"a": true}`, unknown},
		{`{"term": {"a.b": 1}}`, `{"a": {"b": 1}}`, yes},
		{`{"term": {"a.b": 1}}`, `{"a.b": 1}`, yes},
		{`{"term": {"a.b.c": 1}}`, `{"a.b": [[{"c": [2, [1]]}]]}`, yes},
		{`{"term": {"a": 1}}`, `{"a": {"b": 1}}`, no},
		{`{"term": {"a.b": 1}}`, `{"ab": 1, "a": 1}`, no},
		{`{"term": {"a\u002eb": "\u0078"}}`, `{"\u0061": {"b": "x"}}`, yes},
		{`{"term": {"a.keyword": "x y"}}`, `{"a": "x y"}`, yes},
		{`{"term": {"a.keyword": "x"}}`, `{"a": {"keyword": "x"}}`, yes},

		{`{"terms": {"a": ["x", "y"], "boost": 1}}`, `{"a": "y"}`, yes},
		{`{"terms": {"a": []}}`, `{"a": "y"}`, no},
		{`{"terms": {"a": [1, true]}}`, `{"a": true}`, yes},
		{`{"terms_set": {"a": {"terms": ["x", "y", "z"], "minimum_should_match_field": "n"}}}`, `{"a": ["x", "z"], "n": 2}`, yes},
		{`{"terms_set": {"a": {"terms": ["x", "y", "z"], "minimum_should_match_field": "n"}}}`, `{"a": ["x", "z"], "n": 3}`, no},
		{`{"terms_set": {"a": {"terms": ["x"], "minimum_should_match_field": "n"}}}`, `{"a": ["y"], "n": 0}`, no},
		{`{"terms_set": {"a": {"terms": ["x"], "minimum_should_match_field": "n"}}}`, `{"a": ["x"], "n": null}`, no},
		{`{"terms_set": {"a": {"terms": ["x"], "minimum_should_match_field": "n"}}}`, `{"a": ["x"], "n": [1, 1]}`, unknown},
		{`{"terms_set": {"a": {"terms": ["x"], "minimum_should_match_field": "n"}}}`, `{"a": ["x"], "n": "1"}`, unknown},
		{`{"terms_set": {"a": {"terms": ["x"], "minimum_should_match_field": "n"}}}`, `{"a": ["x"], "n": 1.5}`, unknown},
		{`{"terms_set": {"a": {"terms": ["x", "y"], "minimum_should_match_field": "n"}}}`, `{"a": [1, "x"], "n": 2}`, unknown},

		{`{"range": {"a": {"gte": 1000, "lte": 20000}}}`, `{"a": 1500}`, yes},
		{`{"range": {"a": {"gt": 10}}}`, `{"a": 10}`, no},
		{`{"range": {"a": {"gt": 10}}}`, `{"a": 10.01}`, yes},
		{`{"range": {"a": {"lt": -1, "boost": 1}}}`, `{"a": -1.5}`, yes},
		{`{"range": {"a": {"gte": "10"}}}`, `{"a": 10}`, yes},
		{`{"range": {"a": {"gte": 10}}}`, `{"a": "10"}`, unknown},
		{`{"range": {"a": {"gte": "x"}}}`, `{"a": 10}`, unknown},
		{`{"range": {"a": {"gte": 1}}}`, `{"a": true}`, unknown},
		{`{"range": {"a": {"gte": "b", "lt": "c"}}}`, `{"a": "bx"}`, yes},
		{`{"range": {"a": {"gte": "b", "lt": "c"}}}`, `{"a": ["a", "c"]}`, no},
		{`{"range": {"a": {"gte": 5, "lte": 6}}}`, `{"a": [1, 9]}`, no},
		{`{"range": {"a": {"gt": "2026-01-01"}}}`, `{"a": "2026-01-01T12:00"}`, unknown}, // no as a date, yes as a text
		{`{"range": {"a": {"gt": "2026-01-01"}}}`, `{"a": "2026-01-02T00:00"}`, yes},
		{`{"range": {"a": {"gte": "2026-01-01"}}}`, `{"a": "2026-01-01T00:00:00Z"}`, yes},
		{`{"range": {"a": {"lte": "2026-01-01"}}}`, `{"a": "2026-01-01T23:59:59.999+00:00"}`, unknown},
		{`{"range": {"a": {"lte": "2026-01-01"}}}`, `{"a": "2025-12-31T23:59:59.999+00:00"}`, yes},
		{`{"range": {"a": {"lt": "2026-01-01"}}}`, `{"a": "2026-01-01T00:30:00+01:00"}`, unknown},
		{`{"range": {"a": {"gte": "2025"}}}`, `{"a": "2025-06-01"}`, unknown},
		{`{"range": {"a": {"gte": "2025"}}}`, `{"a": "2026"}`, yes},
		{`{"range": {"a": {"gt": "2025-06"}}}`, `{"a": "2025-06-15"}`, unknown},
		{`{"range": {"a": {"gt": "2025-06"}}}`, `{"a": "2025-07-01T10"}`, yes},
		{`{"range": {"a": {"lt": "2025-06"}}}`, `{"a": "2025-13"}`, unknown},
		{`{"range": {"a": {"gte": "10"}}}`, `{"a": "9"}`, unknown},
		{`{"range": {"a": {"gte": "10"}}}`, `{"a": "20"}`, yes},
		{`{"range": {"a": {"gte": "10"}}}`, `{"a": "x"}`, unknown},
		{`{"range": {"a": {"gte": "x"}}}`, `{"a": "10"}`, no},
		{`{"range": {"a": {"lte": "0x1p3"}}}`, `{"a": "0"}`, unknown},
		{`{"range": {"a": {"gt": "10.0.0.9"}}}`, `{"a": "10.0.0.10"}`, unknown},
		{`{"range": {"a": {"gt": "10.0.0.1"}}}`, `{"a": "10.0.0.9"}`, yes},
		{`{"range": {"a": {"gt": "10.0.0.1"}}}`, `{"a": "::"}`, unknown},
		{`{"range": {"a": {"gt": "10.0.0.1"}}}`, `{"a": "x"}`, unknown},
		{`{"range": {"a": {"lt": "2026-01-01"}}}`, `{"a": "2026-01-01"}`, no},
		{`{"range": {"a": {"lt": "2026-01-01"}}}`, `{"a": "yesterday"}`, unknown},
		{`{"range": {"a": {"lt": "2026-01-01"}}}`, `{"a": "2025-02-30"}`, unknown},

		{`{"exists": {"field": "a"}}`, `{"a": 0}`, yes},
		{`{"exists": {"field": "a"}}`, `{"a": null}`, no},
		{`{"exists": {"field": "a"}}`, `{"a": [null, []]}`, no},
		{`{"exists": {"field": "a"}}`, `{"a": {"b": {"c": null}}}`, no},
		{`{"exists": {"field": "a"}}`, `{"a": [{"b": {"c": false}}]}`, yes},
		{`{"exists": {"field": "a.b"}}`, `{"a.b.c": 1}`, yes},
		{`{"exists": {"field": "a.keyword"}}`, `{"a": "x"}`, yes},

		{`{"prefix": {"a": "x"}}`, `{"a": "xy"}`, yes},
		{`{"prefix": {"a": {"value": "x"}}}`, `{"a": "yx"}`, no},
		{`{"prefix": {"a": 1}}`, `{"a": 12}`, unknown},
		{`{"wildcard": {"a": "x*z?"}}`, `{"a": "xyyz😀"}`, yes},
		{`{"wildcard": {"a": {"value": "x\\*"}}}`, `{"a": "xy"}`, no},
		{`{"wildcard": {"a": "x\\*"}}`, `{"a": "x*"}`, yes},
		{`{"wildcard": {"a": "?é"}}`, `{"a": "éé"}`, yes},

		{`{"ids": {"values": ["id1", 7]}}`, `{}`, yes},
		{`{"ids": {"values": ["id2"]}}`, `{}`, no},

		{`{"match": {"a": "Molecular biology"}}`, `{"a": "The BIOLOGY of cells"}`, yes},
		{`{"match": {"a": {"query": "Molecular biology", "operator": "AND"}}}`, `{"a": "The BIOLOGY of cells"}`, no},
		{`{"match": {"a": {"query": "cells biology", "operator": "and"}}}`, `{"a": ["The BIOLOGY", "of cells"]}`, yes},
		{`{"match": {"a": {"query": "x", "operator": "or"}}}`, `{"a": "x-ray"}`, yes},
		{`{"match": {"a": "User-1"}}`, `{"a": "user 2"}`, yes},
		{`{"match": {"a": 5}}`, `{"a": 5}`, yes},
		{`{"match": {"a": "x"}}`, `{"a": 5}`, unknown},
		{`{"match": {"a": true}}`, `{"a": true}`, yes},
		{`{"match": {"a": "5"}}`, `{"a": "5.0"}`, unknown}, {`{"match": {"a": "5"}}`, `{"a": "6"}`, no}, {`{"match_phrase": {"a": "5"}}`, `{"a": "05"}`, unknown},
		{`{"match_phrase": {"a": "b, C"}}`, `{"a": "a b c d"}`, yes},
		{`{"match_phrase": {"a": "b d"}}`, `{"a": "a b c d"}`, no},
		{`{"match_phrase": {"a": "a b"}}`, `{"a": ["a", "b"]}`, no},
		{`{"match_phrase": {"a": "a a b"}}`, `{"a": "a a a b"}`, yes},
		{`{"match_phrase": {"a": "5"}}`, `{"a": 5}`, yes},

		{`{"bool": {"must": {"term": {"a": 1}}, "must_not": [{"term": {"b": 1}}]}}`, `{"a": 1, "b": 2}`, yes},
		{`{"bool": {"must": [{"term": {"a": 1}}], "must_not": {"term": {"b": 1}}}}`, `{"a": 1, "b": [2, 1]}`, no},
		{`{"bool": {"must_not": [{"term": {"b": 1}}]}}`, `{}`, yes},
		{`{"bool": {"must_not": [{"term": {"b": 1}}]}}`, `{"b": true}`, unknown},
		{`{"bool": {"must_not": [{"term": {"b": 1}}, {"term": {"c": 1}}]}}`, `{"b": true, "c": 1}`, no},
		{`{"bool": {"should": [{"term": {"a": 1}}, {"term": {"b": 1}}]}}`, `{"b": 1}`, yes},
		{`{"bool": {"should": [{"term": {"a": 1}}, {"term": {"b": 1}}]}}`, `{"a": true, "b": 1}`, yes},
		{`{"bool": {"should": [{"term": {"a": 1}}, {"term": {"b": 1}}]}}`, `{"a": true, "b": 2}`, unknown},
		{`{"bool": {"should": [{"term": {"a": 1}}], "minimum_should_match": 0}}`, `{}`, no},
		{`{"bool": {"filter": [{"term": {"a": 1}}], "should": {"term": {"b": 1}}}}`, `{"a": 1}`, yes},
		{`{"bool": {"filter": [{"term": {"a": 1}}], "should": {"term": {"b": 1}}, "minimum_should_match": "1"}}`, `{"a": 1}`, no},
		{`{"bool": {"should": [{"term": {"a": 1}}, {"term": {"b": 1}}], "minimum_should_match": 2}}`, `{"b": 1, "a": 1}`, yes},
		{`{"bool": {"should": [{"term": {"a": 1}}, {"term": {"b": 1}}], "minimum_should_match": 2}}`, `{"b": 2, "a": 1}`, no},
		{`{"bool": {"must": [{"term": {"a": 1}}], "minimum_should_match": 1}}`, `{"a": 1}`, no},
	} {
		if got := verdictFor(t, row.q, row.doc); got != row.want {
			t.Errorf("%s of %s: %d, want %d", row.q, row.doc, got, row.want)
		}
	}
	r, _ := parseRule(`{"bool": {"must_not": {"ids": {"values": ["id1"]}}}}`, false)
	if d, _ := readDocument("", []byte(`{}`)); r.query.match(&d) != unknown {
		t.Error("a document without an id is known not to have one")
	}
}

// TestRulesRefused lists queries that cannot be rules.
//
// Rule F1
func TestRulesRefused(t *testing.T) {
	many := strings.Repeat(`{"term":{"a":1}},`, 1100)
	for _, row := range []struct{ q, reason string }{
		{`{`, "is not JSON"}, {`{"term": {"a": 1}, "term": {"b": 1}}`, "is not JSON"}, {`{"term": {"a": 1}} x`, "is not JSON"},
		{`[]`, "one member"}, {`{}`, "one member"}, {`"x"`, "one member"}, {`{"term": {"a": 1}, "match_all": {}}`, "one member"},
		{`{"script": {}}`, "unknown or unsupported query"}, {`{"TERM": {"a": 1}}`, "unknown"}, {`{"query_string": {"query": "a:b"}}`, "unknown"},
		{`{"nested": {"path": "a", "query": {"match_all": {}}}}`, "unknown"}, {`{"${user.name}": {}}`, "kind of a query"},
		{`{"match_all": {"x": 1}}`, `unknown or unsupported member "x"`}, {`{"match_all": []}`, "want an object"}, {`{"match_all": {"boost": "x"}}`, "unknown"}, {`{"match_all": {"_name": 1}}`, "unknown"},
		{`{"term": {"a": 1, "b": 2}}`, "name of a field"}, {`{"term": {"a": null}}`, "not null"}, {`{"term": {"a": [1]}}`, "not array"},
		{`{"term": {"a": {"value": 1, "case_insensitive": true}}}`, "case_insensitive"}, {`{"term": {"a": {}}}`, `"value" is missing`}, {`{"term": {"a": {"${x}": 1}}}`, "name of a setting"},
		{`{"term": {"": 1}}`, "name of a field"}, {`{"term": {"a*": 1}}`, "wildcards in the name"}, {`{"term": {"_id": "x"}}`, "envelope"},
		{`{"terms": {"a": 1}}`, "want an array"}, {`{"terms": {"a": [[1]]}}`, "not array"}, {`{"terms": {"a": [1], "b": [1]}}`, "name of a field"}, {`{"terms": {"a?": [1]}}`, "wildcards"},
		{`{"terms": {"a": {"index": "i", "id": "x", "path": "p"}}}`, "Options.Lookup"},
		{`{"terms_set": {"a": {"terms": ["x"], "minimum_should_match_script": {}}}}`, "minimum_should_match_script"},
		{`{"terms_set": {"a": {"terms": ["x"]}}}`, "scripts are not supported"}, {`{"terms_set": {"a": {"terms": 1, "minimum_should_match_field": "n"}}}`, "want an array"},
		{`{"terms_set": {"a": {"terms": [1], "minimum_should_match_field": 1}}}`, "name of a field"}, {`{"terms_set": {"a*": {"terms": [1], "minimum_should_match_field": "n"}}}`, "wildcards"},
		{`{"range": {"a": {}}}`, "has no bound"}, {`{"range": {"a": {"gte": null}}}`, "not null"}, {`{"range": {"a": {"gte": true}}}`, "not boolean"}, {`{"range": {"a": 1}}`, "want an object"}, {`{"range": {}}`, "name of a field"}, {`{"range": {"a*": {"gte": 1}}}`, "wildcards"},
		{`{"range": {"a": {"gte": "now-1d"}}}`, "date math"}, {`{"range": {"a": {"gte": "2026-01-01||/M"}}}`, "date math"}, {`{"range": {"a": {"gte": "x", "time_zone": "+01:00"}}}`, "time_zone"}, {`{"range": {"a": {"gte": "1", "format": "x"}}}`, "format"}, {`{"range": {"a": {"from": 1}}}`, "from"},
		{`{"exists": {}}`, "missing"}, {`{"exists": {"field": "a*"}}`, "wildcards"}, {`{"exists": {"field": 1}}`, "name of a field"}, {`{"exists": "a"}`, "want an object"},
		{`{"prefix": {"a": {"value": "x", "rewrite": "x"}}}`, "rewrite"}, {`{"prefix": {"a": ""}}`, "empty prefix"}, {`{"prefix": {"a": true}}`, "want a string"}, {`{"prefix": {}}`, "name of a field"}, {`{"wildcard": {"a": null}}`, "want one"}, {`{"wildcard": {"a": "` + strings.Repeat("x", 1025) + `"}}`, "1024 bytes"}, {`{"wildcard": {"a": {"wildcard": "x"}}}`, "wildcard"},
		{`{"ids": {}}`, "missing"}, {`{"ids": {"values": "x"}}`, "want an array"}, {`{"ids": []}`, "want an object"},
		{`{"match": {"a": {"query": "x", "operator": "xor"}}}`, "operator"}, {`{"match": {"a": {"query": "x", "fuzziness": 1}}}`, "fuzziness"}, {`{"match": {"a": []}}`, "not array"}, {`{"match": {}}`, "name of a field"}, {`{"match": {"a": "` + wordList(65) + `"}}`, "64 words"}, {`{"match": {"a": "😀 --"}}`, "has no word"}, {`{"match": {"a": {"query": ""}}}`, "has no word"},
		{`{"match_phrase": {"a": {"query": "x", "slop": 1}}}`, "slop"}, {`{"match_phrase": {"a": null}}`, "not null"}, {`{"match_phrase": {}}`, "name of a field"}, {`{"match_phrase": {"a": "` + strings.Repeat("w ", 65) + `"}}`, "64 words"}, {`{"match_phrase": {"a": "😀"}}`, "has no word"},
		{`{"term": {"` + strings.Repeat("x", 1025) + `": 1}}`, "1024 bytes"}, {`{"exists": {"field": "x` + strings.Repeat(".x", 101) + `"}}`, "100 dots"}, {`{"terms_set": {"a": {"terms": [1], "minimum_should_match_field": "` + strings.Repeat("x", 1025) + `"}}}`, "1024 bytes"},
		{`{"bool": {}}`, "has no clause"}, {`{"bool": {"must": []}}`, "has no clause"}, {`{"bool": []}`, "want an object"}, {`{"bool": {"must": [{"script": {}}]}}`, "bool: must: unknown"}, {`{"bool": {"filter": {"term": {"a": 1}}, "adjust_pure_negative": true}}`, "adjust_pure_negative"},
		{`{"bool": {"should": {"match_all": {}}, "minimum_should_match": "75%"}}`, "percentages"}, {`{"bool": {"should": {"match_all": {}}, "minimum_should_match": -1}}`, "whole number"}, {`{"bool": {"should": {"match_all": {}}, "minimum_should_match": ""}}`, "whole number"}, {`{"bool": {"should": {"match_all": {}}, "minimum_should_match": [1]}}`, "whole number"}, {`{"bool": {"should": {"match_all": {}}, "minimum_should_match": ${x}}}`, "whole number"},
		{`{"bool": {"should": [` + strings.TrimSuffix(many, ",") + `]}}`, "1024 clauses"}, {`{"term": {"a": "` + strings.Repeat("x", maxRule) + `"}}`, "longer than 256 KiB"},
		{`{"term": {"a": "\u0000"}}`, "NUL"}, {`{"term": {"a": "x${"}}`, "no closing brace"}, {`{"term": {"a": ${}}}`, "no name"}, {`{"term": {"${": 1}}`, "no closing brace"}, {`{"terms": {"a": ["$${x}"]}}`, "escape"}, {`{"a": {"b": ["${"]}}`, "no closing brace"},
		{strings.Repeat(`{"bool":{"must":`, 20) + `{"match_all":{}}` + strings.Repeat("}}", 20), "is not JSON: nested"},
	} {
		e := parseError(t, string(mustJSON(map[string]any{"r": map[string]any{"index_permissions": []any{map[string]any{"dls": row.q}}}})), "", nil)
		if e.Path != "/r/index_permissions/0/dls" || !strings.Contains(e.Reason, row.reason) {
			t.Errorf("%.200s: %v, want %q", row.q, e, row.reason)
		}
	}
	if e := parseError(t, `{"r": {"index_permissions": [{"dls": {"match_all": {}}}]}}`, "", nil); !strings.Contains(e.Reason, "want a string") {
		t.Error(e)
	}
	for _, blank := range []string{`""`, `" \n"`, "null"} {
		mustParse(t, `{"r": {"index_permissions": [{"dls": `+blank+`}]}}`, "", nil)
	}
}

func wordList(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%d ", i)
	}
	return b.String()
}

// TestDocumentsRefused lists sources that hide a document whatever the roles.
//
// Rule F2
func TestDocumentsRefused(t *testing.T) {
	for _, bad := range []string{
		``, `[]`, `"x"`, `{`, `{"a": 1} {}`, `{"a": 1, "a": 1}`, `{"a": 1, "\u0061": 1}`, "{\"a\": \"\xff\"}", `{"a": "\ud800"}`,
		`{"a.b": 1, "a": {"b": 2}}`, `{"a": {"b": 2}, "a.b": 1}`, `{"a.b": {"c": 1}, "a": {"b": {"d": 1}}}`, `{"a.b.c": 1, "a": {"b.c": 1}}`,
		`{"x": {"a.b": 1, "a": {"b": 2}}}`, `{"x": [[{"a.b": 1, "a": {"b": 2}}]]}`, `{"a": {"b.c": 1, "b": {"c": 1}}}`, `{"x.y": {"a.b": 1, "a": {"b": 2}}}`,
		`{"": 1}`, `{"a": {"": 1}}`, `{".a": 1}`, `{"a.": 1}`, `{"a..b": 1}`, `{"a": [{"": 1}]}`,
		strings.Repeat(`{"a":`, 101) + `1` + strings.Repeat(`}`, 101),
	} {
		if _, ok := readDocument("", []byte(bad)); ok {
			t.Errorf("%.100s is accepted", bad)
		}
	}
	for _, good := range []string{
		`{}`, `{"a.b": 1, "a": {"c": 2}}`, `{"a": [{"b": 1}, {"b": 1}]}`, `{"a.b": 1, "a.c": {"d": 1}}`, `{"a": {"b.c": 1}, "b": {"c": 1}}`, `{"a": {"x": 1}, "b": {"x.y": 1}}`,
		strings.Repeat(`{"x":[`, 49) + `1` + strings.Repeat(`],"a.b":1}`, 49), // read once at every level: twice would never end
	} {
		if _, ok := readDocument("", []byte(good)); !ok {
			t.Errorf("%s is refused", good)
		}
	}
}

// FuzzRule looks for rules and documents that panic, and for documents of which a
// query and its negation are both true.
func FuzzRule(f *testing.F) {
	for _, q := range []string{`{"term":{"a":"x"}}`, `{"terms":{"a":[${user.roles}]}}`, `{"range":{"a":{"gte":"2026-01-01","lt":5}}}`, `{"bool":{"must_not":{"match":{"a":"x y"}}}}`, `{"terms_set":{"a":{"terms":["x"],"minimum_should_match_field":"n"}}}`, `{"wildcard":{"a":"x*"}}`} {
		f.Add(q, `{"a":["x",{"b":1}],"n":1,"c.d":null}`)
	}
	id := &identity{}
	id.define("user.roles", []string{"x", "y"})
	f.Fuzz(func(t *testing.T, q, doc string) {
		r, err := parseRule(q, false)
		if err != nil || r == nil {
			return
		}
		negated, err := parseRule(`{"bool":{"must_not":`+q+`}}`, false)
		if err != nil {
			return // too deep
		}
		b, err := r.bind(id, nil)
		nb, err2 := negated.bind(id, nil)
		d, ok := readDocument("id", []byte(doc))
		if err != nil || err2 != nil || !ok {
			return
		}
		if b.query.match(&d) == yes && nb.query.match(&d) == yes {
			t.Errorf("%s and its negation match %s", q, doc)
		}
	})
}
