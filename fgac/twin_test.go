package fgac

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

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
	got := r.filter(v, at, mask)
	if !holdsAny(got) && !r.leafAlone(at) && !slices.ContainsFunc(r.includes, func(p string) bool { return slices.Contains(paths(p), at) }) {
		return gone // nobody named it
	}
	return got
}

// holdsAny reports whether there is more than brackets.
func holdsAny(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) > 0
	case []any:
		return slices.ContainsFunc(v, holdsAny)
	}
	return true
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
