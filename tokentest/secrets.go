package tokentest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/tokenacl/tokenacl/jwks"
)

// The secrets that a [SecretStore] has from the beginning, one in each format that
// Kendra documents.
const (
	// SharedSecretARN has the symmetric keys, for HS256, HS384 and HS512.
	SharedSecretARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:tokentest-shared-AbCdEf"
	// PublicKeysARN has the public keys for RS256, RS384 and RS512.
	PublicKeysARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:tokentest-public-AbCdEf"
)

var _ jwks.SecretFetcher = (*SecretStore)(nil)

// SecretStore stands in for AWS Secrets Manager. Get one from [Issuer.Secrets]. It
// is safe for concurrent use. Formatting or logging it shows no secret.
type SecretStore struct {
	t       testing.TB
	mu      sync.Mutex
	secrets map[string]func() []byte // functions, since package fmt prints what is in a map
	outage  error
}

func newSecretStore(t testing.TB) *SecretStore {
	return &SecretStore{t: t, secrets: map[string]func() []byte{
		SharedSecretARN: sync.OnceValue(sharedSecret),
		PublicKeysARN:   sync.OnceValue(publicKeysSecret),
	}}
}

// Secrets returns the secret store of i, the same one at every call. A source from
// [jwks.NewSecret] with it and [SharedSecretARN] or [PublicKeysARN] verifies the
// tokens of i.
func (i *Issuer) Secrets() *SecretStore { return i.secrets }

// Put stores a copy of value under arn, instead of what was there.
// [jwks.Set.WriteKendraSecret] writes such a value.
func (s *SecretStore) Put(arn string, value []byte) {
	s.t.Helper()
	if arn == "" {
		s.t.Fatalf("tokentest: Put: no ARN; want one such as SharedSecretARN")
	}
	value = slices.Clone(value)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[arn] = func() []byte { return value }
}

// Fail makes every fetch from now on return err, as in an outage, until Fail(nil).
func (s *SecretStore) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = err
}

// FetchSecret returns a copy of the secret. An ARN that has none is an error, as is
// a ctx that has ended.
func (s *SecretStore) FetchSecret(ctx context.Context, arn string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.secrets[arn]
	switch {
	case s.outage != nil:
		return nil, s.outage
	case !ok:
		return nil, errors.New("tokentest: no secret has this ARN; Put one, or use SharedSecretARN or PublicKeysARN")
	}
	return slices.Clone(value()), nil
}

// String tells how many secrets there are.
func (s *SecretStore) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("tokentest.SecretStore(%d secrets)", len(s.secrets))
}

// Format writes [SecretStore.String] for every verb.
func (s *SecretStore) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is [SecretStore.String].
func (s *SecretStore) LogValue() slog.Value { return slog.StringValue(s.String()) }
