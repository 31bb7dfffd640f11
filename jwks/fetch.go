package jwks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxRedirects = 3
	maxETag      = 1 << 10 // bytes; a longer one is not sent back
	maxHeaders   = 1 << 16 // bytes of a response's header
)

// page is what a URL answers.
type page struct {
	body  []byte
	etag  string        // "" for none that is worth sending back
	fresh time.Duration // by its header, noHint when that says nothing
	same  bool          // as the one that has the etag of the request; no body
}

// get reads the page at address. With an etag it may be the same one; when forced,
// caches are asked to ask the origin, and an etag is of no use.
func get(ctx context.Context, client *http.Client, address, etag string, forced bool) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, errors.New("not a URL")
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	req.Header.Set("User-Agent", "tokenacl")
	switch {
	case forced:
		req.Header.Set("Cache-Control", "no-cache")
	case etag != "":
		req.Header.Set("If-None-Match", etag)
	}
	// An etag is of one resource (RFC 9110, section 8.8.3): what a redirect leads to
	// is another, today's perhaps not yesterday's.
	redirected := false
	following := *client
	following.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		redirected = true
		to.Header.Del("If-None-Match")
		return checkRedirect(to, via)
	}
	res, err := following.Do(req)
	if err != nil {
		return page{}, withoutURL(err)
	}
	defer res.Body.Close()
	p := page{fresh: freshness(res.Header), etag: res.Header.Get("ETag")}
	if len(p.etag) > maxETag || redirected {
		p.etag = ""
	}
	switch {
	case res.StatusCode == http.StatusNotModified && req.Header.Get("If-None-Match") != "" && !redirected:
		p.same = true
		return p, nil
	case res.StatusCode != http.StatusOK:
		return page{}, fmt.Errorf("status %d, want 200", res.StatusCode)
	}
	p.body, err = io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	switch {
	case err != nil:
		return page{}, fmt.Errorf("reading the answer: %w", err)
	case len(p.body) > maxFile:
		return page{}, fmt.Errorf("an answer of more than %d bytes", maxFile)
	}
	return p, nil
}

// withoutURL leaves out the URLs that the http package puts into errors, since
// there may be a secret in one, and most of what a server made it quote.
func withoutURL(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		err = with.Err
	}
	if strings.HasPrefix(err.Error(), "failed to parse Location header") {
		return errors.New("a redirect to what is no URL")
	}
	return short{err}
}

// short is an error whose text is cut.
type short struct{ error }

func (s short) Error() string {
	const most = 200 // bytes
	text := s.error.Error()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

func (s short) Unwrap() error { return s.error }

// freshness returns for how long an answer is fresh, RFC 9111 section 4.2:
// max-age without what the answer spent in caches. What cannot be read is not
// fresh at all.
func freshness(h http.Header) time.Duration {
	fresh := noHint
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-cache", "no-store":
			fresh = 0
		case "max-age":
			fresh = min(fresh, seconds(value))
		}
	}
	if age := h.Get("Age"); age != "" && fresh != noHint {
		fresh -= seconds(age)
	}
	return max(fresh, 0)
}

// seconds reads delta-seconds, RFC 9111 section 1.2.2, up to a bound; 0 when it
// is no number.
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(min(n, uint64(maxLimit/time.Second-1))) * time.Second
}

// client makes what fetches.
func (o RemoteOptions) client(timeout time.Duration) *http.Client {
	c := &http.Client{Transport: o.InsecureTransport, CheckRedirect: checkRedirect}
	if c.Transport == nil {
		c.Transport = o.transport(timeout)
	}
	return c
}

// transport dials anew for each fetch, so that each address is checked. It asks
// the environment for no proxy. A connection ends soon after the time of its fetch:
// net/http dials and shakes hands on a context of its own, which nobody cancels.
func (o RemoteOptions) transport(timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: timeout, Control: controlDial(o.DenyPrivateAddresses)}
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if err := conn.SetDeadline(time.Now().Add(2 * timeout)); err != nil {
				conn.Close()
				return nil, err
			}
			return conn, nil
		},
		TLSHandshakeTimeout: timeout,
		// What a server compresses, it could stretch: the bound is on what is read.
		DisableCompression:     true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeaders,
	}
	if o.RootCAs != nil {
		t.TLSClientConfig.RootCAs = o.RootCAs.Clone()
	}
	if o.Proxy != nil {
		proxy := *o.Proxy
		t.Proxy = http.ProxyURL(&proxy)
	}
	return t
}

// checkRedirect stays at the scheme, host and port of the first request.
func checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case origin(req.URL) != origin(via[0].URL):
		return errors.New("a redirect to another scheme, host or port; configure the URL that it leads to")
	}
	return nil
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
