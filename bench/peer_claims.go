package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

func trust() tokenconfig.JWT {
	return tokenconfig.JWT{
		KeyLocation: tokenconfig.KeyURL, URL: issuer + "/jwks.json",
		Issuer: issuer, ClaimRegex: audience,
	}
}

// keySource are the keys of a ring as this library reads them.
func (r keyRing) keySource() (jwks.Source, error) {
	var set *jwks.Set
	var err error
	if r.alg == jwks.HS256 {
		set, err = r.secretSet()
	} else {
		var keys []jwks.PublicKey
		for i, id := range keyIDs {
			keys = append(keys, jwks.PublicKey{KeyID: id, Algorithm: r.alg, Key: r.verifying(i)})
		}
		set, err = jwks.NewSet(keys...)
	}
	if err != nil {
		return nil, err
	}
	return jwks.Static(set), nil
}

func (r keyRing) secretSet() (*jwks.Set, error) {
	var keys []map[string]string
	for i, id := range keyIDs {
		keys = append(keys, map[string]string{"kty": "OCT", "kid": id, "alg": "HS256", "use": "sig", "k": base64.URLEncoding.EncodeToString(r.keys[i].([]byte))})
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		return nil, err
	}
	return jwks.Parse(text, jwks.Secret)
}

// newClaimsVerifier is this library, told to remember no token.
func newClaimsVerifier(r keyRing) (verifier, error) {
	keys, err := r.keySource()
	if err != nil {
		return verifier{}, err
	}
	return claimsVerifier(keys, -1)
}

func claimsVerifier(keys jwks.Source, cacheBytes int) (verifier, error) {
	v, err := claims.NewVerifier(trust(), keys, &claims.Options{CacheBytes: cacheBytes})
	if err != nil {
		return verifier{}, err
	}
	ctx := context.Background()
	return verifier{
		name: us, kind: ours,
		verify: func(raw string) (person, error) {
			token, err := v.Verify(ctx, raw)
			if err != nil {
				return person{}, err
			}
			p := token.Principal()
			return person{p.User, p.Groups}, nil
		},
		quick: func(raw string) error { // the principal is in the scope, without a copy
			token, err := v.Verify(ctx, raw)
			if err == nil && token.Scope() == (acl.Scope{}) {
				return errNobody
			}
			return err
		},
	}, nil
}

var errNobody = errors.New("the token has nobody's scope")

// unchecked accepts every signature.
type unchecked struct{}

func (unchecked) Verify(context.Context, *jwks.JWS) (jwks.Verified, error) {
	return jwks.Verified{KeyID: keyIDs[inForce]}, nil
}

func (unchecked) Generation() (uint64, error) { return 0, nil }
