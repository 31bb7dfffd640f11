package minters

import (
	"fmt"
	"strings"
	"testing"
)

// What every token says that is no sample.
const (
	issuerURL = "https://issuer.minters.example"
	audience  = "minters-application"
	user      = "mary@minters.example"
)

var groups = []string{"AWS-SA", "Équipe 文"}

// minter is a library that is not ours.
type minter struct {
	name        string            // of its folder
	thumbprints bool              // its kids are thumbprints (RFC 7638)
	says        map[string]string // of the kinds of tokens of package tokentest
}

// accepted is what a minter says of a good token.
var accepted = fmt.Sprintf("%s of %s", user, strings.Join(groups, ","))

// TestJose has npm's jose.
//
// Rules K1, K5, K6, T2, T3
func TestJose(t *testing.T) {
	m := minter{name: "jose", thumbprints: true, says: map[string]string{
		"Token":         accepted,
		"Expired":       "ERR_JWT_EXPIRED exp",
		"NotYetValid":   "ERR_JWT_CLAIM_VALIDATION_FAILED nbf",
		"WrongIssuer":   "ERR_JWT_CLAIM_VALIDATION_FAILED iss",
		"WrongAudience": "ERR_JWT_CLAIM_VALIDATION_FAILED aud",
		"WrongKey":      "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
		"UnknownKey":    "ERR_JWKS_NO_MATCHING_KEY",
		"Tampered":      "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
		"Unsigned":      "ERR_JOSE_ALG_NOT_ALLOWED",
		"Malformed":     "ERR_JWS_INVALID",
	}}
	rows := start(t, m.name)
	m.mints(t, rows)
	m.reads(t, rows)
	counted(t, rows, 0)
}

// TestPyJWT has PyJWT of Python.
//
// Rules K1, K5, K6, T2, T3
func TestPyJWT(t *testing.T) {
	m := minter{name: "pyjwt", says: map[string]string{
		"Token":         accepted,
		"Expired":       "ExpiredSignatureError",
		"NotYetValid":   "ImmatureSignatureError",
		"WrongIssuer":   "InvalidIssuerError",
		"WrongAudience": "InvalidAudienceError",
		"WrongKey":      "InvalidSignatureError",
		"UnknownKey":    "KeyError",
		"Tampered":      "InvalidSignatureError",
		"Unsigned":      "InvalidAlgorithmError",
		"Malformed":     "DecodeError",
	}}
	rows := start(t, m.name)
	m.mints(t, rows)
	m.reads(t, rows)
	counted(t, rows, 0)
}

// TestJJWT has jjwt of Java, which also makes the tokens of the sample in Kendra's
// documentation.
//
// Rules K1, K2, K5, K6, T2, T3
func TestJJWT(t *testing.T) {
	m := minter{name: "jjwt", thumbprints: true, says: map[string]string{
		"Token":         accepted,
		"Expired":       "ExpiredJwtException",
		"NotYetValid":   "PrematureJwtException",
		"WrongIssuer":   "IncorrectClaimException",
		"WrongAudience": "IncorrectClaimException",
		"WrongKey":      "SignatureException",
		"UnknownKey":    "UnsupportedJwtException",
		"Tampered":      "SignatureException",
		"Unsigned":      "UnsupportedJwtException",
		"Malformed":     "MalformedJwtException",
	}}
	rows := start(t, m.name)
	m.mints(t, rows)
	m.reads(t, rows)
	samples(t, rows)
	counted(t, rows, len(texts)*len(sampled))
}

// counted requires that there is nothing but what was asked for, and all of it.
func counted(t *testing.T, rows map[id]row, more int) {
	t.Helper()
	if want := 13*(1+6) + 13*10 + more; len(rows) != want {
		t.Errorf("%d rows, want %d: of 13 algorithms a key, 6 tokens and 10 verdicts, and %d samples", len(rows), want, more)
	}
}
