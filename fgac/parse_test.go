package fgac

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	pubmedRoles = `
_meta:
  type: roles
  config_version: 2
pubmed-admin:
  reserved: false
  description: "Full read"
  cluster_permissions: [cluster_composite_ops_ro]
  index_permissions:
    - index_patterns: [pubmed]
      dls: null
      fls:
      masked_fields: ~
      allowed_actions:
        - read
  tenant_permissions: []
`
	pubmedMapping = `
_meta: {type: rolesmapping, config_version: 2}
pubmed-admin:
  backend_roles: [pubmed_admin_group]
`
)

// TestParse reads the same roles from YAML and from JSON.
func TestParse(t *testing.T) {
	inJSON := `{"pubmed-admin": {"cluster_permissions": ["cluster_composite_ops_ro"], "hidden": true, "static": false,
		"index_permissions": [{"index_patterns": ["pubmed"], "dls": "", "fls": [], "masked_fields": null, "allowed_actions": ["read"]}],
		"tenant_permissions": [{"tenant_patterns": ["human_resources"], "allowed_actions": ["kibana_all_read"]}]}}`
	for _, roles := range []string{pubmedRoles, inJSON} {
		u := mustParse(t, roles, pubmedMapping, nil).For(identityOf(t, "mary", "pubmed_admin_group"))
		if got := u.Roles(); !slices.Equal(got, []string{"pubmed-admin"}) {
			t.Errorf("roles %q", got)
		}
		mustAccess(t, u, "pubmed")
		if err := u.Cluster("indices:data/read/msearch"); err != nil {
			t.Error(err)
		}
	}
	for _, empty := range []string{"", " \n", "# nothing\n", "{}"} {
		u := mustParse(t, empty, empty, &Options{ActionGroups: []byte(empty)}).For(identityOf(t, "mary", "x"))
		if _, err := u.Access(Search, "pubmed"); err == nil || len(u.Roles()) != 0 {
			t.Errorf("a file without roles grants something: %v", u.Roles())
		}
	}
}

// TestParseRefuses lists what a file may not have, with the place that the error
// names.
//
// Rule F1
func TestParseRefuses(t *testing.T) {
	entry := func(members string) string { return `{"r": {"index_permissions": [{` + members + `}]}}` }
	for _, row := range []struct {
		name, roles, path, reason string
	}{
		{"JSON that is none", `{"r": }`, "", "not a value"},
		{"a role twice", `{"r": {}, "r": {}}`, "", "duplicate"},
		{"a role twice in YAML", "r: {}\nr: {}\n", "", "duplicate"},
		{"YAML that is none", "r: [", "", "not valid YAML"},
		{"YAML in Latin-1", "r: \xe9", "", "UTF-8"},
		{"a list", "- r\n", "", "want an object, not array"},
		{"an anchor", "r: &x {}\n", "", "line 1: anchors"},
		{"an alias", "r: {}\ns: *r\n", "", "not valid YAML"},
		{"a merge", "r: {}\n<<: {}\n", "", "name that is a string"},
		{"a tag", "r: !!map {}\n", "", "line 1: tags"},
		{"a name that is a number", "1: {}\n", "", "name that is a string"},
		{"a second document", "r: {}\n---\ns: {}\n", "", "second YAML document"},
		{"a date", "r: {description: 2001-01-01}\n", "", "quote it"},
		{"an octal", "r: {description: 0o17}\n", "", "as JSON spells them"},
		{"too deep", "r: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "", "deeper"},
		{"too large", strings.Repeat(" ", maxFile+1), "", "larger"},
		{"an empty name", `{"": {}}`, "", "empty name"},
		{"another file", "_meta: {type: rolesmapping, config_version: 2}\n", "/_meta", "want type roles"},
		{"an old version", "_meta: {type: roles, config_version: 1}\n", "/_meta/config_version", "want config_version 2"},
		{"a role that is none", `{"r": []}`, "/r", "want an object, not array"},
		{"an unknown member", `{"r": {"index_permission": []}}`, "/r/index_permission", "unknown member"},
		{"a slash and a tilde", `{"r/~": {"x": 1}}`, "/r~1~0/x", "unknown member"},
		{"a flag", `{"r": {"reserved": "yes"}}`, "/r/reserved", "want true or false, not string"},
		{"a description", `{"r": {"description": 1}}`, "/r/description", "want a string, not number"},
		{"actions", `{"r": {"cluster_permissions": "*"}}`, "/r/cluster_permissions", "want an array, not string"},
		{"an action", `{"r": {"cluster_permissions": [1]}}`, "/r/cluster_permissions/0", "want a string, not number"},
		{"a blank action", `{"r": {"cluster_permissions": [" "]}}`, "/r/cluster_permissions/0", "is blank"},
		{"an invalid action", `{"r": {"cluster_permissions": ["/[/"]}}`, "/r/cluster_permissions", "regular expression"},
		{"an entry", `{"r": {"index_permissions": [1]}}`, "/r/index_permissions/0", "want an object"},
		{"an unknown member of an entry", entry(`"dsl": ""`), "/r/index_permissions/0/dsl", "unknown member"},
		{"an index that is no string", entry(`"index_patterns": [null]`), "/r/index_permissions/0/index_patterns/0", "not null"},
		{"an invalid index", entry(`"index_patterns": ["/(/"]`), "/r/index_permissions/0/index_patterns", "regular expression"},
		{"date math", entry(`"index_patterns": ["<logs-{now/d}>"]`), "/r/index_permissions/0/index_patterns", "date math"},
		{"a variable in an expression", entry(`"index_patterns": ["/${user.name}/"]`), "/r/index_permissions/0/index_patterns", "variable in a regular expression"},
		{"a variable without end", entry(`"index_patterns": ["${user.name"]`), "/r/index_permissions/0/index_patterns", "no closing brace"},
		{"a lone slash", entry(`"index_patterns": ["/"]`), "/r/index_permissions/0/index_patterns", "want /regex/"},
		{"a tenant", `{"r": {"tenant_permissions": [{"tenant": []}]}}`, "/r/tenant_permissions/0/tenant", "unknown member"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := parseError(t, row.roles, "", nil)
			if e.File != "roles" || e.Path != row.path || !strings.Contains(e.Reason, row.reason) {
				t.Errorf("%v; want %s and %q", e, row.path, row.reason)
			}
			if !strings.HasPrefix(e.Error(), "fgac: roles: ") || !strings.HasSuffix(e.Error(), e.Reason) {
				t.Errorf("error %v", e)
			}
		})
	}

	for _, row := range []struct{ mapping, path string }{
		{`{"r": {"user": []}}`, "/r/user"},
		{`{"r": {"users": [""]}}`, "/r/users/0"},
		{`{"r": {"users": [1]}}`, "/r/users/0"},
		{`{"r": {"hosts": ["/[/"]}}`, "/r/hosts/0"},
		{`{"r": {"and_backend_roles": "x"}}`, "/r/and_backend_roles"},
		{`{"_meta": {"type": "roles", "config_version": 2}}`, "/_meta"},
		{`x`, ""},
	} {
		if e := parseError(t, "", row.mapping, nil); e.File != "roles_mapping" || e.Path != row.path {
			t.Errorf("%s: %v", row.mapping, e)
		}
	}
	for _, row := range []struct{ groups, path string }{
		{`{"read": {"allowed_actions": ["*"]}}`, "/read"},
		{`{"g": {"allowed_action": ["*"]}}`, "/g/allowed_action"},
		{`{"g": ["*"]}`, "/g"},
		{`[`, ""},
	} {
		if e := parseError(t, "", "", &Options{ActionGroups: []byte(row.groups)}); e.File != "action_groups" || e.Path != row.path {
			t.Errorf("%s: %v", row.groups, e)
		}
	}
	if e := parseError(t, "", "", &Options{Resolution: Both + 1}); e.File != "options" {
		t.Error(e)
	}
}

// TestGroups resolves groups of groups, and some that are members of each other.
func TestGroups(t *testing.T) {
	groups, err := parseGroups([]byte(`
_meta: {type: actiongroups, config_version: 2}
Z: {type: index, description: all, allowed_actions: [C, A]}
A: {allowed_actions: [A1, A2, A3]}
B: {allowed_actions: [B1, B2, B3]}
C: {reserved: true, hidden: false, static: false, allowed_actions: [B, C1]}
loop1: {allowed_actions: [loop2, x]}
loop2: {allowed_actions: [loop3]}
loop3: {allowed_actions: [loop1, "indices:data/*"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, want string }{
		{"Z", "A A1 A2 A3 B B1 B2 B3 C C1 Z"},
		{"loop1", "indices:data/* loop1 loop2 loop3 x"},
		{"loop3", "indices:data/* loop1 loop2 loop3 x"},
		{"z", "z"},
		{"read", "indices:admin/mappings/fields/get* indices:admin/resolve/index indices:data/read* read"},
		{"crud", "crud indices:admin/mapping/put indices:admin/mappings/fields/get* indices:admin/resolve/index indices:data/read* indices:data/write* read write"},
	} {
		got := groups.resolve([]string{row.name})
		slices.Sort(got)
		if diff := cmp.Diff(row.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
	if n := len(defaultGroups); n != 26 {
		t.Errorf("%d default groups, want 26", n)
	}
}

// TestMapping runs four mappings for four users in the three modes.
func TestMapping(t *testing.T) {
	mapping := `{
		"by_user": {"users": ["a*", "/b[12]/"]},
		"by_backend": {"backend_roles": ["x?"], "description": "d", "reserved": true},
		"by_all": {"and_backend_roles": ["x1", "y*"]},
		"by_host": {"hosts": ["10.0.*"]}}`
	users := []struct {
		name     string
		host     string
		backends []string
		want     [3]string // in each mode
	}{
		{"anna", "", []string{"x1"}, [3]string{"by_backend by_user", "x1", "by_backend by_user x1"}},
		{"b2", "10.0.0.1", nil, [3]string{"by_host by_user", "", "by_host by_user"}},
		{"carl", "10.1.0.1", []string{"y2", "x1"}, [3]string{"by_all by_backend", "x1 y2", "by_all by_backend x1 y2"}},
		{"A", "10.0", []string{"y2", "x", "by_user"}, [3]string{"", "by_user x y2", "by_user x y2"}},
	}
	for mode, resolution := range []Resolution{MappingOnly, BackendRolesOnly, Both} {
		r := mustParse(t, `{"by_user": {}, "x1": {}}`, mapping, &Options{Resolution: resolution})
		for _, u := range users {
			id := identityOf(t, u.name, u.backends...)
			if u.host != "" {
				id = id.WithHosts(u.host)
			}
			if got := strings.Join(r.For(id).Roles(), " "); got != u.want[mode] {
				t.Errorf("%s in mode %d: %q, want %q", u.name, mode, got, u.want[mode])
			}
		}
		if got := r.For(Identity{}).Roles(); len(got) != 0 {
			t.Errorf("nobody has roles %q", got)
		}
	}
	everybody := mustParse(t, "", `{"all": {"users": ["*"], "hosts": ["*"]}}`, nil)
	if got := everybody.For(Identity{}).Roles(); len(got) != 0 {
		t.Errorf("nobody has roles %q", got)
	}
}

// permits is the permission check written out, over the texts of one role.
func permits(indices, actions []string, index, action string) bool {
	match := func(list []string, s string) bool {
		return slices.ContainsFunc(list, func(p string) bool { return globOracle(p, s) })
	}
	return match(indices, index) && match(actions, action)
}

// TestPermissions compares with the check written out.
func TestPermissions(t *testing.T) {
	index := rapid.SampledFrom([]string{"a", "ab", "b", "a*", "*", "?", "b?"})
	action := rapid.SampledFrom([]string{"indices:data/read/search", "indices:data/read/get", "indices:data/*", "*", "indices:data/write/index"})
	allowed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			IndexPatterns  []string `json:"index_patterns"`
			AllowedActions []string `json:"allowed_actions"`
		}
		roles := map[string]map[string][]entry{}
		for _, name := range []string{"r", "s", "other"} {
			entries := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
				return entry{rapid.SliceOfN(index, 0, 2).Draw(t, "indices"), rapid.SliceOfN(action, 0, 2).Draw(t, "actions")}
			}), 0, 2).Draw(t, name)
			roles[name] = map[string][]entry{"index_permissions": entries}
		}
		r, err := Parse(mustJSON(roles), []byte(`{"r": {"users": ["mary"]}, "s": {"users": ["m*"]}, "other": {"users": ["bob"]}}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		ix := rapid.SampledFrom([]string{"a", "ab", "b", "c", "bb"}).Draw(t, "index")
		act := rapid.SampledFrom([]string{Search, Get, Write}).Draw(t, "action")
		want := false
		for _, name := range []string{"r", "s"} {
			for _, e := range roles[name]["index_permissions"] {
				want = want || permits(e.IndexPatterns, e.AllowedActions, ix, act)
			}
		}
		a, err := r.For(id).Access(act, ix)
		if (err == nil) != want || (a != nil) != want {
			t.Fatalf("%s on %s: %v, want %v", act, ix, err, want)
		}
		if want {
			allowed++
		} else {
			refused++
		}
	})
	if allowed == 0 || refused == 0 {
		t.Errorf("%d allowed, %d refused", allowed, refused)
	}
}

// TestIndexPatterns has variables, aliases and names that are no names.
//
// Rule F1
func TestIndexPatterns(t *testing.T) {
	roles := `{"r": {"index_permissions": [
		{"index_patterns": ["own_${user_name}", "dept-${attr.jwt.dept}*", "n${attr.jwt.n}-${attr.jwt.ok}", "l-${attr.jwt.list}", "d-${attr.jwt.none:-x}"], "allowed_actions": ["search"]},
		{"index_patterns": ["logs", "/w[0-9]/"], "allowed_actions": ["indices:data/read/search"]}]}}`
	aliases := func(index string) []string {
		if index == "logs-2026" {
			return []string{"other", "logs"}
		}
		return nil
	}
	r := mustParse(t, roles, `{"r": {"users": ["*"]}}`, &Options{Aliases: aliases})
	mary := r.For(identityWith(t, "mary", map[string]any{"dept": "a?*", "n": 5, "ok": true, "list": []any{"x"}}))
	star := r.For(identityOf(t, "*"))
	for _, row := range []struct {
		u     *User
		index string
		want  bool
	}{
		{mary, "own_mary", true}, {mary, "own_", false}, {mary, "own_bob", false}, {star, "own_mary", false},
		{mary, "dept-ab", false}, {mary, "n5-true", true}, {mary, "l-x", false}, {mary, "d-x", true}, {star, "n5-true", false},
		{mary, "logs", true}, {mary, "logs-2026", true}, {mary, "logs-2025", false}, {mary, "w1", true}, {mary, "w12", false},
		{star, "own_*", false}, {mary, "log*", false}, {mary, "logs,secret", false}, {mary, "-logs", false}, {mary, "", false}, {mary, "_all", false}, {mary, "<logs>", false},
	} {
		_, err := row.u.Access(Search, row.index)
		if (err == nil) != row.want {
			t.Errorf("%s: %v, want %v", row.index, err, row.want)
		}
	}
	if _, err := r.For(identityWith(t, "mary", map[string]any{"dept": "a"})).Access(Search, "dept-ab"); err != nil {
		t.Error(err)
	}
}

// TestAliasesChange asks again once an index has another alias.
func TestAliasesChange(t *testing.T) {
	alias := "logs"
	opts := &Options{Aliases: func(string) []string { return []string{alias} }}
	u := mustParse(t, `{"r": {"index_permissions": [{"index_patterns": ["logs"], "allowed_actions": ["read"]}]}}`, anybody("r"), opts).For(identityOf(t, "mary", "r"))
	mustAccess(t, u, "logs-1")
	alias = "other"
	if _, err := u.Access(Search, "logs-1"); err == nil {
		t.Error("an index is covered by an alias that it had")
	}
}

// TestDenied renders the body of OpenSearch.
func TestDenied(t *testing.T) {
	r := mustParse(t, pubmedRoles, pubmedMapping, nil)
	u := r.For(identityOf(t, "PubMedAdminUser", "pubmed_admin_group", "b"))
	_, err := u.Access(Search, "clinical-trials")
	var d *Denied
	if !errors.As(err, &d) {
		t.Fatalf("%v, want *Denied", err)
	}
	reason := `"no permissions for [indices:data/read/search] and User [name=PubMedAdminUser, backend_roles=[b, pubmed_admin_group], requestedTenant=null]"`
	want := `{"error":{"root_cause":[{"type":"security_exception","reason":` + reason + `}],"type":"security_exception","reason":` + reason + `},"status":403}`
	if got := string(d.Body()); got != want {
		t.Errorf("body\n%s, want\n%s", got, want)
	}
	if got := err.Error(); got != "fgac: no permissions for [indices:data/read/search]" {
		t.Error(got)
	}
	if got := string((&Denied{}).Body()); !strings.Contains(got, "name=, backend_roles=[]") {
		t.Error(got)
	}
	if err := u.Cluster("cluster:monitor/health"); !errors.As(err, &d) {
		t.Error(err)
	}
	for _, err := range []error{u.Cluster(Search), func() error { _, err := u.Access("indices:data/read/msearch", "pubmed"); return err }()} {
		if !errors.As(err, &d) || !strings.Contains(err.Error(), "use ") {
			t.Error(err)
		}
	}
	for given, want := range map[string]string{ // answers of OpenSearch 3.4
		"left_1 left_2": "left_2, left_1", "z y x a b c d e f": "a, b, c, d, e, f, x, y, z", "random_093 random_117 random_053": "random_117, random_093, random_053",
		"random_033 random_003 random_022 random_000": "random_033, random_022, random_000, random_003", "é😀 a": `a, é\uD83D\uDE00`,
	} {
		_, err := r.For(identityOf(t, "u", strings.Fields(given)...)).Access(Search, "clinical-trials")
		if !errors.As(err, &d) || !strings.Contains(string(d.Body()), "backend_roles=["+want+"]") {
			t.Errorf("%s: %s", given, d.Body())
		}
	}
	odd := "\"\\\b\t\n\f\r\x01\x1f/<é\u2028"
	if got, want := string(appendText(nil, odd)), `"\"\\\b\t\n\f\r\u0001\u001F/<é`+"\u2028\""; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestHashOrder compares with what java.util.HashSet prints (OpenJDK 17).
func TestHashOrder(t *testing.T) {
	for _, row := range []struct{ texts, want string }{
		{"", ""}, {"b a", "a b"}, {"pubmed_admin_group b", "b pubmed_admin_group"},
		{"pubmed_limited_group clinical_trials_limited_group research_basic_group", "clinical_trials_limited_group research_basic_group pubmed_limited_group"},
		{"Aa BB C#", "Aa BB C#"}, {"BB Aa", "BB Aa"}, // one hash
		{"é 😀 z €", "😀 é z €"},
		{"role0 role1 role2 role3 role4 role5 role6 role7 role8 role9 role10 role11", "role0 role1 role11 role10 role4 role5 role2 role3 role8 role9 role6 role7"},
		{"role0 role1 role2 role3 role4 role5 role6 role7 role8 role9 role10 role11 role12", "role0 role12 role1 role11 role10 role4 role5 role2 role3 role8 role9 role6 role7"}, // of 32 slots
		{"g1 g22 g333 g4444 g55555 g666666 g7777777 g88888888 g999999999 x1 x22 x333 x4444 x55555 x666666 x7777777 x88888888 x999999999 y1 y22 y333 y4444 y55555 y666666 y7777777 y88888888 y999999999",
			"g88888888 g999999999 x88888888 x4444 y333 y88888888 x999999999 y1 g7777777 x666666 y7777777 x7777777 y55555 g333 g4444 g22 g55555 g1 x333 y666666 x55555 y22 y4444 x1 x22 y999999999 g666666"}, // of 64
	} {
		texts := strings.Fields(row.texts)
		if got := strings.Join(hashed(texts), " "); got != row.want || strings.Join(texts, " ") != row.texts {
			t.Errorf("%s: %s, want %s", row.texts, got, row.want)
		}
	}
}

// TestCheck has requests that need several actions, and the body of each denial.
func TestCheck(t *testing.T) {
	const bulk, index, del = "indices:data/write/bulk[s]", Write, "indices:data/write/delete"
	roles := `{"r": {"index_permissions": [{"index_patterns": ["a*"], "allowed_actions": ["indices:data/write/bulk*"]}, {"index_patterns": ["a1"], "allowed_actions": ["index"]},
		{"index_patterns": ["odd"], "allowed_actions": ["*"], "dls": "{\"term\": {\"a\": \"${attr.jwt.none}\"}}"}]}}`
	u := mustParse(t, roles, `{"r": {"users": ["test-user"]}}`, nil).For(identityOf(t, "test-user", "y", "x"))
	for _, row := range []struct{ actions, indices, missing string }{
		{bulk + " " + index, "a1", ""}, {bulk, "a1 a2", ""},
		{bulk + " " + index, "a2", index}, {bulk + " " + index, "b", bulk + ", " + index}, {index + " " + bulk, "b", index + ", " + bulk},
		{bulk + " " + index + " " + del, "a1 a2", index + ", " + del}, {del + " " + index + " " + del, "a2 a1 b", del + ", " + index},
		{bulk + " " + index, "a1 b", bulk + ", " + index},
	} {
		err := u.Check(strings.Fields(row.actions), strings.Fields(row.indices)...)
		if row.missing == "" {
			if err != nil {
				t.Errorf("%s on %s: %v", row.actions, row.indices, err)
			}
			continue
		}
		reason := `"no permissions for [` + row.missing + `] and User [name=test-user, backend_roles=[x, y], requestedTenant=null]"`
		want := `{"error":{"root_cause":[{"type":"security_exception","reason":` + reason + `}],"type":"security_exception","reason":` + reason + `},"status":403}`
		var d *Denied
		if !errors.As(err, &d) || string(d.Body()) != want || err.Error() != "fgac: no permissions for ["+row.missing+"]" {
			t.Errorf("%s on %s: %v\n%s, want\n%s", row.actions, row.indices, err, d.Body(), want)
		}
	}
	actions := []string{bulk}
	for name, err := range map[string]error{
		"no index": u.Check(actions), "no action": u.Check(nil, "a1"), "a list of names": u.Check(actions, "a1,a2"),
		"of the cluster": u.Check([]string{"indices:data/write/bulk"}, "a1"), "undefined": u.Check([]string{Get, bulk}, "odd"),
	} {
		var d *Denied
		if !errors.As(err, &d) || d.reason == "" {
			t.Errorf("%s: %v, want a reason", name, err)
		}
	}
}

// TestForbidden has a request for several indices, some of them forbidden.
func TestForbidden(t *testing.T) {
	roles := `{"r": {"index_permissions": [{"index_patterns": ["a*"], "allowed_actions": ["*"]}, {"index_patterns": ["odd"], "allowed_actions": ["*"], "dls": "{\"term\": {\"a\": \"${attr.jwt.none}\"}}"}]}}`
	const strict, lenient, empty = 0, 1, 2
	for _, row := range []struct {
		mode    int
		action  string
		indices string
		want    string // "403" is a denial
	}{
		{strict, Search, "a1 a2", "a1 a2"}, {strict, Search, "a1 b", "403"}, {strict, Search, "", "403"},
		{lenient, Search, "a1 b a2", "a1 a2"}, {lenient, Search, "b", "403"}, {lenient, Search, "", "403"},
		{lenient, Write, "a1 b", "403"}, {lenient, Write, "a1", "a1"}, {lenient, "indices:admin/resolve/index", "b a", "a"},
		{lenient, "indices:admin/mappings/fields/get", "b a", "a"}, {lenient, "indices:admin/delete", "b a", "403"},
		{lenient, Search, "a1 a1,a2", "403"}, {lenient, Search, "a1 odd", "403"}, // not for want of a permission
		{empty, Search, "b", ""}, {empty, Search, "b c", ""}, {empty, Search, "b a1", "a1"}, {empty, "indices:monitor/stats", "b", ""}, {empty, "indices:data/read/field_caps", "b", ""},
		{empty, Search, "", "403"}, {empty, Search, "odd", "403"}, {empty, Search, "b odd", "403"}, {empty, Search, "a*", "403"}, {empty, Write, "b", "403"}, {empty, "indices:data/read/scroll", "b", "403"},
		{empty, Get, "b", "403"}, {empty, Get, "b a1", "a1"}, {empty, "indices:data/read/mget[shard]", "b", "403"}, {empty, "indices:data/read/explain", "b", "403"},
	} {
		opts := &Options{DoNotFailOnForbidden: row.mode >= lenient, DoNotFailOnForbiddenEmpty: row.mode == empty}
		u := mustParse(t, roles, `{"r": {"users": ["mary"]}}`, opts).For(identityOf(t, "mary"))
		all, err := u.Accesses(row.action, strings.Fields(row.indices)...)
		var names []string
		for _, a := range all {
			names = append(names, a.Index())
		}
		got := strings.Join(names, " ")
		var d *Denied
		if errors.As(err, &d) {
			got = strings.TrimSpace("403 " + got)
		}
		if got != row.want || err != nil && d == nil {
			t.Errorf("%+v: %q, %v", row, got, err)
		}
	}
	if e := parseError(t, "", "", &Options{DoNotFailOnForbiddenEmpty: true}); e.File != "options" {
		t.Error(e)
	}
}

// TestCluster tells actions of the cluster from those on an index.
func TestCluster(t *testing.T) {
	for action, want := range map[string]bool{
		"cluster:monitor/health": true, "indices:admin/template/put": true, "indices:admin/index_template/get": true,
		"indices:data/read/scroll/clear": true, "indices:data/read/msearch": true, "indices:data/write/bulk": true, "indices:data/read/mget": true,
		"indices:data/read/mtv": true, "indices:data/write/reindex": true, "kibana:saved_objects/x/read": true,
		"indices:data/write/bulk[s]": false, "indices:data/read/mget[shard]": false, Search: false, Get: false, Write: false,
	} {
		if got := isCluster(action); got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
}

// TestPrepared asks for more indices than are kept, and again.
func TestPrepared(t *testing.T) {
	u := mustParse(t, `{"r": {"index_permissions": [{"index_patterns": ["*"], "allowed_actions": ["read"]}]}}`, `{"r": {"users": ["mary"]}}`, nil).For(identityOf(t, "mary"))
	for range 2 {
		for i := range 2*maxPrepared + 3 {
			name := fmt.Sprint("i", i)
			if a := mustAccess(t, u, name); a.Index() != name {
				t.Fatalf("index %s, want %s", a.Index(), name)
			}
			if _, err := u.Access(Write, name); err == nil {
				t.Fatal("a reader writes")
			}
		}
	}
	mustAccess(t, u, strings.Repeat("x", maxIndex))
	if _, err := u.Access(Search, strings.Repeat("x", maxIndex+1)); err == nil {
		t.Error("a name that no index has")
	}
	if first, again := mustAccess(t, u, "a"), mustAccess(t, u, "a"); first != again {
		t.Error("an access is prepared twice")
	}
	_, denial := u.Access(Write, "a")
	if _, again := u.Access(Write, "a"); denial == nil || denial != again {
		t.Error("a denial is prepared twice")
	}
	if len((*u.in).prepared) > maxPrepared {
		t.Errorf("%d are kept", len((*u.in).prepared))
	}
}

// TestLookupThatWorksAgain asks again after a denial for another reason than a
// missing permission.
func TestLookupThatWorksAgain(t *testing.T) {
	err := errors.New("down")
	opts := &Options{Lookup: func(string, string, string) ([]any, error) { return []any{"x"}, err }}
	u := mustParse(t, ruledRole(tlq), everyRole, opts).For(identityOf(t, "mary"))
	if _, err := u.Access(Search, "i"); err == nil {
		t.Fatal("a lookup that fails admits")
	}
	err = nil
	shows(t, mustAccess(t, u, "i"), `{"code":"x"}`, `{"code":"x"}`)
}

// FuzzParse looks for files that panic, or that fail without an *Error.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{pubmedRoles, pubmedMapping, "", "{}", `{"r":{"index_permissions":[{"index_patterns":["${a:-${b}}"]}]}}`, "r: &a [*a]", "? a\n: b", "- - -", "r:\n  x: |\n    y"} {
		f.Add([]byte(seed), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, roles, mapping []byte) {
		r, err := Parse(roles, mapping, &Options{ActionGroups: mapping})
		var e *Error
		if (err == nil) != (r != nil) || err != nil && !errors.As(err, &e) {
			t.Errorf("Parse = %v, %v", r, err)
		}
	})
}

// TestParseBounds has files whose parts multiply.
//
// Rule G4
func TestParseBounds(t *testing.T) {
	group := map[string]any{"allowed_actions": strings.Split(strings.TrimSpace(strings.Repeat("x ", 10)+wordList(3000)), " ")}
	var grants, fields []any
	for i := range 400 {
		grants = append(grants, map[string]any{"allowed_actions": []string{"g"}})
		fls := []string{"a"}
		if i%2 == 0 {
			fls = []string{"~b"}
		}
		fields = append(fields, map[string]any{"index_patterns": []string{fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)}, "fls": fls})
	}
	opts := &Options{ActionGroups: mustJSON(map[string]any{"g": group})}
	if e := parseError(t, string(mustJSON(map[string]any{"r": map[string]any{"index_permissions": grants}})), "", opts); !strings.Contains(e.Reason, "more actions") {
		t.Error(e)
	}
	if e := parseError(t, string(mustJSON(map[string]any{"r": map[string]any{"index_permissions": fields}})), "", nil); !strings.Contains(e.Reason, "AllowMixed") {
		t.Error(e)
	}
	mustParse(t, string(mustJSON(map[string]any{"r": map[string]any{"index_permissions": fields[:200]}})), "", nil)
}
