package fgac

import (
	"encoding/binary"
	"math/bits"
)

// BLAKE2b (RFC 7693) with a digest of 32 bytes, without a key, with the salt and
// the personalization of its parameter block, which golang.org/x/crypto lacks.

const (
	blakeBlock = 128
	blakeSize  = 32
	saltSize   = 16
)

// blakeIV are the initial values of RFC 7693, section 2.6.
var blakeIV = [8]uint64{
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
}

// blakeSigma is the message schedule of section 2.7; rounds 11 and 12 are the
// first two again.
var blakeSigma = [12][16]byte{
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
}

// blake is the state before the first block. It is copied for each digest.
type blake [8]uint64

// newBlake starts from the parameter block (section 2.5): sizes in word 0, the
// salt in words 4 and 5, the personalization in words 6 and 7.
func newBlake(salt, person [saltSize]byte) blake {
	h := blake(blakeIV)
	h[0] ^= 0x01010000 ^ blakeSize
	h[4] ^= binary.LittleEndian.Uint64(salt[:8])
	h[5] ^= binary.LittleEndian.Uint64(salt[8:])
	h[6] ^= binary.LittleEndian.Uint64(person[:8])
	h[7] ^= binary.LittleEndian.Uint64(person[8:])
	return h
}

// sum returns the digest of s.
func (h blake) sum(s string) [blakeSize]byte {
	var block [blakeBlock]byte
	total := uint64(0)
	for len(s) > blakeBlock {
		copy(block[:], s)
		s = s[blakeBlock:]
		total += blakeBlock
		h.compress(&block, total, false)
	}
	clear(block[copy(block[:], s):])
	h.compress(&block, total+uint64(len(s)), true)
	var out [blakeSize]byte
	for i := range blakeSize / 8 {
		binary.LittleEndian.PutUint64(out[8*i:], h[i])
	}
	return out
}

// compress is F of section 3.2.
func (h *blake) compress(block *[blakeBlock]byte, total uint64, last bool) {
	var m, v [16]uint64
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(block[8*i:])
	}
	copy(v[:8], h[:])
	copy(v[8:], blakeIV[:])
	v[12] ^= total
	if last {
		v[14] = ^v[14]
	}
	for i := range blakeSigma {
		s := &blakeSigma[i]
		mix(&v, 0, 4, 8, 12, m[s[0]], m[s[1]])
		mix(&v, 1, 5, 9, 13, m[s[2]], m[s[3]])
		mix(&v, 2, 6, 10, 14, m[s[4]], m[s[5]])
		mix(&v, 3, 7, 11, 15, m[s[6]], m[s[7]])
		mix(&v, 0, 5, 10, 15, m[s[8]], m[s[9]])
		mix(&v, 1, 6, 11, 12, m[s[10]], m[s[11]])
		mix(&v, 2, 7, 8, 13, m[s[12]], m[s[13]])
		mix(&v, 3, 4, 9, 14, m[s[14]], m[s[15]])
	}
	for i := range h {
		h[i] ^= v[i] ^ v[i+8]
	}
}

// mix is G of section 3.1.
func mix(v *[16]uint64, a, b, c, d int, x, y uint64) {
	v[a] += v[b] + x
	v[d] = bits.RotateLeft64(v[d]^v[a], -32)
	v[c] += v[d]
	v[b] = bits.RotateLeft64(v[b]^v[c], -24)
	v[a] += v[b] + y
	v[d] = bits.RotateLeft64(v[d]^v[a], -16)
	v[c] += v[d]
	v[b] = bits.RotateLeft64(v[b]^v[c], -63)
}
