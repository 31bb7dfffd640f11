package kmstest_test

import (
	"context"
	"fmt"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// A test of what mints tokens: one call per token, and a key that somebody
// disables.
func Example() {
	ctx := context.Background()
	backend := kmstest.New(kmstest.Ed25519)
	signer, err := kmssigner.New(ctx, backend, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer signer.Close()
	token, err := signer.Mint(ctx, map[string]any{"user": "mary"})
	fmt.Println(token != "", err, backend.Calls())

	key, _ := backend.Describe(ctx, "")
	backend.Disable(key.ID)
	if err := signer.Keys().Refresh(ctx); err != nil {
		fmt.Println(err)
	}
	j, _ := jwks.ParseCompact(token)
	_, err = signer.Keys().Verify(ctx, j)
	fmt.Println(err != nil)
	// Output:
	// true <nil> {1 1 0}
	// kmssigner: describing the key: kmstest: Describe: kmssigner: key unusable: its state is Disabled, want Enabled
	// true
}
