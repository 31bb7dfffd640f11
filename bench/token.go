package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

const (
	issuer   = "https://issuer.example.com/tenant"
	audience = "search"
)

var (
	algorithms = []jwks.Algorithm{jwks.RS256, jwks.ES256, jwks.EdDSA, jwks.HS256}
	keyIDs     = []string{"key-2025-a", "key-2025-b", "key-2026-a"}
	b64        = base64.RawURLEncoding
)

const inForce = 1 // of keyIDs: the key that signs

// keyRing is three keys of one algorithm, private.
type keyRing struct {
	alg  jwks.Algorithm
	keys []any // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or []byte, as keyIDs
}

func newKeyRing(alg jwks.Algorithm) (keyRing, error) {
	r := keyRing{alg: alg}
	for range keyIDs {
		key, err := newKey(alg)
		if err != nil {
			return r, err
		}
		r.keys = append(r.keys, key)
	}
	return r, nil
}

func newKey(alg jwks.Algorithm) (key any, err error) {
	switch alg {
	case jwks.RS256:
		return rsa.GenerateKey(rand.Reader, 2048)
	case jwks.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jwks.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
		return key, err
	case jwks.HS256:
		secret := make([]byte, 32)
		rand.Read(secret)
		return secret, nil
	}
	return nil, fmt.Errorf("no key for %s", alg)
}

// verifying is the key i as a verifier takes it: the public one, or the secret.
func (r keyRing) verifying(i int) any {
	if private, ok := r.keys[i].(crypto.Signer); ok {
		return private.Public()
	}
	return r.keys[i]
}

// claimSet is what a token says; the tests of the verifiers change it.
type claimSet map[string]any

// newClaims is a user in ten groups.
func newClaims(now time.Time) claimSet {
	return claimSet{
		"iss": issuer, "aud": audience, "sub": "7f3d2a60-1b7c-4c0e-9d3b-5a1f", "user": newCaller(11, 10, false).user, "groups": newCaller(11, 10, false).groups,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(12 * time.Hour).Unix(),
	}
}

func (c claimSet) with(name string, value any) claimSet {
	changed := claimSet{}
	for n, v := range c {
		changed[n] = v
	}
	changed[name] = value
	return changed
}

// sign makes a token with the key in force.
func (r keyRing) sign(c claimSet) (string, error) { return r.signWith(r.keys[inForce], c) }

func (r keyRing) signWith(key any, c claimSet) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": string(r.alg), "kid": keyIDs[inForce], "typ": "JWT"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	input := b64.EncodeToString(header) + "." + b64.EncodeToString(payload)
	signature, err := signature(key, input)
	return input + "." + b64.EncodeToString(signature), err
}

func signature(key any, input string) ([]byte, error) {
	digest := sha256.Sum256([]byte(input))
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return nil, err
		}
		both := make([]byte, 64)
		r.FillBytes(both[:32])
		s.FillBytes(both[32:])
		return both, nil
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(input)), nil
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	}
	return nil, fmt.Errorf("no signature with a %T", key)
}
