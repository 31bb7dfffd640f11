package fgac

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestExplain explains documents to operators, without a value of the caller or
// of the document.
//
// Rule G3
func TestExplain(t *testing.T) {
	roles := `{"reader": {"index_permissions": [{"index_patterns": ["i"], "dls": "{\"term\": {\"owner\": \"${user.name}\"}}", "fls": ["title", "owner", "a.b"], "masked_fields": ["owner"], "allowed_actions": ["read"]}]},
		"public": {"index_permissions": [{"index_patterns": ["i"], "dls": "{\"term\": {\"public\": true}}", "fls": ["~secret", "~a"], "masked_fields": ["owner::MD5", "title"], "allowed_actions": ["read"]}]},
		"free": {"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"]}]}}`
	mapping := `{"reader": {"backend_roles": ["readers*"], "users": ["zq*"], "and_backend_roles": ["readers-1"]}, "public": {"users": ["*"]}, "free": {"hosts": ["10.*"]}, "gone": {"users": ["*"]}}`
	r := mustParse(t, roles, mapping, &Options{InsecureDefaultSalt: true, Merge: MergePerGrant})
	a := mustAccess(t, r.For(identityOf(t, "zqvx", "readers-1")), "i")
	for _, row := range []struct{ doc, want string }{
		{`{"owner": "zqvx", "title": "q8", "a": {"b": 1, "c": [2, 3]}, "secret": "q9"}`, `role gone: users "*"
role public: users "*"
role reader: users "zq*", backend_roles "readers*", all of and_backend_roles
visible: role "reader": {"term": {"owner": "${user.name}"}}
owner: strings masked by role "reader": owner
title: shown
a.b: shown
a.c: hidden by role "reader": not among its fields
secret: hidden by role "reader": not among its fields
`},
		{`{"owner": ["q7"], "title": "q8", "secret.x": "q9", "public": true}`, `role gone: users "*"
role public: users "*"
role reader: users "zq*", backend_roles "readers*", all of and_backend_roles
visible: role "public": {"term": {"public": true}}
owner: strings masked by role "public": owner::MD5
title: strings masked by role "public": title
secret.x: hidden by role "public": ~secret
public: shown
`},
		{`{"owner": "q7"}`, `role gone: users "*"
role public: users "*"
role reader: users "zq*", backend_roles "readers*", all of and_backend_roles
hidden: role "public": {"term": {"public": true}}; role "reader": {"term": {"owner": "${user.name}"}}
`},
		{`{"owner": }`, `role gone: users "*"
role public: users "*"
role reader: users "zq*", backend_roles "readers*", all of and_backend_roles
hidden: the document is not strict JSON
`},
	} {
		got := a.Explain("", []byte(row.doc)).String()
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.doc, diff)
		}
		for _, value := range []string{"zqvx", "readers-1", "q7", "q8", "q9"} {
			if strings.Contains(got, value) {
				t.Errorf("%s shows %s", got, value)
			}
		}
	}
	b := mustAccess(t, r.For(identityOf(t, "zqvx").WithHosts("10.0.0.1")), "i")
	if got := b.Explain("", []byte(`{"x": 1}`)); !strings.Contains(got.String(), "role free: hosts \"10.*\"\n") || !strings.Contains(got.String(), "visible: no rule for documents\nx: shown\n") {
		t.Error(got)
	}
	both := mustParse(t, roles, "", &Options{InsecureDefaultSalt: true, Resolution: BackendRolesOnly})
	c := mustAccess(t, both.For(identityOf(t, "zqvx", "free", "q7")), "i")
	if got := c.Explain("", []byte(`{}`)).Roles; len(got) != 1 || got[0] != "free: a backend role of that name" {
		t.Errorf("%q", got)
	}
}

// TestExplainAgrees requires that what is explained is what is shown.
func TestExplainAgrees(t *testing.T) {
	hidden, shown := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		fls := [][]string{drawFields(t), drawFields(t)}
		r, err := Parse([]byte(rolesWith(fls, []string{"b"})), []byte(everyRole), &Options{InsecureDefaultSalt: true, Merge: Merge(rapid.IntRange(0, 2).Draw(t, "merge"))})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		a, _ := r.For(id).Access(Search, "i")
		source := mustJSON(drawNested(t, 2))
		got, ok := a.Document(source)
		e := a.Explain("", source)
		if ok != e.Visible {
			t.Fatalf("%s: %v, explained as %v", source, ok, e)
		}
		if !ok {
			return
		}
		seen := map[string]bool{}
		leavesOf(numbers(got), "", seen)
		for _, f := range e.Fields {
			if hides := strings.HasPrefix(f.State, "hidden by role"); hides == seen[f.Path] {
				t.Fatalf("%s of %s is %s, but shown: %s", f.Path, source, f.State, got)
			} else if hides {
				hidden++
			} else {
				shown++
			}
		}
	})
	if hidden == 0 || shown == 0 {
		t.Errorf("%d hidden, %d shown", hidden, shown)
	}
}

// TestExplainMany: of a document with very many fields, the first are explained.
//
// Rule G4
func TestExplainMany(t *testing.T) {
	var b strings.Builder
	for i := range maxExplained + 1 {
		fmt.Fprintf(&b, `"f%d":1,`, i)
	}
	e := listed(t, "~x").Explain("", []byte(`{`+b.String()+`"last":1}`))
	if n := len(e.Fields); !e.Visible || n != maxExplained || e.Fields[n-1].Path != fmt.Sprint("f", n-1) {
		t.Errorf("%d fields", n)
	}
}

// TestHash has accesses that are equal, and some that are not.
func TestHash(t *testing.T) {
	hash := func(roles, user string, opts Options) string {
		return mustAccess(t, mustParse(t, roles, everyRole, &opts).For(identityOf(t, user)), "i").Hash()
	}
	role := func(members string) string {
		return `"index_permissions": [{"index_patterns": ["i"], "allowed_actions": ["read"]` + members + `}]`
	}
	one := `{"r0": {` + role(`, "dls": "{\"term\": {\"a\": \"${user.name}\"}}", "fls": ["a", "b"], "masked_fields": ["a"]`) + `}}`
	salt := Options{Salt: "0123456789abcdef"}
	base := hash(one, "mary", salt)
	if len(base) != 64 || hash(one, "mary", salt) != base {
		t.Errorf("hash %s", base)
	}
	for name, other := range map[string]string{
		"another user": hash(one, "bob", salt), "another salt": hash(one, "mary", Options{Salt: "0123456789abcdeg"}), "legacy": hash(one, "mary", Options{Salt: salt.Salt, MaskAlgorithm: legacyDefault}),
		"another field": hash(strings.Replace(one, `"b"`, `"c"`, 1), "mary", salt), "an exclude": hash(strings.Replace(one, `["a", "b"]`, `["~a"]`, 1), "mary", salt),
		"another mask": hash(strings.Replace(one, `"masked_fields": ["a"]`, `"masked_fields": ["a::MD5"]`, 1), "mary", salt), "no mask": hash(strings.Replace(one, `"masked_fields": ["a"]`, `"masked_fields": []`, 1), "mary", salt),
		"no rule": hash(strings.Replace(one, `term`, `prefix`, 1), "mary", salt), "nothing": hash(`{"r0": {`+role("")+`}}`, "mary", salt),
	} {
		if other == base {
			t.Errorf("%s has the same hash", name)
		}
	}
	two := `{"r0": {` + role(`, "fls": ["a"], "dls": "{\"match_all\": {}}"`) + `}, "r1": {` + role(`, "fls": ["b"], "dls": "{\"match_none\": {}}"`) + `}}`
	swapped := `{"r1": {` + role(`, "fls": ["a"], "dls": "{\"match_all\": {}}"`) + `}, "r0": {` + role(`, "fls": ["b"], "dls": "{\"match_none\": {}}"`) + `}}`
	for _, merge := range []Merge{MergePlugin, MergePerGrant} {
		if hash(two, "mary", Options{Merge: merge}) != hash(swapped, "mary", Options{Merge: merge}) {
			t.Errorf("in mode %d the order of roles counts", merge)
		}
	}
	if hash(two, "mary", Options{}) == hash(two, "mary", Options{Merge: MergePerGrant}) {
		t.Error("how rules are merged does not count")
	}
}

// TestLint has what is found, role by role.
func TestLint(t *testing.T) {
	roles := `{"free": {"index_permissions": [{"index_patterns": ["p*"], "allowed_actions": ["read"]}]},
		"fields": {"index_permissions": [{"index_patterns": ["pubmed"], "fls": ["a", "b.keyword"], "masked_fields": ["a::MD5", "c::/x/::y"], "allowed_actions": ["read"]}]},
		"hides": {"index_permissions": [{"index_patterns": ["*med"], "fls": ["~c"], "allowed_actions": ["read"]}]},
		"apart": {"index_permissions": [{"index_patterns": ["trials"], "dls": "{\"match_all\": {}}", "allowed_actions": ["read"]}]},
		"writes": {"index_permissions": [{"index_patterns": ["w1"], "dls": "{\"match_all\": {}}", "allowed_actions": ["write"]}, {"index_patterns": ["w2"], "allowed_actions": ["write"]}]},
		"idle": {"index_permissions": [{"index_patterns": ["x"]}]},
		"mixed": {"index_permissions": [{"index_patterns": ["y"], "fls": ["a", "~b"], "allowed_actions": ["read"]}]}}`
	mapping := `{"free": {"users": ["a"]}, "fields": {"backend_roles": ["a"]}, "hides": {"hosts": ["a"]}, "apart": {"and_backend_roles": ["a"]}, "mixed": {"users": []}, "writes": {"users": ["a"]}, "gone": {"users": ["*"]}}`
	lint := func(opts Options) string {
		var b strings.Builder
		for _, f := range mustParse(t, roles, mapping, &opts).Lint() {
			b.WriteString(f.String() + "\n")
		}
		return b.String()
	}
	const always = `role "fields": entry 0: fls "b.keyword" matches nothing: names are compared without .keyword
role "fields": entry 0: mask "a::MD5" has no salt: values can be told by trying
`
	const writes = `role "writes": entry %d: does not grant searching, but counts in searches of who has other roles too; MergePerGrant avoids that
`
	const rest = `role "gone": is mapped and does not exist
`
	const idle = `role "idle": nobody has it: no mapping names a user, a backend role or a host
role "idle": entry 0: grants nothing: it has no index or no action
role "mixed": nobody has it: no mapping names a user, a backend role or a host
role "mixed": entry 0: fls has includes and excludes
`
	for _, row := range []struct {
		opts Options
		want string
	}{
		{Options{InsecureDefaultSalt: true, AllowMixed: true}, `masks use the plugin's salt, which everybody knows: values can be told by trying; set Salt
` + always + `role "fields": who also has role "hides" is shown all fields but those that one excludes: the includes of this one are ignored
role "free": has no fls for an index of role "fields": who also has that one sees less
role "free": has no masked_fields for an index of role "fields": who also has that one sees less
role "free": has no fls for an index of role "hides": who also has that one sees less
` + rest + `role "hides": has no masked_fields for an index of role "fields": who also has that one sees less
` + idle + fmt.Sprintf(writes, 0)},
		{Options{Salt: "0123456789abcdef", AllowMixed: true, Merge: MergeEmptyOverridesAll}, always + `role "fields": fls is lifted for who also has role "free", which has none
role "fields": masked_fields is lifted for who also has role "free", which has none
role "fields": who also has role "hides" is shown all fields but those that one excludes: the includes of this one are ignored
role "fields": masked_fields is lifted for who also has role "hides", which has none
` + rest + `role "hides": fls is lifted for who also has role "free", which has none
` + idle + fmt.Sprintf(writes, 0) + fmt.Sprintf(writes, 1)},
		{Options{MaskAlgorithm: "MD5", AllowMixed: true, Merge: MergePerGrant, Resolution: Both}, `masks have no salt: values can be told by trying; leave MaskAlgorithm empty and set Salt
` + always + `role "idle": entry 0: grants nothing: it has no index or no action
role "mixed": entry 0: fls has includes and excludes
`},
	} {
		if diff := cmp.Diff(row.want, lint(row.opts)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", row.opts, diff)
		}
	}
	masks := func(masks, fls string) string {
		var b strings.Builder
		file := `{"m": {"index_permissions": [{"index_patterns": ["i"], "masked_fields": ` + masks + `, "allowed_actions": ["read"]}]}, "z": {"index_permissions": [{"index_patterns": ["j"], "fls": ` + fls + `, "allowed_actions": ["read"]}]}}`
		for _, f := range mustParse(t, file, "", &Options{Salt: "0123456789abcdef", Resolution: Both}).Lint() {
			if !strings.Contains(f.Problem, "flat_object") { // TestFlatObjectPatterns
				b.WriteString(f.String() + "\n")
			}
		}
		return b.String()
	}
	const finding = `role "m": entry 0: mask "name::/x/::y" does not mask "name.first", which a rule names: a mask is for one path; mask "name.*" too
`
	for _, row := range []struct{ masks, fls, want string }{
		{`["name::/x/::y"]`, `["name.first"]`, finding}, {`["name::/x/::y"]`, `["~name.first", "~name.keyword"]`, finding}, {`["name::/x/::y", "name.first"]`, `[]`, finding},
		{`["name"]`, `["~name.keyword", "~names.x", "~name"]`, ""}, {`["name*"]`, `["name.first"]`, ""}, {`["name"]`, `["*.first"]`, ""}, {`["a.*"]`, `["~a.*.c"]`, ""},
	} {
		if got := masks(row.masks, row.fls); got != row.want {
			t.Errorf("masks %s, fields %s: %s, want %s", row.masks, row.fls, got, row.want)
		}
	}
	many := map[string]any{}
	for i := range 600 {
		many["r"+strings.Repeat("x", i)] = map[string]any{"index_permissions": []any{map[string]any{"index_patterns": []string{"a*"}, "allowed_actions": []string{"read"}}}}
	}
	if found := mustParse(t, string(mustJSON(many)), "", nil).Lint(); len(found) != 601 || found[0].Problem != "there are too many roles to compare all of them" {
		t.Errorf("%d findings, the first %v", len(found), found[0])
	}
}
