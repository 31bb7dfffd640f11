package jwks

import (
	"crypto/elliptic"
	"math/big"
	"slices"
)

// curves of ECDSA by crv, RFC 7518 section 6.2.1.1.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// The field and the constant d of edwards25519, RFC 8032 section 5.1.
var (
	one      = big.NewInt(1)
	field    = new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	edwardsD = quotient(big.NewInt(-121665), big.NewInt(121666))
)

// checkEdwards decodes a point as RFC 8032 section 5.1.3 does, and says what is
// wrong with it. crypto/ed25519 finds that out at the first signature only, and
// accepts points of small order: with such a "key" a signature of anything can
// be made by anybody.
func checkEdwards(point []byte) string {
	le := slices.Clone(point)
	slices.Reverse(le)
	sign := le[0] >> 7
	le[0] &= 0x7f
	y := new(big.Int).SetBytes(le)
	if y.Cmp(field) >= 0 {
		return "a coordinate outside the field"
	}
	y2 := product(y, y)
	x2 := quotient(new(big.Int).Sub(y2, one), new(big.Int).Add(product(edwardsD, y2), one))
	// A point has order 1 or 2 when x is 0, 4 when y is 0, and 8 when doubling
	// gives the latter: when x² + y² is 0.
	sum := new(big.Int).Add(x2, y2)
	switch {
	case new(big.Int).ModSqrt(x2, field) == nil:
		return "the point is not on the curve"
	case x2.Sign() == 0 && sign == 1:
		return "not an encoding of a point"
	case x2.Sign() == 0, y.Sign() == 0, sum.Cmp(field) == 0:
		return "a point of small order, under which anybody can sign"
	}
	return ""
}

func product(a, b *big.Int) *big.Int {
	p := new(big.Int).Mul(a, b)
	return p.Mod(p, field)
}

// quotient returns a / b in the field.
func quotient(a, b *big.Int) *big.Int {
	return product(a, new(big.Int).ModInverse(new(big.Int).Mod(b, field), field))
}
