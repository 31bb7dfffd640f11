package bearer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/bearer"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

const (
	issuer = "https://issuer.example"
	// mark is in every token and name, and must be in no answer.
	mark = "zq7"
	mary = "zq7mary"
)

var hmacKey = testkeys.HMAC(32)

func staticKeys(t testing.TB) jwks.Source {
	t.Helper()
	set, err := jwks.Parse(secret(), jwks.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return jwks.Static(set)
}

// secret is the value of the secret that has the key.
func secret() []byte {
	return fmt.Appendf(nil, `{"keys":[{"kid":"k","alg":"HS256","kty":"OCT","k":%q}]}`, testkeys.Encode(hmacKey))
}

// failing is a source that cannot verify.
type failing struct{ err error }

func (f failing) Verify(context.Context, *jwks.JWS) (jwks.Verified, error) {
	return jwks.Verified{}, f.err
}
func (f failing) Generation() (uint64, error) { return 0, f.err }

func trusting(keys jwks.Source, opts *claims.Options) tokenacl.Issuer {
	return tokenacl.Issuer{Keys: keys, Options: opts, Config: &tokenconfig.Config{JWT: &tokenconfig.JWT{
		KeyLocation:      tokenconfig.KeySecretManager,
		SecretManagerARN: "arn:aws:secretsmanager:us-west-2:111122223333:secret:AmazonKendra-test-AbCdEf",
		Issuer:           issuer,
		ClaimRegex:       "app",
	}}}
}

func gateOf(t testing.TB, opts *tokenacl.Options, issuers ...tokenacl.Issuer) *tokenacl.Gate {
	t.Helper()
	g, err := tokenacl.NewGate(issuers, opts)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func newGate(t testing.TB) *tokenacl.Gate {
	t.Helper()
	return gateOf(t, nil, trusting(staticKeys(t), nil))
}

// mint signs a token for mary; edits are pairs of what to replace in the payload.
func mint(edits ...string) string {
	payload := `{"iss":"` + issuer + `","aud":"app","exp":253402300799,"user":"` + mary + `","groups":["zq7group"]}`
	payload = strings.NewReplacer(edits...).Replace(payload)
	return testkeys.Sign("HS256", hmacKey, []byte(`{"alg":"HS256","kid":"k","jti":"zq7"}`), []byte(payload))
}

// kind tells a scope by what it sees.
func kind(s acl.Scope) string {
	sees := func(a acl.ACL) bool { return acl.Decide(s, a, acl.Rules{}).Allowed }
	switch {
	case sees(acl.List{acl.Allow.User("somebody else")}):
		return "too much"
	case sees(acl.List{acl.Allow.User(mary)}) && sees(acl.Public()):
		return "mary"
	case sees(acl.Public()):
		return "guest"
	}
	return "nothing"
}

// outcome runs the handler behind a middleware and says what happened: "mary",
// "guest" or "nothing", by the scope with which the handler ran, or the status
// and the error code of the refusal, as in "401 invalid_token". It requires what
// all answers have in common.
func outcome(t testing.TB, middleware func(http.Handler) http.Handler, r *http.Request) (string, *httptest.ResponseRecorder) {
	t.Helper()
	var ran []string
	h := middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ran = append(ran, kind(bearer.Scope(r.Context())))
		w.WriteHeader(http.StatusNoContent)
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if len(ran) > 0 {
		if len(ran) > 1 || w.Code != http.StatusNoContent || w.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("the handler ran %d times, status %d, challenge %q", len(ran), w.Code, w.Header().Get("WWW-Authenticate"))
		}
		return ran[0], w
	}
	return wantRefusal(t, r.Method, w.Result().StatusCode, w.Header(), w.Body.String()), w
}

var (
	challengeForm = regexp.MustCompile(`\ABearer realm="api"(?:, error="([a-z_]+)", error_description="[ !#-\[\]-~]+")?\z`)
	digits        = regexp.MustCompile(`\A[1-9][0-9]*\z`)
	codes         = map[int][]string{400: {"invalid_request"}, 401: {"", "invalid_token"}, 403: {"insufficient_scope"}}
	texts         = []string{
		"the token does not permit this request", "credentials in more than one place", "the token is expected in another header",
		"the token is too long", "a bearer token is required", "the credentials are malformed, want exactly one bearer token",
		"the token has expired", "the token is not valid yet", "the token is not accepted", "cannot verify the token now, try again later",
	}
)

// wantRefusal requires what every refusal without Options.Body has, and tells
// status and code.
func wantRefusal(t testing.TB, method string, status int, h http.Header, body string) string {
	t.Helper()
	if all := fmt.Sprint(h, body); strings.Contains(all, mark) || strings.Contains(all, testkeys.Encode([]byte(mark))) || strings.Contains(all, "eyJ") {
		t.Errorf("the answer quotes a token: %s", all)
	}
	if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("headers of a refusal: %v", h)
	}
	text, ended := strings.CutSuffix(body, "\n")
	if method == http.MethodHead && body != "" || method != http.MethodHead && (!ended || !slices.Contains(texts, text)) {
		t.Errorf("body of a refused %s: %q", method, body)
	}
	if status == http.StatusServiceUnavailable {
		if h["Www-Authenticate"] != nil || !digits.MatchString(h.Get("Retry-After")) {
			t.Errorf("headers of a 503: %v", h)
		}
		return "503"
	}
	m := challengeForm.FindStringSubmatch(h.Get("WWW-Authenticate"))
	if m == nil || len(h["Www-Authenticate"]) != 1 || h["Retry-After"] != nil || !slices.Contains(codes[status], m[1]) {
		t.Errorf("a %d with the headers %v", status, h)
		return fmt.Sprint(status)
	}
	return strings.TrimSpace(fmt.Sprint(status, " ", m[1]))
}

// request has headers given as "Name: value", set as they are.
func request(method string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "/search", nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	return r
}
