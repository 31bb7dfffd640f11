package claims_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// exampleKeys are those of a secret; the key is for tests.
func exampleKeys() jwks.Source {
	set, err := jwks.Parse([]byte(`{"keys":[{"kid":"1","kty":"OCT","alg":"HS256","use":"sig","k":"`+testkeys.Encode(testkeys.HMAC(32))+`"}]}`), jwks.Secret)
	if err != nil {
		log.Fatal(err)
	}
	return jwks.Static(set)
}

// exampleToken signs claims, of which exp is the last second of the year 9999.
func exampleToken(payload string) string {
	return testkeys.Sign("HS256", testkeys.HMAC(32), []byte(`{"alg":"HS256","kid":"1"}`), []byte(payload))
}

// Rule T6
func ExampleVerifier() {
	cfg := tokenconfig.JWT{
		KeyLocation:            tokenconfig.KeySecretManager,
		SecretManagerARN:       "arn:aws:secretsmanager:us-west-2:111122223333:secret:AmazonKendra-keys-AbCdEf",
		UserNameAttributeField: "cognito:username",
		GroupAttributeField:    "/realm/groups", // a nested claim, by JSON pointer
		Issuer:                 "https://issuer.example",
		ClaimRegex:             "search|admin",
	}
	verifier, err := claims.NewVerifier(cfg, exampleKeys(), nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := verifier.Verify(context.Background(), exampleToken(`{"iss":"https://issuer.example","aud":["search","mail"],"exp":253402300799,
		"cognito:username":"mary","realm":{"groups":["AWS-SA"]}}`))
	if err != nil {
		log.Fatal(err)
	}
	who := token.Principal()
	fmt.Println(who.User, who.Groups)
	fmt.Println(token) // claims do not get into logs

	_, err = verifier.Verify(context.Background(), exampleToken(`{"iss":"https://issuer.example","aud":"mail","exp":253402300799,"cognito:username":"mary"}`))
	fmt.Println(errors.Is(err, claims.ErrAudience), err)
	// Output:
	// mary [AWS-SA]
	// claims.Token
	// true claims: aud: ClaimRegex does not match the whole of it
}

func ExampleInsecureParse() {
	u, err := claims.InsecureParse(exampleToken(`{"iss":"https://issuer.example/","sub":"mary"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Algorithm(), u.KeyID(), u.Claims()["iss"])
	// Output: HS256 1 https://issuer.example/
}

func ExampleInsecureJSONMapper() {
	mapper, err := claims.NewInsecureJSONMapper(tokenconfig.JSON{UserNameAttributeField: "username", GroupAttributeField: "groups"})
	if err != nil {
		log.Fatal(err)
	}
	p, err := mapper.Principal(`{"username":"user1","groups":["group1","group2"]}`)
	fmt.Println(p.User, p.Groups, err)
	// Output: user1 [group1 group2] <nil>
}
