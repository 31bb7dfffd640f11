package kmssigner

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// Options of [New] and [NewKeys]. The zero value is a good choice. All processes
// that share a name of a backend should have the same.
type Options struct {
	// Algorithm of tokens. "": RS256 for an RSA key, and the only one of any
	// other key. A key that cannot do it is refused.
	Algorithm jwks.Algorithm

	// Lifetime of tokens: the longest one. 0: 1 hour. At most a day, and in
	// whole seconds.
	Lifetime time.Duration

	// Leeway that verifiers grant a token beyond its end. 0: 30 s, as those of
	// package claims do. At most 10 minutes.
	Leeway time.Duration

	// BackendKeyID makes the ID that the backend gives the kid: an ARN, in AWS,
	// which tells everybody the number of the account. Otherwise it is the
	// thumbprint of the public key (RFC 7638) or, of an HMAC key, the SHA-256 of
	// that ID.
	BackendKeyID bool

	// TrustedKeys are IDs of keys that the name stood for before. They verify
	// from when the process starts for as long as a key does that the name
	// ceases to stand for then, and sign only if the name stands for one again.
	// Remove them after that. One that
	// is unusable is left out.
	TrustedKeys []string

	// Certificates are published with the key of their first certificate, which
	// the others certify: x5c, x5t and x5t#S256. Nobody validates them here. No
	// key need have any.
	Certificates [][]*x509.Certificate

	// MaxAge is how long caches may keep what [Keys.Handler] serves. 0: 5
	// minutes. At least a second.
	MaxAge time.Duration

	// RefreshInterval is from one question what the name stands for, and what
	// became of the keys, to the next, which is late by up to a tenth. 0: 5
	// minutes.
	RefreshInterval time.Duration

	// PublishAhead is how long a new key is published before it signs. 0: as
	// long as it takes until no cache is without it: MaxAge, RefreshInterval, a
	// tenth of it, and Timeout. No less is accepted.
	PublishAhead time.Duration

	// MaxStale is how long a key signs and verifies when the backend does not
	// tell what the name stands for or what became of the key. 0: 4 hours. It
	// cannot be less than a refresh may take.
	MaxStale time.Duration

	// Timeout of one refresh, half of it for the question what the name stands
	// for; and of one call that signs or verifies a token, with what the backend
	// tries again. 0: 10 s. At most RefreshInterval.
	Timeout time.Duration
}

const (
	year       = 365 * 24 * time.Hour // no option is longer
	jitterPart = 10                   // a refresh is late by up to a tenth
	maxTrusted = 32
	// minRefresh is between two refreshes that a failed signature asks for.
	minRefresh = 10 * time.Second
)

// resolved copies o, puts in the defaults and checks the rest.
func (o *Options) resolved() (Options, error) {
	var r Options
	if o != nil {
		r = *o
	}
	r.TrustedKeys = slices.Clone(r.TrustedKeys)
	r.Certificates = slices.Clone(r.Certificates)
	for i, chain := range r.Certificates {
		r.Certificates[i] = slices.Clone(chain)
	}
	for _, d := range [...]struct {
		name        string
		value       *time.Duration
		unset, most time.Duration
	}{
		{"Lifetime", &r.Lifetime, time.Hour, 24 * time.Hour},
		{"Leeway", &r.Leeway, 30 * time.Second, 10 * time.Minute},
		{"MaxAge", &r.MaxAge, 5 * time.Minute, year},
		{"RefreshInterval", &r.RefreshInterval, 5 * time.Minute, year},
		{"Timeout", &r.Timeout, 10 * time.Second, year},
		{"PublishAhead", &r.PublishAhead, 0, year},
		{"MaxStale", &r.MaxStale, 4 * time.Hour, year},
	} {
		if *d.value < 0 || *d.value > d.most {
			return r, wrong(d.name, "%v, want 0 for the default, or up to %v", *d.value, d.most)
		}
		if *d.value == 0 {
			*d.value = d.unset
		}
	}
	if r.PublishAhead == 0 {
		r.PublishAhead = r.MaxAge + r.reachable()
	}
	return r, r.check()
}

func (o *Options) check() error {
	switch {
	case o.Lifetime%time.Second != 0:
		return wrong("Lifetime", "%v, want whole seconds", o.Lifetime)
	case o.MaxAge < time.Second:
		return wrong("MaxAge", "%v, want at least a second", o.MaxAge)
	case o.Timeout > o.RefreshInterval:
		return wrong("Timeout", "%v, want at most RefreshInterval, %v", o.Timeout, o.RefreshInterval)
	case o.PublishAhead < o.MaxAge+o.reachable():
		return wrong("PublishAhead", "%v, want at least %v: caches may be without the new key for as long (MaxAge, RefreshInterval, a tenth more, and Timeout)", o.PublishAhead, o.MaxAge+o.reachable())
	case o.MaxStale < o.reachable():
		return wrong("MaxStale", "%v, want at least %v: a refresh may take as long (RefreshInterval, a tenth more, and Timeout)", o.MaxStale, o.reachable())
	}
	if len(o.TrustedKeys) > maxTrusted {
		return wrong("TrustedKeys", "%d, want at most %d", len(o.TrustedKeys), maxTrusted)
	}
	for i, id := range o.TrustedKeys {
		if id == "" {
			return wrong(fmt.Sprintf("TrustedKeys[%d]", i), "empty, want the ID of a key")
		}
	}
	for i, chain := range o.Certificates {
		if len(chain) == 0 || slices.Contains(chain, nil) {
			return wrong(fmt.Sprintf("Certificates[%d]", i), "want one or more certificates, none nil")
		}
	}
	return nil
}

func wrong(option, format string, args ...any) error {
	return fmt.Errorf("kmssigner: %s: %s", option, fmt.Sprintf(format, args...))
}

// reachable is how long it may take until every process knows what the backend
// knows, when that answers.
func (o *Options) reachable() time.Duration {
	return o.RefreshInterval + o.RefreshInterval/jitterPart + o.Timeout
}

// outlives is how long a key verifies after the name ceased to stand for it: some
// process may sign with it until it knows, or until MaxStale, and PublishAhead is
// over; and its last token lives for Lifetime and Leeway.
func (o *Options) outlives() time.Duration {
	return o.MaxStale + o.PublishAhead + o.Lifetime + o.Leeway
}
