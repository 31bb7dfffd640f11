package jwks

import (
	"crypto"
	_ "crypto/sha256" // links SHA-256
	_ "crypto/sha512" // links SHA-384 and SHA-512
)

// Algorithm is the name of a signature algorithm, RFC 7518 section 3.1 and
// RFC 8037 section 3.1. The zero value is none of them.
type Algorithm string

// The algorithms. PS has a salt as long as the hash; EdDSA is Ed25519.
const (
	RS256 Algorithm = "RS256"
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256"
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
	ES256 Algorithm = "ES256"
	ES384 Algorithm = "ES384"
	ES512 Algorithm = "ES512"
	EdDSA Algorithm = "EdDSA"
	HS256 Algorithm = "HS256"
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"
)

// scheme is how an algorithm computes.
type scheme uint8

const (
	pkcs1 scheme = iota
	pss
	ecdsaSig
	eddsa
	hmacSum
)

// spec is an algorithm of this package. There is one spec per algorithm, so
// that specs compare as pointers.
type spec struct {
	name   Algorithm
	scheme scheme
	hash   crypto.Hash
	curve  string // crv of the one curve that the algorithm works on
}

var specs = [...]spec{
	{RS256, pkcs1, crypto.SHA256, ""},
	{RS384, pkcs1, crypto.SHA384, ""},
	{RS512, pkcs1, crypto.SHA512, ""},
	{PS256, pss, crypto.SHA256, ""},
	{PS384, pss, crypto.SHA384, ""},
	{PS512, pss, crypto.SHA512, ""},
	{ES256, ecdsaSig, crypto.SHA256, "P-256"},
	{ES384, ecdsaSig, crypto.SHA384, "P-384"},
	{ES512, ecdsaSig, crypto.SHA512, "P-521"},
	{EdDSA, eddsa, 0, "Ed25519"},
	{HS256, hmacSum, crypto.SHA256, ""},
	{HS384, hmacSum, crypto.SHA384, ""},
	{HS512, hmacSum, crypto.SHA512, ""},
}

// lookup returns the algorithm of that exact name, nil when there is none.
func lookup(name string) *spec {
	for i := range specs {
		if string(specs[i].name) == name {
			return &specs[i]
		}
	}
	return nil
}
