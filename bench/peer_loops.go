package main

import (
	"slices"

	"github.com/tokenacl/tokenacl/acl"
)

// numbers are the numbers of names, as an engine made by hand would look them up.
type numbers struct {
	groups, users map[string]uint32
}

func newNumbers() numbers {
	n := numbers{make(map[string]uint32, manyGroups), make(map[string]uint32, manyUsers)}
	for i, name := range groupNames {
		n.groups[name] = uint32(i)
	}
	for i, name := range userNames {
		n.users[name] = uint32(manyGroups + i)
	}
	return n
}

// each yields the numbers of the caller's names.
func (n numbers) each(c caller) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		if i, ok := n.users[c.user]; ok && !yield(i) {
			return
		}
		for _, g := range c.groups {
			if i, ok := n.groups[g]; ok && !yield(i) {
				return
			}
		}
	}
}

var allNumbers = newNumbers()

// bitset is what one makes by hand: the terms of each document one after the other,
// denials first, and a bit for each name that a caller has.
type bitset struct {
	starts  []uint32
	terms   []term
	numbers numbers
}

type bits []uint64

func (b bits) set(i uint32)      { b[i/64] |= 1 << (i % 64) }
func (b bits) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }

func newBitset(c *corpus) (engine, error) {
	b := buildBitset(c)
	return engine{
		note: "forward lists alone",
		view: func(c caller) view {
			has := b.prepare(c)
			return view{
				func(o uint32) bool { return b.visible(has, o) },
				func(at []uint32, n int) int { return b.loop(has, at, n) },
			}
		},
		filter: func(c caller) set {
			has, found := b.prepare(c), make(bits, (len(b.starts)+63)/64)
			size := 0
			for o := range uint32(len(b.starts) - 1) {
				if b.visible(has, o) {
					found.set(o)
					size++
				}
			}
			return set{size, found.members}
		},
	}, nil
}

func (b bits) members(yield func(uint32) bool) {
	for i := range uint32(len(b) * 64) {
		if b.has(i) && !yield(i) {
			return
		}
	}
}

// lookUp appends the terms of an ACL, none for a public document.
func lookUp(a acl.ACL, into []term) []term {
	list, _ := a.(acl.List)
	for _, e := range list {
		n := allNumbers.groups[e.Name]
		if e.Type == acl.User {
			n = allNumbers.users[e.Name]
		}
		t := term(n << 1)
		if e.Access == acl.Deny {
			t |= 1
		}
		into = append(into, t)
	}
	return into
}

func buildBitset(c *corpus) *bitset {
	b := &bitset{starts: make([]uint32, 1, c.documents+1), numbers: allNumbers}
	for _, a := range c.all() {
		from := len(b.terms)
		b.terms = lookUp(a, b.terms)
		slices.SortFunc(b.terms[from:], func(x, y term) int { return int(y&1) - int(x&1) })
		b.starts = append(b.starts, uint32(len(b.terms)))
	}
	b.terms = slices.Clip(slices.Clone(b.terms))
	return b
}

func (b *bitset) prepare(c caller) bits {
	has := make(bits, (manyGroups+manyUsers+63)/64)
	for i := range b.numbers.each(c) {
		has.set(i)
	}
	return has
}

func (b *bitset) visible(has bits, o uint32) bool {
	list := b.terms[b.starts[o]:b.starts[o+1]]
	for _, t := range list {
		if has.has(t.name()) {
			return !t.deny()
		}
	}
	return len(list) == 0
}

func (b *bitset) loop(has bits, at []uint32, n int) (visible int) {
	for n > 0 {
		part := at[:min(n, len(at))]
		n -= len(part)
		for _, o := range part {
			if b.visible(has, o) {
				visible++
			}
		}
	}
	return visible
}

// lists holds the ACLs as Go values, which the loops over them share.
type lists []acl.ACL

// goLists makes them once, and tells what they take.
func (c *corpus) goLists() lists {
	if c.values == nil {
		before := heap()
		c.values = make(lists, c.lists())
		for i := range c.values {
			c.values[i] = c.acl(i, make(acl.List, 0, len(c.list(i))))
		}
		c.valueBytes = heap() - before
	}
	return c.values
}

func (l lists) of(o uint32) acl.ACL { return l[int(o)%len(l)] }

// newMapLoop is a map of the caller's names, and a loop over the entries.
func newMapLoop(c *corpus) (engine, error) {
	all := c.goLists()
	return engine{
		view: func(c caller) view {
			groups := make(map[string]bool, len(c.groups))
			for _, g := range c.groups {
				groups[g] = true
			}
			return view{allowed: func(o uint32) bool { return mapVisible(all.of(o), c.user, groups) }}
		},
	}, nil
}

func mapVisible(a acl.ACL, user string, groups map[string]bool) bool {
	list, ok := a.(acl.List)
	allowed := !ok
	for _, e := range list {
		if e.Type == acl.User && e.Name != user || e.Type == acl.Group && !groups[e.Name] {
			continue
		}
		if e.Access == acl.Deny {
			return false
		}
		allowed = true
	}
	return allowed
}

// newNaive is a loop over acl.Decide, which looks for no index.
func newNaive(c *corpus) (engine, error) {
	all := c.goLists()
	return engine{
		note: "acl.Decide on each",
		view: func(c caller) view {
			return view{allowed: func(o uint32) bool { return acl.Decide(c.scope, all.of(o), acl.Rules{}).Allowed }}
		},
	}, nil
}
