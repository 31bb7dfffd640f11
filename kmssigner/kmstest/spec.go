package kmstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"sync"

	"github.com/tokenacl/tokenacl/jwks"
)

// Spec is the kind of a key, by AWS's name of its key spec.
type Spec string

// The specs of keys that sign tokens.
const (
	RSA2048 Spec = "RSA_2048"
	RSA3072 Spec = "RSA_3072"
	RSA4096 Spec = "RSA_4096"
	P256    Spec = "ECC_NIST_P256"
	P384    Spec = "ECC_NIST_P384"
	P521    Spec = "ECC_NIST_P521"
	Ed25519 Spec = "ECC_NIST_EDWARDS25519"
	HMAC256 Spec = "HMAC_256"
	HMAC384 Spec = "HMAC_384"
	HMAC512 Spec = "HMAC_512"
)

// Specs returns all of them.
func Specs() []Spec {
	return []Spec{RSA2048, RSA3072, RSA4096, P256, P384, P521, Ed25519, HMAC256, HMAC384, HMAC512}
}

// Algorithms returns what a key of this spec can do, none for a spec that is not
// one of these.
func (s Spec) Algorithms() []jwks.Algorithm {
	switch s {
	case RSA2048, RSA3072, RSA4096:
		return []jwks.Algorithm{jwks.RS256, jwks.RS384, jwks.RS512, jwks.PS256, jwks.PS384, jwks.PS512}
	case P256:
		return []jwks.Algorithm{jwks.ES256}
	case P384:
		return []jwks.Algorithm{jwks.ES384}
	case P521:
		return []jwks.Algorithm{jwks.ES512}
	case Ed25519:
		return []jwks.Algorithm{jwks.EdDSA}
	case HMAC256:
		return []jwks.Algorithm{jwks.HS256}
	case HMAC384:
		return []jwks.Algorithm{jwks.HS384}
	case HMAC512:
		return []jwks.Algorithm{jwks.HS512}
	}
	return nil
}

func (s Spec) can(alg jwks.Algorithm) bool { return slices.Contains(s.Algorithms(), alg) }

// rsaKeys are the RSA keys made in this process. They take long to make, so that
// the nth key of each backend is the same one.
var rsaKeys = pool{keys: map[[2]int]*rsa.PrivateKey{}}

type pool struct {
	mu   sync.Mutex
	keys map[[2]int]*rsa.PrivateKey
}

func (p *pool) get(bits, n int) (*rsa.PrivateKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	which := [2]int{bits, n}
	if k := p.keys[which]; k != nil {
		return k, nil
	}
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err == nil {
		p.keys[which] = k
	}
	return k, err
}

// bits of RSA keys, and octets of HMAC keys.
var sizes = map[Spec]int{RSA2048: 2048, RSA3072: 3072, RSA4096: 4096, HMAC256: 32, HMAC384: 48, HMAC512: 64}

var curves = map[Spec]elliptic.Curve{P256: elliptic.P256(), P384: elliptic.P384(), P521: elliptic.P521()}

// generate makes the nth key of a backend: a crypto.Signer, or the octets of an
// HMAC key.
func (s Spec) generate(n int) (signer crypto.Signer, secret []byte, err error) {
	switch s {
	case RSA2048, RSA3072, RSA4096:
		signer, err = rsaKeys.get(sizes[s], n)
	case P256, P384, P521:
		signer, err = ecdsa.GenerateKey(curves[s], rand.Reader)
	case Ed25519:
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	case HMAC256, HMAC384, HMAC512:
		secret = make([]byte, sizes[s])
		_, err = rand.Read(secret)
	}
	return signer, secret, err
}
