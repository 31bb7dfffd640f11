package awskms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/tokenacl/tokenacl/jwks"
)

// signing has the signing algorithms of KMS that tokens have a name for (AWS KMS
// Developer Guide, Key spec reference). The third column is how many octets r, and
// s, have by ECDSA.
var signing = map[jwks.Algorithm]struct {
	alg  types.SigningAlgorithmSpec
	size int
}{
	jwks.RS256: {types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, 0},
	jwks.RS384: {types.SigningAlgorithmSpecRsassaPkcs1V15Sha384, 0},
	jwks.RS512: {types.SigningAlgorithmSpecRsassaPkcs1V15Sha512, 0},
	jwks.PS256: {types.SigningAlgorithmSpecRsassaPssSha256, 0},
	jwks.PS384: {types.SigningAlgorithmSpecRsassaPssSha384, 0},
	jwks.PS512: {types.SigningAlgorithmSpecRsassaPssSha512, 0},
	jwks.ES256: {types.SigningAlgorithmSpecEcdsaSha256, 32},
	jwks.ES384: {types.SigningAlgorithmSpecEcdsaSha384, 48},
	jwks.ES512: {types.SigningAlgorithmSpecEcdsaSha512, 66},
	jwks.EdDSA: {types.SigningAlgorithmSpecEd25519Sha512, 0},
}

var macs = map[jwks.Algorithm]types.MacAlgorithmSpec{
	jwks.HS256: types.MacAlgorithmSpecHmacSha256,
	jwks.HS384: types.MacAlgorithmSpecHmacSha384,
	jwks.HS512: types.MacAlgorithmSpecHmacSha512,
}

var rsaAlgorithms = []jwks.Algorithm{jwks.RS256, jwks.RS384, jwks.RS512, jwks.PS256, jwks.PS384, jwks.PS512}

// specs has what a key of each spec does, and whether a public key is of it.
var specs = map[types.KeySpec]struct {
	usage types.KeyUsageType
	algs  []jwks.Algorithm
	is    func(crypto.PublicKey) bool // nil for HMAC
}{
	types.KeySpecRsa2048:             {types.KeyUsageTypeSignVerify, rsaAlgorithms, isRSA(2048)},
	types.KeySpecRsa3072:             {types.KeyUsageTypeSignVerify, rsaAlgorithms, isRSA(3072)},
	types.KeySpecRsa4096:             {types.KeyUsageTypeSignVerify, rsaAlgorithms, isRSA(4096)},
	types.KeySpecEccNistP256:         {types.KeyUsageTypeSignVerify, []jwks.Algorithm{jwks.ES256}, isEC(elliptic.P256())},
	types.KeySpecEccNistP384:         {types.KeyUsageTypeSignVerify, []jwks.Algorithm{jwks.ES384}, isEC(elliptic.P384())},
	types.KeySpecEccNistP521:         {types.KeyUsageTypeSignVerify, []jwks.Algorithm{jwks.ES512}, isEC(elliptic.P521())},
	types.KeySpecEccNistEdwards25519: {types.KeyUsageTypeSignVerify, []jwks.Algorithm{jwks.EdDSA}, isEd25519},
	types.KeySpecHmac256:             {types.KeyUsageTypeGenerateVerifyMac, []jwks.Algorithm{jwks.HS256}, nil},
	types.KeySpecHmac384:             {types.KeyUsageTypeGenerateVerifyMac, []jwks.Algorithm{jwks.HS384}, nil},
	types.KeySpecHmac512:             {types.KeyUsageTypeGenerateVerifyMac, []jwks.Algorithm{jwks.HS512}, nil},
}

func isRSA(bits int) func(crypto.PublicKey) bool {
	return func(key crypto.PublicKey) bool {
		k, ok := key.(*rsa.PublicKey)
		return ok && k.N.BitLen() == bits
	}
}

func isEC(curve elliptic.Curve) func(crypto.PublicKey) bool {
	return func(key crypto.PublicKey) bool {
		k, ok := key.(*ecdsa.PublicKey)
		return ok && k.Curve == curve
	}
}

func isEd25519(key crypto.PublicKey) bool {
	_, ok := key.(ed25519.PublicKey)
	return ok
}
