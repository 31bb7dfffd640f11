package jwks_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// members of a JWK, before it is written.
type members map[string]any

// with returns a copy with one member set, or removed when the value is drop.
func (m members) with(name string, value any) members {
	m = maps.Clone(m)
	if m[name] = value; value == drop {
		delete(m, name)
	}
	return m
}

var drop = new(int)

// b64 is base64url without padding.
func b64(b []byte) string { return testkeys.Encode(b) }

// public writes a public key as a JWK, independently of the code under test.
func public(key crypto.PublicKey, kid string) members {
	var m members
	switch k := key.(type) {
	case *rsa.PublicKey:
		m = members{"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
	case *ecdsa.PublicKey:
		size := (k.Params().BitSize + 7) / 8
		m = members{"kty": "EC", "crv": k.Params().Name, "x": b64(k.X.FillBytes(make([]byte, size))), "y": b64(k.Y.FillBytes(make([]byte, size)))}
	case ed25519.PublicKey:
		m = members{"kty": "OKP", "crv": "Ed25519", "x": b64(k)}
	default:
		panic("no such key")
	}
	if kid != "" {
		m["kid"] = kid
	}
	return m
}

func symmetric(k []byte, kid string) members {
	m := members{"kty": "oct", "k": b64(k)}
	if kid != "" {
		m["kid"] = kid
	}
	return m
}

func rsaJWK() members { return public(&testkeys.RSA2048().PublicKey, "rsa") }
func ecJWK() members  { return public(&testkeys.P256().PublicKey, "ec") }
func okpJWK() members { return public(testkeys.Ed25519().Public(), "ed") }
func octJWK() members { return symmetric(testkeys.HMAC(64), "oct") }

// file writes a file of keys.
func file(keys ...members) []byte {
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return text
}

func parse(t testing.TB, mode jwks.Mode, keys ...members) *jwks.Set {
	t.Helper()
	s, err := jwks.Parse(file(keys...), mode)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compact(t testing.TB, raw string) *jwks.JWS {
	t.Helper()
	j, err := jwks.ParseCompact(raw)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

const payload = `{"sub":"mary"}`

// header writes a JOSE header.
func header(alg jwks.Algorithm, kid string) string {
	h := map[string]any{"alg": alg}
	if kid != "" {
		h["kid"] = kid
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// sign makes a token whose header says what it was signed with.
func sign(alg jwks.Algorithm, key any, kid string) string {
	return signHeader(alg, key, header(alg, kid))
}

func signHeader(alg jwks.Algorithm, key any, header string) string {
	return testkeys.Sign(string(alg), key, []byte(header), []byte(payload))
}

// now is when tests happen that do not care.
var now = time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)

// verify parses and verifies.
func verify(s *jwks.Set, raw string) (jwks.Verified, error) {
	j, err := jwks.ParseCompact(raw)
	if err != nil {
		return jwks.Verified{}, err
	}
	return s.Verify(j, now)
}

// algorithm has a key for each algorithm.
type algorithm struct {
	name jwks.Algorithm
	key  any // for testkeys.Sign
	jwk  members
	size int // of a signature, in octets
}

func algorithms() []algorithm {
	r, r2, r3 := testkeys.RSA2048(), testkeys.RSA2048B(), testkeys.RSA3072()
	return []algorithm{
		{jwks.RS256, r, public(&r.PublicKey, "k"), 256},
		{jwks.RS384, r2, public(&r2.PublicKey, "k"), 256},
		{jwks.RS512, r3, public(&r3.PublicKey, "k"), 384},
		{jwks.PS256, r, public(&r.PublicKey, "k"), 256},
		{jwks.PS384, r3, public(&r3.PublicKey, "k"), 384},
		{jwks.PS512, r2, public(&r2.PublicKey, "k"), 256},
		{jwks.ES256, testkeys.P256(), public(&testkeys.P256().PublicKey, "k"), 64},
		{jwks.ES384, testkeys.P384(), public(&testkeys.P384().PublicKey, "k"), 96},
		{jwks.ES512, testkeys.P521(), public(&testkeys.P521().PublicKey, "k"), 132},
		{jwks.EdDSA, testkeys.Ed25519(), public(testkeys.Ed25519().Public(), "k"), 64},
		{jwks.HS256, testkeys.HMAC(32), symmetric(testkeys.HMAC(32), "k"), 32},
		{jwks.HS384, testkeys.HMAC(48), symmetric(testkeys.HMAC(48), "k"), 48},
		{jwks.HS512, testkeys.HMAC(64), symmetric(testkeys.HMAC(64), "k"), 64},
	}
}

// mode is the one that accepts the key.
func (a algorithm) mode() jwks.Mode {
	if strings.HasPrefix(string(a.name), "HS") {
		return jwks.Secret
	}
	return jwks.Public
}
