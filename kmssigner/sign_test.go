package kmssigner_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

// signings has every key spec with every algorithm of it.
var signings = map[kmstest.Spec][]jwks.Algorithm{
	kmstest.RSA2048: {jwks.RS256, jwks.RS384, jwks.RS512, jwks.PS256, jwks.PS384, jwks.PS512},
	kmstest.RSA3072: {jwks.RS256, jwks.PS512},
	kmstest.RSA4096: {jwks.RS256, jwks.PS512},
	kmstest.P256:    {jwks.ES256},
	kmstest.P384:    {jwks.ES384},
	kmstest.P521:    {jwks.ES512},
	kmstest.Ed25519: {jwks.EdDSA},
	kmstest.HMAC256: {jwks.HS256},
	kmstest.HMAC384: {jwks.HS384},
	kmstest.HMAC512: {jwks.HS512},
}

// TestMint mints by every algorithm. The token is what another library verifies,
// and has what it should; it took one call, and its verification none, or one.
//
// Rules M1, M2
func TestMint(t *testing.T) {
	ran := 0
	for spec, algs := range signings {
		for _, alg := range algs {
			ran++
			t.Run(string(spec)+" "+string(alg), func(t *testing.T) {
				backend := memory(spec)
				signer := newSigner(t, backend, &kmssigner.Options{Algorithm: alg, Lifetime: 10 * time.Minute})
				before := time.Now().Unix()
				calls := backend.Calls()
				token, err := signer.Mint(t.Context(), map[string]any{"user": "mary", "groups": []string{"AWS-SA"}, "n": json.Number("12345678901234567890")})
				if err != nil {
					t.Fatal(err)
				}
				if got := since(backend, calls); got != (kmstest.Calls{Sign: 1}) {
					t.Errorf("minting: %+v", got)
				}
				header, claims := split(t, token)
				info := signer.Keys().List()[0]
				if len(header) != 3 || header["alg"] != string(alg) || header["typ"] != "JWT" || header["kid"] != info.KeyID {
					t.Errorf("header %v", header)
				}
				iat, _ := claims["iat"].(json.Number).Int64()
				exp, _ := claims["exp"].(json.Number).Int64()
				if iat < before || iat > time.Now().Unix() || exp != iat+600 {
					t.Errorf("iat %d, exp %d", iat, exp)
				}
				if names := slices.Sorted(maps.Keys(claims)); strings.Join(names, " ") != "exp groups iat n user" || claims["n"] != json.Number("12345678901234567890") {
					t.Errorf("claims %v", claims)
				}

				mac := strings.HasPrefix(string(alg), "HS")
				for name, want := range map[string]int{"local": 0, "remote": 1} {
					if mac {
						want = 1
					}
					calls := backend.Calls()
					v, err := sources(signer)[name].Verify(t.Context(), compact(t, token))
					if got := since(backend, calls); err != nil || v.KeyID != info.KeyID || got != (kmstest.Calls{Verify: want}) {
						t.Errorf("%s: %+v, %v, calls %+v", name, v, err, got)
					}
				}
				if !mac {
					verifiedElsewhere(t, signer, alg, token)
				}
			})
		}
	}
	if ran != 17 {
		t.Errorf("%d algorithms and keys ran, want 17", ran)
	}
}

// verifiedElsewhere lets another library verify token with what is published.
func verifiedElsewhere(t *testing.T, signer *kmssigner.Signer, alg jwks.Algorithm, token string) {
	t.Helper()
	text, err := signer.Keys().Set().MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	var set gojose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%v, %v", set, err)
	}
	jws, err := gojose.ParseSignedCompact(token, []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(set.Keys[0]); err != nil {
		t.Errorf("go-jose: %v", err)
	}
}

// TestLarge signs just as much as a backend takes, and one byte more.
//
// Rule M2
func TestLarge(t *testing.T) {
	for spec, algs := range signings {
		for _, alg := range algs {
			t.Run(string(spec)+" "+string(alg), func(t *testing.T) {
				backend := memory(spec)
				signer := newSigner(t, backend, &kmssigner.Options{Algorithm: alg})
				header, err := signer.Sign(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				room := kmssigner.MaxRaw - strings.IndexByte(header, '.') - 1 // for the payload, encoded
				fits := []byte(strings.Repeat("x", room*3/4))
				token, err := signer.Sign(t.Context(), fits)
				if err != nil {
					t.Fatal(err)
				}
				if n := strings.LastIndexByte(token, '.'); n > kmssigner.MaxRaw || n < kmssigner.MaxRaw-3 {
					t.Fatalf("%d bytes are signed, which is not the limit", n)
				}
				for name, source := range sources(signer) {
					if _, err := source.Verify(t.Context(), compact(t, token)); err != nil {
						t.Errorf("at the limit, %s: %v", name, err)
					}
				}
				calls := backend.Calls()
				over, err := signer.Sign(t.Context(), append(fits, "1234"...))
				if alg == jwks.EdDSA || alg[0] == 'H' {
					if over != "" || !errors.Is(err, kmssigner.ErrTooLarge) || since(backend, calls) != (kmstest.Calls{}) {
						t.Errorf("%v, calls %+v", err, since(backend, calls))
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for name, source := range sources(signer) {
					if _, err := source.Verify(t.Context(), compact(t, over)); err != nil {
						t.Errorf("above the limit, %s: %v", name, err)
					}
				}
				verifiedElsewhere(t, signer, alg, over)
			})
		}
	}
}

// TestTooLarge: what verifiers refuse for its size is not signed.
//
// Rule M2
func TestTooLarge(t *testing.T) {
	backend := memory(kmstest.P256)
	signer := newSigner(t, backend, nil)
	token, err := signer.Sign(t.Context(), make([]byte, 74_800))
	if err != nil || len(token) > 100_000 || len(token) < 99_900 {
		t.Errorf("%d bytes, %v", len(token), err)
	}
	for _, n := range []int{74_950, 1 << 20} {
		calls := backend.Calls()
		if token, err := signer.Sign(t.Context(), make([]byte, n)); token != "" || !errors.Is(err, kmssigner.ErrTooLarge) || n > 80_000 && since(backend, calls) != (kmstest.Calls{}) {
			t.Errorf("%d: %v, calls %+v", n, err, since(backend, calls))
		}
	}
}

// TestClaims has what is minted and what is not.
func TestClaims(t *testing.T) {
	type twice struct {
		User json.RawMessage `json:"user"`
	}
	signer := newSigner(t, memory(kmstest.P256), nil)
	deep := strings.Repeat("[", 16) + strings.Repeat("]", 16)
	for name, tt := range map[string]struct {
		claims any
		reason string // "" for a token
	}{
		"none":               {map[string]any{}, ""},
		"struct":             {struct{ User string }{"mary"}, ""},
		"raw":                {json.RawMessage(` { "user" : "mary" } `), ""},
		"unicode":            {map[string]any{"user": "Zoë \u2028 <&> 日本 \ufffd"}, ""},
		"backslashes":        {map[string]any{"path": `C:\ufffd \\ufffd \\\ufffd`}, ""},
		"deepest":            {json.RawMessage(`{"a":` + deep[1:31] + `}`), ""},
		"nil":                {nil, "a JSON null, want an object"},
		"nil map":            {map[string]any(nil), "a JSON null, want an object"},
		"array":              {[]string{"a"}, "a JSON array, want an object"},
		"text":               {"secret", "a JSON string, want an object"},
		"too deep":           {json.RawMessage(`{"a":` + deep + `}`), "deep"},
		"a member twice":     {twice{json.RawMessage(`{"a":"secret","a":2}`)}, "duplicate"},
		"a member twice, up": {json.RawMessage(`{"a":"secret","\u0061":2}`), "duplicate"},
		"invalid UTF-8":      {map[string]any{"user": "secret\xff"}, "want valid UTF-8"},
		"invalid, escaped":   {map[string]any{"user": "secret\\\xff"}, "want valid UTF-8"},
		"no JSON":            {map[string]any{"user": func() {}}, "encoding/json cannot write them"},
		"broken raw":         {json.RawMessage(`{"user":secret}`), "encoding/json cannot write them"},
		"iat":                {map[string]any{"iat": 1}, "iat: it is the time of the call"},
		"exp text":           {map[string]any{"exp": "secret"}, "exp: want a whole number"},
		"exp null":           {map[string]any{"exp": nil}, "exp: want a whole number"},
		"exp fraction":       {map[string]any{"exp": json.Number("4102444800.5")}, "exp: want a whole number"},
		"exp past":           {map[string]any{"exp": 1}, "exp: it is past"},
		"exp far":            {map[string]any{"exp": int64(4102444800)}, "exp: later than Options.Lifetime"},
	} {
		token, err := signer.Mint(t.Context(), tt.claims)
		if tt.reason == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_, claims := split(t, token)
			if claims["iat"] == nil || claims["exp"] == nil {
				t.Errorf("%s: %v", name, claims)
			}
			continue
		}
		if token != "" || err == nil || !strings.Contains(err.Error(), tt.reason) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, claims := split(t, must(signer.Mint(t.Context(), map[string]any{"user": "Zoë \u2028 <&> 日本 \ufffd"})))
	if claims["user"] != "Zoë \u2028 <&> 日本 \ufffd" {
		t.Errorf("%q", claims["user"])
	}
}

// TestOwnExpiry has the bounds of an exp that the caller gives.
func TestOwnExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signer := newSigner(t, memory(kmstest.P256), &kmssigner.Options{Lifetime: time.Minute})
		defer signer.Close()
		now := time.Now().Unix()
		for seconds, ok := range map[int64]bool{0: false, 1: true, 60: true, 61: false} {
			token, err := signer.Mint(t.Context(), map[string]any{"exp": now + seconds})
			if (err == nil) != ok {
				t.Errorf("%d: %v", seconds, err)
			}
			if !ok {
				continue
			}
			if _, claims := split(t, token); claims["exp"] != json.Number(jsonText(now+seconds)) {
				t.Errorf("%d: %v", seconds, claims)
			}
		}
	})
}

// TestSignIsNoJWT: a payload that looks like claims is no token.
func TestSignIsNoJWT(t *testing.T) {
	signer := newSigner(t, memory(kmstest.P256), nil)
	token, err := signer.Sign(t.Context(), []byte(`{"user":"mary","exp":4102444800}`))
	if err != nil {
		t.Fatal(err)
	}
	if header, _ := split(t, token); header["typ"] != "JOSE" {
		t.Errorf("%v", header)
	}
	if _, err := scope(t, signer.Keys(), token); err == nil || !strings.Contains(err.Error(), "typ") {
		t.Errorf("a gate: %v", err)
	}
}

// TestSignatureIsChecked: what a broken backend returns is not passed on.
//
// Rule M2
func TestSignatureIsChecked(t *testing.T) {
	good := memory(kmstest.RSA2048)
	for name, tt := range map[string]struct {
		spec   kmstest.Spec
		spoil  func(sig []byte) []byte
		reason string
	}{
		"one bit":     {kmstest.RSA2048, func(sig []byte) []byte { sig[7] ^= 1; return sig }, "the public key does not verify"},
		"short":       {kmstest.RSA2048, func(sig []byte) []byte { return sig[1:] }, "the public key does not verify"},
		"none":        {kmstest.RSA2048, func([]byte) []byte { return nil }, "returned no signature"},
		"short MAC":   {kmstest.HMAC256, func(sig []byte) []byte { return sig[1:] }, "returned 31 octets, want 32 of HS256"},
		"long MAC":    {kmstest.HMAC256, func(sig []byte) []byte { return append(sig, 1) }, "returned 33 octets, want 32 of HS256"},
		"wrong point": {kmstest.P256, func(sig []byte) []byte { clear(sig[:32]); return sig }, "the public key does not verify"},
	} {
		backend := &spoiling{memory(tt.spec), tt.spoil}
		signer := newSigner(t, backend, nil)
		token, err := signer.Mint(t.Context(), map[string]any{"user": "mary"})
		if token != "" || err == nil || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := newSigner(t, good, nil).Mint(t.Context(), map[string]any{}); err != nil {
		t.Errorf("unspoilt: %v", err)
	}
}

// TestKeyID has the kid that hides the ID of the backend, and the one that is it.
//
// Rule M1
func TestKeyID(t *testing.T) {
	for _, spec := range []kmstest.Spec{kmstest.P256, kmstest.HMAC256} {
		backend := memory(spec)
		hidden := newSigner(t, backend, nil).Keys().List()[0]
		shown := newSigner(t, backend, &kmssigner.Options{BackendKeyID: true}).Keys().List()[0]
		if len(hidden.KeyID) != 43 || strings.Contains(hidden.KeyID, "arn") || hidden.BackendID == hidden.KeyID {
			t.Errorf("%s: %+v", spec, hidden)
		}
		if shown.KeyID != shown.BackendID || shown.BackendID != hidden.BackendID || !strings.HasPrefix(shown.KeyID, "arn:") {
			t.Errorf("%s: %+v", spec, shown)
		}
		token := must(newSigner(t, backend, nil).Mint(t.Context(), map[string]any{}))
		if strings.Contains(token, base64.RawURLEncoding.EncodeToString([]byte("arn:"))) {
			t.Errorf("%s: the token has the ARN", spec)
		}
	}
	backend := memory(kmstest.P256)
	info := newSigner(t, backend, nil).Keys().List()[0]
	d, err := backend.Describe(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if thumbprint, err := jwks.Thumbprint(d.Public); err != nil || thumbprint != info.KeyID {
		t.Errorf("%s, %v", thumbprint, err)
	}
}
