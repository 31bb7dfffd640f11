package kmssigner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// conform is the suite that both verifiers pass: the same tokens get the same
// answers.
var conform = []struct {
	name  string
	token func(t *testing.T, w *world) string
	want  error // nil for a good token
}{
	{"good", func(t *testing.T, w *world) string { return w.token }, nil},
	{"good, by the old key", func(t *testing.T, w *world) string { return w.oldToken }, nil},
	{"good, without kid", func(t *testing.T, w *world) string { return w.signed(t, `{"alg":%q}`, w.key) }, nil},
	{"by the old key, without kid", func(t *testing.T, w *world) string { return w.signed(t, `{"alg":%q}`, w.oldKey) }, nil},
	{"large", func(t *testing.T, w *world) string { return w.large(t) }, nil},
	{"another payload", func(t *testing.T, w *world) string { return withPart(w.token, 1, `{"user":"eve"}`) }, jwks.ErrSignature},
	{"another header", func(t *testing.T, w *world) string {
		return withPart(w.token, 0, fmt.Sprintf(`{"alg":%q,"kid":%q}`, w.alg, w.kid))
	}, jwks.ErrSignature},
	{"one bit of the signature", func(t *testing.T, w *world) string { return flipped(w.token, 5) }, jwks.ErrSignature},
	{"last bit of the signature", func(t *testing.T, w *world) string { return flipped(w.token, -1) }, jwks.ErrSignature},
	{"a short signature", func(t *testing.T, w *world) string { return cut(w.token, -1) }, jwks.ErrSignature},
	{"a long signature", func(t *testing.T, w *world) string { return cut(w.token, 1) }, jwks.ErrSignature},
	{"the signature of another token", func(t *testing.T, w *world) string { return swapped(w.token, w.oldToken) }, jwks.ErrSignature},
	{"the kid of the old key", func(t *testing.T, w *world) string {
		return w.signed(t, `{"alg":%q,"kid":"`+w.oldKid+`"}`, w.key)
	}, jwks.ErrSignature},
	{"an unknown kid", func(t *testing.T, w *world) string { return w.signed(t, `{"alg":%q,"kid":"other"}`, w.key) }, jwks.ErrUnknownKey},
	{"the ARN as kid", func(t *testing.T, w *world) string { return w.signed(t, `{"alg":%q,"kid":"`+w.key+`"}`, w.key) }, jwks.ErrUnknownKey},
	{"a foreign ARN as kid", func(t *testing.T, w *world) string {
		return w.signed(t, `{"alg":%q,"kid":"arn:aws:kms:eu-west-1:999999999999:key/evil"}`, w.key)
	}, jwks.ErrUnknownKey},
	{"the name as kid", func(t *testing.T, w *world) string { return w.signed(t, `{"alg":%q,"kid":"alias/tokens"}`, w.key) }, jwks.ErrUnknownKey},
	{"another case of the kid", func(t *testing.T, w *world) string {
		return w.signed(t, `{"alg":%q,"kid":"`+swapCase(w.kid)+`"}`, w.key)
	}, jwks.ErrUnknownKey},
	{"another alg", func(t *testing.T, w *world) string {
		return withPart(w.token, 0, fmt.Sprintf(`{"alg":%q,"kid":%q}`, w.otherAlg, w.kid))
	}, jwks.ErrUnknownKey},
	{"another alg, without kid", func(t *testing.T, w *world) string {
		return withPart(w.token, 0, fmt.Sprintf(`{"alg":%q}`, w.otherAlg))
	}, jwks.ErrUnknownKey},
	{"a retired key", func(t *testing.T, w *world) string { return w.retiredToken }, jwks.ErrUnknownKey},
}

// world is a signer after a rotation: it knows the key, the one before, and one
// that was retired.
type world struct {
	*kmstest.Backend
	signer                        *kmssigner.Signer
	alg, otherAlg                 jwks.Algorithm
	key, oldKey                   string // IDs
	kid, oldKid                   string
	token, oldToken, retiredToken string
}

func newWorld(t *testing.T, spec kmstest.Spec) *world {
	w := &world{Backend: memory(spec), alg: signings[spec][0]}
	w.otherAlg = jwks.RS512
	if w.alg == jwks.RS256 {
		w.otherAlg = jwks.PS256
	}
	w.signer = newSigner(t, w.Backend, nil)
	keys := w.signer.Keys()
	w.retiredToken = must(w.signer.Mint(t.Context(), map[string]any{"user": "patricia"}))
	retired := keys.List()[0].KeyID
	rotate := func() kmssigner.KeyInfo {
		w.Point(w.Create(spec))
		if err := keys.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		list := keys.List()
		return list[len(list)-1]
	}
	old := rotate()
	keys.Retire(retired) // so that the next one signs
	w.oldKey, w.oldKid = old.BackendID, old.KeyID
	w.oldToken = must(w.signer.Mint(t.Context(), map[string]any{"user": "mary"}))
	info := rotate()
	w.key, w.kid = info.BackendID, info.KeyID
	w.token = w.signed(t, `{"alg":%q,"kid":"`+w.kid+`","typ":"JWT"}`, w.key)
	return w
}

// signed lets the backend sign a token with any header, which has a place for alg.
func (w *world) signed(t *testing.T, header, id string) string {
	t.Helper()
	return w.signedPayload(t, header, id, `{"user":"mary"}`)
}

func (w *world) signedPayload(t *testing.T, header, id, payload string) string {
	t.Helper()
	input := encode(fmt.Sprintf(header, w.alg)) + "." + encode(payload)
	m := kmssigner.Message{Raw: []byte(input)}
	if len(input) > kmssigner.MaxRaw {
		m = kmssigner.Message{Digest: digest(w.alg, input)}
	}
	sig, err := w.Sign(t.Context(), id, w.alg, m)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encode(string(sig))
}

// large is a token that is signed by its digest, if it can be.
func (w *world) large(t *testing.T) string {
	n := 8000
	if w.alg == jwks.EdDSA || w.alg[0] == 'H' {
		n = 2500
	}
	return w.signedPayload(t, `{"alg":%q,"kid":"`+w.kid+`"}`, w.key, `{"user":"`+strings.Repeat("m", n)+`"}`)
}

// TestConform runs the suite with both verifiers and every kind of key, and
// counts calls: what a public key refutes, and what names no known key, causes
// none.
//
// Rules M1, M2
func TestConform(t *testing.T) {
	for _, spec := range []kmstest.Spec{kmstest.RSA2048, kmstest.P256, kmstest.P521, kmstest.Ed25519, kmstest.HMAC256} {
		w := newWorld(t, spec)
		for name, source := range sources(w.signer) {
			yes, no := 0, 0
			for _, tt := range conform {
				if spec == kmstest.HMAC256 && strings.HasSuffix(tt.name, "without kid") {
					tt.want = jwks.ErrUnknownKey // each key would cost a call
				}
				token := tt.token(t, w)
				calls := w.Calls()
				v, err := source.Verify(t.Context(), compact(t, token))
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("%s, %s, %s: %v", spec, name, tt.name, err)
				}
				made := since(w.Backend, calls)
				most := 0
				switch {
				case strings.HasSuffix(tt.name, "a short signature"), strings.HasSuffix(tt.name, "a long signature"):
				case spec == kmstest.HMAC256:
					most = 1
				case tt.want == nil && name == "remote":
					most = 1
				}
				if made.Describe != 0 || made.Sign != 0 || made.Verify > most || errors.Is(tt.want, jwks.ErrUnknownKey) && made.Verify != 0 {
					t.Errorf("%s, %s, %s: calls %+v, want at most %d of Verify", spec, name, tt.name, made, most)
				}
				if tt.want == nil {
					yes++
					if generation, err := source.Generation(); err != nil || v.Generation != generation || v.NotAfter.IsZero() {
						t.Errorf("%s, %s, %s: %+v, %v", spec, name, tt.name, v, err)
					}
				} else {
					no++
					if v != (jwks.Verified{}) {
						t.Errorf("%s, %s, %s: %+v", spec, name, tt.name, v)
					}
				}
			}
			want := 5
			if spec == kmstest.HMAC256 {
				want = 3
			}
			if yes != want || yes+no != 21 {
				t.Errorf("%s, %s: %d good and %d bad tokens, want %d, and 21 together", spec, name, yes, no, want)
			}
		}
		for _, id := range w.Asked() {
			if id != "" && !slices.Contains(w.IDs(), id) {
				t.Errorf("%s: the backend was asked for %q", spec, id)
			}
		}
	}
}

// TestNoCallWithoutToken: neither nil nor the zero JWS verifies, and neither does
// anything that no constructor made.
func TestNoCallWithoutToken(t *testing.T) {
	w := newWorld(t, kmstest.P256)
	calls := w.Calls()
	for name, source := range sources(w.signer) {
		for _, j := range []*jwks.JWS{nil, {}} {
			if _, err := source.Verify(t.Context(), j); !errors.Is(err, jwks.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if got := since(w.Backend, calls); got != (kmstest.Calls{}) {
		t.Errorf("%+v", got)
	}
	var keys *kmssigner.Keys
	var remote *kmssigner.RemoteKeys
	for name, source := range map[string]jwks.Source{
		"nil keys": keys, "zero keys": &kmssigner.Keys{}, "nil remote": remote, "zero remote": &kmssigner.RemoteKeys{}, "remote of nil": keys.Remote(),
	} {
		_, err := source.Verify(t.Context(), compact(t, w.token))
		_, err2 := source.Generation()
		if !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err2, jwks.ErrUnavailable) {
			t.Errorf("%s: %v, %v", name, err, err2)
		}
	}
	keys.Close()
	if keys.List() != nil || keys.Set() != nil || keys.Retire("x") || keys.Refresh(t.Context()) == nil || keys.Health().LastError == nil {
		t.Error("nil keys do something")
	}
	var signer *kmssigner.Signer
	signer.Close()
	for _, s := range []*kmssigner.Signer{signer, {}} {
		_, err := s.Mint(t.Context(), map[string]any{})
		_, err2 := s.Sign(t.Context(), nil)
		_, err3 := s.CryptoSigner(t.Context())
		for _, err := range []error{err, err2, err3} {
			if !errors.Is(err, jwks.ErrUnavailable) {
				t.Errorf("%v", err)
			}
		}
	}
}

// TestExpired: the time of a token is not the verifiers' business, but that of
// claims, whichever of them it is given.
//
// Rule M1
func TestExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, spec := range []kmstest.Spec{kmstest.P256, kmstest.HMAC256} {
			signer := newSigner(t, memory(spec), &kmssigner.Options{Lifetime: time.Minute})
			token := must(signer.Mint(t.Context(), map[string]any{"user": "mary", "groups": []string{"AWS-SA"}}))
			for _, wait := range []time.Duration{0, 89 * time.Second, time.Second} {
				time.Sleep(wait)
				for name, source := range sources(signer) {
					_, err := scope(t, source, token)
					if good := wait != time.Second; good != (err == nil) || !good && !errors.Is(err, tokenacl.ErrUnauthenticated) {
						t.Errorf("%s, %s, after %v: %v", spec, name, wait, err)
					}
				}
			}
			signer.Close()
		}
	})
}

// TestCannotTell: what the backend says of itself is not said of the token.
//
// Rules M1, G1
func TestCannotTell(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want error
	}{
		"an outage": {errors.New("no route"), jwks.ErrUnavailable},
		"denied":    {fmt.Errorf("%w: kms:Verify", kmssigner.ErrAccessDenied), jwks.ErrUnavailable},
		"context":   {context.DeadlineExceeded, jwks.ErrUnavailable},
		"refuted":   {jwks.ErrSignature, jwks.ErrSignature},
		"disabled":  {fmt.Errorf("%w: disabled", kmssigner.ErrKeyUnusable), jwks.ErrUnknownKey},
	} {
		for _, spec := range []kmstest.Spec{kmstest.P256, kmstest.HMAC256} {
			w := newWorld(t, spec)
			w.Fail(kmstest.Verify, tt.err)
			_, err := w.signer.Keys().Remote().Verify(t.Context(), compact(t, w.token))
			if !errors.Is(err, tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("%s, %s: %v", spec, name, err)
			}
			for _, other := range []error{jwks.ErrUnavailable, jwks.ErrSignature, jwks.ErrUnknownKey} {
				if other != tt.want && errors.Is(err, other) {
					t.Errorf("%s, %s: also %v", spec, name, other)
				}
			}
		}
	}
}

// TestDisabledWhileVerifying: a key that the backend calls unusable is dropped
// for both verifiers, and when none is left nothing can be told of a token.
//
// Rules M3, G1
func TestDisabledWhileVerifying(t *testing.T) {
	backend := memory(kmstest.P256)
	signer := newSigner(t, backend, nil)
	token := must(signer.Mint(t.Context(), map[string]any{}))
	backend.Disable(signer.Keys().List()[0].BackendID)
	if _, err := signer.Keys().Verify(t.Context(), compact(t, token)); err != nil {
		t.Errorf("before anybody knows: %v", err)
	}
	for range 2 {
		for name, source := range map[string]jwks.Source{"remote": signer.Keys().Remote(), "local": signer.Keys()} {
			if name == "local" {
				continue
			}
			if _, err := source.Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := signer.Keys().Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnavailable) {
			t.Errorf("local: %v", err)
		}
	}
	if _, err := signer.Mint(t.Context(), map[string]any{}); !errors.Is(err, jwks.ErrUnavailable) {
		t.Errorf("signing: %v", err)
	}
}
