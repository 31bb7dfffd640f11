package kmssigner

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// Signer signs tokens with the key that the name of a backend stands for; see
// [Keys] for what happens when that changes. All methods are safe for concurrent
// use. The zero value and nil sign nothing.
type Signer struct{ keys *Keys }

// New is [NewKeys] for a service that signs. Close the result when it is not
// needed any more.
func New(ctx context.Context, backend Backend, opts *Options) (*Signer, error) {
	k, err := NewKeys(ctx, backend, opts)
	if err != nil {
		return nil, err
	}
	return &Signer{k}, nil
}

// Keys returns the keys that verify what s signs, to give to a gate and to
// publish.
func (s *Signer) Keys() *Keys {
	if s == nil {
		return nil
	}
	return s.keys
}

// Close closes [Signer.Keys].
func (s *Signer) Close() { s.Keys().Close() }

// header of what is signed, RFC 7515 section 4.1.
type header struct {
	Algorithm jwks.Algorithm `json:"alg"`
	KeyID     string         `json:"kid"`
	Type      string         `json:"typ"`
}

// Mint returns a JSON Web Token (RFC 7519) of claims, with iat, the current
// second, and exp, which is Lifetime later. It makes one call, and checks a
// signature by a public key before it returns it.
//
// claims is what encoding/json makes a JSON object of: no member twice, at most
// 16 levels, valid UTF-8. It may have an exp of its own, a whole number of
// seconds that is not past and no later than the other would be; iat it may not
// have.
//
// The error is one of this package's, [ErrTooLarge] for more than 4096 bytes by
// EdDSA or HMAC and for more than 100,000 by any, or tells what is wrong with
// claims, or what the backend said. When the key cannot be used, and the name
// stands for another one or does so after a [Keys.Refresh], which happens at most
// every 10 seconds for this, that one signs.
func (s *Signer) Mint(ctx context.Context, claims any) (string, error) {
	state := s.Keys().get()
	if state == nil {
		return "", errNotMade
	}
	payload, err := state.payload(claims, time.Now())
	if err != nil {
		return "", err
	}
	return state.sign(ctx, "JWT", payload)
}

// Sign returns a compact JWS (RFC 7515 section 7.1) of any payload. It is no JSON
// Web Token, says so in its typ, JOSE, and is refused as such by package claims.
// Otherwise it is as [Signer.Mint].
func (s *Signer) Sign(ctx context.Context, payload []byte) (string, error) {
	state := s.Keys().get()
	if state == nil {
		return "", errNotMade
	}
	return state.sign(ctx, "JOSE", payload)
}

// sign signs with the key whose turn it is, or with its successor if it cannot be
// used.
func (k *keys) sign(ctx context.Context, typ string, payload []byte) (string, error) {
	key, err := k.signing()
	if err != nil {
		return "", err
	}
	token, err := k.signWith(ctx, key, typ, payload)
	if err == nil || !errors.Is(err, ErrKeyUnusable) && !errors.Is(err, ErrAccessDenied) {
		return token, err
	}
	if key = k.successor(ctx, key, err); key == nil {
		return "", err
	}
	return k.signWith(ctx, key, typ, payload)
}

// signing returns the key whose turn it is.
func (k *keys) signing() (*key, error) {
	now := time.Now()
	r := k.current.Load()
	if key := r.find(r.signer(now)); key != nil && key.usable(now, k.MaxStale) {
		return key, nil
	}
	return nil, k.missing()
}

// successor returns the key to sign with instead of one that cannot be used for
// that reason, nil when there is none.
func (k *keys) successor(ctx context.Context, failed *key, reason error) *key {
	if k.mayRefresh() {
		k.refresh(ctx, k.mayRefresh) // what matters is what it learns
	}
	k.mu.Lock()
	r := k.current.Load()
	switch {
	case r.find(failed.kid) != nil && errors.Is(reason, ErrKeyUnusable):
		k.dropLocked(failed.kid)
	case r.signer(time.Now()) == failed.kid && r.next != "":
		k.current.Store(r.early())
	}
	k.mu.Unlock()
	key, err := k.signing()
	if err != nil || key.kid == failed.kid {
		return nil
	}
	return key
}

func (k *keys) mayRefresh() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return passed(k.tried.Add(minRefresh), time.Now())
}

func (k *keys) signWith(ctx context.Context, key *key, typ string, payload []byte) (string, error) {
	head, err := json.Marshal(header{key.alg, key.kid, typ})
	if err != nil {
		return "", err
	}
	input := encode(head) + "." + encode(payload)
	m, err := message(key.alg, input)
	if err != nil {
		return "", err
	}
	if len(input) > maxToken {
		return "", fmt.Errorf("%w: a token of more than %d bytes, which verifiers refuse", ErrTooLarge, maxToken)
	}
	ctx, cancel := context.WithTimeout(ctx, k.Timeout)
	defer cancel()
	signature, err := k.backend.Sign(ctx, key.ID, key.alg, m)
	if err != nil {
		return "", fmt.Errorf("kmssigner: signing: %w", err)
	}
	return proven(key, input, signature)
}

// maxToken is what package jwks reads at most, and so anybody who verifies by it.
const maxToken = 100_000

// proven returns the token if its verifiers will accept it: what a fault of the
// backend, or of its connection, made is worth nothing, and a wrong signature by
// RSA may reveal the key.
func proven(key *key, input string, signature []byte) (string, error) {
	token := input + "." + encode(signature)
	j, err := jwks.ParseCompact(token)
	if err != nil && len(token) > maxToken {
		return "", fmt.Errorf("%w: a token of more than %d bytes, which verifiers refuse", ErrTooLarge, maxToken)
	}
	if err != nil {
		return "", fmt.Errorf("kmssigner: signing: the backend returned no signature: %w", err)
	}
	if key.set == nil {
		if len(signature) != macSize(key.alg) {
			return "", fmt.Errorf("kmssigner: signing: the backend returned %d octets, want %d of %s", len(signature), macSize(key.alg), key.alg)
		}
		return token, nil
	}
	if _, err := key.set.Verify(j, time.Now()); err != nil {
		return "", fmt.Errorf("kmssigner: signing: the backend returned a signature that the public key does not verify: %w", err)
	}
	return token, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// String tells how many keys there are.
func (s *Signer) String() string { return s.Keys().String() }

// Format writes [Signer.String] for every verb.
func (s *Signer) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is [Signer.String].
func (s *Signer) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is [Signer.String].
func (s *Signer) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
