package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/jose"
	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// members of each type of key, RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037
// section 2.
var keys = []struct {
	name    string
	key     crypto.PublicKey
	alg     string
	members []string
}{
	{"RSA 2048", &testkeys.RSA2048().PublicKey, "RS256", []string{"e", "kty", "n"}},
	{"RSA 3072", &testkeys.RSA3072().PublicKey, "PS384", []string{"e", "kty", "n"}},
	{"P-256", &testkeys.P256().PublicKey, "ES256", []string{"crv", "kty", "x", "y"}},
	{"P-384", &testkeys.P384().PublicKey, "ES384", []string{"crv", "kty", "x", "y"}},
	{"P-521", &testkeys.P521().PublicKey, "ES512", []string{"crv", "kty", "x", "y"}},
	{"P-256 with a leading zero", shortX(), "ES256", []string{"crv", "kty", "x", "y"}},
	{"Ed25519", testkeys.Ed25519().Public(), "EdDSA", []string{"crv", "kty", "x"}},
}

// shortX returns a point whose x needs a leading zero octet.
func shortX() *ecdsa.PublicKey {
	for {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		if key.X.BitLen() <= 248 {
			return &key.PublicKey
		}
	}
}

// TestMarshalPublic reads what is written with another library.
func TestMarshalPublic(t *testing.T) {
	for _, tt := range keys {
		t.Run(tt.name, func(t *testing.T) {
			text, err := jose.MarshalPublic(tt.key, "a key", tt.alg)
			if err != nil {
				t.Fatal(err)
			}
			var back gojose.JSONWebKey
			if err := back.UnmarshalJSON(text); err != nil {
				t.Fatal(err)
			}
			if !tt.key.(interface{ Equal(crypto.PublicKey) bool }).Equal(back.Key) {
				t.Errorf("%s is another key", text)
			}
			if back.KeyID != "a key" || back.Algorithm != tt.alg || back.Use != "sig" {
				t.Errorf("kid %q, alg %q, use %q", back.KeyID, back.Algorithm, back.Use)
			}
		})
	}
}

// TestMemberNames requires that the names written are the fixed ones, whatever
// the values are.
func TestMemberNames(t *testing.T) {
	for _, tt := range keys {
		for _, kid := range []string{"", "a", `a","d":"1`, "a\x00\n\u2028\"", `{"k":1}`} {
			text, err := jose.MarshalPublic(tt.key, kid, "")
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]string
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%s, kid %q: %v", tt.name, kid, err)
			}
			want := append([]string{"use"}, tt.members...)
			if kid != "" {
				want = append(want, "kid")
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
				t.Errorf("%s, kid %q (-want +got):\n%s", tt.name, kid, diff)
			}
			if got["kid"] != kid {
				t.Errorf("%s: kid %q, want %q", tt.name, got["kid"], kid)
			}
		}
	}
}

func TestThumbprint(t *testing.T) {
	for _, tt := range keys {
		got, err := jose.Thumbprint(tt.key)
		if err != nil {
			t.Fatal(err)
		}
		want, err := (&gojose.JSONWebKey{Key: tt.key}).Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %x, want %x", tt.name, got, want)
		}
	}
}

// TestThumbprintRFC has the examples of RFC 7638 section 3.1 and RFC 8037
// appendix A.3.
func TestThumbprintRFC(t *testing.T) {
	n := "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W" +
		"-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr" +
		"dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	for _, tt := range []struct {
		name string
		key  crypto.PublicKey
		want string
	}{
		{"RFC 7638", &rsa.PublicKey{N: new(big.Int).SetBytes(decode(t, n)), E: 65537}, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{"RFC 8037", ed25519.PublicKey(decode(t, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		got, err := jose.Thumbprint(tt.key)
		if err != nil || base64.RawURLEncoding.EncodeToString(got) != tt.want {
			t.Errorf("%s: %x, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRefusedKeys requires that nothing but a public key is written, and that
// the error does not show what was refused.
func TestRefusedKeys(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]any{
		"RSA, negative modulus":  &rsa.PublicKey{N: big.NewInt(-5), E: 65537},
		"RSA, modulus 0":         &rsa.PublicKey{N: new(big.Int), E: 65537},
		"RSA, exponent 0":        &rsa.PublicKey{N: big.NewInt(5)},
		"EC, off the curve":      &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(2)},
		"EC, negative":           &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(-1), Y: big.NewInt(-2)},
		"EC, too large":          &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).Lsh(big.NewInt(1), 600), Y: big.NewInt(2)},
		"EC, curve that is none": &ecdsa.PublicKey{Curve: &elliptic.CurveParams{}, X: big.NewInt(1), Y: big.NewInt(1)},
		"EC, curve of nil":       &ecdsa.PublicKey{Curve: (*elliptic.CurveParams)(nil), X: big.NewInt(1), Y: big.NewInt(1)},
		"nil":                    nil,
		"secret":                 testkeys.HMAC(32),
		"text":                   string(testkeys.HMAC(32)),
		"RSA private":            testkeys.RSA2048(),
		"RSA value":              testkeys.RSA2048().PublicKey,
		"RSA nil":                (*rsa.PublicKey)(nil),
		"RSA zero":               &rsa.PublicKey{},
		"ECDSA private":          testkeys.P256(),
		"ECDSA nil":              (*ecdsa.PublicKey)(nil),
		"ECDSA zero":             &ecdsa.PublicKey{},
		"ECDSA no point":         &ecdsa.PublicKey{Curve: elliptic.P256()},
		"ECDSA P-224":            &p224.PublicKey,
		"Ed25519 private":        testkeys.Ed25519(),
		"Ed25519 nil":            ed25519.PublicKey(nil),
		"Ed25519 short":          make(ed25519.PublicKey, 31),
		"Ed25519 long":           make(ed25519.PublicKey, 33),
	} {
		text, err := jose.MarshalPublic(key, "a", "RS256")
		if !errors.Is(err, jose.ErrKeyType) || text != nil {
			t.Errorf("%s: MarshalPublic gives %s, %v", name, text, err)
		}
		sum, err2 := jose.Thumbprint(key)
		if !errors.Is(err2, jose.ErrKeyType) || sum != nil {
			t.Errorf("%s: Thumbprint gives %x, %v", name, sum, err2)
		}
		if err != nil && strings.Contains(err.Error(), "TESTING") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}
