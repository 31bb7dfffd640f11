package acl

import (
	"iter"
	"math/bits"
)

// Filter yields the hits whose documents are visible in v, in the order in which
// they come. Key returns the id of a hit's document, or its ordinal. Filter asks for
// a hit only when it is asked for one. Filter a slice with [slices.Values].
func Filter[T any, K string | uint32](v *View, hits iter.Seq[T], key func(T) K) iter.Seq[T] {
	return func(yield func(T) bool) {
		for hit := range hits {
			if allowed(v, key(hit)) && !yield(hit) {
				return
			}
		}
	}
}

// Page returns the first k hits whose documents are visible in v, or all if there
// are fewer. It asks for no hit after these. It is faster than [Filter]: a page
// that lacks so many hits needs as many more, which it decides together.
func Page[T any, K string | uint32](v *View, hits iter.Seq[T], key func(T) K, k int) []T {
	if k <= 0 {
		return nil
	}
	p := pager[T, K]{lacks: k}
	for hit := range hits {
		p.asked[p.n], p.keys[p.n] = hit, key(hit)
		if p.n++; p.n == min(together, p.lacks) {
			if p.decide(v); p.lacks == 0 {
				return p.page
			}
		}
	}
	p.decide(v)
	return p.page
}

// pager is a page that is being filled.
type pager[T any, K string | uint32] struct {
	page  []T
	lacks int // hits
	n     int // hits that were asked for and are not decided
	asked [together]T
	keys  [together]K
}

func (p *pager[T, K]) decide(v *View) {
	visible := allowedAll(v, p.keys[:p.n])
	if p.page == nil && visible != 0 {
		p.page = make([]T, 0, min(p.lacks, together))
	}
	p.lacks -= bits.OnesCount16(visible)
	for ; visible != 0; visible &= visible - 1 {
		p.page = append(p.page, p.asked[bits.TrailingZeros16(visible)])
	}
	p.n = 0
}

func allowed[K string | uint32](v *View, key K) bool {
	if id, ok := any(key).(string); ok {
		return v.Allowed(id)
	}
	return v.AllowedAt(any(key).(uint32))
}

// allowedAll decides for several documents: bit i is set when the one of keys[i] is
// visible.
func allowedAll[K string | uint32](v *View, keys []K) (visible uint16) {
	if v == nil || v.snap == nil {
		return 0
	}
	if ordinals, ok := any(keys).([]uint32); ok {
		return v.decideAll(ordinals, 1<<together-1)
	}
	var ordinals [together]uint32
	known := v.snap.ids.look(any(keys).([]string), &ordinals)
	return v.decideAll(ordinals[:len(keys)], known)
}
