package fgac

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		{"*.pub", `{"a":{"x":1},"b":{"pub":1,"c":{"y":1}},"d":[{"x":1},[{}]],"e":[{"pub":1},{"x":1}],"f.g":{"x":1},"h":{}}`, `{"b":{"pub":1},"e":[{"pub":1},{}]}`},
		{"a.*.pub", `{"a":{"x":{"y":1},"b":{"pub":[]}},"b":{"pub":1}}`, `{"a":{"b":{"pub":[]}}}`},
		{"a.*.pub", `{"a":{"x":{"y":1}}}`, `{"a":{}}`},
		{"*.pub.x", `{"a":{"pub":{"y":1}}}`, `{}`},
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

// hashOf is the default mask of a value.
func hashOf(t testing.TB, value string) string {
	t.Helper()
	s, _ := maskWith(standardOf(t, ""), value)
	return s
}
