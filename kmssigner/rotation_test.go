package kmssigner_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// The times of the default options.
const (
	reachable = 5*time.Minute + 30*time.Second + 10*time.Second
	ahead     = 5*time.Minute + reachable
	outlives  = 4*time.Hour + ahead + time.Hour + 30*time.Second
)

// TestRotation drives two processes through a rotation that an operator begins by
// pointing the alias at a new key, with default options and nothing but time.
//
// Rule M3
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		opts := &kmssigner.Options{MaxStale: 6 * time.Minute}
		one := newSigner(t, backend, opts)
		defer one.Close()
		time.Sleep(time.Minute)
		two := newSigner(t, backend, opts)
		defer two.Close()
		old := signs(one)

		rotated := time.Now()
		backend.Point(backend.Create(kmstest.P256))
		type minted struct {
			token string
			at    time.Time
		}
		var tokens []minted
		changed := map[*kmssigner.Signer]time.Time{}
		for time.Since(rotated) < 3*time.Hour {
			for _, s := range []*kmssigner.Signer{one, two} {
				if signs(s) != old && changed[s].IsZero() {
					changed[s] = time.Now()
				}
				tokens = append(tokens, minted{must(s.Mint(t.Context(), map[string]any{"user": "mary"})), time.Now()})
			}
			// every token of either verifies at both, locally and remotely, as
			// long as it is good
			for i, token := range tokens {
				age := time.Since(token.at)
				if age > time.Hour+30*time.Second || i%7 != 0 && age > time.Minute && age < time.Hour {
					continue
				}
				for _, s := range []*kmssigner.Signer{one, two} {
					for name, source := range sources(s) {
						if _, err := source.Verify(t.Context(), compact(t, token.token)); err != nil {
							t.Fatalf("%v after the rotation, a token of age %v, %s: %v", time.Since(rotated), age, name, err)
						}
					}
				}
			}
			time.Sleep(50 * time.Second)
		}
		for _, s := range []*kmssigner.Signer{one, two} {
			after := changed[s].Sub(rotated)
			if after < ahead || after > ahead+reachable+50*time.Second {
				t.Errorf("the new key signs %v after the rotation", after)
			}
			if list := s.Keys().List(); len(list) != 1 || list[0].KeyID == old || !list[0].Signs || !list[0].NotAfter.IsZero() {
				t.Errorf("at the end: %+v", list)
			}
		}
	})
}

// TestRotationToTheSecond follows the steps with Refresh, and looks just before
// and at each of them.
//
// Rule M3
func TestRotationToTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		keys := signer.Keys()
		old := signs(signer)
		oldToken := must(signer.Mint(t.Context(), map[string]any{}))
		generation := must(keys.Generation())

		backend.Point(backend.Create(kmstest.P256))
		if err := keys.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list := keys.List(); len(list) != 2 || keys.Set().Len() != 2 || !list[0].Signs || list[1].Signs || !list[0].NotAfter.Equal(time.Now().Add(outlives)) {
			t.Errorf("published at once: %+v", list)
		}
		if again := must(keys.Generation()); again == generation {
			t.Error("the generation is that of before")
		}
		time.Sleep(ahead - time.Nanosecond)
		if got := signs(signer); got != old {
			t.Errorf("%s signs before its time", got)
		}
		time.Sleep(time.Nanosecond)
		token := must(signer.Mint(t.Context(), map[string]any{}))
		if got := signs(signer); got == old {
			t.Error("the old key signs after its time")
		}
		time.Sleep(outlives - ahead - time.Nanosecond)
		for name, source := range sources(signer) {
			v, err := source.Verify(t.Context(), compact(t, oldToken))
			if err != nil || !v.NotAfter.Equal(time.Now().Add(1)) {
				t.Errorf("%s: %+v, %v", name, v, err)
			}
		}
		time.Sleep(time.Nanosecond)
		for name, source := range sources(signer) {
			if _, err := source.Verify(t.Context(), compact(t, oldToken)); !errors.Is(err, jwks.ErrUnknownKey) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := source.Verify(t.Context(), compact(t, token)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if keys.Set().Len() != 1 || len(keys.List()) != 1 {
			t.Errorf("the old key is published: %v", keys.List())
		}
	})
}

// TestOldKeyUnusable: when the old key cannot sign any more, the new one does at
// once, also when nobody asked what the alias stands for.
//
// Rule M3
func TestOldKeyUnusable(t *testing.T) {
	for name, spoil := range map[string]func(b *kmstest.Backend, id string){
		"disabled": func(b *kmstest.Backend, id string) { b.Disable(id) },
		"deleted":  func(b *kmstest.Backend, id string) { b.ScheduleDeletion(id) },
		"denied": func(b *kmstest.Backend, id string) {
			b.FailKey(id, kmstest.Sign, fmt.Errorf("%w: kms:Sign", kmssigner.ErrAccessDenied))
		},
	} {
		for _, known := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				backend := memory(kmstest.P256)
				signer := newSigner(t, backend, nil)
				defer signer.Close()
				old := signer.Keys().List()[0]
				oldToken := must(signer.Mint(t.Context(), map[string]any{}))
				time.Sleep(11 * time.Second) // a refresh is allowed
				backend.Point(backend.Create(kmstest.P256))
				if known {
					if err := signer.Keys().Refresh(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				spoil(backend, old.BackendID)
				token, err := signer.Mint(t.Context(), map[string]any{})
				if err != nil || signs(signer) == old.KeyID {
					t.Fatalf("%s, known: %t: %v", name, known, err)
				}
				_, err = signer.Keys().Verify(t.Context(), compact(t, token))
				_, err2 := signer.Keys().Verify(t.Context(), compact(t, oldToken))
				if err != nil || (err2 == nil) != (name == "denied") {
					t.Errorf("%s, known: %t: the new token: %v, the old one: %v", name, known, err, err2)
				}
			})
		}
	}
}

// TestNoSuccessor: without one, the error is that of the backend, and it is not
// asked at every token.
//
// Rule M3
func TestNoSuccessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		time.Sleep(time.Minute)
		denied := fmt.Errorf("%w: kms:Sign", kmssigner.ErrAccessDenied)
		backend.Fail(kmstest.Sign, denied)
		calls := backend.Calls()
		for range 20 {
			if _, err := signer.Mint(t.Context(), map[string]any{}); !errors.Is(err, kmssigner.ErrAccessDenied) {
				t.Errorf("%v", err)
			}
		}
		if got := since(backend, calls); got != (kmstest.Calls{Describe: 1, Sign: 20}) {
			t.Errorf("%+v", got)
		}
		backend.Fail(kmstest.Sign, nil)
		if _, err := signer.Mint(t.Context(), map[string]any{}); err != nil {
			t.Errorf("allowed again: %v", err)
		}
	})
}

// TestPointedBack: an alias that returns to the key that still signs changes
// nothing, and what was to come never signs.
//
// Rule M3
func TestPointedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		first := signer.Keys().List()[0]
		backend.Point(backend.Create(kmstest.P256))
		refresh(t, signer)
		backend.Point(first.BackendID)
		refresh(t, signer)
		list := signer.Keys().List()
		if len(list) != 2 || list[1].KeyID != first.KeyID || !list[1].Signs || !list[1].NotAfter.IsZero() || list[0].NotAfter.IsZero() {
			t.Errorf("%+v", list)
		}
		for range 400 {
			time.Sleep(time.Minute)
			if signs(signer) != first.KeyID {
				t.Fatal("the mistaken key signs")
			}
		}
		if list := signer.Keys().List(); len(list) != 1 {
			t.Errorf("%+v", list)
		}
	})
}

// TestTrustedKeys: a fresh process learns old keys by their IDs, for as long as a
// key that is replaced then.
//
// Rule M3
func TestTrustedKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		before := newSigner(t, backend, nil)
		old := before.Keys().List()[0]
		oldToken := must(before.Mint(t.Context(), map[string]any{}))
		before.Close()
		current := backend.Create(kmstest.P256)
		backend.Point(current)
		gone := backend.Create(kmstest.P256)
		backend.Disable(gone)

		ignorant := newSigner(t, backend, nil)
		defer ignorant.Close()
		if _, err := ignorant.Keys().Verify(t.Context(), compact(t, oldToken)); !errors.Is(err, jwks.ErrUnknownKey) {
			t.Errorf("without TrustedKeys: %v", err)
		}
		ids := []string{gone, old.BackendID, current, old.BackendID}
		fresh := newSigner(t, backend, &kmssigner.Options{TrustedKeys: ids})
		defer fresh.Close()
		ids[1] = "changed later"
		list := fresh.Keys().List()
		if len(list) != 2 || list[0].KeyID != old.KeyID || list[0].Signs || !list[0].NotAfter.Equal(time.Now().Add(outlives)) || !list[1].Signs || list[1].BackendID != current {
			t.Errorf("%+v", list)
		}
		if _, err := fresh.Keys().Verify(t.Context(), compact(t, oldToken)); err != nil {
			t.Error(err)
		}
		stranger := &stub{key: rsaKey("arn")}
		if _, err := kmssigner.New(t.Context(), stranger, &kmssigner.Options{TrustedKeys: []string{"alias/old"}}); err == nil || !strings.Contains(err.Error(), "TrustedKeys[0]") {
			t.Errorf("an alias is trusted: %v", err)
		}
		backend.FailKey(old.BackendID, kmstest.Describe, errors.New("no route"))
		if s, err := kmssigner.New(t.Context(), backend, &kmssigner.Options{TrustedKeys: []string{old.BackendID}}); s != nil || err == nil {
			t.Errorf("a key that nothing is known of: %v", err)
		}
		backend.FailKey(old.BackendID, kmstest.Describe, nil)
		time.Sleep(outlives)
		if list := fresh.Keys().List(); len(list) != 1 {
			t.Errorf("%+v", list)
		}
	})
}

// TestRetire drops a key at once and for good: an old one, the one that signs,
// and one that is not known yet.
//
// Rule M3
func TestRetire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		keys := signer.Keys()
		first := keys.List()[0]
		token := must(signer.Mint(t.Context(), map[string]any{}))
		backend.Point(backend.Create(kmstest.P256))
		refresh(t, signer)
		if !keys.Retire(first.KeyID) || keys.Retire(first.KeyID) || keys.Retire("unknown") {
			t.Error("Retire tells the wrong thing")
		}
		for name, source := range sources(signer) {
			if _, err := source.Verify(t.Context(), compact(t, token)); !errors.Is(err, jwks.ErrUnknownKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if second := keys.List(); len(second) != 1 || !second[0].Signs || keys.Set().Len() != 1 {
			t.Errorf("%+v", second)
		}
		backend.Point(first.BackendID) // a retired key does not come back
		refresh(t, signer)
		if list := keys.List(); len(list) != 1 || list[0].KeyID == first.KeyID {
			t.Errorf("%+v", list)
		}
		keys.Retire(keys.List()[0].KeyID)
		_, err := signer.Mint(t.Context(), map[string]any{})
		_, err2 := keys.Generation()
		if !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err2, jwks.ErrUnavailable) || keys.Set() != nil {
			t.Errorf("with no key left: %v, %v", err, err2)
		}
	})
}

// TestRevocationBound disables a key, and looks whether it verifies just before
// and at the bound, with the backend within reach and out of it.
//
// Rule M3
func TestRevocationBound(t *testing.T) {
	for _, within := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			backend := memory(kmstest.P256)
			signer := newSigner(t, backend, nil)
			defer signer.Close()
			bound, whatever := signer.Keys().RevocationBound()
			if bound != reachable || whatever != 4*time.Hour {
				t.Fatalf("%v, %v", bound, whatever)
			}
			token := must(signer.Mint(t.Context(), map[string]any{}))
			backend.Disable(signer.Keys().List()[0].BackendID)
			verifies := func() bool {
				_, err := signer.Keys().Verify(t.Context(), compact(t, token))
				if err != nil && !errors.Is(err, jwks.ErrUnavailable) {
					t.Errorf("%v", err)
				}
				return err == nil
			}
			if !within {
				backend.Fail(kmstest.Describe, errors.New("no route"))
				bound = whatever
				time.Sleep(bound - time.Nanosecond)
				if !verifies() {
					t.Error("refused before MaxStale")
				}
				time.Sleep(time.Nanosecond)
			} else {
				time.Sleep(5*time.Minute - time.Nanosecond)
				if !verifies() {
					t.Error("refused before anybody could know")
				}
				time.Sleep(bound - 5*time.Minute + time.Nanosecond)
			}
			if verifies() {
				t.Errorf("within reach %t: verifies %v after it was disabled", within, bound)
			}
			if within {
				return
			}
			if _, err := signer.Mint(t.Context(), map[string]any{}); err == nil {
				t.Error("signs with a key that nothing is known of")
			}
			if keys := signer.Keys(); keys.Set() != nil || keys.List() != nil {
				t.Error("publishes a key that nothing is known of")
			}
		})
	}
}

// TestRefreshFails: an outage drops nothing, tells its reason, and is over when
// the backend is back. An unknown kid is not refused meanwhile.
//
// Rules M3, G1
func TestRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		keys := signer.Keys()
		token := must(signer.Mint(t.Context(), map[string]any{}))
		stranger := must(newSigner(t, memory(kmstest.P256), nil).Mint(t.Context(), map[string]any{}))
		outage := errors.New("no route")
		backend.Fail(kmstest.Describe, outage)
		if err := keys.Refresh(t.Context()); !errors.Is(err, outage) {
			t.Errorf("%v", err)
		}
		if h := keys.Health(); !errors.Is(h.LastError, outage) || h.Fetches != 2 || h.Generation == 0 {
			t.Errorf("%+v", h)
		}
		if _, err := keys.Verify(t.Context(), compact(t, token)); err != nil {
			t.Error(err)
		}
		if _, err := keys.Verify(t.Context(), compact(t, stranger)); !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err, outage) {
			t.Errorf("an unknown kid: %v", err)
		}
		time.Sleep(reachable)
		backend.Fail(kmstest.Describe, nil)
		time.Sleep(11*time.Second + time.Millisecond) // it tries again sooner than it refreshes
		synctest.Wait()
		if h := keys.Health(); h.LastError != nil || time.Since(h.LastSuccess) > reachable {
			t.Errorf("%+v", h)
		}
		if _, err := keys.Verify(t.Context(), compact(t, stranger)); !errors.Is(err, jwks.ErrUnknownKey) {
			t.Errorf("an unknown kid: %v", err)
		}
		backend.Hang(kmstest.Describe, true)
		began := time.Now()
		if err := keys.Refresh(t.Context()); err == nil || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		backend.Hang(kmstest.Describe, false)
	})
}

// TestNewKeyRefused: when the alias is pointed at a key that does not fit, the
// old one stays, and the reason is told.
//
// Rule M3
func TestNewKeyRefused(t *testing.T) {
	backend := memory(kmstest.RSA2048)
	signer := newSigner(t, backend, &kmssigner.Options{Algorithm: jwks.PS384})
	old := signs(signer)
	for _, spec := range []kmstest.Spec{kmstest.P256, kmstest.HMAC256} {
		backend.Point(backend.Create(spec))
		if err := signer.Keys().Refresh(t.Context()); !errors.Is(err, kmssigner.ErrKeyUnusable) {
			t.Errorf("%s: %v", spec, err)
		}
		if list := signer.Keys().List(); len(list) != 1 || list[0].KeyID != old || !list[0].Signs {
			t.Errorf("%s: %+v", spec, list)
		}
	}
	if _, err := signer.Mint(t.Context(), map[string]any{}); err != nil {
		t.Error(err)
	}
	backend.Disable(signer.Keys().List()[0].BackendID)
	if err := signer.Keys().Refresh(t.Context()); err == nil || len(signer.Keys().List()) != 0 {
		t.Errorf("disabled as well: %v, %v", err, signer.Keys().List())
	}
}

// TestRotationToAnotherKind goes from a public key to HMAC and back: each token
// is verified by its own key.
//
// Rules M1, M3
func TestRotationToAnotherKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.RSA2048)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		var tokens []string
		for _, spec := range []kmstest.Spec{kmstest.HMAC384, kmstest.Ed25519, kmstest.P521} {
			tokens = append(tokens, must(signer.Mint(t.Context(), map[string]any{})))
			backend.Point(backend.Create(spec))
			refresh(t, signer)
			time.Sleep(ahead)
		}
		tokens = append(tokens, must(signer.Mint(t.Context(), map[string]any{})))
		algs := map[jwks.Algorithm]bool{}
		for _, token := range tokens {
			algs[compact(t, token).Algorithm()] = true
			for name, source := range sources(signer) {
				if _, err := source.Verify(t.Context(), compact(t, token)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if len(algs) != 4 || signer.Keys().Set().Len() != 3 {
			t.Errorf("%v, %v", algs, signer.Keys().Set())
		}
	})
}

// TestClose ends everything.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		token := must(signer.Mint(t.Context(), map[string]any{}))
		signer.Close()
		signer.Close()
		calls := backend.Calls()
		time.Sleep(time.Hour)
		for name, source := range sources(signer) {
			_, err := source.Verify(t.Context(), compact(t, token))
			_, err2 := source.Generation()
			if !errors.Is(err, jwks.ErrUnavailable) || !errors.Is(err2, jwks.ErrUnavailable) {
				t.Errorf("%s: %v, %v", name, err, err2)
			}
		}
		_, err := signer.Mint(t.Context(), map[string]any{})
		if !errors.Is(err, jwks.ErrUnavailable) || since(backend, calls) != (kmstest.Calls{}) {
			t.Errorf("%v, %+v", err, since(backend, calls))
		}
		if err := signer.Keys().Refresh(t.Context()); !errors.Is(err, jwks.ErrUnavailable) || signer.Keys().List() != nil {
			t.Errorf("a refresh after the end: %v", err)
		}
	})
}

// TestSuccessorUnusable: when the new key is disabled before its turn, the old one
// signs on.
//
// Rule M3
func TestSuccessorUnusable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, nil)
		defer signer.Close()
		old := signs(signer)
		next := backend.Create(kmstest.P256)
		backend.Point(next)
		refresh(t, signer)
		backend.Disable(next)
		if err := signer.Keys().Refresh(t.Context()); !errors.Is(err, kmssigner.ErrKeyUnusable) {
			t.Errorf("%v", err)
		}
		for range 12 { // and on
			time.Sleep(30 * time.Minute)
			token, err := signer.Mint(t.Context(), map[string]any{})
			if err != nil || signs(signer) != old || len(signer.Keys().List()) != 1 {
				t.Fatalf("%v, %+v", err, signer.Keys().List())
			}
			if v, err := signer.Keys().Verify(t.Context(), compact(t, token)); err != nil || time.Until(v.NotAfter) < 3*time.Hour {
				t.Fatalf("%v, %+v", err, v)
			}
		}
		again := backend.Create(kmstest.P256) // retired before its turn
		backend.Point(again)
		refresh(t, signer)
		list := signer.Keys().List()
		signer.Keys().Retire(list[len(list)-1].KeyID)
		if list := signer.Keys().List(); len(list) != 1 || !list[0].Signs || !list[0].NotAfter.IsZero() {
			t.Errorf("%+v", list)
		}
	})
}
