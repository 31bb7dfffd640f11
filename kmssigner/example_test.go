package kmssigner_test

import (
	"context"
	"fmt"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// A token is minted with one call, and verified by a gate without any.
func Example() {
	ctx := context.Background()
	backend := kmstest.New(kmstest.P256) // awskms.New(client, "alias/tokens") for AWS KMS
	signer, err := kmssigner.New(ctx, backend, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer signer.Close()
	token, err := signer.Mint(ctx, map[string]any{"iss": "https://tokens.example.com", "user": "mary", "groups": []string{"AWS-SA"}})
	if err != nil {
		fmt.Println(err)
		return
	}

	config := &tokenconfig.Config{JWT: &tokenconfig.JWT{
		KeyLocation: tokenconfig.KeySecretManager, SecretManagerARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:unused",
		Issuer: "https://tokens.example.com",
	}}
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: signer.Keys()}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	scope, err := gate.Scope(ctx, tokenacl.UserContext{Token: token})
	principal, _ := scope.Principal()
	fmt.Println(principal.User, principal.Groups, err)
	fmt.Printf("%+v\n", backend.Calls())
	// Output:
	// mary [AWS-SA] <nil>
	// {Describe:1 Sign:1 Verify:0}
}
