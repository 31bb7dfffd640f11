package tokentest

import (
	"iter"
	"strings"
	"time"
)

// kinds are the methods that mint broken tokens.
var kinds = [...]struct {
	name string
	mint func(*Issuer, Claims) string
}{
	{"Expired", (*Issuer).Expired},
	{"NotYetValid", (*Issuer).NotYetValid},
	{"WrongIssuer", (*Issuer).WrongIssuer},
	{"WrongAudience", (*Issuer).WrongAudience},
	{"WrongKey", (*Issuer).WrongKey},
	{"UnknownKey", (*Issuer).UnknownKey},
	{"Tampered", (*Issuer).Tampered},
	{"Unsigned", (*Issuer).Unsigned},
	{"Malformed", (*Issuer).Malformed},
}

// Broken returns a token of every broken kind, by the name of its method and
// always in the same order. Each is the token that [Issuer.Token] mints from c,
// broken in one way. It can be used more than once, and mints while it is used.
func (i *Issuer) Broken(c Claims) iter.Seq2[string, string] {
	i.t.Helper()
	c = i.frozen(c)
	return func(yield func(name, token string) bool) {
		for _, k := range kinds {
			if !yield(k.name, k.mint(i, c)) {
				return
			}
		}
	}
}

// Expired returns a token whose exp was half an hour ago, whatever c says. Its
// iat, unless c has one, is an hour earlier.
func (i *Issuer) Expired(c Claims) string {
	i.t.Helper()
	exp := time.Now().Add(-lifetime / 2)
	d := i.draft(c, exp.Add(-lifetime))
	d.claims["exp"] = exp.Unix()
	return d.signed()
}

// NotYetValid returns a token whose nbf is in half an hour, whatever c says.
func (i *Issuer) NotYetValid(c Claims) string {
	i.t.Helper()
	now := time.Now()
	d := i.draft(c, now)
	d.claims["nbf"] = now.Add(lifetime / 2).Unix()
	return d.signed()
}

// WrongIssuer returns a token of another issuer, whatever c says, that is signed
// with the key of i.
func (i *Issuer) WrongIssuer(c Claims) string {
	i.t.Helper()
	d := i.draft(c, time.Now())
	d.claims["iss"] = "https://other-issuer.example"
	return d.signed()
}

// WrongAudience returns a token for another application, whatever c says.
func (i *Issuer) WrongAudience(c Claims) string {
	i.t.Helper()
	d := i.draft(c, time.Now())
	d.claims["aud"] = "other-application"
	return d.signed()
}

// WrongKey returns a token that names the key of i and is signed with another one
// of the same kind.
func (i *Issuer) WrongKey(c Claims) string {
	i.t.Helper()
	d := i.draft(c, time.Now())
	d.own = d.other
	return d.signed()
}

// UnknownKey returns a token that is signed with the key of i and names one that
// nobody knows.
func (i *Issuer) UnknownKey(c Claims) string {
	i.t.Helper()
	d := i.draft(c, time.Now())
	d.header["kid"] = "unknown-key"
	return d.signed()
}

// Tampered returns a token to which the claim "tampered" was added after it was
// signed.
func (i *Issuer) Tampered(c Claims) string {
	i.t.Helper()
	d := i.draft(c, time.Now())
	signed := d.signed()
	d.claims["tampered"] = []any{d.claims["tampered"]} // never what it was
	return d.unsigned() + signed[strings.LastIndexByte(signed, '.'):]
}

// Unsigned returns a token whose alg is none and whose signature is empty (RFC
// 7519, section 6).
func (i *Issuer) Unsigned(c Claims) string {
	i.t.Helper()
	d := i.draft(c, time.Now())
	d.header["alg"] = "none"
	return d.unsigned() + "."
}

// Malformed returns a token that is cut off before its second dot.
func (i *Issuer) Malformed(c Claims) string {
	i.t.Helper()
	return i.draft(c, time.Now()).unsigned()
}
