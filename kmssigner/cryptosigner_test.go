package kmssigner_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

var pssOf = func(h crypto.Hash) *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
}

// TestCryptoSigner signs messages of several sizes, hashed by either side, and
// lets the standard library verify.
//
// Rule M2
func TestCryptoSigner(t *testing.T) {
	ran := 0
	for _, tt := range []struct {
		spec kmstest.Spec
		opts []crypto.SignerOpts
	}{
		{kmstest.RSA2048, []crypto.SignerOpts{crypto.SHA256, crypto.SHA384, crypto.SHA512, pssOf(crypto.SHA256), pssOf(crypto.SHA384), &rsa.PSSOptions{SaltLength: 64, Hash: crypto.SHA512}}},
		{kmstest.P256, []crypto.SignerOpts{crypto.SHA256}},
		{kmstest.P384, []crypto.SignerOpts{crypto.SHA384}},
		{kmstest.P521, []crypto.SignerOpts{crypto.SHA512}},
		{kmstest.Ed25519, []crypto.SignerOpts{crypto.Hash(0), &ed25519.Options{}}},
	} {
		backend := memory(tt.spec)
		key, err := newSigner(t, backend, nil).CryptoSigner(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, opts := range tt.opts {
			for _, size := range []int{0, 1, kmssigner.MaxRaw, kmssigner.MaxRaw + 1, 20_000} {
				msg := []byte(strings.Repeat("m", size))
				ran++
				calls := backend.Calls()
				sig, err := key.SignMessage(rand.Reader, msg, opts)
				if tt.spec == kmstest.Ed25519 && (size > kmssigner.MaxRaw || size == 0) {
					if sig != nil || !errors.Is(err, kmssigner.ErrTooLarge) {
						t.Errorf("%s, %d bytes: %v", tt.spec, size, err)
					}
					continue
				}
				if err != nil || !verifiedBy(key.Public(), opts, msg, sig) || since(backend, calls) != (kmstest.Calls{Sign: 1}) {
					t.Errorf("%s, %v, %d bytes: %v, %+v", tt.spec, opts, size, err, since(backend, calls))
				}
				hashed := msg
				if h := opts.HashFunc(); h != 0 {
					d := h.New()
					d.Write(msg)
					hashed = d.Sum(nil)
				}
				sig, err = key.Sign(rand.Reader, hashed, opts)
				if err != nil || !verifiedBy(key.Public(), opts, msg, sig) {
					t.Errorf("%s, %v, the digest of %d bytes: %v", tt.spec, opts, size, err)
				}
			}
		}
	}
	if ran != 55 {
		t.Errorf("%d rows, want 55", ran)
	}
}

func verifiedBy(public crypto.PublicKey, opts crypto.SignerOpts, msg, sig []byte) bool {
	h := opts.HashFunc()
	var digest []byte
	if h != 0 {
		d := h.New()
		d.Write(msg)
		digest = d.Sum(nil)
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(k, h, digest, sig, pss) == nil
		}
		return rsa.VerifyPKCS1v15(k, h, digest, sig) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest, sig)
	case ed25519.PublicKey:
		return ed25519.Verify(k, msg, sig)
	}
	return false
}

// TestCryptoSignerRefuses has what the key, or this package, cannot do.
//
// Rule M2
func TestCryptoSignerRefuses(t *testing.T) {
	d32 := make([]byte, 32)
	for name, tt := range map[string]struct {
		spec   kmstest.Spec
		digest []byte
		opts   crypto.SignerOpts
		reason string
	}{
		"no options":        {kmstest.RSA2048, d32, nil, "no options"},
		"SHA-1":             {kmstest.RSA2048, make([]byte, 20), crypto.SHA1, "cannot do SHA-1 in RS"},
		"no hash":           {kmstest.RSA2048, d32, crypto.Hash(0), "cannot do"},
		"another hash":      {kmstest.P256, make([]byte, 48), crypto.SHA384, "cannot do SHA-384 in ES"},
		"a short digest":    {kmstest.RSA2048, d32[1:], crypto.SHA256, "a digest of 31 octets, want 32"},
		"a long digest":     {kmstest.P256, append(d32, 1), crypto.SHA256, "a digest of 33 octets, want 32"},
		"the longest salt":  {kmstest.RSA2048, d32, &rsa.PSSOptions{Hash: crypto.SHA256}, "SaltLength: want rsa.PSSSaltLengthEqualsHash"},
		"no hash in PSS":    {kmstest.RSA2048, d32, &rsa.PSSOptions{}, "SaltLength"},
		"unknown hash":      {kmstest.RSA2048, d32, &rsa.PSSOptions{Hash: 99, SaltLength: rsa.PSSSaltLengthEqualsHash}, "cannot do"},
		"another salt":      {kmstest.RSA2048, d32, &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256}, "SaltLength"},
		"Ed25519ph":         {kmstest.Ed25519, make([]byte, 64), &ed25519.Options{Hash: crypto.SHA512}, "want Ed25519 itself"},
		"Ed25519ctx":        {kmstest.Ed25519, d32, &ed25519.Options{Context: "x"}, "want Ed25519 itself"},
		"a hash by Ed25519": {kmstest.Ed25519, d32, crypto.SHA256, "want Ed25519 itself"},
	} {
		backend := memory(tt.spec)
		key, err := newSigner(t, backend, nil).CryptoSigner(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		calls := backend.Calls()
		if sig, err := key.Sign(nil, tt.digest, tt.opts); sig != nil || err == nil || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := key.SignMessage(nil, tt.digest, tt.opts); err == nil != strings.Contains(name, "digest") {
			t.Errorf("%s, as a message: %v", name, err)
		}
		if got := since(backend, calls); got.Sign > 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if key, err := newSigner(t, memory(kmstest.HMAC256), nil).CryptoSigner(t.Context()); key != nil || !errors.Is(err, kmssigner.ErrKeyUnusable) {
		t.Errorf("HMAC: %v", err)
	}
}

// TestCryptoSignerIsPinned: it stays with its key, and with its context.
//
// Rules M2, G5
func TestCryptoSignerIsPinned(t *testing.T) {
	for _, spec := range []kmstest.Spec{kmstest.RSA2048, kmstest.P256, kmstest.Ed25519} {
		backend := memory(spec)
		signer := newSigner(t, backend, nil)
		ctx, cancel := context.WithCancel(t.Context())
		key, err := signer.CryptoSigner(ctx)
		if err != nil {
			t.Fatal(err)
		}
		old := signs(signer)
		backend.Point(backend.Create(spec))
		refresh(t, signer)
		signer.Keys().Retire(old)
		opts := crypto.SignerOpts(crypto.SHA256)
		if spec == kmstest.Ed25519 {
			opts = crypto.Hash(0)
		}
		spoil(key.Public())
		sig, err := key.SignMessage(nil, []byte("m"), opts)
		if err != nil || !verifiedBy(key.Public(), opts, []byte("m"), sig) {
			t.Errorf("%s: %v", spec, err)
		}
		if got := fmt.Sprintf("%v %+v %#v", key, key, key); strings.Contains(got, "(0x") || !strings.Contains(got, old) {
			t.Errorf("%s: printed as %s", spec, got)
		}
		cancel()
		if sig, err := key.SignMessage(nil, []byte("m"), opts); sig != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	broken := &spoiling{memory(kmstest.P256), func(sig []byte) []byte { sig[3] ^= 1; return sig }}
	key, err := newSigner(t, broken, nil).CryptoSigner(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sig, err := key.SignMessage(nil, []byte("m"), crypto.SHA256); sig != nil || err == nil || !strings.Contains(err.Error(), "the public key does not verify") {
		t.Errorf("%v", err)
	}
}

// spoil overwrites what was handed out.
func spoil(public crypto.PublicKey) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		k.N.SetInt64(0)
	case *ecdsa.PublicKey:
		k.X = nil
	case ed25519.PublicKey:
		clear(k)
	}
}

// spoiling is a backend whose signatures are changed on their way.
type spoiling struct {
	*kmstest.Backend
	spoil func(sig []byte) []byte
}

func (s *spoiling) Sign(ctx context.Context, id string, alg jwks.Algorithm, m kmssigner.Message) ([]byte, error) {
	sig, err := s.Backend.Sign(ctx, id, alg, m)
	if err != nil {
		return nil, err
	}
	return s.spoil(sig), nil
}
