package jwks

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors to branch on with [errors.Is]. None quotes a token or a key.
var (
	// ErrMalformed: the token is not a compact JWS that this package accepts.
	ErrMalformed = errors.New("jwks: malformed token")
	// ErrUnknownKey: no key in force may verify this token.
	ErrUnknownKey = errors.New("jwks: no key for this token")
	// ErrSignature: the signature is not that of any key that may verify it.
	ErrSignature = errors.New("jwks: wrong signature")
	// ErrKeyExpired: the signature is right, but now is outside the validity
	// that the key itself declares (nbf, exp).
	ErrKeyExpired = errors.New("jwks: key outside its validity")
	// ErrUnavailable: the keys could not be had. It says nothing of the token.
	// When they are fetched again, an error of a [Remote] or a [SecretSource]
	// tells: find its method RetryAfter() time.Duration with [errors.As].
	ErrUnavailable = errors.New("jwks: keys unavailable")
	// ErrNoUsableKey: a file or set has no key that could verify anything.
	ErrNoUsableKey = errors.New("jwks: no usable key")
)

func malformed(reason string) error { return fmt.Errorf("%w: %s", ErrMalformed, reason) }

// unavailable is an ErrUnavailable that tells when to try again.
type unavailable struct {
	reason string
	cause  error // or nil
	after  time.Duration
}

func (u *unavailable) Error() string {
	text := ErrUnavailable.Error() + ": " + u.reason
	if u.cause != nil {
		text += ": " + u.cause.Error()
	}
	return text
}

func (u *unavailable) Unwrap() []error {
	if u.cause == nil {
		return []error{ErrUnavailable}
	}
	return []error{ErrUnavailable, u.cause}
}

// RetryAfter returns how long it is until the next fetch may begin or, while one
// is under way, until asking again makes sense. It is positive.
func (u *unavailable) RetryAfter() time.Duration { return max(u.after, 1) }

// KeyError says why one key of a file is unusable.
type KeyError struct {
	Index  int    // position in "keys", from 0
	KeyID  string // kid, "" when it has none or none that is valid
	Member string // the member at fault, "" when it is the key as a whole
	Reason string // what is wrong and what was wanted, never the value
}

// Error gives the position, the member and the reason.
func (e *KeyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "jwks: keys[%d]", e.Index)
	if e.KeyID != "" {
		fmt.Fprintf(&b, " (kid %q)", abbreviate(e.KeyID))
	}
	if e.Member != "" {
		b.WriteString(": " + e.Member)
	}
	b.WriteString(": " + e.Reason)
	return b.String()
}

// abbreviate keeps a line of a log readable.
func abbreviate(kid string) string {
	const most = 64
	if len(kid) <= most {
		return kid
	}
	return kid[:most] + "…"
}
