package claims_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// attacked returns a verifier with the public keys of an RSA and an EC key, as a
// provider publishes them.
func attacked(t *testing.T) *claims.Verifier {
	t.Helper()
	set, err := jwks.NewSet(
		jwks.PublicKey{Key: testkeys.RSA2048().Public(), KeyID: "rsa", Algorithm: jwks.RS256},
		jwks.PublicKey{Key: testkeys.P256().Public(), KeyID: "ec", Algorithm: jwks.ES256},
	)
	if err != nil {
		t.Fatal(err)
	}
	v, err := claims.NewVerifier(urlConfig(), jwks.Static(set), nil)
	if err != nil {
		t.Fatal(err)
	}
	for alg, key := range map[string]any{"RS256": testkeys.RSA2048(), "ES256": testkeys.P256()} {
		kid := map[string]string{"RS256": "rsa", "ES256": "ec"}[alg]
		if _, err := verify(t, v, testkeys.Sign(alg, key, fmt.Appendf(nil, `{"alg":%q,"kid":%q}`, alg, kid), []byte(payload()))); err != nil {
			t.Fatalf("an honest token is refused: %v", err)
		}
	}
	return v
}

// refuses requires that v refuses each of the tokens, as one of the kinds.
func refuses(t *testing.T, v *claims.Verifier, tokens []string, kinds ...error) {
	t.Helper()
	if len(tokens) == 0 {
		t.Fatal("no tokens")
	}
	for i, raw := range tokens {
		_, err := verify(t, v, raw)
		if err == nil || !slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) }) {
			t.Errorf("token %d: %v, want one of %v", i, err, kinds)
			continue
		}
		if strings.Contains(err.Error(), mark) {
			t.Errorf("token %d: error quotes it: %v", i, err)
		}
	}
}

// Rule K6
func TestAttack01_AlgNone(t *testing.T) {
	var tokens []string
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS1", "RSA1_5", "dir"} {
		for _, kid := range []string{"", `,"kid":"rsa"`, `,"kid":"shared"`} {
			head := fmt.Sprintf(`{"alg":%q%s}`, alg, kid)
			unsigned := testkeys.Encode([]byte(head)) + "." + testkeys.Encode([]byte(payload()))
			tokens = append(tokens, unsigned+".", unsigned, unsigned+".AA", signAs(head, payload()))
		}
	}
	for _, head := range []string{`{}`, `{"kid":"rsa"}`, `{"alg":null}`, `{"alg":["HS256"]}`, `{"ALG":"HS256"}`} {
		tokens = append(tokens, signAs(head, payload()))
	}
	refuses(t, attacked(t), tokens, claims.ErrMalformed)
	refuses(t, verifier(t, config(), nil), tokens, claims.ErrMalformed)
}

// Rules K4, K5
func TestAttack02_PublicKeyAsSecret(t *testing.T) {
	v := attacked(t)
	pub := testkeys.RSA2048().PublicKey
	der, err := x509.MarshalPKIXPublicKey(&pub)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	pkcs1 := x509.MarshalPKCS1PublicKey(&pub)
	n := testkeys.Encode(pub.N.Bytes())
	secrets := map[string][]byte{
		"PEM":                    text,
		"PEM without line feed":  bytes.TrimRight(text, "\n"),
		"PEM behind a space":     append([]byte(" "), text...),
		"PEM with CRLF":          bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		"DER":                    der,
		"PKCS 1":                 pkcs1,
		"PKCS 1 PEM":             pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}),
		"JWK":                    fmt.Appendf(nil, `{"kty":"RSA","kid":"rsa","alg":"RS256","n":%q,"e":"AQAB"}`, n),
		"JWK in canonical order": fmt.Appendf(nil, `{"e":"AQAB","kty":"RSA","n":%q}`, n),
		"ssh":                    sshKey(pub.N),
		"modulus":                pub.N.Bytes(),
		"modulus in base64url":   []byte(n),
		"nothing":                {},
	}
	var tokens []string
	for _, secret := range secrets {
		for _, alg := range []string{"HS256", "HS384", "HS512"} {
			for _, head := range []string{`{"alg":%q,"kid":"rsa"}`, `{"alg":%q}`} {
				tokens = append(tokens, testkeys.Sign(alg, secret, fmt.Appendf(nil, head, alg), []byte(payload())))
			}
		}
	}
	refuses(t, v, tokens, claims.ErrUnknownKey)
}

func sshKey(n *big.Int) []byte {
	var wire []byte
	for _, part := range [][]byte{[]byte("ssh-rsa"), {1, 0, 1}, append([]byte{0}, n.Bytes()...)} {
		wire = binary.BigEndian.AppendUint32(wire, uint32(len(part)))
		wire = append(wire, part...)
	}
	return []byte("ssh-rsa " + base64.StdEncoding.EncodeToString(wire))
}

// Rule K5
func TestAttack03_AlgNotOfThisKey(t *testing.T) {
	text := []byte(payload())
	refuses(t, attacked(t), []string{
		testkeys.Sign("PS256", testkeys.RSA2048(), []byte(`{"alg":"PS256","kid":"rsa"}`), text),
		testkeys.Sign("RS512", testkeys.RSA2048(), []byte(`{"alg":"RS512","kid":"rsa"}`), text),
		testkeys.Sign("RS384", testkeys.RSA2048(), []byte(`{"alg":"RS384"}`), text),
		testkeys.Sign("ES384", testkeys.P384(), []byte(`{"alg":"ES384","kid":"ec"}`), text),
		testkeys.Sign("ES256", testkeys.P256(), []byte(`{"alg":"ES256","kid":"rsa"}`), text),
	}, claims.ErrUnknownKey)
	refuses(t, attacked(t), []string{
		testkeys.Sign("PS256", testkeys.RSA2048(), []byte(`{"alg":"RS256","kid":"rsa"}`), text),
		testkeys.Sign("RS384", testkeys.RSA2048(), []byte(`{"alg":"RS256","kid":"rsa"}`), text),
		testkeys.Sign("RS256", testkeys.RSA2048B(), []byte(`{"alg":"RS256","kid":"rsa"}`), text),
	}, claims.ErrSignature)
}

// Rules K5, G3
func TestAttack04_KeyIDs(t *testing.T) {
	v := verifier(t, config(), nil)
	quoted := func(kid string) string {
		s, err := json.Marshal(kid)
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	var strange, malformed []string
	for _, kid := range []string{"../../dev/null", "/etc/passwd zq7", "' OR 1=1 --zq7", "file:///dev/zero", "zq7\x00", "zq7\r\nlog: line", "shared ", "SHARED", "${jndi:zq7}"} {
		strange = append(strange, signAs(`{"alg":"HS256","kid":`+quoted(kid)+`}`, payload()))
	}
	for _, kid := range []string{`""`, "null", "7", `["shared"]`, `{"shared":1}`, "true", quoted(strings.Repeat("k", 513)), quoted(strings.Repeat("k", 60_000))} {
		malformed = append(malformed, signAs(`{"alg":"HS256","kid":`+kid+`}`, payload()))
	}
	refuses(t, v, strange, claims.ErrUnknownKey)
	refuses(t, v, malformed, claims.ErrMalformed)
	refuses(t, v, []string{signAs(`{"alg":"HS256","kid":`+quoted(strings.Repeat("k", 1<<20))+`}`, payload())}, claims.ErrMalformed)
}

// Rule T1: a header's keys are not used, its addresses not fetched.
func TestAttack05_KeysInTheHeader(t *testing.T) {
	fetched := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched++ }))
	defer server.Close()
	own := testkeys.RSA2048B()
	jwk := fmt.Sprintf(`{"kty":"RSA","alg":"RS256","kid":"own","use":"sig","n":%q,"e":"AQAB"}`, testkeys.Encode(own.N.Bytes()))
	pub, err := x509.MarshalPKIXPublicKey(own.Public())
	if err != nil {
		t.Fatal(err)
	}
	v := attacked(t)
	for _, kid := range []string{"own", "rsa"} {
		var tokens []string
		for _, member := range []string{
			`"jwk":` + jwk, fmt.Sprintf(`"jku":%q`, server.URL+"/jwks.json"), fmt.Sprintf(`"x5u":%q`, server.URL),
			fmt.Sprintf(`"x5c":[%q]`, base64.StdEncoding.EncodeToString(pub)), `"x5t":"AAAA"`, `"x5t#S256":"AAAA"`,
		} {
			head := fmt.Sprintf(`{"alg":"RS256","kid":%q,%s}`, kid, member)
			tokens = append(tokens, testkeys.Sign("RS256", own, []byte(head), []byte(payload())))
		}
		refuses(t, v, tokens, map[string]error{"own": claims.ErrUnknownKey, "rsa": claims.ErrSignature}[kid])
	}
	if fetched != 0 {
		t.Errorf("%d requests to an address in a header", fetched)
	}
}

// Rule K6
func TestAttack06_PsychicSignatures(t *testing.T) {
	head := []byte(`{"alg":"ES256","kid":"ec"}`)
	input := testkeys.Encode(head) + "." + testkeys.Encode([]byte(payload()))
	good := testkeys.Signature("ES256", testkeys.P256(), []byte(input))
	zero, order := make([]byte, 32), elliptic.P256().Params().N.Bytes()
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(good[:32]), new(big.Int).SetBytes(good[32:])})
	if err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for _, sig := range [][]byte{
		slices.Concat(zero, zero), slices.Concat(zero, good[32:]), slices.Concat(good[:32], zero), slices.Concat(order, good[32:]),
		slices.Concat(good[:32], order), slices.Concat(order, order), der, good[:63], append(slices.Clone(good), 0), append([]byte{0}, good...), good[:32], {1},
	} {
		tokens = append(tokens, input+"."+testkeys.Encode(sig))
	}
	refuses(t, attacked(t), tokens, claims.ErrSignature)
	if _, err := verify(t, attacked(t), input+"."+testkeys.Encode(good)); err != nil {
		t.Errorf("the good signature is refused: %v", err)
	}
}

// Rule T1
func TestAttack10_Crit(t *testing.T) {
	var tokens []string
	for _, crit := range []string{`["exp"]`, `["x"],"x":1`, `[]`, `["b64"],"b64":true`, `["x","x"],"x":1`, `["alg"]`, `null`, `"x"`, `["absent"]`} {
		tokens = append(tokens, signAs(`{"alg":"HS256","kid":"shared","crit":`+crit+`}`, payload()))
	}
	refuses(t, verifier(t, config(), nil), tokens, claims.ErrMalformed)
}

// Rule T1
func TestAttack11_UnencodedPayload(t *testing.T) {
	var tokens []string
	for _, head := range []string{`{"alg":"HS256","kid":"shared","b64":false}`, `{"alg":"HS256","kid":"shared","b64":true}`, `{"alg":"HS256","kid":"shared","b64":false,"crit":["b64"]}`} {
		input := testkeys.Encode([]byte(head)) + "." + payload()
		sig := testkeys.Signature("HS256", testkeys.HMAC(32), []byte(input))
		tokens = append(tokens, signAs(head, payload()), input+"."+testkeys.Encode(sig))
	}
	refuses(t, verifier(t, config(), nil), tokens, claims.ErrMalformed)
}

// Rule T1
func TestAttack12_AmbiguousJSON(t *testing.T) {
	var tokens []string
	for _, head := range []string{
		`{"alg":"HS256","alg":"HS256","kid":"shared"}`, `{"alg":"HS256","\u0061lg":"none","kid":"shared"}`, "\ufeff" + header, header + "x", header + header,
		`{"alg":"HS256","kid":"shared","x":NaN}`, `{"alg":"HS256","kid":"shared","x":"` + "\xff" + `"}`, `{"alg":"HS256","kid":"shared","x":"\ud800"}`, `["HS256"]`, "",
	} {
		tokens = append(tokens, signAs(head, payload()))
	}
	for _, text := range []string{
		strings.Replace(payload(), "{", `{"user":"admin-zq7",`, 1), strings.Replace(payload(), "{", `{"\u0075ser":"admin-zq7",`, 1),
		"\ufeff" + payload(), payload() + "{}", payload() + "\x00", payload(`x=Infinity`), payload(`x=01`), payload(`x=.5`), payload("user=\"\xed\xa0\x80\""),
	} {
		tokens = append(tokens, sign(text))
	}
	refuses(t, verifier(t, config(), nil), tokens, claims.ErrMalformed)

	// Names in another case are other names.
	token, err := verify(t, verifier(t, config(), nil), sign(payload(`USER="admin"`, `User="admin"`, `Groups=["admin"]`)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(principal("mary-zq7", "AWS-SA-zq7"), token.Principal()); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
}

// Rule T1
func TestAttack13_JSONSerialisation(t *testing.T) {
	parts := strings.Split(sign(payload()), ".")
	bad := testkeys.Encode(make([]byte, 32))
	one := func(sig string) string { return fmt.Sprintf(`{"protected":%q,"signature":%q}`, parts[0], sig) }
	refuses(t, verifier(t, config(), nil), []string{
		fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]),
		fmt.Sprintf(`{"payload":%q,"signatures":[%s]}`, parts[1], one(parts[2])),
		fmt.Sprintf(`{"payload":%q,"signatures":[%s,%s]}`, parts[1], one(bad), one(parts[2])),
		fmt.Sprintf(` {"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]),
		`{"payload":"` + parts[1] + `","signatures":[` + strings.Repeat(one(bad)+",", 20_000) + one(parts[2]) + `]}`,
	}, claims.ErrMalformed)
}

// Rule T1
func TestAttack14_Encrypted(t *testing.T) {
	enc := testkeys.Encode
	nested := sign(payload())
	v := verifier(t, config(), nil)
	refuses(t, v, []string{
		enc([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT"}`)) + ".a2V5.aXY." + enc([]byte(payload())) + ".dGFn",
		enc([]byte(`{"alg":"dir","enc":"A256GCM"}`)) + "..aXY." + enc([]byte(payload())) + ".dGFn",
		signAs(`{"alg":"HS256","kid":"shared","enc":"A256GCM"}`, payload()),
		signAs(`{"alg":"HS256","kid":"shared","cty":"JWT"}`, nested), // a token inside of a token
		sign(`"` + nested + `"`),
	}, claims.ErrMalformed)
}

// Rules T1, G4
func TestAttack15_Decompression(t *testing.T) {
	enc := testkeys.Encode
	refuses(t, verifier(t, config(), nil), []string{
		enc([]byte(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAA"}`)) + ".a2V5.aXY.AAAA.dGFn",
		signAs(`{"alg":"PBES2-HS256+A128KW","p2c":2147483647}`, payload()),
		signAs(`{"alg":"HS256","kid":"shared","zip":"DEF"}`, payload()),
	}, claims.ErrMalformed)
}

// Rule G4: megabytes cost no more than a look at their length.
func TestAttack16_Size(t *testing.T) {
	v := verifier(t, config(), nil)
	bombs := map[string]string{
		"dots":   strings.Repeat(".", 10<<20),
		"parts":  strings.Repeat("a.", 5<<20),
		"claim":  sign(payload(`pad="` + strings.Repeat("x", 10<<20) + `"`)),
		"header": signAs(`{"alg":"HS256","kid":"shared","pad":"`+strings.Repeat("x", 10<<20)+`"}`, payload()),
	}
	for name, raw := range bombs {
		if allocs := testing.AllocsPerRun(10, func() {
			if _, err := v.Verify(context.Background(), raw); !errors.Is(err, claims.ErrMalformed) {
				t.Fatalf("%s: %v", name, err)
			}
		}); allocs > 10 {
			t.Errorf("%s: %v allocations to refuse it", name, allocs)
		}
	}
	deep := strings.Repeat("[", 35_000) + strings.Repeat("]", 35_000)
	refuses(t, v, []string{
		sign(payload("deep=" + deep)), sign(deep), sign(strings.Repeat(`{"a":`, 12_000)), signAs(`{"alg":"HS256","kid":"shared","deep":`+deep[17_000:53_000]+`}`, payload()),
		strings.Repeat(".", 100_000), strings.Repeat("A", 100_000),
	}, claims.ErrMalformed)
	many := make([]string, 9_000)
	for i := range many {
		many[i] = fmt.Sprintf("%q", fmt.Sprint("g", i))
	}
	token, err := verify(t, v, sign(payload("groups=["+strings.Join(many, ",")+"]")))
	if err != nil || len(token.Principal().Groups) != len(many) {
		t.Errorf("%d groups: %v", len(many), err)
	}
}

// Rule T3: each false date of the table is refused; see TestDates for the rest.
func TestAttack17_Dates(t *testing.T) {
	var tokens []string
	for _, exp := range []string{"0", "null", `"1800000000"`, "1e300", "-1", `"2099-01-01T00:00:00Z"`, "253402300800", "[1]", "{}", "true", "1e400"} {
		tokens = append(tokens, sign(payload("exp="+exp)))
	}
	for _, future := range []string{"946684831", "253402300799", "9.46684831e8"} {
		tokens = append(tokens, sign(payload("nbf="+future)), sign(payload("iat="+future)))
	}
	refuses(t, verifier(t, config(), nil), tokens, claims.ErrClaim, claims.ErrNotYetValid)
	far := []string{sign(payload("exp=253402300799"))}
	refuses(t, verifier(t, config(), &claims.Options{MaxLifetime: 24 * time.Hour}), far, claims.ErrClaim)
}

// Rules T4, T5
func TestAttack18_Audience(t *testing.T) {
	var tokens []string
	for _, aud := range []string{`""`, `[]`, `[""]`, `{"app-a":1}`, `["other"]`, `"other app-a"`, `"app-a other"`, `["app-a",{}]`, `null`, `"app-a\u0000"`} {
		tokens = append(tokens, sign(payload("aud="+aud)))
	}
	refuses(t, verifier(t, config(), nil), append(tokens, sign(payload("-aud"))), claims.ErrAudience)
	cfg := urlConfig()
	cfg.ClaimRegex = ""
	if _, err := claims.NewVerifier(cfg, shared(t), nil); err == nil {
		t.Error("no audience is wanted, and nobody said so")
	}
}

// Rules T4, T5: two issuers that share a key do not share tokens.
func TestAttack19_Issuer(t *testing.T) {
	var tokens []string
	for _, iss := range []string{issuer + "/", issuer[:len(issuer)-1], issuer + ".evil.example", "https://evil.example/?" + issuer, strings.ToUpper(issuer),
		"https://issuer.example:443/" + mark, "{tenantid}", " " + issuer, issuer + "\\u0000"} {
		tokens = append(tokens, sign(payload(`iss="`+iss+`"`)))
	}
	refuses(t, verifier(t, config(), nil), tokens, claims.ErrIssuer)
	other := config()
	other.Issuer = "https://other.example"
	refuses(t, verifier(t, other, nil), []string{sign(payload())}, claims.ErrIssuer)
}

// Rules T1, T3
func TestAttack20_OtherKindsOfToken(t *testing.T) {
	v := verifier(t, config(), &claims.Options{RequiredClaims: map[string]string{"token_use": "id"}})
	var tokens []string
	for _, typ := range []string{"dpop+jwt", "logout+jwt", "secevent+jwt", "application/token-introspection+jwt", "JWE"} {
		tokens = append(tokens, signAs(fmt.Sprintf(`{"alg":"HS256","kid":"shared","typ":%q}`, typ), payload(`token_use="id"`)))
	}
	refuses(t, v, tokens, claims.ErrMalformed)
	refuses(t, v, []string{sign(payload()), sign(payload(`token_use="access"`)), sign(payload(`token_use="refresh"`))}, claims.ErrClaim)
	if _, err := verify(t, v, sign(payload(`token_use="id"`))); err != nil {
		t.Error(err)
	}
}

// changing is a source whose keys change.
type changing struct{ jwks.Source }

// Rules T3, K3: nothing that was true of a token before is taken to be true now.
func TestAttack25_NothingIsRemembered(t *testing.T) {
	keys := &changing{shared(t)}
	var revoked error
	v, err := claims.NewVerifier(config(), keys, &claims.Options{Leeway: -1, Revoked: func(*claims.Token) error { return revoked }})
	if err != nil {
		t.Fatal(err)
	}
	other := config()
	other.Issuer = "https://other.example"
	w, err := claims.NewVerifier(other, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw := sign(payload())
	synctest.Test(t, func(t *testing.T) {
		ask := func(v *claims.Verifier, want error) {
			t.Helper()
			_, err := v.Verify(context.Background(), raw)
			wantKind(t, err, want)
		}
		ask(v, nil)
		ask(w, claims.ErrIssuer) // another verifier of the same keys
		revoked = errors.New("listed")
		ask(v, claims.ErrRevoked)
		revoked = nil
		ask(v, nil)
		keys.Source = jwks.Static(nil)
		ask(v, claims.ErrUnavailable)
		keys.Source = &source{err: claims.ErrUnavailable}
		ask(v, claims.ErrUnavailable)
		keys.Source = shared(t)
		ask(v, nil)
		time.Sleep(time.Hour - 1)
		ask(v, nil)
		time.Sleep(time.Nanosecond)
		ask(v, claims.ErrExpired)
	})
}

// Rule T2
func TestAttack26_ForgedAndExpired(t *testing.T) {
	token, err := verify(t, verifier(t, config(), nil), forge(sign(payload("exp=1"))))
	wantKind(t, err, claims.ErrSignature)
	if token != nil {
		t.Error("there is a token")
	}
}

// Rules T6, A5
func TestAttack27_GroupTypes(t *testing.T) {
	v := verifier(t, config(), nil)
	var tokens []string
	for _, groups := range []string{`null`, `7`, `true`, `{"admin":true}`, `["HR",7]`, `[["HR"]]`, `[null]`, `[{"name":"HR"}]`, `""`} {
		tokens = append(tokens, sign(payload("groups="+groups)))
	}
	refuses(t, v, tokens, claims.ErrClaim)
	refuses(t, v, []string{sign(payload("-groups", `_claim_names={"groups":"src1"}`)), sign(payload("-groups", "hasgroups=true"))}, claims.ErrOverage)

	// A list in a string is one group of that name.
	token, err := verify(t, v, sign(payload(`groups="HR,admin"`)))
	if err != nil || len(token.Principal().Groups) != 1 {
		t.Errorf("%v, %v", token, err)
	}
	// Unknown groups are not none: a DENY for a group hits.
	token, err = verify(t, v, sign(payload("-groups")))
	if err != nil {
		t.Fatal(err)
	}
	list := acl.List{acl.Allow.User("mary-zq7"), acl.Deny.Group("contractors")}
	if d := acl.Decide(acl.For(token.Principal()), list, acl.Rules{}); d.Allowed || d.Reason != acl.ReasonGroupsUnknown {
		t.Errorf("decision = %v", d)
	}
}

// Rules T6, A1: names are bytes, whatever they look like.
func TestAttack28_Unicode(t *testing.T) {
	v := verifier(t, config(), nil)
	list := acl.List{acl.Allow.Group("Café"), acl.Allow.User("mary")}
	if !acl.Decide(acl.For(principal("x", "Café")), list, acl.Rules{}).Allowed {
		t.Fatal("the list admits nobody")
	}
	names := []string{"Cafe\u0301", "café", "CAFÉ", "Café ", " Café", "Caf\u00e9\u200b", "Café\u0000", "Сafé", "Café,admin", "a\",\"Café"}
	for _, name := range names {
		quoted, _ := json.Marshal(name)
		token, err := verify(t, v, sign(payload(`user="x"`, "groups=["+string(quoted)+"]")))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if got := token.Principal().Groups; !slices.Equal(got, []string{name}) {
			t.Errorf("group %q became %q", name, got)
		}
		if d := acl.Decide(acl.For(token.Principal()), list, acl.Rules{}); d.Allowed {
			t.Errorf("%q: %v", name, d)
		}
	}
	// Two byte strings that are not UTF-8 do not become one name.
	refuses(t, v, []string{sign(payload("user=\"\xff\"")), sign(payload("user=\"\xfe\"")), sign(payload("groups=[\"\xc3\x28\"]"))}, claims.ErrMalformed)
}

// Rule A1
func TestAttack29_UserNamedAsAGroup(t *testing.T) {
	token, err := verify(t, verifier(t, config(), nil), sign(payload(`user="HR"`, `groups=["mary"]`)))
	if err != nil {
		t.Fatal(err)
	}
	scope := acl.For(token.Principal())
	for _, list := range []acl.List{{acl.Allow.Group("HR")}, {acl.Allow.User("mary")}} {
		if d := acl.Decide(scope, list, acl.Rules{}); d.Allowed {
			t.Errorf("%v: %v", list, d)
		}
	}
}

// Rule T7: a verifier of JWTs does not fall back to JSON.
func TestAttack30_UnsignedJSON(t *testing.T) {
	refuses(t, verifier(t, config(), nil), []string{
		payload(), `{"user":"mary","groups":["AWS-SA"]}`, testkeys.Encode([]byte(payload())), "." + testkeys.Encode([]byte(payload())) + ".",
	}, claims.ErrMalformed)
}

// failing is a jwks.SecretFetcher that fails at first.
type failing struct {
	doc   string
	fails int
	calls int
}

func (f *failing) FetchSecret(context.Context, string) ([]byte, error) {
	if f.calls++; f.calls <= f.fails {
		return nil, errors.New("throttled")
	}
	return []byte(f.doc), nil
}

// Rule G1: keys that cannot be had verify nothing, and no other key is tried.
func TestAttack31_SecretOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{fails: 1 << 30}
		keys, err := jwks.NewSecret(f, config().SecretManagerARN, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := claims.NewVerifier(config(), keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range []string{sign(payload()), forge(sign(payload())), signAs(`{"alg":"HS256","kid":"other"}`, payload())} {
			_, err := v.Verify(context.Background(), raw)
			wantKind(t, err, claims.ErrUnavailable)
		}
		_, err = v.Verify(context.Background(), testkeys.Sign("HS256", []byte{}, []byte(header), []byte(payload())))
		wantKind(t, err, claims.ErrUnavailable)
		if f.calls == 0 {
			t.Error("the secret was never fetched")
		}
	})
}

// Rules T6, G3: a claim's name is a name, whatever it holds.
func TestAttack32_NamesOfClaims(t *testing.T) {
	const name = `x":0,"admin`
	text := strings.TrimSuffix(payload(), "}") + `,"x\":0,\"admin":true}`
	token, err := verify(t, verifier(t, config(), nil), sign(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := token.Claim("admin"); ok {
		t.Error("there is a claim admin")
	}
	found := map[string]any{}
	for name, value := range token.All() {
		found[name] = value
	}
	data, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	var again map[string]any
	if err := json.Unmarshal(data, &again); err != nil || again[name] != true || again["admin"] != nil || len(again) != len(found) {
		t.Errorf("written again: %s, %v", data, err)
	}
	_, err = verify(t, verifier(t, config(), nil), sign(strings.TrimSuffix(payload(), "}")+`,"x\":0,\"zq7":1,"x\":0,\"zq7":1}`))
	wantKind(t, err, claims.ErrMalformed)
}
