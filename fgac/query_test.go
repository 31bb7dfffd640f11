package fgac

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
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

// TestDecimal compares with exact arithmetic.
func TestDecimal(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?`)
	equal := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if rapid.Bool().Draw(t, "same") {
			b = a + "e0"
			if strings.ContainsAny(a, "eE") {
				b = strings.Replace(strings.Replace(a, "E", "e", 1), "e", ".0e", 1)
				if strings.Contains(a, ".") {
					b = a
				}
			}
		}
		if !isNumber(a) || !isNumber(b) {
			t.Fatalf("%s or %s is no number", a, b)
		}
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got, want := parseDecimal(a).compare(parseDecimal(b)), x.Cmp(y); got != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		} else if want == 0 {
			equal++
		}
	})
	if equal == 0 {
		t.Error("no two numbers were equal")
	}
	if parseDecimal("1e99999999999999999999").compare(parseDecimal("1e999")) != 1 || parseDecimal("-1e-99999999999999999999").compare(parseDecimal("0")) != -1 {
		t.Error("large exponents")
	}
	for s, want := range map[string]bool{"": false, "-": false, "01": false, "1.": false, ".1": false, "1e": false, "1e+": false, "+1": false, "1x": false, "0": true, "-0.0e-0": true, "1E5": true, "Infinity": false, "0x1": false} {
		if isNumber(s) != want {
			t.Errorf("%q is a number: %v", s, !want)
		}
	}
}

// TestWords pins the analysis.
func TestWords(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "--": "", "User-1": "user|1", "The QUICK, brown": "the|quick|brown", "don't e.g. a.b, 3.14 1,000; x.": "don't|e.g|a.b|3.14|1,000|x",
		"foo_bar Éa\u0301": "foo_bar|éa\u0301", "日本go語": "日|本|go|語", "a.語": "a|語", "d\u2019or": "d\u2019or", "a,b 1'2 a:b 1:2": "a|b|1'2|a:b|1|2", "x.": "x",
	} {
		words, err := wordsOf(s, true)
		if got := strings.Join(words, "|"); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", s, got, err, want)
		}
	}
	for _, row := range []struct {
		w, want string
		same    bool
	}{{"ABC", "abc", true}, {"ab", "abc", false}, {"abc", "ab", false}, {"É", "é", true}, {"", "", true}, {"a", "b", false}} {
		if isLower(row.w, row.want) != row.same {
			t.Errorf("%q, %q", row.w, row.want)
		}
	}
}

// TestDates pins what a date is, and what it spans.
func TestDates(t *testing.T) {
	for s, want := range map[string]string{
		"2026-03-01": "2026-03-01T00:00:00Z 2026-03-01T23:59:59.999999999Z", "2026-03-01T10": "2026-03-01T10:00:00Z 2026-03-01T10:59:59.999999999Z",
		"2026-03-01T10:11": "2026-03-01T10:11:00Z 2026-03-01T10:11:59.999999999Z", "2026-03-01T10:11:12Z": "2026-03-01T10:11:12Z 2026-03-01T10:11:12.999999999Z",
		"2026-03-01T10:11:12.5+01:30": "2026-03-01T08:41:12.5Z 2026-03-01T08:41:12.599999999Z", "2026-03-01T10:11:12,000000001-01": "2026-03-01T11:11:12.000000001Z 2026-03-01T11:11:12.000000001Z",
		"2024-02-29T00:00:00+0100": "2024-02-28T23:00:00Z 2024-02-28T23:00:00.999999999Z",
		"2026-02-29":               "", "2026-13-01": "", "2026-00-01": "", "2026-01-01T24": "", "2026-01-01T10:60": "", "2026-01-01T10:00:60": "", "2026-01-01T10:00Zx": "", "2026-1-1": "", "2026-01-01 10:00": "", "2026-": "", "2026-13": "", "2026-00": "", "202": "", "20260": "",
		"2026": "2026-01-01T00:00:00Z 2026-12-31T23:59:59.999999999Z", "2026-02": "2026-02-01T00:00:00Z 2026-02-28T23:59:59.999999999Z", "2026-01-01T10+19": "", "2026-01-01T10+0160": "", "20260101xx": "",
	} {
		got := ""
		if d, ok := parseDate(s); ok {
			got = d.first.UTC().Format("2006-01-02T15:04:05.999999999Z07:00") + " " + d.last.UTC().Format("2006-01-02T15:04:05.999999999Z07:00")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

// The oracle: queries and documents as Go values, evaluated slowly.

func flat(doc any, prefix string, into map[string][]any) {
	switch v := doc.(type) {
	case map[string]any:
		for name, member := range v {
			path := name
			if prefix != "" {
				path = prefix + "." + name
			}
			flat(member, path, into)
		}
	case []any:
		for _, e := range v {
			flat(e, prefix, into)
		}
	case nil:
	default:
		into[prefix] = append(into[prefix], v)
	}
}

// says is yes, no or unknown as 1, -1 and 0.
func says(q map[string]any, fields map[string][]any) int {
	for kind, body := range q {
		b := body.(map[string]any)
		if kind == "bool" {
			return saysBool(b, fields)
		}
		if kind == "exists" {
			for path := range fields {
				if f := b["field"].(string); path == f || strings.HasPrefix(path, f+".") {
					return 1
				}
			}
			return -1
		}
		for field, want := range b {
			best := -1
			for _, have := range fields[field] {
				best = max(best, saysValue(kind, want, have))
			}
			return best
		}
	}
	return 1 // match_all
}

// others are what some texts are besides texts: kinds, and from where to where, by
// hand. A date counts hours from 2025 on.
var others = map[string]map[string][2]int{
	"5": {"number": {50, 50}}, "05": {"number": {50, 50}}, " +5.0 ": {"number": {50, 50}}, "5.5d": {"number": {55, 55}}, "10": {"number": {100, 100}},
	"2025": {"number": {20250, 20250}, "date": {0, 8759}}, "2025-02": {"date": {744, 1415}}, "2025-02-01": {"date": {744, 767}}, "2025-02-01T10": {"date": {754, 754}}, "2025-02-02T00+01": {"date": {767, 767}}, "2026-01": {"date": {8760, 9503}},
	"10.0.0.9": {"address": {9, 9}}, "10.0.0.10": {"address": {10, 10}}, "::ffff:10.0.0.10": {"address": {10, 10}},
	"": {"flag": {0, 0}}, "1": {"number": {10, 10}}, "1.0": {"number": {10, 10}}, "2": {"number": {20, 20}}, "-3": {"number": {-30, -30}}, "1e1": {"number": {100, 100}},
}

func sign(b bool) int {
	if b {
		return 1
	}
	return -1
}

func saysValue(kind string, want, have any) int {
	n, isNumber := have.(json.Number)
	s, isText := have.(string)
	switch kind {
	case "term":
		w, wantNumber := want.(json.Number)
		switch {
		case isText && fmt.Sprint(want) != s:
			for kind, a := range others[fmt.Sprint(want)] {
				if b, ok := others[s][kind]; ok && a[0] <= b[1] && b[0] <= a[1] {
					return 0
				}
			}
			return -1
		case isText:
			return 1
		case isNumber && wantNumber:
			x, _ := new(big.Rat).SetString(n.String())
			y, _ := new(big.Rat).SetString(w.String())
			return sign(x.Cmp(y) == 0)
		case isNumber && (want == "5" || want == "10" || want == "1" || want == "2" || want == "2025" || want == "-3" || want == "1.0" || want == "1e1"):
			return saysValue(kind, json.Number(want.(string)), have)
		}
		return 0
	case "range":
		for side, bound := range want.(map[string]any) {
			return saysBound(side, bound, have)
		}
	case "prefix":
		if isText {
			return sign(strings.HasPrefix(s, want.(string)))
		}
	}
	return 0
}

// saysBound compares in all of the ways that there are for a bound.
func saysBound(side string, bound, have any) int {
	compare := func(c int) int {
		if side[0] == 'l' {
			c = -c
		}
		return sign(c > 0 || c == 0 && side[2:] == "e")
	}
	w, wantText := bound.(string)
	switch have := have.(type) {
	case json.Number:
		x, _ := new(big.Rat).SetString(have.String())
		y, ok := new(big.Rat).SetString(fmt.Sprint(bound))
		if !ok || wantText && (w == "05" || w == "") {
			return 0
		}
		return compare(x.Cmp(y))
	case string:
		if !wantText {
			return 0
		}
		said := compare(strings.Compare(have, w))
		for kind, a := range others[w] {
			b, ok := others[have][kind]
			at := a[0]
			if side == "gt" || side == "lte" {
				at = a[1]
			}
			if kind != "flag" && (!ok || compare(b[0]-at) != said) {
				return 0
			}
		}
		return said
	}
	return 0
}

func saysBool(b map[string]any, fields map[string][]any) int {
	worst := 1
	for _, q := range b["must"].([]any) {
		worst = min(worst, says(q.(map[string]any), fields))
	}
	for _, q := range b["must_not"].([]any) {
		worst = min(worst, -says(q.(map[string]any), fields))
	}
	should := b["should"].([]any)
	best := -1
	for _, q := range should {
		best = max(best, says(q.(map[string]any), fields))
	}
	if len(should) > 0 && len(b["must"].([]any)) == 0 {
		worst = min(worst, best)
	}
	return worst
}

var (
	fieldNames = rapid.SampledFrom([]string{"a", "b", "a.b", "c", "a.b.c"})
	scalars    = rapid.OneOf(
		rapid.SampledFrom([]any{"x", "y", "xy", ""}),
		rapid.SampledFrom([]any{"5", "05", " +5.0 ", "5.5d", "10", "2025", "2025-02", "2025-02-01", "2025-02-01T10", "2025-02-02T00+01", "2026-01", "10.0.0.9", "10.0.0.10", "::ffff:10.0.0.10"}),
		rapid.Map(rapid.SampledFrom([]string{"1", "1.0", "2", "-3", "1e1"}), func(s string) any { return json.Number(s) }),
		rapid.SampledFrom([]any{true, nil}),
	)
)

func drawDocument(t *rapid.T, depth int) map[string]any {
	doc := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID[string]).Draw(t, "names") {
		doc[name] = drawValue(t, depth)
	}
	return doc
}

func drawValue(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		return drawDocument(t, depth-1)
	case kind == 1 && depth > 0:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawValue(t, depth-1)
		}
		return list
	}
	return scalars.Draw(t, "scalar")
}

func drawQuery(t *rapid.T, depth int) map[string]any {
	field := fieldNames.Draw(t, "field")
	switch rapid.IntRange(0, 6).Draw(t, "query") {
	case 0, 1:
		v := scalars.Filter(func(v any) bool { return v != nil && v != true }).Draw(t, "value")
		return map[string]any{"term": map[string]any{field: v}}
	case 2:
		v := scalars.Filter(func(v any) bool { return v != nil && v != true }).Draw(t, "bound")
		return map[string]any{"range": map[string]any{field: map[string]any{rapid.SampledFrom([]string{"gt", "gte", "lt", "lte"}).Draw(t, "side"): v}}}
	case 3:
		return map[string]any{"exists": map[string]any{"field": field}}
	case 4:
		return map[string]any{"prefix": map[string]any{field: rapid.SampledFrom([]string{"x", "xy", "y"}).Draw(t, "prefix")}}
	}
	if depth == 0 {
		return map[string]any{"match_all": map[string]any{}}
	}
	clauses := map[string]any{}
	total := 0
	for _, name := range []string{"must", "must_not", "should"} {
		list := make([]any, rapid.IntRange(0, 2).Draw(t, name))
		for i := range list {
			list[i] = drawQuery(t, depth-1)
		}
		total += len(list)
		clauses[name] = list
	}
	if total == 0 {
		clauses["must"] = []any{drawQuery(t, 0)}
	}
	return map[string]any{"bool": clauses}
}

// TestQueryOracle compares with an evaluation over Go values.
func TestQueryOracle(t *testing.T) {
	counts := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuery(t, 2)
		r, err := parseRule(string(mustJSON(q)), false)
		if err != nil {
			t.Fatalf("%s: %v", mustJSON(q), err)
		}
		for range 10 {
			doc := drawDocument(t, 3)
			fields := map[string][]any{}
			flat(doc, "", fields)
			want := says(q, fields)
			counts[want]++
			d, ok := readDocument("", mustJSON(doc))
			if got := int(r.query.match(&d)); !ok || got != want {
				t.Fatalf("%s of %s: %d, want %d", mustJSON(q), mustJSON(doc), got, want)
			}
		}
	})
	if len(counts) != 3 {
		t.Errorf("verdicts %v, want three kinds", counts)
	}
}

// TestReadings compares each two texts that are also something else with what is
// said of them by hand.
//
// Rule F2
func TestReadings(t *testing.T) {
	counts := map[int]int{}
	for want := range others {
		for have := range others {
			doc := string(mustJSON(map[string]any{"a": have}))
			for kind, body := range map[string]any{"term": want, "gt": nil, "gte": nil, "lt": nil, "lte": nil} {
				if body == nil {
					kind, body = "range", map[string]any{kind: want}
				}
				q := string(mustJSON(map[string]any{kind: map[string]any{"a": body}}))
				says := saysValue(kind, body, have)
				if got := int(verdictFor(t, q, doc)); got != says {
					t.Errorf("%s of %s: %d, want %d", q, doc, got, says)
				}
				counts[says]++
			}
		}
	}
	if len(counts) != 3 || counts[-1]+counts[0]+counts[1] != 5*len(others)*len(others) {
		t.Errorf("verdicts %v, want three kinds", counts)
	}
}

// TestManyValues compares sets of values with the values one by one.
func TestManyValues(t *testing.T) {
	counts := map[verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		var values []scalar
		for _, v := range rapid.SliceOfN(scalars.Filter(func(v any) bool { return v != nil }), few+1, 2*few).Draw(t, "values") {
			values = append(values, scalarOf(plainTree(parsed(mustJSON(v)))))
		}
		set := newValueSet(values)
		for range 10 {
			v := parsed(mustJSON(scalars.Filter(func(v any) bool { return v != nil }).Draw(t, "value")))
			want := no
			for i := range values {
				want = max(want, values[i].equal(v))
			}
			left := maxCompared
			if got := set.equal(v, &left); got != want {
				t.Fatalf("%s among %v: %d, want %d", v.Raw(), values, got, want)
			}
			counts[want]++
		}
	})
	if len(counts) != 3 {
		t.Errorf("verdicts %v, want three kinds", counts)
	}
}

// TestManyComparisons: what would take too many comparisons is unknown.
//
// Rule G4
func TestManyComparisons(t *testing.T) {
	list := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	dates, others := list(`"%d-01",`, 9000), list(`"%d-02",`, 9000)
	for _, row := range []struct {
		q, doc string
		want   verdict
	}{
		{`{"terms": {"a": [` + list(`"x%d",`, 9000) + `]}}`, `{"a": [` + list(`"y%d",`, 9000) + `]}`, no},
		{`{"terms": {"a": [` + list(`"x%d",`, 9000) + `]}}`, `{"a": [` + list(`"y%d",`, 9000) + `, "x8999"]}`, yes},
		{`{"terms": {"a": [` + list(`%d,`, 9000) + `]}}`, `{"a": [` + list(`%d.5,`, 9000) + `]}`, no},
		{`{"terms": {"a": [` + dates + `]}}`, `{"a": [` + others + `]}`, unknown}, {`{"terms": {"a": [` + dates + `]}}`, `{"a": [` + others + `, "8999-01"]}`, yes},
		{`{"terms_set": {"a": {"terms": [` + dates + `], "minimum_should_match_field": "n"}}}`, `{"a": [` + others + `], "n": 1}`, unknown},
		{`{"terms_set": {"a": {"terms": [` + dates + `], "minimum_should_match_field": "n"}}}`, `{"a": ["8999-01"], "n": 1}`, yes},
	} {
		if got := verdictFor(t, row.q, row.doc); got != row.want {
			t.Errorf("%.60s of %.60s: %d, want %d", row.q, row.doc, got, row.want)
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
