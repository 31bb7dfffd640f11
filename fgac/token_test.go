package fgac

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

func pemOf(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// authenticate is a service that reads the plugin's settings: who a token is of, by
// the first key that verifies it.
func authenticate(t testing.TB, settings map[string]any, token string, coerce bool) (Identity, error) {
	t.Helper()
	s, err := ParseTokenSettings(mustJSON(settings))
	if err != nil {
		t.Fatal(err)
	}
	s.Keys.PluginClaimCoercion = coerce
	opts := &claims.Options{Leeway: s.Leeway, SkipUser: true, InsecureSkipExpiry: true}
	if s.Leeway == 0 {
		opts.Leeway = -1
	}
	cfg := tokenconfig.JWT{KeyLocation: tokenconfig.KeySecretManager, Issuer: s.Issuer, ClaimRegex: s.ClaimRegex,
		SecretManagerARN: "arn:aws:secretsmanager:us-west-2:111122223333:secret:AmazonKendra-keys-AbCdEf", UserNameAttributeField: "no-user", GroupAttributeField: "no-groups"} // FromClaims reads them
	refused := error(nil)
	for _, key := range s.PublicKeys {
		set, err := jwks.ParsePEM([]byte(key), jwks.PEMOptions{})
		if err != nil {
			return Identity{}, err
		}
		v, err := claims.NewVerifier(cfg, jwks.Static(set), opts)
		if err != nil {
			t.Fatal(err)
		}
		verified, err := v.Verify(t.Context(), token)
		if err == nil {
			return FromClaims(verified.All(), s.Keys)
		}
		refused = err
	}
	return Identity{}, refused
}

// signed is a token with these claims, JSON.
func signed(payload string) string {
	return testkeys.Sign("ES256", testkeys.P256(), []byte(`{"alg":"ES256"}`), []byte(payload))
}

// TestTokens takes tokens all the way: settings, signature, claims, roles and
// variables.
//
// Rule F1
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := pemOf(t, testkeys.P256().Public())
		at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
		now := fmt.Sprintf(`{"sub":"m","nbf":%d,"exp":%d}`, at(-10*time.Second), at(0))
		future := fmt.Sprintf(`{"sub":"m","nbf":%d}`, at(15*time.Second))
		const refused = "refused"
		for _, row := range []struct {
			name           string
			settings       map[string]any
			payload        string
			strict, plugin string // name and backend roles
		}{
			{"testRoles", map[string]any{"roles_key": "roles"}, `{"sub":"Leonard McCoy","roles":"role1,role2"}`, "Leonard McCoy|role1,role2", "Leonard McCoy|role1|role2"},
			{"testRolesArray", map[string]any{"roles_key": "roles"}, `{"sub":"m","roles":["a","b","3rd"]}`, "m|a|b|3rd", "m|a|b|3rd"},
			{"testNullClaim", map[string]any{"roles_key": "roles"}, `{"sub":"m","roles":null}`, refused, "m"},
			{"testNonStringClaim", map[string]any{"roles_key": "roles"}, `{"sub":"m","roles":123}`, refused, "m|123"},
			{"testRolesMissing", map[string]any{"roles_key": "roles"}, `{"sub":"m"}`, refused, "m"},
			{"testWrongSubjectKey", map[string]any{"subject_key": "missing"}, `{"roles":"role1,role2","asub":"Dr. Who"}`, refused, refused},
			{"testAlternativeSubject", map[string]any{"subject_key": "asub"}, `{"sub":"m","roles":"role1,role2","asub":"Dr. Who"}`, "Dr. Who", "Dr. Who"},
			{"testNonStringAlternativeSubject", map[string]any{"subject_key": "asub"}, `{"sub":"m","asub":false}`, refused, "false"},
			{"testRolesInNestedClaim", map[string]any{"roles_key": []string{"realm", "roles"}}, `{"sub":"m","realm":{"roles":["a"]}}`, "m|a", "m|a"},
			{"testSubjectInNestedClaim", map[string]any{"subject_key": []string{"user", "name"}}, `{"sub":"m","user":{"name":"Dr. Who"}}`, "Dr. Who", "Dr. Who"},
			{"testExp", nil, `{"sub":"m","exp":1}`, refused, refused},
			{"testNbf", nil, fmt.Sprintf(`{"sub":"m","nbf":%d}`, at(10*time.Hour)), refused, refused},
			{"testClockSkewInvalid", map[string]any{"jwt_clock_skew_tolerance_seconds": 0}, now, refused, refused},
			{"testClockSkewValid", map[string]any{"jwt_clock_skew_tolerance_seconds": 60}, now, "m", "m"},
			{"testExpInSkew", nil, now, "m", "m"},
			{"testNbfInSkew", nil, future, "m", "m"},
			{"nbf beyond a skew of 10 s", map[string]any{"jwt_clock_skew_tolerance_seconds": 10}, future, refused, refused},
			{"testRequiredAudience", map[string]any{"required_audience": "test_audience"}, `{"sub":"m","aud":"test_audience"}`, "m", "m"},
			{"testRequiredAudienceWithCorrectAtLeastOneAudience", map[string]any{"required_audience": "test_audience,test_audience_2"}, `{"sub":"m","aud":["x","test_audience_2"]}`, "m", "m"},
			{"testRequiredAudience, incorrect", map[string]any{"required_audience": "test_audience"}, `{"sub":"m","aud":"wrong_audience"}`, refused, refused},
			{"testRequiredAudience, a part", map[string]any{"required_audience": "test_audience"}, `{"sub":"m","aud":"test_audience_2"}`, refused, refused},
			{"testRequiredAudience, missing", map[string]any{"required_audience": "test_audience"}, `{"sub":"m"}`, refused, refused},
			{"testRequiredIssuer", map[string]any{"required_issuer": "test_issuer"}, `{"sub":"m","iss":"test_issuer"}`, "m", "m"},
			{"testRequiredIssuer, incorrect", map[string]any{"required_issuer": "test_issuer"}, `{"sub":"m","iss":"wrong"}`, refused, refused},
			{"testRequiredIssuer, missing", map[string]any{"required_issuer": "test_issuer"}, `{"sub":"m"}`, refused, refused},
		} {
			settings := map[string]any{"signing_key": key}
			for name, v := range row.settings {
				settings[name] = v
			}
			for coerce, want := range map[bool]string{false: row.strict, true: row.plugin} {
				got := refused
				id, err := authenticate(t, settings, signed(row.payload), coerce)
				if err == nil {
					who := id.get()
					got = strings.Join(append([]string{who.name}, who.backendRoles...), "|")
				}
				if got != want {
					t.Errorf("%s, coerced %v: %s (%v), want %s", row.name, coerce, got, err, want)
				}
			}
		}
	})
}

// TestTokenAttributes takes attributes from a token into the pattern of an index and
// into rules.
//
// Rule F1
func TestTokenAttributes(t *testing.T) {
	settings := map[string]any{"signing_key": pemOf(t, testkeys.P256().Public()), "roles_key": "roles"}
	roles := map[string][]map[string]any{"qa": {
		entryOf("song_lyrics_${attr.jwt.department}", "", nil, nil), entryOf("tenants", `{"terms": {"role": ["${attr.jwt.active_tenant.roles}"]}}`, nil, nil), entryOf("own", `{"term": {"tenant": "${attr.jwt.active_tenant.tenant_id}"}}`, nil, nil),
		entryOf("lists", `{"terms": {"tag": ["${attr.jwt.list}"]}}`, nil, nil),
	}}
	all := mustParse(t, rolesFrom(roles), anybody("qa"), nil)
	docs := map[string]string{"1": `{"tenant": "enterprise", "role": "admin", "tag": "a"}`, "2": `{"tenant": "other", "role": ["user", "x"], "tag": "c"}`, "3": `{"role": "guest", "tag": "d"}`}
	seenBy := func(payload string) string {
		id, err := authenticate(t, settings, signed(payload), false)
		if err != nil {
			t.Fatal(err)
		}
		u, got := all.For(id), ""
		for _, index := range []string{"song_lyrics_qa-department", "tenants", "own", "lists"} {
			got += index + ": " + seen(t, u, index, docs) + "\n"
		}
		return got
	}
	for payload, want := range map[string]string{
		`{"sub":"mary","roles":["qa"],"department":"qa-department","active_tenant":{"tenant_id":"enterprise","roles":["admin","user"]},"list":["a","b","c"]}`: "song_lyrics_qa-department: 1 2 3\ntenants: 1 2\nown: 1\nlists: 1 2\n",
		// The plugin pastes the JSON of a list with null in it.
		`{"sub":"mary","roles":["qa"],"department":"other","active_tenant":{"tenant_id":"x","roles":[]},"list":["a",1,null,2.0]}`: "song_lyrics_qa-department: denied\ntenants: \nown: \nlists: denied\n",
		`{"sub":"mary","roles":["qa"],"department":"*"}`:                "song_lyrics_qa-department: denied\ntenants: denied\nown: denied\nlists: denied\n",
		`{"sub":"mary","roles":["other"],"department":"qa-department"}`: "song_lyrics_qa-department: denied\ntenants: denied\nown: denied\nlists: denied\n",
	} {
		if diff := cmp.Diff(want, seenBy(payload)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", payload, diff)
		}
	}
}

// TestTokenKeys has one key or several, of several kinds, and tokens of others.
func TestTokenKeys(t *testing.T) {
	const payload = `{"sub":"Leonard McCoy"}`
	sign := func(alg string, key any) string {
		return testkeys.Sign(alg, key, []byte(`{"alg":"`+alg+`"}`), []byte(payload))
	}
	rsa, rsaB, p256, p521 := pemOf(t, testkeys.RSA2048().Public()), pemOf(t, testkeys.RSA2048B().Public()), pemOf(t, testkeys.P256().Public()), pemOf(t, testkeys.P521().Public())
	rs256, es256, es512 := sign("RS256", testkeys.RSA2048()), sign("ES256", testkeys.P256()), sign("ES512", testkeys.P521())
	accepted := 0
	for _, row := range []struct {
		name  string
		keys  any
		token string
		want  bool
	}{
		{"testRS256", rsa, rs256, true}, {"testRS256WithNewlines", strings.ReplaceAll(rsa, "\n", "\r\n"), rs256, true}, {"testES512", p521, es512, true}, {"PS256", rsa, sign("PS256", testkeys.RSA2048()), true},
		{"testMultipleSigningKeysParseSuccessfully, commas", rsaB + "," + rsa, rs256, true}, {"testMultipleSigningKeys, a list", []string{rsaB, rsa}, rs256, true},
		{"testMultipleSigningKeys, mixed, first", []string{rsa, p256, p521}, rs256, true}, {"testMultipleSigningKeys, mixed, second", []string{rsa, p256, p521}, es256, true}, {"testMultipleSigningKeys, mixed, third", []string{rsa, p256, p521}, es512, true},
		{"testMultipleSigningKeysFailToParseReturnsNull", []string{rsaB, p521}, rs256, false}, {"another key", p256, es512, false},
		{"testBadSignature", rsa, sign("RS256", testkeys.RSA2048B()), false}, {"mismatchedAlgTest", p256, testkeys.Sign("ES256", testkeys.P256(), []byte(`{"alg":"ES512"}`), []byte(payload)), false},
		{"a public key as secret", p256, testkeys.Sign("HS256", []byte(p256), []byte(`{"alg":"HS256"}`), []byte(payload)), false},
		{"unsigned", p256, testkeys.Encode([]byte(`{"alg":"none"}`)) + "." + testkeys.Encode([]byte(payload)) + ".", false}, {"testInvalid", p256, "123invalidtoken..", false}, {"no token", p256, "", false},
		{"testPeculiarJsonEscaping", p256, testkeys.Sign("ES256", testkeys.P256(), []byte(`{"\u0061lg":"ES256","typ":"JW\u0054"}`), []byte(`{"s\u0075b":"Leonard\u0020McCoy"}`)), true},
	} {
		id, err := authenticate(t, map[string]any{"signing_key": row.keys}, row.token, false)
		if (err == nil) != row.want || row.want != (id.get().name == "Leonard McCoy") {
			t.Errorf("%s: %v", row.name, err)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted != 10 {
		t.Errorf("%d accepted, want 10", accepted)
	}
	if _, err := authenticate(t, map[string]any{"signing_key": pemOf(t, testkeys.RSA1024().Public())}, rs256, false); err == nil {
		t.Error("a short key is accepted") // testBadKey
	}
}
