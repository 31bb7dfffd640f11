package minters

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/tokentest"
)

// reading is what a minter needs to verify tokens of package tokentest.
type reading struct {
	Issuer    string          `json:"issuer"`
	Audience  string          `json:"audience"`
	Published json.RawMessage `json:"published"`
	Shared    json.RawMessage `json:"shared"`
	Tokens    []row           `json:"tokens"`
}

// ours are the tokens of package tokentest, and its keys. The symmetric ones are
// rewritten from Kendra's format to that of RFC 7518, section 6.4.
func ours(t *testing.T) reading {
	t.Helper()
	issuer := tokentest.NewIssuer(t)
	answer := httptest.NewRecorder()
	issuer.Handler().ServeHTTP(answer, httptest.NewRequest("GET", tokentest.KeysPath, nil))
	value, err := issuer.Secrets().FetchSecret(t.Context(), tokentest.SharedSecretARN)
	if err != nil {
		t.Fatal(err)
	}
	var keys struct{ Keys []map[string]string }
	if err := json.Unmarshal(value, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys.Keys {
		key["kty"], key["k"] = strings.ToLower(key["kty"]), strings.TrimRight(key["k"], "=")
	}
	r := reading{tokentest.IssuerURL, tokentest.Audience, answer.Body.Bytes(), keySet(t, keys.Keys), nil}
	for _, alg := range algorithms {
		who := tokentest.Persona(user, groups...)
		r.Tokens = append(r.Tokens, row{Alg: alg, Kind: "Token", Token: issuer.With(alg).Token(who)})
		for kind, token := range issuer.With(alg).Broken(who) {
			r.Tokens = append(r.Tokens, row{Alg: alg, Kind: kind, Token: token})
		}
	}
	return r
}

// reads compares what a minter says of the tokens of package tokentest.
func (m minter) reads(t *testing.T, rows map[id]row) {
	verdicts := 0
	for _, alg := range algorithms {
		for kind, want := range m.says {
			verdicts++
			t.Run(fmt.Sprintf("%s %s of tokentest", alg, kind), func(t *testing.T) {
				if got := rows[id{"said", alg, kind}].Said; got != want {
					t.Errorf("%s says %q, want %q", m.name, got, want)
				}
			})
		}
	}
	if want := 13 * 10; verdicts != want {
		t.Errorf("%d verdicts, want %d", verdicts, want)
	}
}
