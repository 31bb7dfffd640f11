package groups_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"strings"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// login stands in for whoever gives out tokens. They have no groups.
func login(user string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","kid":"demo"}`)) + "." +
		encode([]byte(`{"user":"`+user+`","groups":[],"exp":253402300799}`))
	mac := hmac.New(sha256.New, []byte("TESTING KEY TESTING KEY TESTING KEY"))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// gateWith returns a gate whose tokens login signs.
func gateWith(e tokenacl.Expander) (*tokenacl.Gate, error) {
	keys, err := jwks.Parse([]byte(`{"keys": [{"kty": "OCT", "kid": "demo", "alg": "HS256", "use": "sig",
		"k": "VEVTVElORyBLRVkgVEVTVElORyBLRVkgVEVTVElORyBLRVk="}]}`), jwks.Secret)
	if err != nil {
		return nil, err
	}
	config := &tokenconfig.Config{JWT: &tokenconfig.JWT{
		KeyLocation:      tokenconfig.KeySecretManager,
		SecretManagerARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:demo",
	}}
	return tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: jwks.Static(keys)}}, &tokenacl.Options{Expander: e})
}

// Tokens name users alone; which groups they are in, the directory knows.
func Example() {
	rules := acl.Rules{}
	directory := groups.New(rules)
	err := directory.Load(strings.NewReader(`[
		{"GroupId": "Intellectual Property", "OrderingId": 1760000000000,
		 "GroupMembers": {"MemberGroups": [{"GroupId": "Research"}, {"GroupId": "Legal"}]}},
		{"GroupId": "Research", "OrderingId": 1760000000000,
		 "GroupMembers": {"MemberUsers": [{"UserId": "mary"}, {"UserId": "bob"}]}},
		{"GroupId": "Contractors", "OrderingId": 1760000000000,
		 "GroupMembers": {"MemberUsers": [{"UserId": "bob"}]}}
	]`))
	if err != nil {
		log.Fatal(err)
	}
	gate, err := gateWith(directory)
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()

	index := acl.NewIndex(rules)
	err = index.Put("patents.txt", acl.List{acl.Allow.Group("Intellectual Property"), acl.Deny.Group("Contractors")})
	if err != nil {
		log.Fatal(err)
	}
	ask := func(user string) {
		scope, err := gate.Scope(context.Background(), tokenacl.UserContext{Token: login(user)})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %v\n", user, index.Explain(scope, "patents.txt"))
	}
	ask("mary")
	ask("bob")
	ask("ann")

	// Bob is taken on, and mary leaves Research. The ids say which call is later.
	err = directory.Delete(acl.DataSourceGroup{GroupID: "Contractors"}, 1760000000005)
	if err != nil {
		log.Fatal(err)
	}
	err = directory.Put(acl.DataSourceGroup{GroupID: "Research"}, 1760000000007, groups.Members{Users: []string{"bob"}})
	if err != nil {
		log.Fatal(err)
	}
	ask("mary")
	ask("bob")
	// Output:
	// mary: allowed by ALLOW GROUP "Intellectual Property"
	// bob: denied by DENY GROUP "Contractors"
	// ann: denied: no ALLOW entry matches the user, who is in no group
	// mary: denied: no ALLOW entry matches the user, who is in no group
	// bob: allowed by ALLOW GROUP "Intellectual Property"
}
