package fgac

import (
	"errors"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const pemKey = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----"

// TestTokenSettings reads settings of both kinds.
func TestTokenSettings(t *testing.T) {
	for name, row := range map[string]struct {
		file string
		want TokenSettings
	}{
		"AWS": {string(mustJSON(map[string]any{"Enabled": true, "PublicKey": pemKey + "\n", "RolesKey": "cognito:groups", "SubjectKey": "cognito:username"})),
			TokenSettings{PublicKeys: []string{pemKey}, Leeway: 30 * time.Second, Keys: Keys{Subject: "cognito:username", Roles: "cognito:groups"}}},
		"AWS with a URL": {`{"JwksUrl": "https://issuer.test/keys"}`, TokenSettings{JWKSURL: "https://issuer.test/keys", Leeway: 30 * time.Second}},
		"plugin": {`
signing_key: ["` + strings.ReplaceAll(pemKey, "\n", `\n`) + `"]
jwt_header: Authorization
roles_key: [realm_access, "r/~s"]
subject_key: https://example.test/name
required_audience: app.one, app2
required_issuer: https://issuer.test
jwt_clock_skew_tolerance_seconds: 0
`, TokenSettings{PublicKeys: []string{pemKey}, Issuer: "https://issuer.test", ClaimRegex: `app\.one|app2`, Keys: Keys{Subject: "https://example.test/name", Roles: "/realm_access/r~1~0s"}}},
		"plugin with a URL": {`{"jwks_uri": "https://issuer.test/keys", "roles_key": "a,b", "subject_key": "/s", "jwt_clock_skew_tolerance_seconds": 600, "cache_jwks_endpoint": true, "max_jwks_keys": -1}`,
			TokenSettings{JWKSURL: "https://issuer.test/keys", Leeway: 10 * time.Minute, Keys: Keys{Subject: "/~1s", Roles: "/a/b"}}},
		"two keys": {string(mustJSON(map[string]any{"signing_key": pemKey + "," + pemKey, "required_audience": []string{"a"}})), TokenSettings{PublicKeys: []string{pemKey, pemKey}, ClaimRegex: "a", Leeway: 30 * time.Second}},
	} {
		got, err := ParseTokenSettings([]byte(row.file))
		if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		if _, err := regexp.Compile(got.ClaimRegex); err != nil {
			t.Error(err)
		}
	}
	keys, _ := ParseTokenSettings([]byte(`{"JwksUrl": "https://issuer.test/keys", "SubjectKey": "/s", "RolesKey": "a,b"}`))
	id, err := FromClaims(maps.All(map[string]any{"/s": "mary", "a": map[string]any{"b": "r"}}), keys.Keys)
	if who := id.get(); err != nil || who.name != "mary" || who.backendRoles[0] != "r" {
		t.Error(err)
	}
}

// TestTokenSettingsRefused lists settings that cannot be, or that the plugin would
// read otherwise than they look.
func TestTokenSettingsRefused(t *testing.T) {
	const url = `"jwks_uri": "https://issuer.test"`
	for _, row := range []struct{ file, path string }{
		{`{`, ""}, {``, ""}, {`{"Enabled": true}`, ""}, {`{"Enabled": false, "JwksUrl": "https://issuer.test"}`, "/Enabled"}, {`{"Enabled": 1}`, "/Enabled"}, {`{"publicKey": "x"}`, "/publicKey"},
		{`{"signing_key": "c2VjcmV0"}`, "/signing_key"}, {`{"signing_key": 1}`, "/signing_key"}, {`{"signing_key": []}`, "/signing_key"}, {`{"signing_key": [1]}`, "/signing_key/0"}, {`{"signing_key": ["x", ""]}`, "/signing_key/1"}, {`{"signing_key": "x,,y"}`, "/signing_key"},
		{string(mustJSON(map[string]any{"PublicKey": pemKey, "JwksUrl": "https://issuer.test"})), ""},
		{`{"jwks_uri": "http://issuer.test"}`, "/jwks_uri"}, {`{"jwks_uri": ""}`, "/jwks_uri"}, {`{"jwks_uri": 1}`, "/jwks_uri"},
		{`{` + url + `, "JwksUrl": "https://issuer.test"}`, "/jwks_uri"}, {`{` + url + `, "SubjectKey": "a", "subject_key": "b"}`, "/subject_key"}, {`{` + url + `, "roles_key": "a", "RolesKey": "a"}`, "/roles_key"},
		{string(mustJSON(map[string]any{"PublicKey": pemKey, "signing_key": pemKey})), "/signing_key"},
		{`{` + url + `, "jwt_header": "id_token"}`, "/jwt_header"}, {`{` + url + `, "jwt_url_parameter": "jwt"}`, "/jwt_url_parameter"}, {`{` + url + `, "required_issuer": ""}`, "/required_issuer"},
		{`{` + url + `, "required_audience": ""}`, "/required_audience"}, {`{` + url + `, "required_audience": {}}`, "/required_audience"}, {`{` + url + `, "roles_key": ""}`, "/roles_key"}, {`{` + url + `, "subject_key": null}`, "/subject_key"},
		{`{` + url + `, "jwt_clock_skew_tolerance_seconds": 601}`, "/jwt_clock_skew_tolerance_seconds"}, {`{` + url + `, "jwt_clock_skew_tolerance_seconds": -1}`, "/jwt_clock_skew_tolerance_seconds"}, {`{` + url + `, "jwt_clock_skew_tolerance_seconds": 1000}`, "/jwt_clock_skew_tolerance_seconds"}, {`{` + url + `, "jwt_clock_skew_tolerance_seconds": "30"}`, "/jwt_clock_skew_tolerance_seconds"},
	} {
		got, err := ParseTokenSettings([]byte(row.file))
		var e *Error
		if !errors.As(err, &e) || e.File != "settings" || e.Path != row.path || !cmp.Equal(got, TokenSettings{}) {
			t.Errorf("%.100s: %v, %v; want %s", row.file, got, err, row.path)
		}
		if err != nil && strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%v shows a key", err)
		}
	}
}
