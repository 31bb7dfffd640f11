package claims

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/strictjson"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// Unverified is what a token says that nobody has verified. Show it, for instance
// to find out why a token is refused; decide nothing by it. Its zero value, and
// nil, say nothing.
type Unverified struct {
	said **statements // two pointers, as in Token
}

type statements struct {
	jws     *jwks.JWS
	payload strictjson.Value
}

func (u *Unverified) get() statements {
	if u == nil || u.said == nil {
		return statements{}
	}
	return **u.said
}

// InsecureParse reads the compact JWS raw and verifies nothing, not even that
// there is a key. Its error is [ErrMalformed].
func InsecureParse(raw string) (*Unverified, error) {
	j, err := jwks.ParseCompact(raw)
	if err != nil {
		return nil, err
	}
	payload, err := readPayload(j.InsecurePayload(), strictjson.Parse[string])
	if err != nil {
		return nil, err
	}
	said := &statements{j, payload}
	return &Unverified{&said}, nil
}

// Algorithm returns the header's alg.
func (u *Unverified) Algorithm() jwks.Algorithm {
	if j := u.get().jws; j != nil {
		return j.Algorithm()
	}
	return ""
}

// KeyID returns the header's kid, "" when there is none.
func (u *Unverified) KeyID() string {
	if j := u.get().jws; j != nil {
		kid, _ := j.KeyID()
		return kid
	}
	return ""
}

// Claims returns a copy of the claims, with numbers as [encoding/json.Number].
func (u *Unverified) Claims() map[string]any {
	claims, _ := u.get().payload.Any().(map[string]any)
	return claims
}

// String says that u is an unverified token, and nothing of what it says.
func (u Unverified) String() string { return "claims.Unverified" }

// Format writes [Unverified.String] for every verb.
func (u Unverified) Format(f fmt.State, _ rune) { io.WriteString(f, u.String()) }

// LogValue is [Unverified.String].
func (u Unverified) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText is [Unverified.String]; to print the claims, marshal
// [Unverified.Claims].
func (u Unverified) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// InsecureJSONMapper reads Kendra's JSON tokens, such as
//
//	{"username":"user1","groups":["group1","group2"]}
//
// Nobody signed them: whoever may send one may be anybody. Its zero value, and
// nil, refuse every token.
type InsecureJSONMapper struct{ mapping mapping }

// NewInsecureJSONMapper returns a mapper for the fields of cfg, which are read as
// those of a JWT are.
func NewInsecureJSONMapper(cfg tokenconfig.JSON) (*InsecureJSONMapper, error) {
	if err := (&tokenconfig.Config{JSON: &cfg}).Validate(); err != nil {
		return nil, fmt.Errorf("claims: configuration: %w", err)
	}
	m, err := newMapping(cfg.UserNameAttributeField, cfg.GroupAttributeField, false)
	if err != nil {
		return nil, err
	}
	return &InsecureJSONMapper{m}, nil
}

// Principal returns whom a token of at most 100,000 bytes speaks of. The error is
// [ErrMalformed], [ErrClaim] or [ErrOverage].
func (m *InsecureJSONMapper) Principal(raw string) (acl.Principal, error) {
	if m == nil || m.mapping == (mapping{}) {
		return acl.Principal{}, refuse(ErrUnavailable, "a mapper without fields; make one with NewInsecureJSONMapper")
	}
	payload, err := readPayload(raw, strictjson.Borrow)
	if err != nil {
		return acl.Principal{}, err
	}
	defer payload.Return()
	r := registeredOf(payload)
	return m.mapping.principal(payload, &r, nil)
}
