package jwks

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const maxPEM = 64 << 10 // bytes of a PEM file

// PublicKey is a key for [NewSet].
type PublicKey struct {
	Key       crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	KeyID     string           // "": none, and the key serves tokens without kid alone
	Algorithm Algorithm        // "": all that the key can do

	// AnyKeyID lets a key without KeyID serve tokens with a kid that no key of the
	// set has: a PEM file has no kid, and most tokens have one.
	AnyKeyID bool

	// Certificates, of which the first is for Key and each other one certifies
	// the one before it, are written with it: x5c, x5t and x5t#S256. Neither
	// chain nor expiry is looked at. nil: none.
	Certificates []*x509.Certificate
}

// NewSet makes a Set of at most 100 keys, which it copies. A key must be one that
// [Parse] would use; the error is one or more *[KeyError], joined, or
// [ErrNoUsableKey] when there is none at all.
func NewSet(keys ...PublicKey) (*Set, error) {
	if len(keys) == 0 || len(keys) > maxKeys {
		return nil, fmt.Errorf("%w: %d keys given, want 1 to %d", ErrNoUsableKey, len(keys), maxKeys)
	}
	usable := make([]*key, len(keys))
	seen := map[string]bool{}
	var faults []error
	for i, given := range keys {
		k, bad := given.key()
		if bad == nil && given.KeyID != "" && seen[given.KeyID] {
			bad = &flaw{"kid", "another key has the same; give each its own"}
		}
		if bad != nil {
			faults = append(faults, &KeyError{Index: i, KeyID: given.KeyID, Member: bad.member, Reason: bad.reason})
		}
		usable[i], seen[given.KeyID] = k, true
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return newSet(usable, nil), nil
}

func (p PublicKey) key() (*key, *flaw) {
	if bad := checkKeyID(p.KeyID); bad != nil {
		return nil, bad
	}
	if p.KeyID != "" && p.AnyKeyID {
		return nil, &flaw{"kid", "KeyID and AnyKeyID are both given; use one"}
	}
	m, bad := ofPublic(p.Key)
	if bad != nil {
		return nil, bad
	}
	chain, bad := p.chain(m.public)
	if bad != nil {
		return nil, bad
	}
	k, bad := newKey(m, p.KeyID, string(p.Algorithm), period{})
	if bad == nil {
		k.chain, k.anyKid = chain, p.AnyKeyID
	}
	return k, bad
}

// chain returns the certificates in DER.
func (p PublicKey) chain(key crypto.PublicKey) ([][]byte, *flaw) {
	var chain [][]byte
	for i, cert := range p.Certificates {
		switch {
		case cert == nil || len(cert.Raw) == 0:
			return nil, &flaw{"x5c", "a certificate that was not parsed"}
		case i == 0 && !samePublic(cert.PublicKey, key):
			return nil, &flaw{"x5c", "the first certificate is for another key"}
		}
		chain = append(chain, bytes.Clone(cert.Raw))
	}
	return chain, nil
}

// PEMOptions says what a PEM file cannot. The zero value is a key without a kid
// for every algorithm that it can do.
type PEMOptions struct {
	KeyID     string    // "": none, and the key serves tokens without kid alone
	Algorithm Algorithm // "": all that the key can do
	AnyKeyID  bool      // with KeyID "": the key serves tokens with any kid too
}

// ParsePEM reads one public key (PUBLIC KEY, RSA PUBLIC KEY) or the public key
// of one certificate (CERTIFICATE), RFC 7468: a single block in at most 64 KiB.
// Nothing else of a certificate counts, not even its expiry. Private keys are
// refused. The key must be one that [Parse] would use.
func ParsePEM(data []byte, opts PEMOptions) (*Set, error) {
	if len(data) > maxPEM {
		return nil, fmt.Errorf("%w: a PEM file of more than %d bytes", ErrNoUsableKey, maxPEM)
	}
	block, rest := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%w: want a PEM block, -----BEGIN PUBLIC KEY-----", ErrNoUsableKey)
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("%w: text after the PEM block; want one key only", ErrNoUsableKey)
	}
	pub, err := parseBlock(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoUsableKey, err)
	}
	return NewSet(PublicKey{Key: pub, KeyID: opts.KeyID, Algorithm: opts.Algorithm, AnyKeyID: opts.AnyKeyID})
}

// parseBlock says what it wanted and not what it found: the errors of the
// decoders may tell too much of the latter.
func parseBlock(block *pem.Block) (pub crypto.PublicKey, err error) {
	switch {
	case block.Type == "PUBLIC KEY":
		pub, err = x509.ParsePKIXPublicKey(block.Bytes)
	case block.Type == "RSA PUBLIC KEY":
		pub, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			pub = cert.PublicKey
		}
	case strings.Contains(block.Type, "PRIVATE KEY"):
		return nil, errors.New("a private key; give its public half")
	default:
		return nil, errors.New("a PEM block of another type; want PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE")
	}
	if err != nil {
		return nil, errors.New("the PEM block is not what its first line says")
	}
	return pub, nil
}
