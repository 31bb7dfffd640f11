package jwks

import (
	"errors"
	"fmt"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

const (
	maxFile  = 1 << 20 // bytes of a file of keys
	maxKeys  = 100     // elements of "keys"
	maxDepth = 16      // of JSON, in files and in token headers
)

// Mode says where a file of keys came from, and so how it is read. The zero
// value is invalid.
type Mode uint8

const (
	// Public is a JSON Web Key Set that an issuer publishes, RFC 7517 section 5.
	// Unusable keys are left out; [Set.Skipped] lists them.
	Public Mode = iota + 1
	// Secret is the value of a secret as Amazon Kendra documents it: public keys,
	// or symmetric ones, which only this mode accepts. One unusable key refuses
	// the file.
	Secret
)

// String returns "public" or "secret".
func (m Mode) String() string {
	switch m {
	case Public:
		return "public"
	case Secret:
		return "secret"
	}
	return "invalid"
}

// Parse reads the keys of a JSON object with an array "keys": at most 100 keys
// in 1 MiB. It keeps nothing of data.
//
// Unusable are: RSA keys of fewer than 2048 or more than 8192 bits, with an
// exponent that is even, below 65537 or longer than 31 bits, or with the ROCA
// flaw; HMAC keys shorter than the hash of their algorithm; points that are not
// on their curve (P-256, P-384, P-521, Ed25519) or of small order; keys whose
// use is not "sig", whose key_ops lack "verify", or whose alg is not one of this
// package or not one their type and curve can do; keys whose x5c begins with the
// certificate of another key, or whose x5t or x5t#S256 is not its digest; a kid
// that is empty, longer than 512 bytes or used twice, which makes all keys of
// that kid unusable; in mode [Public], symmetric and private keys. Unknown
// members are ignored, and so are x5u and, without x5c, the thumbprints.
//
// nbf and exp bound the validity of a key, from nbf until just before exp: text
// in ISO 8601, where no zone means UTC and a date alone 00:00 UTC, and in mode
// Public also a NumericDate (RFC 7519 section 2).
//
// Mode Secret takes kty OCT for oct, and k padded or not; everything else is as
// the RFCs spell it. Mode Public takes n, e, x and y padded or in the alphabet
// of plain base64 too, and n and e with zero octets in front.
//
// The error is [ErrNoUsableKey] when nothing is left or the file is no key set,
// and in mode Secret one or more *[KeyError], joined.
func Parse(data []byte, mode Mode) (*Set, error) {
	if mode != Public && mode != Secret {
		return nil, errors.New("jwks: Parse needs a mode, Public or Secret")
	}
	elements, err := readKeys(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoUsableKey, err)
	}
	repeated := repeatedKeyIDs(elements)
	var keys []*key
	var skipped []*KeyError
	var faults []error
	for i, v := range elements {
		k, bad := jwk{v, mode}.parse()
		kid := elementKeyID(v)
		if bad == nil && repeated[kid] {
			bad = &flaw{"kid", "another key has the same; give each its own"}
		}
		if bad == nil {
			keys = append(keys, k)
			continue
		}
		fault := &KeyError{Index: i, KeyID: kid, Member: bad.member, Reason: bad.reason}
		skipped = append(skipped, fault)
		faults = append(faults, fault)
	}
	switch {
	case mode == Secret && len(faults) > 0:
		return nil, errors.Join(faults...)
	case len(keys) == 0:
		return nil, fmt.Errorf("%w: all %d are unusable, the first: %w", ErrNoUsableKey, len(elements), faults[0])
	}
	return newSet(keys, skipped), nil
}

// readKeys returns the elements of "keys", at least one.
func readKeys(data []byte) ([]strictjson.Value, error) {
	doc, err := strictjson.Parse(data, strictjson.Limits{Bytes: maxFile, Depth: maxDepth})
	if err != nil {
		return nil, err
	}
	list, _ := doc.Get("keys")
	switch {
	case list.Kind() != strictjson.Array:
		return nil, errors.New(`want a JSON object with an array "keys"`)
	case list.Len() == 0:
		return nil, errors.New(`"keys" is empty`)
	case list.Len() > maxKeys:
		return nil, fmt.Errorf("%d keys, want at most %d", list.Len(), maxKeys)
	}
	elements := make([]strictjson.Value, 0, list.Len())
	for v := range list.Elements() {
		elements = append(elements, v)
	}
	return elements, nil
}

// repeatedKeyIDs returns the kids that more than one element has, be it usable
// or not: which of them a token means is anybody's guess.
func repeatedKeyIDs(elements []strictjson.Value) map[string]bool {
	seen, repeated := map[string]bool{}, map[string]bool{}
	for _, v := range elements {
		if kid := elementKeyID(v); kid != "" {
			repeated[kid] = seen[kid]
			seen[kid] = true
		}
	}
	return repeated
}

// elementKeyID returns the kid of an element that may be unusable, "" when it
// has none that is valid.
func elementKeyID(v strictjson.Value) string {
	kid, _ := jwk{Value: v}.keyID()
	return kid
}
