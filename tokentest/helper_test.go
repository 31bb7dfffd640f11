package tokentest_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokentest"
)

// TestList is what a reader makes of the example.
func TestList(t *testing.T) { testList(t) }

// keys are those that an Issuer must sign with.
var keys = map[jwks.Algorithm]any{
	jwks.RS256: testkeys.RSA2048(), jwks.RS384: testkeys.RSA2048(), jwks.RS512: testkeys.RSA2048(),
	jwks.PS256: testkeys.RSA2048(), jwks.PS384: testkeys.RSA2048(), jwks.PS512: testkeys.RSA2048(),
	jwks.ES256: testkeys.P256(), jwks.ES384: testkeys.P384(), jwks.ES512: testkeys.P521(),
	jwks.EdDSA: testkeys.Ed25519(),
	jwks.HS256: testkeys.HMAC(32), jwks.HS384: testkeys.HMAC(48), jwks.HS512: testkeys.HMAC(64),
}

const publicAlgorithms, secretAlgorithms = 10, 3

// algorithms are all of package jwks, sorted.
func algorithms(t *testing.T) []jwks.Algorithm {
	t.Helper()
	if len(keys) != publicAlgorithms+secretAlgorithms {
		t.Fatalf("%d algorithms", len(keys))
	}
	return slices.Sorted(maps.Keys(keys))
}

func symmetric(alg jwks.Algorithm) bool { return alg[0] == 'H' }

// verifying returns what verifies tokens of alg.
func verifying(alg jwks.Algorithm) any {
	if s, ok := keys[alg].(crypto.Signer); ok {
		return s.Public()
	}
	return keys[alg]
}

// mary is whom most tokens are of.
func mary() tokentest.Claims { return tokentest.Persona("mary", "AWS-SA", "Staff") }

// refusal asks for the scope of mary's token, and fails when it is another's.
func refusal(t *testing.T, gate *tokenacl.Gate, token string) error {
	t.Helper()
	scope, err := gate.Scope(context.Background(), tokenacl.UserContext{Token: token})
	if err != nil {
		return err
	}
	wantMary(t, scope)
	return nil
}

func wantMary(t *testing.T, scope acl.Scope) {
	t.Helper()
	p, _ := scope.Principal()
	if diff := cmp.Diff(acl.Principal{User: "mary", Groups: []string{"AWS-SA", "Staff"}}, p); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
}

// parts are those of a token, decoded.
type parts struct {
	header, claims map[string]any
	tail           []string // the signature; none when there is no second dot
}

func split(t *testing.T, token string) parts {
	t.Helper()
	list := strings.Split(token, ".")
	if len(list) < 2 {
		t.Fatalf("a token of %d parts", len(list))
	}
	return parts{object(t, list[0]), object(t, list[1]), list[2:]}
}

func object(t *testing.T, encoded string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// joined is the token again.
func (p parts) joined(t *testing.T) string {
	t.Helper()
	return strings.Join(append([]string{testkeys.Encode(text(t, p.header)), testkeys.Encode(text(t, p.claims))}, p.tail...), ".")
}

// signed is a token with another signature, by the key that alg must have.
func (p parts) signed(t *testing.T, alg jwks.Algorithm) string {
	t.Helper()
	return testkeys.Sign(string(alg), keys[alg], text(t, p.header), text(t, p.claims))
}

func text(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// differences names the members of header and claims that differ, sorted.
func (p parts) differences(other parts) string {
	var names []string
	for _, pair := range [][2]map[string]any{{p.header, other.header}, {p.claims, other.claims}} {
		both := maps.Clone(pair[0])
		maps.Copy(both, pair[1])
		for name := range both {
			a, inA := pair[0][name]
			b, inB := pair[1][name]
			if inA != inB || !cmp.Equal(a, b) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// fakeTB is a test that may fail.
type fakeTB struct {
	testing.TB
	helpers  map[string]bool
	cleanups []func()
	failure  string
}

func (f *fakeTB) Helper()           { f.helpers[calling(2)[0]] = true }
func (f *fakeTB) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }

// Fatalf notes the failure, and which functions on the way to it would be taken
// for its place.
func (f *fakeTB) Fatalf(format string, args ...any) {
	f.failure = fmt.Sprintf(format, args...)
	for _, name := range calling(2) {
		if strings.Contains(name, "/tokentest.") && !f.helpers[name] {
			f.failure += "; " + name + " is no helper"
		}
	}
	runtime.Goexit()
}

// calling names the functions of the stack, without the innermost ones.
func calling(skip int) []string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip+1, pcs)])
	var names []string
	for {
		frame, more := frames.Next()
		if names = append(names, frame.Function); !more {
			return names
		}
	}
}

// failing runs use for a test that may fail, ends that test, and returns how it
// failed, "" when it did not.
func failing(use func(t testing.TB)) string {
	f := &fakeTB{helpers: map[string]bool{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		use(f)
	}()
	<-done
	for _, fn := range slices.Backward(f.cleanups) {
		fn()
	}
	return f.failure
}
