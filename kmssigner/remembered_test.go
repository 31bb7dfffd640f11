package kmssigner_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

// TestRemembered: a token that a verifier remembers costs no call, also where the
// backend checks signatures, and is refused as soon as its key is.
//
// Rules T8, M2, M3
func TestRemembered(t *testing.T) {
	ran := 0
	for _, spec := range []kmstest.Spec{kmstest.P256, kmstest.HMAC256} {
		another := func(t *testing.T, b *kmstest.Backend, s *kmssigner.Signer) {
			b.Point(b.Create(spec))
			refresh(t, s)
		}
		for name, tt := range map[string]struct {
			change func(t *testing.T, b *kmstest.Backend, s *kmssigner.Signer)
			asked  bool // the keys are others, so that the backend may be asked again
			want   error
		}{
			"nothing":         {func(*testing.T, *kmstest.Backend, *kmssigner.Signer) {}, false, nil},
			"a refresh":       {func(t *testing.T, _ *kmstest.Backend, s *kmssigner.Signer) { refresh(t, s) }, false, nil},
			"another key too": {another, true, nil},
			"retired, another is left": {func(t *testing.T, b *kmstest.Backend, s *kmssigner.Signer) {
				old := signs(s)
				another(t, b, s)
				s.Keys().Retire(old)
			}, false, jwks.ErrUnknownKey},
			"retired, none is left": {func(_ *testing.T, _ *kmstest.Backend, s *kmssigner.Signer) { s.Keys().Retire(signs(s)) }, false, jwks.ErrUnavailable},
			"disabled": {func(t *testing.T, b *kmstest.Backend, s *kmssigner.Signer) {
				b.Disable(s.Keys().List()[0].BackendID)
				if s.Keys().Refresh(t.Context()) == nil {
					t.Error("no error of a disabled key")
				}
			}, false, jwks.ErrUnavailable},
			"closed": {func(_ *testing.T, _ *kmstest.Backend, s *kmssigner.Signer) { s.Close() }, false, jwks.ErrUnavailable},
			"not heard of for MaxStale": {func(_ *testing.T, b *kmstest.Backend, _ *kmssigner.Signer) {
				b.Fail(kmstest.Describe, errors.New("down"))
				time.Sleep(4*time.Hour + time.Second)
			}, false, jwks.ErrUnavailable},
		} {
			for _, which := range []string{"local", "remote"} {
				ran++
				synctest.Test(t, func(t *testing.T) {
					backend := memory(spec)
					signer := newSigner(t, backend, &kmssigner.Options{Lifetime: 24 * time.Hour})
					defer signer.Close()
					v, err := claims.NewVerifier(tokenconfig.JWT{
						KeyLocation:      tokenconfig.KeySecretManager,
						SecretManagerARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x",
					}, sources(signer)[which], nil)
					if err != nil {
						t.Fatal(err)
					}
					token := must(signer.Mint(t.Context(), map[string]any{"user": "mary"}))
					if _, err := v.Verify(t.Context(), token); err != nil {
						t.Fatal(err)
					}
					tt.change(t, backend, signer)
					calls := backend.Calls()
					_, err = v.Verify(t.Context(), token)
					if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
						t.Errorf("%s, %s, %s: %v, want %v", spec, which, name, err, tt.want)
					}
					if made := since(backend, calls); made.Verify > 0 && !tt.asked {
						t.Errorf("%s, %s, %s: the backend was asked again", spec, which, name)
					}
				})
			}
		}
	}
	if ran != 32 {
		t.Errorf("%d cases, want 32", ran)
	}
}
