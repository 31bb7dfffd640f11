package jwks_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestMarshalPublic reads the output here and with another library: the public
// half of all, and nothing that is secret.
//
// Rule K4
func TestMarshalPublic(t *testing.T) {
	set := parse(t, jwks.Secret, rsaJWK().with("alg", "PS256").with("d", "AA").with("x5t", "x"), octJWK(), ecJWK(), okpJWK().with("kid", drop),
		public(&testkeys.RSA3072().PublicKey, `a","d":"1`))
	text, err := set.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	var members struct{ Keys []map[string]string }
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range members.Keys {
		names = append(names, strings.Join(slices.Sorted(maps.Keys(k)), " "))
	}
	want := []string{"alg e kid kty n use", "alg crv kid kty use x y", "alg crv kty use x", "e kid kty n use"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	again, err := jwks.Parse(text, jwks.Public)
	if err != nil {
		t.Fatal(err)
	}
	for _, signed := range []string{
		sign(jwks.PS256, testkeys.RSA2048(), "rsa"), sign(jwks.ES256, testkeys.P256(), "ec"), sign(jwks.EdDSA, testkeys.Ed25519(), ""), sign(jwks.RS512, testkeys.RSA3072(), `a","d":"1`),
	} {
		if _, err := verify(again, signed); err != nil {
			t.Error(err)
		}
	}
	var theirs gojose.JSONWebKeySet
	if err := json.Unmarshal(text, &theirs); err != nil || len(theirs.Keys) != 4 {
		t.Errorf("go-jose reads %d keys, %v", len(theirs.Keys), err)
	}
	without, err := parse(t, jwks.Secret, octJWK()).MarshalPublic()
	if !errors.Is(err, jwks.ErrNoUsableKey) || without != nil {
		t.Errorf("symmetric alone: %s, %v", without, err)
	}
}

// TestMarshalPublicKeepsGeneration: what is published is what is in force.
func TestMarshalPublicKeepsGeneration(t *testing.T) {
	set := parse(t, jwks.Public, rsaJWK(), ecJWK(), okpJWK().with("kid", drop))
	text, err := set.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	again, err := jwks.Parse(text, jwks.Secret) // the output is canonical
	if err != nil || again.Generation() != set.Generation() {
		t.Errorf("%v, %v", again, err)
	}
}

// TestWriteKendraSecret has the documented format, and reads it again.
//
// Rule K2
func TestWriteKendraSecret(t *testing.T) {
	set := parse(t, jwks.Secret,
		octJWK().with("alg", "HS256").with("nbf", "2027-01-01").with("exp", "2027-01-31T12:00:00.5+09:00"),
		symmetric(testkeys.HMAC(48), "").with("alg", "HS384"),
		rsaJWK().with("alg", "RS256"))
	var out strings.Builder
	if err := set.WriteKendraSecret(&out); err != nil {
		t.Fatal(err)
	}
	want := `{"keys":[` +
		`{"kid":"oct","alg":"HS256","kty":"OCT","use":"sig","k":"` + b64(testkeys.HMAC(64)) + `==","nbf":"2027-01-01T00:00:00Z","exp":"2027-01-31T03:00:00.5Z"},` +
		`{"alg":"HS384","kty":"OCT","use":"sig","k":"` + b64(testkeys.HMAC(48)) + `"},` +
		`{"kid":"rsa","alg":"RS256","kty":"RSA","use":"sig","n":"` + b64(testkeys.RSA2048().N.Bytes()) + `","e":"AQAB"}` +
		"]}\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := jwks.Parse([]byte(out.String()), jwks.Secret)
	if err != nil || again.Generation() != set.Generation() {
		t.Errorf("%v, %v", again, err)
	}
}

// TestWriteKendraSecretRefuses has the keys that the format is not documented
// for; and a writer that fails.
func TestWriteKendraSecretRefuses(t *testing.T) {
	good := octJWK().with("alg", "HS256")
	for _, tt := range []struct {
		name   string
		jwk    members
		reason string
	}{
		{"ES256", ecJWK(), "Kendra documents RS256"},
		{"EdDSA", okpJWK(), "Kendra documents RS256"},
		{"PS256", rsaJWK().with("alg", "PS256"), "Kendra documents RS256"},
		{"RSA without alg", rsaJWK(), "alg: missing"},
		{"oct without alg", octJWK().with("kid", "b"), "alg: missing"},
	} {
		var out strings.Builder
		err := parse(t, jwks.Secret, good, tt.jwk).WriteKendraSecret(&out)
		var fault *jwks.KeyError
		if !errors.As(err, &fault) || fault.Index != 1 || fault.Member != "alg" || fault.KeyID != tt.jwk["kid"] || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if out.Len() > 0 {
			t.Errorf("%s: wrote %d bytes", tt.name, out.Len())
		}
	}
	broken := errors.New("disk full")
	if err := parse(t, jwks.Secret, good).WriteKendraSecret(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("failing writer: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestThumbprint has the example of RFC 8037 appendix A.3 and no key at all.
func TestThumbprint(t *testing.T) {
	set := parse(t, jwks.Public, members{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
	if set.Len() != 1 {
		t.Fatal("the key of the RFC is unusable")
	}
	got, err := jwks.Thumbprint(testkeys.Ed25519().Public())
	if err != nil || len(got) != 43 {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := jwks.Thumbprint(testkeys.HMAC(32)); err == nil || got != "" {
		t.Errorf("of a secret: %q, %v", got, err)
	}
}
