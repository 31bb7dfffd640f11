package fgac

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Scenarios of the plugin's own tests, with documents and roles like theirs.

// entryOf is one entry of index_permissions that grants reading.
func entryOf(pattern, dls string, fls, masks []string) map[string]any {
	return map[string]any{"index_patterns": []string{pattern}, "dls": dls, "fls": fls, "masked_fields": masks, "allowed_actions": []string{"read"}}
}

// rolesFrom makes a file of roles, each with some entries.
func rolesFrom(roles map[string][]map[string]any) string {
	file := map[string]any{}
	for name, entries := range roles {
		file[name] = map[string]any{"index_permissions": entries}
	}
	return string(mustJSON(file))
}

// userWith has the roles of these names.
func userWith(t testing.TB, roles map[string][]map[string]any, opts Options, names string) *User {
	t.Helper()
	var all []string
	for name := range roles {
		all = append(all, name)
	}
	opts.InsecureDefaultSalt = true
	return mustParse(t, rolesFrom(roles), anybody(all...), &opts).For(identityOf(t, "user", strings.Fields(names)...))
}

// TestDepartments has a role whose index is named by a claim: a department of
// one's own is found, another one is a 403.
func TestDepartments(t *testing.T) {
	roles := `{"qa": {"index_permissions": [{"index_patterns": ["song_lyrics_${attr.jwt.department}"], "allowed_actions": ["read"]}]}}`
	r := mustParse(t, roles, anybody("qa"), nil)
	for department, allowed := range map[string]bool{"qa-department": true, "other": false, "*": false} {
		u := r.For(identityWith(t, "mary", map[string]any{"department": department}, "qa"))
		if _, err := u.Access(Search, "song_lyrics_qa-department"); (err == nil) != allowed {
			t.Errorf("%s: %v", department, err)
		}
	}
}

// TestUndefinedInPattern has an entry that cannot be placed: whatever it restricts,
// an index that it might cover is refused, and no other one.
//
// Rule F1
func TestUndefinedInPattern(t *testing.T) {
	const pattern = "logs-${attr.jwt.dept}-*"
	for name, own := range map[string]map[string]any{
		"dls": entryOf(pattern, `{"term": {"a": 1}}`, nil, nil), "fls": entryOf(pattern, "", []string{"~secret"}, nil), "masks": entryOf(pattern, "", nil, []string{"secret"}),
		"nothing": entryOf(pattern, "", nil, nil),
	} {
		for _, merge := range []Merge{MergePlugin, MergeEmptyOverridesAll, MergePerGrant} {
			opts := Options{Merge: merge, Aliases: func(index string) []string { return map[string][]string{"aliased": {"logs-x-1"}}[index] }}
			u := userWith(t, map[string][]map[string]any{"all": {entryOf("*", "", nil, nil)}, "own": {own}}, opts, "all own")
			for index, might := range map[string]bool{"logs-a-1": true, "aliased": true, "logs-a": false, "pubmed": false} {
				_, err := u.Access(Search, index)
				refused := might && name != "nothing" && merge != MergePerGrant
				if (err != nil) != refused || refused && !strings.Contains(err.Error(), `role "own"`) {
					t.Errorf("%s in mode %d on %s: %v", name, merge, index, err)
				}
			}
		}
	}
	// A list has no place in a pattern either; another pattern of the entry places it.
	own := entryOf("logs-${user.roles}", "", []string{"~secret"}, nil)
	roles := map[string][]map[string]any{"all": {entryOf("*", "", nil, nil)}, "own": {own}}
	if _, err := userWith(t, roles, Options{}, "all own").Access(Search, "logs-1"); err == nil {
		t.Error("a list is a pattern")
	}
	own["index_patterns"] = []string{"logs-${user.roles}", "logs-*"}
	shows(t, mustAccess(t, userWith(t, roles, Options{}, "all own"), "logs-1"), `{"secret":1,"a":2}`, `{"a":2}`)
}

// TestEmptyOverrides has a role for the documents of a department beside one
// without a rule, in both settings.
//
// Rule F4
func TestEmptyOverrides(t *testing.T) {
	roles := map[string][]map[string]any{
		"sales": {entryOf("index1*", `{"term": {"dept": "sales"}}`, nil, nil)}, "all": {entryOf("*", "", nil, nil)},
		// Rules of all three kinds beside none.
		"restricted": {entryOf("index1-*", `{"bool": {"must_not": {"term": {"field1": 1}}}}`, []string{"~field3", "~field4"}, []string{"field2"})},
		"few":        {entryOf("index1-1", "", nil, nil)},
	}
	docs := map[string]string{"1": `{"dept": "sales"}`, "2": `{"dept": "hr"}`, "3": `{}`}
	for _, row := range []struct {
		merge Merge
		want  string
	}{{MergePlugin, "1"}, {MergeEmptyOverridesAll, "1 2 3"}} {
		if got := seen(t, userWith(t, roles, Options{Merge: row.merge}, "sales all"), "index1", docs); got != row.want {
			t.Errorf("mode %d: %q, want %q", row.merge, got, row.want)
		}
	}
	doc := func(i int) string {
		return fmt.Sprintf(`{"field1":%d,"field2":"value-2-%d","field3":"value-3-%d","field4":"value-4-%d"}`, i, i, i, i)
	}
	const hash2, hash3 = "b83363be1efc9a30269963686915db175630744f7b9b53eaf012275c10028ed8", "1036e0c7154ead29670a4d0a609727aeec7e6f39a97b72053d49255b5865e341"
	for _, row := range []struct {
		roles, index string
		merge        Merge
		want         [3]string // of documents 1, 2 and 3; "" is hidden
	}{
		{"restricted", "index1-1", MergePlugin, [3]string{"", `{"field1":2,"field2":"` + hash2 + `"}`, `{"field1":3,"field2":"` + hash3 + `"}`}},
		{"restricted few", "index1-1", MergePlugin, [3]string{"", `{"field1":2,"field2":"` + hash2 + `"}`, `{"field1":3,"field2":"` + hash3 + `"}`}},
		{"restricted few", "index1-1", MergeEmptyOverridesAll, [3]string{doc(1), doc(2), doc(3)}},
		{"restricted few", "index1-4", MergeEmptyOverridesAll, [3]string{"", `{"field1":2,"field2":"` + hash2 + `"}`, `{"field1":3,"field2":"` + hash3 + `"}`}},
		{"restricted all", "index1-4", MergeEmptyOverridesAll, [3]string{doc(1), doc(2), doc(3)}},
		{"few", "index1-1", MergePlugin, [3]string{doc(1), doc(2), doc(3)}},
	} {
		a := mustAccess(t, userWith(t, roles, Options{Merge: row.merge}, row.roles), row.index)
		for i, want := range row.want {
			if got, ok := a.Document([]byte(doc(i + 1))); string(got) != want || ok != (want != "") {
				t.Errorf("%s on %s in mode %d: %s, want %s", row.roles, row.index, row.merge, got, want)
			}
		}
	}
}

// TestPatternsOfIndices has rules by a glob and by an expression, and other ones
// for each of two indices, also by an alias.
func TestPatternsOfIndices(t *testing.T) {
	roles := map[string][]map[string]any{
		"glob": {entryOf("logstash-*", `{"term": {"msgid": 12}}`, []string{"msgid"}, nil)}, "regex": {entryOf(`/\S*ogstash-\S*/`, `{"term": {"msgid": 12}}`, []string{"msgid"}, nil)},
		"ab": {entryOf("a", `{"term": {"n": 1}}`, []string{"x"}, nil), entryOf("b", `{"term": {"n": 2}}`, []string{"y"}, nil)}, "alias": {entryOf("both", `{"term": {"n": 3}}`, []string{"x", "y"}, nil)},
	}
	for _, name := range []string{"glob", "regex"} {
		a := mustAccess(t, userWith(t, roles, Options{}, name), "logstash-1")
		shows(t, a, `{"msgid":12,"text":"x"}`, `{"msgid":12}`)
		hides(t, a, `{"msgid":13,"text":"x"}`)
	}
	aliases := func(string) []string { return []string{"both"} }
	u := userWith(t, roles, Options{Aliases: aliases}, "ab")
	shows(t, mustAccess(t, u, "a"), `{"n":1,"x":1,"y":1}`, `{"x":1}`)
	hides(t, mustAccess(t, u, "a"), `{"n":2}`)
	shows(t, mustAccess(t, u, "b"), `{"n":2,"x":1,"y":1}`, `{"y":1}`)
	both := userWith(t, roles, Options{Aliases: aliases}, "alias")
	shows(t, mustAccess(t, both, "a"), `{"n":3,"x":1,"y":1,"z":1}`, `{"x":1,"y":1}`)
	hides(t, mustAccess(t, both, "b"), `{"n":2}`)
	shows(t, mustAccess(t, userWith(t, roles, Options{Aliases: aliases}, "ab alias"), "a"), `{"n":3,"x":1,"y":1,"z":1}`, `{"x":1,"y":1}`)
}

// TestTwoRanges has two roles with a range and fields each.
func TestTwoRanges(t *testing.T) {
	roles := map[string][]map[string]any{
		"large": {entryOf("deals", `{"range": {"amount": {"gte": 1000, "lte": 20000}}}`, []string{"customer.*", "amount"}, nil)},
		"small": {entryOf("deals", `{"range": {"amount": {"gte": 5, "lte": 300}}}`, []string{"customer.*", "amount", "zip"}, nil)},
		"plain": {entryOf("*", "", nil, nil)}, "blind": {entryOf("deals", `{"range": {"amount": {"gte": 1000}}}`, []string{"~amount"}, nil)},
	}
	a := mustAccess(t, userWith(t, roles, Options{}, "large small"), "deals")
	sum, shown := 0, 0
	for _, amount := range []int{10, 1500, 200, 400} {
		got, ok := a.Document([]byte(fmt.Sprintf(`{"amount":%d,"customer":{"name":"c"},"zip":"z","secret":"s"}`, amount)))
		if !ok {
			continue
		}
		shown++
		sum += amount
		if want := fmt.Sprintf(`{"amount":%d,"customer":{"name":"c"},"zip":"z"}`, amount); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if shown != 3 || sum != 1710 {
		t.Errorf("%d documents of %d, want 3 of 1710", shown, sum)
	}
	// A rule for documents about a field that is hidden: the plugin finds none.
	for _, names := range []string{"blind", "blind plain"} {
		shows(t, mustAccess(t, userWith(t, roles, Options{}, names), "deals"), `{"amount":1500,"zip":1}`, `{"zip":1}`)
	}
}

// TestFieldsOfRoles has roles of several entries, and fields below others.
//
// Rule F4
func TestFieldsOfRoles(t *testing.T) {
	roles := map[string][]map[string]any{
		"phones": {entryOf("*pages*", "", []string{"~phone-some"}, nil), entryOf("*", "", nil, nil)},
		"flat":   {entryOf("yellow-pages", "", []string{"~phone-all.localNumber"}, nil)},
		"titles": {entryOf("songs", "", []string{"title"}, nil)}, "others": {entryOf("songs", "", []string{"~title"}, nil)},
		"masked": {entryOf("songs", "", nil, []string{"title"})}, "both": {entryOf("songs", "", []string{"title"}, []string{"title"})}, "neither": {entryOf("songs", "", []string{"~title"}, []string{"title"})},
	}
	const phones = `{"phone-some":"1","phone-all":[{"localNumber":"2","area":"3"}]}`
	const song = `{"title":"foobar","artist":"x"}`
	const masked = `"c042e214a8b49561577445be44c188a8e6274006b36cd0c6fba5312253cf9293"`
	for _, row := range []struct{ roles, index, doc, want string }{
		{"phones", "yellow-pages", phones, `{"phone-all":[{"localNumber":"2","area":"3"}]}`}, {"phones", "green-pages", phones, `{"phone-all":[{"localNumber":"2","area":"3"}]}`}, {"phones", "blue-book", phones, phones},
		{"flat", "yellow-pages", phones, `{"phone-some":"1","phone-all":[{"area":"3"}]}`}, {"flat phones", "yellow-pages", phones, `{"phone-all":[{"area":"3"}]}`},
		{"titles", "songs", song, `{"title":"foobar"}`}, {"titles others", "songs", song, `{"artist":"x"}`}, {"titles masked", "songs", song, `{"title":` + masked + `}`}, {"both", "songs", song, `{"title":` + masked + `}`},
		{"others masked", "songs", song, `{"artist":"x"}`}, {"neither", "songs", song, `{"artist":"x"}`}, {"masked", "songs", song, `{"title":` + masked + `,"artist":"x"}`},
	} {
		shows(t, mustAccess(t, userWith(t, roles, Options{}, row.roles), row.index), row.doc, row.want)
	}
}

// TestOperations has what can be done with a field that is shown, hidden and
// masked: for each kind of query whether the clause stays, and what is left of
// sorting and aggregations.
//
// Rule F3
func TestOperations(t *testing.T) {
	roles := map[string][]map[string]any{"r": {entryOf("i", "", []string{"~hidden"}, []string{"masked"})}}
	a := mustAccess(t, userWith(t, roles, Options{}, "r"), "i")
	queries := []string{`{"term":{"F":"x"}}`, `{"terms":{"F":["x"]}}`, `{"match":{"F":"x"}}`, `{"match_phrase":{"F":"x"}}`, `{"prefix":{"F":"x"}}`, `{"wildcard":{"F":"x*"}}`,
		`{"range":{"F":{"gte":1}}}`, `{"exists":{"field":"F"}}`, `{"query_string":{"query":"F:x"}}`, `{"terms_set":{"F":{"terms":["x"],"minimum_should_match_field":"n"}}}`, `{"term":{"F.keyword":"x"}}`}
	rest := []string{`"sort":["F"]`, `"sort":{"F":"asc"}`}
	for kind := range aggregationSettings {
		rest = append(rest, `"aggs":{"x":{"`+kind+`":{"field":"F"}}}`, `"aggs":{"x":{"`+kind+`":{"field":"F.keyword"}}}`)
	}
	checked := 0
	for _, field := range []string{"shown", "hidden", "hidden.inside", "masked"} {
		usable := field == "shown"
		for _, q := range queries {
			checked++
			got, err := a.Rewrite([]byte(`{"query":` + strings.ReplaceAll(q, "F", field) + `}`))
			if err != nil || strings.Contains(string(got), "match_none") == usable || strings.Contains(string(got), field) != usable {
				t.Errorf("%s of %s: %s, %v", q, field, got, err)
			}
		}
		for _, part := range rest {
			checked++
			got, err := a.Rewrite([]byte(`{` + strings.ReplaceAll(part, "F", field) + `}`))
			if err != nil || strings.Contains(string(got), noField) == usable || strings.Contains(string(got), field) != usable {
				t.Errorf("%s of %s: %s, %v", part, field, got, err)
			}
		}
	}
	if kinds := len(aggregationSettings); kinds != 9 || checked != 4*(len(queries)+2+2*kinds) || !slices.Contains(rest, `"aggs":{"x":{"cardinality":{"field":"F"}}}`) {
		t.Errorf("%d checks over %d aggregations", checked, kinds)
	}
}

// TestMasksOfRoles has the plugin's own combinations of roles with masks: which
// expression masks a field, "" for none.
//
// Rule F4
func TestMasksOfRoles(t *testing.T) {
	roles := map[string][]map[string]any{
		"fm_role_1": {entryOf("index_a*", "", nil, []string{"masked_field_a"})}, "fm_role_2": {entryOf("index_a1", "", nil, []string{"masked_field_a1_*"})}, "non_fm_role": {entryOf("*", "", nil, nil)},
	}
	checked := 0
	for _, row := range []struct {
		roles string
		merge Merge
		want  map[string]string
	}{
		{"fm_role_1", MergePlugin, map[string]string{"masked_field_a": "masked_field_a", "other_field": ""}},
		{"fm_role_1 fm_role_2", MergePlugin, map[string]string{"masked_field_a": "masked_field_a", "masked_field_a1_x": "masked_field_a1_*", "other_field": ""}},
		{"fm_role_1 non_fm_role", MergeEmptyOverridesAll, map[string]string{"masked_field_a": ""}},
	} {
		a := mustAccess(t, userWith(t, roles, Options{Merge: row.merge}, row.roles), "index_a1")
		for field, mask := range row.want {
			checked++
			want := "shown"
			if mask != "" {
				want = "strings masked by role"
			}
			e := a.Explain("", []byte(`{"`+field+`":"x"}`))
			if got := e.Fields[0].State; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, mask) {
				t.Errorf("%s of %s: %s, want %s by %s", field, row.roles, got, want, mask)
			}
		}
	}
	if checked != 6 {
		t.Errorf("checked %d, want 6", checked)
	}
}
