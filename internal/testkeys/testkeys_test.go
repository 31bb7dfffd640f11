package testkeys_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"os"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

func TestSizes(t *testing.T) {
	for want, key := range map[int]*rsa.PrivateKey{1024: testkeys.RSA1024(), 2048: testkeys.RSA2048(), 3072: testkeys.RSA3072()} {
		if key.N.BitLen() != want || key.E != 65537 {
			t.Errorf("RSA: %d bits, want %d", key.N.BitLen(), want)
		}
	}
	if b := testkeys.RSA2048B(); b.N.BitLen() != 2048 || b.Equal(testkeys.RSA2048()) {
		t.Error("RSA2048B is RSA2048, or of another size")
	}
	for want, key := range map[string]*ecdsa.PrivateKey{"P-256": testkeys.P256(), "P-384": testkeys.P384(), "P-521": testkeys.P521()} {
		if key.Params().Name != want {
			t.Errorf("%s, want %s", key.Params().Name, want)
		}
	}
	if len(testkeys.Ed25519()) != ed25519.PrivateKeySize {
		t.Error("Ed25519 has another size")
	}
	for _, n := range []int{0, 1, 25, 26, 27, 32, 48, 64, 1000} {
		if len(testkeys.HMAC(n)) != n {
			t.Errorf("HMAC(%d) has %d octets", n, len(testkeys.HMAC(n)))
		}
	}
	testkeys.HMAC(32)[0] = 'x'
	if testkeys.HMAC(32)[0] == 'x' {
		t.Error("HMAC gives no copy")
	}
}

// TestMarked requires that the source looks to no scanner like a lost key.
func TestMarked(t *testing.T) {
	source, err := os.ReadFile("pem.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), "-----BEGIN TESTING KEY-----"); n != 8 || strings.Contains(string(source), "PRIVATE") {
		t.Errorf("%d marked keys, want 8 and no other", n)
	}
}

// TestSign verifies with another library.
func TestSign(t *testing.T) {
	header := `{"alg":"ES384"}`
	raw := testkeys.Sign("ES384", testkeys.P384(), []byte(header), []byte("payload"))
	parsed, err := gojose.ParseSignedCompact(raw, []gojose.SignatureAlgorithm{gojose.ES384})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := parsed.Verify(&testkeys.P384().PublicKey)
	if err != nil || string(payload) != "payload" {
		t.Errorf("%q, %v", payload, err)
	}
	if want := base64.RawURLEncoding.EncodeToString([]byte(header)) + "."; !strings.HasPrefix(raw, want) {
		t.Errorf("%s does not begin with %s", raw, want)
	}
}

// TestSignMistakes panics: a test with a slip must not sign something else.
func TestSignMistakes(t *testing.T) {
	for _, alg := range []string{"", "none", "RS1", "RS999", "XX256", "HS256 "} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("algorithm %q: no panic", alg)
				}
			}()
			testkeys.Signature(alg, testkeys.RSA2048(), nil)
		}()
	}
}
