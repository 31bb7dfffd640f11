package claims_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// measured are the algorithms that speed is measured with, each with the kid of
// its key among three.
var measured = []struct {
	alg string
	key any
}{
	{"RS256", testkeys.RSA2048()}, {"ES256", testkeys.P256()}, {"EdDSA", testkeys.Ed25519()}, {"HS256", testkeys.HMAC(32)},
}

// typical is a token of eight claims, one of them ten groups.
func typical(alg string, key any) string {
	groups := make([]string, 10)
	for i := range groups {
		groups[i] = fmt.Sprintf("group-of-people-%d", i)
	}
	list, _ := json.Marshal(groups)
	header := fmt.Sprintf(`{"alg":%q,"kid":"the key of %s","typ":"JWT"}`, alg, alg)
	return testkeys.Sign(alg, key, []byte(header), []byte(payload("exp=253402300799", "nbf=946684800", "-jti", "groups="+string(list))))
}

// threeKeys is a source of three keys, the second of which is that of
// typical.
func threeKeys(t testing.TB, alg string, key any) jwks.Source {
	t.Helper()
	if secret, ok := key.([]byte); ok {
		return secretOf(t, alg, secret)
	}
	set, err := jwks.NewSet(
		jwks.PublicKey{Key: &testkeys.RSA2048B().PublicKey, KeyID: "an older key"},
		jwks.PublicKey{Key: key.(crypto.Signer).Public(), KeyID: "the key of " + alg},
		jwks.PublicKey{Key: &testkeys.P384().PublicKey, KeyID: "another key"},
	)
	if err != nil {
		t.Fatal(err)
	}
	return jwks.Static(set)
}

func secretOf(t testing.TB, alg string, key []byte) jwks.Source {
	t.Helper()
	var keys []string
	for i, kid := range []string{"an older key", "the key of " + alg, "another key"} {
		k := append([]byte{byte(i)}, key...)
		if i == 1 {
			k = key
		}
		keys = append(keys, fmt.Sprintf(`{"kid":%q,"alg":%q,"kty":"OCT","use":"sig","k":%q}`, kid, alg, testkeys.Encode(k)))
	}
	return secret(t, `{"keys":[`+strings.Join(keys, ",")+`]}`)
}

// believing is a source that stands for a signature that took no time.
var believing = &source{verified: jwks.Verified{KeyID: "shared"}}

func uncached(t testing.TB, keys jwks.Source) *claims.Verifier {
	t.Helper()
	v, err := claims.NewVerifier(config(), keys, &claims.Options{CacheBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func benchmark(b *testing.B, v *claims.Verifier, raw string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify is the whole verification of a token: with a signature that
// takes no time, with a real one, and when it is remembered.
func BenchmarkVerify(b *testing.B) {
	b.Run("no signature", func(b *testing.B) { benchmark(b, uncached(b, believing), typical("RS256", testkeys.RSA2048())) })
	for _, m := range measured {
		b.Run(m.alg, func(b *testing.B) { benchmark(b, uncached(b, threeKeys(b, m.alg, m.key)), typical(m.alg, m.key)) })
	}
	b.Run("again", func(b *testing.B) {
		v, err := claims.NewVerifier(config(), threeKeys(b, "RS256", testkeys.RSA2048()), nil)
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, v, typical("RS256", testkeys.RSA2048()))
	})
}

// BenchmarkFloor is what the standard library takes for the signatures of
// BenchmarkVerify.
func BenchmarkFloor(b *testing.B) {
	for _, m := range measured {
		b.Run(m.alg, func(b *testing.B) {
			verify := floor(b, m.alg, m.key)
			b.ReportAllocs()
			for b.Loop() {
				if !verify() {
					b.Fatal("refused")
				}
			}
		})
	}
}

func floor(b *testing.B, alg string, key any) func() bool {
	raw := typical(alg, key)
	j, err := jwks.ParseCompact(raw)
	if err != nil {
		b.Fatal(err)
	}
	input, sig := []byte(j.SigningInput()), j.Signature()
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return func() bool {
			digest := sha256.Sum256(input)
			return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], sig) == nil
		}
	case *ecdsa.PrivateKey:
		der, _ := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
		return func() bool {
			digest := sha256.Sum256(input)
			return ecdsa.VerifyASN1(&key.PublicKey, digest[:], der)
		}
	case ed25519.PrivateKey:
		public := key.Public().(ed25519.PublicKey)
		return func() bool { return ed25519.Verify(public, input, sig) }
	}
	return func() bool {
		mac := hmac.New(sha256.New, key.([]byte))
		mac.Write(input)
		return hmac.Equal(mac.Sum(nil), sig)
	}
}

// fewest counts the allocations of f: the fewest of some runs, since the race
// detector and the garbage collector empty pools when they like.
func fewest(f func()) float64 {
	n := testing.AllocsPerRun(1, f)
	for range 15 {
		n = min(n, testing.AllocsPerRun(1, f))
	}
	return n
}

// TestVerifyAllocates has the allocations of a token that is not remembered: the
// JWS, the decoded payload, the Token with its facts, and the three of the Scope: its
// user, its groups and itself. A signature adds what the standard library takes for it, which a test of
// package jwks compares.
func TestVerifyAllocates(t *testing.T) {
	const most = 6
	for _, m := range measured {
		raw := typical(m.alg, m.key)
		count := func(keys jwks.Source) float64 {
			v := uncached(t, keys)
			return fewest(func() {
				if _, err := v.Verify(t.Context(), raw); err != nil {
					t.Fatal(err)
				}
			})
		}
		stubbed, whole := count(believing), count(threeKeys(t, m.alg, m.key))
		if stubbed > most {
			t.Errorf("%s: %v allocations without a signature, want at most %d", m.alg, stubbed, most)
		}
		if (m.alg == "EdDSA" || m.alg == "HS256") && whole != stubbed { // the standard library takes none
			t.Errorf("%s: %v allocations, %v without a signature", m.alg, whole, stubbed)
		}
	}
}
