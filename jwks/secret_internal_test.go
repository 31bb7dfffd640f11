package jwks

import (
	"context"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

type secretValue string

func (v secretValue) FetchSecret(context.Context, string) ([]byte, error) { return []byte(v), nil }

// TestSecretJoinsTooLate: who saw no keys, and then waited for the lock while
// they came, gets them, and no second fetch.
//
// Rules G1, G4
func TestSecretJoinsTooLate(t *testing.T) {
	value := secretValue(`{"keys":[{"kty":"OCT","alg":"HS256","k":"` + testkeys.Encode(testkeys.HMAC(32)) + `"}]}`)
	s, err := NewSecret(value, "arn", nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := s.get().keys(t.Context())
	if err != nil || set.Len() != 1 {
		t.Fatalf("%v, %v", set, err)
	}
	s.get().set.Store(nil) // what the late one saw
	if late, err := s.get().keys(t.Context()); err != nil || late != set {
		t.Errorf("%v, %v; want the same set", late, err)
	}
}
