package jwks

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokenacl/tokenacl/internal/base64url"
)

// maxTries bounds the keys that are tried for a token without a kid.
const maxTries = 8

// Verified tells which key verified a token, and until when to believe it.
type Verified struct {
	KeyID      string    // kid of the key, "" when it has none
	NotBefore  time.Time // the key's own validity, zero for no bound
	NotAfter   time.Time
	Generation uint64 // of the set, see [Set.Generation]
}

// Verify checks the signature of j with the keys of s, and then that now is
// within the validity of the key.
//
// A key verifies only tokens of algorithms that it allows. A token with the kid of
// a key is for that key alone. With any other kid it is for the keys that were given
// for any kid, without one for all keys; of those, at most 8 may allow its algorithm.
//
// The error is [ErrUnknownKey] when there is no such key or there are too many,
// [ErrSignature] when none made the signature, [ErrKeyExpired] when one did but is
// outside its validity, [ErrMalformed] for a j that [ParseCompact] did not return.
func (s *Set) Verify(j *JWS, now time.Time) (Verified, error) {
	t := j.parsed()
	if t == nil {
		return Verified{}, malformed("not parsed")
	}
	v, err := s.verify(t, now)
	if err == nil || s == nil || s.previous == nil || errors.Is(err, ErrKeyExpired) {
		return v, err
	}
	old, again := s.previous.verify(t, now)
	switch {
	case again == nil:
		old.Generation = s.generation
		return old, nil
	case errors.Is(again, ErrUnknownKey):
		return v, err
	}
	return Verified{}, again
}

func (s *Set) verify(t *token, now time.Time) (Verified, error) {
	var room [maxTries]*key
	candidates, err := s.candidates(t, room[:0])
	if err != nil {
		return Verified{}, err
	}
	err = ErrSignature
	for _, k := range candidates {
		switch {
		case !k.signed(t):
		case k.valid.contains(now):
			return Verified{k.kid, k.valid.from, k.valid.until, s.generation}, nil
		default:
			err = ErrKeyExpired
		}
	}
	return Verified{}, err
}

// candidates appends to found the keys that may verify t, at least one and at
// most [maxTries].
func (s *Set) candidates(t *token, found []*key) ([]*key, error) {
	if s.Len() == 0 {
		return nil, fmt.Errorf("%w: the set is empty", ErrUnknownKey)
	}
	if k := s.byKeyID[t.kid]; k != nil {
		if !slices.Contains(k.algs, t.alg) {
			return nil, fmt.Errorf("%w: the one with its kid does not allow %s", ErrUnknownKey, t.alg.name)
		}
		return append(found, k), nil
	}
	for _, k := range s.keys {
		if slices.Contains(k.algs, t.alg) && (t.kid == "" || k.anyKid) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 0 && t.kid != "":
		return nil, fmt.Errorf("%w: none has its kid", ErrUnknownKey)
	case len(found) == 0:
		return nil, fmt.Errorf("%w: none allows %s", ErrUnknownKey, t.alg.name)
	case len(found) > maxTries:
		return nil, fmt.Errorf("%w: no key has its kid, and %d others allow %s; want at most %d", ErrUnknownKey, len(found), t.alg.name, maxTries)
	}
	return found, nil
}

// signed reports whether k made the signature of t with the algorithm of t,
// which k allows.
func (k *key) signed(t *token) bool {
	text := t.raw[t.end+1:]
	if base64url.DecodedLen(len(text)) != k.signatureSize(t.alg) {
		return false
	}
	r := scratches.Get().(*scratch)
	defer scratches.Put(r)
	sig, ok := base64url.DecodeInto(r.sig[:], text)
	switch {
	case !ok:
		return false
	case t.alg.scheme == eddsa:
		return ed25519.Verify(k.public.(ed25519.PublicKey), r.of(t.signingInput()), sig)
	}
	digests := plain
	if t.alg.scheme == hmacSum {
		digests = k.hashes
	}
	d := digests[t.alg.hash].Get().(*digester)
	defer digests[t.alg.hash].Put(d)
	return k.signedDigest(t.alg, d.of(t.signingInput()), sig, r)
}

func (k *key) signedDigest(alg *spec, digest, sig []byte, r *scratch) bool {
	switch alg.scheme {
	case pkcs1: // RFC 7518 section 3.3
		return rsa.VerifyPKCS1v15(k.public.(*rsa.PublicKey), alg.hash, digest, sig) == nil
	case pss: // "The size of the salt value is the same size as the hash function output", section 3.5
		salt := rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(k.public.(*rsa.PublicKey), alg.hash, digest, sig, &salt) == nil
	case ecdsaSig: // r and s, section 3.4; VerifyASN1 wants both within [1, n-1]
		return ecdsa.VerifyASN1(k.public.(*ecdsa.PublicKey), digest, appendDER(r.der[:0], sig))
	}
	return hmac.Equal(digest, sig) // section 3.2; in constant time
}

// maxDER is how long a signature with P-521 is at most: two numbers of 66 octets,
// each with an octet of sign, a type and a length; a type and a length of two.
const maxDER = 3 + 2*(2+1+66)

// appendDER appends the ECDSA-Sig-Value (RFC 3279, section 2.2.3) of r and s, as
// long as each other. ecdsa.Verify makes the same of two big.Int, with allocations.
func appendDER(dst, sig []byte) []byte {
	r, s := unsigned(sig[:len(sig)/2]), unsigned(sig[len(sig)/2:])
	n := derLen(r) + derLen(s)
	if dst = append(dst, 0x30); n >= 0x80 {
		dst = append(dst, 0x81)
	}
	dst = append(dst, byte(n))
	return appendInteger(appendInteger(dst, r), s)
}

// unsigned returns b without zeros in front, but for the last octet.
func unsigned(b []byte) []byte {
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// derLen is the length of an INTEGER below 128 octets (X.690, section 8.3).
func derLen(b []byte) int { return 2 + int(b[0]>>7) + len(b) }

func appendInteger(dst, b []byte) []byte {
	dst = append(dst, 0x02, byte(derLen(b)-2))
	if b[0] >= 0x80 { // it would be negative
		dst = append(dst, 0)
	}
	return append(dst, b...)
}

// signatureSize returns how many octets a signature has, no more and no fewer.
func (k *key) signatureSize(alg *spec) int {
	switch alg.scheme {
	case ecdsaSig:
		return 2 * ((k.bits + 7) / 8)
	case eddsa:
		return ed25519.SignatureSize
	case hmacSum:
		return alg.hash.Size()
	}
	return (k.bits + 7) / 8 // RSA: as many as the modulus
}
