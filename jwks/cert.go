package jwks

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// checkCertificate compares the key with the leaf of x5c (RFC 7517 section 4.7),
// and the leaf with x5t and x5t#S256 (sections 4.8 and 4.9). A JWK whose members
// contradict each other was put together from two keys, and nobody knows which
// one was meant. Neither the chain nor the expiry is looked at. Without a
// certificate the thumbprints are ignored.
func checkCertificate(j jwk, pub crypto.PublicKey) *flaw {
	leaf, bad := j.leaf()
	if leaf == "" || bad != nil {
		return bad
	}
	der, ok := decodeLoose(leaf)
	if !ok {
		return &flaw{"x5c", "want certificates in base64"}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return &flaw{"x5c", "want certificates in DER; the first is none"}
	}
	if !samePublic(cert.PublicKey, pub) {
		return &flaw{"x5c", "the first certificate is for another key"}
	}
	sha1Sum, sha256Sum := sha1.Sum(der), sha256.Sum256(der)
	if bad := j.checkThumbprint("x5t", sha1Sum[:]); bad != nil {
		return bad
	}
	return j.checkThumbprint("x5t#S256", sha256Sum[:])
}

// leaf returns the first certificate of x5c: of a list or, as Kendra's users
// write it, of a string. Members may be empty; when all are, there is none.
func (j jwk) leaf() (string, *flaw) {
	x5c, ok := j.Get("x5c")
	if !ok {
		return "", nil
	}
	if s, ok := x5c.Str(); ok {
		return s, nil
	}
	if x5c.Kind() != strictjson.Array {
		return "", &flaw{"x5c", "want an array of strings, or a string"}
	}
	var chain []string
	for v := range x5c.Elements() {
		s, ok := v.Str()
		if !ok {
			return "", &flaw{"x5c", "want an array of strings, or a string"}
		}
		chain = append(chain, s)
	}
	switch {
	case strings.Join(chain, "") == "":
		return "", nil
	case chain[0] == "":
		return "", &flaw{"x5c", "the first certificate, that of the key, is empty"}
	}
	return chain[0], nil
}

// checkThumbprint accepts the digest of the certificate in base64url, in hex,
// and, as one large issuer sends it, in base64url of the hex.
func (j jwk) checkThumbprint(member string, digest []byte) *flaw {
	v, ok := j.Get(member)
	if !ok {
		return nil
	}
	s, ok := v.Str()
	switch {
	case !ok:
		return &flaw{member, "want a string"}
	case s == "":
		return nil
	case isHex(s, digest):
		return nil
	}
	if b, ok := decodePadded(s); ok && (bytes.Equal(b, digest) || isHex(string(b), digest)) {
		return nil
	}
	return &flaw{member, "not the digest of the first certificate in x5c, in base64url or hex"}
}

func isHex(s string, digest []byte) bool {
	b, err := hex.DecodeString(s)
	return err == nil && bytes.Equal(b, digest)
}

// samePublic reports whether a and b are the same public key, false for types
// that cannot tell.
func samePublic(a, b crypto.PublicKey) bool {
	comparable, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && comparable.Equal(b)
}
