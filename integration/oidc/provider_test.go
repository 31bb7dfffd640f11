// Package oidc tests against a real OpenID provider.
package oidc

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/integration/real"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/tokenconfig"
)

var installed = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "oidc")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("bash", "start.sh", "install", dir).CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("start.sh install: %w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "6") // tests wait for pauses, not for the processor
	code := m.Run()
	if !testing.Short() {
		if dir, _ := installed(); dir != "" {
			os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// provider is the real one behind a server that ends TLS, and that may answer
// for it where keys are asked for.
type provider struct {
	url    string
	front  *httptest.Server
	roots  *x509.CertPool
	real   atomic.Pointer[httputil.ReverseProxy]
	keys   atomic.Int64           // connections and requests where keys and metadata are
	fault  atomic.Pointer[fault]  // answers some of them, if set
	old    atomic.Pointer[string] // the keys of some time ago
	stdin  io.Writer
	stdout *bufio.Reader
}

// serve serves TLS at an address that is free.
func (p *provider) serve(t *testing.T, address string) {
	t.Helper()
	front := httptest.NewUnstartedServer(p)
	front.Listener.Close()
	var err error
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) { // somebody may have it for a moment
		if front.Listener, err = net.Listen("tcp", address); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that faults break
	front.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		fault := p.fault.Load()
		if fault == nil || fault.certificate == nil {
			return nil, nil
		}
		p.keys.Add(1)
		return &tls.Config{Certificates: []tls.Certificate{*fault.certificate}}, nil
	}}
	front.StartTLS()
	t.Cleanup(front.Close)
	p.front = front
}

// ServeHTTP passes on what no fault answers.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/jwks" || strings.HasPrefix(r.URL.Path, "/.well-known/") {
		p.keys.Add(1)
		if fault := p.fault.Load(); fault != nil && fault.HandlerFunc != nil && strings.HasPrefix(r.URL.Path, fault.at) {
			fault.ServeHTTP(w, r)
			return
		}
	}
	p.real.Load().ServeHTTP(w, r)
}

func start(t *testing.T) *provider {
	t.Helper()
	real.Wanted(t)
	dir, err := installed()
	if err != nil {
		real.Missing(t, "no oidc-provider: "+err.Error())
	}
	p := &provider{roots: x509.NewCertPool()}
	p.serve(t, "127.0.0.1:0")
	p.url = p.front.URL
	p.roots.AddCert(p.front.Certificate())

	cmd := exec.CommandContext(t.Context(), "bash", "start.sh", "serve", dir, p.url) // killed when the test is over
	cmd.Stderr = io.Discard                                                          // warnings that devInteractions are for tests
	p.stdin, p.stdout = real.Start(t, cmd)
	var port int
	if line, err := p.stdout.ReadString('\n'); err != nil {
		t.Fatalf("oidc-provider does not start: %v", err)
	} else if _, err := fmt.Sscanf(line, "port %d", &port); err != nil {
		t.Fatalf("oidc-provider says %q", line)
	}
	target := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	p.real.Store(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}})
	return p
}

// command is "add" or "drop"; see provider.mjs.
func (p *provider) command(t *testing.T, name string) {
	t.Helper()
	fmt.Fprintln(p.stdin, name)
	if line, err := p.stdout.ReadString('\n'); err != nil || strings.TrimSpace(line) != name {
		t.Fatalf("%s: oidc-provider answers %q, %v", name, line, err)
	}
}

// browser is one without cookies, which goes nowhere but to the provider.
func (p *provider) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.TLSClientConfig = &tls.Config{RootCAs: p.roots}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "app.example" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// remember keeps the keys that are published now.
func (p *provider) remember(t *testing.T) {
	t.Helper()
	response, err := p.browser(t).Get(p.url + "/jwks")
	keys := body(t, response, err)
	p.old.Store(&keys)
}

var action = regexp.MustCompile(`action="([^"]+)"`)

// login goes the way of a person with a browser: the authorization endpoint, the
// form for a name, the form for consent, the code; then that of the application,
// which gets the ID token for it. (RFC 6749, section 4.1; RFC 7636.)
func (p *provider) login(t *testing.T, client, name string) string {
	t.Helper()
	browser := p.browser(t)
	verifier := rand.Text() + rand.Text() // at least 43 characters
	digest := sha256.Sum256([]byte(verifier))
	response, err := browser.Get(p.url + "/auth?" + url.Values{
		"client_id": {client}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {"https://app.example/callback"}, "nonce": {rand.Text()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])}, "code_challenge_method": {"S256"}}.Encode())
	for _, form := range []url.Values{{"prompt": {"login"}, "login": {name}, "password": {"any"}}, {"prompt": {"consent"}}} {
		page := body(t, response, err)
		m := action.FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no form for %v in %.300q", form, page)
		}
		response, err = browser.PostForm(m[1], form)
	}
	body(t, response, err)
	back, err := response.Location()
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("no code: status %d, %v", response.StatusCode, err)
	}
	request, err := http.NewRequest(http.MethodPost, p.url+"/token", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {"https://app.example/callback"}, "code_verifier": {verifier},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(client, "testing-only")
	var tokens struct {
		IDToken string `json:"id_token"`
	}
	response, err = browser.Do(request)
	answer := body(t, response, err)
	if err := json.Unmarshal([]byte(answer), &tokens); err != nil || tokens.IDToken == "" {
		t.Fatalf("no ID token: %v in %.300q", err, answer)
	}
	return tokens.IDToken
}

func body(t *testing.T, response *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// discovered returns keys by discovery, which end with the test.
func (p *provider) discovered(t *testing.T, opts jwks.RemoteOptions) *jwks.Remote {
	t.Helper()
	opts.RootCAs = p.roots
	keys, err := jwks.NewDiscovered(p.url, &opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	return keys
}

// gate trusts the provider's tokens for the clients whose names begin with app.
func (p *provider) gate(t *testing.T, keys jwks.Source) *tokenacl.Gate {
	t.Helper()
	config := &tokenconfig.Config{JWT: &tokenconfig.JWT{
		KeyLocation: tokenconfig.KeyURL, URL: p.url + "/jwks", Issuer: p.url, ClaimRegex: "app(-es)?",
		UserNameAttributeField: "sub", GroupAttributeField: "groups",
	}}
	gate, err := tokenacl.NewGate([]tokenacl.Issuer{{Config: config, Keys: keys}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return gate
}
