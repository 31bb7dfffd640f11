package fgac

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPaths has documents at the bounds of their paths, and past them.
//
// Rules F2, G4
func TestPaths(t *testing.T) {
	nested := func(names ...string) string {
		return `{"` + strings.Join(names, `":{"`) + `":1` + strings.Repeat("}", len(names))
	}
	x := strings.Repeat("x", maxPath/2)
	deep := strings.Repeat("a.", maxDots/2)
	var wide strings.Builder // the names are short, the paths are not
	fmt.Fprintf(&wide, `{"%s":{"a":1`, x)
	for i := range 20_000 {
		fmt.Fprintf(&wide, `,"b%d":1`, i)
	}
	few, _, _ := strings.Cut(wide.String(), `"b1000"`)
	for _, row := range []struct {
		name, doc string
		ok        bool
	}{
		{"one name", nested(x + x), true}, {"one name too long", nested(x + x + "y"), false},
		{"nested", nested(x, x[1:]), true}, {"nested too long", nested(x, x), false}, {"in an array", `{"` + x + `":[[{"` + x[1:] + `":1}]]}`, true}, {"in an array, too long", `{"` + x + `":[[{"` + x + `":1}]]}`, false},
		{"dotted and nested", nested(x[1:]+".y", x[2:]), true}, {"dotted and nested, too long", nested(x+".y", x), false},
		{"dots", nested(deep + deep + "a"), true}, {"too many dots", nested(deep + deep + "a.a"), false},
		{"dots and objects", nested(deep+"b", deep+"a"), false}, {"fewer dots and objects", nested(deep[2:]+"b", deep+"a"), true}, {"in an array, too many dots", `{"` + deep + `b":[{"` + deep + `a":1}]}`, false},
		{"long paths", few[:len(few)-1] + "}}", true}, {"many long paths", wide.String() + "}}", false},
	} {
		if _, ok := readDocument("", []byte(row.doc)); ok != row.ok {
			t.Errorf("%s: %v", row.name, ok)
		}
	}
	short := strings.ReplaceAll(wide.String(), x, "x") + "}}"
	if _, ok := readDocument("", []byte(short)); !ok {
		t.Error("many short paths are hidden")
	}
	hides(t, listed(t, "*"), nested(x+x+"y"))
}

// twice reports whether some path is spelled twice in an object. Objects in arrays
// have paths of their own.
func twice(v any) bool {
	object, ok := v.(map[string]any)
	if !ok {
		list, _ := v.([]any)
		for _, e := range list {
			if twice(e) {
				return true
			}
		}
		return false
	}
	seen := map[string]bool{}
	var collect func(object map[string]any, prefix string) bool
	collect = func(object map[string]any, prefix string) bool {
		for name, member := range object {
			path := prefix + name
			if seen[path] {
				return true
			}
			seen[path] = true
			if inner, ok := member.(map[string]any); ok && collect(inner, path+".") {
				return true
			} else if !ok && twice(member) {
				return true
			}
		}
		return false
	}
	return collect(object, "")
}

// TestTwiceOracle compares with sets of whole paths.
//
// Rule F2
func TestTwiceOracle(t *testing.T) {
	counts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			doc := drawNested(t, 3)
			want := !twice(doc)
			counts[want]++
			if _, ok := readDocument("", mustJSON(doc)); ok != want {
				t.Fatalf("%s: %v, want %v", mustJSON(doc), ok, want)
			}
		}
	})
	if len(counts) != 2 {
		t.Errorf("verdicts %v, want both", counts)
	}
}

// TestPathsCostNoCopies: what is noted of a document grows with its names, not
// with its paths.
//
// Rule G4
func TestPathsCostNoCopies(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, `{"a.%s":{"a":1`, strings.Repeat("x", 900))
	for i := range 1000 {
		fmt.Fprintf(&b, `,"b%d":1`, i)
	}
	source := []byte(b.String() + "}}")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, ok := readDocument("", source)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; !ok || n > 600_000 {
		t.Errorf("%d bytes for a document of %d, %v", n, len(source), ok)
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
