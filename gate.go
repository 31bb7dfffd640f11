package tokenacl

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
)

// Options are what concerns a [Gate] as a whole. The zero value is the safe one,
// nil is the zero value.
type Options struct {
	// Expander adds groups to whom a request speaks of; nil adds none.
	Expander Expander
	// Observer is told every decision; nil is nobody.
	Observer Observer
	// AttributesSeePublic lets [UserContext.Attributes] find public documents
	// as well. Kendra's documents say both; false is what its users report.
	AttributesSeePublic bool

	// InsecureAllowAttributeFilter allows the policy ATTRIBUTE_FILTER, which
	// believes whatever a request says of its user. It is for a host that has
	// authenticated the user by itself and fills in the [UserContext] alone.
	InsecureAllowAttributeFilter bool
	// InsecureTrustUnsignedJSON allows a JSON token configuration, whose tokens
	// nobody signs. It is for requests that come from a trusted server only.
	InsecureTrustUnsignedJSON bool
}

// Gate turns requests into scopes. Make one with [NewGate]; the zero value, and
// nil, refuse everything. It is safe for concurrent use.
type Gate struct {
	opts  Options
	mu    sync.Mutex            // of whoever writes trust
	trust atomic.Pointer[trust] // nil when closed
}

// NewGate returns a Gate that trusts the issuers. There is at least one. All have
// the same policy; of several under USER_TOKEN, each has a JWT configuration with
// an Issuer of its own. opts may be nil. Everything is copied; key sources remain
// the caller's.
//
// Errors name the issuer by its index, the field and the fix.
func NewGate(issuers []Issuer, opts *Options) (*Gate, error) {
	g := &Gate{}
	if opts != nil {
		g.opts = *opts
	}
	t, err := newTrust(issuers, g.opts)
	if err != nil {
		return nil, err
	}
	g.trust.Store(t)
	return g, nil
}

// Replace trusts other issuers from now on. It swaps all at once: a request sees
// either the old or the new ones, and one under way finishes with those that it
// began with. Policy and kind of token must remain, since hosts rely on them.
// After an error everything is as before.
func (g *Gate) Replace(issuers []Issuer) error {
	if g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
	}
	old, err := g.open()
	if err != nil {
		return err
	}
	t, err := newTrust(issuers, g.opts)
	switch {
	case err != nil:
		return err
	case t.mode != old.mode:
		return fmt.Errorf("tokenacl: the gate takes %s, the new issuers mean %s; make another gate", old.mode, t.mode)
	}
	g.trust.Store(t)
	return nil
}

// Close makes g refuse every further request as [ErrUnavailable]. Requests under
// way finish. Key sources are not closed: who made one closes it. The error is
// always nil.
func (g *Gate) Close() error {
	if g != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.trust.Store(nil)
	}
	return nil
}

// Warnings returns the unsafe choices in force and the checks that the
// configuration does not ask for: those of the gate first, then those of each
// issuer in order, as in "issuer 0: SkipUser: ...". It is empty when there are
// none, and nil for a gate that refuses everything.
func (g *Gate) Warnings() []string {
	t, err := g.open()
	if err != nil {
		return nil
	}
	return t.warnings()
}

// CheckBearer returns nil if every name in a Scope of g comes from a token with a
// verified signature, so that g may face callers whom nobody trusts. Otherwise,
// under ATTRIBUTE_FILTER, with unsigned JSON tokens, or closed, it says why not.
// The answer does not change with [Gate.Replace].
func (g *Gate) CheckBearer() error {
	t, err := g.open()
	switch {
	case err != nil:
		return err
	case t.mode != verifiedTokens:
		return fmt.Errorf("tokenacl: the gate takes %s, which callers can make up; bearer tokens need USER_TOKEN with a JWT configuration", t.mode)
	}
	return nil
}

func (g *Gate) open() (*trust, error) {
	if g != nil {
		if t := g.trust.Load(); t != nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%w: the gate is closed, or was not made by NewGate", ErrUnavailable)
}

// String tells what g takes.
func (g *Gate) String() string {
	t, err := g.open()
	if err != nil {
		return "gate(refuses everything)"
	}
	return fmt.Sprintf("gate(%s)", t.mode)
}

// Format writes [Gate.String] for every verb.
func (g *Gate) Format(f fmt.State, _ rune) { io.WriteString(f, g.String()) }

// LogValue is [Gate.String].
func (g *Gate) LogValue() slog.Value { return slog.StringValue(g.String()) }
