package acl

import (
	"encoding/binary"
	"math/bits"
)

// inverted is the index from names to ACLs: for each token the ACLs that allow
// it and those that deny it. It is never changed; extend returns a longer one.
// A View that has many decisions to make ORs the lists of its caller's tokens
// into a bitmap over all ACLs.
type inverted struct {
	mark  uint32 // the number of ACLs in the lists: those below it
	bytes int    // of records.data that they take
	lists []list // by token<<1, and token<<1|1 for DENY
	data  []byte
}

// list is the ACLs of one token. It ends where the next begins.
type list struct {
	start uint64 // in inverted.data
	n     uint32 // ACLs
	last  uint32 // the greatest of them
}

// A list has one of three forms, the smallest or nearly so, each of which takes
// about a nanosecond for an ACL or less to read:
//   - dense: a bitmap, up to five times as large as the gaps would be, but four
//     times as fast, where names occur in one of 40 ACLs or more,
//   - narrow: gaps of one byte; manyGap adds manyGap-1 to the one that follows,
//   - wide: gaps of two bytes; wideGap says that four follow.
type form uint8

const (
	dense form = iota
	narrow
	wide

	manyGap = 1<<8 - 1
	wideGap = 1<<16 - 1
)

// formOf returns the form of a list of n ACLs among those below mark.
func formOf(n, mark uint32) form {
	switch {
	case uint64(n)*40 >= uint64(mark):
		return dense
	case uint64(n)*128 >= uint64(mark):
		return narrow
	}
	return wide
}

// size returns how many ACLs are in a list.
func (x *inverted) size(l uint32) int {
	if uint64(l)+1 >= uint64(len(x.lists)) {
		return 0
	}
	return int(x.lists[l].n)
}

// get returns the form of a list and its data.
func (x *inverted) get(l uint32) (form, []byte) {
	if x.size(l) == 0 {
		return dense, nil
	}
	return formOf(x.lists[l].n, x.mark), x.data[x.lists[l].start:x.lists[l+1].start]
}

// or adds the ACLs of a list to a bitmap.
func (x *inverted) or(set []uint64, l uint32) {
	f, data := x.get(l)
	id := uint32(0)
	switch f {
	case dense:
		orWords(set, data)
	case narrow:
		for _, gap := range data {
			if gap == manyGap {
				id += manyGap - 1
				continue
			}
			id += uint32(gap)
			set[id/64] |= 1 << (id % 64)
		}
	case wide:
		for len(data) >= 2 {
			gap := uint32(binary.LittleEndian.Uint16(data))
			data = data[2:]
			if gap == wideGap {
				gap = binary.LittleEndian.Uint32(data)
				data = data[4:]
			}
			id += gap
			set[id/64] |= 1 << (id % 64)
		}
	}
}

// orWords adds the words of a dense list, four in a step, which is twice as fast.
func orWords(set []uint64, data []byte) {
	for ; len(data) >= 32; set, data = set[4:], data[32:] {
		s, d := set[:4], data[:32]
		s[0] |= binary.LittleEndian.Uint64(d)
		s[1] |= binary.LittleEndian.Uint64(d[8:])
		s[2] |= binary.LittleEndian.Uint64(d[16:])
		s[3] |= binary.LittleEndian.Uint64(d[24:])
	}
	for ; len(data) > 0; set, data = set[1:], data[8:] {
		set[0] |= binary.LittleEndian.Uint64(data)
	}
}

// acls appends the ACLs of a list to s.
func (x *inverted) acls(s []uint32, l uint32, set []uint64) []uint32 {
	x.or(set, l)
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			s = append(s, uint32(i*64+bits.TrailingZeros64(word)))
		}
		set[i] = 0
	}
	return s
}

// appendList appends the ACLs that come after the ACL last, and returns the
// greatest. base is where the list began.
func appendList(data []byte, base int, f form, last uint32, acls []uint32) ([]byte, uint32) {
	for _, id := range acls {
		gap := id - last
		switch {
		case f == dense:
			for base+int(id/64*8) >= len(data) {
				data = append(data, 0, 0, 0, 0, 0, 0, 0, 0)
			}
			data[base+int(id/8)] |= 1 << (id % 8)
		case f == narrow:
			for ; gap >= manyGap; gap -= manyGap - 1 {
				data = append(data, manyGap)
			}
			data = append(data, byte(gap))
		case gap >= wideGap:
			data = binary.LittleEndian.AppendUint16(data, wideGap)
			data = binary.LittleEndian.AppendUint32(data, gap)
		default:
			data = binary.LittleEndian.AppendUint16(data, uint16(gap))
		}
		last = id
	}
	return data, last
}
