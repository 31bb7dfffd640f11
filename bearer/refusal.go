package bearer

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/claims"
)

// What this package refuses by itself.
var (
	errNoToken      = fmt.Errorf("%w: no token, want one", tokenacl.ErrUnauthenticated)
	errScheme       = fmt.Errorf("%w: Authorization: want the scheme Bearer", tokenacl.ErrUnauthenticated)
	errMalformed    = fmt.Errorf("%w: credentials: want exactly one token, of letters, digits and -._~+/ (RFC 6750, section 2.1)", tokenacl.ErrUnauthenticated)
	errTwoPlaces    = fmt.Errorf("%w: credentials in a header and in a cookie; send one of them", tokenacl.ErrInvalidRequest)
	errMisplaced    = fmt.Errorf("%w: a Bearer token in Authorization; Options.Header names the header that has it", tokenacl.ErrInvalidRequest)
	errNotPermitted = errors.New("bearer: refused by Options.Permit")
)

// answer is what a refusal looks like. A code is one of RFC 6750, section 3.1.
type answer struct {
	status     int
	code, text string
}

// answers has the first that fits an error. The texts are fixed: they tell a
// client what to do, and nothing of tokens, documents and configuration.
var answers = []struct {
	err error
	answer
}{
	{tokenacl.ErrUnavailable, cannotTell},
	{errNotPermitted, answer{http.StatusForbidden, "insufficient_scope", "the token does not permit this request"}},
	{errTwoPlaces, answer{http.StatusBadRequest, "invalid_request", "credentials in more than one place"}},
	{errMisplaced, answer{http.StatusBadRequest, "invalid_request", "the token is expected in another header"}},
	{tokenacl.ErrInvalidRequest, answer{http.StatusBadRequest, "invalid_request", "the token is too long"}},
	// Section 3.1: no error code for a request that lacks any authentication
	// information or "attempted using an unsupported authentication method".
	{errNoToken, answer{http.StatusUnauthorized, "", "a bearer token is required"}},
	{errScheme, answer{http.StatusUnauthorized, "", "a bearer token is required"}},
	{errMalformed, answer{http.StatusUnauthorized, "invalid_token", "the credentials are malformed, want exactly one bearer token"}},
	{claims.ErrExpired, answer{http.StatusUnauthorized, "invalid_token", "the token has expired"}},
	{claims.ErrNotYetValid, answer{http.StatusUnauthorized, "invalid_token", "the token is not valid yet"}},
	{tokenacl.ErrUnauthenticated, answer{http.StatusUnauthorized, "invalid_token", "the token is not accepted"}},
}

var cannotTell = answer{http.StatusServiceUnavailable, "", "cannot verify the token now, try again later"}

func answerTo(err error) answer {
	for _, a := range answers {
		if errors.Is(err, a.err) {
			return a.answer
		}
	}
	return cannotTell
}

// refuse answers a request that is not let through.
func (g *guard) refuse(w http.ResponseWriter, r *http.Request, err error) {
	a := answerTo(err)
	contentType, body := "", []byte(a.text+"\n")
	if g.opts.Body != nil {
		contentType, body = g.opts.Body(r, a.status, err)
	}
	if contentType == "" {
		contentType = "text/plain; charset=utf-8"
	}
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if a.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(retryAfter(err)))
	} else {
		h.Set("WWW-Authenticate", a.challenge(g.opts.Realm))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// challenge is that of RFC 6750, section 3.
func (a answer) challenge(realm string) string {
	c := `Bearer realm="` + quoter.Replace(realm) + `"`
	if a.code != "" {
		c += `, error="` + a.code + `", error_description="` + a.text + `"`
	}
	return c
}

// quoter escapes what a quoted-string must (RFC 9110, section 5.6.4).
var quoter = strings.NewReplacer(`"`, `\"`, `\`, `\\`)

const (
	defaultRetry = 5 // seconds
	maxRetry     = 3600
)

// retryAfter returns in how many seconds to try again, from 1 to an hour.
func retryAfter(err error) int {
	var postponed interface{ RetryAfter() time.Duration }
	if !errors.As(err, &postponed) {
		return defaultRetry
	}
	d := postponed.RetryAfter()
	seconds := d / time.Second
	if d%time.Second > 0 {
		seconds++
	}
	return int(min(max(seconds, 1), maxRetry))
}
