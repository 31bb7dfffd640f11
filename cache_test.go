package tokenacl_test

import (
	"testing"

	"github.com/tokenacl/tokenacl"
)

// A token that was accepted before costs no signature and, without directory and
// observer, no allocation. It still needs the issuer that it is from.
//
// Rules T8, T5, R4
func TestScopeAgain(t *testing.T) {
	first, second := trusting(t, issuerA), trusting(t, issuerB)
	for name, issuers := range map[string][]tokenacl.Issuer{"one issuer": {first}, "two": {second, first}} {
		g := newGate(t, nil, issuers...)
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
