package acl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ReadFrom loads what [Index.WriteTo] has saved under the same Rules, in place of
// what the Index held: all at once for those who read. Ordinals are then those of
// the file; forget others. A file that is damaged, of another version or made under
// other Rules is refused as a whole, and the Index stays as it was. Reading a file
// takes time and memory in proportion to its length, whatever it claims; no byte
// after it is read.
//
// The checksum finds accidents, not forgery: who can write the file can admit
// whom they like.
func (x *Index) ReadFrom(r io.Reader) (int64, error) {
	x.lock()
	w := newWriter(x.w.rules, x.w.tune)
	x.mu.Unlock()
	in := &fileReader{r: r}
	for _, part := range []func(*fileReader){
		w.readHead, w.readNames, w.readACLs, w.readIDs, w.readDocuments, w.readLists, readSum,
	} {
		if part(in); in.err != nil {
			return in.n, fmt.Errorf("acl: saved index: %w", in.err)
		}
	}
	x.lock()
	x.w = w
	x.publish()
	return in.n, nil
}

var (
	errNoFile  = errors.New("not a saved index, or one of another version")
	errRules   = errors.New("made under other Rules, want those it was saved under, or a new Index")
	errDamaged = errors.New("damaged, want another copy or a new Index")
)

// fileReader sums and stops at the first error.
type fileReader struct {
	r   io.Reader
	n   int64 // bytes read
	sum uint32
	err error
	buf []byte // of u32s
}

// check fails with errDamaged unless ok.
func (f *fileReader) check(ok bool) bool {
	if f.err == nil && !ok {
		f.err = errDamaged
	}
	return f.err == nil
}

// read reads n bytes, or returns nil.
func (f *fileReader) read(n uint64) []byte {
	var b []byte
	for uint64(len(b)) < n {
		have := len(b)
		b = withRoom(b, n)
		b = b[:cap(b)]
		if !f.fill(b[have:]) {
			return nil
		}
	}
	return b
}

// withRoom returns s with room for more, up to n elements in all. It takes memory as
// they come, not as n claims; growing fourfold copies little, and nothing is left over.
func withRoom[T any](s []T, n uint64) []T {
	return append(make([]T, 0, min(n, max(1<<18, 4*uint64(len(s))))), s...)
}

// fill reads as many bytes as b has.
func (f *fileReader) fill(b []byte) bool {
	n, err := io.ReadFull(f.r, b)
	f.n += int64(n)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		f.err = errDamaged
		return false
	case err != nil:
		f.err = err
		return false
	}
	f.sum = crc32.Update(f.sum, castagnoli, b)
	return true
}

func (f *fileReader) u64() uint64 {
	if b := f.read(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (f *fileReader) u32() uint32 {
	if b := f.read(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// u32s appends n numbers to s, or returns nil.
func (f *fileReader) u32s(s []uint32, n uint64) []uint32 {
	if f.buf == nil {
		f.buf = make([]byte, 1<<16)
	}
	for end := uint64(len(s)) + n; uint64(len(s)) < end; {
		if len(s) == cap(s) {
			s = withRoom(s, end)
		}
		b := f.buf[:4*min(uint64(len(f.buf)/4), uint64(cap(s)-len(s)), end-uint64(len(s)))]
		if !f.fill(b) {
			return nil
		}
		for ; len(b) >= 4; b = b[4:] {
			s = append(s, binary.LittleEndian.Uint32(b))
		}
	}
	return s
}

// records reads records of at most limit bytes.
func (f *fileReader) records(limit uint32) records {
	starts := f.u32s(make([]uint32, 1), uint64(f.u32()))
	end := uint32(0)
	for _, next := range starts {
		if !f.check(next >= end && next <= limit) {
			break
		}
		end = next
	}
	if f.err != nil {
		return newRecords()
	}
	return records{f.read(uint64(end)), starts, slowGrowth}
}
