package jwks

import (
	"crypto"
	"crypto/hmac"
	"fmt"
	"hash"
	"testing"

	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// interrupted lets something happen when a digest was made and not yet compared.
type interrupted struct {
	hash.Hash
	now func()
}

func (h interrupted) Sum(b []byte) []byte {
	sum := h.Hash.Sum(b)
	h.now()
	return sum
}

// TestRoomInUse verifies a token while another is being verified: the room for the
// signature and the digest are not given away before the answer.
//
// Rule T2
func TestRoomInUse(t *testing.T) {
	secret := testkeys.HMAC(32)
	set, err := Parse(fmt.Appendf(nil, `{"keys":[{"kty":"oct","alg":"HS256","kid":"k","k":%q}]}`, testkeys.Encode(secret)), Secret)
	if err != nil {
		t.Fatal(err)
	}
	read := func(payload string) *token {
		j, err := ParseCompact(testkeys.Sign("HS256", secret, []byte(`{"alg":"HS256","kid":"k"}`), []byte(payload)))
		if err != nil {
			t.Fatal(err)
		}
		return j.parsed()
	}
	first, second := read(`{"sub":"first"}`), read(`{"sub":"second"}`)
	k, within, met := set.keys[0], false, 0
	k.hashes = newDigests(func(h crypto.Hash) hash.Hash {
		return interrupted{hmac.New(h.New, secret), func() {
			if within {
				return
			}
			within = true
			defer func() { within = false }()
			met++
			if !k.signed(second) {
				t.Error("the second token is refused")
			}
		}}
	})
	for range 20 { // the race detector empties pools now and then
		if !k.signed(first) {
			t.Error("the first token is refused")
		}
	}
	if met != 20 {
		t.Errorf("%d tokens were interrupted, want 20", met)
	}
}
