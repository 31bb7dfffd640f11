package tokentest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// signing is what an Issuer has for one algorithm: the key that is trusted and
// another one of the same kind that is not. They are what testkeys.Sign takes.
type signing struct {
	alg        jwks.Algorithm
	own, other any
}

func (s signing) keyID() string { return strings.ToLower(string(s.alg)) }

// signings are made at the first use: parsing keys takes time.
var signings = sync.OnceValue(func() []signing {
	a, b := testkeys.RSA2048(), testkeys.RSA2048B()
	return []signing{
		{jwks.RS256, a, b},
		{jwks.RS384, a, b},
		{jwks.RS512, a, b},
		{jwks.PS256, a, b},
		{jwks.PS384, a, b},
		{jwks.PS512, a, b},
		{jwks.ES256, testkeys.P256(), otherECDSA(elliptic.P256())},
		{jwks.ES384, testkeys.P384(), otherECDSA(elliptic.P384())},
		{jwks.ES512, testkeys.P521(), otherECDSA(elliptic.P521())},
		{jwks.EdDSA, testkeys.Ed25519(), ed25519.NewKeyFromSeed(ones(ed25519.SeedSize))},
		{jwks.HS256, testkeys.HMAC(32), ones(32)},
		{jwks.HS384, testkeys.HMAC(48), ones(48)},
		{jwks.HS512, testkeys.HMAC(64), ones(64)},
	}
})

func otherECDSA(curve elliptic.Curve) *ecdsa.PrivateKey {
	return must(ecdsa.ParseRawPrivateKey(curve, ones((curve.Params().BitSize+7)/8)))
}

func ones(n int) []byte { return bytes.Repeat([]byte{1}, n) }

// signingOf returns that of an algorithm, false when there is no such algorithm.
func signingOf(alg jwks.Algorithm) (signing, bool) {
	i := slices.IndexFunc(signings(), func(s signing) bool { return s.alg == alg })
	if i < 0 {
		return signing{}, false
	}
	return signings()[i], true
}

func symmetric(alg jwks.Algorithm) bool { return strings.HasPrefix(string(alg), "HS") }

// published are the public keys of all algorithms that have one.
var published = sync.OnceValue(func() *jwks.Set {
	return publicSet(func(alg jwks.Algorithm) bool { return !symmetric(alg) })
})

// shared are the symmetric keys.
var shared = sync.OnceValue(func() *jwks.Set { return must(jwks.Parse(sharedSecret(), jwks.Secret)) })

func publicSet(with func(jwks.Algorithm) bool) *jwks.Set {
	var keys []jwks.PublicKey
	for _, s := range signings() {
		if with(s.alg) {
			keys = append(keys, jwks.PublicKey{Key: s.own.(crypto.Signer).Public(), KeyID: s.keyID(), Algorithm: s.alg})
		}
	}
	return must(jwks.NewSet(keys...))
}

// sharedSecret has the symmetric keys in the format that Kendra documents.
func sharedSecret() []byte {
	type key struct {
		KeyID     string         `json:"kid"`
		Algorithm jwks.Algorithm `json:"alg"`
		Type      string         `json:"kty"`
		Use       string         `json:"use"`
		K         string         `json:"k"`
	}
	var file struct {
		Keys []key `json:"keys"`
	}
	for _, s := range signings() {
		if symmetric(s.alg) {
			file.Keys = append(file.Keys, key{s.keyID(), s.alg, "OCT", "sig", base64.URLEncoding.EncodeToString(s.own.([]byte))})
		}
	}
	return must(json.Marshal(file))
}

// publicKeysSecret has the RSA keys in the format that Kendra documents, which
// knows no others.
func publicKeysSecret() []byte {
	var b bytes.Buffer
	must(0, publicSet(func(alg jwks.Algorithm) bool { return strings.HasPrefix(string(alg), "RS") }).WriteKendraSecret(&b))
	return b.Bytes()
}

// must is for what cannot fail with keys that are fixed.
func must[T any](v T, err error) T {
	if err != nil {
		panic("tokentest: " + err.Error())
	}
	return v
}
