package main

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

type golangClaims struct {
	jwt.RegisteredClaims
	User   string   `json:"user"`
	Groups []string `json:"groups"`
}

func newGolangJWT(r keyRing) (verifier, error) {
	keys := map[string]any{}
	for i, id := range keyIDs {
		keys[id] = r.verifying(i)
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{string(r.alg)}), jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithStrictDecoding())
	find := func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		key, ok := keys[id]
		if !ok {
			return nil, errors.New("unknown key")
		}
		return key, nil
	}
	return verifier{name: "golang-jwt", verify: func(raw string) (person, error) {
		var c golangClaims
		if _, err := parser.ParseWithClaims(raw, &c, find); err != nil {
			return person{}, err
		}
		return person{c.User, c.Groups}, nil
	}}, nil
}
