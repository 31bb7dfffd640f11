package tokentest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokentest"
)

// TestMisuse fails the test of the caller, at its own line: every function of the
// package on the way is a helper. The failure names what is wrong.
//
// Rule G3: and shows no claim
func TestMisuse(t *testing.T) {
	bad := tokentest.Claims{"user": "zq7", "level": func() {}}
	misuses := map[string]struct {
		use  func(*tokentest.Issuer)
		want string
	}{
		"With none":        {func(i *tokentest.Issuer) { i.With("none") }, `tokentest: With("none"): not an algorithm`},
		"With nothing":     {func(i *tokentest.Issuer) { i.With("") }, `tokentest: With(""): not an algorithm`},
		"With lower case":  {func(i *tokentest.Issuer) { i.With("rs256") }, `tokentest: With("rs256"): not an algorithm`},
		"Token":            {func(i *tokentest.Issuer) { i.Token(bad) }, `tokentest: claim "level": json: unsupported type: func()`},
		"Token of no JSON": {func(i *tokentest.Issuer) { i.Token(tokentest.Claims{"level": math.NaN()}) }, `tokentest: claim "level": json: unsupported value: NaN`},
		"Broken":           {func(i *tokentest.Issuer) { i.Broken(bad) }, `tokentest: claim "level"`},
		"Scope of nobody":  {func(i *tokentest.Issuer) { i.Scope("", "zq7") }, "tokentest: Scope: tokenacl: unauthenticated: claims: user: "},
		"Scope of no name": {func(i *tokentest.Issuer) { i.Scope("zq7", "") }, "tokentest: Scope: tokenacl: unauthenticated: claims: groups"},
		"Put":              {func(i *tokentest.Issuer) { i.Secrets().Put("", []byte("zq7")) }, "tokentest: Put: no ARN"},

		"Expired":       {func(i *tokentest.Issuer) { i.Expired(bad) }, `tokentest: claim "level"`},
		"NotYetValid":   {func(i *tokentest.Issuer) { i.NotYetValid(bad) }, `tokentest: claim "level"`},
		"WrongIssuer":   {func(i *tokentest.Issuer) { i.WrongIssuer(bad) }, `tokentest: claim "level"`},
		"WrongAudience": {func(i *tokentest.Issuer) { i.WrongAudience(bad) }, `tokentest: claim "level"`},
		"WrongKey":      {func(i *tokentest.Issuer) { i.WrongKey(bad) }, `tokentest: claim "level"`},
		"UnknownKey":    {func(i *tokentest.Issuer) { i.UnknownKey(bad) }, `tokentest: claim "level"`},
		"Tampered":      {func(i *tokentest.Issuer) { i.Tampered(bad) }, `tokentest: claim "level"`},
		"Unsigned":      {func(i *tokentest.Issuer) { i.Unsigned(bad) }, `tokentest: claim "level"`},
		"Malformed":     {func(i *tokentest.Issuer) { i.Malformed(bad) }, `tokentest: claim "level"`},
	}
	for name, tt := range misuses {
		t.Run(name, func(t *testing.T) {
			wentOn := false
			got := failing(func(t testing.TB) {
				tt.use(tokentest.NewIssuer(t))
				wentOn = true
			})
			if wentOn || !strings.HasPrefix(got, tt.want) || strings.Contains(got, "zq7") || strings.Contains(got, "no helper") {
				t.Errorf("went on: %t, failure %q, want one beginning %q", wentOn, got, tt.want)
			}
		})
	}
	for name := range kinds {
		if _, ok := misuses[name]; !ok {
			t.Errorf("%s is not tried", name)
		}
	}
}

// TestWithoutTest panics: there is nothing to fail.
func TestWithoutTest(t *testing.T) {
	defer func() {
		if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "tokentest: NewIssuer") {
			t.Errorf("panic %q", got)
		}
	}()
	tokentest.NewIssuer(nil)
}

// TestWith leaves the Issuer that it is called on as it is.
func TestWith(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	es := issuer.With(jwks.ES256)
	for alg, i := range map[string]*tokentest.Issuer{"RS256": issuer, "ES256": es, "HS512": es.With(jwks.HS512)} {
		if got := split(t, i.Token(mary())).header["alg"]; got != alg || i.String() != "tokentest.Issuer("+alg+")" {
			t.Errorf("%v signs with %v, want %s", i, got, alg)
		}
	}
}

// TestPrintsNoKey looks for the keys that are text, in what logs may have.
//
// Rule G3
func TestPrintsNoKey(t *testing.T) {
	issuer := tokentest.NewIssuer(&fakeTB{helpers: map[string]bool{}}).With(jwks.HS256)
	issuer.Token(mary())
	store := issuer.Secrets()
	fetch(t, store, tokentest.SharedSecretARN)
	store.Put("arn:other", testkeys.HMAC(48))
	traces := []string{"TESTING-KEY", "54455354494e47", "54 45 53 54", "84 69 83 84", "0x54, 0x45", base64.RawURLEncoding.EncodeToString([]byte("TESTING-KEY"))[:14]}
	for _, trace := range []string{string(testkeys.HMAC(32)), fmt.Sprintf("%d", testkeys.HMAC(32)), string(fetch(t, store, tokentest.SharedSecretARN))} {
		if shown(trace, traces) == "" {
			t.Errorf("no trace found in %s", trace)
		}
	}
	for _, v := range []any{
		issuer, store, []any{issuer, store}, struct{ v any }{issuer}, struct{ v any }{store},
		*issuer, struct{ v tokentest.Issuer }{*issuer}, &struct{ v tokentest.Issuer }{*issuer}, &struct{ v *tokentest.SecretStore }{store},
	} {
		var printed strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t"} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
		data, err := json.Marshal(v)
		fmt.Fprintln(&printed, string(data), err)
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
		printed.Write(b.Bytes())
		if trace := shown(printed.String(), traces); trace != "" {
			t.Errorf("%T shows %q:\n%s", v, trace, printed.String())
		}
	}
	if got := fmt.Sprint(store); got != "tokentest.SecretStore(3 secrets)" {
		t.Error(got)
	}
}

func shown(text string, traces []string) string {
	for _, trace := range traces {
		if strings.Contains(text, trace) {
			return trace
		}
	}
	return ""
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	gate := issuer.Gate()
	claims := mary()
	servers := make([]any, 8)
	var wg sync.WaitGroup
	for n := range servers {
		wg.Go(func() {
			i := issuer.With(algorithms(t)[n])
			if err := refusal(t, i.Gate(), i.Token(claims)); err != nil {
				t.Errorf("%v: %v", i, err)
			}
			for name, token := range i.Broken(claims) {
				if err := refusal(t, gate, token); err == nil {
					t.Errorf("%v: %s is accepted", i, name)
				}
			}
			servers[n] = i.Server()
			i.Scope("mary", "AWS-SA", "Staff")
		})
	}
	wg.Wait()
	for _, s := range servers {
		if s != servers[0] {
			t.Error("more than one server")
		}
	}
}

// TestConcurrentStore is for the race detector as well.
func TestConcurrentStore(t *testing.T) {
	store := tokentest.NewIssuer(t).Secrets()
	outage := errors.New("outage")
	store.Put("arn:other", []byte("value"))
	var wg sync.WaitGroup
	for _, do := range []func(){
		func() { store.Put("arn:other", []byte("value")) },
		func() { store.Fail(outage); store.Fail(nil) },
		func() { _ = store.String() },
		func() {
			value, err := store.FetchSecret(context.Background(), "arn:other")
			if err == nil && string(value) != "value" || err != nil && err != outage {
				t.Errorf("%q, %v", value, err)
			}
		},
	} {
		for range 2 {
			wg.Go(func() {
				for range 1000 {
					do()
				}
			})
		}
	}
	wg.Wait()
	if value := fetch(t, store, "arn:other"); string(value) != "value" {
		t.Errorf("%q afterwards", value)
	}
}
