package acl

import (
	"encoding/binary"
	"errors"
)

// records is a list of byte strings in one piece of memory: five bytes for four
// of them beside their own, and nothing for a garbage collector to follow. It
// only grows, so that a reader's copy stays valid while a writer appends.
//
// Where a record is stands in the head of its block: where the block starts in
// data (4 bytes), then the size of each record, or longRecord. The two are side by
// side because a record that is looked for is hardly ever in a cache: one wait for
// memory less of three.
type records struct {
	data  []byte
	heads []byte
	open  [4 + 1<<largeBlock]byte // the head of a block that is not full, which is not in heads
	n     uint32
	block int // log2 of the records in a block: memory against time
}

const (
	smallBlock = 0   // for names: finding one is twice as fast
	largeBlock = 4   // for ACLs and ids: saves three bytes for each
	longRecord = 255 // the size is in data, four bytes before the record
)

var errFull = errors.New("acl: the index is full, want a new Index with fewer documents or names")

func (r *records) len() uint32 { return r.n }

// head returns the head of the block of record i.
func (r *records) head(i uint32) []byte {
	size := 4 + 1<<r.block
	at := int(i>>r.block) * size
	if at == len(r.heads) {
		return r.open[:size]
	}
	return r.heads[at : at+size]
}

func (r *records) get(i uint32) []byte {
	head, at := r.head(i), int(i&(1<<r.block-1))
	start := r.startIn(head, at)
	if size := head[4+at]; size != longRecord {
		return r.data[start : start+int(size)]
	}
	return r.data[start+4 : start+4+r.long(start)]
}

// getAll gets several records and a byte of each, so that the memory of all is under
// way when the first one is read.
//
//go:noinline
func (r *records) getAll(ids []uint32, got *[together][]byte) (touched byte) {
	for i, id := range ids {
		got[i] = r.get(id)
	}
	for _, record := range got[:len(ids)] {
		if len(record) > 0 {
			touched |= record[0]
		}
	}
	return touched
}

// start returns where a record starts in data, or would if i is r.len().
func (r *records) start(i uint32) int {
	if i == r.n {
		return len(r.data)
	}
	return r.startIn(r.head(i), int(i&(1<<r.block-1)))
}

// startIn returns where the record at a position of the block with a head starts.
// It adds the sizes before it eight at a time: twice as fast as one by one.
func (r *records) startIn(head []byte, at int) int {
	start := int(binary.LittleEndian.Uint32(head))
	if len(head) < 4+1<<largeBlock {
		return start
	}
	n := min(at, 8)
	a := binary.LittleEndian.Uint64(head[4:]) << (64 - 8*n)
	b := binary.LittleEndian.Uint64(head[12:]) << (64 - 8*(at-n))
	if hasLong(a) || hasLong(b) {
		return r.startLong(start, head[4:4+at])
	}
	return start + sumBytes(a) + sumBytes(b)
}

func (r *records) startLong(start int, sizes []byte) int {
	for _, size := range sizes {
		if size == longRecord {
			start += 4 + r.long(start)
			continue
		}
		start += int(size)
	}
	return start
}

// hasLong reports whether a byte of x is longRecord.
func hasLong(x uint64) bool {
	const ones = 0x0101010101010101
	return (^x-ones)&x&(ones<<7) != 0
}

func sumBytes(x uint64) int {
	const even = 0x00ff00ff00ff00ff
	return int((x&even + x>>8&even) * 0x0001000100010001 >> 48)
}

func (r *records) long(start int) int { return int(binary.LittleEndian.Uint32(r.data[start:])) }

// add appends a record unless all of them would take more than limit bytes.
func (r *records) add(record []byte, limit uint32) error {
	if uint64(len(r.data))+uint64(len(record))+4 > uint64(limit) {
		return errFull
	}
	start := len(r.data)
	if len(record) >= longRecord {
		r.data = binary.LittleEndian.AppendUint32(grown(r.data, 4), uint32(len(record)))
	}
	r.data = append(grown(r.data, len(record)), record...)
	r.enter(start, byte(min(len(record), longRecord)))
	return nil
}

// enter notes where the next record starts, and its size.
func (r *records) enter(start int, size byte) {
	at := int(r.n & (1<<r.block - 1))
	if at == 0 {
		binary.LittleEndian.PutUint32(r.open[:], uint32(start))
	}
	r.open[4+at] = size
	r.n++
	if at == 1<<r.block-1 {
		r.heads = append(grown(r.heads, 4+1<<r.block), r.open[:4+1<<r.block]...)
	}
}

// sizes yields the sizes of all records, or longRecord, a block at a time.
func (r *records) sizes(yield func([]byte) bool) {
	for i := uint32(0); i < r.n; i += 1 << r.block {
		if !yield(r.head(i)[4:][:min(1<<r.block, r.n-i)]) {
			return
		}
	}
}

// clip gives unused memory back.
func (r *records) clip() {
	r.data, r.heads = clip(r.data), clip(r.heads)
}

func clip[T any](s []T) []T { return append(make([]T, 0, len(s)), s...) }

// grown returns s with room for n more elements. A long slice grows by a
// sixteenth where append would take a quarter: copying is cheap, memory is not.
func grown[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) || cap(s) < 1<<12 {
		return s
	}
	return append(make([]T, 0, len(s)+n+len(s)/16), s...)
}

// appendUvarint appends x as encoding/binary does, seven bits a byte.
func appendUvarint(b []byte, x uint32) []byte { return binary.AppendUvarint(b, uint64(x)) }

// uvarint reads a number of b at i and returns where the next begins. The split
// lets the compiler inline the case of one byte, which is the usual one.
func uvarint(b []byte, i int) (x uint32, next int) {
	if b[i] < 0x80 {
		return uint32(b[i]), i + 1
	}
	return uvarintLong(b, i)
}

func uvarintLong(b []byte, i int) (x uint32, next int) {
	for shift := 0; ; shift += 7 {
		x |= uint32(b[i]&0x7f) << shift
		i++
		if b[i-1] < 0x80 {
			return x, i
		}
	}
}
