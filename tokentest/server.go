package tokentest

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// KeysPath is the path at which [Issuer.Handler] has the keys.
const KeysPath = "/.well-known/jwks.json"

// Handler serves the public keys of all algorithms at [KeysPath], as a JSON Web Key
// Set (RFC 7517, section 5) that caches may keep for five minutes, with an ETag.
// It is for tests with a transport of their own, such as those in a bubble of
// testing/synctest, where the network of [Issuer.Server] is no use.
func (i *Issuer) Handler() http.Handler {
	keys := must(published().MarshalPublic())
	sum := sha256.Sum256(keys)
	etag := `"` + testkeys.Encode(sum[:16]) + `"`
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+KeysPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json") // RFC 7517, section 8.5.2
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Header().Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(keys))
	})
	return mux
}

// Server returns a server on the loopback interface with [Issuer.Handler], the same
// one at every call. The first call starts it, and it closes when the test ends;
// closing it earlier is an outage. The keys are at its URL and [KeysPath]. Its
// certificate is known to its Client alone; for a client of another kind put its
// Certificate into a pool of roots.
func (i *Issuer) Server() *httptest.Server { return i.server() }
