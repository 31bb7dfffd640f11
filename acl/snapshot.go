package acl

import (
	"hash/maphash"
	"iter"
	"slices"
)

// snapshot is one state of an Index. It never changes: what it holds is either
// immutable or only appended to, beyond the lengths that it knows.
type snapshot struct {
	rules Rules
	names names
	acls  records // by number of ACL; those below firstACL are empty
	docs  pages   // the ACL of each ordinal
	uses  pages   // of each ACL, how many documents have it
	ids   ids
	lists *inverted
	known int    // documents
	end   uint64 // one more than the greatest ordinal ever used
	// byOrdinal says that documents have ordinals of the caller's and no ids.
	byOrdinal bool
	tune      *tuning
}

// tuning is set by tests alone: it brings rare events within their reach.
type tuning struct {
	merge   int    // bytes of ACLs that may be missing from the inverted index, beside a share of all
	compact int    // ACLs or ids that may be garbage, beside as many as are in use
	scan    int64  // cost of decisions after which a View asks whether a bitmap pays
	limit   uint32 // bytes of all names, of all ACLs, and of all ids
}

var defaults = tuning{merge: 32 << 10, compact: 4096, scan: 1 << 12, limit: 1<<32 - 1}

// decode returns the ACL of a number that a document has.
func (s *snapshot) decode(acl uint32) ACL {
	switch acl {
	case aclNobody:
		return nil
	case aclPublic:
		return Public()
	}
	return s.names.decode(s.acls.get(acl))
}

// lookup returns the ordinal of an id and the number of its ACL, aclUnknown when
// there is no such document.
func (s *snapshot) lookup(id string) (ordinal, acl uint32) {
	if ordinal, ok := s.ids.ordinal(id); ok {
		return ordinal, s.docs.at(ordinal)
	}
	return 0, aclUnknown
}

// id returns the id of a known document, false when there is none.
func (s *snapshot) id(ordinal uint32) (string, bool) {
	i, ok := s.ids.at(ordinal)
	if !ok || s.docs.at(ordinal) == aclUnknown {
		return "", false
	}
	return string(s.ids.get(i)), true
}

// ids are the ids of documents, in the order of their ordinals. A deleted
// document's id stays, and keeps its ordinal, until the index is compacted.
type ids struct {
	records
	slots
	seed     maphash.Seed
	ordinals []uint32 // ascending
}

func (d *ids) find(h uint64, id string) (uint32, bool) {
	return d.slots.find(h, func(i uint32) bool {
		return i < d.len() && string(d.get(i)) == id
	})
}

// ordinal returns the ordinal of an id, which may be that of a deleted document.
func (d *ids) ordinal(id string) (uint32, bool) {
	i, ok := d.find(maphash.String(d.seed, id), id)
	if !ok {
		return 0, false
	}
	return d.ordinals[i], true
}

// look finds the ordinals of several ids, each step for all of them before the next
// one: bit i of known is set when list[i] has one.
func (d *ids) look(list []string, ordinals *[together]uint32) (known uint16) {
	if d.len() == 0 {
		return 0
	}
	var hashes [together]uint64
	var first [together]uint32
	for i, id := range list {
		hashes[i] = maphash.String(d.seed, id)
		if at, ok := d.first(hashes[i]); ok && at < d.len() {
			first[i] = at
		}
	}
	d.touch(first[:len(list)])
	for i, id := range list {
		at, ok := first[i], string(d.get(first[i])) == id
		if !ok {
			at, ok = d.find(hashes[i], id)
		}
		if ok {
			ordinals[i] = d.ordinals[at]
			known |= 1 << i
		}
	}
	return known
}

// at returns the position of an ordinal. Until the first compaction the two are
// the same.
func (d *ids) at(ordinal uint32) (uint32, bool) {
	if ordinal < d.len() && d.ordinals[ordinal] == ordinal {
		return ordinal, true
	}
	i, ok := slices.BinarySearch(d.ordinals, ordinal)
	return uint32(i), ok
}

// all yields the documents in the order of their ordinals, with the numbers of
// their ACLs.
func (s *snapshot) all() iter.Seq2[uint32, uint32] {
	return func(yield func(ordinal, acl uint32) bool) {
		for i, pg := range s.docs.known() {
			for j := range uint32(pageLen) {
				if acl := pg.at(j); acl != aclUnknown && !yield(i*pageLen+j, acl) {
					return
				}
			}
		}
	}
}
