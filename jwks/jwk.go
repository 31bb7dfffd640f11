package jwks

import (
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// maxKeyID bounds a kid, of a key and of a token, in bytes.
const maxKeyID = 512

// jwk is one element of "keys" while it is read.
type jwk struct {
	strictjson.Value
	mode Mode
}

// parse makes a key of the element. Every member that this package knows is
// checked, others are ignored (RFC 7517 section 4).
func (j jwk) parse() (*key, *flaw) {
	if j.Kind() != strictjson.Object {
		return nil, &flaw{"", "want a JSON object"}
	}
	kid, bad := j.keyID()
	if bad == nil {
		bad = j.checkUse()
	}
	if bad != nil {
		return nil, bad
	}
	m, bad := j.material()
	if bad != nil {
		return nil, bad
	}
	alg, bad := j.text("alg", false)
	if bad != nil {
		return nil, bad
	}
	if bad := checkCertificate(j, m.public); bad != nil {
		return nil, bad
	}
	valid, bad := validity(j.Value, j.mode)
	if bad != nil {
		return nil, bad
	}
	return newKey(m, kid, alg, valid)
}

// text returns a string member; "" when it is absent and need not be there.
func (j jwk) text(member string, required bool) (string, *flaw) {
	v, ok := j.Get(member)
	if !ok {
		if required {
			return "", &flaw{member, "missing"}
		}
		return "", nil
	}
	s, ok := v.Str()
	switch {
	case !ok:
		return "", &flaw{member, "want a string"}
	case s == "":
		return "", &flaw{member, "empty"}
	}
	return s, nil
}

func (j jwk) keyID() (string, *flaw) {
	kid, bad := j.text("kid", false)
	if bad != nil {
		return "", bad
	}
	if bad := checkKeyID(kid); bad != nil {
		return "", bad
	}
	return strings.Clone(kid), nil // lest it keep the whole file in memory
}

func checkKeyID(kid string) *flaw {
	if len(kid) > maxKeyID {
		return &flaw{"kid", fmt.Sprintf("longer than %d bytes", maxKeyID)}
	}
	if !utf8.ValidString(kid) {
		return &flaw{"kid", "not UTF-8"}
	}
	return nil
}

// checkUse reads use and key_ops, RFC 7517 sections 4.2 and 4.3. A key that has
// neither may verify.
func (j jwk) checkUse() *flaw {
	use, bad := j.text("use", false)
	if bad != nil {
		return bad
	}
	if use != "" && use != "sig" {
		return &flaw{"use", `want "sig"`}
	}
	ops, ok := j.Get("key_ops")
	if !ok {
		return nil
	}
	verify := false
	for op := range ops.Elements() {
		s, ok := op.Str()
		if !ok {
			return &flaw{"key_ops", "want an array of strings"}
		}
		verify = verify || s == "verify"
	}
	if !verify {
		return &flaw{"key_ops", `want an array with "verify"`}
	}
	return nil
}

// privateMembers hold the private half of a key or all of a symmetric one,
// RFC 7518 sections 6.2.2, 6.3.2 and 6.4.
var privateMembers = [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

func (j jwk) material() (material, *flaw) {
	kty, bad := j.text("kty", true)
	if bad != nil {
		return material{}, bad
	}
	symmetric := kty == typeOct || kty == "OCT" // upper case in Kendra's documentation
	if j.mode == Public {
		if symmetric {
			return material{}, &flaw{"kty", "a symmetric key in a public set: whoever can read the set can sign"}
		}
		for _, member := range privateMembers {
			if _, ok := j.Get(member); ok {
				return material{}, &flaw{member, "a private key in a public set: whoever can read the set can sign"}
			}
		}
	}
	switch {
	case symmetric:
		return j.secret()
	case kty == typeRSA:
		return j.rsa()
	case kty == typeEC:
		return j.ec()
	case kty == typeOKP:
		return j.okp()
	}
	return material{}, &flaw{"kty", "want RSA, EC, OKP or oct"}
}

func (j jwk) secret() (material, *flaw) {
	text, bad := j.text("k", true)
	if bad != nil {
		return material{}, bad
	}
	k, ok := decodePadded(text)
	if !ok {
		return material{}, &flaw{"k", "want base64url"}
	}
	return ofSecret(k)
}

func (j jwk) rsa() (material, *flaw) {
	n, bad := j.integer("n")
	if bad != nil {
		return material{}, bad
	}
	e, bad := j.integer("e")
	if bad != nil {
		return material{}, bad
	}
	if e.Cmp(big.NewInt(maxExponent)) > 0 {
		return material{}, &flaw{"e", "an exponent of more than 31 bits"}
	}
	return ofRSA(&rsa.PublicKey{N: n, E: int(e.Int64())})
}

func (j jwk) ec() (material, *flaw) {
	crv, bad := j.text("crv", true)
	if bad != nil {
		return material{}, bad
	}
	curve := curves[crv]
	if curve == nil {
		return material{}, &flaw{"crv", "want P-256, P-384 or P-521"}
	}
	point := []byte{4} // uncompressed
	for _, member := range [...]string{"x", "y"} {
		coordinate, bad := j.octets(member)
		if bad != nil {
			return material{}, bad
		}
		// "The length of this octet string MUST be the full size of a
		// coordinate", RFC 7518 section 6.2.1.2.
		if size := (curve.Params().BitSize + 7) / 8; len(coordinate) != size {
			return material{}, &flaw{member, fmt.Sprintf("%d octets, want %d", len(coordinate), size)}
		}
		point = append(point, coordinate...)
	}
	return parsePoint(crv, point)
}

func (j jwk) okp() (material, *flaw) {
	crv, bad := j.text("crv", true)
	if bad != nil {
		return material{}, bad
	}
	if crv != "Ed25519" {
		return material{}, &flaw{"crv", "want Ed25519"}
	}
	x, bad := j.octets("x")
	if bad != nil {
		return material{}, bad
	}
	return ofEd25519(ed25519.PublicKey(x))
}

// octets returns the value of a member in base64url. In public sets the other
// alphabet and padding are understood too: real issuers send both.
func (j jwk) octets(member string) ([]byte, *flaw) {
	text, bad := j.text(member, true)
	if bad != nil {
		return nil, bad
	}
	decode, want := decodeStrict, "want base64url without padding"
	if j.mode == Public {
		decode, want = decodeLoose, "want base64url"
	}
	b, ok := decode(text)
	if !ok {
		return nil, &flaw{member, want}
	}
	return b, nil
}

// integer returns the value of a Base64urlUInt, RFC 7518 section 2. Zero octets
// in front, which the RFC forbids, are understood in public sets.
func (j jwk) integer(member string) (*big.Int, *flaw) {
	b, bad := j.octets(member)
	if bad != nil {
		return nil, bad
	}
	if j.mode == Secret && b[0] == 0 {
		return nil, &flaw{member, "a zero octet in front; leave it out"}
	}
	return new(big.Int).SetBytes(b), nil
}
