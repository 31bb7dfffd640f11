package fgac

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestDecimal compares with exact arithmetic.
func TestDecimal(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?`)
	equal := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if rapid.Bool().Draw(t, "same") {
			b = a + "e0"
			if strings.ContainsAny(a, "eE") {
				b = strings.Replace(strings.Replace(a, "E", "e", 1), "e", ".0e", 1)
				if strings.Contains(a, ".") {
					b = a
				}
			}
		}
		if !isNumber(a) || !isNumber(b) {
			t.Fatalf("%s or %s is no number", a, b)
		}
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got, want := parseDecimal(a).compare(parseDecimal(b)), x.Cmp(y); got != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		} else if want == 0 {
			equal++
		}
	})
	if equal == 0 {
		t.Error("no two numbers were equal")
	}
	if parseDecimal("1e99999999999999999999").compare(parseDecimal("1e999")) != 1 || parseDecimal("-1e-99999999999999999999").compare(parseDecimal("0")) != -1 {
		t.Error("large exponents")
	}
	for s, want := range map[string]bool{"": false, "-": false, "01": false, "1.": false, ".1": false, "1e": false, "1e+": false, "+1": false, "1x": false, "0": true, "-0.0e-0": true, "1E5": true, "Infinity": false, "0x1": false} {
		if isNumber(s) != want {
			t.Errorf("%q is a number: %v", s, !want)
		}
	}
}
