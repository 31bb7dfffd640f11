package opensearch

import (
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Verify decides about each hit of a page once more, by what was stored with it,
// and returns those that s sees and the number of others: want 0. stored returns
// the JSON of the member [Field] of the hit's _source, see Options.Verify; where
// it is missing or broken the hit is dropped. page is left as it is. With an
// error, that of [Filter], nothing is kept.
func Verify[T any](s acl.Scope, r acl.Rules, page []T, stored func(T) []byte) (kept []T, dropped int, err error) {
	return terms.Verify(s, r, page, func(hit T) (terms.Document, bool) { return readStored(stored(hit)) })
}

// hidesACL reports whether a pattern among the excludes of _source takes the ACL
// or a part of it out of hits. Without its denials, [Verify] would admit too
// many.
func hidesACL(pattern string) bool {
	return slices.ContainsFunc([]string{Field, allowField, denyField, levelsField, levelField}, func(name string) bool { return matches(pattern, name) })
}

// matches reports whether name is pattern, in which * stands for any text.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(name, parts[0])
	if len(parts) == 1 || !ok {
		return ok && rest == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[last])
}

func readStored(text []byte) (d terms.Document, ok bool) {
	v, err := strictjson.Parse(text, strictjson.Limits{Bytes: 64 << 20})
	if err != nil || v.Kind() != strictjson.Object {
		return d, false
	}
	var first []string
	var further [][]string
	for name, member := range v.Members() {
		ok := false
		switch name {
		case "allow":
			first, ok = texts(member)
		case "deny":
			d.Deny, ok = texts(member)
		case "levels":
			further, ok = levels(member)
		}
		if !ok {
			return terms.Document{}, false
		}
	}
	d.Levels = append([][]string{first}, further...) // a first one without terms is nobody's
	return d, true
}

// each returns the elements of an array, or the one value that stands for it
// where the engine derives _source; null is none.
func each(v strictjson.Value) (list []strictjson.Value) {
	switch v.Kind() {
	case strictjson.Null:
	case strictjson.Array:
		for e := range v.Elements() {
			list = append(list, e)
		}
	default:
		list = append(list, v)
	}
	return list
}

func texts(v strictjson.Value) (list []string, ok bool) {
	for _, e := range each(v) {
		text, ok := e.Str()
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

func levels(v strictjson.Value) (list [][]string, ok bool) {
	for _, level := range each(v) {
		allow, _ := level.Get("allow")
		admits, ok := texts(allow)
		if !ok || level.Len() != 1 {
			return nil, false
		}
		list = append(list, admits)
	}
	return list, true
}
