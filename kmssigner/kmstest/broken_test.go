package kmstest_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"
	"slices"
	"sync"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// der returns signatures by ECDSA as KMS has them.
type der struct{ *kmstest.Backend }

func (b *der) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	sig, err := b.Backend.Sign(ctx, id, alg, m)
	if err != nil || alg[0] != 'E' || alg == jwks.EdDSA {
		return sig, err
	}
	half := len(sig) / 2
	return asn1.Marshal([]*big.Int{new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:])})
}

// salted signs by PSS with a salt of 20 octets, with a key of its own that it
// describes for every RSA key.
type salted struct{ *kmstest.Backend }

func (b *salted) Describe(ctx context.Context, id string) (kmssigner.Key, error) {
	key, err := b.Backend.Describe(ctx, id)
	if _, ok := key.Public.(*rsa.PublicKey); ok {
		key.Public = testkeys.RSA2048().Public()
	}
	return key, err
}

func (b *salted) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	if alg != jwks.PS256 || m.Digest == nil {
		return b.Backend.Sign(ctx, id, alg, m)
	}
	return testkeys.RSA2048().Sign(rand.Reader, m.Digest, &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256})
}

// mixed signs by RS256 what it should by RS512.
type mixed struct{ *kmstest.Backend }

func (b *mixed) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	if alg == jwks.RS512 && m.Raw != nil {
		alg = jwks.RS256
	}
	return b.Backend.Sign(ctx, id, alg, m)
}

// deaf signs although nobody waits for it any more.
type deaf struct{ *kmstest.Backend }

func (b *deaf) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	return b.Backend.Sign(context.WithoutCancel(ctx), id, alg, m)
}

// stale remembers what the name stood for at first.
type stale struct {
	*kmstest.Backend
	first string
}

func (b *stale) Describe(ctx context.Context, id string) (kmssigner.Key, error) {
	if id == "" {
		id = b.first
	}
	key, err := b.Backend.Describe(ctx, id)
	if b.first == "" {
		b.first = key.ID
	}
	return key, err
}

// gullible verifies everything of the right length.
type gullible struct{ *kmstest.Backend }

func (b *gullible) Verify(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message, sig []byte) error {
	err := b.Backend.Verify(ctx, id, alg, m, sig)
	if err == jwks.ErrSignature && len(sig)%2 == 0 {
		return nil
	}
	return err
}

// careless signs with the key that the name stands for.
type careless struct{ *kmstest.Backend }

func (b *careless) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	if named, err := b.Backend.Describe(ctx, ""); err == nil {
		return b.Backend.Sign(ctx, named.ID, alg, m)
	}
	return b.Backend.Sign(ctx, id, alg, m)
}

// lax signs and verifies without an ID, with the key that the name stands for.
type lax struct{ *kmstest.Backend }

func (b *lax) named(ctx context.Context, id string) string {
	if id == "" {
		key, _ := b.Backend.Describe(ctx, "")
		return key.ID
	}
	return id
}

func (b *lax) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	return b.Backend.Sign(ctx, b.named(ctx, id), alg, m)
}

func (b *lax) Verify(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message, sig []byte) error {
	return b.Backend.Verify(ctx, b.named(ctx, id), alg, m, sig)
}

// keeping remembers what it described, also when the key is disabled later.
type keeping struct {
	*kmstest.Backend
	mu   sync.Mutex
	kept map[string]kmssigner.Key
}

func (b *keeping) Describe(ctx context.Context, id string) (kmssigner.Key, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if key, ok := b.kept[id]; ok {
		key.Algorithms = slices.Clone(key.Algorithms)
		return key, ctx.Err()
	}
	key, err := b.Backend.Describe(ctx, id)
	if err == nil && id != "" {
		if b.kept == nil {
			b.kept = map[string]kmssigner.Key{}
		}
		b.kept[id] = key
		key.Algorithms = slices.Clone(key.Algorithms)
	}
	return key, err
}

// sharing hands out one list of algorithms for each key.
type sharing struct {
	*kmstest.Backend
	mu    sync.Mutex
	lists map[string][]jwks.Algorithm
}

func (b *sharing) Describe(ctx context.Context, id string) (kmssigner.Key, error) {
	key, err := b.Backend.Describe(ctx, id)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lists == nil {
		b.lists = map[string][]jwks.Algorithm{}
	}
	if b.lists[key.ID] == nil {
		b.lists[key.ID] = key.Algorithms
	}
	key.Algorithms = b.lists[key.ID]
	return key, err
}

// scribbling writes to the signatures that it verifies.
type scribbling struct{ *kmstest.Backend }

func (b *scribbling) Verify(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message, sig []byte) error {
	err := b.Backend.Verify(ctx, id, alg, m, sig)
	clear(sig)
	return err
}

// buffering returns every signature in the same place.
type buffering struct {
	*kmstest.Backend
	mu     sync.Mutex
	buffer [1024]byte
}

func (b *buffering) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	sig, err := b.Backend.Sign(ctx, id, alg, m)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer[:copy(b.buffer[:], sig)], nil
}
