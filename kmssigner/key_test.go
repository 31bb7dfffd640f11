package kmssigner_test

import (
	"crypto/dsa" //lint:ignore SA1019 a key that signs no tokens
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// TestDescriptionsRefused has what a backend may say of a key that cannot be
// right, or cannot be used.
//
// Rules M1, K4
func TestDescriptionsRefused(t *testing.T) {
	rs, es, hs := []jwks.Algorithm{jwks.RS256}, []jwks.Algorithm{jwks.ES256}, []jwks.Algorithm{jwks.HS256}
	ec, off := testkeys.P256().Public(), &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, tt := range map[string]struct {
		key    kmssigner.Key
		opts   kmssigner.Options
		reason string
	}{
		"no ID":              {kmssigner.Key{Public: ec, Algorithms: es}, kmssigner.Options{}, "gives it no ID"},
		"no algorithm":       {kmssigner.Key{ID: "a", Public: ec}, kmssigner.Options{}, "it can do none; name one"},
		"several":            {kmssigner.Key{ID: "a", Public: ec, Algorithms: []jwks.Algorithm{jwks.ES256, jwks.ES384}}, kmssigner.Options{}, "it can do ES256, ES384; name one in Options.Algorithm"},
		"another is wanted":  {rsaKey("a"), kmssigner.Options{Algorithm: jwks.ES256}, "cannot do ES256, which Options.Algorithm asks for, but RS256, RS384"},
		"unknown is wanted":  {rsaKey("a"), kmssigner.Options{Algorithm: "none"}, "cannot do none"},
		"MAC with a public":  {kmssigner.Key{ID: "a", Public: ec, Algorithms: hs}, kmssigner.Options{}, "do not belong together"},
		"public is missing":  {kmssigner.Key{ID: "a", Algorithms: rs}, kmssigner.Options{}, "do not belong together"},
		"another type":       {kmssigner.Key{ID: "a", Public: ec, Algorithms: rs}, kmssigner.Options{}, "alg: one that the key cannot do"},
		"a private key":      {kmssigner.Key{ID: "a", Public: testkeys.P256(), Algorithms: es}, kmssigner.Options{}, "of no type that signs tokens"},
		"DSA":                {kmssigner.Key{ID: "a", Public: &dsa.PublicKey{}, Algorithms: rs}, kmssigner.Options{}, "of no type that signs tokens"},
		"P-224":              {kmssigner.Key{ID: "a", Public: &ecdsa.PublicKey{Curve: elliptic.P224(), X: elliptic.P224().Params().Gx, Y: elliptic.P224().Params().Gy}, Algorithms: es}, kmssigner.Options{}, "of no type that signs tokens"},
		"off its curve":      {kmssigner.Key{ID: "a", Public: off, Algorithms: es}, kmssigner.Options{}, "public key"},
		"a short RSA key":    {kmssigner.Key{ID: "a", Public: testkeys.RSA1024().Public(), Algorithms: rs}, kmssigner.Options{}, "a modulus of 1024 bits"},
		"no modulus":         {kmssigner.Key{ID: "a", Public: &rsa.PublicKey{N: new(big.Int)}, Algorithms: rs}, kmssigner.Options{}, "public key"},
		"a long ID":          {kmssigner.Key{ID: strings.Repeat("a", 513), Public: ec, Algorithms: es}, kmssigner.Options{BackendKeyID: true}, "longer than 512 bytes"},
		"a long ID of a MAC": {kmssigner.Key{ID: strings.Repeat("a", 513), Algorithms: hs}, kmssigner.Options{BackendKeyID: true}, "longer than 512 bytes"},
	} {
		k, err := kmssigner.NewKeys(t.Context(), &stub{key: tt.key}, &tt.opts)
		if k != nil || !errors.Is(err, kmssigner.ErrKeyUnusable) || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
	down := errors.New("no route")
	if k, err := kmssigner.NewKeys(t.Context(), &stub{err: down}, nil); k != nil || !errors.Is(err, down) {
		t.Errorf("an outage: %v", err)
	}
}

// TestManyKeysWithoutKid: at most 8 keys are tried for a token without a kid.
//
// Rules K5, M1
func TestManyKeysWithoutKid(t *testing.T) {
	w := newWorld(t, kmstest.P256) // with two keys
	token := w.signed(t, `{"alg":%q}`, w.key)
	for range 6 {
		w.Point(w.Create(kmstest.P256))
		refresh(t, w.signer)
	}
	if _, err := w.signer.Keys().Verify(t.Context(), compact(t, token)); err != nil {
		t.Errorf("8 keys: %v", err)
	}
	w.Point(w.Create(kmstest.P256))
	refresh(t, w.signer)
	calls := w.Calls()
	if _, err := w.signer.Keys().Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnknownKey) || since(w.Backend, calls) != (kmstest.Calls{}) {
		t.Errorf("9 keys: %v", err)
	}
}

// TestPrinted: nothing prints keys, messages or addresses.
//
// Rule G3
func TestPrinted(t *testing.T) {
	signer := newSigner(t, memory(kmstest.P256), nil)
	key := must(signer.CryptoSigner(t.Context()))
	m := kmssigner.Message{Raw: []byte("zq7")}
	for v, want := range map[any]string{
		signer: "kmssigner.Keys(1 keys)", signer.Keys(): "kmssigner.Keys(1 keys)", signer.Keys().Remote(): "kmssigner.Keys(1 keys)",
		key: signs(signer), &m: "kmssigner.Message(3 bytes, digest of 0)",
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
		for _, got := range []string{fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%d", v), string(text), log.String()} {
			if !strings.Contains(got, want) || strings.Contains(got, "zq7") || strings.Contains(got, "(0x") {
				t.Errorf("%T: %s", v, got)
			}
		}
	}
	var none *kmssigner.Keys
	if a, b := none.RevocationBound(); a != 0 || b != 0 || none.String() != "kmssigner.Keys(0 keys)" {
		t.Errorf("nil: %v, %v, %v", a, b, none)
	}
}
