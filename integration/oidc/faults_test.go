package oidc

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

const waits = 100 * time.Millisecond // UnknownKidWait of these tests

// faults are the ways in which the places fail where keys and metadata are. evil
// is the URL of a server that would give an attacker's keys.
func faults(evil string, p *provider) map[string]fault {
	const everywhere, keys, metadata = "/", "/jwks", "/.well-known/"
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
		return text(200, "application/json", fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer, keys))
	}
	return map[string]fault{
		"stopped": {everywhere, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"slow": {everywhere, func(w http.ResponseWriter, r *http.Request) {
			select { // longer than a token waits, and within Timeout
			case <-time.After(5 * waits):
				p.real.Load().ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		}},
		"hanging":                       {everywhere, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"answers 500":                   {everywhere, text(500, "text/plain", "out of order")},
		"answers HTML":                  {keys, text(200, "text/html", "<!doctype html><title>Maintenance</title>")},
		"empty set":                     {keys, text(200, "application/json", `{"keys":[]}`)},
		"huge body":                     {keys, text(200, "application/json", `{"keys":[`+strings.Repeat(" ", 2<<20)+`]}`)},
		"redirect to another host":      {keys, redirect(evil)},
		"redirect to http":              {keys, redirect(strings.Replace(p.url, "https:", "http:", 1) + "/jwks")},
		"redirect to a link-local one":  {keys, redirect("https://169.254.169.254/latest/meta-data")},
		"metadata answers HTML":         {metadata, text(200, "text/html", "<!doctype html><title>Maintenance</title>")},
		"metadata of another issuer":    {metadata, says("https://other.example", evil)},
		"metadata with keys over http":  {metadata, says(p.url, "http://127.0.0.1:1/keys")},
		"metadata with link-local keys": {metadata, says(p.url, "https://169.254.169.254/keys")},
	}
}

// row of the table in docs/faults.md: the fault, then what becomes of a token
// when there are no keys yet, of one with a known kid, of one with an unknown kid.
var row = regexp.MustCompile(`(?m)^\| ([^|]+) \| (accepted|401|503) \| (accepted|401|503) \| (accepted|401|503) \|`)

// TestFaults lets the places fail where keys and metadata are. Expected is what
// the documents say.
//
// Rules K7, K8, K9, G1
func TestFaults(t *testing.T) {
	p := start(t)
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	var stolen atomic.Int64
	evil := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stolen.Add(1)
		io.WriteString(w, `{"keys":[]}`)
	}))
	defer evil.Close()
	p.roots.AddCert(evil.Certificate())
	known := p.login(t, "app", "mary")
	handlers := faults(evil.URL, p)
	var documented []string
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		name, want := m[1], m[2:]
		documented = append(documented, name)
		t.Run(name, func(t *testing.T) {
			fault, ok := handlers[name]
			if !ok {
				t.Fatal("docs/faults.md has a fault that nobody tests")
			}
			options := jwks.RemoteOptions{
				RefreshFloor: time.Second, RefreshCeiling: time.Minute, MinRefresh: time.Millisecond, UnknownKidWait: waits, Timeout: 20 * waits,
			}
			healthy := p.discovered(t, options)
			gate := p.gate(t, healthy)
			becomes(t, "accepted", func() string { return outcome(gate, known) })
			p.command(t, "add")
			unknown := p.login(t, "app", "james") // of a key that healthy has not seen

			asked := p.keys.Load()
			p.fault.Store(&fault)
			before := p.gate(t, p.discovered(t, options))
			got := []string{outcome(before, known), outcome(gate, known), outcome(gate, unknown)}
			if !slices.Equal(got, want) {
				t.Errorf("no keys yet, known kid, unknown kid: %v, documented are %v", got, want)
			}
			for range 20 { // and it remains so
				if got := outcome(gate, known); got != "accepted" {
					t.Errorf("a known kid: %s", got)
				}
			}
			if p.keys.Load() == asked {
				t.Error("nobody asked for keys: the fault had no effect")
			}
			p.fault.Store(nil)
			becomes(t, "accepted", func() string { return outcome(before, known) })
			becomes(t, "accepted", func() string { return outcome(gate, unknown) })
		})
	}
	if stolen.Load() > 0 {
		t.Errorf("%d requests to the server of somebody else", stolen.Load())
	}
	for name := range handlers {
		if !slices.Contains(documented, name) {
			t.Errorf("docs/faults.md lacks %q", name)
		}
	}
	if len(documented) != len(handlers) {
		t.Errorf("%d faults documented, %d tested", len(documented), len(handlers))
	}
}
