package jwks_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

func parsed(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(certificate(key))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// TestCertificatesAreWritten reads both formats here, which compares key and
// thumbprints with the certificate, and the JWKS with another library, which
// does so too.
//
// Rules K2, K4
func TestCertificatesAreWritten(t *testing.T) {
	leaf, other := parsed(t, testkeys.RSA2048()), parsed(t, testkeys.RSA3072())
	set, err := jwks.NewSet(
		jwks.PublicKey{Key: testkeys.RSA2048().Public(), KeyID: "a", Algorithm: jwks.RS256, Certificates: []*x509.Certificate{leaf, other}},
		jwks.PublicKey{Key: testkeys.RSA3072().Public(), KeyID: "b", Algorithm: jwks.RS256},
	)
	if err != nil {
		t.Fatal(err)
	}
	text, err := set.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	var secret bytes.Buffer
	if err := set.WriteKendraSecret(&secret); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"JWKS": text, "Kendra": secret.Bytes()} {
		again, err := jwks.Parse(file, jwks.Secret) // errors on a certificate that is not the key's
		if err != nil || again.Generation() != set.Generation() {
			t.Errorf("%s: %v, %v", name, again, err)
		}
		var members struct{ Keys []map[string]any }
		if err := json.Unmarshal(file, &members); err != nil {
			t.Fatal(err)
		}
		chain, _ := members.Keys[0]["x5c"].([]any)
		if len(chain) != 2 || members.Keys[0]["x5t"] == nil || members.Keys[1]["x5c"] != nil || members.Keys[1]["x5t"] != nil {
			t.Errorf("%s: %v", name, members.Keys)
		}
		// a digit of the thumbprint is wrong: so it is looked at
		spoilt := strings.Replace(string(file), members.Keys[0]["x5t"].(string), strings.Repeat("A", 27), 1)
		if _, err := jwks.Parse([]byte(spoilt), jwks.Secret); err == nil {
			t.Errorf("%s: a wrong x5t is accepted", name)
		}
	}
	var theirs gojose.JSONWebKeySet
	if err := json.Unmarshal(text, &theirs); err != nil || len(theirs.Keys) != 2 {
		t.Fatalf("go-jose: %v, %v", theirs, err)
	}
	if got := theirs.Keys[0].Certificates; len(got) != 2 || !got[0].Equal(leaf) || !got[1].Equal(other) {
		t.Errorf("go-jose reads other certificates")
	}
	if len(theirs.Keys[0].CertificateThumbprintSHA256) != 32 || len(theirs.Keys[0].CertificateThumbprintSHA1) != 20 {
		t.Errorf("go-jose reads other thumbprints")
	}
}

// TestCertificatesOfAnotherKey are refused.
//
// Rule K4
func TestCertificatesOfAnotherKey(t *testing.T) {
	for name, chain := range map[string][]*x509.Certificate{
		"another key":      {parsed(t, testkeys.RSA3072())},
		"another type":     {parsed(t, testkeys.P256())},
		"nil":              {nil},
		"nil further down": {parsed(t, testkeys.RSA2048()), nil},
		"not parsed":       {{PublicKey: testkeys.RSA2048().Public()}},
	} {
		set, err := jwks.NewSet(jwks.PublicKey{Key: testkeys.RSA2048().Public(), Certificates: chain})
		var fault *jwks.KeyError
		if set != nil || !errors.As(err, &fault) || fault.Member != "x5c" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
