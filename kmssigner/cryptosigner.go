package kmssigner

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"slices"

	"github.com/tokenacl/tokenacl/jwks"
)

// CryptoSigner returns a signer for packages such as crypto/x509: of the key that
// signs tokens now, whatever happens to it later, since a certificate is of one
// key. Its signatures have the form that crypto.Signer asks for: of ECDSA, ASN.1.
// It does what the backend can do with the key, also by other algorithms than
// that of the tokens: the options name the hash, and rsa.PSSOptions a salt as
// long as the hash. By Ed25519 the message is signed, at most 4096 bytes.
//
// Each signature is one call, bounded by ctx, and checked with the public key.
// An HMAC key has none: that is an error. So is a key that is not usable now.
// Neither [Keys.Retire] nor Close ends what was returned before; disabling the key
// does.
func (s *Signer) CryptoSigner(ctx context.Context) (crypto.MessageSigner, error) {
	state := s.Keys().get()
	if state == nil {
		return nil, errNotMade
	}
	key, err := state.signing()
	if err != nil {
		return nil, err
	}
	if key.Public == nil {
		return nil, fmt.Errorf("%w: an HMAC key has no public key, which crypto.Signer needs", ErrKeyUnusable)
	}
	return pinned{&pin{ctx, state.backend, key}}, nil
}

// pinned signs with one key.
type pinned struct{ *pin }

type pin struct {
	ctx     context.Context // crypto.Signer has no other place for it
	backend Backend
	key     *key
}

// Public returns a copy of the public key.
func (p pinned) Public() crypto.PublicKey {
	switch k := p.key.Public.(type) {
	case *rsa.PublicKey:
		return &rsa.PublicKey{N: new(big.Int).Set(k.N), E: k.E}
	case *ecdsa.PublicKey:
		copied := *k
		return &copied
	default:
		return slices.Clone(k.(ed25519.PublicKey))
	}
}

// Sign signs a digest, or, by Ed25519, a message. It ignores rand: the backend
// has its own.
func (p pinned) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	alg, err := p.algorithm(opts)
	if err != nil {
		return nil, err
	}
	if alg == jwks.EdDSA {
		return p.SignMessage(nil, digest, opts)
	}
	if len(digest) != hashes[alg].Size() {
		return nil, fmt.Errorf("kmssigner: CryptoSigner: a digest of %d octets, want %d of %v", len(digest), hashes[alg].Size(), hashes[alg])
	}
	return p.sign(alg, Message{Digest: slices.Clone(digest)}, digest)
}

// SignMessage signs a message that is not hashed yet.
func (p pinned) SignMessage(_ io.Reader, msg []byte, opts crypto.SignerOpts) ([]byte, error) {
	alg, err := p.algorithm(opts)
	if err != nil {
		return nil, err
	}
	m, err := message(alg, string(msg))
	if err != nil {
		return nil, err
	}
	proof := msg
	if alg != jwks.EdDSA {
		h := hashes[alg].New()
		h.Write(msg)
		proof = h.Sum(nil)
	}
	return p.sign(alg, m, proof)
}

// sign signs m, and checks the result against proof: the digest or, by Ed25519,
// the message.
func (p pinned) sign(alg jwks.Algorithm, m Message, proof []byte) ([]byte, error) {
	signature, err := p.backend.Sign(p.ctx, p.key.ID, alg, m)
	if err != nil {
		return nil, fmt.Errorf("kmssigner: signing: %w", err)
	}
	ok := false
	switch k := p.key.Public.(type) {
	case *rsa.PublicKey:
		if alg[0] == 'P' {
			ok = rsa.VerifyPSS(k, hashes[alg], proof, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		} else {
			ok = rsa.VerifyPKCS1v15(k, hashes[alg], proof, signature) == nil
		}
	case *ecdsa.PublicKey:
		if signature, err = toASN1(signature); err == nil {
			ok = ecdsa.VerifyASN1(k, proof, signature)
		}
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, proof, signature)
	}
	if !ok {
		return nil, errors.New("kmssigner: signing: the backend returned a signature that the public key does not verify")
	}
	return signature, nil
}

// toASN1 writes r and s as RFC 3279 section 2.2.3 does.
func toASN1(signature []byte) ([]byte, error) {
	half := len(signature) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]),
	})
}

// algorithm returns the one that opts ask for, if the key can do it.
func (p pinned) algorithm(opts crypto.SignerOpts) (jwks.Algorithm, error) {
	if opts == nil {
		return "", errors.New("kmssigner: CryptoSigner: no options; want the hash")
	}
	var family string
	switch p.key.Public.(type) {
	case *rsa.PublicKey:
		family = "RS"
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			if pss.SaltLength != rsa.PSSSaltLengthEqualsHash && (!pss.Hash.Available() || pss.SaltLength != pss.Hash.Size()) {
				return "", errors.New("kmssigner: CryptoSigner: SaltLength: want rsa.PSSSaltLengthEqualsHash")
			}
			family = "PS"
		}
	case *ecdsa.PublicKey:
		family = "ES"
	case ed25519.PublicKey:
		if o, ok := opts.(*ed25519.Options); opts.HashFunc() != 0 || ok && o.Context != "" {
			return "", errors.New("kmssigner: CryptoSigner: want Ed25519 itself: the hash 0 and no context")
		}
		return jwks.EdDSA, nil
	}
	for _, alg := range p.key.Algorithms {
		if string(alg[:2]) == family && hashes[alg] == opts.HashFunc() {
			return alg, nil
		}
	}
	return "", fmt.Errorf("kmssigner: CryptoSigner: the key cannot do %v in %s; it can do %s", opts.HashFunc(), family, join(p.key.Algorithms))
}

// String tells the kid.
func (p pinned) String() string { return fmt.Sprintf("kmssigner.CryptoSigner(kid %q)", p.key.kid) }

// Format writes [pinned.String] for every verb.
func (p pinned) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// LogValue is [pinned.String].
func (p pinned) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText is [pinned.String].
func (p pinned) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
