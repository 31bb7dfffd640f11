package jwks_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestSelectByKeyID has sets of keys and tokens for them.
//
// Rule K5
func TestSelectByKeyID(t *testing.T) {
	first, second := testkeys.RSA2048(), testkeys.RSA2048B()
	a, b := public(&first.PublicKey, "a"), public(&second.PublicKey, "b")
	for _, tt := range []struct {
		name string
		keys []members
		raw  string
		want error // nil: verified
		kid  string
	}{
		{"kid of the key", []members{a, b}, sign(jwks.RS256, first, "a"), nil, "a"},
		{"kid of the other key", []members{a, b}, sign(jwks.RS256, first, "b"), jwks.ErrSignature, ""},
		{"kid of none", []members{a, b}, sign(jwks.RS256, first, "c"), jwks.ErrUnknownKey, ""},
		{"kid in another case", []members{a, b}, sign(jwks.RS256, first, "A"), jwks.ErrUnknownKey, ""},
		{"kid with a space", []members{a, b}, sign(jwks.RS256, first, "a "), jwks.ErrUnknownKey, ""},
		{"kid, but the key has none", []members{a.with("kid", drop)}, sign(jwks.RS256, first, "a"), jwks.ErrUnknownKey, ""},
		{"kid, and alg allowed", []members{a.with("alg", "PS256")}, sign(jwks.PS256, first, "a"), nil, "a"},
		{"kid, and alg not allowed", []members{a.with("alg", "PS256")}, sign(jwks.RS256, first, "a"), jwks.ErrUnknownKey, ""},
		{"kid, and alg allowed by the other key", []members{a.with("alg", "PS256"), b}, sign(jwks.RS256, second, "a"), jwks.ErrUnknownKey, ""},
		{"no kid, first key", []members{a, b}, sign(jwks.RS256, first, ""), nil, "a"},
		{"no kid, second key", []members{a, b}, sign(jwks.RS256, second, ""), nil, "b"},
		{"no kid on either side", []members{a.with("kid", drop)}, sign(jwks.RS256, first, ""), nil, ""},
		{"no kid, key of another alg", []members{a.with("alg", "RS384"), b}, sign(jwks.RS256, first, ""), jwks.ErrSignature, ""},
		{"no kid, no key of the alg", []members{a, b}, sign(jwks.ES256, testkeys.P256(), ""), jwks.ErrUnknownKey, ""},
		{"no kid, wrong key", []members{a, b}, sign(jwks.RS256, testkeys.RSA3072(), ""), jwks.ErrSignature, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := verify(parse(t, jwks.Public, tt.keys...), tt.raw)
			if !errors.Is(err, tt.want) || got.KeyID != tt.kid {
				t.Errorf("key %q, %v; want key %q, %v", got.KeyID, err, tt.kid, tt.want)
			}
		})
	}
}

// TestEightKeysWithoutKeyID bounds what a token without kid may cost.
//
// Rules K5, G4
func TestEightKeysWithoutKeyID(t *testing.T) {
	signer := testkeys.HMAC(64)
	raw := sign(jwks.HS512, signer, "")
	for n, want := range map[int]error{1: nil, 7: nil, 8: nil, 9: jwks.ErrUnknownKey, 100: jwks.ErrUnknownKey} {
		keys := []members{}
		for i := range n - 1 {
			keys = append(keys, symmetric(fmt.Appendf(testkeys.HMAC(64), "%d", i), "").with("alg", "HS512"))
		}
		set := parse(t, jwks.Secret, append(keys, symmetric(signer, ""))...)
		if _, err := verify(set, raw); !errors.Is(err, want) {
			t.Errorf("%d keys: %v, want %v", n, err, want)
		}
		if n < 100 { // those of another algorithm do not count
			set = parse(t, jwks.Secret, append(keys, symmetric(signer, ""), symmetric(testkeys.HMAC(63), ""))...)
			if _, err := verify(set, raw); !errors.Is(err, want) {
				t.Errorf("%d keys and another: %v, want %v", n, err, want)
			}
		}
	}
}

// TestExpiredTwinWithoutKeyID: of two entries of one key, the one in force counts.
func TestExpiredTwinWithoutKeyID(t *testing.T) {
	old := octJWK().with("kid", "old").with("exp", "2020-01-01")
	raw := sign(jwks.HS256, testkeys.HMAC(64), "")
	for name, keys := range map[string][]members{"old first": {old, octJWK()}, "old last": {octJWK(), old}} {
		if got, err := verify(parse(t, jwks.Secret, keys...), raw); err != nil || got.KeyID != "oct" {
			t.Errorf("%s: key %q, %v", name, got.KeyID, err)
		}
	}
	other := symmetric(testkeys.HMAC(32), "other")
	for name, keys := range map[string][]members{"other first": {other, old}, "other last": {old, other}} {
		if _, err := verify(parse(t, jwks.Secret, keys...), raw); !errors.Is(err, jwks.ErrKeyExpired) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAlgorithmsOfAKey lists what each key allows, without alg and with each.
//
// Rules K5, K6
func TestAlgorithmsOfAKey(t *testing.T) {
	rsaAll := "RS256 RS384 RS512 PS256 PS384 PS512"
	all := algorithms()
	for _, tt := range []struct {
		name string
		jwk  members
		want string
	}{
		{"RSA", rsaJWK(), rsaAll},
		{"P-256", ecJWK(), "ES256"},
		{"P-384", public(&testkeys.P384().PublicKey, ""), "ES384"},
		{"P-521", public(&testkeys.P521().PublicKey, ""), "ES512"},
		{"Ed25519", okpJWK(), "EdDSA"},
		{"32 octets", symmetric(testkeys.HMAC(32), ""), "HS256"},
		{"47 octets", symmetric(testkeys.HMAC(47), ""), "HS256"},
		{"48 octets", symmetric(testkeys.HMAC(48), ""), "HS256 HS384"},
		{"63 octets", symmetric(testkeys.HMAC(63), ""), "HS256 HS384"},
		{"64 octets", symmetric(testkeys.HMAC(64), ""), "HS256 HS384 HS512"},
		{"200 octets", symmetric(testkeys.HMAC(200), ""), "HS256 HS384 HS512"},
	} {
		mode := jwks.Public
		if tt.jwk["kty"] == "oct" {
			mode = jwks.Secret
		}
		if diff := cmp.Diff(tt.want, allowed(parse(t, mode, tt.jwk))); diff != "" {
			t.Errorf("%s without alg (-want +got):\n%s", tt.name, diff)
		}
		for _, alg := range all {
			set, err := jwks.Parse(file(tt.jwk.with("alg", alg.name)), mode)
			if can := strings.Contains(tt.want, string(alg.name)); can != (err == nil) {
				t.Errorf("%s with alg %s: %v", tt.name, alg.name, err)
			} else if can && allowed(set) != string(alg.name) {
				t.Errorf("%s with alg %s allows %s", tt.name, alg.name, allowed(set))
			}
		}
	}
}

func allowed(s *jwks.Set) string {
	var names []string
	for _, alg := range s.Keys()[0].Algorithms {
		names = append(names, string(alg))
	}
	return strings.Join(names, " ")
}

// TestEachAlgorithmWithEachKey: a token never makes a key do what it does not
// allow, and HMAC and public keys never meet.
//
// Rule K5
func TestEachAlgorithmWithEachKey(t *testing.T) {
	all := algorithms()
	for _, key := range all {
		set := parse(t, key.mode(), key.jwk.with("alg", key.name))
		for _, other := range all {
			_, err := verify(set, sign(other.name, other.key, "k"))
			want := jwks.ErrUnknownKey
			if other.name == key.name {
				want = nil
			}
			if !errors.Is(err, want) {
				t.Errorf("key of %s, token of %s: %v, want %v", key.name, other.name, err, want)
			}
		}
	}
}

// TestRepeatedKeyID: the same kid twice or more.
//
// Rules K5, K1
func TestRepeatedKeyID(t *testing.T) {
	a := ecJWK().with("kid", "same")
	twin := rsaJWK().with("kid", "same")
	other := okpJWK()
	for _, tt := range []struct {
		name    string
		keys    []members
		skipped []int
	}{
		{"twice", []members{a, other, twin}, []int{0, 2}},
		{"three times", []members{a, twin, other, a}, []int{0, 1, 3}},
		{"the same key", []members{a, a, other}, []int{0, 1}},
		{"one is unusable", []members{a.with("use", "enc"), other, twin}, []int{0, 2}},
		{"one has no known type", []members{a.with("kty", "AKP"), other, twin}, []int{0, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := parse(t, jwks.Public, tt.keys...)
			var skipped []int
			for _, s := range set.Skipped() {
				skipped = append(skipped, s.Index)
				if s.KeyID != "same" {
					t.Errorf("key %d has kid %q", s.Index, s.KeyID)
				}
			}
			if diff := cmp.Diff(tt.skipped, skipped); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
			if _, err := verify(set, sign(jwks.ES256, testkeys.P256(), "same")); !errors.Is(err, jwks.ErrUnknownKey) {
				t.Errorf("with kid: %v", err)
			}
			if _, err := verify(set, sign(jwks.ES256, testkeys.P256(), "")); !errors.Is(err, jwks.ErrUnknownKey) {
				t.Errorf("without kid: %v", err)
			}
			if _, err := verify(set, sign(jwks.EdDSA, testkeys.Ed25519(), "ed")); err != nil {
				t.Errorf("the other key: %v", err)
			}
			secret, err := jwks.Parse(file(tt.keys...), jwks.Secret)
			var fault *jwks.KeyError
			if secret != nil || !errors.As(err, &fault) || !strings.Contains(err.Error(), "kid: another key has the same") {
				t.Errorf("in a secret: %v", err)
			}
		})
	}
	// No kid at all is not the same kid.
	if s := parse(t, jwks.Public, rsaJWK().with("kid", drop), ecJWK().with("kid", drop)); s.Len() != 2 {
		t.Errorf("two keys without kid: %d usable", s.Len())
	}
}

// TestKeyIDBounds has the kid of a token and of a key at their limits.
//
// Rule K5
func TestKeyIDBounds(t *testing.T) {
	long := strings.Repeat("k", 512)
	multibyte := strings.Repeat("é", 256)
	for _, kid := range []string{"a", long, multibyte, "\x00", "../../dev/null", `' OR 1=1 --`, "a\nb"} {
		set := parse(t, jwks.Public, ecJWK().with("kid", kid))
		if _, err := verify(set, sign(jwks.ES256, testkeys.P256(), kid)); err != nil {
			t.Errorf("kid of %d bytes: %v", len(kid), err)
		}
	}
	for name, kid := range map[string]any{
		"513 bytes": long + "k", "514 bytes": multibyte + "é", "empty": "", "null": nil, "number": 1, "true": true, "array": []string{"a"}, "object": map[string]any{"a": 1},
	} {
		_, err := jwks.Parse(file(ecJWK().with("kid", kid)), jwks.Public)
		var fault *jwks.KeyError
		if !errors.Is(err, jwks.ErrNoUsableKey) || !errors.As(err, &fault) || fault.Member != "kid" || fault.KeyID != "" {
			t.Errorf("key with kid %s: %v", name, err)
		}
		text := string(file(members{"alg": "ES256", "kid": kid}))
		text = strings.TrimSuffix(strings.TrimPrefix(text, `{"keys":[`), `]}`)
		_, err = jwks.ParseCompact(signHeader(jwks.ES256, testkeys.P256(), text))
		if !errors.Is(err, jwks.ErrMalformed) || !strings.Contains(err.Error(), "header: kid: want a string of 1 to 512 bytes") {
			t.Errorf("token with kid %s: %v", name, err)
		}
	}
}

// TestAnyKeyID is about keys that a host has from elsewhere, without a kid.
//
// Rule K5
func TestAnyKeyID(t *testing.T) {
	first, second := testkeys.RSA2048(), testkeys.RSA3072()
	free := jwks.PublicKey{Key: &first.PublicKey, AnyKeyID: true}
	named := jwks.PublicKey{Key: &second.PublicKey, KeyID: "b"}
	for _, tt := range []struct {
		name string
		keys []jwks.PublicKey
		raw  string
		want error
	}{
		{"a kid", []jwks.PublicKey{free}, sign(jwks.RS256, first, "a"), nil},
		{"no kid", []jwks.PublicKey{free}, sign(jwks.RS256, first, ""), nil},
		{"a kid, another's signature", []jwks.PublicKey{free}, sign(jwks.RS256, second, "a"), jwks.ErrSignature},
		{"a kid that another key has", []jwks.PublicKey{free, named}, sign(jwks.RS256, first, "b"), jwks.ErrSignature},
		{"the other key's kid and signature", []jwks.PublicKey{free, named}, sign(jwks.RS256, second, "b"), nil},
		{"the other key's signature, a kid of none", []jwks.PublicKey{free, named}, sign(jwks.RS256, second, "c"), jwks.ErrSignature},
		{"the kid of a key that cannot do the alg", []jwks.PublicKey{free, {Key: testkeys.P256().Public(), KeyID: "b"}}, sign(jwks.RS256, first, "b"), jwks.ErrUnknownKey},
		{"another algorithm", []jwks.PublicKey{free}, sign(jwks.ES256, testkeys.P256(), "a"), jwks.ErrUnknownKey},
		{"not the alg of the key", []jwks.PublicKey{{Key: &first.PublicKey, AnyKeyID: true, Algorithm: jwks.PS256}}, sign(jwks.RS256, first, "a"), jwks.ErrUnknownKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := jwks.NewSet(tt.keys...)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify(set, tt.raw); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
	var bad *jwks.KeyError
	if _, err := jwks.NewSet(jwks.PublicKey{Key: &first.PublicKey, KeyID: "a", AnyKeyID: true}); !errors.As(err, &bad) || bad.Member != "kid" {
		t.Errorf("KeyID and AnyKeyID: %v", err)
	}
	plain, err := jwks.NewSet(jwks.PublicKey{Key: &first.PublicKey})
	any, again := jwks.NewSet(free)
	if err != nil || again != nil || plain.Generation() == any.Generation() {
		t.Errorf("%v, %v: a key for any kid has the generation of one for none", err, again)
	}
	many := make([]jwks.PublicKey, 9)
	for i := range many {
		many[i] = free
	}
	set, err := jwks.NewSet(many...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(set, sign(jwks.RS256, first, "a")); !errors.Is(err, jwks.ErrUnknownKey) {
		t.Errorf("nine keys for any kid: %v", err)
	}
}
