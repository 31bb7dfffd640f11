package tokentest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokentest"
)

// secretGate trusts the keys of a secret.
func secretGate(t *testing.T, issuer *tokentest.Issuer, arn string) *tokenacl.Gate {
	t.Helper()
	source, err := jwks.NewSecret(issuer.Secrets(), arn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	trust := issuer.Trust()
	trust.Keys = source
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{trust}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return gate
}

// TestSecrets: gates that take their keys from the store accept the tokens of
// those algorithms that Kendra has, and refuse the broken ones.
//
// Rules K1, K2, K5
func TestSecrets(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	accepted := 0
	for arn, family := range map[string]byte{tokentest.SharedSecretARN: 'H', tokentest.PublicKeysARN: 'R'} {
		gate := secretGate(t, issuer, arn)
		for _, alg := range algorithms(t) {
			i := issuer.With(alg)
			err := refusal(t, gate, i.Token(mary()))
			if alg[0] != family {
				if !errors.Is(err, claims.ErrUnknownKey) {
					t.Errorf("%s, %s: %v, want an unknown key", arn, alg, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", arn, alg, err)
			}
			accepted++
			for name, token := range i.Broken(mary()) {
				if err := refusal(t, gate, token); !errors.Is(err, kinds[name].refused) {
					t.Errorf("%s, %s, %s: %v, want %v", arn, alg, name, err, kinds[name].refused)
				}
			}
		}
	}
	if accepted != 6 {
		t.Errorf("%d algorithms, want 3 in each secret", accepted)
	}
}

// TestSecretFormat compares with the two formats that Kendra documents.
//
// Rule K2
func TestSecretFormat(t *testing.T) {
	store := tokentest.NewIssuer(t).Secrets()
	for arn, tt := range map[string]struct {
		kty     string
		members []string
		algs    []string
	}{
		tokentest.SharedSecretARN: {"OCT", []string{"alg", "k", "kid", "kty", "use"}, []string{"HS256", "HS384", "HS512"}},
		tokentest.PublicKeysARN:   {"RSA", []string{"alg", "e", "kid", "kty", "n", "use"}, []string{"RS256", "RS384", "RS512"}},
	} {
		value := fetch(t, store, arn)
		var file struct{ Keys []map[string]string }
		if err := json.Unmarshal(value, &file); err != nil {
			t.Fatal(err)
		}
		var algs, kids []string
		for _, key := range file.Keys {
			if diff := cmp.Diff(tt.members, slices.Sorted(maps.Keys(key))); diff != "" || key["kty"] != tt.kty || key["use"] != "sig" {
				t.Errorf("%s: kty %q, use %q, members (-want +got):\n%s", arn, key["kty"], key["use"], diff)
			}
			algs, kids = append(algs, key["alg"]), append(kids, key["kid"])
		}
		if slices.Sort(kids); !slices.Equal(algs, tt.algs) || len(slices.Compact(kids)) != 3 {
			t.Errorf("%s: alg %q, kid %q", arn, algs, kids)
		}
		set, err := jwks.Parse(value, jwks.Secret)
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := set.WriteKendraSecret(&again); err != nil || !bytes.Equal(bytes.TrimSpace(again.Bytes()), bytes.TrimSpace(value)) {
			t.Errorf("%s: WriteKendraSecret writes it otherwise, %v", arn, err)
		}
	}
}

func fetch(t *testing.T, store *tokentest.SecretStore, arn string) []byte {
	t.Helper()
	value, err := store.FetchSecret(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestOutage: cannot tell while the store fails, and well again afterwards.
//
// Rule G1
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := tokentest.NewIssuer(t).With(jwks.HS256)
		throttled := errors.New("throttled")
		issuer.Secrets().Fail(throttled)
		gate := secretGate(t, issuer, tokentest.SharedSecretARN)
		err := refusal(t, gate, issuer.Token(mary()))
		if !errors.Is(err, tokenacl.ErrUnavailable) || !errors.Is(err, throttled) {
			t.Errorf("during the outage: %v", err)
		}
		issuer.Secrets().Fail(nil)
		time.Sleep(5 * time.Second) // the source's interval
		if err := refusal(t, gate, issuer.Token(mary())); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

// TestStore puts and fetches.
//
// Rule G5
func TestStore(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	store := issuer.Secrets()
	if store != issuer.With(jwks.HS256).Secrets() {
		t.Error("With has another store")
	}
	if value, err := store.FetchSecret(t.Context(), "arn:other"); value != nil || err == nil {
		t.Errorf("an ARN without a secret: %d bytes, %v", len(value), err)
	}
	value := []byte("first")
	store.Put("arn:other", value)
	value[0] = 'x'
	got := fetch(t, store, "arn:other")
	if string(got) != "first" {
		t.Errorf("%q, want what it was when it was put", got)
	}
	got[0] = 'y'
	if got := fetch(t, store, "arn:other"); string(got) != "first" {
		t.Errorf("%q after a caller wrote to what it got", got)
	}
	fetch(t, store, tokentest.SharedSecretARN)[0] = 'z'
	if got := fetch(t, store, tokentest.SharedSecretARN); got[0] != '{' {
		t.Error("a caller wrote to the shared secret")
	}
	store.Put(tokentest.SharedSecretARN, nil)
	if got := fetch(t, store, tokentest.SharedSecretARN); len(got) != 0 {
		t.Errorf("%d bytes, want none", len(got))
	}
	if got := fetch(t, tokentest.NewIssuer(t).Secrets(), tokentest.SharedSecretARN); len(got) == 0 {
		t.Error("another issuer's store lost the shared secret")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if value, err := store.FetchSecret(ended, "arn:other"); value != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %d bytes, %v", len(value), err)
	}
}
