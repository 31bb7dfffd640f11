package kmssigner

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// ring is the keys in force at one time. It is never written: [ring.advance]
// makes the next one.
type ring struct {
	keys     []*key    // that verify, the latest last; each kid once
	prints   []uint64  // of keys
	signing  string    // kid of the one that signs, "" for none
	next     string    // kid of the one that will, "" for none
	nextFrom time.Time // no cache is without it any more
	nextBy   time.Time // the one that signs may make no more tokens
	set      *jwks.Set // of the public keys, nil when there is none
}

// news is what a refresh learnt.
type news struct {
	named *key            // what the name stands for, nil when that is not known
	seen  map[string]bool // IDs of other keys that may be used
	gone  map[string]bool // IDs of keys that may not
	began time.Time       // when the questions began

	unnamed error // why the backend did not tell what the name stands for, or nil
	now     time.Time
}

// advance returns what follows from news. Keys with a kid of retired are dropped.
func (r *ring) advance(o *Options, n news, retired map[string]bool) *ring {
	f := &ring{signing: r.signer(n.now), next: r.next, nextFrom: r.nextFrom, nextBy: r.nextBy}
	for _, k := range r.keys {
		switch {
		case n.gone[k.ID] || retired[k.kid] || !k.until.IsZero() && passed(k.until, n.now):
		case n.seen[k.ID]:
			f.keys = append(f.keys, k.with(n.began, k.until))
		default:
			f.keys = append(f.keys, k)
		}
	}
	if n.named != nil && !retired[n.named.kid] {
		f.point(o, n)
	}
	if f.find(f.next) == nil {
		f.next = ""
	}
	if f.find(f.signing) == nil { // unusable: its successor need not wait
		f.signing, f.next = f.next, ""
	}
	if f.next == "" { // whatever signs verifies, also when its successor is gone
		f.outlive(f.signing, time.Time{})
	}
	return f.sealed()
}

// point makes the named key the one that signs, or will.
func (f *ring) point(o *Options, n news) {
	kid := n.named.kid
	f.keys = slices.DeleteFunc(f.keys, func(k *key) bool { return k.kid == kid })
	f.keys = append(f.keys, n.named)
	switch {
	case kid == f.signing: // perhaps again
		f.next = ""
	case f.find(f.signing) == nil:
		f.signing, f.next = kid, ""
	case kid != f.next:
		f.next, f.nextFrom = kid, n.now.Add(o.PublishAhead)
		f.outlive(f.signing, n.now.Add(o.outlives()))
		f.nextBy = n.now.Add(o.outlives() - o.Lifetime - o.Leeway)
	}
	for _, k := range f.keys {
		if k.kid != kid && k.until.IsZero() {
			f.outlive(k.kid, n.now.Add(o.outlives()))
		}
	}
}

// outlive sets until when the key with that kid verifies, zero for no end.
func (f *ring) outlive(kid string, until time.Time) {
	for i, k := range f.keys {
		if k.kid == kid {
			f.keys[i] = k.with(k.checked, until)
		}
	}
}

// sealed computes what depends on the keys.
func (f *ring) sealed() *ring {
	var public []jwks.PublicKey
	for _, k := range f.keys {
		f.prints = append(f.prints, k.print())
		if k.set != nil {
			public = append(public, k.publish)
		}
	}
	f.set, _ = jwks.NewSet(public...) // each was accepted alone, and kids differ
	return f
}

// print is equal for keys that verify the same tokens for as long.
func (k *key) print() uint64 {
	der, _ := x509.MarshalPKIXPublicKey(k.Public) // none of HMAC
	sum := sha256.Sum256(fmt.Appendf(der, "%q %s %v", k.kid, k.alg, k.until.Round(0).UTC()))
	return binary.BigEndian.Uint64(sum[:])
}

// generation identifies the keys that verify at that time, 0 for none. One that
// the backend did not tell of for too long counts no more, by either clock: who
// remembers tokens of it knows its end by the wall clock alone.
func (r *ring) generation(now time.Time, maxStale time.Duration) uint64 {
	var all, usable uint64
	for i, k := range r.keys {
		if k.usable(now, maxStale) {
			all, usable = all^r.prints[i], 1
		}
	}
	return cmp.Or(all, usable)
}

// find returns the key with that kid, nil for none.
func (r *ring) find(kid string) *key {
	for _, k := range r.keys {
		if k.kid == kid {
			return k
		}
	}
	return nil
}

// signer returns the kid of the key that signs at that time, "" for none.
func (r *ring) signer(now time.Time) string {
	if r.next != "" && (!now.Before(r.nextFrom) || passed(r.nextBy, now)) {
		return r.next
	}
	return r.signing
}

// without returns the ring without a key that may not be used any more.
func (r *ring) without(o *Options, kid string, now time.Time) *ring {
	return r.advance(o, news{now: now}, map[string]bool{kid: true})
}

// early returns the ring in which the next key signs already, because the one
// that should cannot.
func (r *ring) early() *ring {
	f := *r
	f.signing, f.next = f.next, ""
	return &f
}
