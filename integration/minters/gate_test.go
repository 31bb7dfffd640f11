package minters

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// jwtConfig has members of Kendra's JwtTokenTypeConfiguration.
type jwtConfig map[string]string

const secretARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:minters-AbCdEf"

var (
	atURL    = jwtConfig{"KeyLocation": "URL", "URL": issuerURL + "/keys", "Issuer": issuerURL, "ClaimRegex": audience}
	inSecret = jwtConfig{"KeyLocation": "SECRET_MANAGER", "SecretManagerArn": secretARN, "Issuer": issuerURL, "ClaimRegex": audience}
	// asSampled is what the sample of Kendra's documentation is configured with.
	asSampled = jwtConfig{"KeyLocation": "SECRET_MANAGER", "SecretManagerArn": secretARN, "UserNameAttributeField": "username", "GroupAttributeField": "groups"}
)

// gate returns one that is configured with Kendra's JSON.
func gate(t *testing.T, c jwtConfig, keys jwks.Source) *tokenacl.Gate {
	t.Helper()
	config, err := tokenconfig.Parse(marshal(t, map[string]any{
		"UserContextPolicy":       "USER_TOKEN",
		"UserTokenConfigurations": []any{map[string]any{"JwtTokenTypeConfiguration": c}},
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: keys}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gate.Close() })
	return gate
}

func secret(t *testing.T, value []byte) jwks.Source {
	t.Helper()
	source, err := jwks.NewSecret(store(value), secretARN, nil)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// store is a secret store with one secret.
type store []byte

func (s store) FetchSecret(context.Context, string) ([]byte, error) { return s, nil }

// claimErrors are all that may lie behind tokenacl.ErrUnauthenticated.
var claimErrors = []error{
	claims.ErrMalformed, claims.ErrUnknownKey, claims.ErrSignature, claims.ErrExpired, claims.ErrNotYetValid, claims.ErrIssuer,
	claims.ErrAudience, claims.ErrClaim, claims.ErrOverage, claims.ErrRevoked, claims.ErrUnavailable, jwks.ErrKeyExpired,
}

func wantDecision(t *testing.T, gate *tokenacl.Gate, kind, token string) {
	t.Helper()
	scope, err := gate.Scope(t.Context(), tokenacl.UserContext{Token: token})
	if kind == "Token" {
		p, ok := scope.Principal()
		if err != nil || !ok || p.User != user || !slices.Equal(p.Groups, groups) || len(p.DataSourceGroups) > 0 || p.GroupsUnknown {
			t.Errorf("error %v, user %q, groups %q, want %q and %q", err, p.User, p.Groups, user, groups)
		}
		return
	}
	if !errors.Is(err, tokenacl.ErrUnauthenticated) {
		t.Errorf("%v, want a refusal", err)
	}
	for _, e := range claimErrors {
		if errors.Is(err, e) != (e == minted[kind]) {
			t.Errorf("%v; want only %v", err, minted[kind])
		}
	}
	if scope.String() != (acl.Scope{}).String() {
		t.Errorf("%v beside an error", scope)
	}
}
