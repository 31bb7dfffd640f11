package kmssigner

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tokenacl/tokenacl/jwks"
)

// Backend is where the keys are: it computes with them and never gives them out.
// Package awskms has one for AWS KMS, package kmstest one in memory, and a suite
// that every Backend has to pass.
//
// A Backend is made for one name, such as an alias, which an operator points at
// another key to rotate. Describe with the ID "" follows the name; everything
// else is told which key to use by the ID that Describe gave, so that a
// signature and the kid beside it are always of one key.
//
// Methods are called by several goroutines at once. They honour the context, try
// again what is worth it (throttling), and return errors that name the permission
// or the state to fix, and no token, signature or key. An error that is one of
// this package's wraps it.
type Backend interface {
	// Describe returns the key with this ID, or, if that is "", the key that the
	// name stands for now. It returns no key that cannot be used: the error is
	// then ErrKeyUnusable.
	Describe(ctx context.Context, id string) (Key, error)

	// Sign returns the signature of m, in the form that JWS has: RFC 7518
	// section 3 and RFC 8037 section 3.1. That of ECDSA is r and s, each as long
	// as the order of the curve, and not DER; the salt of PSS is as long as the
	// hash. With an HMAC algorithm it returns the MAC.
	Sign(ctx context.Context, id string, alg jwks.Algorithm, m Message) ([]byte, error)

	// Verify lets the backend check a signature of the form that Sign returns.
	// It returns nil for the right one, jwks.ErrSignature for any other, and
	// another error when it cannot tell.
	Verify(ctx context.Context, id string, alg jwks.Algorithm, m Message, signature []byte) error
}

// Key describes one key of a [Backend].
type Key struct {
	ID         string           // of this key for ever, never that of an alias: an ARN, in AWS
	Public     crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey; nil for HMAC
	Algorithms []jwks.Algorithm // what the backend can do with the key, at least one
}

// Message is what is signed. Exactly one of its fields is not empty.
type Message struct {
	Raw    []byte // as it is, at most [MaxRaw] bytes
	Digest []byte // its digest by the hash of the algorithm: of RSA and ECDSA only
}

// String tells the size, and nothing of what is signed: that is a token.
func (m Message) String() string {
	return fmt.Sprintf("kmssigner.Message(%d bytes, digest of %d)", len(m.Raw), len(m.Digest))
}

// Format writes [Message.String] for every verb.
func (m Message) Format(f fmt.State, _ rune) { io.WriteString(f, m.String()) }

// LogValue is [Message.String].
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalText is [Message.String].
func (m Message) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// MaxRaw is how many bytes a backend need take in a [Message] that is not
// digested: the limit of AWS KMS for Sign, Verify, GenerateMac and VerifyMac.
const MaxRaw = 4096

// Errors of backends, to branch on with [errors.Is].
var (
	// ErrKeyUnusable: the key does not exist, is disabled, waits for its
	// deletion, or is of a kind or for a use that cannot sign tokens. The text
	// names the state.
	ErrKeyUnusable = errors.New("kmssigner: key unusable")
	// ErrAccessDenied: the caller of the backend lacks a permission, which the
	// text names.
	ErrAccessDenied = errors.New("kmssigner: access denied")
	// ErrTooLarge: more than MaxRaw bytes to sign by EdDSA or HMAC, which take
	// no digest (or none at all), or a token that is longer than verifiers read.
	// It depends on what is signed, not on the backend.
	ErrTooLarge = errors.New("kmssigner: too large to sign")
)
