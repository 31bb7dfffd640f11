package jwks

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/tokenacl/tokenacl/internal/jose"
)

// MarshalPublic returns a JSON Web Key Set (RFC 7517 section 5) of the public
// keys, for publication: kty and the members of the public key, use, and kid and
// alg where there is one, and x5c, x5t and x5t#S256 where [NewSet] was given
// certificates. Symmetric keys are left out; when there are no others, the error
// is [ErrNoUsableKey]. Validity (nbf, exp) is not written, nor a certificate that
// [Parse] read.
func (s *Set) MarshalPublic() ([]byte, error) {
	var file struct {
		Keys []json.RawMessage `json:"keys"`
	}
	for _, k := range s.all() {
		if k.public == nil {
			continue
		}
		text, err := jose.MarshalPublic(k.public, k.kid, string(k.alg()))
		if err != nil {
			return nil, err
		}
		file.Keys = append(file.Keys, k.certified(text))
	}
	if len(file.Keys) == 0 {
		return nil, fmt.Errorf("%w: no public key to publish", ErrNoUsableKey)
	}
	return json.Marshal(file)
}

// certified adds the certificates to a JWK, RFC 7517 sections 4.7 to 4.9.
func (k *key) certified(jwk []byte) []byte {
	if len(k.chain) == 0 {
		return jwk
	}
	sum := sha256.Sum256(k.chain[0])
	members, _ := json.Marshal(struct { // strings and octets always have an encoding
		X5c     [][]byte `json:"x5c"` // in base64, not base64url, section 4.7
		X5t     string   `json:"x5t"`
		X5tS256 string   `json:"x5t#S256"`
	}{k.chain, k.x5t(), rawURL.EncodeToString(sum[:])})
	return append(append(jwk[:len(jwk)-1], ','), members[1:]...)
}

// x5t returns the SHA-1 thumbprint of the first certificate, "" for none.
func (k *key) x5t() string {
	if len(k.chain) == 0 {
		return ""
	}
	sum := sha1.Sum(k.chain[0])
	return rawURL.EncodeToString(sum[:])
}

func (s *Set) all() []*key {
	if s == nil {
		return nil
	}
	return s.keys
}

// alg returns the one algorithm of the key, "" when it has several.
func (k *key) alg() Algorithm {
	if len(k.algs) > 1 {
		return ""
	}
	return k.algs[0].name
}

// kendraKey has the members of a key in the order of Kendra's documentation.
type kendraKey struct {
	KeyID     string    `json:"kid,omitempty"`
	Algorithm Algorithm `json:"alg"`
	Type      string    `json:"kty"`
	Use       string    `json:"use"`
	K         string    `json:"k,omitempty"`
	N         string    `json:"n,omitempty"`
	E         string    `json:"e,omitempty"`
	X5t       string    `json:"x5t,omitempty"`
	X5c       [][]byte  `json:"x5c,omitempty"` // in base64
	NotBefore string    `json:"nbf,omitempty"`
	NotAfter  string    `json:"exp,omitempty"`
}

// WriteKendraSecret writes the keys as the value of a secret for Amazon Kendra,
// the symmetric ones included: whoever reads the output can make tokens. The
// format is the documented one: symmetric keys have kty OCT, an alg of HS256,
// HS384 or HS512, and k in base64url with padding; RSA keys have an alg of
// RS256, RS384 or RS512. A key that cannot be written so, or that does not name
// its algorithm, is an error, and then nothing is written. [Parse] with mode
// [Secret] reads the output.
func (s *Set) WriteKendraSecret(w io.Writer) error {
	if s.Len() == 0 {
		return fmt.Errorf("%w: nothing to write", ErrNoUsableKey)
	}
	var file struct {
		Keys []kendraKey `json:"keys"`
	}
	for i, k := range s.keys {
		written, bad := k.kendra()
		if bad != nil {
			return &KeyError{Index: i, KeyID: k.kid, Member: bad.member, Reason: bad.reason}
		}
		file.Keys = append(file.Keys, written)
	}
	text, err := json.Marshal(file)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func (k *key) kendra() (kendraKey, *flaw) {
	out := kendraKey{KeyID: k.kid, Algorithm: k.alg(), Use: "sig", NotBefore: iso8601(k.valid.from), NotAfter: iso8601(k.valid.until)}
	switch k.algs[0].scheme {
	case hmacSum:
		out.Type, out.K = "OCT", base64.URLEncoding.EncodeToString(k.secret())
	case pkcs1:
		out.Type = typeRSA
		pub := k.public.(*rsa.PublicKey)
		out.N = rawURL.EncodeToString(pub.N.Bytes())
		out.E = rawURL.EncodeToString(big.NewInt(int64(pub.E)).Bytes())
		out.X5t, out.X5c = k.x5t(), k.chain
	default:
		return kendraKey{}, &flaw{"alg", "Kendra documents RS256, RS384, RS512, HS256, HS384 and HS512 only"}
	}
	if out.Algorithm == "" {
		return kendraKey{}, &flaw{"alg", "missing, and Kendra documents it; name the one algorithm of the key"}
	}
	return out, nil
}

func iso8601(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// Thumbprint returns the SHA-256 thumbprint of a public key, RFC 7638, in
// base64url: a kid that depends on nothing but the key. That key is an
// *rsa.PublicKey, an *ecdsa.PublicKey on its curve or an ed25519.PublicKey;
// anything else is an error.
func Thumbprint(key crypto.PublicKey) (string, error) {
	sum, err := jose.Thumbprint(key)
	if err != nil {
		return "", err
	}
	return rawURL.EncodeToString(sum), nil
}
