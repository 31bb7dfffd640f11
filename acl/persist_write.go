package acl

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// A saved index is, with all numbers little endian:
//
//	magic and version, Rules.Hash
//	1 when documents have no ids, else 0 (1 byte); the next ordinal (8)
//	names, ACLs and ids, each as: how many (4), where each ends (4 each), bytes;
//	  the ordinals of ids (4 each)
//	how many pages of documents follow (4), each its index and its numbers (4 each)
//	lists: ACLs in them (4), how many (4), bytes (8), each its size, last and
//	  bytes (4 each), bytes
//	CRC-32C of all that (4)
//
// It holds what is in memory, but for what is faster made anew.
const (
	fileMagic = "tokenacl index 2"
	hashSize  = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// WriteTo saves the Index as it is at this moment, to be loaded by [Index.ReadFrom];
// it may change meanwhile. The file holds the names of users and groups and the
// ids of documents: keep it as you keep the ACLs.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	s := x.load()
	out := &fileWriter{w: w}
	out.write([]byte(fileMagic))
	out.write([]byte(s.rules.Hash()))
	mode := byte(0)
	if s.byOrdinal {
		mode = 1
	}
	out.write([]byte{mode})
	out.u64(s.end)
	out.records(&s.names.records)
	out.records(&s.acls)
	out.records(&s.ids.records)
	out.u32s(s.ids.ordinals)
	out.documents(s.docs)
	out.lists(s.lists)
	out.u32s([]uint32{out.sum})
	return out.n, out.err
}

// fileWriter counts, sums and stops at the first error.
type fileWriter struct {
	w   io.Writer
	n   int64
	sum uint32
	err error
	buf []byte
}

func (f *fileWriter) write(b []byte) {
	if f.err != nil {
		return
	}
	f.sum = crc32.Update(f.sum, castagnoli, b)
	n, err := f.w.Write(b)
	f.n += int64(n)
	f.err = err
}

func (f *fileWriter) u64(x uint64) { f.write(binary.LittleEndian.AppendUint64(nil, x)) }

func (f *fileWriter) u32s(s []uint32) {
	const batch = 1 << 14
	for len(s) > 0 {
		f.buf = f.buf[:0]
		for _, x := range s[:min(batch, len(s))] {
			f.buf = binary.LittleEndian.AppendUint32(f.buf, x)
		}
		f.write(f.buf)
		s = s[min(batch, len(s)):]
	}
}

func (f *fileWriter) records(r *records) {
	f.u32s([]uint32{r.len()})
	f.u32s(r.starts[1:])
	f.write(r.data)
}

func (f *fileWriter) documents(p pages) {
	n := uint32(0)
	for range p.known() {
		n++
	}
	f.u32s([]uint32{n})
	var numbers [1 + pageLen]uint32
	for i, pg := range p.known() {
		numbers[0] = i
		pg.unpack((*[pageLen]uint32)(numbers[1:]))
		f.u32s(numbers[:])
	}
}

func (f *fileWriter) lists(x *inverted) {
	n := max(len(x.lists), 1) - 1
	f.u32s([]uint32{x.mark, uint32(n)})
	f.u64(uint64(len(x.data)))
	for i := range n {
		l := x.lists[i]
		f.u32s([]uint32{l.n, l.last, uint32(x.lists[i+1].start - l.start)})
	}
	f.write(x.data)
}
