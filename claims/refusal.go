package claims

import (
	"errors"
	"fmt"

	"github.com/tokenacl/tokenacl/jwks"
)

// Errors to branch on with [errors.Is]. Those that package jwks has too are the
// same; its ErrKeyExpired is passed on as it is.
var (
	ErrMalformed   = jwks.ErrMalformed   // not a token that this package accepts
	ErrUnknownKey  = jwks.ErrUnknownKey  // no key in force may verify the token
	ErrSignature   = jwks.ErrSignature   // wrong signature
	ErrUnavailable = jwks.ErrUnavailable // cannot tell: the keys, or a hook, are out of reach

	ErrExpired     = errors.New("claims: token expired")          // exp has passed
	ErrNotYetValid = errors.New("claims: token not yet valid")    // nbf or iat is in the future
	ErrIssuer      = errors.New("claims: wrong issuer")           // iss is not the configured one
	ErrAudience    = errors.New("claims: wrong audience")         // ClaimRegex does not match
	ErrClaim       = errors.New("claims: claim missing or wrong") // any other claim
	ErrOverage     = errors.New("claims: groups left out")        // the provider left them out of the token, as too many
	ErrRevoked     = errors.New("claims: token revoked")          // Options.Revoked says so
)

// refusal is a reason not to accept a token: the text for people, the kind for
// programs.
type refusal struct {
	kind error
	text string
}

func (r *refusal) Error() string { return "claims: " + r.text }
func (r *refusal) Unwrap() error { return r.kind }

func refuse(kind error, text string) error { return &refusal{kind, text} }

// fromSource keeps the errors that a jwks.Source promises. Any other one says
// nothing of the token.
func fromSource(err error) error {
	for _, promised := range []error{ErrUnavailable, ErrMalformed, ErrUnknownKey, ErrSignature, jwks.ErrKeyExpired} {
		if errors.Is(err, promised) {
			return err
		}
	}
	return fmt.Errorf("claims: %w: %w", ErrUnavailable, err)
}
