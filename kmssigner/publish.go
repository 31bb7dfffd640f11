package kmssigner

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// Set returns the public keys that verify now, nil when there are none: to write
// them as a secret of Amazon Kendra with [jwks.Set.WriteKendraSecret], for
// instance. It does not follow later changes.
func (k *Keys) Set() *jwks.Set {
	state := k.get()
	if state == nil {
		return nil
	}
	return state.public(time.Now())
}

// public returns the set of the public keys that are usable.
func (k *keys) public(now time.Time) *jwks.Set {
	r := k.current.Load()
	var usable []jwks.PublicKey
	all := true
	for _, key := range r.keys {
		switch {
		case !key.usable(now, k.MaxStale):
			all = false
		case key.set != nil:
			usable = append(usable, key.publish)
		}
	}
	if all {
		return r.set
	}
	set, _ := jwks.NewSet(usable...) // each was accepted alone, and kids differ
	return set
}

// Handler serves the public keys as a JSON Web Key Set (RFC 7517 section 5), to
// GET and HEAD, at any path: mount it where the issuer says its keys are. Caches
// may keep it for MaxAge, and it has an ETag. It answers 503 while no public key
// is usable. HMAC keys are not published.
func (k *Keys) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "want GET", http.StatusMethodNotAllowed)
			return
		}
		text, err := k.Set().MarshalPublic()
		if err != nil {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "no public key is usable now", http.StatusServiceUnavailable)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json") // RFC 7517 section 8.5.2
		h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", k.state.MaxAge/time.Second))
		h.Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(text)))
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	})
}
