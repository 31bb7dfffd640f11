package minters

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenacl/tokenacl/jwks"
)

var (
	public = []jwks.Algorithm{
		jwks.RS256, jwks.RS384, jwks.RS512, jwks.PS256, jwks.PS384, jwks.PS512, jwks.ES256, jwks.ES384, jwks.ES512, jwks.EdDSA,
	}
	shared     = []jwks.Algorithm{jwks.HS256, jwks.HS384, jwks.HS512}
	algorithms = slices.Concat(public, shared)
)

// pair is what a minter signs with for one algorithm: a key that is trusted and one
// of the same kind that is not.
type pair struct{ own, other any }

// pairs are new in every run. Each algorithm has a key of its own, so that a token
// is accepted only where its key is found.
var pairs = sync.OnceValue(func() map[jwks.Algorithm]pair {
	all := map[jwks.Algorithm]pair{
		jwks.ES256: {ecdsaKey(elliptic.P256()), ecdsaKey(elliptic.P256())},
		jwks.ES384: {ecdsaKey(elliptic.P384()), ecdsaKey(elliptic.P384())},
		jwks.ES512: {ecdsaKey(elliptic.P521()), ecdsaKey(elliptic.P521())},
		jwks.EdDSA: {ed25519Key(), ed25519Key()},
		jwks.HS256: {random(32), random(32)},
		jwks.HS384: {random(48), random(48)},
		jwks.HS512: {random(64), random(64)},
	}
	other := rsaKey()
	for _, alg := range public[:6] {
		all[alg] = pair{rsaKey(), other}
	}
	return all
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func rsaKey() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) }

func ecdsaKey(c elliptic.Curve) *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(c, rand.Reader)) }

func ed25519Key() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must(key, err)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// files are a key as minters read it, by the ending of the file's name.
func files(t *testing.T, alg jwks.Algorithm, key any) map[string][]byte {
	t.Helper()
	if secret, ok := key.([]byte); ok {
		return map[string][]byte{".jwk": marshal(t, map[string]string{"kty": "oct", "alg": string(alg), "k": base64.RawURLEncoding.EncodeToString(secret)})}
	}
	private := must(x509.MarshalPKCS8PrivateKey(key))
	public := must(x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public()))
	return map[string][]byte{
		".pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		".pub": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
	}
}

// keySet is a JWKS of members that are written already.
func keySet[T any](t *testing.T, keys []T) []byte {
	t.Helper()
	return marshal(t, map[string][]T{"keys": keys})
}

// kendraKey is a symmetric key in the format that Kendra documents: OCT in capitals,
// padding.
func kendraKey(kid string, alg jwks.Algorithm, k string) map[string]string {
	return map[string]string{"kid": kid, "alg": string(alg), "kty": "OCT", "use": "sig", "k": k}
}

func kendraSecret(t *testing.T, key func(pair) any) []byte {
	t.Helper()
	var keys []map[string]string
	for _, alg := range shared {
		keys = append(keys, kendraKey(string(alg), alg, base64.URLEncoding.EncodeToString(key(pairs()[alg]).([]byte))))
	}
	return keySet(t, keys)
}

func own(p pair) any   { return p.own }
func other(p pair) any { return p.other }

// exported are the keys of a minter as it exports them.
func exported(t *testing.T, rows map[id]row, of []jwks.Algorithm) []byte {
	t.Helper()
	var keys []json.RawMessage
	for _, alg := range of {
		keys = append(keys, rows[id{"minted", alg, "Key"}].JWK)
	}
	return keySet(t, keys)
}

// parse requires that every key is usable.
func parse(t *testing.T, data []byte, mode jwks.Mode, keys int) *jwks.Set {
	t.Helper()
	set, err := jwks.Parse(data, mode)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != keys || len(set.Skipped()) > 0 {
		t.Fatalf("%d keys, want %d; left out: %v", set.Len(), keys, set.Skipped())
	}
	return set
}

// untrusted are the other keys, under the kids of the minter's.
func untrusted(t *testing.T, rows map[id]row) (publicKeys, sharedKeys *jwks.Set) {
	t.Helper()
	var keys []jwks.PublicKey
	for _, alg := range public {
		key := pairs()[alg].other.(crypto.Signer).Public()
		keys = append(keys, jwks.PublicKey{Key: key, KeyID: rows[id{"minted", alg, "Key"}].KeyID, Algorithm: alg})
	}
	publicKeys, err := jwks.NewSet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return publicKeys, parse(t, kendraSecret(t, other), jwks.Secret, len(shared))
}

// text is a shared secret as people write one, and another of the same length.
type text struct {
	Own   string `json:"own"`
	Other string `json:"other"`
}

// texts are as long as HS256, HS384 and HS512 want, and so have every padding. In
// base64url they have the two letters that plain base64 has not.
var texts = []text{newText(32), newText(48), newText(64)}

func newText(n int) text {
	return text{strings.Repeat("ö>ä?", n/6) + "secret"[:n%6], strings.Repeat("other ", 11)[:n]}
}
