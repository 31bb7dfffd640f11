package main

import (
	"fmt"

	jwa2 "github.com/lestrrat-go/jwx/v2/jwa"
	jwk2 "github.com/lestrrat-go/jwx/v2/jwk"
	jwt2 "github.com/lestrrat-go/jwx/v2/jwt"
	jwa3 "github.com/lestrrat-go/jwx/v3/jwa"
	jwk3 "github.com/lestrrat-go/jwx/v3/jwk"
	jwt3 "github.com/lestrrat-go/jwx/v3/jwt"
)

func newJWX2(r keyRing) (verifier, error) {
	set := jwk2.NewSet()
	for i, id := range keyIDs {
		key, err := jwk2.FromRaw(r.verifying(i))
		if err != nil {
			return verifier{}, err
		}
		key.Set(jwk2.KeyIDKey, id)
		key.Set(jwk2.AlgorithmKey, jwa2.SignatureAlgorithm(r.alg))
		if err := set.AddKey(key); err != nil {
			return verifier{}, err
		}
	}
	return verifier{name: "jwx v2", verify: func(raw string) (person, error) {
		token, err := jwt2.ParseString(raw, jwt2.WithKeySet(set), jwt2.WithValidate(true), jwt2.WithIssuer(issuer), jwt2.WithAudience(audience))
		if err != nil {
			return person{}, err
		}
		user, _ := token.Get("user")
		groups, _ := token.Get("groups")
		return personOf(user, groups)
	}}, nil
}

func newJWX3(r keyRing) (verifier, error) {
	alg, ok := jwa3.LookupSignatureAlgorithm(string(r.alg))
	if !ok {
		return verifier{}, fmt.Errorf("jwx v3 has no %s", r.alg)
	}
	set := jwk3.NewSet()
	for i, id := range keyIDs {
		key, err := jwk3.Import(r.verifying(i))
		if err != nil {
			return verifier{}, err
		}
		key.Set(jwk3.KeyIDKey, id)
		key.Set(jwk3.AlgorithmKey, alg)
		if err := set.AddKey(key); err != nil {
			return verifier{}, err
		}
	}
	return verifier{name: "jwx v3", verify: func(raw string) (person, error) {
		token, err := jwt3.ParseString(raw, jwt3.WithKeySet(set), jwt3.WithIssuer(issuer), jwt3.WithAudience(audience))
		if err != nil {
			return person{}, err
		}
		var user, groups any
		token.Get("user", &user)
		token.Get("groups", &groups)
		return personOf(user, groups)
	}}, nil
}

func personOf(user, groups any) (person, error) {
	var p person
	p.user, _ = user.(string)
	list, ok := groups.([]any)
	for _, g := range list {
		name, isText := g.(string)
		ok = ok && isText
		p.groups = append(p.groups, name)
	}
	if !ok {
		return person{}, fmt.Errorf("groups are a %T", groups)
	}
	return p, nil
}
