package jwks_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// realServer serves a set and metadata over TLS, on a loopback address.
func realServer(t *testing.T, change func(s *httptest.Server)) (s *httptest.Server, requests *atomic.Int32) {
	t.Helper()
	requests = &atomic.Int32{}
	mux := http.NewServeMux()
	zipped := gzipped(strings.Repeat(" ", 8<<20))
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		mux.ServeHTTP(w, r)
	}))
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) { w.Write(keyFile("a")) })
	mux.HandleFunc("/three", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/two", http.StatusMovedPermanently) })
	mux.HandleFunc("/two", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/one", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/one", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/keys", http.StatusPermanentRedirect)
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<17))
		w.Write(keyFile("a"))
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped)
	})
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"issuer":"`+s.URL+`","jwks_uri":"`+s.URL+`/keys"}`)
	})
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if change != nil {
		change(s)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, requests
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func rootsOf(s *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// firstFetch waits for the end of the first fetch, and returns its error.
func firstFetch(t *testing.T, s fresh) error {
	t.Helper()
	t.Cleanup(func() { s.Close() })
	for {
		if h := s.Health(); h.LastError != nil || !h.LastSuccess.IsZero() {
			return h.LastError
		}
		s.Verify(t.Context(), genuine(t, "a")) // waits for it
	}
}

// TestTLS fetches over real connections.
//
// Rules K9, G4
func TestTLS(t *testing.T) {
	server, _ := realServer(t, nil)
	other, others := realServer(t, nil)
	old, _ := realServer(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	})
	http2, _ := realServer(t, func(s *httptest.Server) { s.EnableHTTP2 = true })
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(keyFile("a")) }))
	defer plain.Close()
	roots := rootsOf(server)
	for name, tt := range map[string]struct {
		url    string
		opts   jwks.RemoteOptions
		reason string
	}{
		"good":                 {server.URL + "/keys", jwks.RemoteOptions{RootCAs: roots}, ""},
		"three redirects":      {server.URL + "/three", jwks.RemoteOptions{RootCAs: roots}, ""},
		"HTTP/2":               {http2.URL + "/keys", jwks.RemoteOptions{RootCAs: rootsOf(http2)}, ""},
		"the system's roots":   {server.URL + "/keys", jwks.RemoteOptions{}, "certificate"},
		"no roots":             {server.URL + "/keys", jwks.RemoteOptions{RootCAs: x509.NewCertPool()}, "certificate"},
		"another name":         {strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/keys", jwks.RemoteOptions{RootCAs: roots}, "certificate"},
		"an old TLS":           {old.URL + "/keys", jwks.RemoteOptions{RootCAs: rootsOf(old)}, "protocol version"},
		"HTTP, not TLS":        {strings.Replace(plain.URL, "http:", "https:", 1), jwks.RemoteOptions{}, "HTTP response to HTTPS"},
		"HTTP, allowed":        {plain.URL, jwks.RemoteOptions{InsecureAllowHTTP: true}, ""},
		"away":                 {server.URL + "/away?to=" + url.QueryEscape(other.URL+"/keys"), jwks.RemoteOptions{RootCAs: roots}, "redirect to another"},
		"away to metadata":     {server.URL + "/away?to=" + url.QueryEscape("https://169.254.169.254/"), jwks.RemoteOptions{RootCAs: roots}, "redirect to another"},
		"a long header":        {server.URL + "/headers", jwks.RemoteOptions{RootCAs: roots}, "exceeded"},
		"8 MiB in a small zip": {server.URL + "/gzip", jwks.RemoteOptions{RootCAs: roots}, "no usable key"}, // nothing is unpacked
		"private, denied":      {server.URL + "/keys", jwks.RemoteOptions{RootCAs: roots, DenyPrivateAddresses: true}, "DenyPrivateAddresses"},
		"a name that leads to a private address": {strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/keys",
			jwks.RemoteOptions{RootCAs: roots, DenyPrivateAddresses: true}, "DenyPrivateAddresses"},
		"cloud metadata":         {"https://169.254.169.254/latest", jwks.RemoteOptions{}, "cloud metadata"},
		"cloud metadata by http": {"http://169.254.169.254/latest", jwks.RemoteOptions{InsecureAllowHTTP: true}, "cloud metadata"},
		"unspecified":            {"https://0.0.0.0/", jwks.RemoteOptions{}, "unspecified"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := jwks.NewRemote(tt.url, &tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			err = firstFetch(t, r)
			if (err == nil) != (tt.reason == "") || err != nil && !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("%v, want %q", err, tt.reason)
			}
			if err != nil && strings.Contains(err.Error(), "/keys") {
				t.Errorf("the error has the URL: %v", err)
			}
			want := map[bool]string{true: "ok", false: "503"}[tt.reason == ""]
			if got, _ := ask(r, genuine(t, "a")); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
	if others.Load() != 0 {
		t.Errorf("%d requests to the other server", others.Load())
	}
	t.Run("discovered", func(t *testing.T) {
		r, err := jwks.NewDiscovered(server.URL, &jwks.RemoteOptions{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		if err := firstFetch(t, r); err != nil || r.Issuer() != server.URL {
			t.Errorf("%v, issuer %s", err, r.Issuer())
		}
	})
}

// TestProxy: the environment names one that nobody asks; the configured one is
// asked.
//
// Rule K9
func TestProxy(t *testing.T) {
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Write(keyFile("a"))
	}))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	closed := httptest.NewServer(nil) // a port on which nobody answers
	closed.Close()
	nobody := strings.Replace(closed.URL, "127.0.0.1", "keys.invalid", 1)

	r, err := jwks.NewRemote(nobody, &jwks.RemoteOptions{InsecureAllowHTTP: true, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := firstFetch(t, r); err == nil || asked.Load() != 0 {
		t.Errorf("by the environment: %v, asked %d times", err, asked.Load())
	}

	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	opts := &jwks.RemoteOptions{InsecureAllowHTTP: true, Proxy: through}
	r, err = jwks.NewRemote(nobody, opts)
	through.Host = "changed.invalid"
	if err != nil {
		t.Fatal(err)
	}
	if err := firstFetch(t, r); err != nil || asked.Load() != 1 {
		t.Errorf("configured: %v, asked %d times", err, asked.Load())
	}
}

// TestSilentServer: a server that accepts and never shakes hands costs no more
// than the time of the fetch.
//
// Rules K9, G4
func TestSilentServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	r, err := jwks.NewRemote("https://"+listener.Addr().String(), &jwks.RemoteOptions{Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := firstFetch(t, r); err == nil {
		t.Error("keys of a server that says nothing")
	}
	r.Close()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // for a hang to be a failure
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection stays open: %v", err)
	}
}
