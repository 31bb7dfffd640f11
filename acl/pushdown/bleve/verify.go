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
	c, err := terms.For(s, r)
	if err != nil {
		return nil, len(page), err
	}
	for _, hit := range page {
		if d, ok := readStored(stored(hit)); ok && c.Sees(d) {
			kept = append(kept, hit)
		} else {
			dropped++
		}
	}
	return kept, dropped, nil
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
		list, ok := texts(level)
		if !ok {
			return terms.Document{}, false
		}
		d.Levels = append(d.Levels, list)
	}
	if denials.Kind() != strictjson.Null {
		d.Deny, ok = texts(denials)
		return d, ok
	}
	return d, true
}

func texts(v strictjson.Value) (list []string, ok bool) {
	if v.Kind() != strictjson.Array {
		return nil, false
	}
	for e := range v.Elements() {
		text, ok := e.Str()
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}
