package jwks_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// FuzzParseCompact: what is accepted has one spelling, so its parts encode to the
// same text again, and its header says what the JWS says; the rest is malformed.
//
// Rules T1, G4
func FuzzParseCompact(f *testing.F) {
	for _, h := range headers {
		f.Add(token(h.text, payload))
		f.Add(token(h.text, ""))
	}
	for _, e := range examples {
		f.Add(e.token)
	}
	for _, alg := range algorithms() {
		f.Add(sign(alg.name, alg.key, "k"))
	}
	for _, raw := range []string{"", ".", "..", "...", "....", "A.A.A", "AA.AA.AA", "{}", token(plainHeader, payload) + "=", token(plainHeader, payload) + "\n"} {
		f.Add(raw)
	}
	set := parse(f, jwks.Secret, octJWK(), rsaJWK(), ecJWK(), okpJWK())
	f.Fuzz(func(t *testing.T, raw string) {
		j, err := jwks.ParseCompact(raw)
		if err != nil {
			if j != nil || !errors.Is(err, jwks.ErrMalformed) {
				t.Fatalf("%v, %v", j, err)
			}
			return
		}
		part, _, _ := bytes.Cut([]byte(j.SigningInput()), []byte("."))
		text, err := base64.RawURLEncoding.DecodeString(string(part))
		if err != nil {
			t.Fatal(err)
		}
		if again := b64(text) + "." + b64([]byte(j.InsecurePayload())) + "." + b64(j.Signature()); again != raw {
			t.Errorf("again:\n%s\n%s", again, raw)
		}
		var h map[string]any
		if err := json.Unmarshal(text, &h); err != nil {
			t.Fatal(err)
		}
		kid, _ := j.KeyID()
		if h["alg"] != string(j.Algorithm()) || kid != "" && h["kid"] != kid || j.Type() != "" && h["typ"] != j.Type() {
			t.Errorf("alg %q, kid %q, typ %q of %s", j.Algorithm(), kid, j.Type(), text)
		}
		for _, refused := range []string{"crit", "b64", "enc", "zip"} {
			if _, ok := h[refused]; ok {
				t.Errorf("accepted %s", text)
			}
		}
		_, _ = set.Verify(j, now)
	})
}

// fuzzFiles are seeds for both modes.
func fuzzFiles(f *testing.F) {
	for _, row := range usableInBoth() {
		f.Add(file(row.jwk))
		f.Add(file(row.jwk, ecJWK()))
	}
	for _, e := range examples {
		if e.key != nil {
			f.Add(file(e.key))
		}
	}
	cert := selfSigned(testkeys.RSA2048())
	f.Add(file(rsaJWK().with("x5c", []string{cert}).with("x5t", "AAAA")))
	f.Add(file(rsaJWK().with("x5c", cert)))
	f.Add(file(octJWK().with("nbf", "2027-01-31").with("exp", "2027-01-31T12:00:00.5+09:00")))
	f.Add(file(octJWK().with("kty", "OCT").with("alg", "HS512")))
	f.Add(file(ecJWK().with("exp", 1801354215)))
	for _, text := range []string{"", "{}", `{"keys":[]}`, `{"keys":[null]}`, `{"keys":[{},{}]}`, "[", "\ufeff{}"} {
		f.Add([]byte(text))
	}
}

// checkParsed has the laws of a Set that Parse returned, or of its error.
func checkParsed(t *testing.T, data []byte, mode jwks.Mode) *jwks.Set {
	s, err := jwks.Parse(data, mode)
	if err != nil {
		if s != nil || err.Error() == "" {
			t.Fatalf("%v, %v", s, err)
		}
		return nil
	}
	if s.Len() == 0 || s.Len() != len(s.Keys()) || s.Generation() == 0 {
		t.Fatalf("%v with %d keys, generation %d", s, len(s.Keys()), s.Generation())
	}
	again, err := jwks.Parse(bytes.Clone(data), mode)
	if err != nil || again.Generation() != s.Generation() {
		t.Fatalf("again: %v, %v", again, err)
	}
	for _, k := range s.Keys() {
		if len(k.Algorithms) == 0 || k.Bits < 256 || len(k.KeyID) > 512 {
			t.Errorf("usable: %+v", k)
		}
	}
	return s
}

// FuzzParsePublic: no symmetric key comes out, and what is published again is the
// same set.
//
// Rules K1, K4, G4
func FuzzParsePublic(f *testing.F) {
	fuzzFiles(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := checkParsed(t, data, jwks.Public)
		if s == nil {
			return
		}
		unbounded := true
		for _, k := range s.Keys() {
			unbounded = unbounded && k.NotBefore.IsZero() && k.NotAfter.IsZero()
			if k.Type == "oct" {
				t.Errorf("a symmetric key: %+v", k)
			}
		}
		text, err := s.MarshalPublic()
		if err != nil {
			t.Fatal(err)
		}
		again, err := jwks.Parse(text, jwks.Secret)
		if err != nil || unbounded && again.Generation() != s.Generation() {
			t.Errorf("published: %v, %v", again, err)
		}
	})
}

// FuzzParseSecret: nothing is skipped, and what Kendra's format can say is read
// again as the same set.
//
// Rules K1, K2, G4
func FuzzParseSecret(f *testing.F) {
	fuzzFiles(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := checkParsed(t, data, jwks.Secret)
		if s == nil {
			return
		}
		if len(s.Skipped()) > 0 {
			t.Errorf("skipped %v", s.Skipped())
		}
		var out bytes.Buffer
		if s.WriteKendraSecret(&out) != nil {
			return
		}
		if again, err := jwks.Parse(out.Bytes(), jwks.Secret); err != nil || again.Generation() != s.Generation() {
			t.Errorf("written again: %v, %v", again, err)
		}
	})
}

// FuzzParsePEM: no panic, and one key or none.
//
// Rules K2, G4
func FuzzParsePEM(f *testing.F) {
	for _, key := range []any{&testkeys.RSA2048().PublicKey, &testkeys.P256().PublicKey, testkeys.Ed25519().Public()} {
		f.Add(spki(key))
	}
	f.Add(block("CERTIFICATE", certificate(testkeys.P256())))
	f.Add(block("RSA PUBLIC KEY", nil))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := jwks.ParsePEM(data, jwks.PEMOptions{}); (err == nil) != (s.Len() == 1) {
			t.Errorf("%v, %v", s, err)
		}
	})
}
