package fgac

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestFromClaims reads names and roles as a strict reader does, and as the
// plugin does.
//
// Rule F1
func TestFromClaims(t *testing.T) {
	const none = "error"
	for _, row := range []struct {
		name                string
		claims              string
		subject, roles      string
		wantName, wantRoles string // none is an error
		pluginName          string
		pluginRoles         string
	}{
		{"both", `{"sub": "m", "roles": ["a", "b", "3rd"]}`, "", "roles", "m", "a|b|3rd", "m", "a|b|3rd"},
		{"no roles key", `{"sub": "m", "roles": ["a"]}`, "", "", "m", "", "m", ""},
		{"roles in one text", `{"sub": "m", "roles": "role1,role2"}`, "", "roles", "m", "role1,role2", "m", "role1|role2"},
		{"spaces", `{"sub": " m ", "roles": [" a ", "a"]}`, "", "roles", " m ", " a |a", "m", "a"},
		{"twice", `{"sub": "m", "roles": ["a", "b", "a"]}`, "", "roles", "m", "a|b", "m", "a|b"},
		{"a number as roles", `{"sub": "m", "roles": 123}`, "", "roles", none, none, "m", "123"},
		{"an object as roles", `{"sub": "m", "roles": {"a": 1}}`, "", "roles", none, none, "m", `{"a":1}`},
		{"null roles", `{"sub": "m", "roles": null}`, "", "roles", none, none, "m", ""},
		{"null among roles", `{"sub": "m", "roles": ["a", null, 1, true]}`, "", "roles", none, none, "m", "a|1|true"},
		{"empty role", `{"sub": "m", "roles": ["a", ""]}`, "", "roles", none, none, "m", "a"},
		{"no roles", `{"sub": "m", "roles": []}`, "", "roles", "m", "", "m", ""},
		{"roles missing", `{"sub": "m"}`, "", "roles", none, none, "m", ""},
		{"subject elsewhere", `{"asub": "Dr. Who", "sub": "m"}`, "asub", "", "Dr. Who", "", "Dr. Who", ""},
		{"subject missing", `{"sub": "m"}`, "asub", "", none, none, none, none},
		{"subject false", `{"asub": false}`, "asub", "", none, none, "false", ""},
		{"subject empty", `{"sub": ""}`, "", "", none, none, none, none},
		{"subject blank", `{"sub": "  "}`, "", "", "  ", "", none, none},
		{"nested", `{"sub": "m", "realm_access": {"roles": ["a"]}, "u~/": {"n": "x"}}`, "/u~0~1/n", "/realm_access/roles", "x", "a", "x", "a"},
		{"nested in a text", `{"sub": "m", "realm_access": "x"}`, "", "/realm_access/roles", none, none, "m", ""},
		{"nested missing", `{"sub": "m", "realm_access": {}}`, "", "/realm_access/roles", none, none, "m", ""},
		{"a colon", `{"sub": "m", "cognito:groups": ["g"]}`, "", "cognito:groups", "m", "g", "m", "g"},
		{"overage", `{"sub": "m", "roles": ["a"], "_claim_names": {"roles": "src"}}`, "", "roles", none, none, none, none},
		{"nested overage", `{"sub": "m", "x": {"roles": ["a"]}, "_claim_names": {"x": "src"}}`, "", "/x/roles", none, none, none, none},
		{"odd overage", `{"sub": "m", "roles": ["a"], "_claim_names": "roles"}`, "", "roles", none, none, none, none},
		{"has groups", `{"sub": "m", "roles": ["a"], "hasgroups": true}`, "", "roles", none, none, none, none},
		{"has no groups", `{"sub": "m", "roles": ["a"], "hasgroups": false}`, "", "roles", "m", "a", "m", "a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, coerce := range []bool{false, true} {
				id, err := FromClaims(maps.All(decoded(t, row.claims)), Keys{Subject: row.subject, Roles: row.roles, PluginClaimCoercion: coerce})
				who := id.get()
				gotName, gotRoles := who.name, strings.Join(who.backendRoles, "|")
				if err != nil {
					gotName, gotRoles = none, none
					if id != (Identity{}) || !strings.HasPrefix(err.Error(), "fgac: ") {
						t.Errorf("%v, %v", id, err)
					}
				}
				wantName, wantRoles := row.wantName, row.wantRoles
				if coerce {
					wantName, wantRoles = row.pluginName, row.pluginRoles
				}
				if gotName != wantName || gotRoles != wantRoles {
					t.Errorf("coerce %v: %q, %q (%v); want %q, %q", coerce, gotName, gotRoles, err, wantName, wantRoles)
				}
			}
		})
	}
	if _, err := FromClaims(maps.All(map[string]any{"sub": "m"}), Keys{Roles: "roles", MissingRolesMeanNone: true}); err != nil {
		t.Error(err)
	}
	twice := func(yield func(string, any) bool) { _ = yield("sub", "a") && yield("sub", "b") }
	if _, err := FromClaims(twice, Keys{}); err == nil {
		t.Error("a claim twice is accepted")
	}
	inGo := map[string]any{"sub": "m", "roles": []string{"a"}, "n": 1, "f": 1.5, "ch": func() {}}
	for _, coerce := range []bool{false, true} {
		id, err := FromClaims(maps.All(inGo), Keys{Roles: "roles", PluginClaimCoercion: coerce})
		if who := id.get(); err != nil || !slices.Equal(who.backendRoles, []string{"a"}) || who.variables["attr.jwt.f"].value != json.Number("1.5") || who.variables["attr.jwt.ch"].value != nil {
			t.Errorf("%v, %v", who, err)
		}
	}
	if got := textOf(func() {}); got != "" {
		t.Error(got)
	}
}

func decoded(t testing.TB, text string) map[string]any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestVariables renders templates. Where the plugin differs, the row says so.
//
// Rule F1
func TestVariables(t *testing.T) {
	claims := `{"sub": "alice", "dept": "eng", "which": "dept", "list": ["a", 1, true], "empty": "", "rec": "${user.name}", "evil": "x\"}},{\"match_all\":{}",
		"n": 1.50, "yes": true, "null": null, "nested": [["a"]], "mixed": ["a", null],
		"tenant": {"id": "enterprise", "roles": ["admin", "user"]}, "a.b": "one", "a": {"b": "two"}, "c_d": "three", "c.d": "four", "roles": ["r1", "r2"]}`
	id, err := FromClaims(maps.All(decoded(t, claims)), Keys{Roles: "roles"})
	if err != nil {
		t.Fatal(err)
	}
	who := mustParse(t, "", `{"z": {"users": ["alice"]}, "b": {"backend_roles": ["r1"]}}`, nil).For(id)
	const undefined = "undefined"
	for _, row := range []struct{ template, want string }{
		{"${user.name}", `"alice"`}, {"${user_name}", `"alice"`}, {"x-${user.name}-y", `"x-alice-y"`},
		{"${attr.jwt.missing}", undefined}, {"a${attr.jwt.missing}", undefined},
		{"${attr.jwt.missing:-dflt}", `"dflt"`}, {"${attr.jwt.missing:-${user.name}}", `"alice"`}, {"${attr.jwt.missing:-}", `""`},
		{"${attr.jwt.missing:-a:-b}", `"a:-b"`}, {"${attr.jwt.missing:-a${user.name}:-${attr.jwt.n}}", `"aalice:-1.50"`},
		{"${attr.jwt.empty:-x}", `""`}, {"${attr.jwt.${attr.jwt.which}}", `"eng"`}, {"${attr.jwt.${attr.jwt.missing}}", undefined},
		{"${attr.jwt.rec}", `"${user.name}"`},                                  // the plugin expands what a claim holds
		{"${attr.jwt.evil}", `"x\"}},{\"match_all\":{}"`},                      // the plugin pastes it into the query
		{"${attr.jwt.list}", `["a",1,true]`}, {"x${attr.jwt.list}", undefined}, // the plugin pastes the JSON of the list
		{"${attr.jwt.n}", `1.50`}, {"${attr.jwt.yes}", `true`}, {"${attr.jwt.yes}${attr.jwt.n}", `"true1.50"`},
		{"${attr.jwt.null}", undefined}, {"${attr.jwt.nested}", undefined}, {"${attr.jwt.mixed}", undefined}, // texts in the plugin
		{"${attr.jwt.tenant.id}", `"enterprise"`}, {"${attr.jwt.tenant.roles}", `["admin","user"]`}, {"${attr.jwt.tenant}", undefined},
		{"${attr.jwt.a.b}", undefined}, {"${attr_jwt_a_b}", undefined}, {"${attr.jwt.a.b:-x}", undefined}, // two claims have that name
		{"${attr.jwt.c.d}", `"four"`}, {"${attr.jwt.c_d}", `"three"`}, {"${attr_jwt_c_d}", undefined},
		{"${user.roles}", `["r1","r2"]`}, {"${user_securityRoles}", `["b","z"]`}, {"$user.name", `"$user.name"`}, {"}:-", `"}:-"`},
	} {
		tpl, err := parseTemplate(row.template)
		if err != nil {
			t.Errorf("%s: %v", row.template, err)
			continue
		}
		got := undefined
		if v, ok := tpl.value((*who.in).id); ok {
			var b strings.Builder
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(v.value); err != nil {
				t.Fatal(err)
			}
			got = strings.TrimSpace(b.String())
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.template, got, row.want)
		}
	}
	for _, bad := range []string{"$${user.name}", "${ user.name }", "${}", "${user.name", "${a:-b", "${:-x}", "${a\"b}", "${" + strings.Repeat("${", 9) + strings.Repeat("}", 10), "${a:-${b}", strings.Repeat("${a:-", 9) + strings.Repeat("}", 9)} {
		if tpl, err := parseTemplate(bad); err == nil {
			t.Errorf("%s is accepted: %v", bad, tpl)
		}
	}
}

// FuzzTemplate looks for templates that panic, or that lose a text.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"a", "${user.name}", "${a:-${b:-c}}", "${a.${b}}x", "$${", "${", "}", ":-"} {
		f.Add(seed)
	}
	id := &identity{}
	id.define("user.name", "alice")
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := parseTemplate(text)
		if err != nil {
			return
		}
		got, ok := tpl.text(id)
		if !strings.Contains(text, "${") && (!ok || got != text) {
			t.Errorf("%q becomes %q, %v", text, got, ok)
		}
	})
}

// TestIdentityCopies changes what an identity was made from.
func TestIdentityCopies(t *testing.T) {
	list, roles, hosts := []any{"a"}, []any{"r"}, []string{"10.0.0.1"}
	id := identityWith(t, "mary", map[string]any{"list": list, "roles": roles}).WithHosts(hosts...)
	list[0], roles[0], hosts[0] = "b", "s", "x"
	who := id.get()
	if got := fmt.Sprint(who.variables["attr.jwt.list"].value, who.backendRoles, who.hosts); got != "[a] [r] [10.0.0.1]" {
		t.Error(got)
	}
	if got := fmt.Sprintf("%v %+v %s", id, mustParse(t, "", "", nil).For(id), id); got != "identity(1 backend roles) user(0 roles) identity(1 backend roles)" {
		t.Error(got)
	}
}

// TestOddClaims has values that no token has, from a caller's own map.
func TestOddClaims(t *testing.T) {
	id := identityWith(t, "mary", map[string]any{"n": json.Number(`1}},{"match_all":{}`), "s": "\xff", "f": math.NaN(), "l": []any{"\xff"}, "ok": 1.5})
	for _, name := range []string{"n", "s", "f", "l"} {
		if v := id.get().variables["attr.jwt."+name].value; v != nil {
			t.Errorf("%s is %v", name, v)
		}
	}
	for _, claims := range []map[string]any{{"sub": "\xff"}, {"sub": "m", "roles": []any{"\xff"}}} {
		if _, err := FromClaims(maps.All(claims), Keys{Roles: "roles", MissingRolesMeanNone: true}); err == nil {
			t.Errorf("%q is accepted", claims)
		}
	}
}
