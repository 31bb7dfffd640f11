package tokenacl

import (
	"errors"
	"fmt"

	"github.com/tokenacl/tokenacl/claims"
)

// The classes of errors of a [Gate], to branch on with [errors.Is]; an error has
// one of them. Each is a denial. Errors of package claims lie behind them.
var (
	// ErrUnauthenticated: the token is refused (HTTP status 401).
	ErrUnauthenticated = errors.New("tokenacl: unauthenticated")
	// ErrUnavailable: nobody can tell now, and trying again may help (503). It is
	// an ErrUnavailable of claims and jwks as well. An error that knows when to
	// try again has a method RetryAfter() time.Duration in what it wraps, for
	// [errors.As]; errors of an [Expander] or of a hook may bring one.
	ErrUnavailable error = unavailable{}
	// ErrInvalidRequest: the request contradicts itself or the policy, or is
	// beyond its limits (400; Kendra's ValidationException).
	ErrInvalidRequest = errors.New("tokenacl: invalid request")
)

// unavailable is the class for hosts: hooks of package claims may return it too.
type unavailable struct{}

func (unavailable) Error() string { return "tokenacl: unavailable" }
func (unavailable) Unwrap() error { return claims.ErrUnavailable }

var classes = []error{ErrUnauthenticated, ErrUnavailable, ErrInvalidRequest}

// classify returns cause as an error of one class. Of a cause that belongs to
// another class too, because code of the host made it, only the text remains.
func classify(class error, what string, cause error) error {
	for _, other := range classes {
		if other != class && errors.Is(cause, other) {
			return fmt.Errorf("%w: %s%v", class, what, cause)
		}
	}
	return fmt.Errorf("%w: %s%w", class, what, cause)
}

// refused classifies an error of package claims.
func refused(err error) error {
	if errors.Is(err, claims.ErrUnavailable) {
		return classify(ErrUnavailable, "", err)
	}
	return classify(ErrUnauthenticated, "", err)
}

func invalid(text string) error { return fmt.Errorf("%w: %s", ErrInvalidRequest, text) }
