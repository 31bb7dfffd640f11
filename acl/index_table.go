package acl

import (
	"iter"
	"math/bits"
	"sync/atomic"
)

// slots finds an id by the hash of its key: open addressing, four bytes a slot.
// The bits that an id leaves free hold a part of its hash, so that a look-up
// compares hardly a key but the right one. Readers use a copy while one writer
// adds; they may meet ids that are younger than what else they hold.
type slots struct {
	at   []uint32 // 0 is free, else hash<<bits | id+1; read and written atomically
	bits int      // that id+1 takes
}

// find returns the id whose key has the hash h and which same accepts.
func (s slots) find(h uint64, same func(id uint32) bool) (uint32, bool) {
	if len(s.at) == 0 {
		return 0, false
	}
	tag, mask := uint32(h)<<s.bits, uint32(1)<<s.bits-1
	for i := s.home(h); ; i++ {
		if i == len(s.at) {
			i = 0
		}
		v := atomic.LoadUint32(&s.at[i])
		switch {
		case v == 0:
			return 0, false
		case v&^mask == tag && same(v&mask-1):
			return v&mask - 1, true
		}
	}
}

// first returns the id in the slot that one with the hash h has if nobody was there
// before, false if it is another's.
func (s slots) first(h uint64) (uint32, bool) {
	if len(s.at) == 0 {
		return 0, false
	}
	v, mask := atomic.LoadUint32(&s.at[s.home(h)]), uint32(1)<<s.bits-1
	return v&mask - 1, v != 0 && v&^mask == uint32(h)<<s.bits
}

// home maps a hash to a slot. A product scales to any number of slots, so that
// a table is as large as it needs to be and not the next power of two.
func (s slots) home(h uint64) int {
	i, _ := bits.Mul64(h, uint64(len(s.at)))
	return int(i)
}

// table is slots that their writer adds to.
type table struct {
	slots
	used int
	fill int // percent of the slots that may be used: memory against length of search
	// growth is the share that a full table grows by, one over it: 1 is doubling.
	growth int
}

// add enters an id that find does not find. When the table must grow, all
// yields the ids that are in it.
func (t *table) add(id uint32, h uint64, all iter.Seq2[uint32, uint64]) {
	if t.used+1 > len(t.at)*t.fill/100 || bits.Len32(id+1) > t.bits {
		t.resize(t.used+t.used/t.growth+8, id, all)
	}
	t.place(id, h)
}

// resize makes room for n ids up to the id last, all of them.
func (t *table) resize(n int, last uint32, all iter.Seq2[uint32, uint64]) {
	size := n*100/t.fill + 1
	t.slots = slots{at: make([]uint32, size), bits: bits.Len32(max(last+1, uint32(n)))}
	t.used = 0
	for id, h := range all {
		t.place(id, h)
	}
}

func (t *table) place(id uint32, h uint64) {
	for i := t.home(h); ; i++ {
		if i == len(t.at) {
			i = 0
		}
		if t.at[i] == 0 {
			atomic.StoreUint32(&t.at[i], uint32(h)<<t.bits|(id+1))
			t.used++
			return
		}
	}
}
