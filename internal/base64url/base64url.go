// Package base64url reads base64url without padding (RFC 4648, section 5) in its
// canonical form alone: nothing but letters of the alphabet, and unused bits that
// are zero (section 3.5). Then equal octets are equal texts.
//
// It is for tokens, which each request brings. encoding/base64 takes longer, and
// accepts line breaks.
package base64url

import (
	"encoding/binary"
	"strings"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// invalid marks what is no letter, among the sextets of four letters.
const invalid = 1 << 31

// sextets has what a letter stands for, shifted to where the first to fourth of
// four letters has it: four bytes are then three ORs away.
var sextets = func() (at [4][256]uint32) {
	for place := range at {
		for i := range at[place] {
			at[place][i] = invalid
		}
		for i, letter := range []byte(alphabet) {
			at[place][letter] = uint32(i) << (18 - 6*place)
		}
	}
	return at
}()

// strangers has 1 for what is no letter.
var strangers = func() (is [256]byte) {
	for i := range is {
		is[i] = 1
	}
	for _, letter := range []byte(alphabet) {
		is[letter] = 0
	}
	return is
}()

// DecodedLen returns how many octets n letters stand for.
func DecodedLen(n int) int { return n * 6 / 8 }

// Valid reports whether s is the encoding of some octets.
func Valid(s string) bool {
	var any byte
	i := 0
	for ; i <= len(s)-16; i += 16 { // the length is looked at once for 16
		w := s[i : i+16]
		any |= strangers[w[0]] | strangers[w[1]] | strangers[w[2]] | strangers[w[3]] |
			strangers[w[4]] | strangers[w[5]] | strangers[w[6]] | strangers[w[7]] |
			strangers[w[8]] | strangers[w[9]] | strangers[w[10]] | strangers[w[11]] |
			strangers[w[12]] | strangers[w[13]] | strangers[w[14]] | strangers[w[15]]
	}
	for ; i < len(s); i++ {
		any |= strangers[s[i]]
	}
	_, _, ok := last(s[len(s)&^3:])
	return any == 0 && ok
}

// chunk is how many letters are decoded at once on their way into a string.
const chunk = 1024

// Slack is how many bytes behind the octets a reader may write.
const Slack = 2

// Decode returns the octets, false when s is not the encoding of any. It allocates
// the string and nothing else.
func Decode(s string) (string, bool) {
	var buf [chunk/4*3 + Slack]byte
	var b strings.Builder
	b.Grow(DecodedLen(len(s)))
	for len(s) > chunk {
		n, ok := decode(buf[:], s[:chunk])
		if !ok {
			return "", false
		}
		b.Write(buf[:n])
		s = s[chunk:]
	}
	n, ok := decode(buf[:], s)
	if !ok {
		return "", false
	}
	b.Write(buf[:n])
	return b.String(), true
}

// DecodeInto writes the octets to the start of dst and returns them, false when s
// is not the encoding of any or dst does not have [DecodedLen] and [Slack] bytes.
func DecodeInto(dst []byte, s string) ([]byte, bool) {
	if len(dst) < DecodedLen(len(s))+Slack {
		return nil, false
	}
	n, ok := decode(dst, s)
	return dst[:n], ok
}

// decode writes to dst, which has room for the octets and Slack bytes.
func decode(dst []byte, s string) (n int, ok bool) {
	var all uint32
	i := 0
	for ; i <= len(s)-8; i += 8 {
		w := s[i : i+8]
		a := sextets[0][w[0]] | sextets[1][w[1]] | sextets[2][w[2]] | sextets[3][w[3]]
		b := sextets[0][w[4]] | sextets[1][w[5]] | sextets[2][w[6]] | sextets[3][w[7]]
		all |= a | b
		binary.BigEndian.PutUint64(dst[n:], uint64(a)<<40|uint64(b)<<16)
		n += 6
	}
	if i <= len(s)-4 {
		a := sextets[0][s[i]] | sextets[1][s[i+1]] | sextets[2][s[i+2]] | sextets[3][s[i+3]]
		all |= a
		dst[n], dst[n+1], dst[n+2] = byte(a>>16), byte(a>>8), byte(a)
		n, i = n+3, i+4
	}
	octets, more, ok := last(s[i:])
	dst[n], dst[n+1] = byte(octets>>16), byte(octets>>8)
	return n + more, ok && all < invalid
}

// last reads the up to three letters behind whole groups of four.
func last(s string) (octets uint32, n int, ok bool) {
	switch len(s) {
	case 1:
		return 0, 0, false
	case 2:
		octets = sextets[0][s[0]] | sextets[1][s[1]]
		return octets, 1, octets&(invalid|0xffff) == 0
	case 3:
		octets = sextets[0][s[0]] | sextets[1][s[1]] | sextets[2][s[2]]
		return octets, 2, octets&(invalid|0xff) == 0
	}
	return 0, 0, true
}
