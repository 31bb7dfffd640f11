package tokenacl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
)

// observerFunc is an Observer.
type observerFunc func(tokenacl.Outcome)

func (f observerFunc) Decided(o tokenacl.Outcome) { f(o) }

// Rules R4, G3
func TestObserver(t *testing.T) {
	var outcomes []tokenacl.Outcome
	observer := observerFunc(func(o tokenacl.Outcome) { outcomes = append(outcomes, o) })
	issuer := trusting(t, issuerA)
	keys := issuer.Keys.(*countedKeys)
	var revoked error
	issuer.Options = &claims.Options{Revoked: func(*claims.Token) error { return revoked }}
	token := newGate(t, &tokenacl.Options{Observer: observer}, issuer)
	filter := filterGate(t, tokenacl.Options{Observer: observer})
	unnamed := trusting(t, issuerA)
	unnamed.Options = &claims.Options{SkipUser: true}
	nobody := newGate(t, &tokenacl.Options{Observer: observer}, unnamed)
	closed := newGate(t, &tokenacl.Options{Observer: observer}, issuer)
	closed.Close()
	ask := func(g *tokenacl.Gate, uc tokenacl.UserContext) { g.Scope(context.Background(), uc) }
	of := func(edits ...string) tokenacl.UserContext {
		return tokenacl.UserContext{Token: mint(issuerA, edits...)}
	}
	failing := func(err error) func() {
		return func() { keys.err = err; ask(token, of()); keys.err = nil }
	}
	for _, tt := range []struct {
		kind  string
		class error
		do    func()
	}{
		{"guest", nil, func() { ask(token, tokenacl.UserContext{}) }},
		{"guest", nil, func() { ask(nobody, of(`"user":"mary","groups":["HR"]`, `"groups":[]`)) }},
		{"principal", nil, func() { ask(nobody, of(`"user":"mary",`, ``)) }},
		{"principal", nil, func() { ask(token, of()) }},
		{"principal", nil, func() { ask(filter, tokenacl.UserContext{UserID: "mary"}) }},
		{"attributes", nil, func() { ask(filter, tokenacl.UserContext{Attributes: tokenacl.Attributes{UserID: "mary"}}) }},
		{"narrowed", nil, func() {
			token.Scopes(context.Background(), tokenacl.UserContext{Token: mint(issuerA), Attributes: tokenacl.Attributes{UserID: "mary"}})
		}},
		{"unrestricted", nil, func() { filter.ScopeUnauthenticated() }},
		{"invalid-request", tokenacl.ErrInvalidRequest, func() { token.ScopeUnauthenticated() }},
		{"invalid-request", tokenacl.ErrInvalidRequest, func() { ask(token, tokenacl.UserContext{UserID: "mary"}) }},
		{"invalid-request", tokenacl.ErrInvalidRequest, func() { ask(token, tokenacl.UserContext{UserID: "a\x00"}) }},
		{"unavailable", tokenacl.ErrUnavailable, func() { ask(closed, tokenacl.UserContext{}) }},
		{"unavailable", tokenacl.ErrUnavailable, failing(errors.New("reset"))},
		{"key", tokenacl.ErrUnauthenticated, failing(jwks.ErrUnknownKey)},
		{"key", tokenacl.ErrUnauthenticated, failing(jwks.ErrKeyExpired)},
		{"malformed", tokenacl.ErrUnauthenticated, func() { ask(token, tokenacl.UserContext{Token: "zq7"}) }},
		{"signature", tokenacl.ErrUnauthenticated, func() { ask(token, tokenacl.UserContext{Token: mint(issuerB, issuerB, issuerA)}) }},
		{"expired", tokenacl.ErrUnauthenticated, func() { ask(token, of("253402300799", "1")) }},
		{"not-yet-valid", tokenacl.ErrUnauthenticated, func() { ask(token, of(`"exp"`, `"nbf":253402300799,"exp"`)) }},
		{"issuer", tokenacl.ErrUnauthenticated, func() { ask(token, of(issuerA, issuerB)) }},
		{"audience", tokenacl.ErrUnauthenticated, func() { ask(token, of(`"app"`, `"zq7"`)) }},
		{"claim", tokenacl.ErrUnauthenticated, func() { ask(token, of(`"mary"`, `7`)) }},
		{"overage", tokenacl.ErrUnauthenticated, func() { ask(token, of(`"aud"`, `"hasgroups":true,"aud"`)) }},
		{"revoked", tokenacl.ErrUnauthenticated, func() { revoked = errors.New("listed"); ask(token, of()); revoked = nil }},
	} {
		outcomes = nil
		tt.do()
		want := []tokenacl.Outcome{{Kind: tt.kind, Err: tt.class}}
		opts := []cmp.Option{cmpopts.IgnoreFields(tokenacl.Outcome{}, "Duration"), cmp.Comparer(func(a, b error) bool { return a == b })} // the very class, nothing wrapped
		if diff := cmp.Diff(want, outcomes, opts...); diff != "" {
			t.Errorf("%s: outcomes (-want +got):\n%s", tt.kind, diff)
		}
		if text := fmt.Sprintf("%+v", outcomes); strings.Contains(text, gateMark) || strings.Contains(text, "mary") {
			t.Errorf("outcome shows a claim: %s", text)
		}
	}
}

// Rule R4
func TestObserverDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outcome tokenacl.Outcome
		slow := expanderFunc(func(_ context.Context, p acl.Principal) (acl.Principal, error) {
			time.Sleep(3 * time.Second)
			return p, nil
		})
		g := filterGate(t, tokenacl.Options{Expander: slow, Observer: observerFunc(func(o tokenacl.Outcome) { outcome = o })})
		if _, err := g.Scope(context.Background(), tokenacl.UserContext{UserID: "mary"}); err != nil {
			t.Fatal(err)
		}
		if outcome.Duration != 3*time.Second {
			t.Errorf("duration = %v", outcome.Duration)
		}
	})
}

// Rule G1: a panic in the host's code is no scope.
func TestPanics(t *testing.T) {
	boom := func() { panic("boom") }
	issuer := trusting(t, issuerA)
	issuer.Options = &claims.Options{Revoked: func(*claims.Token) error { boom(); return nil }}
	uc := tokenacl.UserContext{Token: mint(issuerA)}
	for name, g := range map[string]*tokenacl.Gate{
		"observer": newGate(t, &tokenacl.Options{Observer: observerFunc(func(tokenacl.Outcome) { boom() })}, trusting(t, issuerA)),
		"expander": newGate(t, &tokenacl.Options{Expander: expanderFunc(func(context.Context, acl.Principal) (acl.Principal, error) {
			boom()
			return acl.Principal{}, nil
		})}, trusting(t, issuerA)),
		"revoked": newGate(t, nil, issuer),
	} {
		var scope acl.Scope
		var recovered any
		func() {
			defer func() { recovered = recover() }()
			scope, _ = g.Scope(context.Background(), uc)
		}()
		if recovered != "boom" || scope != (acl.Scope{}) {
			t.Errorf("%s: recovered %v, scope %v", name, recovered, scope)
		}
	}
}
