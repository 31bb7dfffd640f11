package bearer_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/bearer"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// exampleGate trusts one secret; its key is for tests.
func exampleGate() *tokenacl.Gate {
	set, err := jwks.Parse([]byte(`{"keys":[{"kid":"1","kty":"OCT","alg":"HS256","use":"sig","k":"`+testkeys.Encode(testkeys.HMAC(32))+`"}]}`), jwks.Secret)
	if err != nil {
		log.Fatal(err)
	}
	config := &tokenconfig.Config{JWT: &tokenconfig.JWT{
		KeyLocation:      tokenconfig.KeySecretManager,
		SecretManagerARN: "arn:aws:secretsmanager:us-west-2:111122223333:secret:AmazonKendra-keys-AbCdEf",
	}}
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: jwks.Static(set)}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return gate
}

// exampleToken signs claims.
func exampleToken(payload string) string {
	return testkeys.Sign("HS256", testkeys.HMAC(32), []byte(`{"alg":"HS256","kid":"1"}`), []byte(payload))
}

// A search that anybody may use, and whose hits depend on who asks.
//
// Rule R5
func Example() {
	var index acl.Index
	index.Put("papers/zanzibar.txt", acl.List{acl.Allow.Group("AWS-SA")})
	index.Put("blogs/intro.txt", acl.Public())

	search := func(w http.ResponseWriter, r *http.Request) {
		view := index.View(bearer.Scope(r.Context()))
		hits := slices.Values([]string{"papers/zanzibar.txt", "blogs/intro.txt"}) // of your search, best first
		fmt.Fprint(w, acl.Page(view, hits, func(id string) string { return id }, 10))
	}
	mux := http.NewServeMux()
	mux.Handle("GET /search", bearer.Optional(exampleGate(), nil)(http.HandlerFunc(search)))
	server := httptest.NewServer(mux)
	defer server.Close()

	for _, caller := range []struct{ name, token string }{
		{"guest", ""},
		{"mary", exampleToken(`{"user":"mary","groups":["AWS-SA"],"exp":253402300799}`)},
		{"late mary", exampleToken(`{"user":"mary","groups":["AWS-SA"],"exp":1}`)},
	} {
		request, err := http.NewRequest("GET", server.URL+"/search", nil)
		if err != nil {
			log.Fatal(err)
		}
		if caller.token != "" {
			request.Header.Set("Authorization", "Bearer "+caller.token)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
		fmt.Printf("%s: %d %s\n", caller.name, response.StatusCode, body)
		if challenge := response.Header.Get("WWW-Authenticate"); challenge != "" {
			fmt.Println(challenge)
		}
	}
	// Output:
	// guest: 200 [blogs/intro.txt]
	// mary: 200 [papers/zanzibar.txt blogs/intro.txt]
	// late mary: 401 the token has expired
	//
	// Bearer realm="api", error="invalid_token", error_description="the token has expired"
}
