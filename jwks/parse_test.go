package jwks_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestModes has the modes themselves.
//
// Rule K1
func TestModes(t *testing.T) {
	for _, mode := range []jwks.Mode{0, 3, 255} {
		if s, err := jwks.Parse(file(ecJWK()), mode); s != nil || err == nil || !strings.Contains(err.Error(), "mode") {
			t.Errorf("mode %d: %v, %v", mode, s, err)
		}
	}
	got := []string{jwks.Mode(0).String(), jwks.Public.String(), jwks.Secret.String(), jwks.Mode(3).String()}
	if diff := cmp.Diff([]string{"invalid", "public", "secret", "invalid"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestEveryFaultOfASecret requires that all unusable keys are reported, each with
// its position, and that nothing is left of the others.
//
// Rule K1
func TestEveryFaultOfASecret(t *testing.T) {
	set, err := jwks.Parse(file(ecJWK(), octJWK().with("use", "enc"), rsaJWK(), symmetric([]byte("short"), "s")), jwks.Secret)
	if set != nil || err == nil {
		t.Fatalf("%v, %v", set, err)
	}
	want := "jwks: keys[1] (kid \"oct\"): use: want \"sig\"\n" +
		"jwks: keys[3] (kid \"s\"): k: 5 octets, want at least 32: as many as the hash of HS256 has"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLongKeyIDInError keeps the lines of a log short.
func TestLongKeyIDInError(t *testing.T) {
	for n, want := range map[int]string{64: strings.Repeat("k", 64), 65: strings.Repeat("k", 64) + "…", 512: strings.Repeat("k", 64) + "…"} {
		err := &jwks.KeyError{Index: 2, KeyID: strings.Repeat("k", n), Reason: "r"}
		if err.Error() != "jwks: keys[2] (kid \""+want+"\"): r" {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestNoUsableKey has the files of which nothing is left, or that are none.
//
// Rule K1
func TestNoUsableKey(t *testing.T) {
	for name, text := range map[string]string{
		"all skipped":      string(file(octJWK(), ecJWK().with("use", "enc"))),
		"elements":         `{"keys":[null,1,"a",[]]}`,
		"no keys":          `{"keys":[]}`,
		"keys missing":     `{}`,
		"keys null":        `{"keys":null}`,
		"keys object":      `{"keys":{}}`,
		"Keys":             strings.Replace(string(file(ecJWK())), "keys", "Keys", 1),
		"array":            string(file(ecJWK()))[8:],
		"one JWK":          strings.TrimSuffix(strings.TrimPrefix(string(file(ecJWK())), `{"keys":[`), `]}`),
		"empty":            ``,
		"space":            ` `,
		"HTML":             `<!DOCTYPE html><html></html>`,
		"cut":              string(file(ecJWK()))[:50],
		"byte order mark":  "\ufeff" + string(file(ecJWK())),
		"trailing":         string(file(ecJWK())) + "x",
		"twice":            string(file(ecJWK())) + string(file(ecJWK())),
		"duplicate keys":   `{"keys":[],` + string(file(ecJWK()))[1:],
		"duplicate member": strings.Replace(string(file(ecJWK())), `"kty"`, `"kty":"RSA","kty"`, 1),
		"invalid UTF-8":    strings.Replace(string(file(ecJWK())), `"kid":"ec"`, "\"kid\":\"\xff\"", 1),
		"too deep":         strings.Replace(string(file(ecJWK())), `"kty"`, `"a":`+strings.Repeat("[", 14)+strings.Repeat("]", 14)+`,"kty"`, 1),
	} {
		s, err := jwks.Parse([]byte(text), jwks.Public)
		if s != nil || !errors.Is(err, jwks.ErrNoUsableKey) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
		if s, err := jwks.Parse([]byte(text), jwks.Secret); s != nil || err == nil {
			t.Errorf("%s, in a secret: %v, %v", name, s, err)
		}
	}
	deep := strings.Replace(string(file(ecJWK())), `"kty"`, `"a":`+strings.Repeat("[", 13)+strings.Repeat("]", 13)+`,"kty"`, 1)
	if _, err := jwks.Parse([]byte(deep), jwks.Public); err != nil {
		t.Errorf("16 levels: %v", err)
	}
	_, err := jwks.Parse([]byte(`{"keys":[1,2]}`), jwks.Public)
	if want := "jwks: no usable key: all 2 are unusable, the first: jwks: keys[0]: want a JSON object"; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestFileLimits has the size and the number of keys at their limits.
//
// Rules K1, G4
func TestFileLimits(t *testing.T) {
	keys := []members{rsaJWK()}
	for len(keys) < 100 {
		keys = append(keys, ecJWK().with("kid", fmt.Sprint(len(keys))))
	}
	if s := parse(t, jwks.Public, keys...); s.Len() != 100 {
		t.Errorf("100 keys: %d", s.Len())
	}
	for _, mode := range []jwks.Mode{jwks.Public, jwks.Secret} {
		_, err := jwks.Parse(file(append(keys, okpJWK())...), mode)
		if !errors.Is(err, jwks.ErrNoUsableKey) || !strings.Contains(err.Error(), "101 keys, want at most 100") {
			t.Errorf("101 keys: %v", err)
		}
	}
	padded := func(size int) []byte {
		text := file(ecJWK())
		return append(text, bytes.Repeat([]byte(" "), size-len(text))...)
	}
	if _, err := jwks.Parse(padded(1<<20), jwks.Public); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
	if _, err := jwks.Parse(padded(1<<20+1), jwks.Public); !errors.Is(err, jwks.ErrNoUsableKey) {
		t.Errorf("1 MiB and a byte: %v", err)
	}
}

// TestParseKeepsNothing changes what Parse was given, and what a Set gave out.
//
// Rule G5
func TestParseKeepsNothing(t *testing.T) {
	data := file(octJWK(), rsaJWK().with("kid", "r"))
	set, err := jwks.Parse(data, jwks.Secret)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] = 'x'
	}
	infos, again := set.Keys(), set.Keys()
	infos[0].KeyID, infos[0].Algorithms[0] = "changed", "changed"
	if diff := cmp.Diff(again, set.Keys()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := verify(set, sign(jwks.HS256, testkeys.HMAC(64), "oct")); err != nil {
		t.Error(err)
	}
	skipping := parse(t, jwks.Public, ecJWK(), octJWK())
	skipping.Skipped()[0].KeyID = "changed"
	if got := skipping.Skipped()[0].KeyID; got != "oct" {
		t.Errorf("Skipped was changed to %q", got)
	}
}

// TestKeys describes one key of each type.
func TestKeys(t *testing.T) {
	set := parse(t, jwks.Secret, rsaJWK().with("alg", "PS384"), public(&testkeys.P521().PublicKey, ""), okpJWK(), octJWK().with("exp", "2027-02-01").with("nbf", "2027-01-01"))
	want := []jwks.KeyInfo{
		{KeyID: "rsa", Type: "RSA", Algorithms: []jwks.Algorithm{jwks.PS384}, Bits: 2048},
		{Type: "EC", Algorithms: []jwks.Algorithm{jwks.ES512}, Bits: 521},
		{KeyID: "ed", Type: "OKP", Algorithms: []jwks.Algorithm{jwks.EdDSA}, Bits: 256},
		{KeyID: "oct", Type: "oct", Algorithms: []jwks.Algorithm{jwks.HS256, jwks.HS384, jwks.HS512}, Bits: 512,
			NotBefore: now.AddDate(0, 0, -30).Truncate(24 * 60 * 60 * 1e9), NotAfter: now.AddDate(0, 0, 1).Truncate(24 * 60 * 60 * 1e9)},
	}
	if diff := cmp.Diff(want, set.Keys()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if set.Len() != 4 {
		t.Errorf("Len is %d", set.Len())
	}
}

// TestGeneration: equal keys have equal generations, and any difference that
// could change a decision makes another one.
func TestGeneration(t *testing.T) {
	base := []members{rsaJWK().with("alg", "RS256"), ecJWK(), octJWK().with("exp", "2027-01-01")}
	generation := func(keys ...members) uint64 {
		g := parse(t, jwks.Secret, keys...).Generation()
		if g == 0 {
			t.Error("a generation of 0")
		}
		return g
	}
	want := generation(base...)
	for name, keys := range map[string][]members{
		"again":                {base[0], base[1], base[2]},
		"another order":        {base[2], base[0], base[1]},
		"members of no effect": {base[0].with("use", "sig").with("x", "y"), base[1].with("alg", "ES256"), base[2].with("kty", "OCT")},
		"the same instant":     {base[0], base[1], base[2].with("exp", "2027-01-01T09:00:00+09:00")},
	} {
		if generation(keys...) != want {
			t.Errorf("%s: another generation", name)
		}
	}
	seen := map[uint64]string{want: "base"}
	for name, keys := range map[string][]members{
		"one key less":    {base[0], base[1]},
		"another kid":     {base[0].with("kid", "x"), base[1], base[2]},
		"no kid":          {base[0].with("kid", drop), base[1], base[2]},
		"another alg":     {base[0].with("alg", "RS384"), base[1], base[2]},
		"all algs":        {base[0].with("alg", drop), base[1], base[2]},
		"another exp":     {base[0], base[1], base[2].with("exp", "2027-01-02")},
		"no exp":          {base[0], base[1], base[2].with("exp", drop)},
		"nbf for exp":     {base[0], base[1], base[2].with("exp", drop).with("nbf", "2027-01-01")},
		"another secret":  {base[0], base[1], base[2].with("k", b64(testkeys.HMAC(65)))},
		"another point":   {base[0], okpJWK().with("kid", "ec"), base[2]},
		"another modulus": {public(&testkeys.RSA2048B().PublicKey, "rsa").with("alg", "RS256"), base[1], base[2]},
		"kids exchanged":  {base[0].with("kid", "ec"), base[1].with("kid", "rsa"), base[2]},
	} {
		g := generation(keys...)
		if twin, ok := seen[g]; ok {
			t.Errorf("%s: the generation of %s", name, twin)
		}
		seen[g] = name
	}
}
