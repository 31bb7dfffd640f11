package jwks_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func spki(key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return block("PUBLIC KEY", der)
}

func parsePEM(t *testing.T, data []byte, opts jwks.PEMOptions) *jwks.Set {
	t.Helper()
	s, err := jwks.ParsePEM(data, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestParsePEM reads each kind of block and verifies with it.
//
// Rule K2
func TestParsePEM(t *testing.T) {
	r := testkeys.RSA2048()
	for _, tt := range []struct {
		name string
		data []byte
		alg  jwks.Algorithm
		key  any
	}{
		{"RSA", spki(&r.PublicKey), jwks.PS256, r},
		{"RSA, PKCS #1", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&r.PublicKey)), jwks.RS512, r},
		{"P-256", spki(&testkeys.P256().PublicKey), jwks.ES256, testkeys.P256()},
		{"P-384", spki(&testkeys.P384().PublicKey), jwks.ES384, testkeys.P384()},
		{"P-521", spki(&testkeys.P521().PublicKey), jwks.ES512, testkeys.P521()},
		{"Ed25519", spki(testkeys.Ed25519().Public()), jwks.EdDSA, testkeys.Ed25519()},
		{"certificate", block("CERTIFICATE", certificate(r)), jwks.RS256, r},
		{"certificate of a point", block("CERTIFICATE", certificate(testkeys.P256())), jwks.ES256, testkeys.P256()},
		{"text in front", append([]byte("a key:\n"), spki(&r.PublicKey)...), jwks.RS256, r},
		{"line breaks behind", append(spki(&r.PublicKey), "\r\n \n"...), jwks.RS256, r},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := parsePEM(t, tt.data, jwks.PEMOptions{})
			if _, err := verify(set, sign(tt.alg, tt.key, "")); err != nil {
				t.Error(err)
			}
			if _, err := verify(set, sign(tt.alg, tt.key, "a")); !errors.Is(err, jwks.ErrUnknownKey) {
				t.Errorf("with a kid: %v", err)
			}
			set = parsePEM(t, tt.data, jwks.PEMOptions{AnyKeyID: true})
			for _, kid := range []string{"", "a"} {
				if got, err := verify(set, sign(tt.alg, tt.key, kid)); err != nil || got.KeyID != "" {
					t.Errorf("for any kid, %q: %v", kid, err)
				}
			}
			set = parsePEM(t, tt.data, jwks.PEMOptions{KeyID: "a", Algorithm: tt.alg})
			if got, err := verify(set, sign(tt.alg, tt.key, "a")); err != nil || got.KeyID != "a" {
				t.Errorf("named: %v", err)
			}
			if diff := cmp.Diff([]jwks.Algorithm{tt.alg}, set.Keys()[0].Algorithms); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPEMRefused has what is not one public key.
//
// Rules K2, K4, G4
func TestPEMRefused(t *testing.T) {
	r := testkeys.RSA2048()
	p8, err := x509.MarshalPKCS8PrivateKey(r)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(testkeys.P256())
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := spki(&r.PublicKey)
	for _, tt := range []struct {
		name   string
		data   []byte
		alg    jwks.Algorithm
		kid    string
		reason string
	}{
		{"empty", nil, "", "", "want a PEM block"},
		{"DER", good[30:], "", "", "want a PEM block"},
		{"JWKS", file(rsaJWK()), "", "", "want a PEM block"},
		{"private", block("PRIVATE KEY", p8), "", "", "a private key"},
		{"private RSA", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), "", "", "a private key"},
		{"private EC", block("EC PRIVATE KEY", sec1), "", "", "a private key"},
		{"private, encrypted", block("ENCRYPTED PRIVATE KEY", []byte{0}), "", "", "a private key"},
		{"private, called public", block("PUBLIC KEY", p8), "", "", "not what its first line says"},
		{"two keys", append(good, spki(&testkeys.P256().PublicKey)...), "", "", "text after the PEM block"},
		{"text behind", append(slices.Clone(good), 'x'), "", "", "text after the PEM block"},
		{"request", block("CERTIFICATE REQUEST", certificate(r)), "", "", "another type"},
		{"certificate, called key", block("PUBLIC KEY", certificate(r)), "", "", "not what its first line says"},
		{"key, called certificate", block("CERTIFICATE", x509.MarshalPKCS1PublicKey(&r.PublicKey)), "", "", "not what its first line says"},
		{"nothing, called RSA", block("RSA PUBLIC KEY", nil), "", "", "not what its first line says"},
		{"RSA 1024", spki(&testkeys.RSA1024().PublicKey), "", "", "1024 bits, want at least 2048"},
		{"certificate of RSA 1024", block("CERTIFICATE", certificate(testkeys.RSA1024())), "", "", "1024 bits"},
		{"P-224", spki(&p224.PublicKey), "", "", "want P-256, P-384 or P-521"},
		{"X25519", spki(x25519.PublicKey()), "", "", "want a public key of type RSA, EC or OKP"},
		{"small order", spki(ed25519.PublicKey(make([]byte, 32))), "", "", "small order"},
		{"alg of another type", good, jwks.ES256, "", "cannot do"},
		{"alg HS256", good, jwks.HS256, "", "cannot do"},
		{"alg unknown", good, "RS1", "", "not a signature algorithm"},
		{"kid too long", good, "", strings.Repeat("k", 513), "longer than 512 bytes"},
		{"kid not UTF-8", good, "", "\xff", "not UTF-8"},
		{"too long", append(bytes.Repeat([]byte("\n"), 64<<10+1-len(good)), good...), "", "", "more than 65536 bytes"},
	} {
		s, err := jwks.ParsePEM(tt.data, jwks.PEMOptions{KeyID: tt.kid, Algorithm: tt.alg})
		if s != nil || err == nil || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v, %v", tt.name, s, err)
			continue
		}
		var fault *jwks.KeyError
		if !errors.Is(err, jwks.ErrNoUsableKey) && !errors.As(err, &fault) {
			t.Errorf("%s: %v is of no class", tt.name, err)
		}
	}
	parsePEM(t, append(bytes.Repeat([]byte("\n"), 64<<10-len(good)), good...), jwks.PEMOptions{})
	parsePEM(t, good, jwks.PEMOptions{KeyID: strings.Repeat("k", 512)})
}

// TestNewSet makes sets of keys in Go.
//
// Rules K4, K5
func TestNewSet(t *testing.T) {
	r, p, ed := &testkeys.RSA2048().PublicKey, &testkeys.P256().PublicKey, testkeys.Ed25519().Public()
	set, err := jwks.NewSet(jwks.PublicKey{Key: r, KeyID: "rsa", Algorithm: jwks.PS256}, jwks.PublicKey{Key: p}, jwks.PublicKey{Key: ed})
	if err != nil {
		t.Fatal(err)
	}
	want := parse(t, jwks.Public, rsaJWK().with("alg", "PS256"), ecJWK().with("kid", drop), okpJWK().with("kid", drop))
	if set.Generation() != want.Generation() || set.Len() != 3 || len(set.Skipped()) != 0 {
		t.Errorf("%v is not %v", set.Keys(), want.Keys())
	}
	many := slices.Repeat([]jwks.PublicKey{{Key: p}}, 101)
	if s, err := jwks.NewSet(many[:100]...); err != nil || s.Len() != 100 {
		t.Errorf("100 keys: %v", err)
	}
	off := *p
	off.Y = new(big.Int).Add(p.Y, big.NewInt(1))
	tooLong := int64(1)<<31 + 1 // as an int of 32 bits it is negative, and no better
	for name, keys := range map[string][]jwks.PublicKey{
		"no keys":                nil,
		"101 keys":               many,
		"zero":                   {{}},
		"good and zero":          {{Key: p}, {}},
		"private RSA":            {{Key: testkeys.RSA2048()}},
		"private EC":             {{Key: testkeys.P256()}},
		"private Ed25519":        {{Key: testkeys.Ed25519()}},
		"secret":                 {{Key: testkeys.HMAC(64)}},
		"RSA nil":                {{Key: (*rsa.PublicKey)(nil)}},
		"RSA zero":               {{Key: &rsa.PublicKey{}}},
		"RSA negative":           {{Key: &rsa.PublicKey{N: new(big.Int).Neg(r.N), E: r.E}}},
		"RSA, negative exponent": {{Key: &rsa.PublicKey{N: r.N, E: -65537}}},
		"RSA, exponent too long": {{Key: &rsa.PublicKey{N: r.N, E: int(tooLong)}}},
		"EC nil":                 {{Key: (*ecdsa.PublicKey)(nil)}},
		"EC zero":                {{Key: &ecdsa.PublicKey{}}},
		"EC without y":           {{Key: &ecdsa.PublicKey{Curve: p.Curve, X: p.X}}},
		"EC without curve":       {{Key: &ecdsa.PublicKey{X: p.X, Y: p.Y}}},
		"EC off the curve":       {{Key: &off}},
		"EC negative":            {{Key: &ecdsa.PublicKey{Curve: p.Curve, X: p.X, Y: new(big.Int).Neg(p.Y)}}},
		"Ed25519 nil":            {{Key: ed25519.PublicKey(nil)}},
		"the same kid":           {{Key: p, KeyID: "a"}, {Key: r, KeyID: "a"}},
		"HS256":                  {{Key: r, Algorithm: jwks.HS256}},
	} {
		s, err := jwks.NewSet(keys...)
		var fault *jwks.KeyError
		if s != nil || !errors.Is(err, jwks.ErrNoUsableKey) && !errors.As(err, &fault) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	_, err = jwks.NewSet(jwks.PublicKey{Key: p, KeyID: "a"}, jwks.PublicKey{KeyID: strings.Repeat("é", 40)}, jwks.PublicKey{Key: r, KeyID: "a"})
	wantText := "jwks: keys[1] (kid \"" + strings.Repeat("é", 32) + "…\"): kty: want a public key of type RSA, EC or OKP\n" +
		"jwks: keys[2] (kid \"a\"): kid: another key has the same; give each its own"
	if diff := cmp.Diff(wantText, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNewSetCopies changes the keys that a set was made of.
//
// Rule G5
func TestNewSetCopies(t *testing.T) {
	r := &rsa.PublicKey{N: new(big.Int).Set(testkeys.RSA2048().N), E: 65537}
	p := testkeys.P256().PublicKey
	p.X = new(big.Int).Set(p.X)
	ed := slices.Clone(testkeys.Ed25519().Public().(ed25519.PublicKey))
	set, err := jwks.NewSet(jwks.PublicKey{Key: r}, jwks.PublicKey{Key: &p}, jwks.PublicKey{Key: ed})
	if err != nil {
		t.Fatal(err)
	}
	r.N.SetInt64(3)
	r.E = 3
	p.X.SetInt64(3)
	ed[0] ^= 1
	for alg, key := range map[jwks.Algorithm]any{jwks.RS256: testkeys.RSA2048(), jwks.ES256: testkeys.P256(), jwks.EdDSA: testkeys.Ed25519()} {
		if _, err := verify(set, sign(alg, key, "")); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
}
