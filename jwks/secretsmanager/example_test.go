package secretsmanager_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tokenacl/tokenacl/jwks/secretsmanager"
)

// The keys of a token configuration, from AWS. The ARN is not one of a secret, so
// that this runs without AWS.
func Example() {
	ctx := context.Background()
	secrets, err := secretsmanager.New(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	// keys, err := jwks.NewSecret(secrets, config.SecretARN(), nil)
	// gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: keys}}, nil)

	_, err = secrets.FetchSecret(ctx, "arn:aws:s3:::demo")
	fmt.Println(err)
	// Output:
	// secretsmanager: ARN: want arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
}
