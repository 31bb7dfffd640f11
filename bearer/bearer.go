package bearer

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
)

// Require returns middleware that lets requests with a valid token through, with
// the [Scope] of its bearer. opts may be nil, and is copied.
//
// It panics, as [http.Handle] does about a bad pattern, when gate faces callers
// without verified tokens or is closed ([tokenacl.Gate.CheckBearer]), or when
// opts are invalid; the middleware panics when it is given no handler. When the
// gate is closed later, the answer is 503, whatever the request has.
func Require(gate *tokenacl.Gate, opts *Options) func(http.Handler) http.Handler {
	return middleware(gate, opts, false)
}

// Optional is [Require], but a request without any credentials goes through as
// well, with the scope of a guest. Credentials that are refused are refused all
// the same.
func Optional(gate *tokenacl.Gate, opts *Options) func(http.Handler) http.Handler {
	return middleware(gate, opts, true)
}

// Scope returns what the caller of a request may see, from the request's
// context. Where no middleware of this package ran, it is the zero scope, which
// sees nothing. Of several, the innermost counts.
func Scope(ctx context.Context) acl.Scope {
	scope, _ := ctx.Value(scopeKey{}).(acl.Scope)
	return scope
}

type scopeKey struct{}

// withScope returns a shallow copy of r with the scope in its context.
func withScope(r *http.Request, scope acl.Scope) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), scopeKey{}, scope))
}

// guard is one handler behind the middleware.
type guard struct {
	gate   *tokenacl.Gate
	opts   Options // valid
	guests bool
	next   http.Handler
}

func middleware(gate *tokenacl.Gate, opts *Options, guests bool) func(http.Handler) http.Handler {
	if err := gate.CheckBearer(); err != nil {
		panic("bearer: gate: " + err.Error())
	}
	g := guard{gate: gate, guests: guests}
	if opts != nil {
		g.opts = *opts
	}
	if err := g.opts.complete(); err != nil {
		panic(err.Error())
	}
	return func(next http.Handler) http.Handler {
		if next == nil {
			panic("bearer: the handler is nil")
		}
		g := g
		g.next = next
		return &g
	}
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.opts.SkipPreflight && isPreflight(r) {
		g.next.ServeHTTP(w, withScope(r, acl.Scope{}))
		return
	}
	admitted, err := g.admit(r)
	if err != nil {
		g.refuse(w, withScope(r, acl.Scope{}), err)
		return
	}
	g.keepApart(w.Header())
	g.next.ServeHTTP(w, admitted)
}

// admit returns the request as the handler gets it.
func (g *guard) admit(r *http.Request) (*http.Request, error) {
	if err := g.gate.CheckBearer(); err != nil {
		return nil, err // closed
	}
	token, err := g.opts.token(r.Header)
	switch {
	case err != nil:
		return nil, err
	case token == "" && !g.guests:
		return nil, errNoToken
	}
	scope, err := g.gate.Scope(r.Context(), tokenacl.UserContext{Token: token})
	if err != nil {
		return nil, err
	}
	r = withScope(r, scope)
	switch {
	case g.opts.Permit == nil || g.opts.Permit(r, scope):
		return r, nil
	case token == "":
		return nil, errNoToken // a token may help
	}
	return nil, errNotPermitted
}

// keepApart tells caches that the answer is for this caller. An earlier no-store
// is stricter and stays.
func (g *guard) keepApart(h http.Header) {
	for _, source := range []string{g.opts.Header, cookieHeader(g.opts.Cookie)} {
		if source != "" && !slices.Contains(h["Vary"], source) {
			h.Add("Vary", source)
		}
	}
	if !strings.Contains(strings.ToLower(strings.Join(h["Cache-Control"], ",")), "no-store") {
		h.Set("Cache-Control", "private")
	}
}

// isPreflight reports whether r is a CORS preflight request (Fetch, section
// 3.3.2): browsers send it without credentials.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}
