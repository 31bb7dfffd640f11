package jwks_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// The tests of this file are named after classes of attacks on verifiers of
// tokens, as they were found in libraries of many languages. Each forges a token
// that one of them accepted.

// refuse fails for each forged token that is accepted, and for a class that was
// not tried.
func refuse(t *testing.T, set *jwks.Set, want error, forged map[string]string) {
	t.Helper()
	if len(forged) == 0 {
		t.Fatal("nothing was forged")
	}
	for name, raw := range forged {
		got, err := verify(set, raw)
		if !errors.Is(err, want) || got != (jwks.Verified{}) {
			t.Errorf("%s: %+v, %v; want %v", name, got, err, want)
		}
	}
}

// everyKey is a set with a key of each type and kid, symmetric ones included.
func everyKey(t *testing.T) *jwks.Set {
	t.Helper()
	return parse(t, jwks.Secret, rsaJWK(), ecJWK(), okpJWK(), octJWK())
}

// Rules T1, K6
func TestAttack01_AlgNone(t *testing.T) {
	forged := map[string]string{}
	for _, none := range []string{"none", "None", "NONE", "nOnE", "none ", "", "null"} {
		h := b64([]byte(fmt.Sprintf(`{"alg":%q,"kid":"rsa"}`, none)))
		for name, sig := range map[string]string{"": "", " with a signature": "AAAA", " with an RSA one": b64(make([]byte, 256))} {
			forged[none+name] = h + "." + b64([]byte(payload)) + "." + sig
		}
	}
	good := sign(jwks.RS256, testkeys.RSA2048(), "rsa")
	forged["stripped"] = good[:strings.LastIndexByte(good, '.')+1]
	forged["stripped with its dot"] = good[:strings.LastIndexByte(good, '.')]
	refuse(t, everyKey(t), jwks.ErrMalformed, forged)
}

// Rule K5
func TestAttack02_RSToHSConfusion(t *testing.T) {
	pub := &testkeys.RSA2048().PublicKey
	pkix, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})
	jwk, err := json.Marshal(rsaJWK())
	if err != nil {
		t.Fatal(err)
	}
	ssh := "ssh-rsa " + standard(pub.N.Bytes())
	secrets := map[string][]byte{
		"PEM":                      text,
		"PEM without its last end": bytes.TrimSpace(text),
		"PEM with a space":         append([]byte(" "), text...),
		"PEM with a line break":    append([]byte("\n"), text...),
		"PEM with CRLF":            bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		"PKCS1 PEM":                pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(pub)}),
		"PKCS1 DER":                x509.MarshalPKCS1PublicKey(pub),
		"DER":                      pkix,
		"base64 of DER":            []byte(standard(pkix)),
		"JWK":                      jwk,
		"file":                     file(rsaJWK()),
		"ssh":                      []byte(ssh),
		"modulus":                  pub.N.Bytes(),
		"modulus in base64url":     []byte(b64(pub.N.Bytes())),
		"nothing":                  {},
	}
	sets := map[string]*jwks.Set{
		"RSA":                parse(t, jwks.Public, rsaJWK()),
		"RSA with alg":       parse(t, jwks.Public, rsaJWK().with("alg", "RS256")),
		"RSA of a secret":    parse(t, jwks.Secret, rsaJWK()),
		"RSA beside others":  everyKey(t),
		"RSA of a PEM block": parsePEM(t, text, jwks.PEMOptions{KeyID: "rsa"}),
	}
	for setName, set := range sets {
		for name, secret := range secrets {
			for _, alg := range []jwks.Algorithm{jwks.HS256, jwks.HS384, jwks.HS512} {
				raw := sign(alg, secret, "rsa")
				if _, err := verify(set, raw); !errors.Is(err, jwks.ErrUnknownKey) {
					t.Errorf("%s, %s, %s: %v", setName, name, alg, err)
				}
				if _, err := verify(set, sign(alg, secret, "")); err == nil {
					t.Errorf("%s, %s, %s without kid: accepted", setName, name, alg)
				}
			}
		}
	}
}

// Rule K5
func TestAttack03_AlgNotOfThisKey(t *testing.T) {
	r := testkeys.RSA2048()
	refuse(t, parse(t, jwks.Public, rsaJWK().with("alg", "RS256"), ecJWK()), jwks.ErrUnknownKey, map[string]string{
		"PS256 with the key of RS256":  sign(jwks.PS256, r, "rsa"),
		"RS384 with the key of RS256":  sign(jwks.RS384, r, "rsa"),
		"PS256 without kid":            sign(jwks.PS256, r, ""),
		"ES384 with the kid of ES256":  sign(jwks.ES384, testkeys.P384(), "ec"),
		"RS256 with the kid of ES256":  sign(jwks.RS256, r, "ec"),
		"EdDSA with the kid of RS256":  sign(jwks.EdDSA, testkeys.Ed25519(), "rsa"),
		"RS256's octets called PS256":  signHeader(jwks.RS256, r, `{"alg":"PS256","kid":"rsa"}`),
		"ES256 of P-384, called ES384": signHeader(jwks.ES256, testkeys.P384(), `{"alg":"ES384","kid":"ec"}`),
	})
	refuse(t, parse(t, jwks.Public, rsaJWK()), jwks.ErrSignature, map[string]string{
		"RS256's octets called PS256": signHeader(jwks.RS256, r, `{"alg":"PS256","kid":"rsa"}`),
		"PS256's octets called RS256": signHeader(jwks.PS256, r, `{"alg":"RS256","kid":"rsa"}`),
		"RS256's octets called RS512": signHeader(jwks.RS256, r, `{"alg":"RS512","kid":"rsa"}`),
	})
}

// Rules K5, G3
func TestAttack04_KeyIDInjection(t *testing.T) {
	set := everyKey(t)
	for _, kid := range []string{"../../dev/null", "/dev/null", `' OR 1=1 --`, "$(id)", "\x00", "\r\nX-Header: 1", "%s%n", `x","d":"1`, "rsa\x00", "rsa\n"} {
		_, err := verify(set, sign(jwks.HS256, []byte{}, kid))
		if !errors.Is(err, jwks.ErrUnknownKey) || strings.Contains(err.Error(), kid) {
			t.Errorf("kid %q: %v", kid, err)
		}
	}
	for _, kid := range []string{strings.Repeat("k", 1<<20), strings.Repeat("k", 513)} {
		if _, err := verify(set, sign(jwks.HS256, []byte{}, kid)); !errors.Is(err, jwks.ErrMalformed) || len(err.Error()) > 200 {
			t.Errorf("kid of %d bytes: %v", len(kid), err)
		}
	}
}

// TestAttack05_KeysInTheHeader signs with a key of the attacker, who names it in
// the header. The default transport of net/http fails the test at any request.
//
// Rule T1
func TestAttack05_KeysInTheHeader(t *testing.T) {
	old := http.DefaultTransport
	http.DefaultTransport = noRequests{t}
	defer func() { http.DefaultTransport = old }()

	own := testkeys.RSA2048B()
	jwk, err := json.Marshal(public(&own.PublicKey, "rsa"))
	if err != nil {
		t.Fatal(err)
	}
	set := parse(t, jwks.Public, rsaJWK())
	forged := map[string]string{}
	for name, member := range map[string]string{
		"jwk": string(jwk), "jku": `"https://attacker.example/keys"`, "x5u": `"https://attacker.example/cert"`, "x5c": `["` + selfSigned(own) + `"]`,
	} {
		forged[name] = signHeader(jwks.RS256, own, fmt.Sprintf(`{"alg":"RS256","kid":"rsa","%s":%s}`, name, member))
		forged[name+" without kid"] = signHeader(jwks.RS256, own, fmt.Sprintf(`{"alg":"RS256","%s":%s}`, name, member))
	}
	refuse(t, set, jwks.ErrSignature, forged)
	refuse(t, set, jwks.ErrUnknownKey, map[string]string{
		"jwk, kid of none": signHeader(jwks.RS256, own, fmt.Sprintf(`{"alg":"RS256","kid":"new","jwk":%s}`, jwk)),
	})
}

type noRequests struct{ t *testing.T }

func (n noRequests) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a request to %s", r.URL)
	return nil, errors.New("no requests in this test")
}

func TestAttack06_PsychicSignature(t *testing.T) {
	for _, c := range []struct {
		alg   jwks.Algorithm
		curve elliptic.Curve
		jwk   members
		key   any
	}{
		{jwks.ES256, elliptic.P256(), ecJWK(), testkeys.P256()},
		{jwks.ES384, elliptic.P384(), public(&testkeys.P384().PublicKey, "ec"), testkeys.P384()},
		{jwks.ES512, elliptic.P521(), public(&testkeys.P521().PublicKey, "ec"), testkeys.P521()},
	} {
		j := compact(t, sign(c.alg, c.key, "ec"))
		size := len(j.Signature()) / 2
		n := c.curve.Params().N
		numbers := map[string]*big.Int{"0": new(big.Int), "1": big.NewInt(1), "n-1": new(big.Int).Sub(n, big.NewInt(1)), "n": n, "n+1": new(big.Int).Add(n, big.NewInt(1))}
		r, s := new(big.Int).SetBytes(j.Signature()[:size]), new(big.Int).SetBytes(j.Signature()[size:])
		forged := map[string]string{}
		put := func(name string, r, s *big.Int) {
			sig := append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
			forged[name] = j.SigningInput() + "." + b64(sig)
		}
		for rName, r := range numbers {
			for sName, s := range numbers {
				put("r="+rName+" s="+sName, r, s)
			}
		}
		put("r=0", numbers["0"], s)
		put("s=0", r, numbers["0"])
		put("s=n", r, n)
		put("exchanged", s, r)
		for name, more := range map[string]*big.Int{"r+n": r, "s+n": s} {
			sum := new(big.Int).Add(more, n)
			if sum.BitLen() <= 8*size {
				if name == "r+n" {
					put(name, sum, s)
				} else {
					put(name, r, sum)
				}
			}
		}
		der := append([]byte{0x30, byte(4 + 2*size), 0x02, byte(size)}, j.Signature()[:size]...)
		der = append(append(der, 0x02, byte(size)), j.Signature()[size:]...)
		forged["DER"] = j.SigningInput() + "." + b64(der)
		refuse(t, parse(t, jwks.Public, c.jwk), jwks.ErrSignature, forged)
	}
}

// TestAttack07_Malleability: the twin of an ECDSA signature is valid, and its
// signing input, by which to remember a token, is the same. No other string is
// the same token.
func TestAttack07_Malleability(t *testing.T) {
	set := parse(t, jwks.Public, ecJWK())
	raw := sign(jwks.ES256, testkeys.P256(), "ec")
	j := compact(t, raw)
	twin := j.Signature()
	s := new(big.Int).SetBytes(twin[32:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(twin[32:])
	again := compact(t, j.SigningInput()+"."+b64(twin))
	if _, err := set.Verify(again, now); err != nil || again.SigningInput() != j.SigningInput() || bytes.Equal(again.Signature(), j.Signature()) {
		t.Errorf("%v", err)
	}
	refuse(t, set, jwks.ErrMalformed, map[string]string{
		"padding":     raw + "==",
		"unused bits": raw[:len(raw)-1] + string(raw[len(raw)-1]+1),
		"line break":  raw + "\n",
		"space":       raw + " ",
	})
}

// Rule K4
func TestAttack08_InvalidCurve(t *testing.T) {
	tried := 0
	for _, row := range usableInBoth() {
		if strings.Contains(row.name, "curve") || strings.Contains(row.name, "order") {
			checkPublic(t, row)
			checkSecret(t, row)
			tried++
		}
	}
	if tried < 8 {
		t.Errorf("%d keys tried", tried)
	}
}

// TestAttack09_WeakKeys: a token of a weak key is not verified, since the key is
// not there.
//
// Rule K4
func TestAttack09_WeakKeys(t *testing.T) {
	weak := testkeys.RSA1024()
	set := parse(t, jwks.Public, public(&weak.PublicKey, "weak"), ecJWK())
	refuse(t, set, jwks.ErrUnknownKey, map[string]string{
		"RSA 1024":             sign(jwks.RS256, weak, "weak"),
		"RSA 1024 without kid": sign(jwks.RS256, weak, ""),
	})
	for _, n := range []int{0, 1, 16, 31} {
		if _, err := jwks.Parse(file(symmetric(testkeys.HMAC(n), "weak")), jwks.Secret); err == nil {
			t.Errorf("a secret of %d octets was accepted", n)
		}
	}
	// With an exponent of 1 the signature is the padded digest itself.
	one := parse(t, jwks.Public, rsaJWK().with("kid", "one").with("e", "AQ"), ecJWK())
	input := b64([]byte(`{"alg":"RS256","kid":"one"}`)) + "." + b64([]byte(payload))
	refuse(t, one, jwks.ErrUnknownKey, map[string]string{"exponent 1": input + "." + b64(make([]byte, 256))})
}

// signedHeaders signs, with the right key, the headers of the table whose names
// begin with one of the prefixes.
func signedHeaders(prefixes ...string) map[string]string {
	signed := map[string]string{}
	for _, tt := range headers {
		for _, prefix := range prefixes {
			if strings.HasPrefix(tt.name, prefix) {
				signed[tt.name] = signHeader(jwks.RS256, testkeys.RSA2048(), tt.text)
			}
		}
	}
	return signed
}

// Rule T1
func TestAttack10_CriticalExtensions(t *testing.T) {
	forged := signedHeaders("crit")
	forged["crit twice"] = signHeader(jwks.RS256, testkeys.RSA2048(), `{"alg":"RS256","crit":["exp","exp"],"exp":1}`)
	refuse(t, everyKey(t), jwks.ErrMalformed, forged)
}

// Rule T1
func TestAttack11_UnencodedPayload(t *testing.T) {
	forged := signedHeaders("b64")
	h := b64([]byte(`{"alg":"HS512","b64":false,"crit":["b64"]}`))
	forged["plain payload"] = h + ".{}." + b64(testkeys.Signature("HS512", testkeys.HMAC(64), []byte(h+".{}")))
	refuse(t, everyKey(t), jwks.ErrMalformed, forged)
}

// Rule T1
func TestAttack12_AmbiguousHeader(t *testing.T) {
	refuse(t, everyKey(t), jwks.ErrMalformed, signedHeaders("duplicate", "byte order mark", "trailing", "twice", "NaN", "ALG alone", "invalid UTF-8", "lone surrogate", "NUL", "comment"))
}

// Rule T1
func TestAttack13_JSONSerialization(t *testing.T) {
	signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: gojose.RS256, Key: testkeys.RSA2048()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Split(sign(jwks.RS256, testkeys.RSA2048(), "rsa"), ".")
	good := fmt.Sprintf(`{"protected":"%s","signature":"%s"}`, part[0], part[2])
	bad := fmt.Sprintf(`{"protected":"%s","signature":"AAAA"}`, part[0])
	refuse(t, everyKey(t), jwks.ErrMalformed, map[string]string{
		"flattened":               signed.FullSerialize(),
		"general":                 fmt.Sprintf(`{"payload":"%s","signatures":[%s]}`, part[1], good),
		"one bad, one good":       fmt.Sprintf(`{"payload":"%s","signatures":[%s,%s]}`, part[1], bad, good),
		"no signature":            fmt.Sprintf(`{"payload":"%s","signatures":[]}`, part[1]),
		"with a space in front":   ` {"payload":"` + part[1] + `","signatures":[` + good + `]}`,
		"compact inside a string": `"` + strings.Join(part, ".") + `"`,
	})
}

// Rule T1
func TestAttack14_EncryptedToken(t *testing.T) {
	inner := sign(jwks.RS256, testkeys.RSA2048(), "rsa")
	encrypter, err := gojose.NewEncrypter(gojose.A128GCM, gojose.Recipient{Algorithm: gojose.RSA_OAEP, Key: &testkeys.RSA2048().PublicKey, KeyID: "rsa"},
		(&gojose.EncrypterOptions{}).WithType("JWT").WithContentType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	forged := map[string]string{}
	for name, content := range map[string]string{"signed": inner, "unsigned": b64([]byte(`{"alg":"none"}`)) + "." + b64([]byte(payload)) + ".", "claims": payload} {
		sealed, err := encrypter.Encrypt([]byte(content))
		if err != nil {
			t.Fatal(err)
		}
		if forged[name], err = sealed.CompactSerialize(); err != nil {
			t.Fatal(err)
		}
	}
	forged["enc in a signed token"] = signHeader(jwks.RS256, testkeys.RSA2048(), `{"alg":"RS256","enc":"A128GCM"}`)
	refuse(t, everyKey(t), jwks.ErrMalformed, forged)
}

// TestAttack15_PasswordAndZipBombs: the work that the header asks for is never
// begun.
//
// Rules T1, G4
func TestAttack15_PasswordAndZipBombs(t *testing.T) {
	bomb := b64([]byte(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2000000000,"p2s":"AAAAAAAAAAA"}`))
	forged := signedHeaders("zip", "alg of encryption")
	forged["five parts"] = bomb + ".AAAA.AAAA.AAAA.AAAA"
	forged["three parts"] = bomb + ".AAAA.AAAA"
	refuse(t, everyKey(t), jwks.ErrMalformed, forged)
}

// TestAttack16_DotAndSizeBombs: what is too long is refused by its length, before
// anything looks at it or allocates for it.
//
// Rules T1, G4
func TestAttack16_DotAndSizeBombs(t *testing.T) {
	const size = 10 << 20
	bombs := map[string]string{
		"dots":    strings.Repeat(".", size),
		"claim":   b64([]byte(plainHeader)) + "." + strings.Repeat("A", size) + ".AAAA",
		"header":  strings.Repeat("A", size) + "..AAAA",
		"depth":   b64([]byte(strings.Repeat("[", size))) + ".AAAA.AAAA",
		"nothing": strings.Repeat("\x00", size),
	}
	refuse(t, everyKey(t), jwks.ErrMalformed, bombs)
	for name, raw := range bombs {
		if got := testing.AllocsPerRun(1, func() { _, _ = jwks.ParseCompact(raw) }); got > 20 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
	refuse(t, everyKey(t), jwks.ErrMalformed, map[string]string{
		"dots, just short enough":  strings.Repeat(".", 100_000),
		"depth, just short enough": b64([]byte(strings.Repeat("[", 74_000))) + ".AAAA.AAAA",
	})
}

// TestAttack19_KeyOfAnotherIssuer: a key belongs to the source that it was given
// to. Issuers A and B use the same kid, and still neither verifies the other.
//
// Rule T5: as far as keys go
func TestAttack19_KeyOfAnotherIssuer(t *testing.T) {
	a := jwks.Static(parse(t, jwks.Public, public(&testkeys.RSA2048().PublicKey, "1")))
	b := jwks.Static(parse(t, jwks.Public, public(&testkeys.RSA2048B().PublicKey, "1")))
	ofA := compact(t, sign(jwks.RS256, testkeys.RSA2048(), "1"))
	if _, err := a.Verify(t.Context(), ofA); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(t.Context(), ofA); !errors.Is(err, jwks.ErrSignature) {
		t.Errorf("B verifies the token of A: %v", err)
	}
}

// Rules K1, K4
func TestAttack24_PoisonedPublicSet(t *testing.T) {
	set := parse(t, jwks.Public, octJWK(), rsaJWK().with("d", "AA"), ecJWK())
	refuse(t, set, jwks.ErrUnknownKey, map[string]string{
		"symmetric key":             sign(jwks.HS256, testkeys.HMAC(64), "oct"),
		"symmetric key without kid": sign(jwks.HS256, testkeys.HMAC(64), ""),
		"published private key":     sign(jwks.RS256, testkeys.RSA2048(), "rsa"),
	})
}

// TestAttack31_FailedFetchFallsThrough: when the keys cannot be had, no other key
// takes their place, the empty one in particular. (The comparison of a MAC takes
// constant time by crypto/hmac.)
//
// Rule G1
func TestAttack31_FailedFetchFallsThrough(t *testing.T) {
	for name, value := range map[string][]byte{"error": nil, "empty": {}, "no keys": []byte(`{"keys":[]}`), "empty key": file(symmetric(nil, "oct")), "no file": []byte("oct")} {
		source, err := jwks.NewSecret(fetcher(func(context.Context, string) ([]byte, error) {
			if value == nil {
				return file(octJWK()), errors.New("denied")
			}
			return value, nil
		}), "arn", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range [][]byte{{}, value, testkeys.HMAC(64)} {
			if _, err := source.Verify(t.Context(), compact(t, sign(jwks.HS256, secret, "oct"))); !errors.Is(err, jwks.ErrUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
