package fgac

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rolesWith makes a role for each list of fields, for index i.
func rolesWith(fls [][]string, masks []string) string {
	roles := map[string]any{}
	for i, list := range fls {
		entry := map[string]any{"index_patterns": []string{"i"}, "allowed_actions": []string{"read"}, "fls": list}
		if i == 0 {
			entry["masked_fields"] = masks
		}
		roles[fmt.Sprintf("r%d", i)] = map[string]any{"index_permissions": []any{entry}}
	}
	return string(mustJSON(roles))
}

const everyRole = `{"r0": {"users": ["*"]}, "r1": {"users": ["*"]}, "r2": {"users": ["*"]}}`

// accessTo is the access to index i that roles give.
func accessTo(t testing.TB, fls [][]string, masks []string, opts Options) *Access {
	t.Helper()
	return mustAccess(t, mustParse(t, rolesWith(fls, masks), everyRole, &opts).For(identityOf(t, "mary")), "i")
}

// TestFieldVectors runs what the plugin says of fields in queries. In three lines
// it says more than it shows in documents.
//
// Rules F3, F4
func TestFieldVectors(t *testing.T) {
	type vector struct {
		Roles     [][]string
		Field     string
		Queryable bool
	}
	differ := map[string]int{}
	for _, v := range vectors[vector](t, "fields.jsonl", 41) {
		if slices.ContainsFunc(v.Roles, func(l []string) bool { return slices.Contains(l, "") }) {
			parseError(t, rolesWith(v.Roles, nil), everyRole, nil)
			differ["blank"]++
			continue
		}
		a := accessTo(t, v.Roles, nil, Options{AllowMixed: true})
		got := (*a.in).views[0].fields.visible(v.Field)
		if got != v.Queryable {
			differ[fmt.Sprint(v.Roles, v.Field)]++
		}
	}
	if diff := cmp.Diff(map[string]int{"blank": 1, "[[b.x]]b.x.y": 1}, differ); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

// closed are the vectors of documents in which the plugin shows what the rules
// hide, by fields and document, and what is shown here.
var closed = map[string]string{
	`["~a"] {"a.b":1,"a.c":2,"d":3}`:                                `{"d":3}`,
	`["a.b"] {"a":["s",{"b":1,"c":2},[{"b":3,"c":4},"t"],5],"z":1}`: `{"a":[{"b":1},[{"b":3}]]}`,
	`["a.b"] {"a":["s1","s2"],"z":1}`:                               `{"a":[]}`,
	`["~tag.keyword"] {"tag":{"keyword":"k","other":"o"}}`:          `{"tag":{"other":"o"}}`,
}

// TestSourceVectors runs what the plugin makes of documents.
//
// Rules F3, F4
func TestSourceVectors(t *testing.T) {
	type vector struct {
		FLS, Masks []string
		Algorithm  string
		Doc, Want  json.RawMessage
	}
	differ := 0
	for _, v := range vectors[vector](t, "sources.jsonl", 42) {
		opts := Options{AllowMixed: true, MaskAlgorithm: v.Algorithm, InsecureDefaultSalt: v.Algorithm == "" || strings.HasPrefix(v.Algorithm, "BLAKE")}
		a := accessTo(t, [][]string{v.FLS}, v.Masks, opts)
		got, ok := a.Document(v.Doc)
		want := string(v.Want)
		if other, ok := closed[fmt.Sprintf("%s %s", mustJSON(v.FLS), v.Doc)]; ok {
			want = other
			differ++
		}
		if !ok || string(got) != want {
			t.Errorf("%q, %q of %s:\n%s, want\n%s", v.FLS, v.Masks, v.Doc, got, want)
		}
	}
	if differ != len(closed) {
		t.Errorf("%d documents differ, want %d", differ, len(closed))
	}
}

// TestFields has what vectors lack.
//
// Rules F2, F3
func TestFields(t *testing.T) {
	for _, row := range []struct {
		fls       string
		doc, want string
	}{
		{"a", `{ "b": 1, "a" : 1.10e+2 , "c": 3 }`, `{"a":1.10e+2}`},
		{"b a", `{"c":1,"b":123456789012345678901234567890,"a":[1, [2.0]]}`, `{"b":123456789012345678901234567890,"a":[1,[2.0]]}`},
		{"~c", `{"a\u0022":"\u0062\n","c":1}`, `{"a\"":"\u0062\n"}`},
		{"~a", `{"\u0061":1,"b":2}`, `{"b":2}`},
		{"~a.b", `{"a":{"b.c":1,"d":2}}`, `{"a":{"d":2}}`},
		{"a.b", `{"a":{"b.c":1,"b":2}}`, `{"a":{"b":2}}`},
		{"a.b.c", `{"a":{"b.c":1,"d":2},"a.e":1}`, `{"a":{"b.c":1}}`},
		{"a.b.c", `{"a.b":{"c":1,"d":2},"x":{}}`, `{"a.b":{"c":1}}`},
		{"~a.b", `{"a.b.c":1,"a.d":2,"e":3}`, `{"a.d":2,"e":3}`},
		{"*x", `{"a":{"x":1},"x":1,"b.x":2}`, `{"x":1}`},
		{"~*x", `{"a":{"x":1,"y":2},"x":1,"b.x":2}`, `{"a":{"y":2}}`},
		{"!a", `{"a":1,"b":2}`, `{"b":2}`},
		{"b.x c", `{"d":{},"b":{"y":1},"c":{}}`, `{"b":{},"c":{}}`},
		{"~customer.* ~zip", `{"customer":{"a":1},"zip":1,"x":1}`, `{"customer":{},"x":1}`},
		{"customer.* zip", `{"customer":{"a":{"b":1}},"zip":1,"x":1}`, `{"customer":{"a":{"b":1}},"zip":1}`},
		{"/c.{3}/", `{"cust":1,"custo":2}`, `{"cust":1}`},
		{"title", `{"title":"x","title.keyword":"y"}`, `{"title":"x","title.keyword":"y"}`},
		{"~title", `{"title":"x","title.keyword":"y","a":{"title":1}}`, `{"a":{"title":1}}`},
		{"~a.keyword", `{"a":{"keyword":1,"b":2},"b":1}`, `{"a":{"b":2},"b":1}`},
		{"tag.keyword", `{"tag":{"keyword":"k"},"tags":1}`, `{"tag":{}}`},
		{"~_id", `{"_id":1,"_source":2}`, `{"_source":2}`},
		{"_source", `{"_id":1,"_source":2}`, `{"_source":2}`},
		{"~phone-all.localNumber", `{"phone-all":[{"localNumber":1,"x":2}]}`, `{"phone-all":[{"x":2}]}`},
		{"nothing", `{"a":{"b":1},"c":[1]}`, `{}`},
	} {
		got, ok := accessTo(t, [][]string{strings.Fields(row.fls)}, nil, Options{}).Document([]byte(row.doc))
		if !ok || string(got) != row.want {
			t.Errorf("%s of %s:\n%s, want\n%s", row.fls, row.doc, got, row.want)
		}
	}
	// Nothing to hide: byte for byte, and a copy.
	source := []byte(" {\"a\" : 1}\n")
	for _, fls := range [][]string{nil, {"*"}, {"*", "b"}} {
		got, ok := accessTo(t, [][]string{fls}, nil, Options{}).Document(source)
		if !ok || !bytes.Equal(got, source) || &got[0] == &source[0] {
			t.Errorf("%q: %q", fls, got)
		}
	}
}

// TestFieldsRefused lists rules for fields that mean nothing, or something else
// than they say.
//
// Rules F1, F4
func TestFieldsRefused(t *testing.T) {
	role := func(entries string) string { return `{"r": {"index_permissions": [` + entries + `]}}` }
	for _, row := range []struct{ roles, path, reason string }{
		{role(`{"fls": ["a", ""]}`), "/r/index_permissions/0/fls/1", "blank"},
		{role(`{"fls": ["~"]}`), "/r/index_permissions/0/fls/0", "blank"},
		{role(`{"fls": ["/(/"]}`), "/r/index_permissions/0/fls/0", "regular expression"},
		{role(`{"fls": "a"}`), "/r/index_permissions/0/fls", "want an array"},
		{role(`{"fls": [1]}`), "/r/index_permissions/0/fls/0", "want a string"},
		{role(`{"fls": ["a", "~b"]}`), "/r/index_permissions/0", "AllowMixed"},
		{role(`{"fls": ["*", "~b"]}`), "/r/index_permissions/0", "AllowMixed"},
		{role(`{"fls": ["a"], "index_patterns": ["x*"]}, {"fls": ["~b"], "index_patterns": ["y", "*y"]}`), "/r", "AllowMixed"},
		{role(`{"masked_fields": ["a::NOPE"]}`), "/r/index_permissions/0/masked_fields/0", "unknown algorithm"},
		{role(`{"masked_fields": "a"}`), "/r/index_permissions/0/masked_fields", "want an array"},
	} {
		e := parseError(t, row.roles, "", &Options{InsecureDefaultSalt: true})
		if e.File != "roles" || e.Path != row.path || !strings.Contains(e.Reason, row.reason) {
			t.Errorf("%s: %v, want %s and %q", row.roles, e, row.path, row.reason)
		}
		if row.reason == "AllowMixed" {
			mustParse(t, row.roles, "", &Options{AllowMixed: true})
		}
	}
	mustParse(t, role(`{"fls": ["a"], "index_patterns": ["x"]}, {"fls": ["~b"], "index_patterns": ["y*"]}`), "", nil)
	a := accessTo(t, [][]string{{"a", "b", "~b"}}, nil, Options{AllowMixed: true, Merge: MergePerGrant})
	if got, _ := a.Document([]byte(`{"a":1,"b":2,"c":3}`)); string(got) != `{"a":1}` {
		t.Errorf("per grant, includes without excludes: %s", got)
	}
	a = accessTo(t, [][]string{{"a.b.c", "d", "~a.b"}}, nil, Options{AllowMixed: true, Merge: MergePerGrant})
	if got, _ := a.Document([]byte(`{"a":{"b":{"c":1}},"d":3}`)); string(got) != `{"a":{},"d":3}` {
		t.Errorf("per grant, an object on the way that is excluded: %s", got)
	}
}

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

// hashOf is the default mask of a value.
func hashOf(t testing.TB, value string) string {
	t.Helper()
	s, _ := maskWith(standardOf(t, ""), value)
	return s
}

// The twin: documents as Go maps, filtered from the texts of the rules.

type twinRule struct{ includes, excludes, masks []string }

func newTwin(fls, masks []string) twinRule {
	r := twinRule{masks: masks}
	for _, p := range fls {
		if x, ok := strings.CutPrefix(p, "~"); ok {
			r.excludes = append(r.excludes, x)
		} else {
			r.includes = append(r.includes, p)
		}
	}
	return r
}

func anyGlob(list []string, path string) bool {
	return slices.ContainsFunc(list, func(p string) bool {
		return globOracle(p, path) || globOracle(p, strings.TrimSuffix(path, ".keyword"))
	})
}

func (r twinRule) leaf(path string) bool {
	if len(r.excludes) > 0 {
		for _, part := range paths(path) {
			if anyGlob(r.excludes, part) {
				return false
			}
		}
	}
	if len(r.includes) == 0 || slices.Contains(r.includes, "*") {
		return true
	}
	steps := paths(path)
	for _, parent := range steps[:len(steps)-1] {
		if !r.container(parent) {
			return false
		}
	}
	return slices.ContainsFunc(r.includes, func(p string) bool { return globOracle(p, strings.TrimSuffix(path, ".keyword")) })
}

// container reports whether an object at a path is shown; its parents are.
func (r twinRule) container(path string) bool {
	if r.leafAlone(path) {
		return true
	}
	if len(r.excludes) > 0 && anyGlob(r.excludes, path) || len(r.includes) == 0 {
		return false
	}
	for _, p := range r.includes {
		for _, parent := range paths(p) {
			if parent != p && globOracle(parent, path) {
				return true
			}
		}
	}
	return false
}

func (r twinRule) leafAlone(path string) bool {
	if len(r.excludes) > 0 && anyGlob(r.excludes, path) {
		return false
	}
	return len(r.includes) == 0 || slices.Contains(r.includes, "*") || slices.ContainsFunc(r.includes, func(p string) bool { return globOracle(p, strings.TrimSuffix(path, ".keyword")) })
}

// paths are the path and those of what is around it, from the outside in.
func paths(path string) []string {
	var all []string
	for i, c := range path {
		if c == '.' {
			all = append(all, path[:i])
		}
	}
	return append(all, path)
}

const gone = "\x00gone"

// filter returns what is shown of v, or gone.
func (r twinRule) filter(v any, path string, mask func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			at := name
			if path != "" {
				at = path + "." + name
			}
			if got := r.member(member, at, path, mask); got != gone {
				out[name] = got
			}
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			_, object := e.(map[string]any)
			_, array := e.([]any)
			if object || array || r.leaf(path) {
				out = append(out, r.filter(e, path, mask))
			}
		}
		return out
	case string:
		if anyGlob(r.masks, path) {
			return mask(v)
		}
	}
	return v
}

func (r twinRule) member(v any, at, from string, mask func(string) string) any {
	for _, parent := range paths(at) {
		if len(parent) > len(from) && parent != at && !r.container(parent) {
			return gone
		}
	}
	switch v.(type) {
	case map[string]any, []any:
		if !r.container(at) {
			return gone
		}
	default:
		if !r.leaf(at) {
			return gone
		}
	}
	return r.filter(v, at, mask)
}

var fieldGlobs = rapid.SampledFrom([]string{"a", "b", "c", "a.b", "a.*", "*", "a*", "b.c", "a.b.c", "?", "*b", "a.keyword", "b.keyword", "*.c", "keyword", "a.?"})

func drawFields(t *rapid.T) []string {
	list := rapid.SliceOfN(fieldGlobs, 0, 3).Draw(t, "fields")
	if rapid.Bool().Draw(t, "exclude") {
		for i := range list {
			list[i] = "~" + list[i]
		}
	}
	return list
}

func drawNested(t *rapid.T, depth int) map[string]any {
	doc := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "a.b", "b.c", "keyword", "a.keyword", "c.a.b"}), 0, 4, rapid.ID[string]).Draw(t, "names") {
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0 && depth > 0:
			doc[name] = drawNested(t, depth-1)
		case kind == 1 && depth > 0:
			doc[name] = []any{drawNested(t, depth-1), "s", []any{drawNested(t, depth-1), json.Number("1.50")}, nil}
		default:
			doc[name] = scalars.Draw(t, "scalar")
		}
	}
	return doc
}

// TestFieldTwin compares with the twin.
func TestFieldTwin(t *testing.T) {
	hidden, kept := 0, 0
	standard := standardOf(t, "")
	rapid.Check(t, func(t *rapid.T) {
		fls, masks := drawFields(t), rapid.SliceOfN(fieldGlobs, 0, 2).Draw(t, "masks")
		source := mustJSON(drawNested(t, 2))
		if _, ok := readDocument("", source); !ok {
			t.Skip() // a path spelled twice
		}
		r, err := Parse([]byte(rolesWith([][]string{fls}, masks)), []byte(everyRole), &Options{InsecureDefaultSalt: true, Merge: Merge(rapid.IntRange(0, 2).Draw(t, "merge"))})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		a, err := r.For(id).Access(Search, "i")
		if err != nil {
			t.Fatal(err)
		}
		got, ok := a.Document(source)
		if !ok {
			t.Fatalf("%s is hidden", source)
		}
		want := newTwin(fls, masks).filter(numbers(source), "", func(s string) string { m, _ := maskWith(standard, s); return m })
		if diff := cmp.Diff(want, numbers(got)); diff != "" {
			t.Fatalf("%q, %q of %s: %s (-want +got):\n%s", fls, masks, source, got, diff)
		}
		if len(got) < len(source) {
			hidden++
		}
		if len(got) > 2 {
			kept++
		}
	})
	if hidden == 0 || kept == 0 {
		t.Errorf("%d hidden, %d kept", hidden, kept)
	}
}

func numbers(source []byte) any {
	dec := json.NewDecoder(bytes.NewReader(source))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		panic(err)
	}
	return v
}

// leaves are the paths with values of a document, masks as they are.
func leaves(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			leaves(member, path+"/"+name, into)
		}
	case []any:
		for _, e := range v {
			leaves(e, path, into)
		}
	default:
		into[fmt.Sprint(path, "=", v)] = true
	}
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

// TestMasksKeepStructure requires that a mask changes strings alone.
func TestMasksKeepStructure(t *testing.T) {
	var shape func(v any) any
	shape = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			out := map[string]any{}
			for name, member := range v {
				out[name] = shape(member)
			}
			return out
		case []any:
			out := []any{}
			for _, e := range v {
				out = append(out, shape(e))
			}
			return out
		case string:
			return "text"
		}
		return v
	}
	masked := 0
	rapid.Check(t, func(t *rapid.T) {
		source := mustJSON(drawNested(t, 2))
		r, err := Parse([]byte(rolesWith([][]string{nil}, rapid.SliceOfN(fieldGlobs, 1, 3).Draw(t, "masks"))), []byte(everyRole), &Options{InsecureDefaultSalt: true})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		a, _ := r.For(id).Access(Search, "i")
		got, ok := a.Document(source)
		if !ok {
			t.Skip()
		}
		if diff := cmp.Diff(shape(numbers(source)), shape(numbers(got))); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", source, diff)
		}
		if !bytes.Equal(source, got) {
			masked++
		}
	})
	if masked == 0 {
		t.Error("nothing was masked")
	}
}

// FuzzDocument looks for documents of which more is shown than there is, or
// something that an exclude hides.
func FuzzDocument(f *testing.F) {
	for _, doc := range []string{`{"a":{"b":1},"a.c":"x","b":[{"a":1},"s"]}`, `{"\u0061":1,"b":{"a":[[{"a":1}]]}}`, `{"a.b":{"c":1},"b.a":2}`, `{"a":{"b":1},"a.b":2}`} {
		f.Add([]byte(doc), "~a.b", "b")
		f.Add([]byte(doc), "a.*", "*")
	}
	f.Fuzz(func(t *testing.T, doc []byte, fls, mask string) {
		r, err := Parse([]byte(rolesWith([][]string{{fls}}, []string{mask})), []byte(everyRole), &Options{InsecureDefaultSalt: true})
		if err != nil {
			return
		}
		id, _ := FromClaims(func(yield func(string, any) bool) { yield("sub", "mary") }, Keys{})
		a, err := r.For(id).Access(Search, "i")
		if err != nil {
			t.Fatal(err)
		}
		got, ok := a.Document(doc)
		if !ok {
			return
		}
		if again, ok := a.Document(got); !ok {
			t.Errorf("%s is shown as %s, which is none", doc, got)
		} else if v := &(*a.in).views[0]; len(v.masks.lists[0]) == 0 && !bytes.Equal(got, again) {
			t.Errorf("%s is shown as %s, and then as %s", doc, got, again)
		}
		d, _ := readDocument("", got)
		seen := map[string]bool{}
		leavesOf(numbers([]byte(d.root.Raw())), "", seen)
		for path := range seen {
			if !(*a.in).views[0].fields.visible(path) {
				t.Errorf("%s shows %s", got, path)
			}
		}
	})
}

// leavesOf collects the paths of scalars.
func leavesOf(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			at := name
			if path != "" {
				at = path + "." + name
			}
			leavesOf(member, at, into)
		}
	case []any:
		for _, e := range v {
			leavesOf(e, path, into)
		}
	default:
		if path != "" {
			into[path] = true
		}
	}
}
