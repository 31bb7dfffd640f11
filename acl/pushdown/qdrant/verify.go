package qdrant

import (
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Verify decides about each hit of a page once more, by what was stored with it,
// and returns those that s sees and the number of others: want 0. stored returns
// the JSON of the member [Field] of the hit's payload, see Options.Verify; where
// it is missing or broken the hit is dropped. page is left as it is. With an
// error, that of [Filter], nothing is kept.
func Verify[T any](s acl.Scope, r acl.Rules, page []T, stored func(T) []byte) (kept []T, dropped int, err error) {
	return terms.Verify(s, r, page, func(hit T) (terms.Document, bool) { return readStored(stored(hit)) })
}

func readStored(text []byte) (d terms.Document, ok bool) {
	v, err := strictjson.Parse(text, strictjson.Limits{Bytes: 64 << 20})
	allow, _ := v.Get("allow")
	deny, _ := v.Get("deny")
	levels, _ := v.Get("levels")
	kind, _ := v.Get("kind")
	said, _ := kind.Str()
	if err != nil || v.Len() != 4 || levels.Kind() != strictjson.Array || said != kindOf(levels.Len()) {
		return d, false
	}
	first, ok := terms.Texts(allow)
	if !ok {
		return d, false
	}
	if d.Deny, ok = terms.Texts(deny); !ok {
		return d, false
	}
	d.Levels = [][]string{first}
	for level := range levels.Elements() {
		allow, _ := level.Get("allow")
		list, ok := terms.Texts(allow)
		if !ok || level.Len() != 1 {
			return d, false
		}
		d.Levels = append(d.Levels, list)
	}
	return d, true
}
