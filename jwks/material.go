package jwks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"math"
	"math/big"
)

const (
	minRSABits = 2048
	maxRSABits = 8192 // bounds the work of one verification, as crypto/tls does
	// minExponent keeps out the exponents that make padding mistakes exploitable;
	// NIST SP 800-56B section 6.2 and FIPS 186-5 appendix A.1.1 ask for it.
	minExponent = 65537
	maxExponent = math.MaxInt32 // the most that crypto/rsa verifies with
)

// The values of kty.
const (
	typeRSA = "RSA"
	typeEC  = "EC"
	typeOKP = "OKP"
	typeOct = "oct"
)

// material is the key itself: what is computed with. Exactly one of public and
// secret is set.
type material struct {
	kty    string
	curve  string // crv, of EC and OKP
	bits   int
	public crypto.PublicKey
	secret func() []byte // a function: formatting by reflection shows its address
}

// flaw is what is wrong with a key: the member at fault and the reason.
type flaw struct{ member, reason string }

// ofPublic checks a public key, whatever it was read from.
func ofPublic(pub crypto.PublicKey) (material, *flaw) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return ofRSA(k)
	case *ecdsa.PublicKey:
		return ofEC(k)
	case ed25519.PublicKey:
		return ofEd25519(k)
	}
	return material{}, &flaw{"kty", "want a public key of type RSA, EC or OKP"}
}

func ofRSA(k *rsa.PublicKey) (material, *flaw) {
	if k == nil || k.N == nil || k.N.Sign() < 0 {
		return material{}, &flaw{"n", "missing"}
	}
	bits := k.N.BitLen()
	switch {
	case bits < minRSABits:
		return material{}, &flaw{"n", fmt.Sprintf("a modulus of %d bits, want at least %d", bits, minRSABits)}
	case bits > maxRSABits:
		return material{}, &flaw{"n", fmt.Sprintf("a modulus of %d bits, want at most %d", bits, maxRSABits)}
	case k.N.Bit(0) == 0:
		return material{}, &flaw{"n", "an even modulus, want a product of two odd primes"}
	case k.E%2 == 0:
		return material{}, &flaw{"e", "an even exponent, want an odd one"}
	case k.E < minExponent:
		return material{}, &flaw{"e", fmt.Sprintf("an exponent below %d", minExponent)}
	case k.E > maxExponent:
		return material{}, &flaw{"e", "an exponent of more than 31 bits"}
	case hasROCA(k.N):
		return material{}, &flaw{"n", "a modulus that the ROCA flaw makes factorable (CVE-2017-15361); make a new key"}
	}
	own := &rsa.PublicKey{N: new(big.Int).Set(k.N), E: k.E}
	return material{kty: typeRSA, bits: bits, public: own}, nil
}

// ofEC encodes the point and parses it again: that checks that it is on its
// curve, and leaves nothing shared with the caller.
func ofEC(k *ecdsa.PublicKey) (material, *flaw) {
	if k == nil || k.X == nil || k.Y == nil {
		return material{}, &flaw{"x", "missing"}
	}
	for crv, curve := range curves {
		if k.Curve == curve {
			point, err := k.Bytes()
			if err != nil {
				return material{}, &flaw{"x", "the point is not on the curve"}
			}
			return parsePoint(crv, point)
		}
	}
	return material{}, &flaw{"crv", "want P-256, P-384 or P-521"}
}

// parsePoint reads an uncompressed point, SEC 1 section 2.3.3, of a curve of
// [curves].
func parsePoint(crv string, point []byte) (material, *flaw) {
	pub, err := ecdsa.ParseUncompressedPublicKey(curves[crv], point)
	if err != nil {
		return material{}, &flaw{"x", "the point is not on the curve"}
	}
	return material{kty: typeEC, curve: crv, bits: pub.Curve.Params().BitSize, public: pub}, nil
}

func ofEd25519(k ed25519.PublicKey) (material, *flaw) {
	if len(k) != ed25519.PublicKeySize {
		return material{}, &flaw{"x", fmt.Sprintf("%d octets, want %d", len(k), ed25519.PublicKeySize)}
	}
	if reason := checkEdwards(k); reason != "" {
		return material{}, &flaw{"x", reason}
	}
	own := append(ed25519.PublicKey(nil), k...)
	return material{kty: typeOKP, curve: "Ed25519", bits: 256, public: own}, nil
}

// ofSecret takes the octets over.
func ofSecret(k []byte) (material, *flaw) {
	m := material{kty: typeOct, bits: 8 * len(k), secret: func() []byte { return k }}
	if len(m.able()) == 0 {
		return material{}, &flaw{"k", fmt.Sprintf("%d octets, want at least 32: as many as the hash of HS256 has", len(k))}
	}
	return m, nil
}

// able returns the algorithms that the key can do, by type, curve and length.
func (m material) able() []*spec {
	var able []*spec
	for i := range specs {
		if m.can(&specs[i]) {
			able = append(able, &specs[i])
		}
	}
	return able
}

func (m material) can(alg *spec) bool {
	switch alg.scheme {
	case pkcs1, pss:
		return m.kty == typeRSA
	case hmacSum: // "A key of the same size as the hash output ... or larger MUST be used", RFC 7518 section 3.2
		return m.kty == typeOct && m.bits >= 8*alg.hash.Size()
	default:
		return m.curve == alg.curve
	}
}
