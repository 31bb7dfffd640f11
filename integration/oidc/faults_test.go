package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/jwks"
)

// Limits of these tests.
const (
	waits   = 100 * time.Millisecond // UnknownKidWait
	timeout = 40 * waits             // Timeout
)

// fault is how the places fail where keys and metadata are. The zero value is a
// certificate or a port that is as it should be.
type fault struct {
	at               string // the beginning of the path of requests that fail
	http.HandlerFunc        // answers them, if set
	certificate      *tls.Certificate
	stopped          bool   // nobody listens
	stale            bool   // until keys are older than MaxStale
	patient          bool   // tokens wait as long as a fetch may take
	reason           string // what Health tells of it, a part; "": nothing
}

// elsewhere is a server of somebody else, as an attacker would have one.
type elsewhere struct {
	http, https string // URLs
	requests    atomic.Int64
}

func newElsewhere(t *testing.T) *elsewhere {
	e := &elsewhere{}
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { e.requests.Add(1) })
	open, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler) // its certificate is trusted here
	t.Cleanup(open.Close)
	t.Cleanup(secure.Close)
	e.http, e.https = open.URL+"/jwks", secure.URL+"/jwks"
	return e
}

// faults are those of docs/faults.md.
func faults(e *elsewhere, p *provider) map[string]fault {
	const everywhere, keys, metadata = "/", "/jwks", "/.well-known/"
	const kind, linkLocal = "application/json", "https://169.254.169.254/latest/meta-data"
	text := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	says := func(issuer, keys string) http.HandlerFunc {
		return text(200, kind, fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer, keys))
	}
	html := text(200, "text/html", "<!doctype html><title>Maintenance</title>")
	huge := func(w http.ResponseWriter, r *http.Request) { // good but for its size
		answer := httptest.NewRecorder()
		p.real.Load().ServeHTTP(answer, r)
		io.WriteString(w, answer.Body.String()+strings.Repeat(" ", 1<<20))
	}
	late := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(timeout / 2):
			p.real.Load().ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
	hanging := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	byByte := func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(waits / 2)
		defer tick.Stop()
		for r.Context().Err() == nil {
			io.WriteString(w, " ")
			http.NewResponseController(w).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
			}
		}
	}
	breaksOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, `{"keys":[`)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	old := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, *p.old.Load()) }
	aYear := 365 * 24 * time.Hour

	return map[string]fault{
		"stopped":                                {stopped: true, reason: "connection refused"},
		"stopped for longer than MaxStale":       {stopped: true, stale: true, reason: "connection refused"},
		"drops connections":                      {at: everywhere, HandlerFunc: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, reason: "EOF"},
		"slower than UnknownKidWait":             {at: keys, HandlerFunc: late},
		"slower than Timeout":                    {at: everywhere, HandlerFunc: byByte, reason: "deadline exceeded"},
		"hanging":                                {at: everywhere, HandlerFunc: hanging, reason: "deadline exceeded"},
		"breaks off":                             {at: keys, HandlerFunc: breaksOff, reason: "unexpected EOF"},
		"answers 500":                            {at: everywhere, HandlerFunc: text(500, "text/plain", "out of order"), reason: "status 500"},
		"answers HTML":                           {at: keys, HandlerFunc: html, reason: "no usable key"},
		"empty set":                              {at: keys, HandlerFunc: text(200, kind, `{"keys":[]}`), reason: `"keys" is empty`},
		"huge body":                              {at: keys, HandlerFunc: huge, reason: "the keys: an answer of more than"},
		"old keys, from a cache":                 {at: keys, HandlerFunc: old, patient: true},
		"redirect to another host":               {at: keys, HandlerFunc: redirect(e.https), reason: "a redirect to another"},
		"redirect to http":                       {at: keys, HandlerFunc: redirect(e.http), reason: "a redirect to another"},
		"redirect to a link-local address":       {at: keys, HandlerFunc: redirect(linkLocal), reason: "a redirect to another"},
		"redirect to itself":                     {at: keys, HandlerFunc: redirect("/jwks"), reason: "more than 3 redirects"},
		"certificate of another authority":       {certificate: certificate(aYear), reason: "unknown authority"},
		"certificate that expired":               {certificate: expired, reason: "has expired"},
		"metadata: HTML":                         {at: metadata, HandlerFunc: html, reason: "the metadata of the issuer: "},
		"metadata: huge body":                    {at: metadata, HandlerFunc: huge, reason: "the metadata of the issuer: an answer of more than"},
		"metadata: redirect to another host":     {at: metadata, HandlerFunc: redirect(e.https), reason: "a redirect to another"},
		"metadata: of another issuer":            {at: metadata, HandlerFunc: says("https://other.example", e.https), reason: "issuer is not the configured one"},
		"metadata: keys over http":               {at: metadata, HandlerFunc: says(p.url, e.http), reason: "jwks_uri: want https"},
		"metadata: keys at a link-local address": {at: metadata, HandlerFunc: says(p.url, linkLocal), reason: "an address that is link-local"},
	}
}

// expired is trusted, but for its age.
var expired = certificate(-time.Hour)

// certificate is one for the provider that says so itself. It ends so long from
// now.
func certificate(left time.Duration) *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(left),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// outcomes of one fault, as docs/faults.md has them.
type outcomes struct{ bareOld, bareNew, old, new string }

// documented reads the table of docs/faults.md.
func documented(t *testing.T) map[string]outcomes {
	t.Helper()
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]outcomes{}
	var lines []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "|") {
			lines = append(lines, strings.Trim(strings.TrimSpace(line), "| "))
		}
	}
	if len(lines) < 3 {
		t.Fatal("docs/faults.md has no table")
	}
	for _, line := range lines[2:] { // after the head and its rule
		cells := strings.Split(line, " | ")
		if len(cells) != 5 {
			t.Fatalf("%q: want 5 cells", line)
		}
		for _, cell := range cells[1:] {
			if !slices.Contains([]string{"accepted", "401", "503"}, cell) {
				t.Errorf("%s: %q, want accepted, 401 or 503", cells[0], cell)
			}
		}
		if _, twice := rows[cells[0]]; twice {
			t.Errorf("%s stands twice", cells[0])
		}
		rows[cells[0]] = outcomes{cells[1], cells[2], cells[3], cells[4]}
	}
	return rows
}

// TestFaultsDocumented requires that the rows of docs/faults.md are the faults
// that are tested, no more and no fewer.
func TestFaultsDocumented(t *testing.T) {
	rows, tested := documented(t), faults(&elsewhere{}, &provider{})
	for name := range rows {
		if _, ok := tested[name]; !ok {
			t.Errorf("docs/faults.md has %q, which nobody tests", name)
		}
	}
	for name := range tested {
		if _, ok := rows[name]; !ok {
			t.Errorf("docs/faults.md lacks %q", name)
		}
	}
	if len(tested) < 20 {
		t.Errorf("%d faults, want those of twenty kinds", len(tested))
	}
}

// TestFaults lets the places fail where keys and metadata are, in a process that
// has keys and in one that has none. Expected is what the documents say.
//
// Rules K7, K8, K9, G1
func TestFaults(t *testing.T) {
	e := newElsewhere(t)
	rows := documented(t)
	var ran atomic.Int64
	t.Cleanup(func() { // after all of them
		if n := e.requests.Load(); n > 0 {
			t.Errorf("%d requests to the server of somebody else", n)
		}
		if n := ran.Load(); os.Getenv("CI") != "" && !testing.Short() && int(n) != len(rows) {
			t.Errorf("%d of %d faults went to their end", n, len(rows))
		}
	})
	for name, want := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			p.roots.AddCert(expired.Leaf)
			fault, ok := faults(e, p)[name]
			if !ok {
				t.Fatal("docs/faults.md has a fault that nobody tests")
			}
			testFault(t, p, fault, want)
			ran.Add(1)
		})
	}
}

func testFault(t *testing.T, p *provider, f fault, want outcomes) {
	options := jwks.RemoteOptions{MinRefresh: time.Millisecond, UnknownKidWait: waits, Timeout: timeout} // no refresh by the clock meanwhile
	if f.patient {
		options.UnknownKidWait = time.Minute
	}
	if f.stale {
		options.RefreshCeiling, options.Timeout, options.MaxStale = time.Second, time.Second, 3*time.Second
	}
	fresh := p.discovered(t, options)
	gate := p.gate(t, fresh)
	old := p.login(t, "app", "mary")
	becomes(t, "accepted", func() string { return outcome(gate, old) })
	p.remember(t)
	p.command(t, "add")
	recent := p.login(t, "app", "james") // of a key that gate has not seen
	forged, stranger := tamper(old, recent), renamed(old)

	asked := p.keys.Load()
	p.fault.Store(&f)
	if f.stopped {
		p.front.Listener.Close()
	}
	bare := p.discovered(t, options)
	bareGate := p.gate(t, bare)
	if f.stale {
		becomes(t, "503", func() string { return outcome(gate, old) })
	}
	expect := func(g string, what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s, %s: %s, documented is %s", g, what, got, want)
		}
	}
	for range 3 { // and it remains so
		expect("no keys yet", "the old key", outcome(bareGate, old), want.bareOld)
		expect("no keys yet", "the new key", outcome(bareGate, recent), want.bareNew)
		expect("no keys yet", "a key that is nobody's", outcome(bareGate, stranger), want.bareNew)
		expect("no keys yet", "forged", outcome(bareGate, forged), not(want.bareOld))
		expect("with keys", "the old key", outcome(gate, old), want.old)
		expect("with keys", "the new key", outcome(gate, recent), want.new)
		expect("with keys", "a key that is nobody's", outcome(gate, stranger), want.new)
		expect("with keys", "forged", outcome(gate, forged), not(want.old))
		if f.reason == "" { // the keys come in the end
			break
		}
	}
	for _, source := range []*jwks.Remote{bare, fresh} {
		becomes(t, "as told", func() string {
			err := source.Health().LastError
			if f.reason == "" && err == nil || err != nil && f.reason != "" && strings.Contains(err.Error(), f.reason) {
				return "as told"
			}
			return fmt.Sprint("health with ", err)
		})
	}
	if !f.stopped && p.keys.Load() == asked {
		t.Error("nobody asked for keys: the fault had no effect")
	}

	if f.stopped {
		p.serve(t, p.front.Listener.Addr().String())
	}
	p.fault.Store(nil)
	for _, g := range []*tokenacl.Gate{bareGate, gate} {
		for token, well := range map[string]string{old: "accepted", recent: "accepted", forged: "401", stranger: "401"} {
			becomes(t, well, func() string { return outcome(g, token) })
		}
	}
}

// not is what becomes of a forged token instead of a genuine one.
func not(outcome string) string {
	if outcome == "accepted" {
		return "401"
	}
	return outcome
}

// tamper returns a token with the claims of another.
func tamper(token, with string) string {
	parts, others := strings.Split(token, "."), strings.Split(with, ".")
	return parts[0] + "." + others[1] + "." + parts[2]
}

// renamed returns a token of a key that nobody publishes.
func renamed(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"nobody"}`)) + "." + rest
}
