package tokentest_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokentest"
)

// wantKeys parses a JWKS and has a gate verify tokens with it.
func wantKeys(t *testing.T, issuer *tokentest.Issuer, body []byte) {
	t.Helper()
	set, err := jwks.Parse(body, jwks.Public)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != publicAlgorithms || len(set.Skipped()) != 0 {
		t.Errorf("%d keys, %d skipped, want %d and none", set.Len(), len(set.Skipped()), publicAlgorithms)
	}
	trust := issuer.Trust()
	trust.Keys = jwks.Static(set)
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{trust}, nil)
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for _, alg := range algorithms(t) {
		if err := refusal(t, gate, issuer.With(alg).Token(mary())); (err == nil) == symmetric(alg) {
			t.Errorf("%s: %v", alg, err)
		} else if err == nil {
			accepted++
		}
	}
	if accepted != publicAlgorithms {
		t.Errorf("%d algorithms accepted", accepted)
	}
	var kids []string
	for _, key := range set.Keys() {
		if kids = append(kids, key.KeyID); len(key.Algorithms) != 1 {
			t.Errorf("%s: for %v, want one algorithm", key.KeyID, key.Algorithms)
		}
	}
	if slices.Sort(kids); len(slices.Compact(kids)) != publicAlgorithms {
		t.Errorf("kids %q, want one for each", kids)
	}
}

// TestHandler needs no network, so that it works in a bubble.
//
// Rules K1, K2, K4: a JWKS without a key that is skipped
func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := tokentest.NewIssuer(t)
		ask := func(method, path, etag string) *http.Response {
			r := httptest.NewRequest(method, path, nil)
			if etag != "" {
				r.Header.Set("If-None-Match", etag)
			}
			w := httptest.NewRecorder()
			issuer.With(jwks.HS256).Handler().ServeHTTP(w, r)
			return w.Result()
		}
		good := ask(http.MethodGet, tokentest.KeysPath, "")
		body, err := io.ReadAll(good.Body)
		if err != nil {
			t.Fatal(err)
		}
		wantKeys(t, issuer, body)
		etag := good.Header.Get("ETag")
		for _, tt := range []struct {
			name, method, path, etag string
			status, bytes            int
		}{
			{"GET", http.MethodGet, tokentest.KeysPath, "", http.StatusOK, len(body)},
			{"HEAD", http.MethodHead, tokentest.KeysPath, "", http.StatusOK, 0},
			{"not modified", http.MethodGet, tokentest.KeysPath, etag, http.StatusNotModified, 0},
			{"another ETag", http.MethodGet, tokentest.KeysPath, `"other"`, http.StatusOK, len(body)},
		} {
			r := ask(tt.method, tt.path, tt.etag)
			got, _ := io.ReadAll(r.Body)
			if r.StatusCode != tt.status || len(got) != tt.bytes {
				t.Errorf("%s: status %d, %d bytes; want %d, %d", tt.name, r.StatusCode, len(got), tt.status, tt.bytes)
			}
			if r.Header.Get("Cache-Control") != "public, max-age=300" || r.Header.Get("ETag") != etag || len(etag) < 10 {
				t.Errorf("%s: headers %q", tt.name, r.Header)
			}
		}
		if got := good.Header.Get("Content-Type"); got != "application/jwk-set+json" {
			t.Errorf("Content-Type %q", got)
		}
		for path, method := range map[string]string{"/": http.MethodGet, tokentest.KeysPath + "/": http.MethodGet, tokentest.KeysPath: http.MethodPost} {
			if r := ask(method, path, ""); r.StatusCode != http.StatusNotFound && r.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: status %d", method, path, r.StatusCode)
			}
		}
	})
}

// TestServer asks a real server, with its own client and with one that has its
// certificate as the only root.
func TestServer(t *testing.T) {
	issuer := tokentest.NewIssuer(t)
	server := issuer.Server()
	if server != issuer.Server() || server != issuer.With(jwks.ES256).Server() {
		t.Error("another server at the next call")
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	for name, client := range map[string]*http.Client{"own": server.Client(), "other": {Transport: transport}} {
		r, err := client.Get(server.URL + tokentest.KeysPath)
		if err != nil {
			t.Fatalf("%s client: %v", name, err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || r.TLS == nil {
			t.Errorf("%s client: status %d, %v", name, r.StatusCode, err)
		}
		wantKeys(t, issuer, body)
	}
}

// TestServerCloses: with the test, and before that when it is told to.
func TestServerCloses(t *testing.T) {
	var server *httptest.Server
	if failure := failing(func(t testing.TB) { server = tokentest.NewIssuer(t).Server() }); failure != "" {
		t.Error(failure)
	}
	if r, err := server.Client().Get(server.URL + tokentest.KeysPath); err == nil {
		r.Body.Close()
		t.Error("answers after the test")
	}
	if failure := failing(func(t testing.TB) { tokentest.NewIssuer(t).Server().Close() }); failure != "" {
		t.Error(failure)
	}
}
