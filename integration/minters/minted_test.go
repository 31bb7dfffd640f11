package minters

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/claims"
	"github.com/tokenacl/tokenacl/jwks"
	"github.com/tokenacl/tokenacl/kmssigner"
)

// minted are the kinds of tokens that a minter mints, and why each is refused.
var minted = map[string]error{
	"Token":       nil,
	"Expired":     claims.ErrExpired,
	"NotYetValid": claims.ErrNotYetValid,
	"Tampered":    claims.ErrSignature,
	"WrongKey":    claims.ErrSignature,
	"Unsigned":    claims.ErrMalformed,
}

// sampled are those that it makes as the sample of Kendra's documentation does.
var sampled = []string{"Token", "Expired", "Tampered", "WrongKey"}

// mints gives what a minter minted to gates.
func (m minter) mints(t *testing.T, rows map[id]row) {
	m.exports(t, rows)
	publicKeys, sharedKeys := untrusted(t, rows)
	published := gate(t, atURL, jwks.Static(parse(t, exported(t, rows, public), jwks.Public, len(public))))
	publicSecret := gate(t, inSecret, secret(t, exported(t, rows, public)))
	sharedSecret := gate(t, inSecret, secret(t, kendraSecret(t, own)))
	decisions := 0
	for _, alg := range algorithms {
		gates, others := map[string]*tokenacl.Gate{"URL": published, "secret": publicSecret}, publicKeys
		if slices.Contains(shared, alg) {
			gates, others = map[string]*tokenacl.Gate{"secret": sharedSecret}, sharedKeys
		} else {
			gates["KMS"] = gate(t, inSecret, inKMS(t, alg, rows[id{"minted", alg, "Key"}].KeyID))
		}
		for kind := range minted {
			r := rows[id{"minted", alg, kind}]
			wantKind(t, r, rows[id{"minted", alg, "Token"}], others)
			for keys, gate := range gates {
				decisions++
				t.Run(fmt.Sprintf("%s %s, keys from a %s", alg, kind, keys), func(t *testing.T) { wantDecision(t, gate, kind, r.Token) })
			}
		}
	}
	if want := (10*3 + 3) * 6; decisions != want {
		t.Errorf("%d decisions, want %d", decisions, want)
	}
}

// inKMS verifies as if the minter's key were one of a KMS.
func inKMS(t *testing.T, alg jwks.Algorithm, kid string) jwks.Source {
	t.Helper()
	key := kmssigner.Key{ID: kid, Public: pairs()[alg].own.(crypto.Signer).Public(), Algorithms: []jwks.Algorithm{alg}}
	keys, err := kmssigner.NewKeys(t.Context(), described{key}, &kmssigner.Options{BackendKeyID: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keys.Close)
	return keys
}

// described is a backend of one key, which is asked for nothing but that.
type described struct{ key kmssigner.Key }

func (d described) Describe(context.Context, string) (kmssigner.Key, error) { return d.key, nil }

func (described) Sign(context.Context, string, jwks.Algorithm, kmssigner.Message) ([]byte, error) {
	return nil, kmssigner.ErrAccessDenied
}

func (described) Verify(context.Context, string, jwks.Algorithm, kmssigner.Message, []byte) error {
	return kmssigner.ErrAccessDenied
}

// exports compares the keys that a minter exports with those that it was given.
func (m minter) exports(t *testing.T, rows map[id]row) {
	t.Helper()
	for _, alg := range public {
		want, err := jwks.Thumbprint(pairs()[alg].own.(crypto.Signer).Public())
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[id{"minted", alg, "Key"}].KeyID; m.thumbprints && got != want {
			t.Errorf("%s: %s calls the key %q, want its thumbprint %q", alg, m.name, got, want)
		}
	}
	foreign := parse(t, exported(t, rows, shared), jwks.Secret, len(shared))
	if foreign.Generation() != parse(t, kendraSecret(t, own), jwks.Secret, len(shared)).Generation() {
		t.Error("the shared secrets that come back are others")
	}
}

// wantKind requires that a token is what its row says: were it broken in another
// way too, its refusal would prove little.
func wantKind(t *testing.T, r, good row, others *jwks.Set) {
	t.Helper()
	parts, whole := strings.Split(r.Token, "."), strings.Split(good.Token, ".")
	if len(parts) != 3 || len(whole) != 3 {
		t.Fatalf("%v: %d parts, want 3", r.id(), len(parts))
	}
	var header struct{ Alg jwks.Algorithm }
	text, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err == nil {
		err = json.Unmarshal(text, &header)
	}
	if err != nil {
		t.Fatalf("%v: header: %v", r.id(), err)
	}
	wantAlg := r.Alg
	if r.Kind == "Unsigned" {
		wantAlg = "none"
	}
	if header.Alg != wantAlg || (parts[2] == "") != (wantAlg == "none") {
		t.Errorf("%v: alg %q and %d letters of signature", r.id(), header.Alg, len(parts[2]))
	}
	if kept := parts[0] == whole[0] && parts[1] != whole[1] && parts[2] == whole[2]; kept != (r.Kind == "Tampered") {
		t.Errorf("%v: other claims under the signature of the good token: %t", r.id(), kept)
	}
	if r.Kind == "Unsigned" {
		return
	}
	j, err := jwks.ParseCompact(r.Token)
	if err != nil {
		t.Fatalf("%v: %v", r.id(), err)
	}
	if _, err := others.Verify(j, time.Now()); (err == nil) != (r.Kind == "WrongKey") {
		t.Errorf("%v: verified with the other key: %v", r.id(), err)
	}
}

// samples gives the tokens that were made as Kendra's documentation makes them to
// gates that are configured as it says.
func samples(t *testing.T, rows map[id]row) {
	for _, text := range texts {
		alg := jwks.Algorithm(fmt.Sprintf("HS%d", 8*len(text.Own)))
		want := base64.URLEncoding.EncodeToString([]byte(text.Own))
		if !strings.Contains(want, "-") || !strings.Contains(want, "_") {
			t.Errorf("%s: the secret does not have the letters of base64url", alg)
		}
		for _, kind := range sampled {
			t.Run(fmt.Sprintf("%s %s, as in the sample", alg, kind), func(t *testing.T) {
				r := rows[id{"sample", alg, kind}]
				if r.Secret != want {
					t.Fatalf("secret %q, want %q", r.Secret, want)
				}
				keys := keySet(t, []map[string]string{kendraKey("jwttest", alg, r.Secret)})
				wantDecision(t, gate(t, asSampled, secret(t, keys)), kind, r.Token)
			})
		}
	}
}
