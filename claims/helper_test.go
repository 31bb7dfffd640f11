package claims_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

const (
	// epoch is when the clock of a synctest bubble begins: 2000-01-01.
	epoch = 946684800
	// mark is in every value of a claim, and must be in no error.
	mark   = "zq7"
	issuer = "https://issuer.example/" + mark
	header = `{"alg":"HS256","kid":"shared","typ":"JWT"}`
)

// config is a valid configuration with a secret's keys.
func config() tokenconfig.JWT {
	return tokenconfig.JWT{
		KeyLocation:      tokenconfig.KeySecretManager,
		SecretManagerARN: "arn:aws:secretsmanager:us-west-2:111122223333:secret:AmazonKendra-test-AbCdEf",
		Issuer:           issuer,
		ClaimRegex:       "app-[a-z0-9]+",
	}
}

// urlConfig is a valid configuration with the keys of a URL.
func urlConfig() tokenconfig.JWT {
	c := config()
	c.KeyLocation, c.SecretManagerARN, c.URL = tokenconfig.KeyURL, "", issuer+"/jwks.json"
	return c
}

// payload returns the claims of a token that config accepts until an hour after
// the epoch, edited: "name=JSON" sets a claim, "-name" removes one.
func payload(edits ...string) string {
	claims := []string{
		"iss=" + `"` + issuer + `"`, `aud="app-zq7"`, `sub="sub-zq7"`, `jti="id-zq7"`,
		fmt.Sprint("exp=", epoch+3600), fmt.Sprint("iat=", epoch), `user="mary-zq7"`, `groups=["AWS-SA-zq7"]`,
	}
	for _, edit := range edits {
		name, _, set := strings.Cut(strings.TrimPrefix(edit, "-"), "=")
		kept := claims[:0:0]
		found := false
		for _, c := range claims {
			same := strings.HasPrefix(c, name+"=")
			found = found || same
			switch {
			case same && set:
				kept = append(kept, edit)
			case !same:
				kept = append(kept, c)
			}
		}
		if set && !found {
			kept = append(kept, edit)
		}
		claims = kept
	}
	for i, c := range claims {
		name, value, _ := strings.Cut(c, "=")
		claims[i] = fmt.Sprintf("%q:%s", name, value)
	}
	return "{" + strings.Join(claims, ",") + "}"
}

// sign signs with the key of shared.
func sign(payload string) string { return signAs(header, payload) }

func signAs(header, payload string) string {
	return testkeys.Sign("HS256", testkeys.HMAC(32), []byte(header), []byte(payload))
}

// forge changes one bit of the signature.
func forge(token string) string {
	dot := strings.LastIndexByte(token, '.') + 1
	sig, err := base64.RawURLEncoding.DecodeString(token[dot:])
	if err != nil {
		panic(err)
	}
	sig[0] ^= 1
	return token[:dot] + testkeys.Encode(sig)
}

// shared is a source with one HS256 key, as Kendra's secret has it.
func shared(t testing.TB) jwks.Source {
	t.Helper()
	return secret(t, fmt.Sprintf(`{"keys":[{"kid":"shared","alg":"HS256","kty":"OCT","use":"sig","k":%q}]}`, testkeys.Encode(testkeys.HMAC(32))))
}

func secret(t testing.TB, doc string) jwks.Source {
	t.Helper()
	set, err := jwks.Parse([]byte(doc), jwks.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return jwks.Static(set)
}

func verifier(t testing.TB, cfg tokenconfig.JWT, opts *claims.Options) *claims.Verifier {
	t.Helper()
	v, err := claims.NewVerifier(cfg, shared(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// verify verifies a token at the epoch.
func verify(t *testing.T, v *claims.Verifier, token string) (got *claims.Token, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if now := time.Now().Unix(); now != epoch {
			t.Fatalf("now is %d, want %d", now, epoch)
		}
		got, err = v.Verify(context.Background(), token)
	})
	if (got == nil) == (err == nil) {
		t.Fatalf("Verify = %v, %v; want one of them", got, err)
	}
	return got, err
}

var kinds = []error{
	claims.ErrMalformed, claims.ErrUnknownKey, claims.ErrSignature, claims.ErrUnavailable, claims.ErrExpired, claims.ErrNotYetValid,
	claims.ErrIssuer, claims.ErrAudience, claims.ErrClaim, claims.ErrOverage, claims.ErrRevoked, jwks.ErrKeyExpired,
}

// wantKind requires that err is of one kind, this one, and quotes no claim.
func wantKind(t *testing.T, err, want error) {
	t.Helper()
	for _, kind := range kinds {
		if errors.Is(err, kind) != (kind == want) {
			t.Errorf("error %v: is %v: %t, want only %v", err, kind, errors.Is(err, kind), want)
		}
	}
	if err != nil && strings.Contains(err.Error(), mark) {
		t.Errorf("error quotes a claim: %v", err)
	}
}

func wantError(t *testing.T, err, kind error, text string) {
	t.Helper()
	wantKind(t, err, kind)
	if err == nil || err.Error() != text {
		t.Errorf("error = %v\n      want %s", err, text)
	}
}
