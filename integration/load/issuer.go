package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenacl/tokenacl/jwks"
)

// issuer publishes keys and changes them. There is no real provider here: none
// changes its keys every few seconds.
type issuer struct {
	server   *httptest.Server
	requests atomic.Int64
	timeouts atomic.Int64 // requests that were given up
	hang     atomic.Bool

	mu   sync.Mutex
	keys []*key // oldest first; the last two are published
}

// key is one of an issuer's, with a token of it.
type key struct {
	private   *ecdsa.PrivateKey
	kid       string
	published time.Time
	revoked   time.Time // zero: it is published
	claims    string
	token     string
}

func newIssuer() *issuer {
	i := &issuer{}
	i.server = httptest.NewTLSServer(i)
	i.rotate()
	return i
}

// ServeHTTP is the JWKS.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.requests.Add(1)
	defer func() {
		if r.Context().Err() != nil {
			i.timeouts.Add(1)
		}
	}()
	if i.hang.Load() {
		<-r.Context().Done()
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	var public []jwks.PublicKey
	for _, k := range i.keys {
		if k.revoked.IsZero() {
			public = append(public, jwks.PublicKey{KeyID: k.kid, Algorithm: jwks.ES256, Key: k.private.Public()})
		}
	}
	set, err := jwks.NewSet(public...)
	if err != nil {
		log.Fatal(err)
	}
	body, err := set.MarshalPublic()
	if err != nil {
		log.Fatal(err)
	}
	w.Write(body)
}

// rotate publishes a new key and revokes the one before the last.
func (i *issuer) rotate() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	now := time.Now()
	k := &key{private: private, kid: rand.Text(), published: now}
	k.claims = fmt.Sprintf(`{"iss":%q,"aud":"load","user":"mary","groups":["AWS-SA"],"iat":%d,"exp":%d}`, i.server.URL, now.Unix(), now.Add(time.Hour).Unix())
	k.token = k.renamed(k.kid)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.keys = append(i.keys, k); len(i.keys) > 2 {
		i.keys[len(i.keys)-3].revoked = now
	}
}

// renamed returns a token of k that names another key.
func (k *key) renamed(kid string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(fmt.Sprintf(`{"alg":"ES256","kid":%q}`, kid))) + "." + encode([]byte(k.claims))
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, digest[:])
	if err != nil {
		log.Fatal(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature[:])
}

func (i *issuer) current() *key {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[len(i.keys)-1]
}

// publishedBefore returns the newest key that was published before t, or the first.
func (i *issuer) publishedBefore(t time.Time) *key {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := len(i.keys) - 1; n > 0; n-- {
		if i.keys[n].published.Before(t) {
			return i.keys[n]
		}
	}
	return i.keys[0]
}

// revokedBefore returns the key that was revoked last before t, nil if none was.
func (i *issuer) revokedBefore(t time.Time) *key {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := len(i.keys) - 1; n >= 0; n-- {
		if at := i.keys[n].revoked; !at.IsZero() && at.Before(t) {
			return i.keys[n]
		}
	}
	return nil
}

// revoked reports whether k is published no longer.
func (i *issuer) revoked(k *key) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !k.revoked.IsZero()
}

func (i *issuer) rotations() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.keys) - 1
}
