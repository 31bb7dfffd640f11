package acl

import (
	"encoding/binary"
	"errors"
)

// records is a list of byte strings in one piece of memory: four bytes for each
// beside its own, and nothing for a garbage collector to follow. It only grows, so
// that a reader's copy stays valid while a writer appends.
type records struct {
	data   []byte
	starts []uint32 // where each record starts in data, and where the next one will
	// growth is the share that both grow by when they are full, one over it: 1 is
	// doubling, which takes 0.2 s less for a million ACLs in bulk. What is not clipped
	// then grows by a sixteenth: copying is cheap, memory is not.
	growth int
}

const slowGrowth = 16

var errFull = errors.New("acl: the index is full, want a new Index with fewer documents or names")

func newRecords() records { return records{starts: make([]uint32, 1), growth: slowGrowth} }

func (r *records) len() uint32 { return uint32(len(r.starts) - 1) }

func (r *records) get(i uint32) []byte { return r.data[r.starts[i]:r.starts[i+1]] }

// touch reads a byte of each of several records, so that the memory of all is under
// way when the first one is read.
//
//go:noinline
func (r *records) touch(ids []uint32) (touched byte) {
	for _, id := range ids {
		if start := r.starts[id]; start < uint32(len(r.data)) {
			touched |= r.data[start]
		}
	}
	return touched
}

// start returns where a record starts in data, or would if i is r.len().
func (r *records) start(i uint32) int { return int(r.starts[i]) }

// add appends a record unless all of them would take more than limit bytes.
func (r *records) add(record []byte, limit uint32) error {
	end := uint64(len(r.data)) + uint64(len(record))
	if end > uint64(limit) || r.len() == 1<<32-2 {
		return errFull
	}
	r.data = append(grown(r.data, len(record), r.growth), record...)
	r.starts = append(grown(r.starts, 1, r.growth), uint32(end))
	return nil
}

// clip gives unused memory back, and lets little be unused from now on.
func (r *records) clip() { r.data, r.starts, r.growth = clip(r.data), clip(r.starts), slowGrowth }

func clip[T any](s []T) []T { return append(make([]T, 0, len(s)), s...) }

// grown returns s with room for n more elements. A long slice grows by one over
// growth, where append would take a quarter.
func grown[T any](s []T, n, growth int) []T {
	if len(s)+n <= cap(s) || cap(s) < 1<<12 {
		return s
	}
	return append(make([]T, 0, len(s)+n+len(s)/growth), s...)
}

// appendUvarint appends x as encoding/binary does, seven bits a byte.
func appendUvarint(b []byte, x uint32) []byte { return binary.AppendUvarint(b, uint64(x)) }

// uvarint reads a number of b and returns it and what follows.
func uvarint(b []byte) (x uint32, rest []byte) {
	v, n := binary.Uvarint(b)
	return uint32(v), b[n:]
}
