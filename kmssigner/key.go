package kmssigner

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// maxKeyID is how long a kid may be for verifiers of this module.
const maxKeyID = 512

// key is one that verifies. It is never written, but copied.
type key struct {
	Key
	kid     string
	alg     jwks.Algorithm
	set     *jwks.Set      // of this key alone; nil for HMAC
	publish jwks.PublicKey // as it is published; zero for HMAC
	checked time.Time      // when the backend last told that it may be used
	until   time.Time      // verifies no more; zero while the name stands for it
}

// newKey makes one of what the backend says, if that can be right.
func (o *Options) newKey(d Key, checked time.Time) (*key, error) {
	if d.ID == "" {
		return nil, refused("the backend gives it no ID")
	}
	d.Algorithms = slices.Clone(d.Algorithms)
	k := &key{Key: d, checked: checked}
	var err error
	if k.alg, err = o.algorithm(d.Algorithms); err != nil {
		return nil, err
	}
	if strings.HasPrefix(string(k.alg), "HS") != (d.Public == nil) {
		return nil, refused(fmt.Sprintf("the backend gives it %s, and a public key or none, which do not belong together", k.alg))
	}
	if d.Public != nil {
		if err := k.public(o); err != nil {
			return nil, err
		}
		return k, nil
	}
	sum := sha256.Sum256([]byte(d.ID))
	k.kid = o.keyID(base64.RawURLEncoding.EncodeToString(sum[:]), d.ID)
	if len(k.kid) > maxKeyID {
		return nil, refused(fmt.Sprintf("its ID, which Options.BackendKeyID makes the kid, is longer than %d bytes", maxKeyID))
	}
	return k, nil
}

// public sets what only a key with a public half has.
func (k *key) public(o *Options) error {
	der, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return refused("its public key is of no type that signs tokens")
	}
	if k.Public, err = x509.ParsePKIXPublicKey(der); err != nil { // a copy
		return refused("its public key is malformed")
	}
	thumbprint, err := jwks.Thumbprint(k.Public)
	if err != nil {
		return refused("its public key is of no type that signs tokens")
	}
	k.kid = o.keyID(thumbprint, k.ID)
	k.publish = jwks.PublicKey{Key: k.Public, KeyID: k.kid, Algorithm: k.alg, Certificates: o.chain(k.Public)}
	k.set, err = jwks.NewSet(k.publish)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyUnusable, err)
	}
	return nil
}

func refused(reason string) error { return fmt.Errorf("%w: %s", ErrKeyUnusable, reason) }

// algorithm returns the one for tokens by a key that can do these.
func (o *Options) algorithm(able []jwks.Algorithm) (jwks.Algorithm, error) {
	switch {
	case o.Algorithm != "" && slices.Contains(able, o.Algorithm):
		return o.Algorithm, nil
	case o.Algorithm != "":
		return "", refused(fmt.Sprintf("it cannot do %s, which Options.Algorithm asks for, but %s", o.Algorithm, join(able)))
	case slices.Contains(able, jwks.RS256):
		return jwks.RS256, nil
	case len(able) == 1:
		return able[0], nil
	}
	return "", refused(fmt.Sprintf("it can do %s; name one in Options.Algorithm", join(able)))
}

func join(algs []jwks.Algorithm) string {
	if len(algs) == 0 {
		return "none"
	}
	names := make([]string, len(algs))
	for i, a := range algs {
		names[i] = string(a)
	}
	return strings.Join(names, ", ")
}

func (o *Options) keyID(derived, id string) string {
	if o.BackendKeyID {
		return id
	}
	return derived
}

// chain returns the certificates of a public key, nil when it has none.
func (o *Options) chain(public crypto.PublicKey) []*x509.Certificate {
	same := public.(interface{ Equal(crypto.PublicKey) bool }) // every type that ParsePKIXPublicKey returns has it
	for _, chain := range o.Certificates {
		if same.Equal(chain[0].PublicKey) {
			return chain
		}
	}
	return nil
}

// with returns a copy that was checked then and verifies until then.
func (k *key) with(checked, until time.Time) *key {
	copied := *k
	copied.checked, copied.until = checked, until
	return &copied
}

// usable reports whether k still verifies.
func (k *key) usable(now time.Time, maxStale time.Duration) bool {
	return !passed(k.end(maxStale), now)
}

// end is when k verifies no more, unless the backend is heard of again.
func (k *key) end(maxStale time.Duration) time.Time {
	stale := k.checked.Add(maxStale)
	if k.until.IsZero() || stale.Before(k.until) {
		return stale
	}
	return k.until
}

// passed reports whether a time has come by the wall clock or by the monotonic
// one: somebody may set the former, and the latter may stand still while the
// machine sleeps. It is for what must not last too long.
func passed(at, now time.Time) bool {
	return !now.Before(at) || !now.Round(0).Before(at.Round(0))
}
