package jwks_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// fresh is what sources that refresh themselves have in common.
type fresh interface {
	jwks.Source
	Health() jwks.Health
	RevocationBound() (reachable, unreachable time.Duration)
	Close() error
}

const (
	issuerURL = "https://issuer.test"
	keysURL   = "https://keys.test/jwks.json"
)

// provider publishes keys by kid, all the same key, at a URL and in a secret. It
// is an http.RoundTripper and a SecretFetcher.
type provider struct {
	mu      sync.Mutex
	kids    []string
	at      string   // jwks_uri
	left    []string // what is at keysURL when that is no longer jwks_uri
	latency time.Duration
	fault   fault
	log     []fetched
	header  http.Header
	seen    []http.Header
	hosts   map[string]int
}

// fetched is one answer with keys, or none.
type fetched struct {
	began, ended time.Time
	kids         []string
	good         bool
}

// fault replaces an answer, given the one with the keys; nil is none.
type fault func(ctx context.Context, good []byte) (*http.Response, error)

func newProvider(kids ...string) *provider {
	return &provider{kids: kids, at: keysURL, hosts: map[string]int{}}
}

func (p *provider) set(change func(p *provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// revoke publishes b alone: at another URL when there is metadata that says so,
// and then the old one stays as it is.
func (p *provider) revoke(kind string) {
	p.set(func(p *provider) {
		if kind == "discovered" {
			p.at, p.left = "https://keys.test/new.json", p.kids
		}
		p.kids = []string{"b"}
	})
}

func (p *provider) publish(kids ...string) { p.set(func(p *provider) { p.kids = kids }) }
func (p *provider) fail(f fault)           { p.set(func(p *provider) { p.fault = f }) }

// fetches counts those of keys.
func (p *provider) fetches() int { return len(p.history()) }

// history has those of keys.
func (p *provider) history() []fetched {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// headers has those of the requests for keys.
func (p *provider) headers() []http.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// requests counts those to each scheme and host.
func (p *provider) requests() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.hosts)
}

func response(status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1}
}

func (p *provider) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.hosts[req.URL.Scheme+"://"+req.URL.Host]++
	at, kids := p.at, p.kids
	if req.URL.String() == keysURL && at != keysURL {
		at, kids = keysURL, p.left
	}
	jwksURI := p.at
	p.mu.Unlock()
	switch req.URL.String() {
	case issuerURL + "/.well-known/openid-configuration":
		return response(200, []byte(fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuerURL, jwksURI))), nil
	case at:
		return p.answer(req.Context(), req.Header, kids)
	}
	return response(404, nil), nil
}

// answer is decided on when the request comes, and takes the latency.
func (p *provider) answer(ctx context.Context, header http.Header, kids []string) (*http.Response, error) {
	p.mu.Lock()
	latency, fault := p.latency, p.fault
	i := len(p.log)
	p.log = append(p.log, fetched{began: time.Now(), kids: kids})
	p.seen = append(p.seen, header.Clone())
	answerHeader := p.header.Clone()
	p.mu.Unlock()
	var err error
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	res := response(200, keyFile(kids...))
	if err == nil && fault != nil {
		res, err = fault(ctx, keyFile(kids...))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log[i].ended, p.log[i].good = time.Now(), err == nil && (fault == nil || res.Header.Get("X-Good") != "")
	if err != nil {
		return nil, err
	}
	for name, values := range answerHeader {
		res.Header[name] = values
	}
	return res, nil
}

func (p *provider) FetchSecret(ctx context.Context, _ string) ([]byte, error) {
	p.mu.Lock()
	kids := p.kids
	p.mu.Unlock()
	res, err := p.answer(ctx, nil, kids)
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode != 200:
		return nil, errors.New(http.StatusText(res.StatusCode))
	}
	return io.ReadAll(res.Body)
}

// keyFile has one Ed25519 key under each kid.
func keyFile(kids ...string) []byte {
	keys := make([]members, len(kids))
	for i, kid := range kids {
		keys[i] = public(testkeys.Ed25519().Public(), kid)
	}
	return file(keys...)
}

// genuine is a token signed with that key.
func genuine(t testing.TB, kid string) *jwks.JWS {
	t.Helper()
	return compact(t, sign(jwks.EdDSA, testkeys.Ed25519(), kid))
}

// forged is one that nobody signed.
func forged(t testing.TB, kid string) *jwks.JWS {
	t.Helper()
	return compact(t, b64([]byte(header(jwks.EdDSA, kid)))+"."+b64([]byte(payload))+"."+b64(make([]byte, ed25519.SignatureSize)))
}

// limit are the limits that all kinds of sources have.
type limit struct {
	interval, minRefresh, maxStale, wait, timeout, discovery time.Duration
	waiters                                                  int
}

// kinds makes each kind of source.
var kinds = map[string]func(t testing.TB, p *provider, l limit) fresh{
	"url": func(t testing.TB, p *provider, l limit) fresh { return newRemote(t, p, l) },
	"discovered": func(t testing.TB, p *provider, l limit) fresh {
		o := l.remote(p)
		o.DiscoveryInterval = l.discovery
		r, err := jwks.NewDiscovered(issuerURL, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	},
	"secret": func(t testing.TB, p *provider, l limit) fresh {
		s, err := jwks.NewSecret(p, "arn", &jwks.SecretOptions{
			RefreshInterval: l.interval, MinRefresh: l.minRefresh, MaxStale: l.maxStale,
			UnknownKidWait: l.wait, MaxWaiters: l.waiters, Timeout: l.timeout,
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
}

func (l limit) remote(p *provider) *jwks.RemoteOptions {
	return &jwks.RemoteOptions{
		RefreshCeiling: l.interval, MinRefresh: l.minRefresh, MaxStale: l.maxStale,
		UnknownKidWait: l.wait, MaxWaiters: l.waiters, Timeout: l.timeout, InsecureTransport: p,
	}
}

func newRemote(t testing.TB, p *provider, l limit) *jwks.Remote {
	t.Helper()
	r, err := jwks.NewRemote(keysURL, l.remote(p))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// class is what a server would answer.
func class(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, jwks.ErrUnavailable):
		return "503"
	case errors.Is(err, jwks.ErrUnknownKey):
		return "401 unknown"
	case errors.Is(err, jwks.ErrSignature):
		return "401 signature"
	}
	return err.Error()
}

// ask verifies j and returns what came of it and how long that took.
func ask(s jwks.Source, j *jwks.JWS) (string, time.Duration) {
	began := time.Now()
	_, err := s.Verify(context.Background(), j)
	return class(err), time.Since(began)
}

// wants verifies j and requires the class, and the wait.
func wants(t *testing.T, s jwks.Source, j *jwks.JWS, class string, wait time.Duration) {
	t.Helper()
	if got, waited := ask(s, j); got != class || waited != wait {
		t.Errorf("%s after %v, want %s after %v", got, waited, class, wait)
	}
}

// asJSON is for messages.
func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return strings.TrimSpace(string(text))
}
