package acl

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"sync/atomic"
)

// Tokens are the numbers that stand for names, in the order in which names are
// first seen. These come before all names. They mark what no principal can
// forge by a name of theirs.
const (
	tokenNone     = iota
	tokenUnknown  // an ACL with a DENY for a GROUP; a caller whose groups are unknown
	tokenEveryone // an ACL that asks nothing; a caller who sees public documents
	tokenLevels   // an ACL of several levels that must all admit: candidates, to be looked at
	firstToken
)

// Kinds of names. A name and its kind are stored as one record: the kind, for
// a name of a data source its length and itself, and the name. So no two
// different names share a record.
const (
	kindUser        = 'u'
	kindGroup       = 'g'
	kindSourceUser  = 'U' // a user with a data source, in entries alone
	kindSourceGroup = 'G'
	// kindWildUser and kindWildGroup stand for a name with any data source: a
	// caller who has the name without one is hit by the DENY of each, found by
	// this one token, however many sources know the name.
	kindWildUser  = 'v'
	kindWildGroup = 'h'
)

// names gives names their tokens. Readers use a copy while the writer adds.
type names struct {
	records // by token
	slots
	seed maphash.Seed
	// marks are by token: what a name has in common with all that it may match,
	// whatever their data source.
	marks []uint32
	// wild is by token of a name, with or without a data source, the token of its
	// wild kind; 0 where no data source has it. Read and written atomically.
	wild  []uint32
	wilds bool
}

// inBatch entries are looked up together: each step is made for all of them before
// the next one, so that they wait for memory at the same time and not one after the
// other, which makes it twice as fast. Nearly any level has no more.
const inBatch = 32

// look finds the tokens of the names of at most inBatch entries, tokenNone for those
// that have none.
func (n *names) look(entries []Entry, found *[inBatch]uint32) {
	var hashes [inBatch]uint64
	entries = entries[:min(len(entries), inBatch)]
	for i := range entries {
		e := &entries[i]
		hashes[i] = n.hash(kindOf(e), e.DataSourceID, e.Name)
	}
	for i := range entries {
		found[i] = tokenNone
		if t, ok := n.first(hashes[i]); ok && t < n.len() {
			found[i] = t
		}
	}
	for i := range entries {
		e, t := &entries[i], found[i]
		if t == tokenNone || !isName(n.get(t), kindOf(e), e.DataSourceID, e.Name) {
			found[i] = n.token(hashes[i], kindOf(e), e.DataSourceID, e.Name)
		}
	}
}

// token returns the token of a name with a hash, tokenNone if it has none.
func (n *names) token(hash uint64, kind byte, source, name string) uint32 {
	t, _ := n.find(hash, func(t uint32) bool {
		return t < n.len() && isName(n.get(t), kind, source, name)
	})
	return t
}

func (n *names) hash(kind byte, source, name string) uint64 {
	h := mix(kind, maphash.String(n.seed, name))
	if source != "" {
		h ^= bits.RotateLeft64(maphash.String(n.seed, source), 32)
	}
	return h
}

func (n *names) hashRecord(record []byte) uint64 {
	kind, source, name := splitName(record)
	h := mix(kind, maphash.Bytes(n.seed, name))
	if len(source) > 0 {
		h ^= bits.RotateLeft64(maphash.Bytes(n.seed, source), 32)
	}
	return h
}

// mark is a hash of a name as a user's or a group's.
func (n *names) mark(kind byte, name string) uint32 {
	return uint32(mix(plainKind(kind), maphash.String(n.seed, name)) >> 32)
}

func plainKind(kind byte) byte {
	if kind == kindUser || kind == kindSourceUser || kind == kindWildUser {
		return kindUser
	}
	return kindGroup
}

func mix(kind byte, h uint64) uint64 { return h + uint64(kind)*0x9e3779b97f4a7c15 }

func isName(record []byte, kind byte, source, name string) bool {
	if source == "" {
		return len(record) == 1+len(name) && record[0] == kind && string(record[1:]) == name
	}
	k, s, tail := splitName(record)
	return k == kind && string(tail) == name && string(s) == source
}

// splitName takes a record apart.
func splitName(record []byte) (kind byte, source, name []byte) {
	kind, name = record[0], record[1:]
	if kind == kindSourceUser || kind == kindSourceGroup {
		length, rest := uvarint(name)
		source, name = rest[:length], rest[length:]
	}
	return kind, source, name
}

func appendName(b []byte, kind byte, source, name string) []byte {
	b = append(b, kind)
	if kind == kindSourceUser || kind == kindSourceGroup {
		b = appendUvarint(b, uint32(len(source)))
		b = append(b, source...)
	}
	return append(b, name...)
}

// wildOf returns the token of t's wild kind, 0 for none.
func (n *names) wildOf(t uint32) uint32 {
	if !n.wilds {
		return tokenNone
	}
	return atomic.LoadUint32(&n.wild[t])
}

// interner is names that their writer adds to.
type interner struct {
	names
	table   table // its slots are those of names
	limit   uint32
	scratch []byte
}

func newInterner(seed maphash.Seed, limit uint32) *interner {
	in := &interner{names: names{records: newRecords(), seed: seed}, table: table{fill: 75, growth: 3}, limit: limit}
	in.wild, in.marks = make([]uint32, firstToken), make([]uint32, firstToken)
	for range firstToken {
		in.records.add(nil, limit)
	}
	return in
}

// intern returns the token of a name, a new one if need be.
func (in *interner) intern(kind byte, source, name string) (uint32, error) {
	if t := in.token(in.hash(kind, source, name), kind, source, name); t != tokenNone {
		return t, nil
	}
	switch kind {
	case kindSourceUser:
		return in.addSource(kind, source, name, kindUser, kindWildUser)
	case kindSourceGroup:
		return in.addSource(kind, source, name, kindGroup, kindWildGroup)
	}
	return in.add(kind, source, name)
}

// addSource adds a name of a data source, after the same name without one and
// its wild kind.
func (in *interner) addSource(kind byte, source, name string, plain, wild byte) (uint32, error) {
	base, err := in.intern(plain, "", name)
	if err != nil {
		return tokenNone, err
	}
	w, err := in.intern(wild, "", name)
	if err != nil {
		return tokenNone, err
	}
	t, err := in.add(kind, source, name)
	if err == nil {
		atomic.StoreUint32(&in.wild[base], w)
		in.wild[t] = w
		in.wilds = true
	}
	return t, err
}

func (in *interner) add(kind byte, source, name string) (uint32, error) {
	if uint64(len(source))+uint64(len(name)) > uint64(in.limit) {
		return tokenNone, errFull
	}
	t := in.len()
	in.scratch = appendName(in.scratch[:0], kind, source, name)
	if err := in.records.add(in.scratch, in.limit); err != nil {
		return tokenNone, err
	}
	in.wild = append(in.wild, tokenNone)
	in.marks = append(in.marks, in.mark(kind, name))
	in.table.add(t, in.hash(kind, source, name), in.hashes(t))
	in.slots = in.table.slots
	return t, nil
}

// hashes yields all tokens below t.
func (in *interner) hashes(t uint32) iter.Seq2[uint32, uint64] {
	return func(yield func(uint32, uint64) bool) {
		for t := range t {
			if t >= firstToken {
				yield(t, in.hashRecord(in.get(t)))
			}
		}
	}
}

// clip gives unused memory back.
func (in *interner) clip() {
	in.records.clip()
	in.wild, in.marks = clip(in.wild), clip(in.marks)
}
