package tokenacl

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/strictjson"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// Issuer is one declared trust: a configuration as Kendra spells it, and the keys.
type Issuer struct {
	// Config is required. Under USER_TOKEN it has a token configuration.
	Config *tokenconfig.Config
	// Keys verify the tokens of a JWT configuration. Nil otherwise: a JSON token
	// has no keys, and the policy ATTRIBUTE_FILTER no tokens.
	Keys jwks.Source
	// Options go with Keys; nil are the strict ones.
	Options *claims.Options
}

// mode is what a Gate takes.
type mode uint8

const (
	verifiedTokens mode = iota + 1
	unsignedTokens
	attributeFilter
)

var modes = [...]string{"nothing", "verified tokens", "unsigned JSON tokens", "users and groups that nobody verifies (ATTRIBUTE_FILTER)"}

func (m mode) String() string { return modes[m] }

// trust is what a Gate trusts at one time. It is never written.
type trust struct {
	mode      mode
	verifiers []*claims.Verifier // verifiedTokens: by issuer
	byIssuer  map[string]*claims.Verifier
	json      *claims.InsecureJSONMapper // unsignedTokens
	insecure  []string                   // the gate's own warnings
}

func newTrust(issuers []Issuer, o Options) (*trust, error) {
	if len(issuers) == 0 {
		return nil, errors.New("tokenacl: no issuers, want at least one")
	}
	t := &trust{byIssuer: map[string]*claims.Verifier{}}
	for i, issuer := range issuers {
		err := issuer.check(o)
		switch {
		case err != nil:
		case issuer.Config.Policy != issuers[0].Config.Policy:
			err = fmt.Errorf("policy %s, want that of issuer 0, %s", issuer.Config.Policy, issuers[0].Config.Policy)
		case issuer.Config.Policy == tokenconfig.AttributeFilter:
			err = t.addFilter(issuer)
		case issuer.Config.JSON != nil:
			err = t.addJSON(issuer, len(issuers))
		default:
			err = t.addJWT(issuer, len(issuers))
		}
		if err != nil {
			return nil, fmt.Errorf("tokenacl: issuer %d: %w", i, err)
		}
	}
	return t, nil
}

// check is about one issuer, whatever the others are.
func (i Issuer) check(o Options) error {
	if i.Config == nil {
		return errors.New("no Config, want one, such as from tokenconfig.Parse")
	}
	if err := i.Config.Validate(); err != nil {
		return err
	}
	switch c := i.Config; {
	case c.GroupResolution == tokenconfig.AWSSSO && o.Expander == nil:
		return errors.New("the UserGroupResolutionConfiguration AWS_SSO takes groups from a directory; set Options.Expander")
	case c.Policy == tokenconfig.AttributeFilter && !o.InsecureAllowAttributeFilter:
		return errors.New("policy ATTRIBUTE_FILTER believes what a request says of its user; use USER_TOKEN, or set Options.InsecureAllowAttributeFilter")
	case c.Policy == tokenconfig.UserToken && c.JSON != nil && !o.InsecureTrustUnsignedJSON:
		return errors.New("a JSON token is not signed; use a JWT configuration, or set Options.InsecureTrustUnsignedJSON")
	}
	return nil
}

func (t *trust) addFilter(i Issuer) error {
	if i.Keys != nil || i.Options != nil {
		return errors.New("the policy ATTRIBUTE_FILTER takes no tokens, so there is no use for Keys and Options; remove them")
	}
	t.mode = attributeFilter
	t.insecure = []string{"InsecureAllowAttributeFilter: what a request says of its user is believed"}
	return nil
}

func (t *trust) addJSON(i Issuer, issuers int) error {
	switch {
	case issuers > 1:
		return errors.New("a JSON configuration beside others; a gate with one has no other")
	case i.Keys != nil || i.Options != nil:
		return errors.New("a JSON token is not verified, so there is no use for Keys and Options; remove them")
	}
	t.mode = unsignedTokens
	t.insecure = []string{"InsecureTrustUnsignedJSON: tokens that nobody signed are believed"}
	var err error
	t.json, err = claims.NewInsecureJSONMapper(*i.Config.JSON)
	return err
}

func (t *trust) addJWT(i Issuer, issuers int) error {
	v, err := claims.NewVerifier(*i.Config.JWT, i.Keys, i.Options)
	switch {
	case err != nil:
		return err
	case issuers > 1 && v.Issuer() == "":
		return errors.New("no Issuer; of several issuers each needs its own")
	case t.byIssuer[v.Issuer()] != nil:
		return errors.New("the Issuer of an earlier one; each needs its own")
	}
	t.mode, t.byIssuer[v.Issuer()] = verifiedTokens, v
	t.verifiers = append(t.verifiers, v)
	return nil
}

// verify returns the token if an issuer's verifier accepts it.
func (t *trust) verify(ctx context.Context, token string) (*claims.Token, error) {
	for _, v := range t.verifiers { // whoever accepted it is the one that its iss selects
		if verified, err := v.Cached(token); verified != nil || err != nil {
			return verified, err
		}
	}
	j, err := jwks.ParseCompact(token)
	if err != nil {
		return nil, err
	}
	v, err := t.verifier(j)
	if err != nil {
		return nil, err
	}
	return v.VerifyJWS(ctx, j)
}

// verifier returns the one that a token must be verified by. What the token says
// before that only selects: a verifier checks the issuer itself.
func (t *trust) verifier(j *jwks.JWS) (*claims.Verifier, error) {
	if len(t.verifiers) == 1 {
		return t.verifiers[0], nil
	}
	payload, err := strictjson.Borrow(j.InsecurePayload(), strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: payload: %v", claims.ErrMalformed, err)
	}
	defer payload.Return()
	iss, _ := payload.Get("iss")
	name, _ := iss.Str()
	if v := t.byIssuer[name]; v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("%w: iss: missing or not that of any configured issuer; they are compared byte for byte", claims.ErrIssuer)
}

func (t *trust) warnings() []string {
	list := append([]string{}, t.insecure...)
	for i, v := range t.verifiers {
		for _, w := range v.Warnings() {
			list = append(list, fmt.Sprintf("issuer %d: %s", i, w))
		}
	}
	return list
}
