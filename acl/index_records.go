package acl

import (
	"encoding/binary"
	"errors"
)

// records is a list of byte strings in one piece of memory: five bytes for four
// of them beside their own, and nothing for a garbage collector to follow. It
// only grows, so that a reader's copy stays valid while a writer appends.
type records struct {
	data   []byte
	starts []uint32 // where a block of records starts in data
	sizes  []byte   // of each record, or longRecord
	block  int      // log2 of the records in a block: memory against time
}

const (
	smallBlock = 0   // for names: finding one is twice as fast
	largeBlock = 4   // for ACLs and ids: saves three bytes for each
	longRecord = 255 // the size is in data, four bytes before the record
)

var errFull = errors.New("acl: the index is full, want a new Index with fewer documents or names")

func (r *records) len() uint32 { return uint32(len(r.sizes)) }

func (r *records) get(i uint32) []byte {
	start := r.start(i)
	if size := r.sizes[i]; size != longRecord {
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
	if i == r.len() {
		return len(r.data)
	}
	start := int(r.starts[i>>r.block])
	for _, size := range r.sizes[i>>r.block<<r.block : i] {
		if size == longRecord {
			start += 4 + r.long(start)
			continue
		}
		start += int(size)
	}
	return start
}

func (r *records) long(start int) int { return int(binary.LittleEndian.Uint32(r.data[start:])) }

// add appends a record unless all of them would take more than limit bytes.
func (r *records) add(record []byte, limit uint32) error {
	if uint64(len(r.data))+uint64(len(record))+4 > uint64(limit) {
		return errFull
	}
	if len(r.sizes)&(1<<r.block-1) == 0 {
		r.starts = append(grown(r.starts, 1), uint32(len(r.data)))
	}
	size := min(len(record), longRecord)
	if size == longRecord {
		r.data = binary.LittleEndian.AppendUint32(grown(r.data, 4), uint32(len(record)))
	}
	r.data = append(grown(r.data, len(record)), record...)
	r.sizes = append(grown(r.sizes, 1), byte(size))
	return nil
}

// clip gives unused memory back.
func (r *records) clip() {
	r.data, r.starts, r.sizes = clip(r.data), clip(r.starts), clip(r.sizes)
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
