package fgac

import (
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// items are the tests of the security plugin (github.com/opensearch-project/security,
// Apache-2.0) that are said again here, by their place in a list of those worth it,
// and where. Items 8, 10, 12, 17, 21 and 33 are about Lucene, date math and errors
// that fgac does not have.
var items = map[int]struct {
	plugin string
	tests  []func(*testing.T)
}{
	1:  {"HTTPJwtAuthenticatorTest: subject and roles", fs(TestFromClaims, TestTokens)},
	2:  {"HTTPJwtAuthenticatorTest: time, audience, issuer", fs(TestTokens)},
	3:  {"HTTPJwtAuthenticatorTest: keys", fs(TestTokenKeys, TestTokenSettingsRefused)},
	4:  {"HTTPJwtAuthenticatorTest: attributes", fs(TestVariables, TestTokenAttributes)},
	5:  {"HTTPJwtKeyByOpenIdConnectAuthenticatorTest", fs(TestTokens, TestTokenKeys)},
	6:  {"JwtAuthenticationTests", fs(TestDepartments, TestTokenAttributes)},
	7:  {"ConfigurableRoleMapperTest", fs(TestMapping)},
	9:  {"FlattenedActionGroupsTest", fs(TestGroups)},
	11: {"DocumentPrivilegesTest", fs(TestRolesOfDocuments, TestMergeDocuments)},
	13: {"DlsIntegrationTests: songs", fs(TestSongs)},
	14: {"DlsIntegrationTests: unions", fs(TestUnions)},
	15: {"DfmEmptyOverridesAllDynamicSettingTest", fs(TestEmptyOverrides)},
	16: {"DfmOverwritesAllTest", fs(TestEmptyOverrides)},
	18: {"DlsPropsReplaceTest", fs(TestNamesInRules, TestScenarios)},
	19: {"UserAttributesUnitTest", fs(TestVariables)},
	20: {"DlsTermLookupQueryTest", fs(TestLookups, TestScenarios)},
	22: {"IndexPatternTest", fs(TestLogs, TestPatternsOfIndices)},
	23: {"FlsDlsTestMulti", fs(TestTwoRanges)},
	24: {"FlsDlsTestForbiddenField", fs(TestTwoRanges)},
	25: {"FlsDlsTestAB", fs(TestTwoIndices, TestPatternsOfIndices)},
	26: {"FieldPrivilegesTest", fs(TestFieldVectors, TestMergeFields)},
	27: {"FlsDocumentFilterTest", fs(TestElevenDocuments, TestSourceVectors)},
	28: {"FlsIndexingTests, FlsFlatTests", fs(TestFieldsOfRoles)},
	29: {"FlsKeywordTests, FlsExistsFieldsTest, FlsTest", fs(TestKeywords, TestFields)},
	30: {"FlsFmIntegrationTests", fs(TestUsersAndOperations)},
	31: {"FlsAndFieldMaskingTests", fs(TestFieldsOfRoles)},
	32: {"FieldMaskingTest, CustomFieldMaskedTest", fs(TestMaskVectors, TestMaskedBuckets)},
}

func fs(tests ...func(*testing.T)) []func(*testing.T) { return tests }

// TestItems requires that each item has a test that "go test" runs.
func TestItems(t *testing.T) {
	want := []int{1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15, 16, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(items))); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	for n, item := range items {
		if len(item.tests) == 0 {
			t.Errorf("item %d, %s, has no test", n, item.plugin)
		}
		for _, test := range item.tests {
			name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
			if !strings.Contains(name, "/fgac.Test") || strings.Contains(name, ".func") {
				t.Errorf("item %d, %s: %s is not run by itself", n, item.plugin, name)
			}
		}
	}
}

// engine is a search engine that knows no roles: it runs what Rewrite makes of a
// request over all documents, and shows the hits through the access.
type engine struct {
	access *Access
	docs   map[string]string // by id
}

// ask returns the rewritten request and the documents it finds, all of which the
// user has to see.
func (e engine) ask(t testing.TB, body string) (request strictjson.Value, found map[string]document) {
	t.Helper()
	out, err := e.access.Rewrite([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	request = parsed(out)
	whole, _ := request.Get("query")
	q, err := (&compiler{request: true}).query(plainTree(whole))
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	found = map[string]document{}
	for id, source := range e.docs {
		d, ok := readDocument(id, []byte(source))
		if !ok {
			t.Fatalf("no document: %s", source)
		}
		if q.match(&d) != yes {
			continue
		}
		if found[id] = d; e.shown(id) == "" {
			t.Errorf("%s finds %s, which is hidden", body, id)
		}
	}
	return request, found
}

// shown is what the user sees of a document; "" is nothing.
func (e engine) shown(id string) string {
	out, _ := e.access.Hit(id, []byte(e.docs[id]))
	return string(out)
}

// hits are the ids that a query finds.
func (e engine) hits(t testing.TB, query string) []string {
	t.Helper()
	_, found := e.ask(t, `{"query": `+query+`}`)
	return slices.Sorted(maps.Keys(found))
}

// buckets counts the values of a field as a terms aggregation does.
func (e engine) buckets(t testing.TB, field string) map[string]int {
	t.Helper()
	request, found := e.ask(t, `{"aggs": {"x": {"terms": {"field": "`+field+`"}}}}`)
	v, ok := request.Pointer("/aggs/x/terms/field")
	name, isText := v.Str()
	if !ok || !isText {
		t.Fatalf("no field to aggregate: %v", v)
	}
	counts := map[string]int{}
	for _, d := range found {
		d.values(name, func(v strictjson.Value) bool {
			counts[strings.Trim(v.Raw(), `"`)]++
			return true
		})
	}
	return counts
}

const everything = `{"match_all": {}}`

// numbersOf adds up a field of all documents that a user sees.
func (e engine) numbersOf(t testing.TB, field string) (count, sum int) {
	t.Helper()
	_, found := e.ask(t, `{}`)
	for _, d := range found {
		d.values(field, func(v strictjson.Value) bool { count++; sum += smallInt(v); return true })
	}
	return count, sum
}

// TestRolesOfDocuments has nine users, three indices and both settings, in each of
// five ways to write roles; a sixth cannot be read.
//
// Rules F1, F4
func TestRolesOfDocuments(t *testing.T) {
	type way struct {
		name     string
		patterns [3]string    // of r1, r2 and free
		covers   [3][3]string // the roles that cover index_a1, index_a2 and index_b1
		dls      [2]string    // of r1 and r2
		template [2]bool      // patterns, rules need an attribute
	}
	plain := [2]string{`{"term": {"dept": "1"}}`, `{"term": {"dept": "2"}}`}
	ways := []way{
		{"wildcard", [3]string{"*", "*", "*"}, [3][3]string{{"r1", "r2", "free"}, {"r1", "r2", "free"}, {"r1", "r2", "free"}}, plain, [2]bool{}},
		{"indexPattern", [3]string{"index_a*", "index_b*", "*"}, [3][3]string{{"r1", "free"}, {"r1", "free"}, {"r2", "free"}}, plain, [2]bool{}},
		{"indexPatternTemplate", [3]string{"index_${attr.jwt.a}1", "index_${attr.jwt.a}*", "index_${attr.jwt.a}*"}, [3][3]string{{"r1", "r2", "free"}, {"r2", "free"}}, plain, [2]bool{true, false}},
		{"queryPatternTemplate", [3]string{"index_a1", "index_a*", "index_a*"}, [3][3]string{{"r1", "r2", "free"}, {"r2", "free"}}, [2]string{`{"term": {"who": "${attr.jwt.a}1"}}`, `{"term": {"who": "${attr.jwt.a}2"}}`}, [2]bool{false, true}},
		{"alias", [3]string{"alias_a", "index_a2", "alias_a"}, [3][3]string{{"r1", "free"}, {"r1", "r2", "free"}}, plain, [2]bool{}},
	}
	docs := map[string]string{"1": `{"dept": "1", "who": "a1"}`, "2": `{"dept": "2", "who": "a2"}`, "3": `{"dept": "3"}`}
	users := []string{"free", "r1", "r1 r2", "r1 free", "free +a", "r1 +a", "r1 r2 +a", "r1 free +a", ""}
	// want is the plugin's rule: what no role covers is denied, a role without a
	// rule counts alone, or before others in the other setting. (It evaluates no rule
	// then; here one with an undefined variable is refused whatever else there is.)
	want := func(w way, roles []string, attribute bool, index int, merge Merge) string {
		held := slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return !slices.Contains(w.covers[index][:], r) })
		free := slices.Contains(held, "free")
		rules := slices.DeleteFunc(slices.Clone(held), func(r string) bool { return r == "free" })
		switch {
		case len(held) == 0, w.template[0] && !attribute, w.template[1] && !attribute && len(rules) > 0:
			return "denied"
		case free && (merge == MergeEmptyOverridesAll || len(rules) == 0):
			return "1 2 3"
		}
		return strings.ReplaceAll(strings.Join(rules, " "), "r", "")
	}
	outcomes := map[string]int{}
	for _, w := range ways {
		roles := map[string][]map[string]any{"r1": {entryOf(w.patterns[0], w.dls[0], nil, nil)}, "r2": {entryOf(w.patterns[1], w.dls[1], nil, nil)}, "free": {entryOf(w.patterns[2], "", nil, nil)}}
		aliases := func(index string) []string {
			if strings.HasPrefix(index, "index_a") {
				return []string{"alias_a"}
			}
			return nil
		}
		for _, merge := range []Merge{MergePlugin, MergeEmptyOverridesAll} {
			all := mustParse(t, rolesFrom(roles), anybody("r1", "r2", "free"), &Options{Merge: merge, Aliases: aliases})
			for _, user := range users {
				names, attribute := strings.CutSuffix(user, " +a")
				claims := map[string]any{}
				if attribute {
					claims["a"] = "a"
				}
				u := all.For(identityWith(t, "mary", claims, strings.Fields(names)...))
				for i, index := range []string{"index_a1", "index_a2", "index_b1"} {
					expect := want(w, strings.Fields(names), attribute, i, merge)
					outcomes[expect]++
					if got := seen(t, u, index, docs); got != expect {
						t.Errorf("%s, %q on %s in mode %d: %q, want %q", w.name, user, index, merge, got, expect)
					}
				}
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"denied": 112, "1 2 3": 70, "1": 60, "1 2": 20, "2": 8}, outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	parseError(t, rolesFrom(map[string][]map[string]any{"r1": {entryOf(`/index_${attr.jwt.a}1\/`, plain[0], nil, nil)}}), "", nil)
}

// songs are those of the plugin's tests, without the lyrics.
var songs = map[string]string{
	"1": `{"artist": "First artist", "title": "Magnum Opus", "stars": 1, "genre": "rock"}`, "2": `{"artist": "String", "title": "Song 1+1", "stars": 2, "genre": "blues"}`,
	"3": `{"artist": "Twins", "title": "Next song", "stars": 3, "genre": "jazz"}`, "4": `{"artist": "No!", "title": "Poison", "stars": 4, "genre": "rock"}`,
	"5": `{"artist": "yes", "title": "Affirmative", "stars": 5, "genre": "blues"}`, "6": `{"artist": "unknown", "title": "confidential", "stars": 6, "genre": "jazz"}`,
}

// TestSongs searches, reads and averages songs under rules for them.
func TestSongs(t *testing.T) {
	for _, row := range []struct {
		dls   []string
		want  string
		stars int // of all of them
	}{
		{[]string{""}, "1 2 3 4 5 6", 21},
		{[]string{`{"match": {"artist": "String"}}`}, "2", 2},
		{[]string{`{"match": {"artist": "Twins"}}`, `{"range": {"stars": {"gt": 5}}}`}, "3 6", 9}, // 4.5 each
		{[]string{`{"bool": {"should": [{"match": {"artist": "Twins"}}, {"range": {"stars": {"gt": 5}}}]}}`}, "3 6", 9},
		{[]string{`{"range": {"stars": {"lt": 3}}}`}, "1 2", 3}, // 1.5 each
		{[]string{`{"bool": {"must": [{"term": {"genre": "rock"}}], "must_not": {"term": {"stars": 4}}}}`}, "1", 1},
		{[]string{`{"bool": {"filter": {"match": {"artist": "First artist"}}}}`}, "1", 1},
	} {
		roles := map[string][]map[string]any{}
		for i, dls := range row.dls {
			roles[fmt.Sprintf("r%d", i)] = []map[string]any{entryOf("songs", dls, nil, nil)}
		}
		e := engine{mustAccess(t, userWith(t, roles, Options{}, "r0 r1"), "songs"), songs}
		if got := strings.Join(e.hits(t, everything), " "); got != row.want {
			t.Errorf("%q: %q, want %q", row.dls, got, row.want)
		}
		if n, stars := e.numbersOf(t, "stars"); stars != row.stars || n != len(strings.Fields(row.want)) {
			t.Errorf("%q: %d stars of %d songs, want %d", row.dls, stars, n, row.stars)
		}
		for id := range songs { // read one by one
			if got, want := e.shown(id) != "", slices.Contains(strings.Fields(row.want), id); got != want {
				t.Errorf("%q: song %s is shown: %v", row.dls, id, got)
			}
		}
	}
}

// TestUnions unites rules that overlap, and such that do not.
func TestUnions(t *testing.T) {
	docs := map[string]string{}
	for i := range 10 {
		genre := []string{"History", "Math"}[i/5]
		docs[fmt.Sprint(i+1)] = fmt.Sprintf(`{"genre": %q, "date": "01-01-2020", "sensitive": %v}`, genre, i < 5)
	}
	docs["10"] = `{"genre": "Science", "date": "01-01-2020", "sensitive": true}`
	roles := map[string][]map[string]any{
		"plain": {entryOf("*", `{"match": {"sensitive": false}}`, nil, nil)}, "all": {entryOf("my_index*", everything, nil, nil)}, "history": {entryOf("my_index*", `{"match": {"genre": "History"}}`, nil, nil)},
	}
	for names, want := range map[string]int{"plain": 4, "all": 10, "plain all": 10, "history": 5, "plain history": 9} {
		e := engine{mustAccess(t, userWith(t, roles, Options{}, names), "my_index1"), docs}
		got := e.hits(t, everything)
		if len(got) != want || slices.Contains(got, "10") != (want == 10) {
			t.Errorf("%s: %q, want %d", names, got, want)
		}
	}
}

// TestNamesInRules has the names of a user and of roles in rules.
//
// Rule F1
func TestNamesInRules(t *testing.T) {
	roles := map[string][]map[string]any{"opendistro_security_mapped": {
		entryOf("prop1", `{"term": {"${user.name}": "yes"}}`, nil, nil), entryOf("prop2", `{"terms": {"role": [${user.roles}]}}`, nil, nil), entryOf("prop-mapped", `{"terms": {"securityRole": [${user.securityRoles}]}}`, nil, nil),
	}}
	r := mustParse(t, rolesFrom(roles), `{"opendistro_security_mapped": {"users": ["prop_replace"]}}`, nil)
	u := r.For(identityOf(t, "prop_replace", "prole1", "prole2"))
	for _, row := range []struct {
		index       string
		docs        map[string]string
		count, want int // of amounts
	}{
		{"prop1", map[string]string{"1": `{"prop_replace": "yes", "amount": 1010}`, "2": `{"prop_replace": "no", "amount": 2020}`}, 1, 1010},
		{"prop2", map[string]string{"1": `{"role": "prole1", "amount": 3030}`, "2": `{"role": "prole2", "amount": 4040}`, "3": `{"role": "prole3", "amount": 5050}`}, 2, 7070},
		{"prop-mapped", map[string]string{"1": `{"securityRole": "opendistro_security_mapped", "amount": 6060}`, "2": `{"securityRole": "not_assigned", "amount": 7070}`}, 1, 6060},
	} {
		if n, sum := (engine{mustAccess(t, u, row.index), row.docs}).numbersOf(t, "amount"); n != row.count || sum != row.want {
			t.Errorf("%s: %d documents of %d, want %d of %d", row.index, n, sum, row.count, row.want)
		}
	}
}

// TestLookups has documents that a user's access codes, of another index, admit.
func TestLookups(t *testing.T) {
	docs := map[string]string{"16": `{"bu": "FFF"}`, "17": `{"bu": "FFF", "access_codes": [12345]}`, "18": `{"bu": "FFF", "access_codes": [12345, 6789]}`}
	for i := range 15 {
		codes := []string{"[1337]", "[42]", "[1337, 42]"}[i%3]
		docs[fmt.Sprint(i+1)] = fmt.Sprintf(`{"bu": "%s", "access_codes": %s}`, strings.Repeat(string(rune('A'+i/3)), 3), codes)
	}
	codes := map[string][]any{"tlq_1337": {1337}, "tlq_42": {42}, "tlq_1337_42": {1337, 42}, "tlq_999": {999}, "tlq_empty": {}}
	lookup := func(index, id, path string) ([]any, error) {
		if index != "user_access_codes" || path != "access_codes" {
			t.Errorf("asked for %s of %s", path, index)
		}
		return codes[id], nil
	}
	roles := map[string][]map[string]any{"r": {entryOf("tlqdocuments", `{"terms": {"access_codes": {"index": "user_access_codes", "id": "${user.name}", "path": "access_codes"}}}`, nil, nil), entryOf("tlqdummy", "", nil, nil)}}
	r := mustParse(t, rolesFrom(roles), `{"r": {"users": ["tlq_*"]}}`, &Options{Lookup: lookup})
	for user, want := range map[string]struct{ documents, units int }{
		"tlq_1337": {10, 5}, "tlq_42": {10, 5}, "tlq_1337_42": {15, 5}, "tlq_999": {}, "tlq_empty": {}, "tlq_none": {},
	} {
		u := r.For(identityOf(t, user))
		e := engine{mustAccess(t, u, "tlqdocuments"), docs}
		if got, units := e.hits(t, everything), e.buckets(t, "bu"); len(got) != want.documents || len(units) != want.units || units["FFF"] != 0 {
			t.Errorf("%s: %q, %v, want %v", user, got, units, want)
		}
		if got := (engine{mustAccess(t, u, "tlqdummy"), docs}).hits(t, everything); len(got) != 18 {
			t.Errorf("%s: %d documents of the index without a rule", user, len(got))
		}
	}
}

// TestLogs has rules for indices by a glob and by an expression.
func TestLogs(t *testing.T) {
	docs := map[string]map[string]string{
		"logstash-2016": {"a": `{"message": "mymsg1a", "ipaddr": "10.0.0.0", "msgid": "12"}`, "b": `{"message": "mymsg1b", "ipaddr": "10.0.0.1", "msgid": "14"}`},
		"logstash-2018": {"c": `{"message": "mymsg1c", "ipaddr": "10.0.0.2", "msgid": "12"}`, "d": `{"message": "mymsg1d", "ipaddr": "10.0.0.3", "msgid": "14"}`},
	}
	for _, pattern := range []string{"logstash-*", `/\S*ogstash-\S*/`} {
		u := userWith(t, map[string][]map[string]any{"r": {entryOf(pattern, `{"term": {"msgid": 12}}`, []string{"msgid"}, nil)}}, Options{}, "r")
		all, err := u.Accesses(Search, "logstash-2016", "logstash-2018")
		if err != nil {
			t.Fatal(err)
		}
		var shown []string
		for _, a := range all {
			e := engine{a, docs[a.Index()]}
			for _, id := range e.hits(t, everything) {
				shown = append(shown, id+" "+e.shown(id))
			}
		}
		if diff := cmp.Diff([]string{`a {"msgid":"12"}`, `c {"msgid":"12"}`}, shown); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
		if _, err := u.Access(Search, "ogstash"); err == nil {
			t.Errorf("%s covers ogstash", pattern)
		}
	}
}

// TestTwoIndices has two users with other documents and fields of each of two
// indices, also under the name of an alias.
func TestTwoIndices(t *testing.T) {
	docs := func(x string) map[string]string {
		all := map[string]string{}
		for i, kind := range []string{x, x, "x"} {
			id := fmt.Sprintf("%s%d", x, i)
			all[id] = fmt.Sprintf(`{"f1":"f1_%s","f2":"f2_%s","f3":"f3_%s","f4":"f4_%s","type":%q}`, id, id, id, id, kind)
		}
		return all
	}
	low, high := []string{"f1", "f2", "type"}, []string{"f2", "f3", "f4", "type"}
	roles := map[string][]map[string]any{
		"user_aaa": {entryOf("aaa", `{"term": {"type": "a"}}`, low, nil), entryOf("bbb", `{"term": {"type": "b"}}`, high, nil)},
		"user_bbb": {entryOf("aaa", `{"term": {"type": "a"}}`, high, nil), entryOf("bbb", `{"term": {"type": "b"}}`, low, nil)},
	}
	opts := Options{Aliases: func(string) []string { return []string{"abalias"} }}
	const lowA, highA = `{"f1":"f1_a0","f2":"f2_a0","type":"a"} {"f1":"f1_a1","f2":"f2_a1","type":"a"}`, `{"f2":"f2_a0","f3":"f3_a0","f4":"f4_a0","type":"a"} {"f2":"f2_a1","f3":"f3_a1","f4":"f4_a1","type":"a"}`
	for user, want := range map[string]string{"user_aaa": lowA + " " + strings.NewReplacer("_a", "_b", `"a"`, `"b"`).Replace(highA), "user_bbb": highA + " " + strings.NewReplacer("_a", "_b", `"a"`, `"b"`).Replace(lowA)} {
		all, err := userWith(t, roles, opts, user).Accesses(Search, "aaa", "bbb") // what abalias stands for
		if err != nil {
			t.Fatal(err)
		}
		var shown []string
		for _, a := range all {
			e := engine{a, docs(a.Index()[:1])}
			for _, id := range e.hits(t, everything) {
				shown = append(shown, e.shown(id))
			}
		}
		if got := strings.Join(shown, " "); len(shown) != 4 || got != want {
			t.Errorf("%s:\n%s, want\n%s", user, got, want)
		}
	}
}

// TestElevenDocuments has the plugin's pairs of documents. What it keeps as
// metadata is a field like any other here.
//
// Rule F2
func TestElevenDocuments(t *testing.T) {
	const abc, object, array = `{"a":41,"b":42,"c":43}`, `{"a":41,"b":{"x":123,"y":456},"c":43}`, `{"a":41,"b":[{"x":12,"y":34},{"x":56,"y":78}],"c":43}`
	const identity = `{"a":41,"b":1.10,"big":123456789012345678901234567890,"x":["x",{"foo":"bar"},[1,2,3,4]],"n":null}`
	rows := []struct{ fls, masks, doc, want string }{
		{"", "", identity, identity},
		{"~b", "", abc, `{"a":41,"c":43}`},
		{"b", "", abc, `{"b":42}`},
		{"~b", "", object, `{"a":41,"c":43}`},
		{"~b.x", "", object, `{"a":41,"b":{"y":456},"c":43}`},
		{"b.x c", "", `{"a":41,"b":{"x":123,"y":456},"c":43,"d":{}}`, `{"b":{"x":123},"c":43}`},
		{"~b.x", "", array, `{"a":41,"b":[{"y":34},{"y":78}],"c":43}`},
		{"b.y c", "", array, `{"b":[{"y":34},{"y":78}],"c":43}`},
		{"~_id", "", `{"a":41,"_id":42,"c":43}`, `{"a":41,"c":43}`}, // keepMetadata
		{"", "b", `{"a":"x","b":"y","c":"z"}`, `{"a":"x","b":"4b694e9cb9ce9e0983fbe4c5df2d464949610f074460adc76bda5a9d0bcc38a5","c":"z"}`},
		{"", "b.b1", `{"a":"x","b":{"b1":"y1","b2":"y2"},"c":"z"}`, `{"a":"x","b":{"b1":"f16d01664d4270a4f39cdba8c89ac024380b5f249f0fbec1049497bc745cf30f","b2":"y2"},"c":"z"}`},
	}
	for _, row := range rows {
		shows(t, accessTo(t, [][]string{strings.Fields(row.fls)}, strings.Fields(row.masks), Options{InsecureDefaultSalt: true}), row.doc, row.want)
	}
	if len(rows) != 11 {
		t.Errorf("%d rows, want 11", len(rows))
	}
}

// TestKeywords aggregates by the keyword of a field, and asks for fields that do
// not exist.
//
// Rule F3
func TestKeywords(t *testing.T) {
	movies := map[string]string{"0": `{"year": 2013, "title": "Rush", "actors": ["Daniel Brühl", "Chris Hemsworth", "Olivia Wilde"]}`}
	roles := map[string][]map[string]any{
		"all": {entryOf("*", "", nil, nil)}, "no_actors": {entryOf("movies", "", []string{"~actors"}, nil)}, "fls_exists": {entryOf("data", "", []string{"@timestamp", "host"}, nil)},
	}
	for names, want := range map[string]map[string]int{"all": {"Daniel Brühl": 1, "Chris Hemsworth": 1, "Olivia Wilde": 1}, "no_actors": {}} {
		e := engine{mustAccess(t, userWith(t, roles, Options{}, names), "movies"), movies}
		for _, field := range []string{"actors.keyword", "actors"} {
			if diff := cmp.Diff(want, e.buckets(t, field)); diff != "" {
				t.Errorf("%s by %s (-want +got):\n%s", names, field, diff)
			}
		}
		if got := strings.Contains(e.shown("0"), "Hemsworth"); got != (len(want) > 0) {
			t.Errorf("%s sees actors: %v", names, got)
		}
		if got := e.buckets(t, "year"); got["2013"] != 1 {
			t.Errorf("%s: years %v", names, got)
		}
	}
	data := map[string]string{
		"a-normal": `{"host": "myhost0", "@timestamp": "2018-01-18T09:03:25.877Z", "response": "404"}`, "b-missing1": `{"@timestamp": "2017-01-18T09:03:25.877Z", "response": "200"}`,
		"c-missing2": `{"host": "myhost0", "@timestamp": "2018-01-18T09:03:25.877Z", "non-existing": "xxx", "response": "403"}`,
	}
	const query = `{"bool": {"must_not": {"exists": {"field": "non-existing"}}, "must": [{"exists": {"field": "@timestamp"}}, {"exists": {"field": "host"}}]}}`
	for names, want := range map[string]string{"all": "a-normal", "fls_exists": "a-normal c-missing2"} {
		e := engine{mustAccess(t, userWith(t, roles, Options{}, names), "data"), data}
		if got := strings.Join(e.hits(t, query), " "); got != want {
			t.Errorf("%s finds %q, want %q", names, got, want)
		}
		if got := strings.Contains(e.shown("a-normal"), "response"); got != (names == "all") {
			t.Errorf("%s sees responses: %v", names, got)
		}
	}
}

// TestMaskedBuckets counts masked values. In a request a masked field does not
// exist; in what is shown, equal masks fall together as in the plugin's buckets.
//
// Rule F3
func TestMaskedBuckets(t *testing.T) {
	deal := func(name, source, dest string) string {
		return fmt.Sprintf(`{"customer": {"name": %q, "street": "testroad"}, "ip_source": %q, "ip_dest": %q, "mynum": 1000000000000000000}`, name, source, dest)
	}
	docs := map[string]string{"0": deal("cust1", "100.100.1.1", "123.123.1.1"), "2": deal("cust2", "100.100.2.2", "123.123.2.2")}
	for i := range 30 {
		docs[fmt.Sprintf("a%d", i)] = deal("cust1", "200.100.1.1", "123.123.1.1")
	}
	masks := []string{"*ip_source::/[0-9]{1,3}$/::XXX::/^[0-9]{1,3}/::***", "*ip_dest::/[0-9]{1,3}$/::XXX", "customer.name::SHA-512", "mynum"}
	roles := map[string][]map[string]any{"r": {entryOf("deals", "", nil, masks)}, "all": {entryOf("deals", "", nil, nil)}}
	e := engine{mustAccess(t, userWith(t, roles, Options{}, "r"), "deals"), docs}
	sources, dests, names := map[string]int{}, map[string]int{}, map[string]int{}
	for id := range docs {
		v := parsed([]byte(e.shown(id)))
		for path, counts := range map[string]map[string]int{"/ip_source": sources, "/ip_dest": dests, "/customer/name": names} {
			at, _ := v.Pointer(path)
			s, _ := at.Str()
			counts[s]++
		}
		if n, _ := v.Pointer("/mynum"); n.Raw() != "1000000000000000000" {
			t.Errorf("a number is masked: %s", n.Raw())
		}
	}
	const cust1 = "8976994d0491e35f74fcac67ede9c83334a6ad34dae07c176df32f10225f93c5077ddd302c02ddd618b2406b1e4dfe50a727cbc880cfe264c552decf2d224ffc"
	if diff := cmp.Diff([]map[string]int{{"***.100.1.XXX": 31, "***.100.2.XXX": 1}, {"123.123.1.XXX": 31, "123.123.2.XXX": 1}}, []map[string]int{sources, dests}); diff != "" || names[cust1] != 31 || len(names) != 2 {
		t.Errorf("%v (-want +got):\n%s", names, diff)
	}
	if got := e.buckets(t, "ip_source.keyword"); len(got) != 0 {
		t.Errorf("buckets of a masked field: %v", got)
	}
	whole := engine{mustAccess(t, userWith(t, roles, Options{}, "all"), "deals"), docs}
	if diff := cmp.Diff(map[string]int{"100.100.1.1": 1, "100.100.2.2": 1, "200.100.1.1": 30}, whole.buckets(t, "ip_source.keyword")); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
}
