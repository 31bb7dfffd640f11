package tokentest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokentest"
)

// TestClaims pins what a token says. The fake clock begins at 946684800.
func TestClaims(t *testing.T) {
	const now = 946684800.0
	filled := func(change func(map[string]any)) map[string]any {
		all := map[string]any{
			"iss": "https://issuer.tokentest.example", "aud": "tokentest-application", "sub": "tokentest-subject", "iat": now, "exp": now + 3600,
		}
		change(all)
		return all
	}
	for name, tt := range map[string]struct {
		claims tokentest.Claims
		want   map[string]any
	}{
		"nil": {nil, filled(func(map[string]any) {})},
		"persona": {tokentest.Persona("mary", "AWS-SA"), filled(func(m map[string]any) {
			m["user"], m["groups"] = "mary", []any{"AWS-SA"}
		})},
		"persona in no group": {tokentest.Persona("mary"), filled(func(m map[string]any) {
			m["user"], m["groups"] = "mary", []any{}
		})},
		"given claims win": {tokentest.Claims{"iss": "i", "aud": []string{"a", "b"}, "sub": "s", "iat": 1, "exp": 2, "nbf": 3}, map[string]any{
			"iss": "i", "aud": []any{"a", "b"}, "sub": "s", "iat": 1.0, "exp": 2.0, "nbf": 3.0,
		}},
		"nil leaves out": {tokentest.Claims{"iss": nil, "aud": nil, "sub": nil, "iat": nil, "exp": nil, "user": nil}, map[string]any{}},
		"nil of a type": {tokentest.Claims{"groups": []string(nil)}, filled(func(m map[string]any) {
			m["groups"] = nil
		})},
		"time": {tokentest.Claims{"exp": time.Unix(now, 999_999_999).In(time.FixedZone("", 3600)), "nested": map[string]any{"a": 1}}, filled(func(m map[string]any) {
			m["exp"], m["nested"] = now, map[string]any{"a": 1.0}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := split(t, tokentest.NewIssuer(t).Token(tt.claims))
				if diff := cmp.Diff(tt.want, got.claims); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(map[string]any{"alg": "RS256", "kid": "rs256", "typ": "JWT"}, got.header); diff != "" {
					t.Errorf("header (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestTime lets time pass: a token expires and one becomes valid when its claims,
// and the leeway of 30 seconds, say so. Two runs mint the same tokens.
//
// Rule T3
func TestTime(t *testing.T) {
	var runs [2][]string
	for n := range runs {
		synctest.Test(t, func(t *testing.T) {
			issuer := tokentest.NewIssuer(t)
			gate := issuer.Gate()
			token, early := issuer.Token(mary()), issuer.NotYetValid(mary())
			check := func(what, token string, want error) {
				t.Helper()
				if err := refusal(t, gate, token); !errors.Is(err, want) {
					t.Errorf("%s after %v: %v, want %v", what, time.Since(time.Unix(946684800, 0)), err, want)
				}
			}
			check("token", token, nil)
			check("early token", early, claims.ErrNotYetValid)
			time.Sleep(30*time.Minute - 30*time.Second - 1)
			check("early token", early, claims.ErrNotYetValid)
			time.Sleep(time.Nanosecond)
			check("early token", early, nil)
			time.Sleep(31*time.Minute - 1)
			check("token", token, nil)
			time.Sleep(time.Nanosecond)
			check("token", token, claims.ErrExpired)
			check("early token", early, claims.ErrExpired)
			for _, alg := range algorithms(t) {
				if strings.HasPrefix(string(alg), "PS") || strings.HasPrefix(string(alg), "ES") {
					continue // signatures with randomness
				}
				runs[n] = append(runs[n], issuer.With(alg).Token(mary()))
				for _, token := range issuer.With(alg).Broken(mary()) {
					runs[n] = append(runs[n], token)
				}
			}
		})
	}
	if len(runs[0]) != 7*10 {
		t.Errorf("%d tokens, want those of 7 algorithms", len(runs[0]))
	}
	if diff := cmp.Diff(runs[0], runs[1]); diff != "" {
		t.Errorf("the second run mints others:\n%s", diff)
	}
}

// TestPersonaThroughGate tells a user in no group from one whose groups nobody
// knows.
//
// Rule T6
func TestPersonaThroughGate(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	wantMary(t, issuer.Scope("mary", "AWS-SA", "Staff"))
	wantMary(t, issuer.With(jwks.HS384).Scope("mary", "AWS-SA", "Staff"))
	for name, tt := range map[string]struct {
		claims tokentest.Claims
		want   acl.Principal
	}{
		"in no group":    {tokentest.Persona("mary"), acl.Principal{User: "mary"}},
		"groups unknown": {tokentest.Claims{"user": "mary", "groups": nil}, acl.Principal{User: "mary", GroupsUnknown: true}},
	} {
		scope, err := issuer.Gate().Scope(t.Context(), tokenacl.UserContext{Token: issuer.Token(tt.claims)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p, _ := scope.Principal()
		if p.Groups = append([]string(nil), p.Groups...); !cmp.Equal(p, tt.want) {
			t.Errorf("%s: groups %d, unknown %t", name, len(p.Groups), p.GroupsUnknown)
		}
	}
	groups := []string{"AWS-SA"}
	c := tokentest.Persona("mary", groups...)
	if groups[0] = "Other"; !cmp.Equal(c["groups"], []string{"AWS-SA"}) {
		t.Error("Persona keeps the caller's slice")
	}
}

// TestTrust: what trusts one algorithm trusts the others, but a JWKS never has
// symmetric keys. Nothing is waived, and what a caller changes stays the caller's.
//
// Rules K4, T5, G5
func TestTrust(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	checked := 0
	for _, minting := range algorithms(t) {
		for _, trusting := range algorithms(t) {
			want := error(nil)
			if symmetric(minting) != symmetric(trusting) {
				want = claims.ErrUnknownKey
			}
			gate := issuer.With(trusting).Gate()
			if err := refusal(t, gate, issuer.With(minting).Token(mary())); !errors.Is(err, want) {
				t.Errorf("a token of %s for a gate of %s: %v, want %v", minting, trusting, err, want)
			}
			if w := gate.Warnings(); len(w) != 0 {
				t.Errorf("%s: warnings %q", trusting, w)
			}
			checked++
		}
	}
	if checked != 13*13 {
		t.Errorf("%d pairs", checked)
	}

	trust := issuer.Trust()
	if trust.Config.KeysURL() != tokentest.IssuerURL+tokentest.KeysPath || trust.Config.SecretARN() != "" {
		t.Errorf("keys at %q, %q", trust.Config.KeysURL(), trust.Config.SecretARN())
	}
	if c := issuer.With(jwks.HS256).Trust().Config; c.SecretARN() != tokentest.SharedSecretARN || c.KeysURL() != "" {
		t.Errorf("symmetric keys at %q, %q", c.SecretARN(), c.KeysURL())
	}
	trust.Config.JWT.Issuer = "https://other.example"
	if got := issuer.Trust().Config.JWT.Issuer; got != tokentest.IssuerURL {
		t.Errorf("Issuer = %q after a caller changed what it got", got)
	}
}

// TestGateCloses: it ends with the test, and each caller has one.
func TestGateCloses(t *testing.T) {
	var gate, other *tokenacl.Gate
	failure := failing(func(t testing.TB) {
		issuer := tokentest.NewIssuer(t)
		gate, other = issuer.Gate(), issuer.Gate()
		other.Close()
		if _, err := gate.Scope(context.Background(), tokenacl.UserContext{Token: issuer.Token(mary())}); err != nil {
			t.Fatalf("%v", err)
		}
	})
	if failure != "" {
		t.Error(failure)
	}
	if _, err := gate.Scope(t.Context(), tokenacl.UserContext{}); !errors.Is(err, tokenacl.ErrUnavailable) {
		t.Errorf("after the test: %v", err)
	}
}
