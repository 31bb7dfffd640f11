package main

import (
	"context"
	"crypto"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tokenacl/tokenacl/jwks"
)

type privateClaims struct {
	User   string   `json:"user"`
	Groups []string `json:"groups"`
}

func newGoJOSE(r keyRing) (verifier, error) {
	set := &jose.JSONWebKeySet{}
	for i, id := range keyIDs {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: r.verifying(i), KeyID: id, Algorithm: string(r.alg), Use: "sig"})
	}
	algs := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(r.alg)}
	return verifier{name: "go-jose", verify: func(raw string) (person, error) {
		token, err := jwt.ParseSigned(raw, algs)
		if err != nil {
			return person{}, err
		}
		var registered jwt.Claims
		var private privateClaims
		if err := token.Claims(set, &registered, &private); err != nil {
			return person{}, err
		}
		err = registered.ValidateWithLeeway(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: time.Now()}, 30*time.Second)
		return person{private.User, private.Groups}, err
	}}, nil
}

// newOIDC is go-oidc, which has no HMAC. The key that signs comes first.
func newOIDC(r keyRing) (verifier, error) {
	if r.alg == jwks.HS256 {
		return verifier{}, nil
	}
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{r.verifying(inForce), r.verifying(0), r.verifying(2)}}
	v := oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{string(r.alg)}})
	ctx := context.Background()
	return verifier{name: "go-oidc", note: noKeyID, verify: func(raw string) (person, error) {
		token, err := v.Verify(ctx, raw)
		if err != nil {
			return person{}, err
		}
		var c privateClaims
		err = token.Claims(&c)
		return person{c.User, c.Groups}, err
	}}, nil
}
