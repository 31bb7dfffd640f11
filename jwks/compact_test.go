package jwks_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// token writes one with a signature of three octets.
func token(header, payload string) string {
	return b64([]byte(header)) + "." + b64([]byte(payload)) + ".AAAA"
}

const plainHeader = `{"alg":"RS256"}`

// TestParseCompact reads what is there.
//
// Rule T1
func TestParseCompact(t *testing.T) {
	j := compact(t, token(`{"typ":"at+jwt","kid":"a key","alg":"RS256"}`, payload))
	kid, ok := j.KeyID()
	got := []any{j.Algorithm(), kid, ok, j.Type(), j.SigningInput(), j.Signature(), j.InsecurePayload()}
	want := []any{jwks.RS256, "a key", true, "at+jwt", b64([]byte(`{"typ":"at+jwt","kid":"a key","alg":"RS256"}`)) + "." + b64([]byte(payload)), []byte{0, 0, 0}, payload}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	j = compact(t, token(plainHeader, ""))
	kid, ok = j.KeyID()
	if kid != "" || ok || j.Type() != "" || j.InsecurePayload() != "" {
		t.Errorf("kid %q %v, typ %q, payload %q", kid, ok, j.Type(), j.InsecurePayload())
	}
}

// TestJWSGivesCopies changes what a JWS gave out.
//
// Rule G5
func TestJWSGivesCopies(t *testing.T) {
	j := compact(t, token(plainHeader, payload))
	j.Signature()[0] = 1
	if !bytes.Equal(j.Signature(), []byte{0, 0, 0}) {
		t.Errorf("changed to %x", j.Signature())
	}
}

// headers are JOSE headers and the reason for which they are refused.
var headers = []struct{ name, text, reason string }{
	{"plain", plainHeader, ""},
	{"white space", " {\r\n\t\"alg\" : \"RS256\" } ", ""},
	{"escaped", `{"\u0061lg":"RS\u0032\u0035\u0036"}`, ""},
	{"typ JWT", `{"alg":"RS256","typ":"JWT"}`, ""},
	{"typ of another kind", `{"alg":"RS256","typ":"dpop+jwt"}`, ""},
	{"cty", `{"alg":"RS256","cty":"JWT"}`, ""},
	{"unknown member", `{"alg":"RS256","x":{"y":[null,1.5e3,true]}}`, ""},
	{"jwk", `{"alg":"RS256","jwk":{"kty":"oct","k":"AAAA"}}`, ""},
	{"jku", `{"alg":"RS256","jku":"https://example.com"}`, ""},
	{"x5u", `{"alg":"RS256","x5u":"https://example.com"}`, ""},
	{"x5c", `{"alg":"RS256","x5c":["AAAA"]}`, ""},
	{"x5t", `{"alg":"RS256","x5t":"AAAA","x5t#S256":"AAAA"}`, ""},
	{"ALG beside alg", `{"alg":"RS256","ALG":"none"}`, ""},
	{"KID", `{"alg":"RS256","KID":"../../x"}`, ""},
	{"CRIT", `{"alg":"RS256","CRIT":["x"]}`, ""},
	{"16 levels", `{"alg":"RS256","x":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}`, ""},

	{"17 levels", `{"alg":"RS256","x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, "header: json"},
	{"empty", ``, "header: json"},
	{"array", `["alg"]`, "want a JSON object"},
	{"string", `"alg"`, "want a JSON object"},
	{"null", `null`, "want a JSON object"},
	{"cut", `{"alg":"RS256"`, "header: json"},
	{"trailing", plainHeader + "x", "header: json"},
	{"twice", plainHeader + plainHeader, "header: json"},
	{"NUL at the end", plainHeader + "\x00", "header: json"},
	{"byte order mark", "\ufeff" + plainHeader, "header: json"},
	{"comment", plainHeader + "//", "header: json"},
	{"comma", `{"alg":"RS256",}`, "header: json"},
	{"single quotes", `{'alg':'RS256'}`, "header: json"},
	{"invalid UTF-8", "{\"alg\":\"RS256\",\"x\":\"\xff\"}", "header: json"},
	{"lone surrogate", `{"alg":"RS256","x":"\ud800"}`, "header: json"},
	{"NaN", `{"alg":"RS256","x":NaN}`, "header: json"},
	{"duplicate alg", `{"alg":"RS256","alg":"RS256"}`, "header: json"},
	{"duplicate alg, escaped", `{"alg":"RS256","\u0061lg":"none"}`, "header: json"},
	{"duplicate unknown", `{"alg":"RS256","x":1,"x":1}`, "header: json"},
	{"duplicate inside", `{"alg":"RS256","x":{"y":1,"y":1}}`, "header: json"},

	{"alg missing", `{}`, "alg: missing"},
	{"ALG alone", `{"ALG":"RS256"}`, "alg: missing"},
	{"alg null", `{"alg":null}`, "alg: not a signature algorithm"},
	{"alg number", `{"alg":256}`, "alg: not a signature algorithm"},
	{"alg array", `{"alg":["RS256"]}`, "alg: not a signature algorithm"},
	{"alg empty", `{"alg":""}`, "alg: not a signature algorithm"},
	{"alg none", `{"alg":"none"}`, "alg: not a signature algorithm"},
	{"alg with a space", `{"alg":"RS256 "}`, "alg: not a signature algorithm"},
	{"alg with a NUL", `{"alg":"RS256\u0000"}`, "alg: not a signature algorithm"},
	{"alg in lower case", `{"alg":"rs256"}`, "alg: not a signature algorithm"},
	{"alg RS1", `{"alg":"RS1"}`, "alg: not a signature algorithm"},
	{"alg ES256K", `{"alg":"ES256K"}`, "alg: not a signature algorithm"},
	{"alg Ed25519", `{"alg":"Ed25519"}`, "alg: not a signature algorithm"},
	{"alg of encryption", `{"alg":"RSA-OAEP"}`, "alg: not a signature algorithm"},
	{"alg of encryption with a password", `{"alg":"PBES2-HS256+A128KW","p2c":2000000000,"p2s":"AA"}`, "alg: not a signature algorithm"},

	{"typ empty", `{"alg":"RS256","typ":""}`, "typ: want a string"},
	{"typ null", `{"alg":"RS256","typ":null}`, "typ: want a string"},
	{"typ number", `{"alg":"RS256","typ":1}`, "typ: want a string"},
	{"typ array", `{"alg":"RS256","typ":["JWT"]}`, "typ: want a string"},

	{"crit", `{"alg":"RS256","crit":["x"],"x":1}`, "crit: extensions"},
	{"crit empty", `{"alg":"RS256","crit":[]}`, "crit: extensions"},
	{"crit null", `{"alg":"RS256","crit":null}`, "crit: extensions"},
	{"crit of alg", `{"alg":"RS256","crit":["alg"]}`, "crit: extensions"},
	{"crit first", `{"crit":["exp"],"exp":1,"alg":"RS256"}`, "crit: extensions"},
	{"b64 false", `{"alg":"RS256","b64":false}`, "b64: extensions"},
	{"b64 true", `{"alg":"RS256","b64":true}`, "b64: extensions"},
	{"b64 null", `{"alg":"RS256","b64":null}`, "b64: extensions"},
	{"b64 and crit", `{"alg":"RS256","b64":false,"crit":["b64"]}`, "b64: extensions"},
	{"enc", `{"alg":"RS256","enc":"A128GCM"}`, "enc: extensions"},
	{"enc null", `{"alg":"RS256","enc":null}`, "enc: extensions"},
	{"zip", `{"alg":"RS256","zip":"DEF"}`, "zip: extensions"},
	{"zip false", `{"alg":"RS256","zip":false}`, "zip: extensions"},
}

// TestHeaders runs the table.
//
// Rule T1
func TestHeaders(t *testing.T) {
	names := map[string]bool{}
	for _, tt := range headers {
		if names[tt.name] {
			t.Errorf("the name %q is there twice", tt.name)
		}
		names[tt.name] = true
		_, err := jwks.ParseCompact(token(tt.text, payload))
		checkMalformed(t, tt.name, err, tt.reason)
	}
}

func checkMalformed(t *testing.T, name string, err error, reason string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	if !errors.Is(err, jwks.ErrMalformed) || !strings.Contains(err.Error(), reason) {
		t.Errorf("%s: %v, want …%s…", name, err, reason)
	}
}

// TestParts has tokens that are not three parts of canonical base64url.
//
// Rule T1
func TestParts(t *testing.T) {
	h, p := b64([]byte(plainHeader)), b64([]byte(payload))
	good := h + "." + p + ".AAAA"
	long := func(size int) string { return good + strings.Repeat("A", size-len(good)) }
	base := "want canonical base64url without padding"
	for _, tt := range []struct{ name, raw, reason string }{
		{"good", good, ""},
		{"payload empty", h + "..AAAA", ""},
		{"payload no JSON", h + "." + b64([]byte("Payload")) + ".AAAA", ""},
		{"signature of one octet", h + "." + p + ".AA", ""},
		{"signature of two octets", h + "." + p + ".AAA", ""},
		{"all letters", h + ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.AAAA", ""},

		{"empty", "", "1 parts"},
		{"no dot", "AAAA", "1 parts"},
		{"one dot", h + "." + p, "2 parts"},
		{"three dots", good + ".AAAA", "4 parts"},
		{"three dots at the end", good + ".", "4 parts"},
		{"dot in front", "." + good, "4 parts"},
		{"encrypted", h + ".AAAA.AAAA.AAAA.AAAA", "encrypted (JWE)"},
		{"five dots", h + ".A.A.A.A.A", "6 parts"},
		{"dots alone", "..", "no signature"},
		{"signature empty", h + "." + p + ".", "no signature"},
		{"header empty", "." + p + ".AAAA", "header: json"},
		{"JSON", `{"payload":"AAAA","signatures":[]}`, "compact serialization"},
		{"JSON with dots", `{"payload":"..","signature":"A.A"}`, "compact serialization"},

		{"header padded", base64.URLEncoding.EncodeToString([]byte(plainHeader+" ")) + "." + p + ".AAAA", "header: " + base},
		{"payload padded", h + "." + p + "=.AAAA", "payload: " + base},
		{"signature padded", h + "." + p + ".AA==", "signature: " + base},
		{"header of one letter", "A." + p + ".AAAA", "header: " + base},
		{"payload of five letters", h + ".AAAAA.AAAA", "payload: " + base},
		{"signature of one letter", h + "." + p + ".A", "signature: " + base},
		{"unused bits, one octet, 1", h + "." + p + ".AB", "signature: " + base},
		{"unused bits, one octet, 8", h + "." + p + ".AI", "signature: " + base},
		{"used bit, one octet", h + "." + p + ".AQ", ""},
		{"unused bits, two octets, 1", h + "." + p + ".AAB", "signature: " + base},
		{"unused bits, two octets, 2", h + "." + p + ".AAC", "signature: " + base},
		{"used bit, two octets", h + "." + p + ".AAE", ""},
		{"plus", h + ".AA+A.AAAA", "payload: " + base},
		{"slash", h + ".AA/A.AAAA", "payload: " + base},
		{"question mark", h + ".AA?A.AAAA", "payload: " + base},
		{"space in front", " " + good, "header: " + base},
		{"space at the end", good + " ", "signature: " + base},
		{"line break at the end", good + "\n", "signature: " + base},
		{"line break inside", h + "." + p[:4] + "\n" + p[4:] + ".AAAA", "payload: " + base},
		{"carriage return inside", h[:4] + "\r" + h[4:] + "." + p + ".AAAA", "header: " + base},
		{"NUL", h + "." + p + ".AAA\x00", "signature: " + base},
		{"not ASCII", h + "." + p + ".AAÄA", "signature: " + base},
		{"Bearer", "Bearer " + good, "header: " + base},

		{"100,000 bytes", long(100_000), ""},
		{"100,001 bytes", long(100_001), "longer than 100000 bytes"},
		{"100,001 bytes of dots", strings.Repeat(".", 100_001), "longer than 100000 bytes"},
	} {
		_, err := jwks.ParseCompact(tt.raw)
		if tt.name == "100,000 bytes" && len(tt.raw) != 100_000 {
			t.Errorf("%s: %d bytes", tt.name, len(tt.raw))
		}
		checkMalformed(t, tt.name, err, tt.reason)
	}
}

// TestCanonical tries each byte as a letter, and each letter as the last one of a
// part of each length, against encoding/base64.
//
// Rule T1
func TestCanonical(t *testing.T) {
	h := b64([]byte(plainHeader))
	accepted := 0
	for c := range 256 {
		for _, part := range []string{"A", "AA", "AAA", "AAAA", "AAAAA"} {
			part = part[1:] + string([]byte{byte(c)})
			octets, err := base64.RawURLEncoding.DecodeString(part)
			want := err == nil && b64(octets) == part
			for name, raw := range map[string]string{"signature": h + ".AAAA." + part, "payload": h + "." + part + ".AAAA"} {
				_, err := jwks.ParseCompact(raw)
				if want != (err == nil) && c != '.' {
					t.Errorf("%s %q: %v", name, part, err)
				}
			}
			if want {
				accepted++
			}
		}
	}
	if want := 4 + 16 + 64; accepted != want { // letters that end a part of 2, 3 and 4
		t.Errorf("%d parts are canonical, want %d", accepted, want)
	}
}

// TestPublicKeyMembersOfAHeader: keys and addresses of keys in the header are
// neither used nor an obstacle.
//
// Rule T1
func TestPublicKeyMembersOfAHeader(t *testing.T) {
	set := parse(t, jwks.Public, ecJWK())
	for _, tt := range headers {
		switch tt.name {
		case "jwk", "jku", "x5u", "x5c", "x5t":
		default:
			continue
		}
		text := strings.Replace(tt.text, "RS256", "ES256", 1)
		if _, err := verify(set, signHeader(jwks.ES256, testkeys.P256(), text)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
