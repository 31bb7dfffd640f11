package jwks

import "math/big"

// rocaPrimes are the odd primes that divide the number M of the flawed library.
var rocaPrimes = [...]int64{3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
	101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167}

// hasROCA reports whether n was made by the library of CVE-2017-15361. Its primes
// are k·M + 65537^a mod M with M a product of small primes; so n is a power of
// 65537 modulo each of them, which one honest modulus in 2^27 is. (Nemec et al.,
// "The Return of Coppersmith's Attack", 2017.)
func hasROCA(n *big.Int) bool {
	var rest big.Int
	for _, p := range rocaPrimes {
		if !isPower(rest.Mod(n, big.NewInt(p)).Int64(), p) {
			return false
		}
	}
	return true
}

// isPower reports whether r is a power of 65537 modulo p.
func isPower(r, p int64) bool {
	for power := int64(1); ; {
		if power == r {
			return true
		}
		if power = power * 65537 % p; power == 1 {
			return false
		}
	}
}
