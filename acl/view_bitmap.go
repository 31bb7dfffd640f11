package acl

import (
	"math"
	"math/bits"
	"slices"
)

// bitmap is a set of ACLs or of documents.
type bitmap []uint64

func (b bitmap) has(i uint32) bool { return i/64 < uint32(len(b)) && b[i/64]>>(i%64)&1 != 0 }
func (b bitmap) add(i uint32)      { b[i/64] |= 1 << (i % 64) }

func (b bitmap) complement() {
	for i := range b {
		b[i] = ^b[i]
	}
}

// visibleACLs returns the bitmap of ACLs, made if need be.
func (v *View) visibleACLs() *bitmap {
	if v.acls.Load() == nil {
		v.making.Lock()
		defer v.making.Unlock()
		if v.acls.Load() == nil {
			v.makeACLs()
		}
	}
	return v.acls.Load()
}

// makeNext makes the bitmap of ACLs or, when there is one, that of documents, if
// it pays by now.
func (v *View) makeNext(spent int64) {
	switch {
	case v.documents.Load() != nil:
	case v.acls.Load() == nil:
		if v.pays.Store(v.costACLs()); spent >= v.pays.Load() {
			v.makeACLs()
		}
	case spent >= v.pays.Load(): // else the other has just been made
		v.makeDocuments()
	}
}

// leastCost is what makeACLs costs at least, known without a search for names.
func (v *View) leastCost() int64 {
	p := *v.names.who
	return costWord*int64(v.snap.acls.len())/64 + costName*int64(len(p.Groups)+len(p.DataSourceGroups))
}

// costACLs estimates what makeACLs costs, in the unit of decisions.
func (v *View) costACLs() int64 {
	s := v.snap
	cost := v.leastCost() + costByte*int64(len(s.acls.data)-s.lists.bytes)
	allow, deny := v.lists()
	for _, l := range append(allow, deny...) {
		cost += costListed * int64(s.lists.size(l))
	}
	return cost
}

// makeACLs finds the ACLs that admit: those that allow one of the caller's names
// without those that deny one, from the lists of these names; of candidates of
// several levels those that turn out to admit; and each ACL that is so new that
// it is in no list.
func (v *View) makeACLs() {
	s := v.snap
	b := make(bitmap, s.acls.len()/64+1)
	if v.all {
		b.complement()
		b[0] &^= 1 << aclUnknown
	} else {
		v.addListed(b)
		for acl := max(s.lists.mark, firstACL); acl < s.acls.len(); acl++ {
			if v.admitsRecord(s.acls.get(acl)) {
				b.add(acl)
			}
		}
		if v.public {
			b.add(aclPublic)
		}
	}
	v.acls.Store(&b)
	v.spent.Store(0)
	v.pays.Store(max(s.tune.scan, v.costDocuments()))
}

func (v *View) addListed(b bitmap) {
	lists := v.snap.lists
	allow, deny := v.lists()
	for _, l := range allow {
		lists.or(b, l)
	}
	b.complement() // to take ACLs out is to add them to the others
	for _, l := range deny {
		lists.or(b, l)
	}
	b.complement()
	if lists.size(tokenLevels<<1) > 0 {
		v.verifyLevels(b)
	}
}

// lists returns the lists of the ACLs that allow the caller's names, and those of the
// ACLs that deny them. Those of no name are empty.
func (v *View) lists() (allow, deny []uint32) {
	n, p := &v.snap.names, *v.names.who
	if v.public {
		allow = append(allow, tokenEveryone<<1)
	}
	if v.refuse {
		deny = append(deny, tokenUnknown<<1|1)
	}
	var entries [inBatch]Entry
	var found [inBatch]uint32
	plain := func(kind Type, list []string) { // the DENY of any data source hits
		for part := range slices.Chunk(list, inBatch) {
			for i, name := range part {
				entries[i] = Entry{Type: kind, Name: name}
			}
			n.look(entries[:len(part)], &found)
			for _, t := range found[:len(part)] {
				allow, deny = append(allow, t<<1), append(deny, t<<1|1, n.wildOf(t)<<1|1)
			}
		}
	}
	plain(User, []string{p.User})
	plain(Group, p.Groups)
	for _, g := range p.DataSourceGroups {
		n.look([]Entry{{Type: Group, Name: g.GroupID, DataSourceID: g.DataSourceID}, {Type: Group, Name: g.GroupID}}, &found)
		allow, deny = append(allow, found[0]<<1), append(deny, found[0]<<1|1, found[1]<<1|1)
	}
	return allow, deny
}

// verifyLevels decides for the ACLs in b of which one level may not be enough.
func (v *View) verifyLevels(b bitmap) {
	candidates := make(bitmap, len(b))
	v.snap.lists.or(candidates, tokenLevels<<1)
	for i := range b {
		for word := b[i] & candidates[i]; word != 0; word &= word - 1 {
			bit := bits.TrailingZeros64(word)
			if !v.admitsRecord(v.snap.acls.get(uint32(i*64 + bit))) {
				b[i] &^= 1 << bit
			}
		}
	}
}

// costDocuments estimates what makeDocuments costs. It does not pay when ordinals are
// so far apart that the bitmap would take more than a byte a document.
func (v *View) costDocuments() int64 {
	n := v.snap.docs.len()
	if n/8 > uint64(v.snap.known)+1<<16 {
		return math.MaxInt64
	}
	return int64(n)
}

// makeDocuments finds the documents whose ACLs admit.
func (v *View) makeDocuments() {
	acls := *v.acls.Load()
	b := make(bitmap, v.snap.docs.len()/64)
	for i, pg := range v.snap.docs.known() {
		pg.visible(acls, (*[pageLen / 64]uint64)(b[i*(pageLen/64):]))
	}
	v.documents.Store(&b)
}

// visible sets the bits of the documents of a page whose ACLs are in acls.
func (pg *page) visible(acls bitmap, set *[pageLen / 64]uint64) {
	if pg.width != 1 {
		for i := range uint32(pageLen) {
			if acls.has(pg.at(i)) {
				set[i/64] |= 1 << (i % 64)
			}
		}
		return
	}
	// What each code stands for is looked up once, four times as fast.
	var codes [256 / 64]uint64
	pg.visibleCodes(acls, &codes)
	for i := range set {
		word := uint64(0)
		for j, code := range []byte(pg.codes[i*64 : i*64+64]) {
			word |= codes[code/64] >> (code % 64) & 1 << j
		}
		set[i] = word
	}
}

// visibleCodes sets the bits of the codes that stand for ACLs in acls.
func (pg *page) visibleCodes(acls bitmap, codes *[256 / 64]uint64) {
	for i := range codes {
		codes[i] = acls.window(pg.base + uint32(i*64))
	}
	const direct = 1<<directCodes - 1
	codes[0] = codes[0]&^direct | acls[0]&direct
	const last = len(codes) - 1
	codes[last] &= 1<<(64-farCodes) - 1
	for i := range uint32(len(pg.codes)-pageLen) / 4 {
		if acls.has(pg.number(pageLen + 4*i)) {
			codes[last] |= 1 << (64 - farCodes + i)
		}
	}
}

// window returns the bits of 64 numbers from i on, which may wrap around to 0.
func (b bitmap) window(i uint32) uint64 {
	word := func(i uint32) uint64 {
		if i < uint32(len(b)) {
			return b[i]
		}
		return 0
	}
	return word(i/64)>>(i%64) | word((i/64+1)%(1<<26))<<(64-i%64)
}

// count returns how many documents have one of the ACLs in b.
func (s *snapshot) count(b bitmap) int {
	n := 0
	for i, pg := range s.uses.known() {
		words := i * (pageLen / 64)
		for j, word := range b[words:min(words+pageLen/64, uint32(len(b)))] {
			if pg.uniform() || pg.width == fewWidth {
				most := word
				if pg.width == fewWidth {
					most &^= pg.mask(uint32(j))
				}
				n += bits.OnesCount64(most) * int(pg.base)
				word &^= most
			}
			for ; word != 0; word &= word - 1 {
				n += int(pg.at(uint32(j*64 + bits.TrailingZeros64(word))))
			}
		}
	}
	return n
}
