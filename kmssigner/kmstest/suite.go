package kmstest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"testing"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

// Subject is a backend for [TestBackend], with what the suite has to do to its
// keys.
type Subject struct {
	Backend kmssigner.Backend
	Create  func(t *testing.T, spec Spec) (id string) // makes a key
	Point   func(t *testing.T, id string)             // points the backend's name at it
	Disable func(t *testing.T, id string)             // disables it

	// Lacks has what this backend, or what stands for it in the test, is known
	// not to do, and why: a [Spec], the name of an algorithm, "others" for
	// refusing those that a key is not for, "digest", "limit" for MaxRaw, or
	// "disable". The suite leaves that out and says so. Nothing else may be in
	// it.
	Lacks map[string]string
}

// TestBackend is the suite that every [kmssigner.Backend] has to pass. For each
// spec and algorithm it compares what the backend signs with what the standard
// library verifies; then it points the name elsewhere, disables keys, cancels
// contexts and calls from many goroutines.
func TestBackend(t *testing.T, s Subject) {
	s.explain(t)
	signed := 0
	for _, spec := range Specs() {
		if _, lacks := s.Lacks[string(spec)]; lacks {
			continue
		}
		for _, alg := range spec.Algorithms() {
			if s.Lacks[string(alg)] == "" {
				signed++
			}
		}
		t.Run(string(spec), s.spec(spec))
	}
	if signed == 0 {
		t.Error("no algorithm of any key was tested")
	}
	t.Run("name", s.name)
	t.Run("unknown", s.unknown)
	t.Run("context", s.context)
	t.Run("concurrent", s.concurrent)
	if s.Lacks["disable"] == "" {
		t.Run("disable", s.disabled)
	}
}

// explain says what is left out, and holds Lacks to what there is.
func (s Subject) explain(t *testing.T) {
	t.Helper()
	if s.Backend == nil || s.Create == nil || s.Point == nil || (s.Disable == nil) != (s.Lacks["disable"] != "") {
		t.Fatal("kmstest: Subject: want a Backend, Create, Point, and either Disable or why it is lacking")
	}
	may := append(Specs(), "others", "digest", "limit", "disable")
	for _, spec := range Specs() {
		for _, alg := range spec.Algorithms() {
			may = append(may, Spec(alg))
		}
	}
	for what, why := range s.Lacks {
		if !slices.Contains(may, Spec(what)) || why == "" {
			t.Fatalf("kmstest: Lacks: %q is nothing that may be left out, or has no reason", what)
		}
		t.Logf("left out: %s: %s", what, why)
	}
}

// spec tests a key of each kind.
func (s Subject) spec(spec Spec) func(*testing.T) {
	return func(t *testing.T) {
		id := s.Create(t, spec)
		key, err := s.Backend.Describe(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(key.Algorithms)
		want := spec.Algorithms()
		slices.Sort(want)
		if key.ID != id || !slices.Equal(key.Algorithms, want) || (key.Public == nil) != (spec[:4] == "HMAC") {
			t.Errorf("Describe: ID %q, algorithms %v, public key %T; want %q and %v", key.ID, key.Algorithms, key.Public, id, want)
		}
		clear(key.Algorithms)
		if again, err := s.Backend.Describe(t.Context(), id); err != nil || slices.Contains(again.Algorithms, "") {
			t.Errorf("Describe: algorithms %v, %v; want a slice of its own each time", again.Algorithms, err)
		}
		for _, alg := range spec.Algorithms() {
			if s.Lacks[string(alg)] == "" {
				t.Run(string(alg), func(t *testing.T) { s.algorithm(t, key, alg) })
			}
		}
		if s.Lacks["others"] != "" {
			return
		}
		t.Run("others", func(t *testing.T) {
			for _, other := range []jwks.Algorithm{jwks.RS256, jwks.ES256, jwks.ES512, jwks.EdDSA, jwks.HS256, jwks.HS512, "none", ""} {
				if slices.Contains(spec.Algorithms(), other) {
					continue
				}
				if sig, err := s.Backend.Sign(t.Context(), id, other, raw("m")); err == nil || sig != nil {
					t.Errorf("a key of spec %s signs by %q", spec, other)
				}
				if err := s.Backend.Verify(t.Context(), id, other, raw("m"), make([]byte, 64)); err == nil {
					t.Errorf("a key of spec %s verifies by %q", spec, other)
				}
			}
		})
	}
}

func raw(text string) kmssigner.Message { return kmssigner.Message{Raw: []byte(text)} }

// algorithm signs messages of several kinds, and looks at each signature.
func (s Subject) algorithm(t *testing.T, key kmssigner.Key, alg jwks.Algorithm) {
	long := slices.Repeat([]byte("m"), kmssigner.MaxRaw)
	messages := map[string][]byte{"one byte": long[:1], "text": []byte("eyJhbGciOiJub25lIn0.e30"), "binary": {0, 255, '\n'}, "longest": long}
	for name, text := range messages {
		m := kmssigner.Message{Raw: text}
		s.signs(t, name, key, alg, m, text)
		if takesDigest(alg) && s.Lacks["digest"] == "" {
			m = kmssigner.Message{Digest: digest(alg, m)}
			s.signs(t, name+", digested", key, alg, m, text)
		}
	}
	refused := map[string]kmssigner.Message{"nothing": {}, "both": {Raw: long[:32], Digest: long[:32]}}
	if s.Lacks["limit"] == "" {
		refused["more than MaxRaw"] = kmssigner.Message{Raw: append(long, 'm')}
	}
	if s.Lacks["digest"] == "" {
		refused["a short digest"] = kmssigner.Message{Digest: long[:20]}
	}
	for name, m := range refused {
		if sig, err := s.Backend.Sign(t.Context(), key.ID, alg, m); err == nil || sig != nil {
			t.Errorf("%s: signed", name)
		}
		if err := s.Backend.Verify(t.Context(), key.ID, alg, m, long[:64]); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
}

// signs signs m, which is text or its digest.
func (s Subject) signs(t *testing.T, name string, key kmssigner.Key, alg jwks.Algorithm, m kmssigner.Message, text []byte) {
	t.Helper()
	before := slices.Concat(m.Raw, m.Digest)
	sig, err := s.Backend.Sign(t.Context(), key.ID, alg, m)
	if err != nil {
		t.Errorf("%s: Sign: %v", name, err)
		return
	}
	if key.Public != nil && !verifies(key.Public, alg, text, sig) {
		t.Errorf("%s: the signature is not that of JWS by %s: %d octets that the standard library does not verify", name, alg, len(sig))
	}
	if key.Public == nil && len(sig) != hashOf(alg).Size() {
		t.Errorf("%s: a MAC of %d octets, want %d", name, len(sig), hashOf(alg).Size())
	}
	kept := slices.Clone(sig)
	if err := s.Backend.Verify(t.Context(), key.ID, alg, m, sig); err != nil {
		t.Errorf("%s: Verify of what Sign returned: %v", name, err)
	}
	if _, err := s.Backend.Sign(t.Context(), key.ID, alg, raw("x")); err != nil || !slices.Equal(sig, kept) {
		t.Errorf("%s: the signature was written to by Verify or by the next Sign; %v", name, err)
	}
	if !slices.Equal(before, slices.Concat(m.Raw, m.Digest)) {
		t.Errorf("%s: the message was written to", name)
	}
	other := kmssigner.Message{Raw: []byte("other")}
	if m.Digest != nil {
		other = kmssigner.Message{Digest: digest(alg, other)}
	}
	for what, bad := range map[string]struct {
		m   kmssigner.Message
		sig []byte
	}{
		"another message": {other, sig}, "one bit": {m, flip(sig, 0)}, "the last bit": {m, flip(sig, len(sig)-1)},
		"no signature": {m, nil}, "a short one": {m, sig[:len(sig)-1]}, "a long one": {m, append(slices.Clone(sig), 0)}, "zeros": {m, make([]byte, len(sig))},
	} {
		if err := s.Backend.Verify(t.Context(), key.ID, alg, bad.m, bad.sig); !errors.Is(err, jwks.ErrSignature) {
			t.Errorf("%s: Verify of %s: %v, want jwks.ErrSignature", name, what, err)
		}
	}
}

func flip(sig []byte, i int) []byte {
	flipped := slices.Clone(sig)
	flipped[i] ^= 1
	return flipped
}

// verifies is the standard library's word on a signature of the form of JWS.
func verifies(public crypto.PublicKey, alg jwks.Algorithm, text, sig []byte) bool {
	if key, ok := public.(ed25519.PublicKey); ok {
		return alg == jwks.EdDSA && ed25519.Verify(key, text, sig)
	}
	sum := digest(alg, kmssigner.Message{Raw: text})
	switch key := public.(type) {
	case *rsa.PublicKey:
		if alg[0] == 'P' {
			return rsa.VerifyPSS(key, hashOf(alg), sum, sig, pss(alg)) == nil
		}
		return rsa.VerifyPKCS1v15(key, hashOf(alg), sum, sig) == nil
	case *ecdsa.PublicKey:
		size := (key.Params().BitSize + 7) / 8
		return len(sig) == 2*size && ecdsa.Verify(key, sum, new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:]))
	}
	return false
}

// usual is a spec that the backend has.
func (s Subject) usual() Spec {
	for _, spec := range []Spec{P256, RSA2048, HMAC256} {
		if s.Lacks[string(spec)] == "" {
			return spec
		}
	}
	return P256
}

// name points the name at one key and another.
func (s Subject) name(t *testing.T) {
	spec := s.usual()
	alg := spec.Algorithms()[0]
	first, second := s.Create(t, spec), s.Create(t, spec)
	if first == second {
		t.Fatalf("Create: %q twice", first)
	}
	for _, id := range []string{first, second, first} {
		s.Point(t, id)
		key, err := s.Backend.Describe(t.Context(), "")
		if err != nil || key.ID != id {
			t.Errorf("the name stands for %q, and Describe says %q, %v", id, key.ID, err)
		}
		for _, pinned := range []string{first, second} { // whatever the name stands for
			key, err := s.Backend.Describe(t.Context(), pinned)
			if err != nil || key.ID != pinned {
				t.Errorf("Describe of %q says %q, %v", pinned, key.ID, err)
				continue
			}
			sig, err := s.Backend.Sign(t.Context(), pinned, alg, raw("m"))
			if err != nil || key.Public != nil && !verifies(key.Public, alg, []byte("m"), sig) {
				t.Errorf("Sign with %q: not a signature of that key; %v", pinned, err)
			}
		}
	}
}

// unknown asks for keys that there are not.
func (s Subject) unknown(t *testing.T) {
	alg := s.usual().Algorithms()[0]
	id := s.Create(t, s.usual())
	for _, id := range []string{id[:len(id)-1] + "x", "alias/there-is-no-such-alias"} {
		key, err := s.Backend.Describe(t.Context(), id)
		sig, err2 := s.Backend.Sign(t.Context(), id, alg, raw("m"))
		err3 := s.Backend.Verify(t.Context(), id, alg, raw("m"), make([]byte, 64))
		if key.ID != "" || sig != nil || !errors.Is(err, kmssigner.ErrKeyUnusable) || !errors.Is(err2, kmssigner.ErrKeyUnusable) || err3 == nil {
			t.Errorf("%q: %v; %v; %v; want kmssigner.ErrKeyUnusable", id, err, err2, err3)
		}
	}
	s.Point(t, id) // Describe alone may leave the key to the name
	sig, err := s.Backend.Sign(t.Context(), id, alg, raw("m"))
	if err != nil {
		t.Fatal(err)
	}
	again, signed := s.Backend.Sign(t.Context(), "", alg, raw("m"))
	verified := s.Backend.Verify(t.Context(), "", alg, raw("m"), sig)
	if again != nil || signed == nil || verified == nil || errors.Is(verified, jwks.ErrSignature) {
		t.Errorf("no ID: Sign: %v; Verify: %v; want errors that say so", signed, verified)
	}
}

// context cancels what was not begun.
func (s Subject) context(t *testing.T) {
	alg := s.usual().Algorithms()[0]
	id := s.Create(t, s.usual())
	sig, err := s.Backend.Sign(t.Context(), id, alg, raw("m"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, described := s.Backend.Describe(ctx, id)
	again, signed := s.Backend.Sign(ctx, id, alg, raw("m"))
	verified := s.Backend.Verify(ctx, id, alg, raw("m"), sig)
	for op, err := range map[Operation]error{Describe: described, Sign: signed, Verify: verified} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s ignores its context: %v, want context.Canceled", op, err)
		}
	}
	if again != nil {
		t.Error("Sign returns a signature although its context is done")
	}
}

// concurrent signs with two keys at once.
func (s Subject) concurrent(t *testing.T) {
	spec := s.usual()
	alg := spec.Algorithms()[0]
	ids := []string{s.Create(t, spec), s.Create(t, spec)}
	var wg sync.WaitGroup
	faults := make(chan error, 16)
	for i := range cap(faults) {
		wg.Go(func() {
			id, m := ids[i%2], raw(fmt.Sprint("message ", i))
			sig, err := s.Backend.Sign(t.Context(), id, alg, m)
			if err == nil {
				err = s.Backend.Verify(t.Context(), id, alg, m, sig)
			}
			if err == nil && s.Backend.Verify(t.Context(), ids[1-i%2], alg, m, sig) == nil {
				err = errors.New("the other key verifies it too")
			}
			if err != nil {
				faults <- fmt.Errorf("goroutine %d: %w", i, err)
			}
		})
	}
	wg.Wait()
	close(faults)
	for err := range faults {
		t.Error(err)
	}
}

// disabled uses a key that may not be used.
func (s Subject) disabled(t *testing.T) {
	alg := s.usual().Algorithms()[0]
	id := s.Create(t, s.usual())
	sig, err := s.Backend.Sign(t.Context(), id, alg, raw("m"))
	if err != nil {
		t.Fatal(err)
	}
	s.Point(t, id)
	for _, id := range []string{"", id} { // so that a backend may have kept it
		if _, err := s.Backend.Describe(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	s.Disable(t, id)
	_, named := s.Backend.Describe(t.Context(), "")
	_, described := s.Backend.Describe(t.Context(), id)
	again, signed := s.Backend.Sign(t.Context(), id, alg, raw("m"))
	verified := s.Backend.Verify(t.Context(), id, alg, raw("m"), sig)
	for what, err := range map[string]error{"Describe of the name": named, "Describe": described, "Sign": signed, "Verify": verified} {
		if !errors.Is(err, kmssigner.ErrKeyUnusable) {
			t.Errorf("%s of a disabled key: %v, want kmssigner.ErrKeyUnusable", what, err)
		}
	}
	if again != nil {
		t.Error("a disabled key signs")
	}
}
