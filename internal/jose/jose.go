// Package jose keeps the JOSE library, github.com/lestrrat-go/jwx/v2, behind
// two functions: the thumbprint of a public key and a public key as a JWK. No
// other package imports that library, no type of it appears here, and it never
// reads input: keys are decoded, and tokens verified, elsewhere. Moving to
// another library is a change of this package.
//
// The library writes member names without escaping them (GHSA-4cf7-xm37-g63h).
// It is therefore given the names fixed here and no others.
package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

// ErrKeyType says that a key is none of *[rsa.PublicKey], *[ecdsa.PublicKey]
// and [ed25519.PublicKey], or one without a representation as a JWK. It does
// not quote the key.
var ErrKeyType = errors.New("jose: not a public key of a type that can be a JWK")

// Thumbprint returns the SHA-256 thumbprint of the key, RFC 7638.
func Thumbprint(key crypto.PublicKey) ([]byte, error) {
	k, err := public(key)
	if err != nil {
		return nil, err
	}
	return k.Thumbprint(crypto.SHA256)
}

// MarshalPublic returns the key as a JWK (RFC 7517 section 4) for signatures,
// with kid and alg unless they are empty.
func MarshalPublic(key crypto.PublicKey, kid, alg string) ([]byte, error) {
	k, err := public(key)
	if err != nil {
		return nil, err
	}
	for _, member := range [...]struct{ name, value string }{
		{jwk.KeyUsageKey, string(jwk.ForSignature)},
		{jwk.KeyIDKey, kid},
		{jwk.AlgorithmKey, alg},
	} {
		if member.value == "" {
			continue
		}
		if err := k.Set(member.name, member.value); err != nil {
			return nil, fmt.Errorf("jose: %s: %w", member.name, err)
		}
	}
	return json.Marshal(k)
}

// public hands the library public keys alone: of a private key it would write
// the private half, and at a point off its curve it may panic.
func public(key crypto.PublicKey) (jwk.Key, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k == nil || k.N == nil || k.N.Sign() <= 0 || k.E <= 0 {
			return nil, ErrKeyType
		}
	case *ecdsa.PublicKey:
		if !onCurve(k) {
			return nil, ErrKeyType
		}
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return nil, ErrKeyType
		}
	default:
		return nil, ErrKeyType
	}
	k, err := jwk.FromRaw(key)
	if err != nil {
		return nil, ErrKeyType
	}
	return k, nil
}

// onCurve reports whether k is a point of a curve of crypto/ecdsa.
func onCurve(k *ecdsa.PublicKey) bool {
	if k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
		return false
	}
	point, err := k.Bytes()
	if err != nil {
		return false
	}
	_, err = ecdsa.ParseUncompressedPublicKey(k.Curve, point)
	return err == nil
}
