package jwks_test

import (
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestAsIssuersPublish has keys with the peculiarities of large issuers, each in
// the words of this package. A usable one must verify a token, together with the
// others of its set.
//
// Rules K1, K2, K4
func TestAsIssuersPublish(t *testing.T) {
	r, e, ed := testkeys.RSA2048(), testkeys.P256(), testkeys.Ed25519()
	key := rsaJWK().with("use", "sig")
	n := r.N.Bytes()
	zero := append([]byte{0}, n...)
	der := certificate(r)
	cert := base64.StdEncoding.EncodeToString(der)
	sum1, sum256 := sha1.Sum(der), sha256.Sum256(der)
	hex1 := strings.ToUpper(hex.EncodeToString(sum1[:]))
	weak := public(&testkeys.RSA1024().PublicKey, "rsa")
	for _, tt := range []struct {
		name string
		jwk  members
		alg  jwks.Algorithm
		key  crypto.Signer
		bad  string // the fault of a key that is left out
	}{
		{"use and alg", key.with("alg", "RS256"), jwks.RS256, r, ""},
		{"alg without use", rsaJWK().with("alg", "RS256"), jwks.RS256, r, ""},
		{"use without alg", key, jwks.RS384, r, ""},
		{"neither", rsaJWK(), jwks.PS512, r, ""},
		{"4096 bits", key.with("n", modulus(4096)), "", nil, ""},
		{"issuer beside the key, certificate and its SHA-1", key.with("issuer", "https://login.example/{tenantid}/v2.0").with("x5c", []string{cert}).with("x5t", b64(sum1[:])), jwks.RS256, r, ""},
		{"kid is the HEX of the thumbprint", key.with("kid", hex1).with("x5c", []string{cert}).with("x5t", b64(sum1[:])), jwks.RS256, r, ""},
		{"x5t is base64url of the HEX", key.with("x5c", []string{cert}).with("x5t", b64([]byte(hex1))), jwks.RS256, r, ""},
		{"x5t and x5t#S256", key.with("x5c", []string{cert}).with("x5t", b64(sum1[:])).with("x5t#S256", b64(sum256[:])), jwks.RS256, r, ""},
		{"n with a zero octet in front", key.with("n", b64(zero)), jwks.RS256, r, ""},
		{"n with a zero octet, padded, in the other alphabet", key.with("n", base64.StdEncoding.EncodeToString(zero)), jwks.RS256, r, ""},
		{"PS256, n with a zero octet", key.with("alg", "PS256").with("n", b64(zero)), jwks.PS256, r, ""},
		{"kid in base64", key.with("kid", "Kid0/with+letters="), jwks.RS256, r, ""},
		{"kid with a colon", key.with("kid", "public:0a1b2c3d-0000-4000-8000-000000000000"), jwks.RS256, r, ""},
		{"kid that says private", key.with("kid", "private:0a1b2c3d-0000-4000-8000-000000000000"), jwks.RS256, r, ""},
		{"kid of an e-mail address", key.with("kid", "example@example.com"), jwks.RS256, r, ""},
		{"kid of a digit", key.with("kid", "0"), jwks.RS256, r, ""},
		{"EC without alg and use", ecJWK(), jwks.ES256, e, ""},
		{"EC with acr", ecJWK().with("acr", []string{"gold"}), jwks.ES256, e, ""},
		{"OKP with alg", okpJWK().with("alg", "EdDSA"), jwks.EdDSA, ed, ""},
		{"X25519, padded", members{"kty": "OKP", "crv": "X25519", "x": base64.URLEncoding.EncodeToString(make([]byte, 32)), "kid": "x"}, "", nil, "crv: want Ed25519"},
		{"key for encryption", key.with("use", "enc").with("alg", "RSA-OAEP").with("kid", "enc").with("x5c", []string{cert}), "", nil, `use: want "sig"`},
		{"1024 bits, with a zero octet in front", weak.with("n", b64(append([]byte{0}, testkeys.RSA1024().N.Bytes()...))), "", nil, "n: a modulus of 1024 bits"},
		{"2040 bits", key.with("n", modulus(2040)), "", nil, "n: a modulus of 2040 bits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := parse(t, jwks.Public, public(&testkeys.P384().PublicKey, "before"), tt.jwk, public(&testkeys.P521().PublicKey, "after"))
			if tt.bad != "" {
				if set.Len() != 2 || len(set.Skipped()) != 1 || !strings.Contains(set.Skipped()[0].Error(), tt.bad) {
					t.Errorf("%d keys, skipped %v", set.Len(), set.Skipped())
				}
				return
			}
			if set.Len() != 3 {
				t.Fatalf("skipped %v", set.Skipped())
			}
			if tt.key == nil {
				return
			}
			if _, err := verify(set, sign(tt.alg, tt.key, fmt.Sprint(tt.jwk["kid"]))); err != nil {
				t.Error(err)
			}
			if _, err := verify(set, sign(tt.alg, tt.key, "")); err != nil {
				t.Errorf("without kid: %v", err)
			}
		})
	}
}
