package fgac

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// limited is the access of the seed's PubMedLimitedUser.
func limited(t testing.TB) *Access {
	return accessTo(t, [][]string{{"journal", "title", "abstract"}}, []string{"journal"}, Options{InsecureDefaultSalt: true})
}

// TestRewrite has requests and what becomes of them.
//
// Rule F3
func TestRewrite(t *testing.T) {
	const none = `{"match_none":{}}`
	for _, row := range []struct{ query, want string }{
		{`{"match_all": {}}`, `{"match_all":{}}`},
		{`{"match": {"title": "molecular biology"}}`, `{"match":{"title":"molecular biology"}}`},
		{`{"match": {"research_group": "RG_345"}}`, none}, // hidden
		{`{"match": {"journal": "Nature"}}`, none},        // masked
		{`{"term": {"title.keyword": {"value": "x", "boost": 2}}}`, `{"term":{"title.keyword":{"value":"x","boost":2}}}`},
		{`{"term": {"title.raw": "x"}}`, none},
		{`{"terms": {"boost": 1, "year": [2020]}}`, none},
		{`{"terms": {"title": ["x"], "boost": 1}}`, `{"terms":{"title":["x"],"boost":1}}`},
		{`{"terms_set": {"title": {"terms": ["x"], "minimum_should_match_field": "n"}}}`, none},
		{`{"range": {"year": {"gte": "now-1d/d"}}}`, none},
		{`{"range": {"title": {"gte": "now-1d/d"}}}`, `{"range":{"title":{"gte":"now-1d/d"}}}`},
		{`{"exists": {"field": "year"}}`, none}, {`{"exists": {"field": "title"}}`, `{"exists":{"field":"title"}}`},
		{`{"prefix": {"journal": "N"}}`, none}, {`{"wildcard": {"abstract": "N*"}}`, `{"wildcard":{"abstract":"N*"}}`}, {`{"match_phrase": {"year": 1}}`, none},
		{`{"ids": {"values": ["1"]}}`, `{"ids":{"values":["1"]}}`},
		{`{"match": {"title": "${user.name}"}}`, `{"match":{"title":"${user.name}"}}`},
		{`{"bool": {"must": {"match": {"title": "x"}}, "must_not": [{"exists": {"field": "year"}}], "should": [{"term": {"year": 1}}, {"bool": {"filter": []}}], "minimum_should_match": 1, "boost": 2}}`,
			`{"bool":{"must":{"match":{"title":"x"}},"must_not":[` + none + `],"should":[` + none + `,{"bool":{"filter":[]}}],"minimum_should_match":1,"boost":2}}`},
		{`{"query_string": {"query": "title:cell", "default_field": "abstract"}}`, `{"bool":{"should":[` + oneOf(`{"match":{"title":"cell"}}`) + `]}}`},
		{`{"query_string": {"query": "x AND year:2020 AND NOT \"a b\"", "fields": ["title", "abstract"]}}`,
			`{"bool":{"must":[` + oneOf(`{"match":{"title":"x"}},{"match":{"abstract":"x"}}`) + `,` + oneOf(none) + `],"must_not":[` + oneOf(`{"match_phrase":{"title":"a b"}},{"match_phrase":{"abstract":"a b"}}`) + `]}}`},
		{`{"query_string": {"query": "a b", "default_field": "title", "default_operator": "AND"}}`, `{"bool":{"must":[` + oneOf(`{"match":{"title":"a"}}`) + `,` + oneOf(`{"match":{"title":"b"}}`) + `]}}`},
		{`{"query_string": {"query": " a OR title:\"b: c\" ", "default_field": "title", "default_operator": "or"}}`, `{"bool":{"should":[` + oneOf(`{"match":{"title":"a"}}`) + `,` + oneOf(`{"match_phrase":{"title":"b: c"}}`) + `]}}`},
	} {
		got, err := limited(t).Rewrite([]byte(`{"query": ` + row.query + `}`))
		want := `{"query":{"bool":{"must":[` + row.want + `],"filter":[{"match_all":{}}]}}}`
		if err != nil || string(got) != want {
			t.Errorf("%s:\n%s, %v; want\n%s", row.query, got, err, want)
		}
	}
	// The rest of a body, under a rule for documents.
	roles := `{"r0": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"term\": {\"owner\": \"${user.name}\"}}", "fls": ["title", "n"]}]}}`
	a := mustAccess(t, mustParse(t, roles, everyRole, nil).For(identityOf(t, "mary")), "i")
	const head = `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[{"bool":{"should":[{"term":{"owner":"mary"}}],"minimum_should_match":1}}]}}`
	for _, row := range []struct{ body, want string }{
		{`{}`, ``},
		{`{"from": 10, "size": 5, "timeout": "1s", "track_total_hits": true}`, `,"from":10,"size":5,"timeout":"1s","track_total_hits":true`},
		{`{"track_total_hits": 100}`, `,"track_total_hits":100`},
		{`{"sort": "title"}`, `,"sort":{"title":{}}`},
		{`{"sort": ["_score", {"n": "desc"}, {"owner": {"order": "asc", "missing": "_last"}}, {"secret": {"unmapped_type": "long"}}, {"_doc": "asc"}]}`,
			`,"sort":["_score",{"n":{"order":"desc"}},{"fgac-no-such-field":{"order":"asc","missing":"_last","unmapped_type":"keyword"}},{"fgac-no-such-field":{"unmapped_type":"keyword"}},{"_doc":"asc"}]`},
		{`{"aggs": {"by": {"terms": {"field": "owner", "size": 3, "order": [{"_count": "desc"}], "min_doc_count": 1}, "aggs": {"a": {"avg": {"field": "n", "missing": 0}}}}}}`,
			`,"aggs":{"by":{"terms":{"field":"fgac-no-such-field","size":3,"order":[{"_count":"desc"}],"min_doc_count":1},"aggs":{"a":{"avg":{"field":"n","missing":0}}}}}`},
		{`{"aggregations": {"h": {"histogram": {"field": "n", "interval": 5, "keyed": true}}, "d": {"date_histogram": {"calendar_interval": "day", "field": "x"}}}}`,
			`,"aggregations":{"h":{"histogram":{"field":"n","interval":5,"keyed":true}},"d":{"date_histogram":{"calendar_interval":"day","field":"fgac-no-such-field"}}}`},
		{`{"aggs": {"s": {"sum": {"field": "n"}}, "mi": {"min": {"field": "n"}}, "ma": {"max": {"field": "n"}}, "v": {"value_count": {"field": "s"}}, "c": {"cardinality": {"field": "n", "precision_threshold": 100}}}}`,
			`,"aggs":{"s":{"sum":{"field":"n"}},"mi":{"min":{"field":"n"}},"ma":{"max":{"field":"n"}},"v":{"value_count":{"field":"fgac-no-such-field"}},"c":{"cardinality":{"field":"n","precision_threshold":100}}}`},
	} {
		got, err := a.Rewrite([]byte(row.body))
		if err != nil || string(got) != head+row.want+"}" {
			t.Errorf("%s:\n%s, %v; want\n%s", row.body, got, err, head+row.want+"}")
		}
	}
}

// TestRewritePerGrant restricts a clause to the documents whose grants show its
// field.
//
// Rule F4
func TestRewritePerGrant(t *testing.T) {
	roles := `{"r0": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"term\": {\"own\": true}}"}]},
		"r1": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"term\": {\"public\": true}}", "fls": ["title"]}]}}`
	a := mustAccess(t, mustParse(t, roles, everyRole, &Options{Merge: MergePerGrant}).For(identityOf(t, "mary")), "i")
	own, public := oneOf(`{"term":{"own":true}}`), oneOf(`{"term":{"own":true}},{"term":{"public":true}}`)
	for _, row := range []struct{ body, want string }{
		{`{"query":{"term":{"title":"x"}}}`, `{"query":{"bool":{"must":[{"term":{"title":"x"}}],"filter":[` + public + `]}}}`},
		{`{"query":{"term":{"secret":"x"}}}`, `{"query":{"bool":{"must":[{"bool":{"must":[{"term":{"secret":"x"}}],"filter":[` + own + `]}}],"filter":[` + public + `]}}}`},
		{`{"sort":"secret"}`, `{"query":{"bool":{"must":[{"match_all":{}}],"filter":[` + public + `]}},"sort":{"fgac-no-such-field":{"unmapped_type":"keyword"}}}`},
	} {
		if got, err := a.Rewrite([]byte(row.body)); err != nil || string(got) != row.want {
			t.Errorf("%s:\n%s, %v; want\n%s", row.body, got, err, row.want)
		}
	}
}

func oneOf(clauses string) string {
	return `{"bool":{"should":[` + clauses + `],"minimum_should_match":1}}`
}

// TestRewriteRefuses lists what no request may have, with the place in it.
//
// Rule F3
func TestRewriteRefuses(t *testing.T) {
	many := strings.Repeat(`{"term":{"a":1}},`, 1100)
	for _, row := range []struct{ body, path string }{
		{``, ""}, {`[]`, ""}, {`{"query": {}, "query": {}}`, ""}, {`{"match_all": {}}`, "/match_all"},
		{`{"query": []}`, "/query"}, {`{"query": {}}`, "/query"}, {`{"query": {"match_all": {}, "x": 1}}`, "/query"}, {`{"query": {"match_all": {"x": 1}}}`, "/query"},
		{`{"query": {"script": {}}}`, "/query"}, {`{"query": {"nested": {}}}`, "/query"}, {`{"query": {"more_like_this": {}}}`, "/query"}, {`{"query": {"function_score": {}}}`, "/query"},
		{`{"query": {"term": {"a*": 1}}}`, "/query"}, {`{"query": {"term": {"_index": 1}}}`, "/query"}, {`{"query": {"term": {"a": {"value": 1, "x": 1}}}}`, "/query"},
		{`{"query": {"terms": {"a": {"index": "i", "id": "1", "path": "p"}}}}`, "/query"}, {`{"query": {"exists": {"field": "_source"}}}`, "/query"},
		{`{"query": {"term": {"title": {"value": "x", "_name": "n"}}}}`, "/query/term"}, {`{"query": {"bool": {"must": {"terms": {"title": ["x"], "_name": "n"}}}}}`, "/query/bool/must/terms"}, {`{"query": {"bool": {"must": [], "_name": "n"}}}`, "/query/bool"}, {`{"query": {"terms": {"title": ["x"], "boost": ["secret"]}}}`, "/query"}, {`{"query": {"terms": {"title": ["x"], "_name": {"index": "i", "id": "1", "path": "p"}}}}`, "/query"},
		{`{"query": {"bool": {"must": [{"term": {"a": 1}}, {"script": {}}]}}}`, "/query/bool/must/1"}, {`{"query": {"bool": {"must": {"script": {}}}}}`, "/query/bool/must"}, {`{"query": {"bool": {"x": 1}}}`, "/query/bool"}, {`{"query": {"bool": {"minimum_should_match": "50%"}}}`, "/query/bool"},
		{`{"query": {"bool": {"should": [` + many[:len(many)-1] + `]}}}`, "/query/bool/should/1023"},
		{`{"query": {"query_string": {"query": "a"}}}`, "/query/query_string/query"}, {`{"query": {"query_string": {"query": "a", "fields": ["*"]}}}`, "/query/query_string/fields"}, {`{"query": {"query_string": {"query": "a", "fields": ["title^5"]}}}`, "/query/query_string/fields/0"},
		{`{"query": {"query_string": {"query": "a", "fields": "title"}}}`, "/query/query_string/fields"}, {`{"query": {"query_string": {"query": "a", "default_field": "x", "fields": ["title"]}}}`, "/query/query_string/default_field"}, {`{"query": {"query_string": {"query": "a", "default_field": "*"}}}`, "/query/query_string/default_field"},
		{`{"query": {"query_string": {"default_field": "a"}}}`, "/query/query_string"}, {`{"query": {"query_string": {"query": "a", "analyze_wildcard": true}}}`, "/query/query_string/analyze_wildcard"}, {`{"query": {"query_string": {"query": "a", "default_field": "a", "default_operator": "x"}}}`, "/query/query_string/default_operator"},
		{`{"query": {"query_string": []}}`, "/query/query_string"}, {`{"query": {"query_string": {"query": 1}}}`, "/query/query_string/query"},
		{`{"query": {"query_string": {"query": "` + strings.Repeat("a ", 1100) + `", "default_field": "a"}}}`, "/query/query_string/query"},
		{`{"query": {"query_string": {"query": "` + strings.Repeat("a ", 100) + `", "fields": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]}}}`, "/query/query_string/query"},
		{`{"query": {"term": {"` + strings.Repeat("x", 1025) + `": 1}}}`, "/query"}, {`{"query": {"query_string": {"query": "x` + strings.Repeat(".x", 101) + `:y"}}}`, "/query/query_string/query"}, {`{"sort": "` + strings.Repeat("x", 1025) + `"}`, "/sort"},
		{`{"aggs": {"x": {"avg": {"field": "x` + strings.Repeat(".x", 101) + `"}}}}`, "/aggs/x/avg/field"},
		{`{"size": -1}`, "/size"}, {`{"size": "1"}`, "/size"}, {`{"from": 1.5}`, "/from"}, {`{"timeout": 1}`, "/timeout"}, {`{"track_total_hits": "x"}`, "/track_total_hits"},
		{`{"sort": 1}`, "/sort"}, {`{"sort": ["a*"]}`, "/sort/0"}, {`{"sort": [{"a": {"nested": {}}}]}`, "/sort/0/a/nested"}, {`{"sort": {"_script": {"script": "x"}}}`, "/sort/_script/script"}, {`{"sort": {"a": "up"}}`, "/sort/a/order"}, {`{"sort": {"a": 1}}`, "/sort/a"}, {`{"sort": {"a": "asc", "b": "asc"}}`, "/sort"}, {`{"sort": [{"a": {"missing": []}}]}`, "/sort/0/a/missing"}, {`{"sort": [{"a": {"mode": 1}}]}`, "/sort/0/a/mode"},
		{`{"aggs": []}`, "/aggs"}, {`{"aggs": {"x": []}}`, "/aggs/x"}, {`{"aggs": {"` + strings.Repeat("x", 1025) + `": {"avg": {"field": "a"}}}}`, "/aggs"}, {`{"aggs": {"x": {}}}`, "/aggs/x"}, {`{"aggs": {"x": {"avg": {"field": "a"}, "sum": {"field": "a"}}}}`, "/aggs/x"}, {`{"aggs": {"x/y": {"global": {}}}}`, "/aggs/x~1y/global"}, {`{"aggs": {"x": {"top_hits": {}}}}`, "/aggs/x/top_hits"},
		{`{"aggs": {"x": {"terms": {"field": "a", "min_doc_count": 0}}}}`, "/aggs/x/terms/min_doc_count"}, {`{"aggs": {"x": {"terms": {"field": "a", "min_doc_count": "0"}}}}`, "/aggs/x/terms/min_doc_count"}, {`{"aggs": {"x": {"terms": {"field": "a", "min_doc_count": 0.5}}}}`, "/aggs/x/terms/min_doc_count"},
		{`{"aggs": {"x": {"terms": {"field": "a", "include": ".*"}}}}`, "/aggs/x/terms/include"}, {`{"aggs": {"x": {"terms": {"script": "x"}}}}`, "/aggs/x/terms"}, {`{"aggs": {"x": {"terms": {"field": "a", "script": "x"}}}}`, "/aggs/x/terms/script"}, {`{"aggs": {"x": {"terms": {"field": "a*"}}}}`, "/aggs/x/terms/field"}, {`{"aggs": {"x": {"terms": 1}}}`, "/aggs/x/terms"},
		{`{"aggs": {"x": {"terms": {"field": "a", "order": {"_count": "up"}}}}}`, "/aggs/x/terms/order"}, {`{"aggs": {"x": {"terms": {"field": "a", "size": "x"}}}}`, "/aggs/x/terms/size"}, {`{"aggs": {"x": {"histogram": {"field": "a", "keyed": 1}}}}`, "/aggs/x/histogram/keyed"}, {`{"aggs": {"x": {"histogram": {"field": "a", "extended_bounds": {}}}}}`, "/aggs/x/histogram/extended_bounds"},
		{`{"aggs": {"x": {"terms": {"field": "a"}, "aggs": {"y": {"scripted_metric": {}}}}}}`, "/aggs/x/aggs/y/scripted_metric"}, {`{"aggs": {` + manyAggregations() + `}}`, "/aggs/x1024"},
		{`{"post_filter": {"term": {"a": 1}}}`, "/post_filter"}, {`{"highlight": {}}`, "/highlight"}, {`{"_source": ["a"]}`, "/_source"}, {`{"fields": ["a"]}`, "/fields"}, {`{"docvalue_fields": ["a"]}`, "/docvalue_fields"}, {`{"script_fields": {}}`, "/script_fields"}, {`{"suggest": {}}`, "/suggest"}, {`{"rescore": {}}`, "/rescore"}, {`{"explain": true}`, "/explain"}, {`{"profile": true}`, "/profile"}, {`{"runtime_mappings": {}}`, "/runtime_mappings"}, {`{"derived": {}}`, "/derived"}, {`{"collapse": {"field": "a"}}`, "/collapse"}, {`{"search_after": [1]}`, "/search_after"}, {`{"knn": {}}`, "/knn"}, {`{"ext": {}}`, "/ext"},
	} {
		got, err := limited(t).Rewrite([]byte(row.body))
		var e *Error
		if got != nil || !errors.As(err, &e) || e.File != "query" || e.Path != row.path {
			t.Errorf("%.120s: %s, %v; want %s", row.body, got, err, row.path)
		}
	}
	for _, bad := range []string{"", "AND", "a AND", "OR a", "a AND OR b", "NOT", "NOT NOT a", "a NOT", "a AND b OR c", "a* b", "a?", "/x/", "a~1", "[a TO b]", "(a)", "+a", "-a", "a:b:c", "a:", ":a", "a:>1", `"a`, `"a"b`, `""`, `a"b"`, `a\ b`, "a^2", "_exists_:(x)", "a*:b", `"a\"b"`, "a:AND", "a || b", "a && b", "!a", "a:{1}"} {
		if atoms, _, problem := parseQueryString(bad, false); problem == "" {
			t.Errorf("%q is read as %v", bad, atoms)
		}
	}
	if _, err := limited(t).Rewrite([]byte(`{"query": {"query_string": {"query": "_id:x"}}}`)); err == nil {
		t.Error("a query string reads the envelope")
	}
}

func manyAggregations() string {
	var b strings.Builder
	for i := range 1100 {
		fmt.Fprintf(&b, `"x%d":{"avg":{"field":"a"}},`, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// TestExists has objects with something in them that is hidden.
//
// Rule F3
func TestExists(t *testing.T) {
	for _, row := range []struct {
		fls, masks, field string
		want              bool // usable
	}{
		{"~a.b", "", "a", false}, {"~a.b", "", "a.c", true}, {"~a.b.c", "", "a.b", false}, {"~ab", "", "a", true}, {"~*x", "", "a", false}, {"", "a.b", "a", false}, {"", "b", "a", true}, {"a", "", "a", true}, {"a.b", "", "a", false},
		{"a a.b", "", "a", false}, {"a a.b a.*", "", "a", true}, {"a a.b a*", "", "a", true}, {"a a.b *", "", "a", true}, {"a a.b a.*c", "", "a", false}, {"a a.b b*", "", "a", false}, {"a a.b a.*c*", "", "a", false}, {"a ab.c", "", "a", true},
	} {
		var fls, masks []string
		if row.fls != "" {
			fls = strings.Fields(row.fls)
		}
		if row.masks != "" {
			masks = []string{row.masks}
		}
		a := accessTo(t, [][]string{fls}, masks, Options{InsecureDefaultSalt: true})
		r := rewriter{access: *a.in}
		if _, got := r.usable(true, row.field); got != row.want {
			t.Errorf("%+v: %v", row, got)
		}
	}
}

// TestSubfields: what may be another way to index a masked value, and what a query
// on an object that is a flat_object would find in it, is as if it did not exist.
//
// Rule F3
func TestSubfields(t *testing.T) {
	for _, row := range []struct {
		fls, masks, field string
		want              bool // usable
		inside            bool // exists finds less than there is
	}{
		{"", "journal", "journal.raw", false, false}, {"", "journal", "journal._index_prefix", false, false}, {"", "journal", "journal.a.b", false, false}, {"", "journal", "journals.raw", true, false}, {"", "jour*l::MD5", "journal.raw", false, false},
		{"", "journal.raw", "journal.raw", false, false}, {"", "journal", "journal.keyword", false, false}, {"", "journal.keyword", "journal", true, true}, {"", "a.journal", "a.title", true, false},
		{"~attrs.secret", "", "attrs", false, false}, {"~attrs.secret*", "", "attrs", false, false}, {"", "attrs.secret", "attrs", false, false}, {"~attrs.a.b", "", "attrs.a", false, false}, {"~attrs.secret", "", "attrs.public", true, false},
		{"~title.keyword", "", "title", true, true}, {"attrs attrs.x", "", "attrs", false, false}, {"attrs attrs.x attrs.*", "", "attrs", true, false}, {"~*.secret", "", "attrs", true, true},
	} {
		var masks []string
		if row.masks != "" {
			masks = []string{row.masks}
		}
		a := accessTo(t, [][]string{strings.Fields(row.fls)}, masks, Options{InsecureDefaultSalt: true})
		for _, body := range []string{`{"query":{"term":{"F":"x"}}}`, `{"query":{"exists":{"field":"F"}}}`, `{"sort":["F"]}`, `{"aggs":{"x":{"terms":{"field":"F"}}}}`} {
			if row.inside && strings.Contains(body, "exists") {
				continue
			}
			got, err := a.Rewrite([]byte(strings.ReplaceAll(body, "F", row.field)))
			if err != nil || strings.Contains(string(got), `"`+row.field+`"`) != row.want {
				t.Errorf("%+v: %s, %v", row, got, err)
			}
		}
	}
}

// TestFlatObjectPatterns: of a pattern that does not name the object, a query on the
// object may find what is hidden in it. Lint reports these patterns, and no others.
//
// Rule F3
func TestFlatObjectPatterns(t *testing.T) {
	for _, row := range []struct {
		fls      string
		finds    bool // a query on attrs
		reported int
	}{
		{"~*.ssn", true, 1}, {"~*ssn", true, 1}, {"~a?trs.x", true, 1}, {"~a*.ssn", true, 1}, {"~/attrs.ssn/", true, 1}, {"~*.ssn ~?.a", true, 2},
		{"~*.ssn ~attrs.ssn", false, 1}, {"~attrs.ssn", false, 0}, {"~attrs.s*", false, 0}, {"~attrs*", false, 0}, {"~title", true, 0}, {"*.ssn", false, 0}, {"attrs", true, 0},
	} {
		var list []string
		for _, text := range strings.Fields(row.fls) {
			list = append(list, strconv.Quote(text))
		}
		roles := mustParse(t, `{"r": {"index_permissions": [{"index_patterns": ["i"], "fls": [`+strings.Join(list, ",")+`], "allowed_actions": ["read"]}]}}`, everyRole, nil)
		found := 0
		for _, f := range roles.Lint() {
			found += strings.Count(f.Problem, "flat_object")
		}
		a := accessTo(t, [][]string{strings.Fields(row.fls)}, nil, Options{})
		got, err := a.Rewrite([]byte(`{"query":{"term":{"attrs":"x"}}}`))
		if finds := strings.Contains(string(got), "attrs"); err != nil || finds != row.finds || found != row.reported {
			t.Errorf("%s: %s, %v, %d findings; want %v, %d", row.fls, got, err, found, row.finds, row.reported)
		}
	}
}

// without returns a document without the fields that are hidden or masked: what
// a request is to be answered from.
func (r twinRule) without(v any, path string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			at := name
			if path != "" {
				at = path + "." + name
			}
			if got := r.member(member, at, path, func(s string) string { return s }); got != gone {
				out[name] = r.without(got, at)
			}
		}
		return out
	case []any:
		var out []any
		for _, e := range v {
			out = append(out, r.without(e, path))
		}
		return out
	}
	if slices.ContainsFunc(paths(path), func(p string) bool { return anyGlob(r.masks, p) }) || r.partly(path) {
		return nil
	}
	return v
}

// partly is for a path below which a rule names something, and not all is shown.
func (r twinRule) partly(path string) bool {
	below := func(p string) bool { return strings.HasPrefix(p, path+".") && p != path+".keyword" }
	if slices.ContainsFunc(r.excludes, below) || slices.ContainsFunc(r.masks, below) {
		return true
	}
	return slices.ContainsFunc(r.includes, below) && !slices.ContainsFunc(r.includes, func(p string) bool {
		return p == "*" || p == path+".*" || p == path+"*" || p == path[:1]+"*"
	})
}

// TestRewriteOracle requires that a rewritten query finds a document if and only
// if the query finds what the user sees of it; with several grants, what one of
// them shows. exists may find less.
//
// Rules F3, F4
func TestRewriteOracle(t *testing.T) {
	found, lost := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuery(t, 2)
		var docs [][]byte
		for range 5 {
			docs = append(docs, mustJSON(drawDocument(t, 2)))
		}
		roles := map[string]any{}
		var twins []twinRule
		var rules []query
		for i := range rapid.IntRange(1, 2).Draw(t, "grants") {
			fls, masks := drawFields(t), rapid.SliceOfN(fieldGlobs, 0, 1).Draw(t, "masks")
			dls := `{"match_all":{}}`
			if rapid.IntRange(0, 2).Draw(t, "ruled") == 0 {
				dls = string(mustJSON(drawQuery(t, 0)))
			}
			roles[fmt.Sprintf("r%d", i)] = map[string]any{"index_permissions": []any{map[string]any{
				"index_patterns": []string{"i"}, "allowed_actions": []string{"read"}, "fls": fls, "masked_fields": masks, "dls": dls}}}
			twins = append(twins, newTwin(fls, masks))
			r, _ := parseRule(dls, false)
			rules = append(rules, r.query)
		}
		r, err := Parse(mustJSON(roles), []byte(everyRole), &Options{InsecureDefaultSalt: true, Merge: MergePerGrant})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		a, err := r.For(id).Access(Search, "i")
		if err != nil {
			t.Fatal(err)
		}
		body, err := a.Rewrite(mustJSON(map[string]any{"query": q}))
		if err != nil {
			t.Fatal(err)
		}
		rewritten := plainTree(parsed(body))
		wrapped, _ := rewritten.get("query")
		compiled, err := compile(wrapped, false)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		for _, doc := range docs {
			d, _ := readDocument("", doc)
			got := compiled.match(&d) == yes

			// What the grants that show the document show of it, together.
			fields := map[string][]any{}
			visible, unsure := false, false
			for i := range twins {
				verdict := rules[i].match(&d)
				unsure = unsure || verdict == unknown // where an engine would know
				if verdict != yes {
					continue
				}
				visible = true
				one := map[string][]any{}
				flat(twins[i].without(numbers(doc), ""), "", one)
				for path, values := range one {
					fields[path] = values
				}
			}
			want := visible && says(q, fields) == 1
			loose := strings.Contains(string(mustJSON(q)), "exists")
			if got && !want && !loose || want && !got && !loose && !unsure || got && !visible {
				t.Fatalf("%s\nby %s\nof %s: %v, want %v", body, mustJSON(roles), doc, got, want)
			}
			if got {
				found++
			} else if d.root.Len() > 0 {
				lost++
			}
		}
	})
	if found == 0 || lost == 0 {
		t.Errorf("%d found, %d lost", found, lost)
	}
}

// FuzzRewrite looks for requests that panic, and for rewritten ones that name a
// hidden field.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{`{"query":{"match":{"secret":"x"}},"sort":["secret"],"aggs":{"a":{"terms":{"field":"secret"}}}}`, `{"query":{"query_string":{"query":"secret:x AND y","fields":["title","secret"]}}}`,
		`{"query":{"bool":{"must":[{"exists":{"field":"secret"}},{"terms_set":{"title":{"terms":["x"],"minimum_should_match_field":"secret"}}}]}}}`} {
		f.Add([]byte(seed))
	}
	a := accessTo(f, [][]string{{"title"}}, nil, Options{})
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := a.Rewrite(body)
		if err != nil {
			return
		}
		fields := map[string]bool{}
		named(plainTree(parsed(got)), fields)
		for field := range fields {
			if field != noField && !(*a.in).views[0].fields.visible(field) && !slices.Contains([]string{"_score", "_doc"}, field) {
				t.Errorf("%s becomes %s, which names %s", body, got, field)
			}
		}
	})
}

// named collects the names of fields in a request: those below a kind of query,
// and the values of "field".
func named(t *tree, into map[string]bool) {
	about := []string{"term", "terms", "terms_set", "range", "prefix", "wildcard", "match", "match_phrase"}
	for i := range t.items {
		child := &t.items[i]
		if len(t.names) > 0 {
			switch name := t.names[i].text; {
			case name == "field" || name == "minimum_should_match_field":
				into[child.text] = true
			case slices.Contains(about, name) && len(child.names) > 0:
				if _, aggregation := child.get("field"); !aggregation {
					if field, _, err := besides(child); err == nil {
						into[field] = true
					}
				}
			}
		}
		named(child, into)
	}
}
