package main

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// TestVerifiersAgree has every verifier judge every sample.
func TestVerifiersAgree(t *testing.T) {
	now := time.Now()
	seen := 0
	for _, alg := range algorithms {
		r, err := newKeyRing(alg)
		if err != nil {
			t.Fatal(err)
		}
		all, err := verifiers(r)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := samples(r, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := agreeOnTokens(all, tokens, newClaims(now)); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if err := verifyAlone(r.verifying(inForce), tokens[0].raw, make([]byte, 1024)); err != nil {
			t.Errorf("%s: the floor refuses a good token: %v", alg, err)
		}
		if err := verifyAlone(r.verifying(inForce), tokens[1].raw, make([]byte, 1024)); err == nil {
			t.Errorf("%s: the floor accepts a token of another key", alg)
		}
		seen += len(all)
	}
	if want := 4*6 - 1; seen != want {
		t.Errorf("%d verifiers, want %d", seen, want)
	}
}

// TestVerifierDisagrees wants a verifier that is wrong found, and named.
func TestVerifierDisagrees(t *testing.T) {
	now := time.Now()
	r, err := newKeyRing(jwks.HS256)
	if err != nil {
		t.Fatal(err)
	}
	good, err := newClaimsVerifier(r)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := samples(r, now)
	if err != nil {
		t.Fatal(err)
	}
	lax, err := claimsVerifier(unchecked{}, -1)
	if err != nil {
		t.Fatal(err)
	}
	lax.name = "lax"
	other := good
	other.name = "other"
	other.verify = func(raw string) (person, error) {
		p, err := good.verify(raw)
		return person{p.user, nil}, err
	}
	for _, tt := range []struct {
		all     []verifier
		samples []sample
		want    string
	}{
		{[]verifier{good, lax}, tokens, "lax disagrees: a token that is signed with another key is accepted: true"},
		{[]verifier{good, other}, tokens, "other disagrees: it reads another user"},
		{[]verifier{good}, tokens[:1], "proves nothing"},
		{[]verifier{good}, tokens[1:], "proves nothing"},
	} {
		if err := agreeOnTokens(tt.all, tt.samples, newClaims(now)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want one that says %q", err, tt.want)
		}
	}
}
