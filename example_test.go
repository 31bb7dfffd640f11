package tokenacl_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// secrets stands in for AWS Secrets Manager.
type secrets map[string]string

func (s secrets) FetchSecret(_ context.Context, arn string) ([]byte, error) {
	value, ok := s[arn]
	if !ok {
		return nil, errors.New("no such secret")
	}
	return []byte(value), nil
}

// login stands in for whoever gives out tokens: it signs one with the shared
// secret of the example.
func login(username string, groups ...string) string {
	encode := base64.RawURLEncoding.EncodeToString
	claims, err := json.Marshal(map[string]any{
		"username": username, "groups": groups, "exp": time.Now().Add(5 * time.Minute).Unix(),
	})
	if err != nil {
		log.Fatal(err)
	}
	signed := encode([]byte(`{"alg":"HS256","kid":"demo"}`)) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte("TESTING KEY TESTING KEY TESTING KEY"))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// The whole way, from the configuration of a Kendra index to the hits that a
// caller may see.
func Example() {
	// What to trust, as Kendra's describe-index or create-index says it, and the
	// secret with the keys.
	config, err := tokenconfig.Parse([]byte(`{
		"UserContextPolicy": "USER_TOKEN",
		"UserTokenConfigurations": [{"JwtTokenTypeConfiguration": {
			"KeyLocation": "SECRET_MANAGER",
			"SecretManagerArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:demo",
			"UserNameAttributeField": "username",
			"GroupAttributeField": "groups"
		}}]
	}`), nil)
	if err != nil {
		log.Fatal(err)
	}
	store := secrets{config.SecretARN(): `{"keys": [{
		"kty": "OCT", "kid": "demo", "alg": "HS256", "use": "sig",
		"k": "VEVTVElORyBLRVkgVEVTVElORyBLRVkgVEVTVElORyBLRVk="
	}]}`}
	keys, err := jwks.NewSecret(store, config.SecretARN(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: keys}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()

	// Who may see which document.
	index := acl.NewIndex(acl.Rules{})
	for id, list := range map[string]acl.ACL{
		"blogs/intro.txt":     acl.Public(),
		"papers/zanzibar.txt": acl.List{acl.Allow.Group("AWS-SA"), acl.Deny.User("eve")},
	} {
		if err := index.Put(id, list); err != nil {
			log.Fatal(err)
		}
	}

	// The requests: the search has found both documents, best first.
	hits := []string{"papers/zanzibar.txt", "blogs/intro.txt"}
	for _, caller := range []struct{ name, token string }{
		{"a guest", ""},
		{"mary", login("mary", "AWS-SA")},
		{"eve", login("eve", "AWS-SA")},
		{"mallory", login("mary", "AWS-SA") + "A"},
	} {
		scope, err := gate.Scope(context.Background(), tokenacl.UserContext{Token: caller.token})
		if errors.Is(err, tokenacl.ErrUnauthenticated) {
			fmt.Println(caller.name, "is refused")
			continue
		} else if err != nil {
			log.Fatal(err)
		}
		page := acl.Page(index.View(scope), slices.Values(hits), func(id string) string { return id }, 10)
		fmt.Println(caller.name, "sees", page)
		// For operators, not for the caller.
		fmt.Println("  ", index.Explain(scope, "papers/zanzibar.txt"))
	}
	// Output:
	// a guest sees [blogs/intro.txt]
	//    denied: no ALLOW entry matches a guest
	// mary sees [papers/zanzibar.txt blogs/intro.txt]
	//    allowed by ALLOW GROUP "AWS-SA"
	// eve sees [blogs/intro.txt]
	//    denied by DENY USER "eve"
	// mallory is refused
}
