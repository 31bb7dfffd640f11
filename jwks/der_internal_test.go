package jwks

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestDER: two numbers of a curve's size are the DER of them, as another encoder
// writes it, and there is room for it.
//
// Rule K6
func TestDER(t *testing.T) {
	short, long, signs := 0, 0, 0
	check := func(t interface {
		Fatal(...any)
		Fatalf(string, ...any)
	}, r, s []byte) {
		want, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)})
		if err != nil {
			t.Fatal(err)
		}
		got := appendDER(nil, append(bytes.Clone(r), s...))
		if !bytes.Equal(got, want) || len(got) > maxDER {
			t.Fatalf("r %x, s %x:\n got %x\nwant %x", r, s, got, want)
		}
		switch {
		case len(want) > 0x82:
			long++
		default:
			short++
		}
		if r[0] >= 0x80 {
			signs++
		}
	}
	for _, size := range []int{32, 48, 66} {
		zero, one, top := make([]byte, size), make([]byte, size), bytes.Repeat([]byte{0xff}, size)
		one[size-1] = 1
		for _, r := range [][]byte{zero, one, top} {
			for _, s := range [][]byte{zero, one, top} {
				check(t, r, s)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{32, 48, 66}).Draw(t, "size")
		octets := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 1, 0x7f, 0x80, 0xff}), size, size)
		check(t, octets.Draw(t, "r"), octets.Draw(t, "s"))
	})
	if short < 20 || long < 5 || signs < 10 {
		t.Errorf("%d short, %d long, %d with a sign: not a fair mix", short, long, signs)
	}
}
