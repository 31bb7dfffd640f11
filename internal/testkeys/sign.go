package testkeys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // links SHA-256
	_ "crypto/sha512" // links SHA-384 and SHA-512
	"encoding/base64"
	"fmt"
)

// hashes by the digits of an algorithm's name, RFC 7518 section 3.1.
var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// Sign returns the compact JWS (RFC 7515 section 7.1) of the header and the
// payload, octet for octet, signed with alg: a name of RFC 7518 section 3.1 or
// EdDSA, whatever the header says. The key is an *[rsa.PrivateKey], an
// *[ecdsa.PrivateKey], an [ed25519.PrivateKey] or, for HMAC, a []byte.
func Sign(alg string, key any, header, payload []byte) string {
	input := Encode(header) + "." + Encode(payload)
	return input + "." + Encode(Signature(alg, key, []byte(input)))
}

// Encode is base64url without padding.
func Encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// Signature returns the octets of the JWS signature of input.
func Signature(alg string, key any, input []byte) []byte {
	if alg == "EdDSA" {
		return ed25519.Sign(key.(ed25519.PrivateKey), input)
	}
	if len(alg) != 5 || hashes[alg[2:]] == 0 {
		panic(fmt.Sprintf("testkeys: no algorithm %q", alg))
	}
	hash := hashes[alg[2:]]
	if alg[:2] == "HS" {
		mac := hmac.New(hash.New, key.([]byte))
		mac.Write(input)
		return mac.Sum(nil)
	}
	h := hash.New()
	h.Write(input)
	return signDigest(alg[:2], key, hash, h.Sum(nil))
}

func signDigest(family string, key any, hash crypto.Hash, digest []byte) []byte {
	var sig []byte
	var err error
	switch family {
	case "RS":
		sig, err = rsa.SignPKCS1v15(rand.Reader, key.(*rsa.PrivateKey), hash, digest)
	case "PS":
		salt := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		sig, err = rsa.SignPSS(rand.Reader, key.(*rsa.PrivateKey), hash, digest, salt)
	case "ES":
		sig, err = signECDSA(key.(*ecdsa.PrivateKey), digest)
	default:
		panic(fmt.Sprintf("testkeys: no algorithm family %q", family))
	}
	must(err)
	return sig
}

// signECDSA returns r and s, each as long as the curve's order, RFC 7518
// section 3.4.
func signECDSA(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, key, digest)
	if err != nil {
		return nil, err
	}
	size := (key.Curve.Params().BitSize + 7) / 8
	sig := make([]byte, 2*size)
	r.FillBytes(sig[:size])
	s.FillBytes(sig[size:])
	return sig, nil
}
