package kmssigner_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
	"github.com/tokenacl/tokenacl/kmssigner/kmstest"
)

func ask(h http.Handler, method, etag string) *http.Response {
	r := httptest.NewRequest(method, "/any/path", nil)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestHandler serves what verifies, and says for how long caches may keep it.
//
// Rules M2, M3
func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := memory(kmstest.P256)
		signer := newSigner(t, backend, &kmssigner.Options{MaxAge: 90 * time.Second})
		h := signer.Keys().Handler()
		first := ask(h, "GET", "")
		text := body(t, first)
		set, err := jwks.Parse([]byte(text), jwks.Public)
		if err != nil || set.Len() != 1 || set.Keys()[0].KeyID != signs(signer) || len(set.Keys()[0].Algorithms) != 1 {
			t.Errorf("%v, %v", set, err)
		}
		etag := first.Header.Get("ETag")
		for name, want := range map[string]string{
			"Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=90", "X-Content-Type-Options": "nosniff",
		} {
			if got := first.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if first.StatusCode != 200 || len(etag) < 10 {
			t.Errorf("%d, ETag %q", first.StatusCode, etag)
		}
		if r := ask(h, "HEAD", ""); r.StatusCode != 200 || body(t, r) != "" || r.Header.Get("ETag") != etag {
			t.Errorf("HEAD: %d %v", r.StatusCode, r.Header)
		}
		if r := ask(h, "GET", etag); r.StatusCode != 304 || body(t, r) != "" || r.Header.Get("Cache-Control") == "" {
			t.Errorf("not modified: %d %v", r.StatusCode, r.Header)
		}
		for _, method := range []string{"POST", "OPTIONS", "DELETE"} {
			if r := ask(h, method, ""); r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s: %d %v", method, r.StatusCode, r.Header)
			}
		}
		time.Sleep(time.Second)
		backend.Point(backend.Create(kmstest.P256))
		refresh(t, signer)
		r := ask(h, "GET", etag)
		if set, err := jwks.Parse([]byte(body(t, r)), jwks.Public); r.StatusCode != 200 || err != nil || set.Len() != 2 {
			t.Errorf("after a rotation: %d, %v, %v", r.StatusCode, set, err)
		}
		signer.Close()
		if r := ask(h, "GET", ""); r.StatusCode != 503 || r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("ETag") != "" {
			t.Errorf("closed: %d %v", r.StatusCode, r.Header)
		}
	})
	hmac := newSigner(t, memory(kmstest.HMAC256), nil)
	if r := ask(hmac.Keys().Handler(), "GET", ""); r.StatusCode != 503 || hmac.Keys().Set() != nil || strings.Contains(body(t, r), "{") {
		t.Errorf("HMAC is published: %d", r.StatusCode)
	}
	var none *kmssigner.Keys
	if r := ask(none.Handler(), "GET", ""); r.StatusCode != 503 {
		t.Errorf("nil: %d", r.StatusCode)
	}
}

// TestHandlerFeedsRemote: what is published is what jwks.NewRemote fetches.
//
// Rule M3
func TestHandlerFeedsRemote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signer := newSigner(t, memory(kmstest.RSA2048), nil)
		defer signer.Close()
		remote, err := jwks.NewRemote("https://issuer.test/jwks", &jwks.RemoteOptions{InsecureTransport: transport{signer.Keys().Handler()}})
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		token := must(signer.Mint(t.Context(), map[string]any{"user": "mary"}))
		if _, err := remote.Verify(t.Context(), compact(t, token)); err != nil {
			t.Error(err)
		}
	})
}

type transport struct{ http.Handler }

func (h transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestKendraSecret: a Kendra configuration can name a key of a KMS.
//
// Rule K2
func TestKendraSecret(t *testing.T) {
	signer := newSigner(t, memory(kmstest.RSA2048), nil)
	var secret bytes.Buffer
	if err := signer.Keys().Set().WriteKendraSecret(&secret); err != nil {
		t.Fatal(err)
	}
	set, err := jwks.Parse(secret.Bytes(), jwks.Secret)
	if err != nil {
		t.Fatal(err)
	}
	token := must(signer.Mint(t.Context(), map[string]any{"user": "mary", "groups": []string{"AWS-SA"}}))
	got, err := scope(t, jwks.Static(set), token)
	if p, ok := got.Principal(); err != nil || !ok || p.User != "mary" {
		t.Errorf("%v, %v", p, err)
	}
	var fault *jwks.KeyError
	if err := newSigner(t, memory(kmstest.P256), nil).Keys().Set().WriteKendraSecret(&secret); !errors.As(err, &fault) || fault.Member != "alg" {
		t.Errorf("ES256: %v", err)
	}
}

// TestCertificates are published with their key, also when that comes later, and
// with no other. The key in the KMS makes the certificate itself.
//
// Rule K4
func TestCertificates(t *testing.T) {
	backend := memory(kmstest.P256)
	first := newSigner(t, backend, nil)
	one := certificate(t, first)
	backend.Point(backend.Create(kmstest.P256))
	two := certificate(t, newSigner(t, backend, nil))

	chains := [][]*x509.Certificate{{two, one}, {one}}
	signer := newSigner(t, backend, &kmssigner.Options{Certificates: chains, TrustedKeys: []string{first.Keys().List()[0].BackendID}})
	chains[0][0], chains[1] = one, nil // changed later
	backend.Point(backend.Create(kmstest.P256))
	refresh(t, signer)
	var file struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(body(t, ask(signer.Keys().Handler(), "GET", ""))), &file); err != nil {
		t.Fatal(err)
	}
	var chain []int
	for _, key := range file.Keys {
		x5c, _ := key["x5c"].([]any)
		chain = append(chain, len(x5c))
		if (key["x5t"] == nil) != (len(x5c) == 0) || (key["x5t#S256"] == nil) != (len(x5c) == 0) {
			t.Errorf("%v", key)
		}
	}
	if len(chain) != 3 || chain[0] != 1 || chain[1] != 2 || chain[2] != 0 {
		t.Errorf("certificates of each key: %v, want 1, 2 and 0", chain)
	}
}

func certificate(t *testing.T, s *kmssigner.Signer) *x509.Certificate {
	t.Helper()
	key, err := s.CryptoSigner(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "testing"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignatureFrom(cert); err != nil {
		t.Fatal(err)
	}
	return cert
}
