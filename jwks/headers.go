package jwks

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// headers remembers what header parts of tokens say. An issuer writes the same
// header into all of its tokens until it changes its key: to find it by its whole
// text takes no allocation, and a small part of the time of decoding and reading it.
//
// It is a memory of a pure function, so no answer depends on who filled it, and
// whoever sends tokens may. It never grows beyond its slots, and nobody waits for
// a lock. Nobody can aim at a slot, since the hash has a secret seed. A header that
// came once takes the place of one that came again only where all of a set did, so
// that a flood of new ones finds slots only that were of no use.
type headers struct {
	seed maphash.Seed
	sets [headerSets]headerSet
}

const (
	headerSets = 64
	headerWays = 4
	// maxSeen bounds what is remembered, in letters; a usual header has 100, one
	// with the longest kid 800. All slots full of the longest are 640 KiB.
	maxSeen = 1024
)

type headerSet [headerWays]atomic.Pointer[seenHeader]

// seenHeader is a header part and what it says, never written but for again.
type seenHeader struct {
	text   string
	header header
	again  atomic.Bool // it came again since all of its set had
}

func newHeaders() *headers { return &headers{seed: maphash.MakeSeed()} }

// seen are those of this process.
var seen = newHeaders()

func (h *headers) set(text string) (set *headerSet, start uint) {
	hash := maphash.String(h.seed, text)
	return &h.sets[hash%headerSets], uint(hash >> 32)
}

// get returns what a header part says, nil when it is not remembered.
func (h *headers) get(text string) *header {
	if len(text) > maxSeen {
		return nil
	}
	set, _ := h.set(text)
	for i := range set {
		if e := set[i].Load(); e != nil && e.text == text {
			if !e.again.Load() { // a write would take the line from other cores
				e.again.Store(true)
			}
			return &e.header
		}
	}
	return nil
}

// add remembers what parseHeader made of a header part.
func (h *headers) add(text string, parsed *header) {
	if len(text) > maxSeen {
		return
	}
	set, start := h.set(text)
	e := &seenHeader{text: strings.Clone(text), header: *parsed} // text may be part of a whole request
	set.victim(start).Store(e)
}

// victim returns a slot that is free or has what came once, any slot when all
// came again: these then have to do so once more.
func (set *headerSet) victim(start uint) *atomic.Pointer[seenHeader] {
	for i := range uint(headerWays) {
		slot := &set[(start+i)%headerWays]
		if e := slot.Load(); e == nil || !e.again.Load() {
			return slot
		}
	}
	for i := range set {
		set[i].Load().again.Store(false)
	}
	return &set[start%headerWays]
}
