package tokenacl

import (
	"errors"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
)

// Observer is told what a [Gate] decides, for metrics. Its methods are called
// before the Gate returns, by many goroutines at once, and should be quick. A
// panic in one goes through to the Gate's caller, who then has no Scope.
type Observer interface {
	Decided(Outcome)
}

// Outcome is one decision of a [Gate]. It holds no name, token or claim.
type Outcome struct {
	// Kind is a label from a small, fixed set. For a Scope: guest, principal,
	// attributes, narrowed, unrestricted. For an error, what it is about: malformed, key,
	// signature, expired, not-yet-valid, issuer, audience, claim, overage,
	// revoked, unavailable, invalid-request.
	Kind string
	// Err is nil or the class of the error: [ErrUnauthenticated],
	// [ErrUnavailable] or [ErrInvalidRequest] itself.
	Err error
	// Duration is the time from the call to the decision.
	Duration time.Duration
}

// observed calls decide and tells the observer, if there is one.
func (g *Gate) observed(decide func() (answer, error)) ([2]acl.Scope, error) {
	if g == nil || g.opts.Observer == nil {
		a, err := decide()
		return a.both, err
	}
	start := time.Now()
	a, err := decide()
	o := Outcome{Kind: a.kind}
	if err != nil {
		o.Kind, o.Err = labelOf(err)
	}
	o.Duration = time.Since(start)
	g.opts.Observer.Decided(o)
	return a.both, err
}

var labels = []struct {
	err  error
	kind string
}{
	{ErrUnavailable, "unavailable"},
	{ErrInvalidRequest, "invalid-request"},
	{claims.ErrMalformed, "malformed"},
	{claims.ErrUnknownKey, "key"},
	{jwks.ErrKeyExpired, "key"},
	{claims.ErrSignature, "signature"},
	{claims.ErrExpired, "expired"},
	{claims.ErrNotYetValid, "not-yet-valid"},
	{claims.ErrIssuer, "issuer"},
	{claims.ErrAudience, "audience"},
	{claims.ErrOverage, "overage"},
	{claims.ErrRevoked, "revoked"},
}

func labelOf(err error) (kind string, class error) {
	for _, c := range classes {
		if errors.Is(err, c) {
			class = c
		}
	}
	for _, l := range labels {
		if errors.Is(err, l.err) {
			return l.kind, class
		}
	}
	return "claim", class
}
