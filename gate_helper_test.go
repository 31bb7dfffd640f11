package tokenacl_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

const (
	issuerA = "https://a.example"
	issuerB = "https://b.example"
	// gateMark is in what must appear in no error or log.
	gateMark = "zq7"
)

// gateSecrets are the keys of the issuers. All have the same kid.
var gateSecrets = map[string][]byte{issuerA: testkeys.HMAC(32), issuerB: testkeys.HMAC(40), "": testkeys.HMAC(48)}

// countedKeys is a source that counts its calls, and can fail.
type countedKeys struct {
	jwks.Source
	err   error
	calls atomic.Int64
}

func (k *countedKeys) Verify(ctx context.Context, j *jwks.JWS) (jwks.Verified, error) {
	k.calls.Add(1)
	if k.err != nil {
		return jwks.Verified{}, k.err
	}
	return k.Source.Verify(ctx, j)
}

// Generation fails as Verify does.
func (k *countedKeys) Generation() (uint64, error) {
	if k.err != nil {
		return 0, k.err
	}
	return k.Source.Generation()
}

func keysOf(t testing.TB, issuer string) *countedKeys {
	t.Helper()
	doc := fmt.Sprintf(`{"keys":[{"kid":"k","alg":"HS256","kty":"OCT","k":%q}]}`, testkeys.Encode(gateSecrets[issuer]))
	set, err := jwks.Parse([]byte(doc), jwks.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return &countedKeys{Source: jwks.Static(set)}
}

// trusting is a valid issuer; "" is one without Issuer.
func trusting(t testing.TB, issuer string) tokenacl.Issuer {
	t.Helper()
	return tokenacl.Issuer{Keys: keysOf(t, issuer), Config: &tokenconfig.Config{JWT: &tokenconfig.JWT{
		KeyLocation:      tokenconfig.KeySecretManager,
		SecretManagerARN: "arn:aws:secretsmanager:us-west-2:111122223333:secret:AmazonKendra-test-AbCdEf",
		Issuer:           issuer,
		ClaimRegex:       "app",
	}}}
}

func jsonIssuer() tokenacl.Issuer {
	return tokenacl.Issuer{Config: &tokenconfig.Config{JSON: &tokenconfig.JSON{UserNameAttributeField: "username", GroupAttributeField: "groups"}}}
}

func filterIssuer() tokenacl.Issuer {
	return tokenacl.Issuer{Config: &tokenconfig.Config{Policy: tokenconfig.AttributeFilter}}
}

func newGate(t testing.TB, opts *tokenacl.Options, issuers ...tokenacl.Issuer) *tokenacl.Gate {
	t.Helper()
	g, err := tokenacl.NewGate(issuers, opts)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func tokenGate(t testing.TB) *tokenacl.Gate {
	t.Helper()
	return newGate(t, nil, trusting(t, issuerA))
}

func filterGate(t testing.TB, opts tokenacl.Options) *tokenacl.Gate {
	t.Helper()
	opts.InsecureAllowAttributeFilter = true
	return newGate(t, &opts, filterIssuer())
}

func jsonGate(t testing.TB) *tokenacl.Gate {
	t.Helper()
	return newGate(t, &tokenacl.Options{InsecureTrustUnsignedJSON: true}, jsonIssuer())
}

// mint signs a token of an issuer for mary of HR; edits are pairs of what to
// replace in the payload.
func mint(issuer string, edits ...string) string {
	payload := `{"iss":"` + issuer + `","aud":"app","exp":253402300799,"jti":"zq7","user":"mary","groups":["HR"]}`
	payload = strings.NewReplacer(edits...).Replace(payload)
	return testkeys.Sign("HS256", gateSecrets[issuer], []byte(`{"alg":"HS256","kid":"k"}`), []byte(payload))
}

// library has documents of each kind.
var library = map[string]acl.ACL{
	"public":             acl.Public(),
	"nobody":             nil,
	"mary":               acl.List{acl.Allow.User("mary")},
	"hr":                 acl.List{acl.Allow.Group("HR")},
	"sales":              acl.List{acl.Allow.Group("Sales")},
	"wiki-hr":            acl.List{{Name: "HR", Type: acl.Group, Access: acl.Allow, DataSourceID: "wiki"}},
	"hr-not-contractors": acl.List{acl.Allow.Group("HR"), acl.Deny.Group("Contractors")},
	"mary-not-hr":        acl.List{acl.Allow.User("mary"), acl.Deny.Group("HR")},
	"eve":                acl.List{acl.Allow.User("eve")},
}

// wantSees requires that the documents which all the scopes admit are these.
func wantSees(t *testing.T, scopes []acl.Scope, want ...string) {
	t.Helper()
	var seen []string
	for _, doc := range slices.Sorted(maps.Keys(library)) {
		denied := slices.ContainsFunc(scopes, func(s acl.Scope) bool { return !acl.Decide(s, library[doc], acl.Rules{}).Allowed })
		if !denied {
			seen = append(seen, doc)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("%v sees (-want +got):\n%s", scopes, diff)
	}
}

// everything that library has.
func everything() []string { return slices.Collect(maps.Keys(library)) }

// wantScope asks for the scope of a request and requires what it sees.
func wantScope(t *testing.T, g *tokenacl.Gate, uc tokenacl.UserContext, want ...string) {
	t.Helper()
	scope, err := g.Scope(context.Background(), uc)
	if err != nil {
		t.Errorf("refused: %v", err)
		return
	}
	wantSees(t, []acl.Scope{scope}, want...)
	both, err := g.Scopes(context.Background(), uc)
	if err != nil {
		t.Errorf("Scopes refused: %v", err)
	}
	for i, scope := range both {
		t.Logf("Scopes[%d] = %v", i, scope)
		wantSees(t, []acl.Scope{scope}, want...)
	}
}

var gateClasses = []error{tokenacl.ErrUnauthenticated, tokenacl.ErrUnavailable, tokenacl.ErrInvalidRequest}

// wantClass requires an error of this class alone, which quotes nothing.
func wantClass(t *testing.T, err, want error) {
	t.Helper()
	for _, class := range gateClasses {
		if errors.Is(err, class) != (class == want) {
			t.Errorf("error %v: is %v: %t, want only %v", err, class, errors.Is(err, class), want)
		}
	}
	if err != nil && strings.Contains(err.Error(), gateMark) {
		t.Errorf("error quotes a claim: %v", err)
	}
}

// wantRefused requires that g refuses a request by both methods.
func wantRefused(t *testing.T, g *tokenacl.Gate, uc tokenacl.UserContext, class error, text string) {
	t.Helper()
	scope, err := g.Scope(context.Background(), uc)
	if wantClass(t, err, class); err == nil || err.Error() != text {
		t.Errorf("error = %v\n      want %s", err, text)
	}
	both, err := g.Scopes(context.Background(), uc)
	if wantClass(t, err, class); err == nil || err.Error() != text {
		t.Errorf("error of Scopes = %v\n      want %s", err, text)
	}
	if scope != (acl.Scope{}) || both != [2]acl.Scope{} {
		t.Errorf("scopes %v, %v beside an error", scope, both)
	}
	wantSees(t, []acl.Scope{scope})
}
