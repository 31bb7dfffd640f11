package main

import (
	"github.com/RoaringBitmap/roaring/v2"
)

// inverted has, for each name, the documents that allow and deny it, as a search
// engine would.
type inverted struct {
	allow, deny []*roaring.Bitmap // by number; nil is none
	public      *roaring.Bitmap
}

func newRoaring(c *corpus) (engine, error) {
	x := buildInverted(c)
	return engine{
		note: "inverted lists alone",
		view: func(c caller) view {
			found := x.visible(c)
			return view{found.Contains, func(at []uint32, n int) int { return roaringLoop(found, at, n) }}
		},
		filter: func(c caller) set {
			found := x.visible(c)
			return set{int(found.GetCardinality()), roaring.Values(found)}
		},
	}, nil
}

func buildInverted(c *corpus) *inverted {
	x := &inverted{make([]*roaring.Bitmap, manyGroups+manyUsers), make([]*roaring.Bitmap, manyGroups+manyUsers), roaring.New()}
	var terms []term
	for o, a := range c.all() {
		if terms = lookUp(a, terms[:0]); len(terms) == 0 {
			x.public.Add(o)
		}
		for _, t := range terms {
			lists := x.allow
			if t.deny() {
				lists = x.deny
			}
			if lists[t.name()] == nil {
				lists[t.name()] = roaring.New()
			}
			lists[t.name()].Add(o)
		}
	}
	for _, lists := range [][]*roaring.Bitmap{x.allow, x.deny, {x.public}} {
		for i, b := range lists {
			if b != nil {
				b.RunOptimize()
				lists[i] = b.Clone() // of the length it needs
			}
		}
	}
	return x
}

func (x *inverted) visible(c caller) *roaring.Bitmap {
	allow, deny := []*roaring.Bitmap{x.public}, []*roaring.Bitmap(nil)
	for i := range allNumbers.each(c) {
		if b := x.allow[i]; b != nil {
			allow = append(allow, b)
		}
		if b := x.deny[i]; b != nil {
			deny = append(deny, b)
		}
	}
	found := roaring.FastOr(allow...)
	found.AndNot(roaring.FastOr(deny...))
	return found
}

func roaringLoop(found *roaring.Bitmap, at []uint32, n int) (visible int) {
	for n > 0 {
		part := at[:min(n, len(at))]
		n -= len(part)
		for _, o := range part {
			if found.Contains(o) {
				visible++
			}
		}
	}
	return visible
}
