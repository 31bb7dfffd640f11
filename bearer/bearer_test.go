package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/bearer"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// TestConstruction panics about gates that believe what callers make up, and
// about options that mean nothing.
//
// Rules T7, R2, R5: bearer refuses gates with unsigned tokens and ATTRIBUTE_FILTER
func TestConstruction(t *testing.T) {
	unsigned := gateOf(t, &tokenacl.Options{InsecureTrustUnsignedJSON: true}, tokenacl.Issuer{Config: &tokenconfig.Config{
		JSON: &tokenconfig.JSON{UserNameAttributeField: "username", GroupAttributeField: "groups"},
	}})
	filter := gateOf(t, &tokenacl.Options{InsecureAllowAttributeFilter: true}, tokenacl.Issuer{Config: &tokenconfig.Config{Policy: tokenconfig.AttributeFilter}})
	closed := newGate(t)
	closed.Close()
	good := newGate(t)
	for _, tt := range []struct {
		name string
		gate *tokenacl.Gate
		opts *bearer.Options
		want string // "" does not panic
	}{
		{"nil options", good, nil, ""},
		{"zero options", good, &bearer.Options{}, ""},
		{"all strings", good, &bearer.Options{Realm: `a "b" \ ~`, Header: "cf-access-jwt-assertion", Cookie: "__Host-session"}, ""},
		{"nil gate", nil, nil, "closed, or was not made by NewGate"},
		{"zero gate", &tokenacl.Gate{}, nil, "closed, or was not made by NewGate"},
		{"closed gate", closed, nil, "closed, or was not made by NewGate"},
		{"unsigned tokens", unsigned, nil, "unsigned JSON tokens"},
		{"ATTRIBUTE_FILTER", filter, nil, "ATTRIBUTE_FILTER"},
		{"realm with a newline", good, &bearer.Options{Realm: "a\nb"}, "Realm: want"},
		{"realm with DEL", good, &bearer.Options{Realm: "a\x7f"}, "Realm: want"},
		{"realm with an umlaut", good, &bearer.Options{Realm: "\u00fc"}, "Realm: want"},
		{"realm without UTF-8", good, &bearer.Options{Realm: "\xff"}, "Realm: want"},
		{"header Authorization", good, &bearer.Options{Header: "authorization"}, "Header: want"},
		{"header Cookie", good, &bearer.Options{Header: "COOKIE"}, "Header: want"},
		{"header Host", good, &bearer.Options{Header: "Host"}, "Header: want"},
		{"header with a space", good, &bearer.Options{Header: "X Token"}, "Header: want"},
		{"header with a colon", good, &bearer.Options{Header: "X-Token:"}, "Header: want"},
		{"cookie with an equals sign", good, &bearer.Options{Cookie: "a=b"}, "Cookie: want"},
		{"cookie with a semicolon", good, &bearer.Options{Cookie: "a;"}, "Cookie: want"},
		{"cookie with a space", good, &bearer.Options{Cookie: " "}, "Cookie: want"},
		{"cookie with an umlaut", good, &bearer.Options{Cookie: "\u00fc"}, "Cookie: want"},
	} {
		for name, make := range map[string]func(*tokenacl.Gate, *bearer.Options) func(http.Handler) http.Handler{"Require": bearer.Require, "Optional": bearer.Optional} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				got := panicOf(func() { make(tt.gate, tt.opts) })
				if tt.want == "" && got != "" || !strings.Contains(got, tt.want) || tt.want != "" && !strings.HasPrefix(got, "bearer: ") {
					t.Errorf("panics with %q, want %q", got, tt.want)
				}
			})
		}
	}
	if got := panicOf(func() { bearer.Optional(good, nil)(nil) }); got != "bearer: the handler is nil" {
		t.Errorf("no handler: panics with %q", got)
	}
}

// panicOf returns what f panics with, "" if it does not.
func panicOf(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// TestOptionsAreCopied changes the options after they were given; one middleware
// serves several handlers.
//
// Rule G5
func TestOptionsAreCopied(t *testing.T) {
	opts := &bearer.Options{Cookie: "session"}
	middleware := bearer.Require(newGate(t), opts)
	*opts = bearer.Options{Permit: func(*http.Request, acl.Scope) bool { return false }}
	for range 2 {
		if got, _ := outcome(t, middleware, request("GET", "Cookie: session="+mint())); got != "mary" {
			t.Error(got)
		}
	}
}

// TestScopeWithoutMiddleware is the zero scope, as is that of a value of another
// package. A context that is printed shows no name.
//
// Rules G1, G3
func TestScopeWithoutMiddleware(t *testing.T) {
	type scopeKey struct{}
	for _, ctx := range []context.Context{context.Background(), context.WithValue(context.Background(), scopeKey{}, acl.Unrestricted())} {
		if s := bearer.Scope(ctx); s != (acl.Scope{}) {
			t.Errorf("scope %v, want the zero one", s)
		}
	}
	bearer.Require(newGate(t), nil)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if text := fmt.Sprintf("%v %+v %#v", r.Context(), r.Context(), bearer.Scope(r.Context())); strings.Contains(text, mark) || kind(bearer.Scope(r.Context())) != "mary" {
			t.Errorf("the context prints as %s", text)
		}
	})).ServeHTTP(httptest.NewRecorder(), request("GET", "Authorization: Bearer "+mint()))
}

// TestPermit is asked once, with the scope, about what is otherwise let through,
// and no refusal of it lets a handler run.
//
// Rule R5
func TestPermit(t *testing.T) {
	gate := newGate(t)
	for _, tt := range []struct {
		name    string
		headers []string
		guests  bool
		permits bool
		asked   string // the scope, "" when it is not asked
		want    string
	}{
		{"permitted", []string{"Authorization: Bearer " + mint()}, false, true, "mary", "mary"},
		{"not permitted", []string{"Authorization: Bearer " + mint()}, false, false, "mary", "403 insufficient_scope"},
		{"not permitted, guests welcome", []string{"Authorization: Bearer " + mint()}, true, false, "mary", "403 insufficient_scope"},
		{"guest", nil, true, true, "guest", "guest"},
		{"guest not permitted", nil, true, false, "guest", "401"},
		{"no token", nil, false, true, "", "401"},
		{"bad token", []string{"Authorization: Bearer x"}, true, true, "", "401 invalid_token"},
		{"two tokens", []string{"Authorization: Bearer " + mint(), "Cookie: session=" + mint()}, true, true, "", "400 invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			opts := &bearer.Options{Cookie: "session", Permit: func(r *http.Request, s acl.Scope) bool {
				if asked = append(asked, kind(s)); bearer.Scope(r.Context()) != s || r.URL.Path != "/search" {
					t.Errorf("the request has the scope %v, and Permit %v", bearer.Scope(r.Context()), s)
				}
				return tt.permits
			}}
			middleware := bearer.Require(gate, opts)
			if tt.guests {
				middleware = bearer.Optional(gate, opts)
			}
			if got, _ := outcome(t, middleware, request("GET", tt.headers...)); got != tt.want || strings.Join(asked, " ") != tt.asked {
				t.Errorf("%s, asked about %q; want %s, %q", got, asked, tt.want, tt.asked)
			}
		})
	}
}

// TestPanics go through, and what panics lets nobody in.
//
// Rule G1
func TestPanics(t *testing.T) {
	gate := newGate(t)
	for _, tt := range []struct {
		name string
		opts bearer.Options
		auth string
	}{
		{"Permit", bearer.Options{Permit: func(*http.Request, acl.Scope) bool { panic("ouch") }}, "Bearer " + mint()},
		{"Body", bearer.Options{Body: func(*http.Request, int, error) (string, []byte) { panic("ouch") }}, "Bearer"},
	} {
		w := httptest.NewRecorder()
		h := bearer.Require(gate, &tt.opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error(tt.name + ": the handler runs") }))
		if got := panicOf(func() { h.ServeHTTP(w, request("GET", "Authorization: "+tt.auth)) }); got != "ouch" || len(w.Header()) > 0 || w.Body.Len() > 0 {
			t.Errorf("%s: panics with %q, answer %v", tt.name, got, w)
		}
	}
	h := bearer.Require(gate, nil)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	if got := panicOf(func() { h.ServeHTTP(httptest.NewRecorder(), request("GET", "Authorization: Bearer "+mint())) }); got != http.ErrAbortHandler.Error() {
		t.Errorf("handler: panics with %q", got)
	}
}

// TestSkipPreflight lets nothing but a CORS preflight request through, and that
// with a scope that sees nothing.
//
// Rules R5, G1
func TestSkipPreflight(t *testing.T) {
	gate := newGate(t)
	preflight := []string{"Origin: https://app.example", "Access-Control-Request-Method: POST"}
	for _, tt := range []struct {
		name    string
		skip    bool
		method  string
		headers []string
		want    string
	}{
		{"by default", false, "OPTIONS", preflight, "401"},
		{"skipped", true, "OPTIONS", preflight, "nothing"},
		{"with a token", true, "OPTIONS", append([]string{"Authorization: Bearer " + mint()}, preflight...), "nothing"},
		{"with a bad token", true, "OPTIONS", append([]string{"Authorization: Bearer"}, preflight...), "nothing"},
		{"no Origin", true, "OPTIONS", preflight[1:], "401"},
		{"no method asked for", true, "OPTIONS", preflight[:1], "401"},
		{"empty Origin", true, "OPTIONS", []string{"Origin: ", preflight[1]}, "401"},
		{"OPTIONS alone", true, "OPTIONS", nil, "401"},
		{"OPTIONS with a token", true, "OPTIONS", []string{"Authorization: Bearer " + mint()}, "mary"},
		{"GET", true, "GET", preflight, "401"},
		{"lower case", true, "options", preflight, "401"},
		{"POST that says OPTIONS", true, "POST", append([]string{"X-Http-Method-Override: OPTIONS"}, preflight...), "401"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// Inside another one, whose scope must not count.
			inner := bearer.Require(gate, &bearer.Options{SkipPreflight: tt.skip})
			outer := bearer.Require(gate, &bearer.Options{Header: "X-Outer"})
			got, _ := outcome(t, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					auth := r.Header["Authorization"]
					r.Header.Del("Authorization")
					r.Header.Set("X-Outer", mint())
					outer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if auth != nil {
							r.Header["Authorization"] = auth
						}
						inner(h).ServeHTTP(w, r)
					})).ServeHTTP(w, r)
				})
			}, request(tt.method, tt.headers...))
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestCaches: an answer of a handler is kept apart from those for other callers.
// The handler has the last word, and nobody weakens an earlier no-store.
//
// Rule R5
func TestCaches(t *testing.T) {
	gate := newGate(t)
	good := "Authorization: Bearer " + mint()
	for _, tt := range []struct {
		name    string
		opts    bearer.Options
		headers []string
		before  http.Header
		vary    []string
		control []string
	}{
		{"token", byDefault, []string{good}, nil, []string{"Authorization"}, []string{"private"}},
		{"guest", byDefault, nil, nil, []string{"Authorization"}, []string{"private"}},
		{"guest, cookie", byCookie, nil, nil, []string{"Authorization", "Cookie"}, []string{"private"}},
		{"cookie", byCookie, []string{"Cookie: session=" + mint()}, nil, []string{"Authorization", "Cookie"}, []string{"private"}},
		{"own header", byHeader, []string{"X-Token: " + mint()}, nil, []string{"X-Token"}, []string{"private"}},
		{"own header and cookie", byBoth, nil, nil, []string{"X-Token", "Cookie"}, []string{"private"}},
		{"Vary is there", byDefault, nil, http.Header{"Vary": {"Origin"}}, []string{"Origin", "Authorization"}, []string{"private"}},
		{"nested", byDefault, nil, http.Header{"Vary": {"Authorization"}}, []string{"Authorization"}, []string{"private"}},
		{"public before", byDefault, nil, http.Header{"Cache-Control": {"public, max-age=60"}}, []string{"Authorization"}, []string{"private"}},
		{"no-store before", byDefault, nil, http.Header{"Cache-Control": {"max-age=0", "No-Store"}}, []string{"Authorization"}, []string{"max-age=0", "No-Store"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			for name, values := range tt.before {
				w.Header()[name] = values
			}
			h := bearer.Optional(gate, &tt.opts)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if diff := cmp.Diff(tt.control, w.Header()["Cache-Control"]); diff != "" {
					t.Errorf("Cache-Control (-want +got):\n%s", diff)
				}
				w.Header().Set("Cache-Control", "max-age=10")
			}))
			h.ServeHTTP(w, request("GET", tt.headers...))
			if diff := cmp.Diff(tt.vary, w.Header()["Vary"]); diff != "" {
				t.Errorf("Vary (-want +got):\n%s", diff)
			}
			if got := w.Header().Get("Cache-Control"); got != "max-age=10" {
				t.Errorf("Cache-Control of the handler is %q", got)
			}
		})
	}
}

// TestNested: the innermost middleware counts, for the better and the worse.
//
// Rule G1
func TestNested(t *testing.T) {
	gate := newGate(t)
	optional := bearer.Optional(gate, &bearer.Options{Header: "X-Token"})
	require := bearer.Require(gate, &bearer.Options{Cookie: "session", Header: "X-Other", Body: func(r *http.Request, _ int, err error) (string, []byte) {
		if s := bearer.Scope(r.Context()); s != (acl.Scope{}) {
			t.Errorf("Body gets a request with %v", s)
		}
		return "", []byte("a bearer token is required\n")
	}})
	both := func(h http.Handler) http.Handler { return optional(require(h)) }
	for headers, want := range map[[2]string]string{
		{"A: b", "A: b"}:                                     "401",
		{"X-Token: " + mint(), "A: b"}:                       "401",
		{"X-Token: " + mint(), "Cookie: session=" + mint()}:  "mary",
		{"A: b", "Cookie: session=" + mint()}:                "mary",
		{"X-Token: " + mint() + "A", "X-Other: " + mint()}:   "401 invalid_token",
		{"X-Token: " + mint(), "X-Other: " + mint("}", "]")}: "401 invalid_token",
	} {
		if got, _ := outcome(t, both, request("GET", headers[:]...)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestClosedGate answers 503 whatever is sent, and a client that has gone away
// runs no handler.
//
// Rules R4, R5, G1
func TestClosedGate(t *testing.T) {
	gate := newGate(t)
	require, optional := bearer.Require(gate, nil), bearer.Optional(gate, nil)
	gate.Close()
	for name, middleware := range map[string]func(http.Handler) http.Handler{"Require": require, "Optional": optional} {
		for _, headers := range [][]string{nil, {"Authorization: Bearer " + mint()}, {"Authorization: Basic x"}} {
			got, w := outcome(t, middleware, request("GET", headers...))
			if got != "503" || w.Header().Get("Retry-After") != "5" {
				t.Errorf("%s, %q: %s after %q seconds", name, headers, got, w.Header().Get("Retry-After"))
			}
		}
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	waiting := gateOf(t, nil, trusting(failing{errors.Join(errors.New("waiting"), gone.Err())}, nil))
	if got, _ := outcome(t, bearer.Optional(waiting, nil), request("GET", "Authorization: Bearer "+mint()).WithContext(gone)); got != "503" {
		t.Errorf("client gone: %s", got)
	}
}

// TestWriterIsPassed as it came, so that all its methods stay.
func TestWriterIsPassed(t *testing.T) {
	w := httptest.NewRecorder()
	bearer.Optional(newGate(t), nil)(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
		if got != http.ResponseWriter(w) {
			t.Errorf("the handler gets a %T", got)
		}
	})).ServeHTTP(w, request("GET"))
}
