// Package testkeys has fixed keys and a signer for tests.
//
// The keys are public: anybody who has this source code has them. They must
// never be trusted by anything but a test. Using the same keys in every run
// makes failures repeatable and saves the time to generate them.
//
// [Sign] makes a compact JWS from any header and payload, well-formed or not,
// so that a test can say exactly what a hostile issuer would send. Everything
// here panics on a mistake of the caller.
package testkeys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"
)

var (
	rsa2048  = load[*rsa.PrivateKey](rsa2048PEM)
	rsa2048B = load[*rsa.PrivateKey](rsa2048BPEM)
	rsa3072  = load[*rsa.PrivateKey](rsa3072PEM)
	rsa1024  = load[*rsa.PrivateKey](rsa1024PEM)
	p256     = load[*ecdsa.PrivateKey](p256PEM)
	p384     = load[*ecdsa.PrivateKey](p384PEM)
	p521     = load[*ecdsa.PrivateKey](p521PEM)
	ed       = load[ed25519.PrivateKey](ed25519PEM)
)

// RSA2048 returns an RSA key of 2048 bits. The keys of this package are shared:
// do not write to them.
func RSA2048() *rsa.PrivateKey { return rsa2048() }

// RSA2048B returns another RSA key of 2048 bits.
func RSA2048B() *rsa.PrivateKey { return rsa2048B() }

// RSA3072 returns an RSA key of 3072 bits.
func RSA3072() *rsa.PrivateKey { return rsa3072() }

// RSA1024 returns an RSA key that is too short to be accepted.
func RSA1024() *rsa.PrivateKey { return rsa1024() }

// P256 returns an ECDSA key for ES256.
func P256() *ecdsa.PrivateKey { return p256() }

// P384 returns an ECDSA key for ES384.
func P384() *ecdsa.PrivateKey { return p384() }

// P521 returns an ECDSA key for ES512.
func P521() *ecdsa.PrivateKey { return p521() }

// Ed25519 returns a key for EdDSA.
func Ed25519() ed25519.PrivateKey { return ed() }

// HMAC returns n octets, a copy: 32, 48 and 64 are the shortest keys for HS256,
// HS384 and HS512. The octets are text, so that a test can search for them.
func HMAC(n int) []byte {
	const unit = "TESTING-KEY-worth-nothing."
	return []byte(strings.Repeat(unit, n/len(unit)+1)[:n])
}

// load parses a key at its first use: a test pays for the keys it needs.
func load[K any](text string) func() K {
	return sync.OnceValue(func() K {
		block, _ := pem.Decode([]byte(strings.ReplaceAll(text, "TESTING KEY", "PRIVATE KEY")))
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		must(err)
		return key.(K)
	})
}

func must(err error) {
	if err != nil {
		panic("testkeys: " + err.Error())
	}
}
