package tokentest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/bearer"
	"github.com/tokenacl/tokenacl/tokentest"
)

// list is the application: it lists the documents that the caller may see.
func list(gate *tokenacl.Gate, docs *acl.Index) http.Handler {
	return bearer.Require(gate, nil)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for id := range docs.View(bearer.Scope(r.Context())).All() {
			fmt.Fprintln(w, id)
		}
	}))
}

// testList is the test. In an application it is func TestList(t *testing.T).
func testList(t testing.TB) {
	issuer := tokentest.NewIssuer(t)
	docs := acl.NewIndex(acl.Rules{})
	err := errors.Join(
		docs.Put("blogs/intro.txt", acl.Public()),
		docs.Put("papers/zanzibar.txt", acl.List{acl.Allow.Group("AWS-SA"), acl.Deny.User("eve")}))
	if err != nil {
		t.Fatalf("%v", err)
	}
	app := list(issuer.Gate(), docs)
	get := func(token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w
	}

	for _, user := range []string{"mary", "eve"} {
		w := get(issuer.Token(tokentest.Persona(user, "AWS-SA")))
		t.Logf("%s: %d %q", user, w.Code, w.Body)
	}
	for kind, token := range issuer.Broken(tokentest.Persona("mary", "AWS-SA")) {
		w := get(token)
		t.Logf("%s: %d", kind, w.Code)
		if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "papers/") {
			t.Errorf("%s: answered %d", kind, w.Code)
		}
	}

	// Where it is about documents alone, a scope will do.
	if !docs.View(issuer.Scope("mary", "AWS-SA")).Allowed("papers/zanzibar.txt") {
		t.Errorf("mary does not see the paper")
	}
}

// The test of an application that lists documents. Here it runs as an example, so
// something else stands in for its *testing.T and prints.
func Example() {
	testList(printer{})
	// Output:
	// mary: 200 "blogs/intro.txt\npapers/zanzibar.txt\n"
	// eve: 200 "blogs/intro.txt\n"
	// Expired: 401
	// NotYetValid: 401
	// WrongIssuer: 401
	// WrongAudience: 401
	// WrongKey: 401
	// UnknownKey: 401
	// Tampered: 401
	// Unsigned: 401
	// Malformed: 401
}

type printer struct{ testing.TB }

func (printer) Helper()                           {}
func (printer) Cleanup(func())                    {}
func (printer) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (printer) Errorf(format string, args ...any) { fmt.Printf("FAIL: "+format+"\n", args...) }
func (printer) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
