package kmstest

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

// Operation is a method of [kmssigner.Backend].
type Operation string

// The operations.
const (
	Describe Operation = "Describe"
	Sign     Operation = "Sign"
	Verify   Operation = "Verify"
)

// Calls counts the calls of each operation.
type Calls struct{ Describe, Sign, Verify int }

// Backend is a [kmssigner.Backend] in memory, for tests: it behaves as AWS KMS
// with one alias does, and its other methods are the levers of a test. All
// methods are safe for concurrent use. Make it with [New].
type Backend struct{ store *store }

type store struct {
	mu    sync.Mutex
	keys  map[string]*memoryKey // by ID
	named string                // ID of the key that the alias stands for
	calls Calls
	asked map[string]bool
	fails map[failure]error
	hangs map[Operation]bool
}

type memoryKey struct {
	spec   Spec
	signer crypto.Signer // nil for HMAC
	secret []byte
	state  string // as AWS names it
}

// failure is an operation that fails, for all keys when id is "".
type failure struct {
	op Operation
	id string
}

const idPrefix = "arn:aws:kms:eu-west-1:111122223333:key/"

// New returns a Backend with one key of that spec, which the alias stands for. It
// panics on a spec that is none of [Specs].
func New(spec Spec) *Backend {
	b := &Backend{&store{keys: map[string]*memoryKey{}, asked: map[string]bool{}, fails: map[failure]error{}, hangs: map[Operation]bool{}}}
	b.Point(b.Create(spec))
	return b
}

// Create makes a new key, which no alias stands for, and returns its ID. The
// first RSA key of one Backend is that of every other in the process, and so on:
// it takes long to make them.
func (b *Backend) Create(spec Spec) string {
	s := b.store
	s.mu.Lock()
	defer s.mu.Unlock()
	signer, secret, err := spec.generate(len(s.keys))
	if err != nil || signer == nil && secret == nil {
		panic(fmt.Sprintf("kmstest: want a Spec out of Specs(), and randomness: %v", err))
	}
	id := fmt.Sprintf("%s00000000-0000-4000-8000-%012d", idPrefix, len(s.keys)+1)
	s.keys[id] = &memoryKey{spec, signer, secret, "Enabled"}
	return id
}

// Point lets the alias stand for the key with this ID, or for none.
func (b *Backend) Point(id string) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	b.store.named = id
}

// Enable, Disable and ScheduleDeletion set the state of a key. Only an enabled
// one can be used.
func (b *Backend) Enable(id string) { b.set(id, "Enabled") }

// Disable is described at [Backend.Enable].
func (b *Backend) Disable(id string) { b.set(id, "Disabled") }

// ScheduleDeletion is described at [Backend.Enable].
func (b *Backend) ScheduleDeletion(id string) { b.set(id, "PendingDeletion") }

func (b *Backend) set(id, state string) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if k := b.store.keys[id]; k != nil {
		k.state = state
	}
}

// Fail makes an operation fail with err from now on; nil lets it succeed again.
func (b *Backend) Fail(op Operation, err error) { b.FailKey("", op, err) }

// FailKey is [Backend.Fail] for one key alone.
func (b *Backend) FailKey(id string, op Operation, err error) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	b.store.fails[failure{op, id}] = err
}

// Hang makes an operation wait until its context is done, from now on, or lets it
// go on again.
func (b *Backend) Hang(op Operation, hang bool) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	b.store.hangs[op] = hang
}

// Calls returns how often each operation was called so far.
func (b *Backend) Calls() Calls {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return b.store.calls
}

// Asked returns the IDs that operations were called with, each once, sorted.
func (b *Backend) Asked() []string {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return slices.Sorted(maps.Keys(b.store.asked))
}

// IDs returns those of all keys, sorted.
func (b *Backend) IDs() []string {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return slices.Sorted(maps.Keys(b.store.keys))
}

// Describe is that of [kmssigner.Backend].
func (b *Backend) Describe(ctx context.Context, id string) (kmssigner.Key, error) {
	id, k, err := b.enter(ctx, Describe, id)
	if err != nil {
		return kmssigner.Key{}, err
	}
	d := kmssigner.Key{ID: id, Algorithms: k.spec.Algorithms()}
	if k.signer != nil {
		d.Public = k.signer.Public()
	}
	return d, nil
}

// Sign is that of [kmssigner.Backend].
func (b *Backend) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	_, k, err := b.enter(ctx, Sign, id)
	if err != nil {
		return nil, err
	}
	if err := k.check(alg, m); err != nil {
		return nil, err
	}
	return k.sign(alg, m)
}

// Verify is that of [kmssigner.Backend].
func (b *Backend) Verify(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message, signature []byte) error {
	_, k, err := b.enter(ctx, Verify, id)
	if err != nil {
		return err
	}
	if err := k.check(alg, m); err != nil {
		return err
	}
	if !k.verifies(alg, m, signature) {
		return jwks.ErrSignature
	}
	return nil
}

// enter begins an operation: it counts it, and returns the key if that can be
// used.
func (b *Backend) enter(ctx context.Context, op Operation, id string) (string, *memoryKey, error) {
	s := b.store
	s.mu.Lock()
	switch op {
	case Describe:
		s.calls.Describe++
	case Sign:
		s.calls.Sign++
	case Verify:
		s.calls.Verify++
	}
	s.asked[id] = true
	hangs := s.hangs[op]
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return "", nil, fmt.Errorf("kmstest: %s: %w", op, context.Cause(ctx))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" && op == Describe {
		id = s.named
	}
	k := s.keys[id]
	switch err := errors.Join(s.fails[failure{op, ""}], s.fails[failure{op, id}]); {
	case err != nil:
		return "", nil, err
	case k == nil:
		return "", nil, fmt.Errorf("kmstest: %s: %w: there is no such key, or the alias stands for none", op, kmssigner.ErrKeyUnusable)
	case k.state != "Enabled":
		return "", nil, fmt.Errorf("kmstest: %s: %w: its state is %s, want Enabled", op, kmssigner.ErrKeyUnusable, k.state)
	}
	copied := *k
	return id, &copied, nil
}

// String tells how many keys there are, and none of them.
func (b *Backend) String() string { return fmt.Sprintf("kmstest.Backend(%d keys)", len(b.IDs())) }

// Format writes [Backend.String] for every verb.
func (b *Backend) Format(f fmt.State, _ rune) { io.WriteString(f, b.String()) }

// LogValue is [Backend.String].
func (b *Backend) LogValue() slog.Value { return slog.StringValue(b.String()) }

// MarshalText is [Backend.String].
func (b *Backend) MarshalText() ([]byte, error) { return []byte(b.String()), nil }
