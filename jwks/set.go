package jwks

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Set is an immutable set of usable keys. The zero value and nil have none and
// verify nothing.
type Set struct {
	keys       []*key
	byKeyID    map[string]*key
	skipped    []*KeyError
	generation uint64
	previous   *Set // of the secret's previous version, or nil
}

// key is a usable key.
type key struct {
	material
	kid    string // "" when it has none
	anyKid bool   // serves tokens with a kid that no key has
	algs   []*spec
	valid  period
	hashes *digests // of HMAC
	chain  [][]byte // certificates in DER, to be written
}

// newKey makes a key for alg, or for all that it can do when alg is "".
func newKey(m material, kid, alg string, valid period) (*key, *flaw) {
	k := &key{material: m, kid: kid, algs: m.able(), valid: valid}
	if alg != "" {
		named := lookup(alg)
		switch {
		case named == nil:
			return nil, &flaw{"alg", "not a signature algorithm of this package"}
		case !slices.Contains(k.algs, named):
			return nil, &flaw{"alg", "one that the key cannot do, by its type, curve or length"}
		}
		k.algs = []*spec{named}
	}
	if m.kty == typeOct {
		k.hashes = newMACs(m.secret())
	}
	return k, nil
}

// KeyInfo tells of one key of a [Set] what is no secret.
type KeyInfo struct {
	KeyID      string      // kid, "" when it has none
	Type       string      // kty: RSA, EC, OKP or oct
	Algorithms []Algorithm // what it verifies, at least one
	Bits       int         // of the modulus, the curve or the secret
	NotBefore  time.Time   // its own validity, zero for no bound
	NotAfter   time.Time
}

func newSet(keys []*key, skipped []*KeyError) *Set {
	s := &Set{keys: keys, byKeyID: map[string]*key{}, skipped: skipped, generation: fingerprint(keys)}
	for _, k := range keys {
		if k.kid != "" {
			s.byKeyID[k.kid] = k
		}
	}
	return s
}

// over returns s with the keys of previous behind its own: they verify what s
// does not, until then. The kids of both may be the same.
func (s *Set) over(previous *Set, until time.Time) *Set {
	bounded := make([]*key, len(previous.keys))
	for i, k := range previous.keys {
		copied := *k
		if k.valid.until.IsZero() || until.Before(k.valid.until) {
			copied.valid.until = until.UTC()
		}
		bounded[i] = &copied
	}
	both := *s
	both.previous = newSet(bounded, nil)
	sum := keyed(binary.BigEndian.AppendUint64(nil, s.generation), binary.BigEndian.AppendUint64(nil, both.previous.generation))
	both.generation = binary.BigEndian.Uint64(sum)
	return &both
}

// has reports whether a key of s has that kid, which may not be "".
func (s *Set) has(kid string) bool {
	return kid != "" && (s.byKeyID[kid] != nil || s.previous != nil && s.previous.byKeyID[kid] != nil)
}

// Len returns the number of usable keys.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.keys)
}

// Keys describes the usable keys in the order of the file.
func (s *Set) Keys() []KeyInfo {
	if s == nil {
		return nil
	}
	infos := make([]KeyInfo, len(s.keys))
	for i, k := range s.keys {
		infos[i] = KeyInfo{KeyID: k.kid, Type: k.kty, Bits: k.bits, NotBefore: k.valid.from, NotAfter: k.valid.until}
		for _, alg := range k.algs {
			infos[i].Algorithms = append(infos[i].Algorithms, alg.name)
		}
	}
	return infos
}

// Skipped lists the keys of a public set that [Parse] left out, in the order of
// the file.
func (s *Set) Skipped() []*KeyError {
	if s == nil {
		return nil
	}
	list := make([]*KeyError, len(s.skipped))
	for i, e := range s.skipped {
		copied := *e
		list[i] = &copied
	}
	return list
}

// Generation identifies the keys in force: within one process, sets with equal
// keys (material, kid, algorithms, validity) have equal generations, whatever
// their order, and others have different ones. It differs between processes: a
// plain digest would help to guess a weak secret. A Set without keys has 0.
func (s *Set) Generation() uint64 {
	if s == nil {
		return 0
	}
	return s.generation
}

// fingerprintKey makes fingerprints worthless outside this process.
var fingerprintKey = sync.OnceValue(func() []byte {
	k := make([]byte, sha256.Size)
	rand.Read(k) // never fails
	return k
})

func fingerprint(keys []*key) uint64 {
	sums := make([][]byte, len(keys))
	for i, k := range keys {
		sums[i] = k.fingerprint()
	}
	slices.SortFunc(sums, bytes.Compare)
	all := keyed(sums...)
	return cmp.Or(binary.BigEndian.Uint64(all), 1) // 0 is a set without keys
}

func (k *key) fingerprint() []byte {
	var octets []byte
	if k.secret != nil {
		octets = k.secret()
	} else {
		octets, _ = x509.MarshalPKIXPublicKey(k.public) // the type was checked
	}
	from, _ := k.valid.from.MarshalBinary() // UTC always has an encoding
	until, _ := k.valid.until.MarshalBinary()
	fields := [][]byte{[]byte(k.kty), []byte(k.kid), octets, from, until}
	if k.anyKid {
		fields = append(fields, []byte("any kid"))
	}
	for _, alg := range k.algs {
		fields = append(fields, []byte(alg.name))
	}
	return keyed(fields...)
}

// keyed hashes fields so that different lists have different encodings.
func keyed(fields ...[]byte) []byte {
	mac := hmac.New(sha256.New, fingerprintKey())
	for _, f := range fields {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f))))
		mac.Write(f)
	}
	return mac.Sum(nil)
}

// String tells how many keys there are, and none of them.
func (s *Set) String() string {
	if s == nil {
		return "jwks.Set(no keys)"
	}
	return fmt.Sprintf("jwks.Set(%d usable keys, %d skipped)", len(s.keys), len(s.skipped))
}

// Format writes [Set.String] for every verb.
func (s *Set) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is [Set.String].
func (s *Set) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is [Set.String]: JSON and the like get a summary. To write keys,
// see [Set.MarshalPublic].
func (s *Set) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
