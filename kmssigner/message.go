package kmssigner

import (
	"crypto"
	_ "crypto/sha256" // links SHA-256
	_ "crypto/sha512" // links SHA-384 and SHA-512
	"fmt"

	"github.com/tokenacl/tokenacl/jwks"
)

// hashes of the algorithms, RFC 7518 section 3.1. EdDSA hashes by itself.
var hashes = map[jwks.Algorithm]crypto.Hash{
	jwks.RS256: crypto.SHA256, jwks.PS256: crypto.SHA256, jwks.ES256: crypto.SHA256, jwks.HS256: crypto.SHA256,
	jwks.RS384: crypto.SHA384, jwks.PS384: crypto.SHA384, jwks.ES384: crypto.SHA384, jwks.HS384: crypto.SHA384,
	jwks.RS512: crypto.SHA512, jwks.PS512: crypto.SHA512, jwks.ES512: crypto.SHA512, jwks.HS512: crypto.SHA512,
}

// message returns what a backend signs of text: itself, or its digest when it is
// too long for that. KMS takes no empty message.
func message(alg jwks.Algorithm, text string) (Message, error) {
	if 0 < len(text) && len(text) <= MaxRaw {
		return Message{Raw: []byte(text)}, nil
	}
	if !signable(alg, len(text)) {
		return Message{}, fmt.Errorf("%w: %d bytes, and %s takes 1 to %d; use a key for RSA or ECDSA, or fewer claims", ErrTooLarge, len(text), alg, MaxRaw)
	}
	h := hashes[alg].New()
	h.Write([]byte(text))
	return Message{Digest: h.Sum(nil)}, nil
}

// signable reports whether a backend signs so many bytes, as they are or by their
// digest.
func signable(alg jwks.Algorithm, size int) bool {
	return 0 < size && size <= MaxRaw || alg != jwks.EdDSA && !isMAC(alg)
}

func isMAC(alg jwks.Algorithm) bool {
	return alg == jwks.HS256 || alg == jwks.HS384 || alg == jwks.HS512
}

// macSize is how many octets the signature of an HMAC algorithm has.
func macSize(alg jwks.Algorithm) int { return hashes[alg].Size() }
