package jwks_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// The keys of an issuer are read once; each token is parsed and then verified.
// The key and the token are those of RFC 8037, appendix A.
func Example() {
	set, err := jwks.Parse([]byte(`{"keys":[
		{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig"},
		{"kty":"oct","k":"c2VjcmV0","kid":"leaked"}]}`), jwks.Public)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range set.Skipped() {
		fmt.Println(s)
	}

	token, err := jwks.ParseCompact("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc" +
		".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := set.Verify(token, time.Now()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s, signed: %s\n", set, token.InsecurePayload())

	other, _ := jwks.ParseCompact("eyJhbGciOiJFZERTQSJ9.e30.AAAA")
	_, err = set.Verify(other, time.Now())
	fmt.Println(errors.Is(err, jwks.ErrSignature))
	// Output:
	// jwks: keys[1] (kid "leaked"): kty: a symmetric key in a public set: whoever can read the set can sign
	// jwks.Set(1 usable keys, 1 skipped), signed: Example of Ed25519 signing
	// true
}

// A secret for Amazon Kendra, written in the format that Kendra documents.
func ExampleSet_WriteKendraSecret() {
	set, err := jwks.Parse([]byte(`{"keys":[{"kid":"2027","kty":"oct","alg":"HS256",
		"k":"VEVTVElORy1LRVktd29ydGgtbm90aGluZy5URVNUSU4"}]}`), jwks.Secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := set.WriteKendraSecret(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"keys":[{"kid":"2027","alg":"HS256","kty":"OCT","use":"sig","k":"VEVTVElORy1LRVktd29ydGgtbm90aGluZy5URVNUSU4="}]}
}
