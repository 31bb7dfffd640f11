package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// NewDiscovered returns a Source like that of [NewRemote] for the keys at the
// jwks_uri of an issuer's metadata (OpenID Connect Discovery 1.0, section 4),
// which are at issuer + "/.well-known/openid-configuration"; one slash at the
// end of issuer is left out before. The metadata name the issuer, byte for byte,
// and jwks_uri is an https URL at any host.
//
// A refresh reads the metadata again when they are older than DiscoveryInterval,
// when a token asks for it, and after a failure. When jwks_uri has changed, the
// keys at the new one replace the old ones as soon as they are fetched. Metadata
// that cannot be had, or are not right, are a failed fetch.
func NewDiscovered(issuer string, opts *RemoteOptions) (*Remote, error) {
	o := copied(opts)
	l, err := o.resolve()
	if err == nil {
		err = checkURL("issuer", issuer, o.InsecureAllowHTTP)
	}
	if u, _ := url.Parse(issuer); err == nil && (u.RawQuery != "" || u.ForceQuery) {
		err = errors.New("issuer: it has a query; remove it (OpenID Connect Discovery 1.0, section 4)")
	}
	if err != nil {
		return nil, fmt.Errorf("jwks: NewDiscovered: %w", err)
	}
	if o.DiscoveryInterval == 0 {
		o.DiscoveryInterval = defaultDiscovery
	}
	d := &discovered{
		issuer: issuer, interval: o.DiscoveryInterval, allowHTTP: o.InsecureAllowHTTP,
		clock: newClock(), keys: published{client: o.client(l.timeout)},
	}
	return newRemote(&remoteState{
		refresher: newRefresher(l, d.fetch), issuer: issuer, discovery: o.DiscoveryInterval, warnings: o.warnings(),
	}), nil
}

// discovered are the keys of an issuer. Only one fetch at a time uses it.
type discovered struct {
	issuer    string
	interval  time.Duration
	allowHTTP bool
	clock     func() instant

	keys published // its url is "" when the metadata have to be read
	read instant   // when that began
}

func (d *discovered) fetch(ctx context.Context, forced bool) (answer, error) {
	now := d.clock()
	if d.keys.url == "" || forced || now.since(d.read) >= d.interval {
		uri, err := d.discover(ctx, forced)
		if err != nil {
			return answer{}, fmt.Errorf("the metadata of the issuer: %w", err)
		}
		d.read = now
		if uri != d.keys.url {
			d.keys = published{client: d.keys.client, url: uri}
		}
	}
	a, err := d.keys.fetch(ctx, forced)
	if err != nil {
		d.keys.url = "" // there may be another one now
	}
	return a, err
}

// discover returns jwks_uri.
func (d *discovered) discover(ctx context.Context, forced bool) (string, error) {
	at := strings.TrimSuffix(d.issuer, "/") + "/.well-known/openid-configuration"
	got, err := get(ctx, d.keys.client, at, "", forced)
	if err != nil {
		return "", err
	}
	doc, err := strictjson.Parse(got.body, strictjson.Limits{Bytes: maxFile, Depth: maxDepth})
	if err != nil {
		return "", err
	}
	member := func(name string) string {
		v, _ := doc.Get(name)
		s, _ := v.Str()
		return s
	}
	uri := member("jwks_uri")
	if member("issuer") != d.issuer {
		return "", errors.New("issuer is not the configured one; they are compared byte for byte, a slash at the end counts")
	}
	return uri, checkURL("jwks_uri", uri, d.allowHTTP)
}
