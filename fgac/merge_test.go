package fgac

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMergeFields has the fields of several roles, in each of the modes.
//
// Rules F3, F4
func TestMergeFields(t *testing.T) {
	doc := `{"actors":1,"title":2,"year":3,"directors":4,"genres":5,"plot":6}`
	for _, row := range []struct {
		fls  string
		want [3]string // the names that are shown
	}{
		{"actors,title,year|~actors,~title,~genres", [3]string{"year directors plot", "year directors plot", "actors title year directors plot"}},
		{"title|year", [3]string{"title year", "title year", "title year"}},
		{"~title|~year", [3]string{"actors directors genres plot", "actors directors genres plot", "actors title year directors genres plot"}},
		{"title|", [3]string{"title", "actors title year directors genres plot", "actors title year directors genres plot"}},
		{"*|title", [3]string{"actors title year directors genres plot", "actors title year directors genres plot", "actors title year directors genres plot"}},
		{"*|~title", [3]string{"actors year directors genres plot", "actors year directors genres plot", "actors title year directors genres plot"}},
	} {
		var fls [][]string
		for _, list := range strings.Split(row.fls, "|") {
			fls = append(fls, strings.FieldsFunc(list, func(r rune) bool { return r == ',' }))
		}
		for mode, merge := range []Merge{MergePlugin, MergeEmptyOverridesAll, MergePerGrant} {
			got, _ := accessTo(t, fls, nil, Options{Merge: merge}).Document([]byte(doc))
			var shown []string
			for _, name := range strings.Fields("actors title year directors genres plot") {
				if bytes.Contains(got, []byte(`"`+name+`"`)) {
					shown = append(shown, name)
				}
			}
			if s := strings.Join(shown, " "); s != row.want[mode] {
				t.Errorf("%s in mode %d: %s, want %s", row.fls, mode, s, row.want[mode])
			}
		}
	}
}

// TestPerGrant gives a document the fields of the entries that show it.
//
// Rule F4
func TestPerGrant(t *testing.T) {
	roles := `{"own": {"index_permissions": [{"index_patterns": ["i"], "dls": "{\"term\": {\"owner\": \"${user.name}\"}}", "allowed_actions": ["read"]}]},
		"title": {"index_permissions": [{"index_patterns": ["i"], "fls": ["title", "owner"], "masked_fields": ["owner::MD5"], "allowed_actions": ["read"]}]},
		"public": {"index_permissions": [{"index_patterns": ["i"], "dls": "{\"term\": {\"public\": true}}", "fls": ["~secret"], "masked_fields": ["owner", "title::/e/::3"], "allowed_actions": ["read"]}]}}`
	u := func(names string) *Access {
		return mustAccess(t, mustParse(t, roles, anybody("own", "title", "public"), &Options{Merge: MergePerGrant, InsecureDefaultSalt: true}).For(identityOf(t, "mary", strings.Fields(names)...)), "i")
	}
	for _, row := range []struct{ roles, doc, want string }{
		{"own title", `{"owner":"mary","title":"x","secret":1}`, `{"owner":"mary","title":"x","secret":1}`},
		{"own title", `{"owner":"bob","title":"x","secret":1}`, `{"owner":"9f9d51bc70ef21ca5c14f307980a29d8","title":"x"}`},
		{"own public", `{"owner":"bob","title":"x","secret":1}`, "hidden"},
		{"own public", `{"owner":"mary","title":"e","secret":1,"public":true}`, `{"owner":"mary","title":"e","secret":1,"public":true}`},
		{"title public", `{"owner":"bob","title":"e","secret":1,"n":2,"public":true}`, `{"owner":"HASH","title":"e","n":2,"public":true}`},
		{"public", `{"owner":"bob","title":"e","secret":1,"public":true}`, `{"owner":"HASH","title":"3","public":true}`},
	} {
		got, ok := u(row.roles).Document([]byte(row.doc))
		s := "hidden"
		if ok {
			s = strings.ReplaceAll(string(got), hashOf(t, "bob"), "HASH")
		}
		if s != row.want {
			t.Errorf("%s of %s:\n%s, want\n%s", row.roles, row.doc, s, row.want)
		}
	}
}

// TestArrayOfGrants has an array whose strings one grant masks, and through which
// another one only reaches an object.
//
// Rule F4
func TestArrayOfGrants(t *testing.T) {
	a := accessTo(t, [][]string{{"a"}, {"a.b"}}, []string{"a"}, Options{Merge: MergePerGrant, InsecureDefaultSalt: true})
	shows(t, a, `{"a":["s",{"b":"x","c":"y"}]}`, `{"a":["`+hashOf(t, "s")+`",{"b":"x"}]}`)
}

// TestExcludesNarrow adds an exclude and requires that nothing more is shown: for
// rules without includes, and always in per-grant mode.
//
// Rule F4
func TestExcludesNarrow(t *testing.T) {
	narrowed := 0
	rapid.Check(t, func(t *rapid.T) {
		merge := Merge(rapid.IntRange(0, 2).Draw(t, "merge"))
		var fls [][]string
		for range rapid.IntRange(1, 3).Draw(t, "roles") {
			list := drawFields(t)
			if merge != MergePerGrant {
				list = slices.DeleteFunc(list, func(p string) bool { return p[0] != '~' })
			}
			fls = append(fls, list)
		}
		source := mustJSON(drawNested(t, 2))
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		shown := func() map[string]bool {
			r, err := Parse([]byte(rolesWith(fls, nil)), []byte(everyRole), &Options{AllowMixed: true, Merge: merge})
			if err != nil {
				t.Fatal(err)
			}
			a, err := r.For(id).Access(Search, "i")
			if err != nil {
				t.Fatal(err)
			}
			all := map[string]bool{}
			if got, ok := a.Document(source); ok {
				leaves(numbers(got), "", all)
			}
			return all
		}
		before := shown()
		i := rapid.IntRange(0, len(fls)-1).Draw(t, "role")
		fls[i] = append(slices.Clone(fls[i]), "~"+fieldGlobs.Draw(t, "exclude more"))
		after := shown()
		for leaf := range after {
			if !before[leaf] {
				t.Fatalf("%q shows %s of %s, which was hidden", fls, leaf, source)
			}
		}
		if len(after) < len(before) {
			narrowed++
		}
	})
	if narrowed == 0 {
		t.Error("no exclude had an effect")
	}
}
