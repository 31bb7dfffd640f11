package acl

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"math"
)

var (
	errNoID       = errors.New("acl: the id is empty, want one")
	errByOrdinal  = errors.New("acl: this Index knows documents by ordinal, want PutAt or another Index")
	errByID       = errors.New("acl: this Index knows documents by id and none by this ordinal, want Put or another Index")
	errNoOrdinals = errors.New("acl: all ordinals are used, want a new Index")
)

// writer is what an Index needs to change: its next snapshot and the tables
// that readers do without.
type writer struct {
	snapshot
	encoder encoder
	idTable table // its slots are those of ids
	seen    table // the number of an ACL by its record; made when first needed
	seed    maphash.Seed
	live    int  // ACLs that a document has, but for nobody and public
	bulk    bool // nobody reads yet: pages are changed in place
}

func newWriter(r Rules, t *tuning) *writer {
	seed := maphash.MakeSeed()
	w := &writer{seed: seed, idTable: table{fill: 75, growth: 3}, seen: newSeen()}
	w.encoder = encoder{rules: r, names: newInterner(seed, t.limit)}
	w.snapshot = snapshot{rules: r, lists: new(inverted), tune: t, names: w.encoder.names.names}
	w.acls, w.ids.records = newRecords(), newRecords()
	for range firstACL {
		w.acls.add(nil, t.limit)
	}
	w.ids.seed = seed
	return w
}

func newSeen() table { return table{fill: 80, growth: 3} }

func (w *writer) putID(id string, a ACL) error {
	ordinal, err := w.ordinal(id)
	if err == nil {
		err = w.store(ordinal, a)
	}
	if err != nil {
		return fmt.Errorf("document %.100q: %w", id, err)
	}
	return nil
}

func (w *writer) putAt(ordinal uint32, a ACL) error {
	var err error
	switch {
	case w.end > 0 && !w.byOrdinal && w.docs.at(ordinal) == aclUnknown:
		err = errByID
	default:
		w.byOrdinal = w.byOrdinal || w.end == 0
		w.end = max(w.end, uint64(ordinal)+1)
		err = w.store(ordinal, a)
	}
	if err != nil {
		return fmt.Errorf("document %d: %w", ordinal, err)
	}
	return nil
}

// ordinal returns the ordinal of an id, a new one if need be.
func (w *writer) ordinal(id string) (uint32, error) {
	if i, ok := w.ids.find(maphash.String(w.seed, id), id); ok {
		return w.ids.ordinals[i], nil
	}
	switch {
	case id == "":
		return 0, errNoID
	case w.byOrdinal:
		return 0, errByOrdinal
	case w.end > math.MaxUint32:
		return 0, errNoOrdinals
	}
	ordinal := uint32(w.end)
	if err := w.addID(ordinal, []byte(id)); err != nil {
		return 0, err
	}
	w.end++
	return ordinal, nil
}

func (w *writer) addID(ordinal uint32, id []byte) error {
	i := w.ids.len()
	if err := w.ids.records.add(id, w.tune.limit); err != nil {
		return err
	}
	w.ids.ordinals = append(w.ids.ordinals, ordinal)
	w.idTable.add(i, maphash.Bytes(w.seed, id), hashes(w.seed, &w.ids.records, 0, i))
	w.ids.slots = w.idTable.slots
	return nil
}

// hashes yields the records from number first to before last with their hashes.
func hashes(seed maphash.Seed, r *records, first, last uint32) iter.Seq2[uint32, uint64] {
	return func(yield func(uint32, uint64) bool) {
		for i := first; i < last; i++ {
			yield(i, maphash.Bytes(seed, r.get(i)))
		}
	}
}

// store gives a document an ACL. With an error that is one that admits nobody.
func (w *writer) store(ordinal uint32, a ACL) error {
	acl, err := w.number(a)
	w.set(ordinal, acl)
	return err
}

// number returns the number of an ACL, a new one if need be.
func (w *writer) number(a ACL) (uint32, error) {
	if _, ok := a.(public); ok {
		return aclPublic, nil
	}
	if a == nil {
		return aclNobody, nil
	}
	var room [1]List
	levels, err := levelsIn(room[:0], a)
	if err != nil {
		return aclNobody, err
	}
	record, err := w.encoder.encode(levels)
	w.names = w.encoder.names.names
	if err != nil {
		return aclNobody, err
	}
	return w.intern(record)
}

// intern returns the number of an ACL's record.
func (w *writer) intern(record []byte) (uint32, error) {
	n := w.acls.len()
	if w.seen.at == nil {
		w.seen.resize(int(n), n, hashes(w.seed, &w.acls, firstACL, n))
	}
	h := maphash.Bytes(w.seed, record)
	if acl, ok := w.seen.find(h, func(acl uint32) bool { return bytes.Equal(w.acls.get(acl), record) }); ok {
		return acl, nil
	}
	if err := w.acls.add(record, w.tune.limit); err != nil {
		return aclNobody, err
	}
	w.seen.add(n, h, hashes(w.seed, &w.acls, firstACL, n))
	return n, nil
}

// set sets the number of a document's ACL, aclUnknown to forget it.
func (w *writer) set(ordinal, acl uint32) {
	old := w.docs.at(ordinal)
	if old == acl {
		return
	}
	if acl == aclUnknown {
		w.known--
	} else {
		w.use(acl, w.uses.at(acl)+1)
	}
	if old == aclUnknown {
		w.known++
	} else {
		w.use(old, w.uses.at(old)-1)
	}
	if w.bulk {
		w.docs.put(ordinal, acl)
	} else {
		w.docs = w.docs.with(ordinal, acl)
	}
}

// use sets how many documents have an ACL.
func (w *writer) use(acl, n uint32) {
	if acl >= firstACL {
		switch was := w.uses.at(acl); {
		case was == 0:
			w.live++
		case n == 0:
			w.live--
		}
	}
	if w.bulk {
		w.uses.put(acl, n)
	} else {
		w.uses = w.uses.with(acl, n)
	}
}

// tidy does after a change what need not be done at each: it compacts when more
// than half is garbage, and extends the inverted index when a View would have
// to look at too many ACLs that are missing from it. Amortised, one change costs
// a constant share of either.
func (w *writer) tidy() {
	garbage := int(w.acls.len()) - firstACL - w.live
	deleted := int(w.ids.len()) - w.known
	if garbage > w.live+w.tune.compact || !w.byOrdinal && deleted > w.known+w.tune.compact {
		w.compact()
	}
	if missing := len(w.acls.data) - w.lists.bytes; missing > w.tune.merge+len(w.acls.data)/256 {
		w.lists = w.lists.extend(&w.snapshot)
	}
}

// compact replaces w by one without ACLs, names and ids that no document has.
// Ordinals stay. What fitted before fits again, since no record becomes longer.
func (w *writer) compact() {
	fresh := newWriter(w.rules, w.tune)
	fresh.inBulk()
	fresh.byOrdinal, fresh.end = w.byOrdinal, w.end
	numbers := make([]uint32, w.acls.len())
	numbers[aclNobody], numbers[aclPublic] = aclNobody, aclPublic
	tokens := w.renumber(fresh.encoder.names)
	for ordinal, acl := range w.all() {
		if numbers[acl] == 0 {
			numbers[acl] = fresh.acls.len()
			if fresh.acls.add(fresh.encoder.translate(w.acls.get(acl), tokens), w.tune.limit) != nil {
				numbers[acl] = aclNobody
			}
		}
		if i, ok := w.ids.at(ordinal); ok {
			fresh.addID(ordinal, w.ids.get(i))
		}
		fresh.set(ordinal, numbers[acl])
	}
	fresh.finish()
	*w = *fresh
}

// renumber gives the names of ACLs in use their tokens among names, in the order that
// they have: none becomes greater. It returns them by the old ones.
func (w *writer) renumber(names *interner) []uint32 {
	used := make(bitmap, w.names.len()/64+1)
	for acl := uint32(firstACL); acl < w.acls.len(); acl++ {
		if w.uses.at(acl) == 0 {
			continue
		}
		for level := range levels(w.acls.get(acl)) {
			for t := range all(level) {
				used.add(t)
			}
		}
	}
	tokens := make([]uint32, w.names.len())
	for t := range w.names.len() {
		if used.has(t) {
			kind, source, name := splitName(w.names.get(t))
			tokens[t], _ = names.intern(kind, string(source), string(name))
		}
	}
	return tokens
}

// inBulk begins building in bulk, for which memory is taken that finish gives back.
func (w *writer) inBulk() {
	w.bulk, w.seen.growth = true, 1
	w.acls.growth, w.ids.growth = 1, 1
}

// finish ends building in bulk.
func (w *writer) finish() {
	w.pack()
	w.encoder.names.clip()
	w.names = w.encoder.names.names
	w.acls.clip()
	w.ids.clip()
	w.seen = newSeen() // up to ten bytes an ACL, which only a change needs
	w.lists = w.lists.extend(&w.snapshot)
}

// pack ends changing pages in place.
func (w *writer) pack() {
	w.bulk = false
	w.docs.pack()
	w.uses.pack()
}
