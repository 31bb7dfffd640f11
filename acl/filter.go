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
	var page []T
	if k <= 0 {
		return page
	}
	var asked [together]T
	var keys [together]K
	n, most := 0, min(together, k)
	decide := func() {
		visible := allowedAll(v, keys[:n])
		if page == nil && visible != 0 {
			page = make([]T, 0, min(k, together))
		}
		for ; visible != 0; visible &= visible - 1 {
			page = append(page, asked[bits.TrailingZeros16(visible)])
		}
		n, most = 0, min(together, k-len(page))
	}
	for hit := range hits {
		asked[n], keys[n] = hit, key(hit)
		if n++; n == most {
			if decide(); most == 0 {
				return page
			}
		}
	}
	decide()
	return page
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
