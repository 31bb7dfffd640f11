package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/fgac"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// person is a user of the pool, in one group.
type person struct{ name, group string }

var people = []person{
	{"PubMedAdminUser", "pubmed_admin_group"},
	{"PubMedLimitedUser", "pubmed_limited_group"},
	{"ClinicalTrialsAdminUser", "clinical_trials_admin_group"},
	{"ClinicalTrialsLimitedUser", "clinical_trials_limited_group"},
	{"ResearchBasicUser", "research_basic_group"},
	{"ResearchFullAccessUser", "research_full_access_group"},
}

// pool stands in for a user pool of Amazon Cognito. Its key is made with the
// process and ends with it.
type pool struct {
	backend *kmstest.Backend
	signer  *kmssigner.Signer
}

const (
	poolIssuer = "https://cognito-idp.eu-west-1.example/eu-west-1_Research"
	poolClient = "researchsearch"
)

func newPool(ctx context.Context) (*pool, error) {
	p := &pool{backend: kmstest.New(kmstest.RSA2048)}
	var err error
	p.signer, err = kmssigner.New(ctx, p.backend, nil)
	return p, err
}

// token is the ID token that the pool gives to a user who logs in.
func (p *pool) token(ctx context.Context, name string) (string, error) {
	for _, one := range people {
		if one.name == name {
			return p.signer.Mint(ctx, map[string]any{
				"iss": poolIssuer, "aud": poolClient, "token_use": "id", "sub": "sub-of-" + one.name,
				"cognito:username": one.name, "cognito:groups": []string{one.group},
			})
		}
	}
	return "", errors.New("no user of that name in the pool; PubMedAdminUser is one")
}

// keys are those of the pool's JWKS.
func (p *pool) keys() (jwks.Source, error) {
	published, err := p.signer.Keys().Set().MarshalPublic()
	if err != nil {
		return nil, err
	}
	set, err := jwks.Parse(published, jwks.Public)
	return jwks.Static(set), err
}

//go:embed config/jwt.json
var poolSettings []byte

// trust says whose tokens count. The zero value means those of the built-in pool.
type trust struct {
	file             string // JWTOptions of Amazon OpenSearch Service, or the plugin's
	issuer, audience string // that such a file of AWS does not have
}

func (t trust) gate(p *pool) (*tokenacl.Gate, error) {
	if t.file == "" {
		settings, err := fgac.ParseTokenSettings(poolSettings)
		if err != nil {
			return nil, err
		}
		settings.Issuer, settings.ClaimRegex = poolIssuer, poolClient
		keys, err := p.keys()
		if err != nil {
			return nil, err
		}
		return newGate(settings, keys)
	}
	file, err := os.ReadFile(t.file)
	if err != nil {
		return nil, err
	}
	settings, err := fgac.ParseTokenSettings(file)
	if err != nil {
		return nil, err
	}
	if t.issuer != "" {
		settings.Issuer = t.issuer
	}
	if t.audience != "" {
		settings.ClaimRegex = t.audience
	}
	keys, err := keysOf(settings)
	if err != nil {
		return nil, err
	}
	return newGate(settings, keys)
}

// keysOf are fetched and kept fresh, or that of a PEM, which has no kid.
func keysOf(s fgac.TokenSettings) (jwks.Source, error) {
	if s.JWKSURL != "" {
		return jwks.NewRemote(s.JWKSURL, nil)
	}
	if len(s.PublicKeys) > 1 {
		return nil, errors.New("several public keys; this example reads one, or a JWKS")
	}
	set, err := jwks.ParsePEM([]byte(s.PublicKeys[0]), jwks.PEMOptions{AnyKeyID: true})
	return jwks.Static(set), err
}

func newGate(s fgac.TokenSettings, keys jwks.Source) (*tokenacl.Gate, error) {
	if s.Keys.Subject == "" || s.Keys.Roles == "" || s.Issuer == "" || s.ClaimRegex == "" {
		return nil, errors.New("want the keys of subject and roles, an issuer and an audience; -issuer and -audience say the last two")
	}
	if s.JWKSURL == "" {
		s.JWKSURL = s.Issuer + "/.well-known/jwks.json" // where the PEM is from; nothing is fetched
	}
	if s.Leeway == 0 {
		s.Leeway = -time.Second // none
	}
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{
		Config: &tokenconfig.Config{JWT: &tokenconfig.JWT{
			KeyLocation: tokenconfig.KeyURL, URL: s.JWKSURL, Issuer: s.Issuer, ClaimRegex: s.ClaimRegex,
			UserNameAttributeField: s.Keys.Subject, GroupAttributeField: s.Keys.Roles,
		}},
		Keys: keys,
		// Cognito signs access tokens with the same keys: they are for other services.
		Options: &claims.Options{Leeway: s.Leeway, RequiredClaims: map[string]string{"token_use": "id"}},
	}}, nil)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return gate, nil
}
