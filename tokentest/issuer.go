package tokentest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// What the tokens of every [Issuer] say, in a domain that is nobody's (RFC 2606).
const (
	IssuerURL = "https://issuer.tokentest.example" // iss
	Audience  = "tokentest-application"            // aud
)

// Issuer mints tokens with fixed keys, and has what trusts them. Make one with
// [NewIssuer]; methods of the zero value panic. It is safe for concurrent use,
// except that a misuse must happen in the goroutine of the test.
//
// There is one key for each algorithm of package jwks; its kid is the algorithm in
// lower case. Formatting or logging an Issuer shows none.
type Issuer struct {
	t       testing.TB
	alg     jwks.Algorithm // not the key: an Issuer may be printed
	secrets *SecretStore
	server  func() *httptest.Server
}

// NewIssuer returns an Issuer that signs with RS256, fails t when it is misused,
// and ends with it.
func NewIssuer(t testing.TB) *Issuer {
	if t == nil {
		panic("tokentest: NewIssuer needs the test that it is for")
	}
	i := &Issuer{t: t, secrets: newSecretStore(t)}
	i.server = sync.OnceValue(func() *httptest.Server {
		s := httptest.NewTLSServer(i.Handler())
		t.Cleanup(s.Close)
		return s
	})
	return i.With(jwks.RS256)
}

// With returns an Issuer that signs with alg and shares everything else with i.
// What trusts one trusts the other, unless one of the algorithms is a symmetric
// one (HS256, HS384, HS512) and the other is not.
func (i *Issuer) With(alg jwks.Algorithm) *Issuer {
	i.t.Helper()
	if _, ok := signingOf(alg); !ok {
		i.t.Fatalf("tokentest: With(%q): not an algorithm; want a constant of package jwks, such as jwks.ES256", alg)
	}
	with := *i
	with.alg = alg
	return &with
}

// Trust returns the declared trust in tokens of i, for [tokenacl.NewGate]: Issuer
// and ClaimRegex are set, and the keys need no network. They are the public keys,
// at a URL; or the symmetric ones, in the secret [SharedSecretARN], when i signs
// with such an algorithm, since a JWKS never has these. The caller may change what
// it gets, for instance to take the keys from [Issuer.Server].
func (i *Issuer) Trust() tokenacl.Issuer {
	config := &tokenconfig.JWT{Issuer: IssuerURL, ClaimRegex: regexp.QuoteMeta(Audience)}
	keys := published()
	if symmetric(i.alg) {
		config.KeyLocation, config.SecretManagerARN, keys = tokenconfig.KeySecretManager, SharedSecretARN, shared()
	} else {
		config.KeyLocation, config.URL = tokenconfig.KeyURL, IssuerURL+KeysPath
	}
	return tokenacl.Issuer{Config: &tokenconfig.Config{JWT: config}, Keys: jwks.Static(keys)}
}

// Gate returns a gate of its own with [Issuer.Trust] and no options. It closes when
// the test ends.
func (i *Issuer) Gate() *tokenacl.Gate {
	i.t.Helper()
	gate := must(tokenacl.NewGate([]tokenacl.Issuer{i.Trust()}, nil))
	i.t.Cleanup(func() { gate.Close() })
	return gate
}

// Scope returns what a user in these groups may see. It goes the way of a request:
// it mints a token for the [Persona] and has a gate verify it.
func (i *Issuer) Scope(user string, groups ...string) acl.Scope {
	i.t.Helper()
	scope, err := i.Gate().Scope(context.Background(), tokenacl.UserContext{Token: i.Token(Persona(user, groups...))})
	if err != nil {
		i.t.Fatalf("tokentest: Scope: %v", err)
	}
	return scope
}

// String tells the algorithm that i signs with.
func (i *Issuer) String() string { return fmt.Sprintf("tokentest.Issuer(%s)", i.alg) }

// Format writes [Issuer.String] for every verb.
func (i *Issuer) Format(f fmt.State, _ rune) { io.WriteString(f, i.String()) }

// LogValue is [Issuer.String].
func (i *Issuer) LogValue() slog.Value { return slog.StringValue(i.String()) }
