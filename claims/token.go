package claims

import (
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/jwks"
)

// Token is a verified token; only a [Verifier] makes one. It is immutable and
// safe for concurrent use. Its zero value, and nil, have no claims.
//
// It says what was true when it was verified: verify again for each request.
type Token struct {
	// Two pointers, because fmt follows one where it can call no methods.
	facts **facts
}

// facts are what a token was proven to say.
type facts struct {
	claims              claimSet
	size                int // of the claims in memory, read, and of the scope
	scope               acl.Scope
	issuer, subject, id string
	exp, nbf, iat       time.Time
	from, until         time.Time // when it is good, with the leeway; until zero is for ever
	key                 jwks.Verified
}

// newToken returns a Token and the facts in it, by one allocation.
func newToken() (*Token, *facts) {
	box := &struct {
		token Token
		to    *facts
		facts facts
	}{}
	box.to, box.token.facts = &box.facts, &box.to
	return &box.token, box.to
}

// none is what a Token says that was not made by a Verifier. It is never written.
var none facts

// get returns no copy: facts are 300 bytes, and what is asked for are few of them.
func (t *Token) get() *facts {
	if t == nil || t.facts == nil {
		return &none
	}
	return *t.facts
}

// Principal returns a copy of whom the token speaks of, the groups sorted and each
// once. It has no name at all when the user claim was waived and the groups are empty.
func (t *Token) Principal() acl.Principal {
	p, _ := t.get().scope.Principal()
	return p
}

// Scope returns what the token's principal may see, without groups that a
// directory would add: a guest's scope when the token speaks of nobody. Other
// than [Token.Principal] it costs no copy.
func (t *Token) Scope() acl.Scope { return t.get().scope }

// Claim returns a copy of the top-level claim of exactly this name, false when
// there is none: nil, a bool, [encoding/json.Number], string, []any or
// map[string]any.
func (t *Token) Claim(name string) (any, bool) {
	value, ok := t.get().claims.value().Get(name)
	return value.Any(), ok
}

// All yields a copy of each top-level claim, as [Token.Claim] does, in the order
// of the token.
func (t *Token) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for name, value := range t.get().claims.value().Members() {
			if !yield(strings.Clone(name), value.Any()) {
				return
			}
		}
	}
}

// Issuer returns the claim iss, "" when there is none.
func (t *Token) Issuer() string { return t.get().issuer }

// Subject returns the claim sub, "" when there is none.
func (t *Token) Subject() string { return t.get().subject }

// ID returns the claim jti, "" when there is none.
func (t *Token) ID() string { return t.get().id }

// Expiry returns the claim exp in UTC, without leeway, rounded up to
// nanoseconds; the zero time when there is none.
func (t *Token) Expiry() time.Time { return t.get().exp }

// NotBefore returns the claim nbf as [Token.Expiry] does exp.
func (t *Token) NotBefore() time.Time { return t.get().nbf }

// IssuedAt returns the claim iat as [Token.Expiry] does exp.
func (t *Token) IssuedAt() time.Time { return t.get().iat }

// KeyID returns the kid of the key that verified the token, "" when the key has
// none.
func (t *Token) KeyID() string { return t.get().key.KeyID }

// String says that t is a verified token, and nothing of what it says.
func (t Token) String() string { return "claims.Token" }

// Format writes [Token.String] for every verb.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// LogValue is [Token.String].
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText is [Token.String]: claims do not get into JSON by accident.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
