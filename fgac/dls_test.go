package fgac

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// seen returns the ids of the documents that a user sees of an index, or "denied".
func seen(t testing.TB, u *User, index string, docs map[string]string) string {
	t.Helper()
	a, err := u.Access(Search, index)
	if err != nil {
		return "denied"
	}
	var ids []string
	for id, doc := range docs {
		if _, ok := a.Hit(id, []byte(doc)); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// anybody maps each role to the user of its name, and those that have a list.
func anybody(roles ...string) string {
	m := map[string]any{}
	for _, r := range roles {
		m[r] = map[string]any{"backend_roles": []string{r}}
	}
	return string(mustJSON(m))
}

// TestMergeDocuments has the combinations of roles with a rule, without one, and
// with one for another index, in each of the modes.
//
// Rule F4
func TestMergeDocuments(t *testing.T) {
	entry := func(pattern, dls, action string) string {
		return fmt.Sprintf(`{"index_permissions": [{"index_patterns": [%q], "dls": %q, "allowed_actions": [%q]}]}`, pattern, dls, action)
	}
	roles := fmt.Sprintf(`{"r1": %s, "r2": %s, "free": %s, "other": %s, "writes": %s, "freewrites": %s, "all": %s, "dept": %s, "twice": {"index_permissions": [
		{"index_patterns": ["index_a1"], "dls": "{\"term\": {\"dept\": \"dept_r1\"}}", "allowed_actions": ["read"]},
		{"index_patterns": ["index_a*"], "dls": "{\"term\": {\"dept\": \"dept_r2\"}}", "allowed_actions": ["read"]}]}}`,
		entry("index_a*", `{"term": {"dept": "dept_r1"}}`, "read"), entry("index_a1", `{"term": {"dept": "dept_r2"}}`, "read"), entry("*", "", "read"),
		entry("index_b*", `{"term": {"dept": "dept_r3"}}`, "*"), entry("index_a1", `{"term": {"dept": "dept_r3"}}`, "write"), entry("index_a1", "", "write"),
		entry("index_a1", `{"match_all": {}}`, "read"), entry("index_a1", `{"term": {"dept": "${attr.jwt.dept}"}}`, "read"))
	names := []string{"r1", "r2", "free", "other", "writes", "freewrites", "all", "dept", "twice"}
	docs := map[string]string{"1": `{"dept": "dept_r1"}`, "2": `{"dept": "dept_r2"}`, "3": `{"dept": "dept_r3"}`, "4": `{}`}
	for _, row := range []struct {
		roles, index string
		want         [3]string // in each mode
	}{
		{"", "index_a1", [3]string{"denied", "denied", "denied"}},
		{"r1", "index_a1", [3]string{"1", "1", "1"}},
		{"r1", "index_a2", [3]string{"1", "1", "1"}},
		{"r1", "index_b", [3]string{"denied", "denied", "denied"}},
		{"r1 r2", "index_a1", [3]string{"1 2", "1 2", "1 2"}},
		{"r1 r2", "index_a2", [3]string{"1", "1", "1"}},
		{"free", "index_a1", [3]string{"1 2 3 4", "1 2 3 4", "1 2 3 4"}},
		{"r1 free", "index_a1", [3]string{"1", "1 2 3 4", "1 2 3 4"}},
		{"r1 free", "index_b", [3]string{"1 2 3 4", "1 2 3 4", "1 2 3 4"}},
		{"r1 other", "index_a1", [3]string{"1", "1", "1"}},
		{"r1 writes", "index_a1", [3]string{"1 3", "1 3", "1"}},
		{"free writes", "index_a1", [3]string{"3", "1 2 3 4", "1 2 3 4"}},
		{"r1 freewrites", "index_a1", [3]string{"1", "1 2 3 4", "1"}},
		{"writes", "index_a1", [3]string{"denied", "denied", "denied"}},
		{"r1 all", "index_a1", [3]string{"1 2 3 4", "1 2 3 4", "1 2 3 4"}},
		{"free dept", "index_a1", [3]string{"denied", "denied", "denied"}}, // dept is undefined
		{"free dept", "index_a2", [3]string{"1 2 3 4", "1 2 3 4", "1 2 3 4"}},
		{"twice", "index_a1", [3]string{"1 2", "1 2", "1 2"}}, // the plugin keeps one of the two rules
	} {
		for mode, merge := range []Merge{MergePlugin, MergeEmptyOverridesAll, MergePerGrant} {
			u := mustParse(t, roles, anybody(names...), &Options{Merge: merge}).For(identityOf(t, "mary", strings.Fields(row.roles)...))
			if got := seen(t, u, row.index, docs); got != row.want[mode] {
				t.Errorf("%q on %s in mode %d: %q, want %q", row.roles, row.index, mode, got, row.want[mode])
			}
		}
	}
	if e := parseError(t, "", "", &Options{Merge: MergePerGrant + 1}); e.File != "options" {
		t.Error(e)
	}
}

// TestScenarios are those of the plugin's tests with documents like theirs.
func TestScenarios(t *testing.T) {
	songs := map[string]string{
		"1": `{"artist": "First artist", "title": "Magnum Opus", "stars": 1, "genre": "rock"}`, "2": `{"artist": "String", "title": "Song 1+1", "stars": 2, "genre": "blues"}`,
		"3": `{"artist": "Twins", "title": "Next song", "stars": 3, "genre": "jazz"}`, "4": `{"artist": "No!", "title": "Poison", "stars": 4, "genre": "rock"}`,
		"5": `{"artist": "First artist", "title": "Affirmative", "stars": 5, "genre": "blues"}`, "6": `{"artist": "Unknown", "title": "confidential", "stars": 6, "genre": "jazz"}`,
	}
	union := map[string]string{}
	for i, genre := range strings.Fields("History Math Science Math Science History Math History Math Science") {
		union[fmt.Sprint(i)] = fmt.Sprintf(`{"genre": %q, "sensitive": %v}`, genre, i%5 >= 2)
	}
	amounts := map[string]string{"0": `{"amount": 10}`, "1": `{"amount": 1500}`}
	props := map[string]string{
		"1": `{"alice": "yes", "role": "b1", "sec": "x", "amount": 1010}`, "2": `{"alice": "no", "role": "b2", "sec": "s1"}`, "3": `{"bob": "yes", "role": ["b3", "b2"], "sec": ["s3"]}`,
	}
	lookups := map[string]string{
		"1": `{"bu": "ACC", "code": "42"}`, "2": `{"bu": "ACC", "code": 1337}`, "3": `{"bu": ["ACC", "FIN"], "code": ["1337", "42"]}`, "4": `{"bu": "FIN", "code": "99"}`, "5": `{"bu": "FIN", "code": []}`,
	}
	access := map[string][]any{"alice": {"1337"}, "bob": {"42", json.Number("1337")}, "carl": {}}
	lookup := func(index, id, path string) ([]any, error) {
		if index != "user_access_codes" || path != "access_codes" {
			return nil, errors.New("asked for something else")
		}
		if id == "eve" {
			return nil, errors.New("down")
		}
		if id == "odd" {
			return []any{map[string]any{}}, nil
		}
		return access[id], nil
	}
	for _, row := range []struct {
		name string
		user string
		dls  []string
		docs map[string]string
		want string
	}{
		{"match on the artist", "u", []string{`{"match": {"artist": "String"}}`}, songs, "2"},
		{"two roles", "u", []string{`{"match": {"artist": "Twins"}}`, `{"range": {"stars": {"gt": 5}}}`}, songs, "3 6"},
		{"few stars", "u", []string{`{"range": {"stars": {"lt": 3}}}`}, songs, "1 2"},
		{"bool of term", "u", []string{`{"bool": {"must": {"term": {"genre": "rock"}}}}`}, songs, "1 4"},
		{"not sensitive", "u", []string{`{"term": {"sensitive": false}}`}, union, "0 1 5 6"},
		{"not sensitive, or all", "u", []string{`{"term": {"sensitive": false}}`, `{"match_all": {}}`}, union, "0 1 2 3 4 5 6 7 8 9"},
		{"not sensitive, or history", "u", []string{`{"term": {"sensitive": false}}`, `{"match": {"genre": "History"}}`}, union, "0 1 5 6 7"},
		{"amount", "u", []string{`{"range": {"amount": {"gte": 1000, "lte": 20000}}}`}, amounts, "1"},
		{"two ranges", "u", []string{`{"range": {"amount": {"gte": 1000, "lte": 20000}}}`, `{"range": {"amount": {"gte": 5, "lte": 300}}}`}, amounts, "0 1"},
		{"a variable as field", "alice", []string{`{"term": {"${user.name}": "yes"}}`}, props, "1"},
		{"bare roles", "alice", []string{`{"terms": {"role": [${user.roles}]}}`}, props, "1 2 3"},
		{"roles without brackets", "alice", []string{`{"terms": {"role": ${user.roles}}}`}, props, "1 2 3"},
		{"roles in quotes", "alice", []string{`{"terms": {"role": ["b9", "${user_roles}"]}}`}, props, "1 2 3"},
		{"bare security roles", "alice", []string{`{"terms": {"sec": [${user.securityRoles}]}}`, `{"match_none": {}}`}, props, "2"},
		{"a list for one value", "alice", []string{`{"term": {"role": "${user.roles}"}}`}, props, "denied"},
		{"a list as field", "alice", []string{`{"term": {"${user.roles}": "x"}}`}, props, "denied"},
		{"a number and a flag", "alice", []string{`{"bool": {"should": [{"term": {"amount": ${attr.jwt.n}}}, {"term": {"${attr.jwt.yes}": "x"}}]}}`}, props, "1"},
		{"undefined", "alice", []string{`{"term": {"sec": "${attr.jwt.none}"}}`}, props, "denied"},
		{"undefined in a list", "alice", []string{`{"terms": {"sec": ["${attr.jwt.none}"]}}`}, props, "denied"},
		{"undefined as field", "alice", []string{`{"term": {"${attr.jwt.none}": "x"}}`}, props, "denied"},
		{"a value that looks like a query", `x"}},{"match_all":{}`, []string{`{"term": {"sec": "${user.name}"}}`}, props, ""},
		{"a value that looks like a variable", "${user.roles}", []string{`{"term": {"sec": "${user.name}"}}`}, props, ""},
		{"a value that is a pattern of fields", "*", []string{`{"exists": {"field": "${user.name}"}}`}, props, "denied"},
		{"a value that is date math", "now-1d", []string{`{"range": {"sec": {"gte": "${user.name}"}}}`}, props, "denied"},
		{"a value in a pattern", "b*", []string{`{"wildcard": {"role": "${user.name}"}}`}, props, ""},
		{"a value in a pattern with more", "b", []string{`{"wildcard": {"role": {"value": "${user.name}?"}}}`}, props, "1 2 3"},
		{"a field that is named like a query", "b?", []string{`{"bool": {"must_not": [{"term": {"wildcard": "${user.name}"}}, {"prefix": {"role": "b"}}]}}`}, map[string]string{"1": `{"wildcard": "b?"}`, "2": `{}`}, "2"},
		{"a match of no words", "😀", []string{`{"match": {"role": "${user.name}"}}`}, props, "denied"},
		{"a negated match of no words", "😀", []string{`{"bool": {"must_not": {"match_phrase": {"role": "${user.name}"}}}}`}, props, "denied"},
		{"a field that is too long", strings.Repeat("x", 1025), []string{`{"term": {"${user.name}": "x"}}`}, props, "denied"},
		{"an empty prefix", "u", []string{`{"prefix": {"role": "${attr.jwt.empty}"}}`}, props, "denied"},
		{"lookup of one", "alice", []string{tlq}, lookups, "2 3"},
		{"lookup of two", "bob", []string{tlq}, lookups, "1 2 3"},
		{"lookup of none", "carl", []string{tlq}, lookups, ""},
		{"lookup of nobody", "dora", []string{tlq}, lookups, ""},
		{"lookup that fails", "eve", []string{tlq}, lookups, "denied"},
		{"lookup of objects", "odd", []string{tlq}, lookups, "denied"},
		{"lookup beside others", "alice", []string{`{"bool": {"must": [` + tlq + `, {"term": {"bu": "FIN"}}]}}`}, lookups, "3"},
		{"ids", "u", []string{`{"ids": {"values": ["3", "9"]}}`}, songs, "3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			roles := map[string]any{}
			for i, dls := range row.dls {
				roles[fmt.Sprintf("s%d", i)] = map[string]any{"index_permissions": []any{map[string]any{"index_patterns": []string{"i"}, "dls": dls, "allowed_actions": []string{"read"}}}}
			}
			r := mustParse(t, string(mustJSON(roles)), `{"s0": {"users": ["*"]}, "s1": {"users": ["*"]}}`, &Options{Lookup: lookup})
			u := r.For(identityWith(t, row.user, map[string]any{"n": json.Number("1010.0"), "yes": true, "empty": ""}, "b1", "b2"))
			if got := seen(t, u, "i", row.docs); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
			_, err := u.Access(Search, "i")
			if (err != nil) != (row.want == "denied") || err != nil && (!strings.Contains(err.Error(), `role "s0", dls: `) || strings.Contains(err.Error(), row.user)) {
				t.Errorf("error %v", err)
			}
		})
	}
}

const tlq = `{"terms": {"code": {"index": "user_access_codes", "id": "${user.name}", "path": "access_codes"}}}`

// TestLookupRefused lists lookups that cannot work.
func TestLookupRefused(t *testing.T) {
	opts := &Options{Lookup: func(string, string, string) ([]any, error) { return nil, nil }}
	for _, bad := range []string{
		`{"terms": {"code": {"index": "i", "id": "x"}}}`, `{"terms": {"code": {"index": "i", "id": "x", "path": ""}}}`, `{"terms": {"code": {"index": "i", "id": true, "path": "p"}}}`,
		`{"terms": {"code": {"index": "i", "path": "p", "query": {"match_all": {}}}}}`, `{"terms": {"code": {"index": "i", "id": "x", "path": "p", "routing": "r"}}}`,
	} {
		parseError(t, string(mustJSON(map[string]any{"r": map[string]any{"index_permissions": []any{map[string]any{"dls": bad}}}})), "", opts)
	}
	r := mustParse(t, `{"r": {"index_permissions": [{"index_patterns": ["i"], "dls": "{\"terms\": {\"code\": {\"index\": \"i\", \"id\": \"${attr.jwt.list}\", \"path\": \"p\"}}}", "allowed_actions": ["read"]}]}}`, `{"r": {"users": ["*"]}}`, opts)
	if _, err := r.For(identityWith(t, "mary", map[string]any{"list": []any{"a"}})).Access(Search, "i"); err == nil {
		t.Error("a list is the id of a document")
	}
}

// TestFilter renders rules for an engine, with what variables stand for as JSON.
func TestFilter(t *testing.T) {
	roles := `{"r": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"bool\": {\"must\": [{\"term\": {\"${user.name}\": true}}, {\"terms\": {\"r\": [${user.roles}]}}, {\"range\": {\"n\": {\"gte\": 1.50}}}], \"boost\": 2}}"}]},
		"s": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"], "dls": "{\"match_none\": {}}"}]},
		"free": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"]}]}}`
	name := `m"}`
	for _, row := range []struct {
		merge Merge
		roles string
		want  string
	}{
		{MergePlugin, "r s", `{"bool":{"should":[{"bool":{"must":[{"term":{"m\"}":true}},{"terms":{"r":["r","s"]}},{"range":{"n":{"gte":1.50}}}],"boost":2}},{"match_none":{}}],"minimum_should_match":1}}`},
		{MergePlugin, "free", `{"match_all":{}}`},
		{MergePerGrant, "s free", `{"match_all":{}}`},
		{MergePerGrant, "s", `{"bool":{"should":[{"match_none":{}}],"minimum_should_match":1}}`},
	} {
		u := mustParse(t, roles, anybody("r", "s", "free"), &Options{Merge: row.merge}).For(identityOf(t, name, strings.Fields(row.roles)...))
		if got := string(mustAccess(t, u, "i").Filter()); got != row.want {
			t.Errorf("%s: %s, want %s", row.roles, got, row.want)
		}
	}
	none := newAccess("", nil, view{})
	if got := string(none.Filter()); got != `{"match_none":{}}` {
		t.Error(got)
	}
	if got := fmt.Sprintf("%v", none); got != "access()" {
		t.Error(got)
	}
}

// TestFilterAgrees compiles the filter again and compares decisions.
func TestFilterAgrees(t *testing.T) {
	shown := 0
	rapid.Check(t, func(t *rapid.T) {
		roles := map[string]any{}
		for i := range rapid.IntRange(1, 3).Draw(t, "roles") {
			e := map[string]any{"index_patterns": []string{"i"}, "allowed_actions": []string{"read"}}
			if rapid.IntRange(0, 3).Draw(t, "free") > 0 {
				e["dls"] = string(mustJSON(drawQuery(t, 1)))
			}
			roles[fmt.Sprintf("r%d", i)] = map[string]any{"index_permissions": []any{e}}
		}
		merge := Merge(rapid.IntRange(0, 2).Draw(t, "merge"))
		r, err := Parse(mustJSON(roles), []byte(`{"r0": {"users": ["*"]}, "r1": {"users": ["*"]}, "r2": {"users": ["*"]}}`), &Options{Merge: merge})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		a, err := r.For(id).Access(Search, "i")
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseRule(string(a.Filter()), false)
		if err != nil {
			t.Fatal(err)
		}
		source := mustJSON(drawDocument(t, 2))
		d, _ := readDocument("", source)
		out, ok := a.Document(source)
		if ok != (again.query.match(&d) == yes) || ok && string(out) != string(source) {
			t.Fatalf("%s: %v, %s", source, ok, a.Filter())
		}
		if ok {
			shown++
		}
	})
	if shown == 0 {
		t.Error("no document was shown")
	}
}
