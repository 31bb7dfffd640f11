package main

import (
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

const (
	manyGroups = 10_000
	manyUsers  = 50_000
)

// Names are the same strings wherever they occur, for every engine.
var (
	groupNames = manyNames("group-", manyGroups)
	userNames  = manyNames("user-", manyUsers)
)

func manyNames(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = prefix + strconv.Itoa(i)
	}
	return names
}

// term is an entry of an ACL: the number of a name, twice, and one for DENY. The
// numbers of users follow those of groups.
type term uint32

func (t term) deny() bool   { return t&1 != 0 }
func (t term) name() uint32 { return uint32(t >> 1) }

func (t term) entry() acl.Entry {
	access := acl.Allow
	if t.deny() {
		access = acl.Deny
	}
	if n := t.name(); n >= manyGroups {
		return access.User(userNames[n-manyGroups])
	}
	return access.Group(groupNames[t.name()])
}

// corpus is documents 0, 1, … and their ACLs. Document i has ACL i modulo the number
// of ACLs: all have one of their own, or, as folders make it, 100 share one. Its
// numbers have no pointers, so that the garbage collector does not pay for them.
type corpus struct {
	name      string
	documents int
	starts    []uint32 // of ACLs in terms, and the end of the last; no terms are a public document
	terms     []term

	values     lists   // of goLists
	valueBytes float64 // of values
}

func (c *corpus) lists() int { return len(c.starts) - 1 }

func (c *corpus) list(document int) []term {
	i := document % c.lists()
	return c.terms[c.starts[i]:c.starts[i+1]]
}

// acl is the ACL of a document; buffer, if large enough, holds its entries.
func (c *corpus) acl(document int, buffer acl.List) acl.ACL {
	terms := c.list(document)
	if len(terms) == 0 {
		return acl.Public()
	}
	buffer = buffer[:0]
	for _, t := range terms {
		buffer = append(buffer, t.entry())
	}
	return buffer
}

// all yields each document, its entries in a buffer that the next one overwrites.
func (c *corpus) all() iter.Seq2[uint32, acl.ACL] {
	return func(yield func(uint32, acl.ACL) bool) {
		buffer := make(acl.List, 0, 32)
		for i := range c.documents {
			if !yield(uint32(i), c.acl(i, buffer)) {
				return
			}
		}
	}
}

func documentID(i uint32) string { return "Data/documents/" + strconv.Itoa(int(i)) + ".txt" }

// identified is all with ids for ordinals.
func (c *corpus) identified() iter.Seq2[string, acl.ACL] {
	return func(yield func(string, acl.ACL) bool) {
		for i, a := range c.all() {
			if !yield(documentID(i), a) {
				return
			}
		}
	}
}

// first is a corpus of the first n documents.
func (c *corpus) first(n int) *corpus {
	if n >= c.documents {
		return c
	}
	lists := min(n, c.lists())
	return &corpus{name: c.name, documents: n, starts: c.starts[:lists+1], terms: c.terms[:c.starts[lists]]}
}

const (
	longest       = 20 // entries of an ACL
	percentGroups = 70
	percentDeny   = 5
	percentPublic = 3
	perFolder     = 100
)

// newCorpus makes n documents with ACLs of 1 to 20 entries; names follow Zipf's law.
// No two ACLs are equal. It makes the same each time, and a smaller corpus is the
// beginning of a larger one.
func newCorpus(n int) *corpus {
	rng := rand.New(rand.NewPCG(1, 2))
	d := drawer{rng, zipf(rng, manyGroups), zipf(rng, manyUsers)}
	c := &corpus{name: "distinct ACLs", documents: n, starts: make([]uint32, 1, n+1), terms: make([]term, 0, n*(longest+1)/2)}
	taken := map[[2]term]bool{}
	for range n {
		if rng.IntN(100) >= percentPublic {
			c.terms = append(c.terms, d.distinct(taken)...)
		}
		c.starts = append(c.starts, uint32(len(c.terms)))
	}
	c.terms = slices.Clone(c.terms)
	return c
}

// newFolders makes n documents of which 100 share each ACL.
func newFolders(n int) *corpus {
	c := newCorpus(max(n/perFolder, 1))
	c.name, c.documents = "folders", n
	return c
}

func zipf(rng *rand.Rand, n uint64) *rand.Zipf { return rand.NewZipf(rng, 1.1, 10, n-1) }

// drawer draws entries.
type drawer struct {
	rng           *rand.Rand
	groups, users *rand.Zipf
}

func (d drawer) term() term {
	name := uint64(0)
	if d.rng.IntN(100) < percentGroups {
		name = d.groups.Uint64()
	} else {
		name = manyGroups + d.users.Uint64()
	}
	t := term(name << 1)
	if d.rng.IntN(100) < percentDeny {
		t |= 1
	}
	return t
}

// distinct draws a list that is not in taken. Lists of more than two different
// entries are hardly ever equal, so only shorter ones are looked up.
func (d drawer) distinct(taken map[[2]term]bool) []term {
	list := make([]term, 1+d.rng.IntN(longest))
	for i := range list {
		list[i] = d.term()
	}
	for len(list) <= 2 {
		slices.Sort(list)
		var key [2]term
		copy(key[:], slices.Compact(slices.Clone(list)))
		if !taken[key] {
			taken[key] = true
			break
		}
		list[0] = d.term()
	}
	return list
}

// caller is who asks, as each engine would be told.
type caller struct {
	user   string
	groups []string
	scope  acl.Scope
}

// newCaller is one user in k groups, drawn by the law by which documents name
// them, or all alike. Its names are copies, as those in a token are.
func newCaller(seed uint64, k int, alike bool) caller {
	rng := rand.New(rand.NewPCG(seed, uint64(k)))
	groups := zipf(rng, manyGroups)
	in := make(map[uint64]bool, k)
	c := caller{user: strings.Clone(userNames[7+seed%100])}
	for len(in) < k {
		g := groups.Uint64()
		if alike {
			g = rng.Uint64N(manyGroups)
		}
		if !in[g] {
			in[g] = true
			c.groups = append(c.groups, strings.Clone(groupNames[g]))
		}
	}
	c.scope = acl.For(acl.Principal{User: c.user, Groups: c.groups})
	return c
}

// ordinals draws n of the documents.
func ordinals(seed uint64, n, documents int) []uint32 {
	rng := rand.New(rand.NewPCG(seed, 6))
	drawn := make([]uint32, n)
	for i := range drawn {
		drawn[i] = rng.Uint32N(uint32(documents))
	}
	return drawn
}
