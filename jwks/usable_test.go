package jwks_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// modulus returns an odd number of that many bits, which nothing here factors.
func modulus(bits int) string {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return b64(n.SetBit(n, 0, 1).Bytes())
}

// rocaModulus returns a number of 2048 bits that is 65537³ modulo each prime up
// to 167.
func rocaModulus() string {
	m := big.NewInt(1)
	for p := int64(3); p <= 167; p += 2 {
		if big.NewInt(p).ProbablyPrime(10) {
			m.Mul(m, big.NewInt(p))
		}
	}
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	n.Sub(n, new(big.Int).Mod(n, m))
	n.Add(n, new(big.Int).Exp(big.NewInt(65537), big.NewInt(3), m))
	for n.Add(n, m); n.Bit(0) == 0; {
		n.Add(n, m)
	}
	return b64(n.Bytes())
}

// le returns the encoding of an edwards25519 coordinate, sign bit clear.
func le(y *big.Int) []byte {
	b := y.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

func edPrime(less int64) []byte {
	p := new(big.Int).Lsh(big.NewInt(1), 255)
	return le(p.Sub(p, big.NewInt(19+less)))
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func signBit(b []byte) []byte {
	b = bytes.Clone(b)
	b[31] |= 0x80
	return b
}

func standard(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// usable is one JWK and what is wrong with it, if anything, in each mode: the
// member at fault and a part of the reason.
type usable struct {
	name           string
	jwk            members
	member, reason string // "": usable
}

// usableInBoth is the table of K4 and K5 where both modes agree.
func usableInBoth() []usable {
	r, e, o := rsaJWK(), ecJWK(), okpJWK()
	n := testkeys.RSA2048().N.Bytes()
	x := testkeys.P256().X.FillBytes(make([]byte, 32))
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return []usable{
		{"RSA", r, "", ""},
		{"EC", e, "", ""},
		{"OKP", o, "", ""},
		{"unknown members", r.with("issuer", "x").with("acr", []int{1}).with("x5u", "https://example.com").with("KTY", "oct"), "", ""},

		{"kty missing", r.with("kty", drop), "kty", "missing"},
		{"kty null", r.with("kty", nil), "kty", "want a string"},
		{"kty number", r.with("kty", 1), "kty", "want a string"},
		{"kty empty", r.with("kty", ""), "kty", "empty"},
		{"kty in lower case", r.with("kty", "rsa"), "kty", "want RSA, EC, OKP or oct"},
		{"kty of the future", members{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, "kty", "want RSA"},

		{"RSA 2047 bits", r.with("n", modulus(2047)), "n", "2047 bits, want at least 2048"},
		{"RSA 2048 bits", r.with("n", modulus(2048)), "", ""},
		{"RSA 1024 bits", public(&testkeys.RSA1024().PublicKey, "w"), "n", "1024 bits, want at least 2048"},
		{"RSA 3072 bits", r.with("n", modulus(3072)), "", ""},
		{"RSA 8192 bits", r.with("n", modulus(8192)), "", ""},
		{"RSA 8193 bits", r.with("n", modulus(8193)), "n", "8193 bits, want at most 8192"},
		{"RSA even modulus", r.with("n", b64(append(n[:len(n)-1:len(n)-1], n[len(n)-1]&^1))), "n", "even modulus"},
		{"RSA with the ROCA flaw", r.with("n", rocaModulus()), "n", "ROCA"},
		{"RSA n missing", r.with("n", drop), "n", "missing"},
		{"RSA n empty", r.with("n", ""), "n", "empty"},
		{"RSA n null", r.with("n", nil), "n", "want a string"},
		{"RSA n number", r.with("n", 5), "n", "want a string"},
		{"RSA n with a line break", r.with("n", b64(n)[:64]+"\n"+b64(n)[64:]), "n", "want base64url"},
		{"RSA n with a space", r.with("n", " "+b64(n)), "n", "want base64url"},
		{"RSA n with another letter", r.with("n", b64(n)[:8]+"!"+b64(n)[9:]), "n", "want base64url"},
		{"RSA n not canonical", r.with("n", b64(n)[:len(b64(n))-1]+"Z"), "n", "want base64url"},
		{"RSA e missing", r.with("e", drop), "e", "missing"},
		{"RSA e 0", r.with("e", "AA"), "e", ""},
		{"RSA e 1", r.with("e", "AQ"), "e", "below 65537"},
		{"RSA e 2", r.with("e", "Ag"), "e", "even"},
		{"RSA e 3", r.with("e", "Aw"), "e", "below 65537"},
		{"RSA e 65535", r.with("e", "__8"), "e", "below 65537"},
		{"RSA e 65536", r.with("e", "AQAA"), "e", "even"},
		{"RSA e 65537", r.with("e", "AQAB"), "", ""},
		{"RSA e 65538", r.with("e", "AQAC"), "e", "even"},
		{"RSA e 2^31-1", r.with("e", "f____w"), "", ""},
		{"RSA e 2^31+1", r.with("e", "gAAAAQ"), "e", "more than 31 bits"},
		{"RSA e 2^64+65537", r.with("e", b64([]byte{1, 0, 0, 0, 0, 0, 1, 0, 1})), "e", "more than 31 bits"},
		{"RSA e number", r.with("e", 65537), "e", "want a string"},

		{"EC crv missing", e.with("crv", drop), "crv", "missing"},
		{"EC crv of another name", e.with("crv", "p-256"), "crv", "want P-256"},
		{"EC crv P-224", public(&p224.PublicKey, ""), "crv", "want P-256"},
		{"EC crv secp256k1", e.with("crv", "secp256k1"), "crv", "want P-256"},
		{"EC crv Ed25519", e.with("crv", "Ed25519"), "crv", "want P-256"},
		{"EC crv P-384 with a point of P-256", e.with("crv", "P-384"), "x", "32 octets, want 48"},
		{"EC x and y exchanged", e.with("x", e["y"]).with("y", e["x"]), "x", "not on the curve"},
		{"EC point off the curve", e.with("y", b64(append(x[:31:31], x[31]^1))), "x", "not on the curve"},
		{"EC point at 0, 0", e.with("x", b64(make([]byte, 32))).with("y", b64(make([]byte, 32))), "x", "not on the curve"},
		{"EC x above the field", e.with("x", b64(bytes.Repeat([]byte{0xff}, 32))), "x", "not on the curve"},
		{"EC x shorter", e.with("x", b64(x[1:])), "x", "31 octets, want 32"},
		{"EC x longer", e.with("x", b64(append([]byte{0}, x...))), "x", "33 octets, want 32"},
		{"EC y shorter", e.with("y", b64(x[1:])), "y", "31 octets, want 32"},
		{"EC x missing", e.with("x", drop), "x", "missing"},
		{"EC y missing", e.with("y", drop), "y", "missing"},
		{"EC y number", e.with("y", 1), "y", "want a string"},

		{"OKP crv missing", o.with("crv", drop), "crv", "missing"},
		{"OKP crv X25519", o.with("crv", "X25519"), "crv", "want Ed25519"},
		{"OKP crv Ed448", o.with("crv", "Ed448"), "crv", "want Ed25519"},
		{"OKP crv P-256", e.with("kty", "OKP"), "crv", "want Ed25519"},
		{"OKP x missing", o.with("x", drop), "x", "missing"},
		{"OKP x shorter", o.with("x", b64(make([]byte, 31))), "x", "31 octets, want 32"},
		{"OKP x longer", o.with("x", b64(make([]byte, 33))), "x", "33 octets, want 32"},
		{"OKP y 2, off the curve", o.with("x", b64(le(big.NewInt(2)))), "x", "not on the curve"},
		{"OKP y 3", o.with("x", b64(le(big.NewInt(3)))), "", ""},
		{"OKP y 3, other sign", o.with("x", b64(signBit(le(big.NewInt(3))))), "", ""},
		{"OKP order 1", o.with("x", b64(le(big.NewInt(1)))), "x", "small order"},
		{"OKP order 1, other sign", o.with("x", b64(signBit(le(big.NewInt(1))))), "x", "not an encoding"},
		{"OKP order 2", o.with("x", b64(edPrime(1))), "x", "small order"},
		{"OKP order 4", o.with("x", b64(le(big.NewInt(0)))), "x", "small order"},
		{"OKP order 4, other sign", o.with("x", b64(signBit(le(big.NewInt(0))))), "x", "small order"},
		{"OKP order 8", o.with("x", b64(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))), "x", "small order"},
		{"OKP order 8, other", o.with("x", b64(signBit(unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")))), "x", "small order"},
		{"OKP y of the field's order", o.with("x", b64(edPrime(0))), "x", "outside the field"},
		{"OKP y above the field", o.with("x", b64(edPrime(-3))), "x", "outside the field"},
		{"OKP y -4, the largest but", o.with("x", b64(edPrime(4))), "", ""},

		{"kty RSA with the members of EC", e.with("kty", "RSA"), "n", "missing"},
		{"kty EC with the members of RSA", r.with("kty", "EC"), "crv", "missing"},

		{"use sig", r.with("use", "sig"), "", ""},
		{"use enc", r.with("use", "enc"), "use", `want "sig"`},
		{"use SIG", r.with("use", "SIG"), "use", `want "sig"`},
		{"use empty", r.with("use", ""), "use", "empty"},
		{"use null", r.with("use", nil), "use", "want a string"},
		{"use array", r.with("use", []string{"sig"}), "use", "want a string"},
		{"key_ops verify", r.with("key_ops", []string{"verify"}), "", ""},
		{"key_ops sign, verify", r.with("key_ops", []string{"sign", "verify"}), "", ""},
		{"key_ops verify, sign", r.with("key_ops", []string{"verify", "sign"}), "", ""},
		{"key_ops verify and use sig", r.with("key_ops", []string{"verify"}).with("use", "sig"), "", ""},
		{"key_ops verify and use enc", r.with("key_ops", []string{"verify"}).with("use", "enc"), "use", `want "sig"`},
		{"key_ops encrypt", r.with("key_ops", []string{"encrypt"}), "key_ops", `want an array with "verify"`},
		{"key_ops empty", r.with("key_ops", []string{}), "key_ops", `want an array with "verify"`},
		{"key_ops null", r.with("key_ops", nil), "key_ops", `want an array with "verify"`},
		{"key_ops string", r.with("key_ops", "verify"), "key_ops", `want an array with "verify"`},
		{"key_ops VERIFY", r.with("key_ops", []string{"VERIFY"}), "key_ops", `want an array with "verify"`},
		{"key_ops with a number", r.with("key_ops", []any{"verify", 1}), "key_ops", "want an array of strings"},

		{"alg empty", r.with("alg", ""), "alg", "empty"},
		{"alg null", r.with("alg", nil), "alg", "want a string"},
		{"alg none", r.with("alg", "none"), "alg", "not a signature algorithm"},
		{"alg of encryption", r.with("alg", "RSA-OAEP"), "alg", "not a signature algorithm"},
		{"alg in lower case", r.with("alg", "rs256"), "alg", "not a signature algorithm"},
		{"alg ES256K", e.with("alg", "ES256K"), "alg", "not a signature algorithm"},
		{"alg Ed25519", o.with("alg", "Ed25519"), "alg", "not a signature algorithm"},
		{"alg of another type", r.with("alg", "ES256"), "alg", "cannot do"},
		{"alg of another curve", e.with("alg", "ES384"), "alg", "cannot do"},
		{"alg HS256 on a public key", r.with("alg", "HS256"), "alg", "cannot do"},
	}
}

// TestUsable runs the table that both modes share.
//
// Rules K1, K2, K4
func TestUsable(t *testing.T) {
	rows := usableInBoth()
	if len(rows) < 100 {
		t.Fatalf("%d rows", len(rows))
	}
	names := map[string]bool{}
	for _, row := range rows {
		if names[row.name] {
			t.Errorf("the name %q is there twice", row.name)
		}
		names[row.name] = true
		t.Run(row.name, func(t *testing.T) {
			checkPublic(t, row)
			checkSecret(t, row)
		})
	}
}

// checkPublic puts the key between two good ones, which must survive.
func checkPublic(t *testing.T, row usable) {
	t.Helper()
	before := public(&testkeys.P384().PublicKey, "before")
	after := public(&testkeys.P521().PublicKey, "after")
	set := parse(t, jwks.Public, before, row.jwk, after)
	skipped := set.Skipped()
	if row.member == "" && row.reason == "" {
		if set.Len() != 3 || len(skipped) > 0 {
			t.Errorf("public: %d keys, skipped %v", set.Len(), skipped)
		}
		return
	}
	if set.Len() != 2 || len(skipped) != 1 {
		t.Fatalf("public: %d keys, skipped %v", set.Len(), skipped)
	}
	checkFault(t, skipped[0], row, 1)
	kid, _ := row.jwk["kid"].(string)
	if skipped[0].Index != 1 || skipped[0].KeyID != kid {
		t.Errorf("public: skipped key %d, kid %q", skipped[0].Index, skipped[0].KeyID)
	}
}

// checkSecret requires that the whole file is refused, with the position.
func checkSecret(t *testing.T, row usable) {
	t.Helper()
	set, err := jwks.Parse(file(public(&testkeys.P384().PublicKey, "before"), row.jwk), jwks.Secret)
	if row.member == "" && row.reason == "" {
		if err != nil || set.Len() != 2 {
			t.Errorf("secret: %v", err)
		}
		return
	}
	if err == nil || set != nil {
		t.Fatalf("secret: accepted")
	}
	checkFault(t, err, row, 1)
}

func checkFault(t *testing.T, err error, row usable, index int) {
	t.Helper()
	var fault *jwks.KeyError
	if !errors.As(err, &fault) {
		t.Fatalf("%v is no KeyError", err)
	}
	if fault.Index != index || fault.Member != row.member || !strings.Contains(fault.Reason, row.reason) {
		t.Errorf("%v; want %s: …%s…", err, row.member, row.reason)
	}
	if !strings.Contains(err.Error(), fmt.Sprintf("keys[%d]", index)) {
		t.Errorf("%v does not tell the position", err)
	}
}

// TestUsableInPublic has what a public set is read more leniently for, or less.
//
// Rules K2, K4
func TestUsableInPublic(t *testing.T) {
	r, e, o := rsaJWK(), ecJWK(), okpJWK()
	n := testkeys.RSA2048().N.Bytes()
	x := testkeys.P256().X.FillBytes(make([]byte, 32))
	zero := append([]byte{0}, n...)
	for _, row := range []usable{
		{"n with a zero octet in front", r.with("n", b64(zero)), "", ""},
		{"n with 9 zero octets in front", r.with("n", b64(append(make([]byte, 9), n...))), "", ""},
		{"n in the other alphabet, padded", r.with("n", standard(n)), "", ""},
		{"n in the other alphabet", r.with("n", strings.TrimRight(standard(n), "=")), "", ""},
		{"n padded", r.with("n", base64.URLEncoding.EncodeToString(n)), "", ""},
		{"n padded too little", r.with("n", b64(n)+"="), "n", "want base64url"},
		{"n padded too much", r.with("n", b64(n)+"==="), "n", "want base64url"},
		{"n in both alphabets", r.with("n", "-+"+b64(n)[2:]), "n", "want base64url"},
		{"n of zeros", r.with("n", "AAAA"), "n", "0 bits, want at least 2048"},
		{"e with a zero octet in front", r.with("e", "AAEAAQ"), "", ""},
		{"e padded", r.with("e", "AAEAAQ=="), "", ""},
		{"x in the other alphabet, padded", e.with("x", standard(x)), "", ""},
		{"x of OKP padded", o.with("x", fmt.Sprint(o["x"])+"="), "", ""},

		{"symmetric", octJWK(), "kty", "a symmetric key in a public set"},
		{"symmetric, upper case", octJWK().with("kty", "OCT"), "kty", "a symmetric key in a public set"},
		{"symmetric and short", symmetric([]byte("x"), ""), "kty", "a symmetric key in a public set"},
		{"private d", r.with("d", "AA"), "d", "a private key"},
		{"private d of EC", e.with("d", "AA"), "d", "a private key"},
		{"private d of OKP", o.with("d", "AA"), "d", "a private key"},
		{"private d, null", r.with("d", nil), "d", "a private key"},
		{"private p", r.with("p", "AA"), "p", "a private key"},
		{"private q", r.with("q", "AA"), "q", "a private key"},
		{"private dp", r.with("dp", "AA"), "dp", "a private key"},
		{"private dq", r.with("dq", "AA"), "dq", "a private key"},
		{"private qi", r.with("qi", "AA"), "qi", "a private key"},
		{"private oth", r.with("oth", []int{}), "oth", "a private key"},
		{"k beside a public key", r.with("k", "AA"), "k", "a private key"},
	} {
		t.Run(row.name, func(t *testing.T) { checkPublic(t, row) })
	}
}

// TestUsableInSecret has the dialect of Kendra.
//
// Rules K2, K4
func TestUsableInSecret(t *testing.T) {
	r, e, o := rsaJWK(), ecJWK(), octJWK()
	n := testkeys.RSA2048().N.Bytes()
	of := func(size int, alg string) members {
		return symmetric(testkeys.HMAC(size), "s").with("alg", alg)
	}
	short := "want at least 32"
	for _, row := range []usable{
		{"oct", o, "", ""},
		{"OCT", o.with("kty", "OCT"), "", ""},
		{"Oct", o.with("kty", "Oct"), "kty", "want RSA"},
		{"k padded", o.with("k", base64.URLEncoding.EncodeToString(testkeys.HMAC(64))), "", ""},
		{"k padded too little", o.with("k", b64(testkeys.HMAC(64))+"="), "k", "want base64url"},
		{"k padded needlessly", o.with("k", b64(testkeys.HMAC(66))+"=="), "k", "want base64url"},
		{"k in the other alphabet", o.with("k", standard(bytes.Repeat([]byte{0xff}, 33))), "k", "want base64url"},
		{"k in base64url", o.with("k", b64(bytes.Repeat([]byte{0xff}, 33))), "", ""},
		{"k not canonical", o.with("k", strings.Repeat("A", 42)+"B"), "k", "want base64url"},
		{"k canonical", o.with("k", strings.Repeat("A", 42)+"A"), "", ""},
		{"k with a line break", o.with("k", strings.Repeat("A", 44)+"\n"), "k", "want base64url"},
		{"k as text", o.with("k", "my secret, my secret, my secret, my secret"), "k", "want base64url"},
		{"k missing", o.with("k", drop), "k", "missing"},
		{"k empty", o.with("k", ""), "k", "empty"},
		{"k null", o.with("k", nil), "k", "want a string"},
		{"k of 1 octet", symmetric([]byte("x"), ""), "k", "1 octets, " + short},
		{"k of 31 octets", symmetric(testkeys.HMAC(31), ""), "k", "31 octets, " + short},
		{"k of 32 octets", symmetric(testkeys.HMAC(32), ""), "", ""},
		{"HS256, 31 octets", of(31, "HS256"), "k", short},
		{"HS256, 32 octets", of(32, "HS256"), "", ""},
		{"HS384, 47 octets", of(47, "HS384"), "alg", "cannot do, by its type, curve or length"},
		{"HS384, 48 octets", of(48, "HS384"), "", ""},
		{"HS512, 63 octets", of(63, "HS512"), "alg", "cannot do"},
		{"HS512, 64 octets", of(64, "HS512"), "", ""},
		{"oct with RS256", o.with("alg", "RS256"), "alg", "cannot do"},
		{"oct with A256KW", o.with("alg", "A256KW"), "alg", "not a signature algorithm"},
		{"oct for enc", o.with("use", "enc"), "use", `want "sig"`},
		{"oct without verify", o.with("key_ops", []string{"sign"}), "key_ops", "verify"},
		{"oct with x5c", o.with("x5c", []string{selfSigned(testkeys.P256())}), "x5c", "another key"},
		{"oct with empty x5c and x5t", o.with("x5c", []string{}).with("x5t", ""), "", ""},

		{"n with a zero octet in front", r.with("n", b64(append([]byte{0}, n...))), "n", "a zero octet in front"},
		{"e with a zero octet in front", r.with("e", "AAEAAQ"), "e", "a zero octet in front"},
		{"n in the other alphabet", r.with("n", strings.TrimRight(standard(n), "=")), "n", "want base64url without padding"},
		{"n padded", r.with("n", base64.URLEncoding.EncodeToString(n)), "n", "want base64url without padding"},
		{"x padded", e.with("x", fmt.Sprint(e["x"])+"="), "x", "want base64url without padding"},
		{"private RSA key, of which the public half is used", r.with("d", "AA").with("p", "AA"), "", ""},
		{"private EC key, of which the public half is used", e.with("d", "AA"), "", ""},
	} {
		t.Run(row.name, func(t *testing.T) { checkSecret(t, row) })
	}
}

// TestSecretIsUsedDecoded: the octets that k encodes are the key, not its letters.
//
// Rule K2
func TestSecretIsUsedDecoded(t *testing.T) {
	set := parse(t, jwks.Secret, octJWK())
	if _, err := verify(set, sign(jwks.HS256, testkeys.HMAC(64), "oct")); err != nil {
		t.Error(err)
	}
	letters := []byte(b64(testkeys.HMAC(64)))
	if _, err := verify(set, sign(jwks.HS256, letters, "oct")); !errors.Is(err, jwks.ErrSignature) {
		t.Errorf("signed with the letters: %v", err)
	}
}
