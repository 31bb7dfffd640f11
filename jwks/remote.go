package jwks

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// RemoteOptions are the limits of a [Remote], and how it reaches the issuer. The
// zero value and nil have the defaults. Negative values, and more than a year,
// are errors.
type RemoteOptions struct {
	// RefreshFloor and RefreshCeiling bound the time from one good fetch to the
	// next. Between them the answer decides: by max-age in Cache-Control, less
	// Age. Without it the ceiling holds. A refresh is late by up to a tenth of
	// its interval at random. 0: 1 minute, or the ceiling if that is shorter,
	// and 15 minutes.
	RefreshFloor, RefreshCeiling time.Duration
	// MinRefresh is how old the latest good fetch must be before a token with an
	// unknown kid, or with a wrong signature, causes another one. 0: 30 s, or
	// RefreshCeiling if that is shorter.
	MinRefresh time.Duration
	// MaxStale is the age at which keys stop to verify when none can be fetched.
	// 0: 4 hours. It must leave time for a refresh.
	MaxStale time.Duration
	// UnknownKidWait is how old a fetch may get before no token waits for it any
	// longer. 0: 1 s.
	UnknownKidWait time.Duration
	// MaxWaiters is how many tokens wait for a fetch at the same time. 0: 16.
	MaxWaiters int
	// Timeout is of one fetch, with discovery and redirects. 0: 10 s. At most
	// RefreshCeiling.
	Timeout time.Duration
	// DiscoveryInterval is how old the discovery document may get before a
	// refresh reads it again. 0: 1 hour. [NewRemote] has no use for it.
	DiscoveryInterval time.Duration

	// RootCAs are the authorities that certificates of the issuer must come
	// from. Nil: those of the system.
	RootCAs *x509.CertPool
	// Proxy is that of every connection. Nil: none; the environment is never
	// asked. Behind a proxy the addresses of hosts are up to the proxy.
	Proxy *url.URL
	// DenyPrivateAddresses refuses hosts that have a private address, of this
	// machine or of the provider's network, besides those that are refused
	// anyway. Not with Proxy.
	DenyPrivateAddresses bool

	// InsecureAllowHTTP allows URLs with the scheme http: whoever is on the way
	// can replace the keys.
	InsecureAllowHTTP bool
	// InsecureTransport fetches instead of the transport of this package, which
	// checks certificates and addresses. It must heed contexts. Not with
	// RootCAs, Proxy or DenyPrivateAddresses.
	InsecureTransport http.RoundTripper
}

const defaultDiscovery = time.Hour

// resolve checks what the limits do not. It returns the limits.
func (o *RemoteOptions) resolve() (limits, error) {
	l := limits{
		floor: o.RefreshFloor, ceiling: o.RefreshCeiling, minRefresh: o.MinRefresh, maxStale: o.MaxStale,
		wait: o.UnknownKidWait, waiters: o.MaxWaiters, timeout: o.Timeout,
	}
	ours := o.RootCAs != nil || o.Proxy != nil || o.DenyPrivateAddresses
	switch {
	case o.InsecureTransport != nil && ours:
		return l, wrong("InsecureTransport", "RootCAs, Proxy and DenyPrivateAddresses have no effect on it; remove them")
	case o.Proxy != nil && o.Proxy.Host == "":
		return l, wrong("Proxy", "want a URL with a host")
	case o.Proxy != nil && o.DenyPrivateAddresses:
		return l, wrong("DenyPrivateAddresses", "the proxy resolves the names of hosts; let it deny them, or remove Proxy")
	case o.DiscoveryInterval < 0 || o.DiscoveryInterval > maxLimit:
		return l, wrong("DiscoveryInterval", "want 0 for the default, or up to a year")
	}
	return l, l.resolve("RefreshCeiling")
}

var _ Source = (*Remote)(nil)

// Remote is a [Source] of the keys that an issuer publishes at a URL, which it
// keeps fresh. Make one with [NewRemote] or [NewDiscovered], and close it; the
// zero value has no keys. It is safe for concurrent use.
type Remote struct {
	state **remoteState // formatting by reflection follows one pointer, for some verbs
}

type remoteState struct {
	*refresher
	issuer    string        // "" when not discovered
	discovery time.Duration // 0 when not discovered
	warnings  []string
}

// NewRemote returns a Source of the JSON Web Key Set (RFC 7517) at an https URL,
// read with [Parse] in mode [Public]. It begins to fetch it and returns at once:
// that the issuer cannot be reached now is no error. opts may be nil, and is
// copied, except for InsecureTransport.
//
// A token whose key is known never waits. One with an unknown kid waits for a
// fetch, if one is allowed: not when the latest is good and younger than
// MinRefresh, and not before the pause after a failed one is over. In the former
// case the token is refused with [ErrUnknownKey], in the latter, or when the
// fetch is not done in time, with [ErrUnavailable]. A wrong signature by a known
// kid is refused at once, and the keys are fetched again as soon as it is allowed.
//
// Keys that the issuer publishes no longer stop to verify with the next good
// fetch. An answer that is empty or broken replaces nothing. When no good one
// comes, all keys stop to verify at MaxStale; see [Remote.RevocationBound].
//
// An answer has at most 1 MiB and 100 keys. Redirects, at most 3, must stay at
// the scheme, host and port. Addresses that are link-local, multicast,
// unspecified or of cloud metadata are never connected to, also where an IPv6
// address stands for them.
func NewRemote(url string, opts *RemoteOptions) (*Remote, error) {
	o := copied(opts)
	if o.DiscoveryInterval != 0 {
		return nil, errors.New("jwks: NewRemote: DiscoveryInterval: it is for NewDiscovered")
	}
	l, err := o.resolve()
	if err == nil {
		err = checkURL("url", url, o.InsecureAllowHTTP)
	}
	if err != nil {
		return nil, fmt.Errorf("jwks: NewRemote: %w", err)
	}
	keys := &published{client: o.client(l.timeout), url: url}
	return newRemote(&remoteState{refresher: newRefresher(l, keys.fetch), warnings: o.warnings()}), nil
}

func newRemote(state *remoteState) *Remote { return &Remote{&state} }

func copied(opts *RemoteOptions) RemoteOptions {
	if opts == nil {
		return RemoteOptions{}
	}
	return *opts
}

func (o RemoteOptions) warnings() []string {
	var list []string
	if o.InsecureAllowHTTP {
		list = append(list, "InsecureAllowHTTP: keys may come over a connection that others can change")
	}
	if o.InsecureTransport != nil {
		list = append(list, "InsecureTransport: nobody checks certificates and addresses but the transport itself")
	}
	return list
}

// checkURL requires an absolute https URL. It is not quoted, since there may be a
// secret in it.
func checkURL(what, text string, allowHTTP bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return fmt.Errorf("%s: want an absolute URL, like https://login.example.com/keys", what)
	case u.Scheme == "http" && !allowHTTP:
		return fmt.Errorf("%s: want https; InsecureAllowHTTP would allow http", what)
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%s: want the scheme https", what)
	case u.User != nil:
		return fmt.Errorf("%s: it has a user name; remove it", what)
	case strings.Contains(text, "#"):
		return fmt.Errorf("%s: it has a fragment (#); remove it", what)
	}
	return nil
}

// published are the keys at a URL. Only one fetch at a time uses it.
type published struct {
	client *http.Client
	url    string
	etag   string // of the answer with set
	set    *Set
}

func (p *published) fetch(ctx context.Context, forced bool) (answer, error) {
	got, err := get(ctx, p.client, p.url, p.etag, forced)
	switch {
	case err != nil:
		p.etag = "" // in case that was the reason
		return answer{}, fmt.Errorf("the keys: %w", err)
	case got.same:
		return answer{set: p.set, hint: got.fresh}, nil
	}
	set, err := Parse(got.body, Public)
	if err != nil {
		return answer{}, fmt.Errorf("the keys: %w", err)
	}
	p.set, p.etag = set, got.etag
	return answer{set: set, hint: got.fresh}, nil
}

// Verify is [Set.Verify] with the keys of the issuer at the current time. Without
// the key of j it waits for a fetch, within the limits, but no longer than ctx.
func (r *Remote) Verify(ctx context.Context, j *JWS) (Verified, error) {
	state := r.get()
	switch {
	case j.parsed() == nil:
		return Verified{}, malformed("not parsed")
	case state == nil:
		return Verified{}, errNotMade
	}
	return state.verify(ctx, j)
}

// Generation is that of the keys in force. It never waits; when there are none,
// or none fresh enough, the error is [ErrUnavailable].
func (r *Remote) Generation() (uint64, error) {
	if state := r.get(); state != nil {
		return state.generation()
	}
	return 0, errNotMade
}

// RevocationBound returns for how long a key may verify at most after the issuer
// ceased to publish it: when every fetch succeeds, and whatever happens.
func (r *Remote) RevocationBound() (reachable, unreachable time.Duration) {
	if state := r.get(); state != nil {
		return state.reachable() + state.discovery, state.maxStale + state.discovery
	}
	return 0, 0
}

// Health tells how r fares. It never waits; a fetch that is due may begin.
func (r *Remote) Health() Health {
	if state := r.get(); state != nil {
		return state.health()
	}
	return Health{LastError: errNotMade}
}

// Issuer returns the issuer of [NewDiscovered], "" for a Remote of [NewRemote].
func (r *Remote) Issuer() string {
	if state := r.get(); state != nil {
		return state.issuer
	}
	return ""
}

// Warnings returns the unsafe choices among the options, each with a reason.
func (r *Remote) Warnings() []string {
	if state := r.get(); state != nil {
		return append([]string(nil), state.warnings...)
	}
	return nil
}

// Close ends the refreshing. Every token is an [ErrUnavailable] from then on. The
// error is always nil.
func (r *Remote) Close() error {
	if state := r.get(); state != nil {
		state.close()
	}
	return nil
}

func (r *Remote) get() *remoteState {
	if r == nil || r.state == nil {
		return nil
	}
	return *r.state
}

// String tells how many keys there are, and not where they come from.
func (r *Remote) String() string {
	if state := r.get(); state != nil {
		return "jwks.Remote(" + state.refresher.String() + ")"
	}
	return "jwks.Remote(not fetched)"
}

// Format writes [Remote.String] for every verb.
func (r *Remote) Format(f fmt.State, _ rune) { io.WriteString(f, r.String()) }

// LogValue is [Remote.String].
func (r *Remote) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalText is [Remote.String].
func (r *Remote) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
