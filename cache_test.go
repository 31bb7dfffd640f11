package tokenacl_test

import (
	"errors"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/claims"
)

// A token that was accepted before costs no signature and, without a directory,
// no allocation. It still needs the issuer that it is from.
//
// Rules T8, T5, R4
func TestScopeAgain(t *testing.T) {
	first, second := trusting(t, issuerA), trusting(t, issuerB)
	for name, issuers := range map[string][]tokenacl.Issuer{"one issuer": {first}, "two": {second, first}} {
		observed := 0
		g := newGate(t, &tokenacl.Options{Observer: observerFunc(func(o tokenacl.Outcome) { observed++ })}, issuers...)
		token := tokenacl.UserContext{Token: mint(issuerA)}
		want, err := g.Scope(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		before := first.Keys.(*countedKeys).calls.Load()
		ctx := t.Context()
		if n := testing.AllocsPerRun(50, func() {
			if got, err := g.Scope(ctx, token); err != nil || got != want {
				t.Fatalf("%v, %v", got, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
		if observed < 50 {
			t.Errorf("%s: %d decisions were observed", name, observed)
		}
		if after := first.Keys.(*countedKeys).calls.Load(); after != before {
			t.Errorf("%s: %d signatures were checked again", name, after-before)
		}
		if err := g.Replace([]tokenacl.Issuer{second}); err != nil {
			t.Fatal(err)
		}
		if got, err := g.Scope(ctx, token); err == nil {
			t.Errorf("%s: accepted after the issuer went: %v", name, got)
		}
	}
}

// Why a token that was accepted before is refused now is asked once: neither its
// signature is checked again, nor is another issuer asked.
//
// Rules T8, T5, G1
func TestRefusedAgain(t *testing.T) {
	first, second := trusting(t, issuerA), trusting(t, issuerB)
	asked := 0
	var listed error
	first.Options = &claims.Options{Revoked: func(*claims.Token) error { asked++; return listed }}
	for name, issuers := range map[string][]tokenacl.Issuer{"one issuer": {first}, "two": {first, second}} {
		g := newGate(t, nil, issuers...)
		token := tokenacl.UserContext{Token: mint(issuerA)}
		if _, err := g.Scope(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		before := first.Keys.(*countedKeys).calls.Load()
		asked, listed = 0, errors.New("listed")
		_, err := g.Scope(t.Context(), token)
		wantClass(t, err, tokenacl.ErrUnauthenticated)
		if calls := first.Keys.(*countedKeys).calls.Load() - before; calls != 0 || asked != 1 {
			t.Errorf("%s: %d signatures were checked, Revoked was asked %d times, want 0 and 1", name, calls, asked)
		}
		listed = nil
	}
}
