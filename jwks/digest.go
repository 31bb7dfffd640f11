package jwks

import (
	"crypto"
	"crypto/hmac"
	"hash"
	"sync"

	"github.com/tokenacl/tokenacl/internal/base64url"
)

// digester hashes a string without copying all of it to the heap.
type digester struct {
	hash  hash.Hash
	chunk [512]byte
	sum   [64]byte // as long as that of SHA-512
}

// of returns the digest of s, valid until the digester is used again.
func (d *digester) of(s string) []byte {
	d.hash.Reset()
	for len(s) > 0 {
		n := copy(d.chunk[:], s)
		d.hash.Write(d.chunk[:n])
		s = s[n:]
	}
	return d.hash.Sum(d.sum[:0])
}

// digests keeps digesters that were used, by hash function.
type digests [crypto.SHA512 + 1]*sync.Pool

// plain are those of the signatures with a public key.
var plain = newDigests(func(h crypto.Hash) hash.Hash { return h.New() })

// newMACs returns those of HMAC with a secret, RFC 2104: each has digested the
// secret already.
func newMACs(secret []byte) *digests {
	return newDigests(func(h crypto.Hash) hash.Hash { return hmac.New(h.New, secret) })
}

func newDigests(make func(crypto.Hash) hash.Hash) *digests {
	var all digests
	for _, h := range [...]crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		all[h] = &sync.Pool{New: func() any { return &digester{hash: make(h)} }}
	}
	return &all
}

// scratch is room for what verification hands to the standard library. Taking it
// from the heap for each token is an allocation of up to 100 KB for EdDSA, and one
// of the size of a signature for the others.
type scratch struct {
	sig     [maxRSABits/8 + base64url.Slack]byte
	der     [maxDER]byte
	message []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// of returns the octets of s, valid until the scratch is used again.
func (r *scratch) of(s string) []byte {
	r.message = append(r.message[:0], s...)
	return r.message
}
