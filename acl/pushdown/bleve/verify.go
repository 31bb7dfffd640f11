package bleve

import (
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Verify decides about each hit of a page once more, by what was stored with it,
// and returns those that s sees and the number of others: want 0. stored returns
// the value of a hit's field [StoredField], see Options.Verify; where it is
// missing or broken the hit is dropped. page is left as it is. With an error,
// that of [Filter], nothing is kept.
func Verify[T any](s acl.Scope, r acl.Rules, page []T, stored func(T) string) (kept []T, dropped int, err error) {
	return terms.Verify(s, r, page, func(hit T) (terms.Document, bool) { return readStored(stored(hit)) })
}

func readStored(text string) (d terms.Document, ok bool) {
	v, err := strictjson.Parse(text, strictjson.Limits{Bytes: 64 << 20})
	if err != nil || v.Kind() != strictjson.Object || v.Len() != 2 {
		return d, false
	}
	levels, _ := v.Get("levels")
	denials, _ := v.Get("deny")
	if levels.Kind() != strictjson.Array {
		return d, false
	}
	for level := range levels.Elements() {
		list, ok := terms.Texts(level)
		if !ok {
			return terms.Document{}, false
		}
		d.Levels = append(d.Levels, list)
	}
	if denials.Kind() != strictjson.Null {
		d.Deny, ok = terms.Texts(denials)
		return d, ok
	}
	return d, true
}
