package fgac

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// differences from the plugin, by their numbers in docs/opensearch.md. Each tells
// what happens here, or ends with an error of the test.
var differences = map[string]func(t *testing.T){
	"D1": func(t *testing.T) { refusedRole(t, `"dls": "{\"term\": 1}"`) },
	"D2": func(t *testing.T) {
		for _, fls := range []string{`(?<=a)b`, `(a)\\1`, `(?i)a`, `[a&&b]`} {
			refusedRole(t, `"fls": ["/`+fls+`/"]`)
		}
		refusedRole(t, `"masked_fields": ["a::/(?<=.{1})./::*"]`)
	},
	"D3": func(t *testing.T) { refusedRole(t, `"fls": [""]`); refusedRole(t, `"fls": ["~"]`) },
	"D4": func(t *testing.T) { refusedRole(t, `"fls": ["a", "~b"]`) },
	"D5": func(t *testing.T) {
		roles := `{"r0": {"index_permissions": [
			{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"term\": {\"a\": 1}}", "fls": ["a"]},
			{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"term\": {\"a\": 2}}", "fls": ["b"]}]}}`
		a := mustAccess(t, mustParse(t, roles, everyRole, nil).For(identityOf(t, "mary")), "i")
		shows(t, a, `{"a":1,"b":3,"c":4}`, `{"a":1,"b":3}`)
		shows(t, a, `{"a":2}`, `{"a":2}`)
	},
	"D6": func(t *testing.T) {
		refusedRole(t, `"index_patterns": ["<logs-{now/d}>"]`)
		refusedRole(t, `"dls": "{\"script\": {}}"`)
		refusedRole(t, `"dls": "{\"terms_set\": {\"a\": {\"terms\": [1], \"minimum_should_match_script\": {}}}}"`)
	},
	"D7": func(t *testing.T) {
		for _, claims := range []map[string]any{{"sub": "m"}, {"sub": "m", "roles": 123}, {"sub": "m", "roles": nil}} {
			if _, err := FromClaims(maps.All(claims), Keys{Roles: "roles"}); err == nil {
				t.Errorf("%v is accepted", claims)
			}
			if _, err := FromClaims(maps.All(claims), Keys{Roles: "roles", PluginClaimCoercion: true}); err != nil {
				t.Error(err)
			}
		}
	},
	"D8": func(t *testing.T) {
		a := ruled(t, `x"}},{"match_all":{}`, `{"bool": {"should": [{"term": {"a": "${user.name}"}}]}}`)
		hides(t, a, `{"a": "x"}`)
		shows(t, a, `{"a":"x\"}},{\"match_all\":{}"}`, `{"a":"x\"}},{\"match_all\":{}"}`)
	},
	"D9": func(t *testing.T) {
		a := ruled(t, "${user.roles}", `{"term": {"a": "${user.name}"}}`)
		shows(t, a, `{"a":"${user.roles}"}`, `{"a":"${user.roles}"}`)
		hides(t, a, `{"a":""}`)
	},
	"D10": func(t *testing.T) {
		r := mustParse(t, `{"r0": {"index_permissions": [{"index_patterns": ["own_${user.name}"], "allowed_actions": ["read"]}]}}`, everyRole, nil)
		if _, err := r.For(identityOf(t, "*")).Access(Search, "own_mary"); err == nil {
			t.Error("* reads what mary owns")
		}
	},
	"D11": func(t *testing.T) {
		r := mustParse(t, ruledRole(`{"term": {"a": "${attr.jwt.x.y}"}}`), everyRole, nil)
		if _, err := r.For(identityWith(t, "mary", map[string]any{"x.y": "1", "x": map[string]any{"y": "2"}})).Access(Search, "i"); err == nil {
			t.Error("one of two claims won")
		}
	},
	"D12": func(t *testing.T) {
		for _, dls := range []string{`{"term": {"a": "x${attr.jwt.list}"}}`, `{"term": {"a": "${attr.jwt.null}"}}`} {
			r := mustParse(t, ruledRole(dls), everyRole, nil)
			if _, err := r.For(identityWith(t, "mary", map[string]any{"list": []any{"a"}, "null": nil})).Access(Search, "i"); err == nil {
				t.Errorf("%s is accepted", dls)
			}
		}
	},
	"D13": func(t *testing.T) { refusedRole(t, `"dls": "{\"term\": {\"a\": \"$${x}\"}}"`) },
	"D14": func(t *testing.T) {
		r := mustParse(t, `{"r0": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"term\": {\"a\": \"x\"}}", "fls": ["~a"]}]},
			"r1": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "masked_fields": ["a"]}]}}`, everyRole, &Options{InsecureDefaultSalt: true})
		shows(t, mustAccess(t, r.For(identityOf(t, "mary")), "i"), `{"a":"x","b":1}`, `{"b":1}`)
	},
	"D15": func(t *testing.T) {
		want := `{"bool":{"should":[{"term":{"a":1}}],"minimum_should_match":1}}`
		if got := string(ruled(t, "mary", `{"term": {"a": 1}}`).Filter()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	},
	"D16": func(t *testing.T) { shows(t, listed(t, "~a"), `{"a.b":1,"c":2}`, `{"c":2}`) },
	"D17": func(t *testing.T) { shows(t, listed(t, "a.b"), `{"a":["x",{"b":1}]}`, `{"a":[{"b":1}]}`) },
	"D18": func(t *testing.T) {
		shows(t, listed(t, "~tag.keyword"), `{"tag":{"keyword":1,"b":2}}`, `{"tag":{"b":2}}`)
	},
	"D19": func(t *testing.T) {
		a := listed(t, "b")
		shows(t, a, `{"b":{"x":1}}`, `{"b":{}}`)
		if (*a.in).views[0].fields.visible("b.x") {
			t.Error("b.x can be queried")
		}
	},
	"D20": func(t *testing.T) {
		for _, doc := range []string{`{"a.b":1,"a":{"b":2}}`, `{"a":1,"a":2}`, `{"a":1}x`, `{"` + strings.Repeat("a", maxPath+1) + `":1}`} {
			hides(t, listed(t, "*"), doc)
		}
	},
	"D21": func(t *testing.T) { shows(t, listed(t, "a"), `{"a":1e2,"b":1}`, `{"a":1e2}`) },
	"D22": func(t *testing.T) { parseError(t, rolesWith([][]string{nil}, []string{"a"}), "", nil) },
	"D23": func(t *testing.T) {
		a := accessTo(t, [][]string{nil}, []string{"a::SHA-1"}, Options{InsecureDefaultSalt: true, MaskAlgorithm: legacyDefault})
		shows(t, a, `{"a":"foobar"}`, `{"a":"8843d7f92416211de9ebb963ff4ce28125932878"}`)
	},
	"D24": func(t *testing.T) {
		roles := `{"r0": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "masked_fields": ["a::MD5"]}]},
			"r1": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "masked_fields": ["a::/x/::y"]}]}}`
		r := mustParse(t, roles, everyRole, &Options{InsecureDefaultSalt: true})
		shows(t, mustAccess(t, r.For(identityOf(t, "mary")), "i"), `{"a":"x"}`, `{"a":"`+hashOf(t, "x")+`"}`)
	},
	"D25": func(t *testing.T) {
		a := accessTo(t, [][]string{nil}, []string{"a::/(?:x?){50}y/::z"}, Options{InsecureDefaultSalt: true})
		shows(t, a, `{"a":"`+strings.Repeat("x", maxMasked)+`","b":1}`, `{"b":1}`)
	},
	"D33": func(t *testing.T) {
		a := ruled(t, "m*", `{"wildcard": {"owner": "${user.name}"}}`)
		hides(t, a, `{"owner":"mary"}`)
		shows(t, a, `{"owner":"m*"}`, `{"owner":"m*"}`)
	},
	"D34": func(t *testing.T) {
		refusedRole(t, `"dls": "{\"prefix\": {\"a\": \"\"}}"`)
	},
	"D27": func(t *testing.T) {
		rewrites(t, `{"aggs":{"x":{"terms":{"field":"journal"}}}}`, `"aggs":{"x":{"terms":{"field":"fgac-no-such-field"}}}`)
	},
	"D28": func(t *testing.T) {
		rewrites(t, `{"sort":"journal"}`, `"sort":{"fgac-no-such-field":{"unmapped_type":"keyword"}}`)
	},
	"D29": func(t *testing.T) {
		rewrites(t, `{"query":{"exists":{"field":"journal"}}}`, `"must":[{"match_none":{}}]`)
	},
	"D30": func(t *testing.T) {
		a := listed(t, "~a.b")
		if got, err := a.Rewrite([]byte(`{"query":{"exists":{"field":"a"}}}`)); err != nil || !strings.Contains(string(got), "match_none") {
			t.Errorf("%s, %v", got, err)
		}
	},
	"D31": func(t *testing.T) {
		for _, body := range []string{`{"highlight":{}}`, `{"query":{"script":{}}}`, `{"suggest":{}}`, `{"query":{"exists":{"field":"a*"}}}`, `{"query":{"query_string":{"query":"a*","default_field":"a"}}}`} {
			if got, err := limited(t).Rewrite([]byte(body)); err == nil {
				t.Errorf("%s becomes %s", body, got)
			}
		}
	},
	"D32": func(t *testing.T) {
		if got, err := limited(t).Rewrite([]byte(`{"aggs":{"x":{"terms":{"field":"title","min_doc_count":0}}}}`)); err == nil {
			t.Errorf("accepted as %s", got)
		}
	},
	"D35": func(t *testing.T) {
		a := accessTo(t, [][]string{nil}, []string{"journal"}, Options{InsecureDefaultSalt: true})
		if got, err := a.Rewrite([]byte(`{"sort":"journal.raw"}`)); err != nil || !strings.Contains(string(got), noField) {
			t.Errorf("%s, %v", got, err)
		}
	},
	"D36": func(t *testing.T) {
		for _, field := range []string{"attrs", "attrs.secret"} {
			for _, body := range []string{`{"query":{"term":{"%s":"x"}}}`, `{"query":{"exists":{"field":"%s"}}}`, `{"aggs":{"a":{"terms":{"field":"%s"}}}}`, `{"sort":"%s"}`} {
				if got, err := listed(t, "~attrs.secret").Rewrite(fmt.Appendf(nil, body, field)); err != nil || strings.Contains(string(got), "attrs") {
					t.Errorf("%s, %v", got, err)
				}
			}
		}
		for rules, passes := range map[string]bool{"~attrs.home.secret": true, "~attrs.home.secret ~attrs.secret": false} {
			a := accessTo(t, [][]string{strings.Fields(rules)}, nil, Options{})
			if got, err := a.Rewrite([]byte(`{"query":{"exists":{"field":"attrs.secret"}}}`)); err != nil || strings.Contains(string(got), "attrs.secret") != passes {
				t.Errorf("%s: %s, %v", rules, got, err)
			}
		}
	},
	"D37": func(t *testing.T) {
		roles := map[string][]map[string]any{"all": {entryOf("*", "", nil, nil)}, "own": {entryOf("logs-${attr.jwt.dept}", "", []string{"~secret"}, nil)}}
		if _, err := userWith(t, roles, Options{}, "all own").Access(Search, "logs-1"); err == nil {
			t.Error("the rules of an entry are left out")
		}
	},
	"D38": func(t *testing.T) {
		shows(t, listed(t, "*.pub"), `{"salary":{"mary":1},"a":{"pub":1}}`, `{"a":{"pub":1}}`)
	},
	"D39": func(t *testing.T) {
		hides(t, ruled(t, "mary", `{"bool": {"must_not": {"term": {"level": "5"}}}}`), `{"level":"5.0"}`)
		hides(t, ruled(t, "mary", `{"term": {"level": "5"}}`), `{"level":"5.0"}`)
		// Of four digits, a date is a year; of others, milliseconds since 1970.
		const of2020, of2026 = "1577836800000", "1772323200000"
		hides(t, ruled(t, "mary", `{"range": {"at": {"gte": "2026"}}}`), `{"at":`+of2020+`}`)
		shows(t, ruled(t, "mary", `{"range": {"at": {"gte": "2026"}}}`), `{"at":`+of2026+`}`, `{"at":`+of2026+`}`)
		shows(t, ruled(t, "mary", `{"range": {"at": {"gte": "2026"}}}`), `{"at":2027}`, `{"at":2027}`)
		shows(t, ruled(t, "mary", `{"range": {"at": {"gte": 2026}}}`), `{"at":20000}`, `{"at":20000}`)
		hides(t, ruled(t, "mary", `{"range": {"at": {"lt": "300000"}}}`), `{"at":"2026"}`)
		for _, row := range [][2]string{{"2026", of2026}, {"2026-03-01", `"` + of2026 + `"`}, {of2026, `"2026"`}, {of2026, `"2026-03-01"`},
			// What OpenSearch may read as a date, and not always as the one that it says.
			{"2026-03-01", `"2026-03-01T"`}, {"2026-03-01", `"2026-03T"`}, {"2026-03-01T10", `"2026-03-01T12:00:00Asia/Aden"`}, {"2026T10", `"1970-01-01T10"`}, {"2026-03-01T10", `"2026-03-01T10ZZ"`},
			{"2026", `"+2026-03-01"`}, {"-2026-03-01T", `"-2026-03-01"`}, {"-2026", `-126102441600000`}, {"2026T", of2026}, {"2026T", `"` + of2026 + `"`}, {"1970-01-01", `"1."`}} {
			for _, list := range []string{`["` + row[0] + `"]`, `["` + row[0] + `",1,2,3,4,5,6,7,8]`, `["` + row[0] + `","a",2,3,4,5,6,7,8]`} {
				hides(t, ruled(t, "mary", `{"bool": {"must_not": {"terms": {"at": `+list+`}}}}`), `{"at":`+row[1]+`}`)
			}
		}
		for _, dls := range []string{`{"range": {"at": {"lte": "2026T"}}}`, `{"bool": {"must_not": {"range": {"at": {"gt": "2026T"}}}}}`} {
			for _, doc := range []string{`"2026-03-01"`, `"2026"`, of2026, `2027`, `"` + of2026 + `"`, `"2026T"`} {
				hides(t, ruled(t, "mary", dls), `{"at":`+doc+`}`)
			}
		}
		hides(t, ruled(t, "mary", `{"range": {"at": {"lt": "300000"}}}`), `{"at":"-2026"}`)
		for _, list := range []string{`["1970"]`, `["1970",1,2,3,4,5,6,7,8]`} {
			for _, doc := range []string{`{"at":` + of2026 + `}`, `{"at":2026}`} {
				shows(t, ruled(t, "mary", `{"bool": {"must_not": {"terms": {"at": `+list+`}}}}`), doc, doc)
			}
		}
	},
	"D40": func(t *testing.T) {
		long := strings.Repeat("x", 1025)
		for _, dls := range []string{`{"match": {"a": "--"}}`, `{"match": {"a": "` + wordList(65) + `"}}`, `{"wildcard": {"a": "` + long + `"}}`, `{"term": {"` + long + `": 1}}`, `{"term": {"a` + strings.Repeat(".a", 101) + `": 1}}`} {
			parseError(t, ruledRole(dls), "", nil)
		}
	},
	"D41": func(t *testing.T) {
		rewrites(t, `{"query":{"query_string":{"query":"b c","default_field":"title"}}}`, `{"match":{"title":"c"}}`)
	},
	"D26": func(t *testing.T) {
		parseError(t, "", "", &Options{ActionGroups: []byte(`{"read": {"allowed_actions": ["*"]}}`)})
	},
}

func refusedRole(t *testing.T, members string) {
	t.Helper()
	parseError(t, `{"r": {"index_permissions": [{`+members+`}]}}`, "", &Options{InsecureDefaultSalt: true})
}

func ruledRole(dls string) string {
	return fmt.Sprintf(`{"r0": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": %q}]}}`, dls)
}

// ruled is the access of a user under one rule for documents.
func ruled(t *testing.T, user, dls string) *Access {
	t.Helper()
	return mustAccess(t, mustParse(t, ruledRole(dls), everyRole, nil).For(identityOf(t, user)), "i")
}

// listed is the access under one rule for fields.
func listed(t *testing.T, field string) *Access {
	t.Helper()
	return accessTo(t, [][]string{{field}}, nil, Options{})
}

func shows(t *testing.T, a *Access, doc, want string) {
	t.Helper()
	if got, ok := a.Document([]byte(doc)); !ok || string(got) != want {
		t.Errorf("%.100s is shown as %s (%v), want %.100s", doc, got, ok, want)
	}
}

// rewrites requires that a request of the seed's limited user becomes one with
// want in it.
func rewrites(t *testing.T, body, want string) {
	t.Helper()
	if got, err := limited(t).Rewrite([]byte(body)); err != nil || !strings.Contains(string(got), want) {
		t.Errorf("%s becomes %s, %v; want %s in it", body, got, err, want)
	}
}

func hides(t *testing.T, a *Access, doc string) {
	t.Helper()
	if got, ok := a.Document([]byte(doc)); ok {
		t.Errorf("%s is shown as %s", doc, got)
	}
}

var differenceRow = regexp.MustCompile(`(?m)^\| (D[0-9]+) \|`)

// TestDifferences runs the test of each row of docs/opensearch.md, and requires
// one for each.
//
// Rules F1, F2, F3, F4, F5
func TestDifferences(t *testing.T) {
	page, err := os.ReadFile("../docs/opensearch.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, m := range differenceRow.FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, m[1])
	}
	slices.Sort(rows)
	if diff := cmp.Diff(rows, slices.Sorted(maps.Keys(differences))); diff != "" || len(rows) == 0 {
		t.Errorf("rows without a test, and tests without a row (-page +test):\n%s", diff)
	}
	for _, id := range rows {
		if check := differences[id]; check != nil {
			t.Run(id, check)
		}
	}
}
