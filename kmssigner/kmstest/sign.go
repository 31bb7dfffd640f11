package kmstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // links SHA-256
	_ "crypto/sha512" // links SHA-384 and SHA-512
	"errors"
	"fmt"
	"math/big"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

// hashOf returns the hash of an algorithm other than EdDSA.
func hashOf(alg jwks.Algorithm) crypto.Hash {
	switch alg[2:] {
	case "256":
		return crypto.SHA256
	case "384":
		return crypto.SHA384
	}
	return crypto.SHA512
}

func takesDigest(alg jwks.Algorithm) bool { return alg != jwks.EdDSA && alg[0] != 'H' }

// check refuses what AWS KMS refuses.
func (k *memoryKey) check(alg jwks.Algorithm, m kmssigner.Message) error {
	switch {
	case !k.spec.can(alg):
		return fmt.Errorf("kmstest: %w: a key of spec %s cannot do this algorithm", kmssigner.ErrKeyUnusable, k.spec)
	case (len(m.Raw) == 0) == (len(m.Digest) == 0):
		return errors.New("kmstest: Message: want either Raw or Digest")
	case len(m.Raw) > kmssigner.MaxRaw:
		return fmt.Errorf("kmstest: Message: Raw: %d bytes, want at most %d", len(m.Raw), kmssigner.MaxRaw)
	case len(m.Digest) > 0 && !takesDigest(alg):
		return errors.New("kmstest: Message: Digest: EdDSA and HMAC take none")
	case len(m.Digest) > 0 && len(m.Digest) != hashOf(alg).Size():
		return fmt.Errorf("kmstest: Message: Digest: %d octets, want %d", len(m.Digest), hashOf(alg).Size())
	}
	return nil
}

// digest returns that of m.
func digest(alg jwks.Algorithm, m kmssigner.Message) []byte {
	if len(m.Digest) > 0 {
		return m.Digest
	}
	h := hashOf(alg).New()
	h.Write(m.Raw)
	return h.Sum(nil)
}

func pss(alg jwks.Algorithm) *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hashOf(alg)}
}

func (k *memoryKey) sign(alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	switch key := k.signer.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, m.Raw), nil
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest(alg, m))
		if err != nil {
			return nil, err
		}
		size := (key.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
	case *rsa.PrivateKey:
		if alg[0] == 'P' {
			return key.Sign(rand.Reader, digest(alg, m), pss(alg))
		}
		return key.Sign(rand.Reader, digest(alg, m), hashOf(alg))
	}
	return k.mac(alg, m), nil
}

func (k *memoryKey) mac(alg jwks.Algorithm, m kmssigner.Message) []byte {
	h := hmac.New(hashOf(alg).New, k.secret)
	h.Write(m.Raw)
	return h.Sum(nil)
}

func (k *memoryKey) verifies(alg jwks.Algorithm, m kmssigner.Message, signature []byte) bool {
	switch key := k.signer.(type) {
	case ed25519.PrivateKey:
		return ed25519.Verify(key.Public().(ed25519.PublicKey), m.Raw, signature)
	case *ecdsa.PrivateKey:
		size := (key.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(&key.PublicKey, digest(alg, m), r, s)
	case *rsa.PrivateKey:
		if alg[0] == 'P' {
			return rsa.VerifyPSS(&key.PublicKey, hashOf(alg), digest(alg, m), signature, pss(alg)) == nil
		}
		return rsa.VerifyPKCS1v15(&key.PublicKey, hashOf(alg), digest(alg, m), signature) == nil
	}
	return hmac.Equal(k.mac(alg, m), signature)
}
