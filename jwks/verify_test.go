package jwks_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/internal/testkeys"
	"github.com/tokenacl/tokenacl/jwks"
)

// TestAlgorithms verifies with another library what testkeys signs, and here
// what the other library signs.
//
// Rule K6
func TestAlgorithms(t *testing.T) {
	all := algorithms()
	if len(all) != 13 {
		t.Fatalf("%d algorithms, want 13", len(all))
	}
	for _, alg := range all {
		t.Run(string(alg.name), func(t *testing.T) {
			set := parse(t, alg.mode(), alg.jwk.with("alg", alg.name))
			ours := sign(alg.name, alg.key, "k")
			verified, err := verify(set, ours)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(jwks.Verified{KeyID: "k", Generation: set.Generation()}, verified); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			theirAlg := gojose.SignatureAlgorithm(alg.name)
			parsed, err := gojose.ParseSignedCompact(ours, []gojose.SignatureAlgorithm{theirAlg})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parsed.Verify(verifyingKey(alg.key)); err != nil {
				t.Errorf("go-jose refuses the token of testkeys: %v", err)
			}
			signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: theirAlg, Key: gojose.JSONWebKey{Key: alg.key, KeyID: "k"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signer.Sign([]byte(payload))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := signed.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify(set, theirs); err != nil {
				t.Errorf("a token of go-jose: %v", err)
			}
		})
	}
}

func verifyingKey(key any) any {
	if k, ok := key.(crypto.Signer); ok {
		return k.Public()
	}
	return key
}

// TestFlippedBytes changes single bytes of valid tokens: the letters, and the
// octets of header, payload and signature.
func TestFlippedBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, alg := range algorithms() {
		set := parse(t, alg.mode(), alg.jwk)
		raw := sign(alg.name, alg.key, "k")
		if _, err := verify(set, raw); err != nil {
			t.Fatal(err)
		}
		for range 150 {
			changed := []byte(raw)
			changed[random.IntN(len(changed))] ^= byte(1 + random.IntN(255))
			if _, err := verify(set, string(changed)); err == nil {
				t.Errorf("%s: accepted\n%s instead of\n%s", alg.name, changed, raw)
			}
		}
		j := compact(t, raw)
		for range 15 {
			sig := j.Signature()
			sig[random.IntN(len(sig))] ^= byte(1 + random.IntN(255))
			if _, err := verify(set, j.SigningInput()+"."+b64(sig)); !errors.Is(err, jwks.ErrSignature) {
				t.Errorf("%s: a changed signature: %v", alg.name, err)
			}
			body := []byte(j.InsecurePayload())
			body[random.IntN(len(body))] ^= byte(1 + random.IntN(255))
			if _, err := verify(set, b64([]byte(header(alg.name, "k")))+"."+b64(body)+"."+b64(j.Signature())); !errors.Is(err, jwks.ErrSignature) {
				t.Errorf("%s: a changed payload: %v", alg.name, err)
			}
		}
	}
}

// TestSignatureLength adds and removes octets at either end: the integers of a
// signature must not be read leniently.
func TestSignatureLength(t *testing.T) {
	for _, alg := range algorithms() {
		set := parse(t, alg.mode(), alg.jwk)
		j := compact(t, sign(alg.name, alg.key, "k"))
		sig := j.Signature()
		if len(sig) != alg.size {
			t.Errorf("%s: %d octets, want %d", alg.name, len(sig), alg.size)
		}
		half := len(sig) / 2
		for name, changed := range map[string][]byte{
			"zero in front":     append([]byte{0}, sig...),
			"zero at the end":   append(sig[:len(sig):len(sig)], 0),
			"first cut":         sig[1:],
			"last cut":          sig[:len(sig)-1],
			"one octet":         sig[:1],
			"zero in both":      append(append([]byte{0}, sig[:half]...), append([]byte{0}, sig[half:]...)...),
			"twice":             append(sig[:len(sig):len(sig)], sig...),
			"all zero":          make([]byte, len(sig)),
			"all zero, shorter": make([]byte, len(sig)-1),
		} {
			_, err := verify(set, j.SigningInput()+"."+b64(changed))
			if !errors.Is(err, jwks.ErrSignature) {
				t.Errorf("%s, %s: %v", alg.name, name, err)
			}
		}
	}
}

// TestPSSSalt signs with salts of other lengths than the hash.
//
// Rule K6
func TestPSSSalt(t *testing.T) {
	key := testkeys.RSA2048()
	set := parse(t, jwks.Public, public(&key.PublicKey, ""))
	input := b64([]byte(`{"alg":"PS256"}`)) + "." + b64([]byte(payload))
	digest := sha256.Sum256([]byte(input))
	for salt, want := range map[int]error{1: jwks.ErrSignature, 31: jwks.ErrSignature, 32: nil, 33: jwks.ErrSignature, 222: jwks.ErrSignature} {
		sig, err := rsa.SignPSS(zeroes{}, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verify(set, input+"."+b64(sig)); !errors.Is(err, want) {
			t.Errorf("salt of %d octets: %v, want %v", salt, err, want)
		}
	}
}

// zeroes is a source of octets that need not be random.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }

// TestMalleableECDSA: (r, n-s) is a second signature of the same input, and valid
// (RFC 7518 does not forbid it). Whoever remembers tokens must not use the text.
func TestMalleableECDSA(t *testing.T) {
	key := testkeys.P256()
	set := parse(t, jwks.Public, public(&key.PublicKey, ""))
	j := compact(t, sign(jwks.ES256, key, ""))
	sig := j.Signature()
	s := new(big.Int).SetBytes(sig[32:])
	s.Sub(key.Params().N, s).FillBytes(sig[32:])
	twin := compact(t, j.SigningInput()+"."+b64(sig))
	if _, err := set.Verify(twin, now); err != nil {
		t.Error(err)
	}
	if twin.SigningInput() != j.SigningInput() {
		t.Error("the signing inputs differ")
	}
}

// TestVerifyOrder: forged and expired is forged; unknown key comes before both.
func TestVerifyOrder(t *testing.T) {
	bounded := octJWK().with("exp", "2027-01-31T12:00:00Z")
	set := parse(t, jwks.Secret, bounded)
	good := sign(jwks.HS256, testkeys.HMAC(64), "oct")
	forged := sign(jwks.HS256, testkeys.HMAC(32), "oct")
	unknown := sign(jwks.HS256, testkeys.HMAC(32), "other")
	for _, tt := range []struct {
		name, raw string
		at        time.Time
		want      error
	}{
		{"good, in time", good, now.Add(-1), nil},
		{"good, late", good, now, jwks.ErrKeyExpired},
		{"forged, in time", forged, now.Add(-1), jwks.ErrSignature},
		{"forged, late", forged, now, jwks.ErrSignature},
		{"unknown key, late", unknown, now, jwks.ErrUnknownKey},
	} {
		got, err := set.Verify(compact(t, tt.raw), tt.at)
		if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		for _, other := range []error{jwks.ErrMalformed, jwks.ErrUnknownKey, jwks.ErrSignature, jwks.ErrKeyExpired, jwks.ErrUnavailable} {
			if other != tt.want && errors.Is(err, other) {
				t.Errorf("%s: is %v as well", tt.name, other)
			}
		}
		if err != nil && got != (jwks.Verified{}) {
			t.Errorf("%s: failed with a result: %+v", tt.name, got)
		}
	}
}

// TestZeroValues requires that what nobody made verifies nothing and harms
// nobody.
//
// Rule G1
func TestZeroValues(t *testing.T) {
	good := compact(t, sign(jwks.ES256, testkeys.P256(), ""))
	full := parse(t, jwks.Public, ecJWK())
	for name, set := range map[string]*jwks.Set{"nil": nil, "zero": {}} {
		if _, err := set.Verify(good, now); !errors.Is(err, jwks.ErrUnknownKey) {
			t.Errorf("%s Set: %v", name, err)
		}
		if set.Len() != 0 || len(set.Keys()) != 0 || len(set.Skipped()) != 0 || set.Generation() != 0 {
			t.Errorf("%s Set is not empty", name)
		}
		if text, err := set.MarshalPublic(); !errors.Is(err, jwks.ErrNoUsableKey) || text != nil {
			t.Errorf("%s Set: MarshalPublic: %s, %v", name, text, err)
		}
		var out strings.Builder
		if err := set.WriteKendraSecret(&out); !errors.Is(err, jwks.ErrNoUsableKey) || out.Len() > 0 {
			t.Errorf("%s Set: WriteKendraSecret: %q, %v", name, &out, err)
		}
		source := jwks.Static(set)
		if _, err := source.Verify(t.Context(), good); !errors.Is(err, jwks.ErrUnavailable) || errors.Is(err, jwks.ErrUnknownKey) {
			t.Errorf("Static of %s: %v", name, err)
		}
		if g, err := source.Generation(); !errors.Is(err, jwks.ErrNoUsableKey) || g != 0 {
			t.Errorf("Static of %s: generation %d, %v", name, g, err)
		}
	}
	for name, j := range map[string]*jwks.JWS{"nil": nil, "zero": {}} {
		if _, err := full.Verify(j, now); !errors.Is(err, jwks.ErrMalformed) {
			t.Errorf("%s JWS: %v", name, err)
		}
		kid, ok := j.KeyID()
		if kid != "" || ok || j.Algorithm() != "" || j.Type() != "" || j.SigningInput() != "" || j.Signature() != nil || j.InsecurePayload() != "" {
			t.Errorf("%s JWS is not empty", name)
		}
	}
	for name, source := range map[string]*jwks.StaticSource{"nil": nil, "zero": {}} {
		if _, err := source.Verify(t.Context(), good); !errors.Is(err, jwks.ErrUnavailable) || errors.Is(err, jwks.ErrUnknownKey) {
			t.Errorf("%s StaticSource: %v", name, err)
		}
		if _, err := source.Generation(); !errors.Is(err, jwks.ErrNoUsableKey) {
			t.Errorf("%s StaticSource: generation: %v", name, err)
		}
	}
	for name, source := range map[string]fresh{
		"nil SecretSource": (*jwks.SecretSource)(nil), "zero SecretSource": &jwks.SecretSource{},
		"nil Remote": (*jwks.Remote)(nil), "zero Remote": &jwks.Remote{},
	} {
		if _, err := source.Verify(t.Context(), good); !errors.Is(err, jwks.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := source.Verify(t.Context(), nil); !errors.Is(err, jwks.ErrMalformed) {
			t.Errorf("%s, no token: %v", name, err)
		}
		if _, err := source.Generation(); !errors.Is(err, jwks.ErrUnavailable) {
			t.Errorf("%s: generation: %v", name, err)
		}
		if h := source.Health(); !errors.Is(h.LastError, jwks.ErrUnavailable) || h.Generation != 0 {
			t.Errorf("%s: health: %+v", name, h)
		}
		if near, far := source.RevocationBound(); near != 0 || far != 0 {
			t.Errorf("%s: bound: %v, %v", name, near, far)
		}
		if err := source.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var none *jwks.Remote
	if none.Issuer() != "" || none.Warnings() != nil {
		t.Errorf("nil Remote: issuer %q, warnings %v", none.Issuer(), none.Warnings())
	}
}

// TestStatic verifies through the joint, at the current time.
func TestStatic(t *testing.T) {
	set := parse(t, jwks.Secret, octJWK().with("exp", time.Now().Add(time.Hour).Format(time.RFC3339)))
	source := jwks.Static(set)
	verified, err := source.Verify(t.Context(), compact(t, sign(jwks.HS256, testkeys.HMAC(64), "oct")))
	if err != nil || verified.KeyID != "oct" || verified.NotAfter.IsZero() {
		t.Errorf("%+v, %v", verified, err)
	}
	if g, err := source.Generation(); err != nil || g != set.Generation() || g != verified.Generation {
		t.Errorf("generation %d, %v", g, err)
	}
	past := jwks.Static(parse(t, jwks.Secret, octJWK().with("exp", "2020-01-01")))
	if _, err := past.Verify(t.Context(), compact(t, sign(jwks.HS256, testkeys.HMAC(64), "oct"))); !errors.Is(err, jwks.ErrKeyExpired) {
		t.Errorf("a key of the past: %v", err)
	}
}

// fewest counts the allocations of f: the fewest of many runs, since the race
// detector and the garbage collector empty pools when they like.
func fewest(f func()) float64 {
	n := testing.AllocsPerRun(1, f)
	for range 15 {
		n = min(n, testing.AllocsPerRun(1, f))
	}
	return n
}

// bare verifies with nothing but the standard library, the digest being there.
func bare(alg algorithm, digest, message, sig []byte) func() bool {
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(alg.name[2:])]
	switch key := alg.key.(type) {
	case *rsa.PrivateKey:
		if alg.name[0] == 'P' {
			salt := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			return func() bool { return rsa.VerifyPSS(&key.PublicKey, hash, digest, sig, salt) == nil }
		}
		return func() bool { return rsa.VerifyPKCS1v15(&key.PublicKey, hash, digest, sig) == nil }
	case *ecdsa.PrivateKey:
		var rs struct{ R, S *big.Int }
		rs.R, rs.S = new(big.Int).SetBytes(sig[:len(sig)/2]), new(big.Int).SetBytes(sig[len(sig)/2:])
		der, err := asn1.Marshal(rs)
		return func() bool { return err == nil && ecdsa.VerifyASN1(&key.PublicKey, digest, der) }
	case ed25519.PrivateKey:
		return func() bool { return ed25519.Verify(key.Public().(ed25519.PublicKey), message, sig) }
	}
	return func() bool { return true } // the digest of HMAC is all
}

// A signature costs not one allocation more than the standard library takes for
// it, and hashing none.
func TestAllocations(t *testing.T) {
	now := time.Now()
	for _, alg := range algorithms() {
		set := parse(t, alg.mode(), alg.jwk)
		raw := sign(alg.name, alg.key, "k")
		j := compact(t, raw)
		message := []byte(j.SigningInput())
		digest := message
		if hash := map[string]func() hash.Hash{"256": sha256.New, "384": sha512.New384, "512": sha512.New}[string(alg.name[2:])]; hash != nil {
			h := hash()
			h.Write(message)
			digest = h.Sum(nil)
		}
		floor := bare(alg, digest, message, j.Signature())
		if !floor() {
			t.Fatalf("%s: the standard library refuses the signature", alg.name)
		}
		want := fewest(func() { floor() })
		got := fewest(func() {
			if _, err := set.Verify(j, now); err != nil {
				t.Fatal(err)
			}
		})
		if got != want {
			t.Errorf("%s: %v allocations, the standard library takes %v", alg.name, got, want)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	body := []byte(fmt.Sprintf(`{"sub":"mary","groups":[%s"g"]}`, strings.Repeat(`"group-name",`, 50)))
	for _, alg := range algorithms() {
		set := parse(b, alg.mode(), alg.jwk)
		raw := testkeys.Sign(string(alg.name), alg.key, []byte(header(alg.name, "k")), body)
		b.Run(string(alg.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := verify(set, raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseCompact(b *testing.B) {
	raw := sign(jwks.RS256, testkeys.RSA2048(), "a-key")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jwks.ParseCompact(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// TestVerifyTogether has tokens of all algorithms verified at the same time, good
// ones and ones with the signature of another: none takes the room, the digest or
// the header of the other for its own.
//
// Rules T1, T2
func TestVerifyTogether(t *testing.T) {
	type token struct {
		set  *jwks.Set
		raw  string
		want error
	}
	var tokens []token
	for _, alg := range algorithms() {
		set := parse(t, alg.mode(), alg.jwk)
		good, other := sign(alg.name, alg.key, "k"), testkeys.Sign(string(alg.name), alg.key, []byte(header(alg.name, "k")), []byte(`{"sub":"another"}`))
		forged := good[:strings.LastIndexByte(good, '.')] + other[strings.LastIndexByte(other, '.'):]
		tokens = append(tokens, token{set, good, nil}, token{set, forged, jwks.ErrSignature})
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 10 * len(tokens) {
				tt := tokens[(i*(2*g+1)+g)%len(tokens)]
				if _, err := verify(tt.set, tt.raw); !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
					return
				}
			}
		})
	}
	wg.Wait()
	if len(tokens) != 2*len(algorithms()) || len(tokens) < 20 {
		t.Errorf("%d tokens", len(tokens))
	}
}
