package acl

import "iter"

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
// are fewer. It asks for no hit after these.
func Page[T any, K string | uint32](v *View, hits iter.Seq[T], key func(T) K, k int) []T {
	var page []T
	if k <= 0 {
		return page
	}
	for hit := range Filter(v, hits, key) {
		if page = append(page, hit); len(page) == k {
			break
		}
	}
	return page
}

func allowed[K string | uint32](v *View, key K) bool {
	if id, ok := any(key).(string); ok {
		return v.Allowed(id)
	}
	return v.AllowedAt(any(key).(uint32))
}
