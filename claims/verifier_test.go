package claims_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// source is a jwks.Source that a test makes up.
type source struct {
	verified jwks.Verified
	err      error
	calls    int
}

func (s *source) Verify(context.Context, *jwks.JWS) (jwks.Verified, error) {
	s.calls++
	return s.verified, s.err
}

func (s *source) Generation() (uint64, error) { return s.verified.Generation, s.err }

// Rules T1, T2, T6
func TestVerify(t *testing.T) {
	token, err := verify(t, verifier(t, config(), nil), sign(payload()))
	if err != nil {
		t.Fatal(err)
	}
	want := acl.Principal{User: "mary-zq7", Groups: []string{"AWS-SA-zq7"}}
	if diff := cmp.Diff(want, token.Principal()); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
}

// The columns of the tables below: edits to the claims, or the error.
type row struct {
	name  string
	edits []string
	kind  error
	text  string // of the error
}

func edits(e ...string) []string { return e }

func runRows(t *testing.T, cfg tokenconfig.JWT, opts *claims.Options, rows []row) {
	t.Helper()
	seen := map[string]bool{}
	v := verifier(t, cfg, opts)
	for _, r := range rows {
		if seen[r.name] {
			t.Fatalf("two rows are called %q", r.name)
		}
		seen[r.name] = true
		t.Run(r.name, func(t *testing.T) {
			_, err := verify(t, v, sign(payload(r.edits...)))
			if r.kind == nil {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			wantError(t, err, r.kind, r.text)
		})
	}
	if len(seen) == 0 {
		t.Fatal("no rows")
	}
}

// Rule T4
func TestIssuer(t *testing.T) {
	const text = "claims: iss: missing or not equal to Issuer; they are compared byte for byte, a slash at the end counts"
	const typed = "claims: iss: want a string (RFC 7519, section 4.1)"
	cfg := config()
	cfg.Issuer = "https://issuer.example"
	runRows(t, cfg, nil, []row{
		{"equal", edits(`iss="https://issuer.example"`), nil, ""},
		{"equal, escaped", edits(`iss="https:\/\/issuer\u002eexample"`), nil, ""},
		{"slash at the end", edits(`iss="https://issuer.example/"`), claims.ErrIssuer, text},
		{"longer", edits(`iss="https://issuer.example.zq7"`), claims.ErrIssuer, text},
		{"shorter", edits(`iss="https://issuer.exampl"`), claims.ErrIssuer, text},
		{"other case", edits(`iss="https://Issuer.example"`), claims.ErrIssuer, text},
		{"white space", edits(`iss=" https://issuer.example"`), claims.ErrIssuer, text},
		{"empty", edits(`iss=""`), claims.ErrIssuer, text},
		{"missing", edits("-iss"), claims.ErrIssuer, text},
		{"other spelling of the name", edits("-iss", `Iss="https://issuer.example"`), claims.ErrIssuer, text},
		{"array", edits(`iss=["https://issuer.example"]`), claims.ErrIssuer, typed},
		{"null", edits(`iss=null`), claims.ErrIssuer, typed},
	})
}

// Rules T4, T5: without Issuer any is accepted, with keys from a secret.
func TestNoIssuer(t *testing.T) {
	cfg := config()
	cfg.Issuer = ""
	runRows(t, cfg, nil, []row{
		{"any", edits(`iss="https://other.example"`), nil, ""},
		{"missing", edits("-iss"), nil, ""},
		{"no string", edits("iss=7"), claims.ErrIssuer, "claims: iss: want a string (RFC 7519, section 4.1)"},
	})
}

// Rule T4
func TestAudience(t *testing.T) {
	const (
		whole   = "claims: aud: ClaimRegex does not match the whole of it"
		element = "claims: aud: ClaimRegex does not match the whole of any element"
		typed   = "claims: aud: want a string or an array of strings, none empty (RFC 7519, section 4.1.3)"
		missing = "claims: aud: missing; ClaimRegex is matched against it, see Options.AudienceClaim"
	)
	cfg := config()
	cfg.ClaimRegex = "|app-[ab]|x" // matches the empty string
	runRows(t, cfg, nil, []row{
		{"first", edits(`aud="app-a"`), nil, ""},
		{"other alternative", edits(`aud="x"`), nil, ""},
		{"array of one", edits(`aud=["app-b"]`), nil, ""},
		{"last of an array", edits(`aud=["zq7","y","app-b"]`), nil, ""},
		{"first of an array", edits(`aud=["app-b","zq7"]`), nil, ""},
		{"more in front", edits(`aud="zapp-a"`), claims.ErrAudience, whole},
		{"more behind", edits(`aud="app-a-zq7"`), claims.ErrAudience, whole},
		{"line feed behind", edits(`aud="app-a\n"`), claims.ErrAudience, whole},
		{"alternative as a part", edits(`aud="xx"`), claims.ErrAudience, whole},
		{"two elements that match together", edits(`aud=["app-","a"]`), claims.ErrAudience, element},
		{"no element", edits(`aud=["zq7"]`), claims.ErrAudience, element},
		{"empty array", edits(`aud=[]`), claims.ErrAudience, typed},
		{"empty", edits(`aud=""`), claims.ErrAudience, typed},
		{"empty element", edits(`aud=["app-a",""]`), claims.ErrAudience, typed},
		{"number behind a match", edits(`aud=["app-a",7]`), claims.ErrAudience, typed},
		{"null in front of a match", edits(`aud=[null,"app-a"]`), claims.ErrAudience, typed},
		{"nested array", edits(`aud=[["app-a"]]`), claims.ErrAudience, typed},
		{"object", edits(`aud={"app-a":"app-a"}`), claims.ErrAudience, typed},
		{"null", edits(`aud=null`), claims.ErrAudience, typed},
		{"true", edits(`aud=true`), claims.ErrAudience, typed},
		{"missing", edits("-aud"), claims.ErrAudience, missing},
		{"other spelling of the name", edits("-aud", `AUD="app-a"`), claims.ErrAudience, missing},
	})
	cfg.ClaimRegex = "app-a" // plain text
	runRows(t, cfg, nil, []row{
		{"plain", edits(`aud="app-a"`), nil, ""},
		{"plain, in an array", edits(`aud=["zq7","app-a"]`), nil, ""},
		{"plain, more behind", edits(`aud="app-ab"`), claims.ErrAudience, whole},
		{"plain, less", edits(`aud="app-"`), claims.ErrAudience, whole},
		{"plain, other case", edits(`aud="APP-A"`), claims.ErrAudience, whole},
		{"plain, no element", edits(`aud=["app-ab","app"]`), claims.ErrAudience, element},
		{"plain, empty", edits(`aud=""`), claims.ErrAudience, typed},
	})
}

// Rules T4, T5: without ClaimRegex any is accepted, with keys from a secret.
func TestNoAudience(t *testing.T) {
	cfg := config()
	cfg.ClaimRegex = ""
	runRows(t, cfg, nil, []row{
		{"any", edits(`aud="other"`), nil, ""},
		{"missing", edits("-aud"), nil, ""},
		{"of any type", edits("aud=7"), nil, ""},
	})
}

// Rule T4: Cognito's access tokens have client_id instead of aud.
func TestAudienceClaim(t *testing.T) {
	runRows(t, config(), &claims.Options{AudienceClaim: "client_id"}, []row{
		{"matches", edits("-aud", `client_id="app-zq7"`), nil, ""},
		{"aud alone", nil, claims.ErrAudience, "claims: client_id: missing; ClaimRegex is matched against it, see Options.AudienceClaim"},
		{"does not match", edits(`client_id="zq7"`), claims.ErrAudience, "claims: client_id: ClaimRegex does not match the whole of it"},
	})
	runRows(t, config(), &claims.Options{AudienceClaim: "/ctx/app"}, []row{
		{"nested", edits(`ctx={"app":["app-zq7"]}`), nil, ""},
		{"not there", edits(`ctx={"APP":"app-zq7"}`), claims.ErrAudience, "claims: /ctx/app: missing; ClaimRegex is matched against it, see Options.AudienceClaim"},
	})
}

// Rule T3
func TestRequiredClaims(t *testing.T) {
	const text = "claims: token_use: missing or not the string that RequiredClaims has"
	opts := &claims.Options{RequiredClaims: map[string]string{"token_use": "id", "/act/sub": "svc"}}
	v := verifier(t, config(), opts)
	opts.RequiredClaims["token_use"] = "changed" // G5: copied
	runRows(t, config(), &claims.Options{RequiredClaims: map[string]string{"token_use": "id", "/act/sub": "svc"}}, []row{
		{"both", edits(`token_use="id"`, `act={"sub":"svc"}`), nil, ""},
		{"one missing", edits(`act={"sub":"svc"}`), claims.ErrClaim, text},
		{"nested missing", edits(`token_use="id"`, `act={}`), claims.ErrClaim, "claims: /act/sub: missing or not the string that RequiredClaims has"},
		{"other value", edits(`token_use="access-zq7"`, `act={"sub":"svc"}`), claims.ErrClaim, text},
		{"other case", edits(`token_use="ID"`, `act={"sub":"svc"}`), claims.ErrClaim, text},
		{"array", edits(`token_use=["id"]`, `act={"sub":"svc"}`), claims.ErrClaim, text},
		{"null", edits(`token_use=null`, `act={"sub":"svc"}`), claims.ErrClaim, text},
	})
	if _, err := verify(t, v, sign(payload(`token_use="id"`, `act={"sub":"svc"}`))); err != nil {
		t.Errorf("the options were kept by reference: %v", err)
	}
	none := verifier(t, config(), &claims.Options{RequiredClaims: map[string]string{"empty": ""}})
	_, err := verify(t, none, sign(payload()))
	wantError(t, err, claims.ErrClaim, "claims: empty: missing or not the string that RequiredClaims has")
}

// Registered claims that are there have the type of RFC 7519, so that a list of
// revoked ids never misses one.
func TestRegisteredNames(t *testing.T) {
	runRows(t, config(), nil, []row{
		{"missing", edits("-sub", "-jti"), nil, ""},
		{"empty", edits(`sub=""`, `jti=""`), nil, ""},
		{"sub number", edits("sub=7"), claims.ErrClaim, "claims: sub: want a string (RFC 7519, section 4.1)"},
		{"jti number", edits("jti=7"), claims.ErrClaim, "claims: jti: want a string (RFC 7519, section 4.1)"},
		{"jti null", edits("jti=null"), claims.ErrClaim, "claims: jti: want a string (RFC 7519, section 4.1)"},
	})
}

// Rule T1
func TestType(t *testing.T) {
	const refused = "claims: header: typ is of another kind of token; Options.Types can allow it"
	v := verifier(t, config(), &claims.Options{Types: []string{"dpop+id_token", "application/Custom+kJWT"}})
	accepted := []string{"JWT", "jwt", "jWt", "application/jwt", "APPLICATION/JWT", "at+jwt", "AT+JWT", "application/at+jwt",
		"dpop+id_token", "application/DPOP+ID_TOKEN", "custom+kjwt", "application/custom+kjwt"}
	for _, typ := range accepted {
		if _, err := verify(t, v, signAs(fmt.Sprintf(`{"alg":"HS256","kid":"shared","typ":%q}`, typ), payload())); err != nil {
			t.Errorf("typ %q refused: %v", typ, err)
		}
	}
	if _, err := verify(t, v, signAs(`{"alg":"HS256","kid":"shared"}`, payload())); err != nil {
		t.Errorf("no typ refused: %v", err)
	}
	others := []string{"dpop+jwt", "logout+jwt", "JOSE", "JWTX", "JW", "at jwt", "application/", "application/application/jwt",
		"text/jwt", "jwt ", "custom+\u212ajwt", "J\u2009WT", "zq7"}
	for _, typ := range others {
		_, err := verify(t, v, signAs(fmt.Sprintf(`{"alg":"HS256","kid":"shared","typ":%q}`, typ), payload()))
		if wantError(t, err, claims.ErrMalformed, refused); t.Failed() {
			t.Fatalf("typ %q", typ)
		}
	}
	_, err := verify(t, verifier(t, config(), nil), signAs(`{"alg":"HS256","kid":"shared","typ":"dpop+id_token"}`, payload()))
	wantError(t, err, claims.ErrMalformed, refused)
	_, err = verify(t, v, signAs(`{"alg":"HS256","kid":"shared","typ":7}`, payload()))
	wantKind(t, err, claims.ErrMalformed)
}

// Rules T1, G4
func TestPayload(t *testing.T) {
	v := verifier(t, config(), nil)
	deep := func(n int) string {
		return payload("deep=" + strings.Repeat("[", n) + strings.Repeat("]", n))
	}
	accepted := map[string]string{
		"depth 16":    deep(15),
		"white space": " \t\r\n" + payload() + "\n",
	}
	for name, text := range accepted {
		if _, err := verify(t, v, sign(text)); err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
	}
	refused := map[string]string{
		"depth 17":                 deep(16),
		"empty":                    "",
		"array":                    "[" + payload() + "]",
		"string":                   `"mary-zq7"`,
		"null":                     "null",
		"duplicate":                strings.TrimSuffix(payload(), "}") + `,"user":"admin-zq7"}`,
		"duplicate when unescaped": strings.TrimSuffix(payload(), "}") + `,"\u0075ser":"admin-zq7"}`,
		"nested duplicate":         payload(`x={"a":1,"a":2}`),
		"bytes behind":             payload() + "x",
		"two objects":              payload() + payload(),
		"byte order mark":          "\ufeff" + payload(),
		"invalid UTF-8":            payload(`user="mary` + "\xff" + `"`),
		"lone surrogate":           payload(`user="mary\ud800"`),
		"NaN":                      payload("x=NaN"),
		"comment":                  payload() + "//zq7",
		"single quotes":            strings.ReplaceAll(payload(), `"`, "'"),
		"trailing comma":           strings.TrimSuffix(payload(), "}") + ",}",
		"control character":        payload("user=\"mary\x01\""),
	}
	for name, text := range refused {
		_, err := verify(t, v, sign(text))
		if wantKind(t, err, claims.ErrMalformed); err != nil && !strings.HasPrefix(err.Error(), "claims: payload: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := verify(t, v, sign("[]"))
	wantError(t, err, claims.ErrMalformed, "claims: payload: want a JSON object")
}

// Rules T1, G4: 100,000 bytes, not one more.
func TestLength(t *testing.T) {
	v := verifier(t, config(), nil)
	fixed := len(sign(payload(`pad=""`)))
	// Four letters of base64url are three bytes.
	pad := (100_000 - fixed) * 3 / 4
	accepted, refused := 0, 0
	for p := pad - 3; p <= pad+3; p++ {
		token := sign(payload(`pad="` + strings.Repeat("x", p) + `"`))
		_, err := verify(t, v, token)
		if len(token) <= 100_000 {
			accepted++
			wantKind(t, err, nil)
		} else {
			refused++
			wantKind(t, err, claims.ErrMalformed)
		}
	}
	if accepted == 0 || refused == 0 {
		t.Errorf("%d tokens below the limit and %d above, want some of each", accepted, refused)
	}
}

// Rule T2: nothing of a token counts before its signature; a claim that is wrong
// in each way, and a forged signature, is forged.
func TestSignatureFirst(t *testing.T) {
	v := verifier(t, config(), &claims.Options{Revoked: func(*claims.Token) error {
		t.Error("Revoked was called for a forged token")
		return nil
	}})
	for _, text := range []string{
		payload(), payload("exp=1"), payload("-exp"), payload(`nbf=99999999999`), payload(`iss="zq7"`), payload(`aud="zq7"`),
		payload("-user"), payload("hasgroups=true"), "no JSON zq7", "",
	} {
		_, err := verify(t, v, forge(sign(text)))
		wantError(t, err, claims.ErrSignature, "jwks: wrong signature")
	}
}

func TestNilVerifier(t *testing.T) {
	var v *claims.Verifier
	if v.Issuer() != "" || v.Warnings() != nil {
		t.Error("a nil Verifier has an issuer or warnings")
	}
}

// Rule G1: a source's promised errors go through; any other one is "cannot tell".
func TestSourceErrors(t *testing.T) {
	for _, kind := range []error{claims.ErrMalformed, claims.ErrUnknownKey, claims.ErrSignature, claims.ErrUnavailable, jwks.ErrKeyExpired} {
		s := &source{err: fmt.Errorf("source: %w", kind)}
		v, err := claims.NewVerifier(config(), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = verify(t, v, sign(payload()))
		wantError(t, err, kind, "source: "+kind.Error())
	}
	other := errors.New("connection reset")
	for _, cause := range []error{other, context.Canceled, context.DeadlineExceeded} {
		v, err := claims.NewVerifier(config(), &source{err: cause}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = verify(t, v, sign(payload()))
		wantError(t, err, claims.ErrUnavailable, "claims: jwks: keys unavailable: "+cause.Error())
		if !errors.Is(err, cause) {
			t.Errorf("%v does not wrap %v", err, cause)
		}
	}
}

// Rule K3: a key's own bounds hold for its tokens.
func TestKeyExpired(t *testing.T) {
	doc := fmt.Sprintf(`{"keys":[{"kid":"shared","alg":"HS256","kty":"OCT","k":%q,"exp":"1999-12-31"}]}`, testkeys.Encode(testkeys.HMAC(32)))
	v, err := claims.NewVerifier(config(), secret(t, doc), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = verify(t, v, sign(payload()))
	wantKind(t, err, jwks.ErrKeyExpired)
}

// Rules T5, G2
func TestNewVerifierErrors(t *testing.T) {
	const fromURL = true
	rows := []struct {
		name string
		url  bool
		edit func(*tokenconfig.JWT, *claims.Options)
		want string // a prefix
	}{
		{"no location", false, func(c *tokenconfig.JWT, _ *claims.Options) { c.KeyLocation = 0 }, "claims: configuration: tokenconfig: "},
		{"regex", false, func(c *tokenconfig.JWT, _ *claims.Options) { c.ClaimRegex = "a(" }, "claims: configuration: tokenconfig: "},
		{"regex whole in parentheses only", false, func(c *tokenconfig.JWT, _ *claims.Options) { c.ClaimRegex = "a)|(b" }, "claims: configuration: tokenconfig: "},
		{"regex that swallows what is behind", false, func(c *tokenconfig.JWT, _ *claims.Options) { c.ClaimRegex = `\Qa` }, "claims: configuration: tokenconfig: "},
		{"URL without issuer", fromURL, func(c *tokenconfig.JWT, _ *claims.Options) { c.Issuer = "" },
			"claims: Issuer: keys from a URL need it, since they may sign for other issuers; set it or InsecureSkipIssuer"},
		{"URL without regex", fromURL, func(c *tokenconfig.JWT, _ *claims.Options) { c.ClaimRegex = "" },
			"claims: ClaimRegex: keys from a URL need it, since they may sign for other applications; set it or InsecureSkipAudience"},
		{"skips the other", fromURL, func(c *tokenconfig.JWT, o *claims.Options) { c.Issuer, o.InsecureSkipAudience = "", true }, "claims: Issuer: keys"},
		{"issuer and skip", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.InsecureSkipIssuer = true },
			"claims: Issuer and InsecureSkipIssuer are both set; remove one"},
		{"regex and skip", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.InsecureSkipAudience = true },
			"claims: ClaimRegex and InsecureSkipAudience are both set; remove one"},
		{"leeway", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.Leeway = 10*time.Minute + 1 },
			"claims: Leeway: more than 10 minutes; want less, and clocks that agree"},
		{"lifetime", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.MaxLifetime = -1 },
			"claims: MaxLifetime: negative; want a duration, or 0 for no bound"},
		{"lifetime and skip", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.MaxLifetime, o.InsecureSkipExpiry = 1, true },
			"claims: MaxLifetime and InsecureSkipExpiry are both set; remove one"},
		{"empty type", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.Types = []string{"at+jwt", ""} }, "claims: Types: want media types"},
		{"type with a space", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.Types = []string{"at jwt"} }, "claims: Types: want media types"},
		{"type with DEL", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.Types = []string{"at\x7fjwt"} }, "claims: Types: want media types"},
		{"type not ASCII", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.Types = []string{"\u212awt"} }, "claims: Types: want media types"},
		{"audience claim without regex", false, func(c *tokenconfig.JWT, o *claims.Options) { c.ClaimRegex, o.AudienceClaim = "", "azp" },
			"claims: AudienceClaim: ClaimRegex is missing, so nothing is matched; set it or remove this"},
		{"audience pointer", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.AudienceClaim = "/a~2" },
			"claims: AudienceClaim: want a JSON pointer, in which ~ is written ~0 (RFC 6901)"},
		{"required pointer", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.RequiredClaims = map[string]string{"/~": ""} },
			"claims: RequiredClaims: want a JSON pointer, in which ~ is written ~0 (RFC 6901)"},
		{"required without a name", false, func(_ *tokenconfig.JWT, o *claims.Options) { o.RequiredClaims = map[string]string{"": "x"} },
			"claims: RequiredClaims: an empty name of a claim"},
		{"user pointer", false, func(c *tokenconfig.JWT, _ *claims.Options) { c.UserNameAttributeField = "/a/b~" },
			"claims: UserNameAttributeField: want a JSON pointer, in which ~ is written ~0 (RFC 6901)"},
		{"groups pointer", false, func(c *tokenconfig.JWT, _ *claims.Options) { c.GroupAttributeField = "/~01/~~0" },
			"claims: GroupAttributeField: want a JSON pointer, in which ~ is written ~0 (RFC 6901)"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			cfg, opts := config(), &claims.Options{}
			if r.url {
				cfg = urlConfig()
			}
			if _, err := claims.NewVerifier(cfg, shared(t), opts); err != nil {
				t.Fatalf("before the edit: %v", err)
			}
			r.edit(&cfg, opts)
			v, err := claims.NewVerifier(cfg, shared(t), opts)
			if v != nil || err == nil || !strings.HasPrefix(err.Error(), r.want) {
				t.Errorf("NewVerifier = %v, %v\nwant %s", v, err, r.want)
			}
		})
	}
	if v, err := claims.NewVerifier(config(), nil, nil); v != nil || err == nil || !strings.HasPrefix(err.Error(), "claims: keys is nil") {
		t.Errorf("without keys: %v, %v", v, err)
	}
}

// Rules T3, G2
func TestLimitsOfOptions(t *testing.T) {
	for _, o := range []claims.Options{
		{Leeway: 10 * time.Minute}, {Leeway: -1}, {Leeway: -time.Hour}, {MaxLifetime: 1}, {InsecureSkipExpiry: true}, {Types: []string{"!~"}},
	} {
		verifier(t, config(), &o)
	}
}

// warningSource is a source that has warnings of its own.
type warningSource struct{ source }

func (*warningSource) Warnings() []string { return []string{"InsecureTransport: own transport"} }

// Rules G2, T5
func TestWarnings(t *testing.T) {
	const (
		noIssuer   = "Issuer is not set: tokens of every issuer that has these keys are accepted"
		noAudience = "ClaimRegex is not set: tokens issued for other applications are accepted"
		http       = "InsecureAllowHTTP: keys may come over a connection that others can change"
		skipIssuer = "InsecureSkipIssuer: tokens of every issuer that has these keys are accepted"
		skipAud    = "InsecureSkipAudience: tokens issued for other applications are accepted"
		skipExpiry = "InsecureSkipExpiry: tokens without exp are accepted and never expire"
		skipUser   = "SkipUser: tokens without the user claim are accepted"
		transport  = "InsecureTransport: own transport"
	)
	bare := config()
	bare.Issuer, bare.ClaimRegex = "", ""
	open := urlConfig()
	open.Issuer, open.ClaimRegex, open.InsecureAllowHTTP = "", "", true
	skips := &claims.Options{InsecureSkipIssuer: true, InsecureSkipAudience: true, InsecureSkipExpiry: true, SkipUser: true}
	for _, tt := range []struct {
		name string
		cfg  tokenconfig.JWT
		keys jwks.Source
		opts *claims.Options
		want []string
	}{
		{"none", config(), shared(t), nil, nil},
		{"none of a URL", urlConfig(), shared(t), nil, nil},
		{"Kendra's example", bare, shared(t), nil, []string{noAudience, noIssuer}},
		{"all", open, &warningSource{}, skips, []string{http, skipAud, skipExpiry, skipIssuer, transport, skipUser}},
		{"a secret's, skipped by name", bare, shared(t), &claims.Options{InsecureSkipIssuer: true, InsecureSkipAudience: true}, []string{skipAud, skipIssuer}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := claims.NewVerifier(tt.cfg, tt.keys, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			first := v.Warnings()
			if diff := cmp.Diff(tt.want, first); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			for i := range first {
				first[i] = "changed"
			}
			if diff := cmp.Diff(tt.want, v.Warnings()); diff != "" {
				t.Errorf("warnings are handed out by reference (-want +got):\n%s", diff)
			}
		})
	}
}

// Rules G1, G5
func TestZeroVerifier(t *testing.T) {
	for name, v := range map[string]*claims.Verifier{"nil": nil, "zero": {}} {
		_, err := verify(t, v, sign(payload()))
		if wantError(t, err, claims.ErrUnavailable, "claims: a Verifier without keys; make one with NewVerifier"); t.Failed() {
			t.Fatal(name)
		}
	}
	v := verifier(t, config(), nil)
	token, err := v.VerifyJWS(context.Background(), nil)
	if token != nil {
		t.Error("a token of nothing")
	}
	wantError(t, err, claims.ErrMalformed, "claims: no token; use jwks.ParseCompact")
	_, err = v.VerifyJWS(context.Background(), &jwks.JWS{})
	wantKind(t, err, claims.ErrMalformed)
	if v.Issuer() != issuer {
		t.Errorf("Issuer = %q", v.Issuer())
	}
}

// Rule G5: options are copied.
func TestOptionsCopied(t *testing.T) {
	opts := &claims.Options{Types: []string{"own+jwt"}}
	v := verifier(t, config(), opts)
	opts.Types[0], opts.SkipUser, opts.InsecureSkipExpiry = "other", true, true
	if _, err := verify(t, v, signAs(`{"alg":"HS256","kid":"shared","typ":"own+jwt"}`, payload())); err != nil {
		t.Error(err)
	}
	_, err := verify(t, v, sign(payload("-user")))
	wantKind(t, err, claims.ErrClaim)
}

// Rules T1, T5: what a header says of keys is not looked at, and the source is
// asked once.
func TestSourceCalls(t *testing.T) {
	s := &source{verified: jwks.Verified{KeyID: "used"}}
	v, err := claims.NewVerifier(config(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := verify(t, v, sign(payload()))
	if err != nil || token.KeyID() != "used" || s.calls != 1 {
		t.Errorf("%v, %v, %d calls", token, err, s.calls)
	}
	for _, raw := range []string{"", "a.b", "{}", signAs(`{"alg":"HS256","typ":"zq7"}`, payload())} {
		if _, err := verify(t, v, raw); !errors.Is(err, claims.ErrMalformed) || s.calls != 1 {
			t.Errorf("%q: %v, %d calls", raw, err, s.calls)
		}
	}
}

// sentinels have unique texts, which begin with a package.
func TestKinds(t *testing.T) {
	texts := map[string]bool{}
	for _, kind := range kinds {
		texts[kind.Error()] = true
	}
	all := slices.Sorted(maps.Keys(texts))
	if len(all) != 12 {
		t.Errorf("texts of the kinds: %q", all)
	}
}
