package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/bearer"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// expanderFunc is a tokenacl.Expander.
type expanderFunc func(context.Context, acl.Principal) (acl.Principal, error)

func (f expanderFunc) Expand(ctx context.Context, p acl.Principal) (acl.Principal, error) {
	return f(ctx, p)
}

// TestAnswers has the whole challenge for each kind of refusal.
//
// Rules R5, G1, G3, T2
func TestAnswers(t *testing.T) {
	const (
		unaccepted = `Bearer realm="api", error="invalid_token", error_description="the token is not accepted"`
		expired    = `Bearer realm="api", error="invalid_token", error_description="the token has expired"`
		early      = `Bearer realm="api", error="invalid_token", error_description="the token is not valid yet"`
		malformed  = `Bearer realm="api", error="invalid_token", error_description="the credentials are malformed, want exactly one bearer token"`
	)
	good, forged := mint(), testkeys.Sign("HS256", testkeys.HMAC(40), []byte(`{"alg":"HS256","kid":"k"}`), []byte(`{"exp":1}`))
	keys := staticKeys(t)
	revoked := &claims.Options{Revoked: func(*claims.Token) error { return errors.New("zq7: gone") }}
	overloaded := &claims.Options{Revoked: func(*claims.Token) error { return fmt.Errorf("zq7: %w", claims.ErrUnavailable) }}
	expander := func(err error) *tokenacl.Options {
		return &tokenacl.Options{Expander: expanderFunc(func(context.Context, acl.Principal) (acl.Principal, error) { return acl.Principal{}, err })}
	}
	for _, tt := range []struct {
		name      string
		gate      *tokenacl.Gate
		headers   []string
		status    int
		challenge string
	}{
		{"no credentials", newGate(t), nil, 401, `Bearer realm="api"`},
		{"Basic", newGate(t), []string{"Authorization: Basic eDp5"}, 401, `Bearer realm="api"`},
		{"malformed", newGate(t), []string{"Authorization: Bearer"}, 401, malformed},
		{"twice", newGate(t), []string{"Authorization: Bearer x", "Authorization: Bearer x"}, 401, malformed},
		{"expired", newGate(t), []string{"Authorization: Bearer " + mint("253402300799", "1")}, 401, expired},
		{"not yet valid", newGate(t), []string{"Authorization: Bearer " + mint(`"aud"`, `"nbf":253402300799,"aud"`)}, 401, early},
		{"forged and expired", newGate(t), []string{"Authorization: Bearer " + forged}, 401, unaccepted},
		{"no JWS", newGate(t), []string{"Authorization: Bearer zq7"}, 401, unaccepted},
		{"changed", newGate(t), []string{"Authorization: Bearer " + good + "A"}, 401, unaccepted},
		{"other audience", newGate(t), []string{"Authorization: Bearer " + mint(`"app"`, `"zq7"`)}, 401, unaccepted},
		{"other issuer", newGate(t), []string{"Authorization: Bearer " + mint("issuer.example", "zq7.example")}, 401, unaccepted},
		{"no user", newGate(t), []string{"Authorization: Bearer " + mint(`"user"`, `"zq7"`)}, 401, unaccepted},
		{"overage", newGate(t), []string{"Authorization: Bearer " + mint(`"groups"`, `"hasgroups"`)}, 401, unaccepted},
		{"revoked", gateOf(t, nil, trusting(keys, revoked)), []string{"Authorization: Bearer " + good}, 401, unaccepted},
		{"key expired", gateOf(t, nil, trusting(failing{jwks.ErrKeyExpired}, nil)), []string{"Authorization: Bearer " + good}, 401, unaccepted},
		{"unknown key", gateOf(t, nil, trusting(failing{jwks.ErrUnknownKey}, nil)), []string{"Authorization: Bearer " + good}, 401, unaccepted},
		{"too long", newGate(t), []string{"Authorization: Bearer " + strings.Repeat("a", 100_001)}, 400, `Bearer realm="api", error="invalid_request", error_description="the token is too long"`},
		{"two places", newGate(t), []string{"Authorization: Bearer x", "Cookie: session=x"}, 400, `Bearer realm="api", error="invalid_request", error_description="credentials in more than one place"`},
		{"keys unavailable", gateOf(t, nil, trusting(failing{jwks.ErrUnavailable}, nil)), []string{"Authorization: Bearer " + good}, 503, ""},
		{"unknown error", gateOf(t, nil, trusting(failing{errors.New("zq7")}, nil)), []string{"Authorization: Bearer " + good}, 503, ""},
		{"hook unavailable", gateOf(t, nil, trusting(keys, overloaded)), []string{"Authorization: Bearer " + good}, 503, ""},
		{"expander fails", gateOf(t, expander(errors.New("zq7")), trusting(keys, nil)), []string{"Authorization: Bearer " + good}, 503, ""},
		{"expander says expired", gateOf(t, expander(claims.ErrExpired), trusting(keys, nil)), []string{"Authorization: Bearer " + good}, 503, ""},
		{"expander says unauthenticated", gateOf(t, expander(tokenacl.ErrUnauthenticated), trusting(keys, nil)), []string{"Authorization: Bearer " + good}, 503, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := &bearer.Options{Cookie: "session"}
			for name, middleware := range map[string]func(http.Handler) http.Handler{"Require": bearer.Require(tt.gate, opts), "Optional": bearer.Optional(tt.gate, opts)} {
				got, w := outcome(t, middleware, request("GET", tt.headers...))
				if name == "Optional" && tt.headers == nil {
					continue
				}
				if w.Code != tt.status || w.Header().Get("WWW-Authenticate") != tt.challenge {
					t.Errorf("%s: %s, %s\nwant %d, %s", name, got, w.Header().Get("WWW-Authenticate"), tt.status, tt.challenge)
				}
			}
		})
	}
}

// TestRealm is a quoted-string.
//
// Rule R5
func TestRealm(t *testing.T) {
	gate := newGate(t)
	for realm, want := range map[string]string{
		"":                       `Bearer realm="api"`,
		"documents of the firm":  `Bearer realm="documents of the firm"`,
		`a", error="none`:        `Bearer realm="a\", error=\"none"`,
		`\`:                      `Bearer realm="\\"`,
		`\"`:                     `Bearer realm="\\\""`,
		"!#[]^~ (with comments)": `Bearer realm="!#[]^~ (with comments)"`,
	} {
		w := httptest.NewRecorder()
		bearer.Require(gate, &bearer.Options{Realm: realm})(http.NotFoundHandler()).ServeHTTP(w, request("GET"))
		if got := w.Header().Get("WWW-Authenticate"); got != want {
			t.Errorf("realm %q: %s, want %s", realm, got, want)
		}
	}
}

// TestBody: a host writes the body and nothing else of a refusal.
//
// Rules R5, G1
func TestBody(t *testing.T) {
	gate := newGate(t)
	unavailable := gateOf(t, nil, trusting(failing{jwks.ErrUnavailable}, nil))
	forbid := func(*http.Request, acl.Scope) bool { return false }
	const json = "application/problem+json"
	for _, tt := range []struct {
		name              string
		method            string
		gate              *tokenacl.Gate
		opts              bearer.Options
		auth              string
		contentType, body string
		status            int
		err               error // what the error is; nil: none of the gate's classes
		wantType          string
	}{
		{"no token", "GET", gate, byDefault, "", json, `{"status":200}`, 401, tokenacl.ErrUnauthenticated, json},
		{"expired", "POST", gate, byDefault, "Bearer " + mint("253402300799", "1"), json, "{}", 401, claims.ErrExpired, json},
		{"malformed", "GET", gate, byDefault, "Bearer", json, "{}", 401, tokenacl.ErrUnauthenticated, json},
		{"Basic", "GET", gate, byDefault, "Basic x", json, "{}", 401, tokenacl.ErrUnauthenticated, json},
		{"misplaced", "GET", gate, byHeader, "Bearer x", json, "{}", 400, tokenacl.ErrInvalidRequest, json},
		{"not permitted", "GET", gate, bearer.Options{Permit: forbid}, "Bearer " + mint(), json, "{}", 403, nil, json},
		{"unavailable", "GET", unavailable, byDefault, "Bearer " + mint(), json, "{}", 503, jwks.ErrUnavailable, json},
		{"nil body", "GET", gate, byDefault, "", json, "", 401, tokenacl.ErrUnauthenticated, json},
		{"no type", "GET", gate, byDefault, "", "", "<script>", 401, tokenacl.ErrUnauthenticated, "text/plain; charset=utf-8"},
		{"HEAD", "HEAD", gate, byDefault, "", json, "{}", 401, tokenacl.ErrUnauthenticated, json},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			tt.opts.Body = func(r *http.Request, status int, err error) (string, []byte) {
				calls++
				if r.URL.Path != "/search" || status != tt.status || tt.err != nil && !errors.Is(err, tt.err) {
					t.Errorf("Body gets %s, %d, %v", r.URL, status, err)
				}
				for _, class := range []error{tokenacl.ErrUnauthenticated, tokenacl.ErrInvalidRequest, tokenacl.ErrUnavailable} {
					if tt.err == nil && (err == nil || errors.Is(err, class)) {
						t.Errorf("Body gets the error %v", err)
					}
				}
				if strings.Contains(fmt.Sprint(err), mark) {
					t.Errorf("the error quotes a token: %v", err)
				}
				return tt.contentType, []byte(tt.body)
			}
			w := httptest.NewRecorder()
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Cache-Control", "public")
			r := request(tt.method)
			if tt.auth != "" {
				r.Header.Set("Authorization", tt.auth)
			}
			bearer.Require(tt.gate, &tt.opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler runs") })).ServeHTTP(w, r)
			wantBody := tt.body
			if tt.method == "HEAD" {
				wantBody = ""
			}
			h := w.Header()
			if calls != 1 || w.Code != tt.status || w.Body.String() != wantBody || h.Get("Content-Type") != tt.wantType {
				t.Errorf("%d calls, %d %q %v", calls, w.Code, w.Body, h)
			}
			if h.Get("Cache-Control") != "no-store" || h["Content-Length"] != nil || (h["Www-Authenticate"] != nil) != (tt.status != 503) || (h["Retry-After"] != nil) != (tt.status == 503) {
				t.Errorf("headers %v", h)
			}
		})
	}
}

// later is an error that knows when to try again.
type later time.Duration

func (l later) Error() string             { return "later" }
func (l later) RetryAfter() time.Duration { return time.Duration(l) }

// TestRetryAfter rounds up what an error says, within 1 second and 1 hour.
//
// Rule R5
func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"nobody says", jwks.ErrUnavailable, "5"},
		{"unknown error", errors.New("x"), "5"},
		{"seconds", later(7 * time.Second), "7"},
		{"a bit more", later(7*time.Second + 1), "8"},
		{"a bit less", later(7*time.Second - 1), "7"},
		{"next to nothing", later(1), "1"},
		{"now", later(0), "1"},
		{"past", later(-time.Hour), "1"},
		{"least", later(math.MinInt64), "1"},
		{"an hour", later(time.Hour), "3600"},
		{"more", later(time.Hour + 1), "3600"},
		{"most", later(math.MaxInt64), "3600"},
		{"joined", errors.Join(jwks.ErrUnavailable, later(9*time.Second)), "9"},
		{"wrapped", fmt.Errorf("%w: %w", jwks.ErrUnavailable, fmt.Errorf("x: %w", later(9*time.Second))), "9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expander := expanderFunc(func(context.Context, acl.Principal) (acl.Principal, error) { return acl.Principal{}, tt.err })
			hook := &claims.Options{Revoked: func(*claims.Token) error { return errors.Join(claims.ErrUnavailable, tt.err) }}
			for from, gate := range map[string]*tokenacl.Gate{
				"keys":     gateOf(t, nil, trusting(failing{tt.err}, nil)),
				"expander": gateOf(t, &tokenacl.Options{Expander: expander}, trusting(staticKeys(t), nil)),
				"hook":     gateOf(t, nil, trusting(staticKeys(t), hook)),
			} {
				got, w := outcome(t, bearer.Require(gate, nil), request("GET", "Authorization: Bearer "+mint()))
				if got != "503" || w.Header().Get("Retry-After") != tt.want {
					t.Errorf("%s: %s, Retry-After %s, want %s", from, got, w.Header().Get("Retry-After"), tt.want)
				}
			}
		})
	}
}

// fetcherFunc is a jwks.SecretFetcher.
type fetcherFunc func() ([]byte, error)

func (f fetcherFunc) FetchSecret(context.Context, string) ([]byte, error) { return f() }

// TestRetryAfterOfASecret: a client that heeds the seconds gets in as soon as the
// secret can be had.
//
// Rules R5, G1
func TestRetryAfterOfASecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 20 * time.Second
		var fetches atomic.Int64
		keys, err := jwks.NewSecret(fetcherFunc(func() ([]byte, error) {
			if fetches.Add(1) < 3 {
				return nil, errors.New("zq7: access denied")
			}
			return secret(), nil
		}), "arn", &jwks.SecretOptions{RetryInterval: interval})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { keys.Close() })
		optional := bearer.Optional(gateOf(t, nil, trusting(keys, nil)), nil)
		var got []string
		for len(got) < 10 {
			o, w := outcome(t, optional, request("GET", "Authorization: Bearer "+mint()))
			if got = append(got, o); o != "503" {
				break
			}
			seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
			wait := time.Duration(seconds) * time.Second
			if most := interval << (fetches.Load() - 1); err != nil || wait < most/2 || wait > most { // K8: doubled, less up to half
				t.Errorf("after %d fetches Retry-After is %v, want %v to %v", fetches.Load(), wait, most/2, most)
			}
			time.Sleep(wait)
		}
		if want := []string{"503", "503", "mary"}; !slices.Equal(got, want) || fetches.Load() != 3 {
			t.Errorf("%d fetches, outcomes %q, want %q", fetches.Load(), got, want)
		}
	})
}
