package jwks_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// certificate makes one of the key for itself, which expired long ago: neither
// the signature nor the expiry counts.
func certificate(key crypto.Signer) []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "testing"},
		NotBefore:    time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2002, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return der
}

func selfSigned(key crypto.Signer) string {
	return base64.StdEncoding.EncodeToString(certificate(key))
}

// TestCertificate has x5c and the thumbprints.
//
// Rules K2, K4
func TestCertificate(t *testing.T) {
	r := rsaJWK()
	der := certificate(testkeys.RSA2048())
	own := base64.StdEncoding.EncodeToString(der)
	other := selfSigned(testkeys.RSA2048B())
	d1, d256 := sha1.Sum(der), sha256.Sum256(der)
	x1, x256 := hex.EncodeToString(d1[:]), hex.EncodeToString(d256[:])
	with := r.with("x5c", []string{own})
	wrong := "not the digest of the first certificate"
	rows := []usable{
		{"x5c", with, "", ""},
		{"x5c of a point", ecJWK().with("x5c", []string{selfSigned(testkeys.P256())}), "", ""},
		{"x5c of Ed25519", okpJWK().with("x5c", []string{selfSigned(testkeys.Ed25519())}), "", ""},
		{"x5c string", r.with("x5c", own), "", ""},
		{"x5c chain", r.with("x5c", []string{own, other}), "", ""},
		{"x5c chain of nonsense", r.with("x5c", []string{own, "not base64", ""}), "", ""},
		{"x5c empty list", r.with("x5c", []string{}), "", ""},
		{"x5c empty string", r.with("x5c", ""), "", ""},
		{"x5c list of empty", r.with("x5c", []string{"", ""}), "", ""},
		{"x5c in base64url", r.with("x5c", []string{b64(der)}), "", ""},
		{"x5c in the wrong order", r.with("x5c", []string{other, own}), "x5c", "for another key"},
		{"x5c of another key", r.with("x5c", []string{other}), "x5c", "for another key"},
		{"x5c string of another key", r.with("x5c", other), "x5c", "for another key"},
		{"x5c of another type", r.with("x5c", selfSigned(testkeys.P256())), "x5c", "for another key"},
		{"x5c empty leaf", r.with("x5c", []string{"", own}), "x5c", "is empty"},
		{"x5c no base64", r.with("x5c", []string{"*"}), "x5c", "want certificates in base64"},
		{"x5c no certificate", r.with("x5c", []string{"AAAA"}), "x5c", "want certificates in DER"},
		{"x5c PEM", r.with("x5c", []string{"-----BEGIN CERTIFICATE-----\n" + own}), "x5c", "want certificates in base64"},
		{"x5c with a line break", r.with("x5c", own[:64]+"\n"+own[64:]), "x5c", "want certificates in base64"},
		{"x5c trailing octets", r.with("x5c", base64.StdEncoding.EncodeToString(append(der[:len(der):len(der)], 0))), "x5c", "want certificates in DER"},
		{"x5c null", r.with("x5c", nil), "x5c", "want an array of strings"},
		{"x5c number", r.with("x5c", 1), "x5c", "want an array of strings"},
		{"x5c list of numbers", r.with("x5c", []any{1}), "x5c", "want an array of strings"},
		{"x5c list with a number", r.with("x5c", []any{own, 1}), "x5c", "want an array of strings"},

		{"x5t base64url", with.with("x5t", b64(d1[:])), "", ""},
		{"x5t base64url, padded", with.with("x5t", base64.URLEncoding.EncodeToString(d1[:])), "", ""},
		{"x5t hex", with.with("x5t", x1), "", ""},
		{"x5t HEX", with.with("x5t", strings.ToUpper(x1)), "", ""},
		{"x5t base64url of hex", with.with("x5t", b64([]byte(x1))), "", ""},
		{"x5t base64url of HEX", with.with("x5t", b64([]byte(strings.ToUpper(x1)))), "", ""},
		{"x5t empty", with.with("x5t", ""), "", ""},
		{"x5t null", with.with("x5t", nil), "x5t", "want a string"},
		{"x5t array", with.with("x5t", []string{x1}), "x5t", "want a string"},
		{"x5t SHA-256", with.with("x5t", b64(d256[:])), "x5t", wrong},
		{"x5t one letter less", with.with("x5t", x1[1:]), "x5t", wrong},
		{"x5t cut to an octet less", with.with("x5t", x1[2:]), "x5t", wrong},
		{"x5t with colons", with.with("x5t", x1[:2]+":"+x1[2:]), "x5t", wrong},
		{"x5t of another", with.with("x5t", strings.Repeat("00", 20)), "x5t", wrong},
		{"x5t base64url of another", with.with("x5t", b64(make([]byte, 20))), "x5t", wrong},
		{"x5t base64url of hex of another", with.with("x5t", b64([]byte(strings.Repeat("00", 20)))), "x5t", wrong},
		{"x5t#S256 base64url", with.with("x5t#S256", b64(d256[:])), "", ""},
		{"x5t#S256 hex", with.with("x5t#S256", x256), "", ""},
		{"x5t#S256 base64url of hex", with.with("x5t#S256", b64([]byte(x256))), "", ""},
		{"x5t#S256 empty", with.with("x5t#S256", ""), "", ""},
		{"x5t#S256 SHA-1", with.with("x5t#S256", b64(d1[:])), "x5t#S256", wrong},
		{"x5t#S256 number", with.with("x5t#S256", 1), "x5t#S256", "want a string"},
		{"both thumbprints", with.with("x5t", b64(d1[:])).with("x5t#S256", b64(d256[:])), "", ""},
		{"both, one is wrong", with.with("x5t", b64(d1[:])).with("x5t#S256", "AAAA"), "x5t#S256", wrong},
		{"x5t with x5c string", r.with("x5c", own).with("x5t", "AAAA"), "x5t", wrong},
		{"x5t without x5c", r.with("x5t", "anything"), "", ""},
		{"x5t without x5c, number", r.with("x5t", 1).with("x5t#S256", nil), "", ""},
		{"x5t with empty x5c", r.with("x5c", []string{}).with("x5t", "anything"), "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			checkPublic(t, row)
			checkSecret(t, row)
		})
	}
}
