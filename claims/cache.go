package claims

import (
	"errors"
	"hash/maphash"
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// cache remembers tokens that one Verifier has accepted (rule T8). Whatever may
// change while a token stays the same is not remembered but checked again at
// each hit, see [Verifier.Cached].
//
// Readers take no lock and write nothing but a bit, once. A token has its place
// in one set of eight slots, found by a hash with a secret seed: nobody but who has
// the key can make tokens that enter, or choose some that push each other out.
type cache struct {
	seed  maphash.Seed
	sets  []cacheSet // a power of two
	limit int        // of bytes

	mu    sync.Mutex // of whoever writes
	bytes int
	hand  int // the slot that shrink looks at next
}

const (
	waysPerSet        = 8
	defaultCacheBytes = 16 << 20
	// leastEntry is what a token takes at least. It makes the bound of bytes one
	// of entries too.
	leastEntry = 1 << 10
	leastCache = 64 << 10
	// maxShare bounds one token: a sixteenth of the cache.
	maxShare = 16
)

type cacheSet [waysPerSet]atomic.Pointer[entry]

// entry is a token that was accepted, never written but for used.
type entry struct {
	hash  uint64
	raw   string
	token *Token
	bytes int
	used  atomic.Bool // since a token last looked for a slot
}

// newCache returns a cache of at most that many bytes, nil for none.
func newCache(bytes int) (*cache, error) {
	switch {
	case bytes < 0:
		return nil, nil
	case bytes == 0:
		bytes = defaultCacheBytes
	case bytes < leastCache:
		return nil, errors.New("claims: CacheBytes: less than 65,536; want more, 0 for 16 MiB, or a negative number for no cache")
	}
	sets := 1 << (bits.Len(uint(bytes/(waysPerSet*leastEntry))) - 1)
	return &cache{seed: maphash.MakeSeed(), sets: make([]cacheSet, sets), limit: bytes}, nil
}

// hash is of the end of a token alone, which is its signature or has it inside: that
// differs where anything does, and hashing all of 800 bytes took 50 of 240 ns. Who
// could make tokens of one end, which takes the key, would have them in one set.
func (c *cache) hash(raw string) uint64 {
	const end = 64
	return maphash.String(c.seed, raw[max(0, len(raw)-end):])
}

func (c *cache) set(hash uint64) *cacheSet { return &c.sets[hash&uint64(len(c.sets)-1)] }

// get returns the token of raw, nil when it is not remembered. The hash only
// finds it: raw is compared.
func (c *cache) get(raw string) *Token {
	if c == nil {
		return nil
	}
	hash := c.hash(raw)
	set := c.set(hash)
	for i := range set {
		if e := set[i].Load(); e != nil && e.hash == hash && e.raw == raw {
			if !e.used.Load() { // a write would take the line from other cores
				e.used.Store(true)
			}
			return e.token
		}
	}
	return nil
}

// add remembers an accepted token in place of what raw had before.
func (c *cache) add(raw string, t *Token) {
	if c == nil {
		return
	}
	raw = strings.Clone(raw) // it may be part of a whole request
	e := &entry{hash: c.hash(raw), raw: raw, token: t, bytes: sizeOf(raw, *t.facts)}
	if e.bytes > c.limit/maxShare {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replace(c.slot(e), e)
	c.shrink(e)
}

// shrink empties slots in turn until the bound of bytes is kept: those of
// entries that were not used since it last came by and then, if these were not
// enough, others, but for that of keep.
func (c *cache) shrink(keep *entry) {
	slots := len(c.sets) * waysPerSet
	for n := 2 * slots; c.bytes > c.limit && n > 0; n-- {
		slot := &c.sets[c.hand/waysPerSet][c.hand%waysPerSet]
		c.hand = (c.hand + 1) % slots
		if e := slot.Load(); e != nil && e != keep && (!e.used.Swap(false) || n <= slots) {
			c.replace(slot, nil)
		}
	}
}

func (c *cache) replace(slot *atomic.Pointer[entry], e *entry) {
	if old := slot.Load(); old != nil {
		c.bytes -= old.bytes
	}
	if e != nil {
		c.bytes += e.bytes
	}
	slot.Store(e)
}

// slot returns the one for e: its own, a free one, or that of an entry that was
// not used lately.
func (c *cache) slot(e *entry) *atomic.Pointer[entry] {
	set := c.set(e.hash)
	var free *atomic.Pointer[entry]
	for i := range set {
		switch old := set[i].Load(); {
		case old == nil:
			free = &set[i]
		case old.hash == e.hash && old.raw == e.raw:
			return &set[i]
		}
	}
	first := uint(e.hash >> 32) // not always the same slot
	for i := uint(0); free == nil; i++ {
		slot := &set[(first+i)%waysPerSet]
		if !slot.Load().used.Swap(false) || i >= waysPerSet {
			free = slot
		}
	}
	return free
}

// sizeOf returns how many bytes of memory an entry takes at most.
func sizeOf(raw string, f *facts) int {
	return leastEntry + strictjson.Allocated(len(raw)) + f.size
}

// Cached returns the Token of a raw that [Verifier.Verify] accepted before, if
// it is remembered and still to be believed: the keys in force are those that
// verified it, the key is within its validity and the token within its own, and
// Revoked has nothing against it. It is nil, without an error, when Verify has to
// tell. It does no I/O of its own and, but for what Revoked does, costs no
// allocation.
func (v *Verifier) Cached(raw string) (*Token, error) {
	if v == nil {
		return nil, nil
	}
	t := v.cache.get(raw)
	if t == nil {
		return nil, nil
	}
	now := time.Now()
	key := &(*t.facts).key
	if now.Before(key.NotBefore) || !key.NotAfter.IsZero() && !now.Before(key.NotAfter) {
		return nil, nil
	}
	if generation, err := v.keys.Generation(); err != nil || generation != key.Generation {
		return nil, nil
	}
	if err := v.admit(t, now); err != nil {
		return nil, err
	}
	return t, nil
}

// remember is for a token that was just accepted. A source that does not tell
// its generation cannot say when its keys change.
func (v *Verifier) remember(raw string, t *Token) {
	if (*t.facts).key.Generation != 0 {
		v.cache.add(raw, t)
	}
}
