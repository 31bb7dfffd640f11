package main

import (
	"slices"

	"github.com/tokenacl/tokenacl/acl"
)

const us = "tokenacl"

// newOurs is an acl.Index by ordinal.
func newOurs(c *corpus) (engine, error) {
	x := acl.NewIndex(acl.Rules{})
	if err := x.PutAllAt(c.all()); err != nil {
		return engine{}, err
	}
	x.View(newCaller(1, 1000, false).scope).Count() // whatever is made on first use
	return oursOf(x), nil
}

func oursOf(x *acl.Index) engine {
	return engine{
		kind: ours,
		view: func(c caller) view {
			v := x.View(c.scope)
			v.Count() // prepares it: a decision is then the read of a bit
			return view{v.AllowedAt, func(at []uint32, n int) int { return oursLoop(v, at, n) }}
		},
		filter: func(c caller) set {
			v := x.View(c.scope)
			return set{v.Count(), v.Ordinals()}
		},
		page: func(c caller, hits []uint32, most int) []uint32 {
			return acl.Page(x.View(c.scope), slices.Values(hits), self, most)
		},
	}
}

func self(o uint32) uint32 { return o }

func oursLoop(v *acl.View, at []uint32, n int) (visible int) {
	for n > 0 {
		part := at[:min(n, len(at))]
		n -= len(part)
		for _, o := range part {
			if v.AllowedAt(o) {
				visible++
			}
		}
	}
	return visible
}
