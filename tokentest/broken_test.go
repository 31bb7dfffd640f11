package tokentest_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokentest"
)

// What go-jose says of a signature.
const (
	right = "right"
	wrong = "wrong"
	none  = "none"
)

// kind is what one kind of broken token must be.
type kind struct {
	refused   error
	differs   string // members and claims that are not those of the good token
	signature string
	// undo repairs what is broken, given the good token. It returns whether the
	// token keeps its signature.
	undo func(p, good parts) (keep bool)
}

var kinds = map[string]kind{
	"Expired":       {claims.ErrExpired, "exp iat", right, func(p, good parts) bool { p.claims["exp"] = good.claims["exp"]; return false }},
	"NotYetValid":   {claims.ErrNotYetValid, "nbf", right, func(p, _ parts) bool { delete(p.claims, "nbf"); return false }},
	"WrongIssuer":   {claims.ErrIssuer, "iss", right, func(p, _ parts) bool { p.claims["iss"] = tokentest.IssuerURL; return false }},
	"WrongAudience": {claims.ErrAudience, "aud", right, func(p, _ parts) bool { p.claims["aud"] = tokentest.Audience; return false }},
	"WrongKey":      {claims.ErrSignature, "", wrong, func(_, _ parts) bool { return false }},
	"UnknownKey":    {claims.ErrUnknownKey, "kid", right, func(p, good parts) bool { p.header["kid"] = good.header["kid"]; return false }},
	"Tampered":      {claims.ErrSignature, "tampered", wrong, func(p, _ parts) bool { delete(p.claims, "tampered"); return true }},
	"Unsigned":      {claims.ErrMalformed, "alg", none, func(p, good parts) bool { p.header["alg"] = good.header["alg"]; return false }},
	"Malformed":     {claims.ErrMalformed, "", none, func(_, _ parts) bool { return false }},
}

// claimErrors are all that a gate may have behind ErrUnauthenticated.
var claimErrors = []error{
	claims.ErrMalformed, claims.ErrUnknownKey, claims.ErrSignature, claims.ErrExpired, claims.ErrNotYetValid, claims.ErrIssuer,
	claims.ErrAudience, claims.ErrClaim, claims.ErrOverage, claims.ErrRevoked, jwks.ErrKeyExpired, claims.ErrUnavailable,
}

// TestEveryToken mints the good token and each broken one with every algorithm.
// Another library verifies the signatures; a gate accepts the good one and refuses
// the others for the right reason. The broken ones differ from the good one in
// nothing but what the table says, and undoing that makes the gate accept them.
//
// Rules K5, K6, T1, T2, T3, T4
func TestEveryToken(t *testing.T) {
	tokens := 0
	for _, alg := range algorithms(t) {
		t.Run(string(alg), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time stands still
				issuer := tokentest.NewIssuer(t).With(alg)
				gate := issuer.Gate()
				good := split(t, issuer.Token(mary()))
				if err := refusal(t, gate, issuer.Token(mary())); err != nil {
					t.Errorf("good token: %v", err)
				}
				if got := foreign(issuer.Token(mary()), alg); got != right {
					t.Errorf("good token: go-jose finds its signature %s", got)
				}
				tokens++
				for name, token := range issuer.Broken(mary()) {
					wantBroken(t, alg, gate, good, name, token)
					tokens++
				}
			})
		})
	}
	if want := 13 * 10; tokens != want {
		t.Errorf("%d tokens, want %d", tokens, want)
	}
}

func wantBroken(t *testing.T, alg jwks.Algorithm, gate *tokenacl.Gate, good parts, name, token string) {
	t.Helper()
	k, ok := kinds[name]
	if !ok {
		t.Errorf("%s: a kind that is not in the table", name)
		return
	}
	err := refusal(t, gate, token)
	if !errors.Is(err, tokenacl.ErrUnauthenticated) {
		t.Errorf("%s: %v, want a refusal", name, err)
	}
	for _, e := range claimErrors {
		if errors.Is(err, e) != (e == k.refused) {
			t.Errorf("%s: %v; want only %v", name, err, k.refused)
		}
	}
	if got := foreign(token, alg); got != k.signature {
		t.Errorf("%s: go-jose finds its signature %s, want %s", name, got, k.signature)
	}
	broken := split(t, token)
	if got := broken.differences(good); got != k.differs {
		t.Errorf("%s: differs in %q, want %q", name, got, k.differs)
	}
	var repaired string
	if k.undo(broken, good) {
		repaired = broken.joined(t)
	} else {
		repaired = broken.signed(t, alg)
	}
	if err := refusal(t, gate, repaired); err != nil {
		t.Errorf("%s: still refused when that is undone: %v", name, err)
	}
}

// foreign verifies with go-jose, with the right key whatever kid the token has.
func foreign(token string, alg jwks.Algorithm) string {
	parsed, err := gojose.ParseSignedCompact(token, []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(alg)})
	if err != nil {
		return none
	}
	if _, err := parsed.Verify(verifying(alg)); err != nil {
		return wrong
	}
	return right
}

// TestBroken requires that the iterator has each method that mints a broken token,
// and always in the same order.
func TestBroken(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	methods := map[string]bool{}
	typ := reflect.TypeFor[*tokentest.Issuer]()
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		if mints := m.Type == reflect.TypeFor[func(*tokentest.Issuer, tokentest.Claims) string](); mints && m.Name != "Token" {
			methods[m.Name] = true
		}
	}
	var names []string
	seq := issuer.Broken(mary())
	for name := range seq {
		names = append(names, name)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(methods)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Errorf("kinds (-methods +iterator):\n%s", diff)
	}
	if len(names) != len(kinds) {
		t.Errorf("%d kinds, the table has %d", len(names), len(kinds))
	}
	var again []string
	for name := range seq {
		again = append(again, name)
	}
	if diff := cmp.Diff(names, again); diff != "" {
		t.Errorf("kinds (-first +second time):\n%s", diff)
	}
	for name := range seq {
		if name != names[0] {
			t.Errorf("goes on with %s after a break", name)
		}
		break
	}
}

// TestBrokenWhateverTheClaims gives each method claims that stand in its way.
func TestBrokenWhateverTheClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := tokentest.NewIssuer(t)
		gate := issuer.Gate()
		good := split(t, issuer.Token(nil)).claims
		for name, c := range map[string]tokentest.Claims{
			"set":      {"exp": good["exp"], "nbf": good["iat"], "iat": good["iat"], "iss": good["iss"], "aud": good["aud"], "tampered": true},
			"left out": {"iat": nil, "nbf": nil, "tampered": nil},
			"wrapped":  {"tampered": []any{nil}},
		} {
			maps.Copy(c, mary())
			if err := refusal(t, gate, issuer.Token(c)); err != nil {
				t.Errorf("%s: good token: %v", name, err)
			}
			seen := 0
			for broken, token := range issuer.Broken(c) {
				if err := refusal(t, gate, token); !errors.Is(err, kinds[broken].refused) {
					t.Errorf("%s, %s: %v, want %v", name, broken, err, kinds[broken].refused)
				}
				seen++
			}
			if seen != len(kinds) {
				t.Errorf("%s: %d kinds", name, seen)
			}
		}
	})
}

// TestBrokenKeepsClaims: what the caller does to the claims afterwards changes
// nothing.
//
// Rule G5
func TestBrokenKeepsClaims(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	groups := []string{"AWS-SA", "Staff"}
	c := tokentest.Claims{"user": "mary", "groups": groups}
	seq := issuer.Broken(c)
	c["user"], groups[0] = "eve", "Other"
	seen := 0
	for name, token := range seq {
		p := split(t, token).claims
		if p["user"] != "mary" || !cmp.Equal(p["groups"], []any{"AWS-SA", "Staff"}) {
			t.Errorf("%s: user %v, groups %v", name, p["user"], p["groups"])
		}
		seen++
	}
	if seen != len(kinds) || len(c) != 2 {
		t.Errorf("%d kinds, %d claims of the caller", seen, len(c))
	}
}
