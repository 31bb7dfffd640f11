package kmssigner_test

import (
	"context"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

// stub is a Backend that says what a test wants. Package kmstest has one that
// does what it should.
type stub struct {
	key       kmssigner.Key
	err       error
	signature []byte
}

func (s *stub) Describe(context.Context, string) (kmssigner.Key, error) { return s.key, s.err }

func (s *stub) Sign(context.Context, string, jwks.Algorithm, kmssigner.Message) ([]byte, error) {
	return s.signature, s.err
}

func (s *stub) Verify(context.Context, string, jwks.Algorithm, kmssigner.Message, []byte) error {
	return s.err
}

func rsaKey(id string) kmssigner.Key {
	return kmssigner.Key{ID: id, Public: testkeys.RSA2048().Public(), Algorithms: []jwks.Algorithm{jwks.RS256, jwks.RS384, jwks.RS512, jwks.PS256, jwks.PS384, jwks.PS512}}
}
