package fgac

import (
	"bytes"
	"fmt"
	"testing"
)

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
