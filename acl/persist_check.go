package acl

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
)

// What follows reads the parts of a saved index. It accepts what a writer can have
// made, so that nothing read can break an invariant that other code relies on.

func (w *writer) readHead(in *fileReader) {
	head := in.read(uint64(len(fileMagic)))
	if in.err == errDamaged || in.err == nil && string(head) != fileMagic {
		in.err = errNoFile
		return
	}
	if hash := in.read(hashSize); in.err == nil && string(hash) != w.rules.Hash() {
		in.err = errRules
		return
	}
	if mode := in.read(1); in.err == nil {
		w.byOrdinal = mode[0] == 1
		in.check(mode[0] <= 1)
	}
	w.end = in.u64()
	in.check(w.end <= math.MaxUint32+1)
}

// readNames enters the names once more, in their order: each must be new, get the
// token that it had, and be spelled as then.
func (w *writer) readNames(in *fileReader) {
	r := in.records(smallBlock, w.tune.limit)
	if !in.check(r.len() >= firstToken) {
		return
	}
	names := w.encoder.names
	for t := range r.len() {
		if t < firstToken {
			in.check(len(r.get(t)) == 0)
			continue
		}
		kind, source, name, ok := checkName(r.get(t))
		if !in.check(ok && w.rules.fold(name) == name) {
			return
		}
		got, err := names.intern(kind, source, name)
		if !in.check(err == nil && got == t && bytes.Equal(names.get(t), r.get(t))) {
			return
		}
	}
	names.clip()
	w.names = names.names
}

func checkName(record []byte) (kind byte, source, name string, ok bool) {
	if len(record) < 2 {
		return 0, "", "", false
	}
	switch record[0] {
	case kindUser, kindGroup, kindWildUser, kindWildGroup:
	case kindSourceUser, kindSourceGroup:
		length, n := binary.Uvarint(record[1:])
		if n <= 0 || length == 0 || length >= uint64(len(record)-1-n) {
			return 0, "", "", false
		}
	default:
		return 0, "", "", false
	}
	k, s, tail := splitName(record)
	return k, string(s), string(tail), true
}

func (w *writer) readACLs(in *fileReader) {
	r := in.records(largeBlock, w.tune.limit)
	if !in.check(r.len() >= firstACL) {
		return
	}
	classes := make([]byte, w.names.len())
	for t := range classes {
		classes[t] = noName
		if t >= firstToken {
			classes[t] = classOf(w.names.get(uint32(t))[0])
		}
	}
	for acl := range r.len() {
		record := r.get(acl)
		if acl < firstACL && !in.check(len(record) == 0) || acl >= firstACL && !in.check(checkRecord(record, classes)) {
			return
		}
	}
	w.acls = r
}

// Classes of tokens in a record.
const (
	groupName = 1 << iota
	noName    // reserved, or of a wild kind: in no record
)

func classOf(kind byte) byte {
	switch kind {
	case kindUser, kindSourceUser:
		return 0
	case kindGroup, kindSourceGroup:
		return groupName
	}
	return noName
}

// checkRecord reports whether an encoder can have made the record of an ACL.
func checkRecord(record, classes []byte) bool {
	c := recordChecker{rest: record, classes: classes}
	head := c.byte()
	if head&hasLevels == 0 {
		c.level(head)
		return c.done()
	}
	levels := c.number()
	if levels < 2 {
		return false
	}
	groupDeny := byte(0)
	for ; levels > 0 && !c.bad; levels-- {
		h := c.byte()
		groupDeny |= h & hasGroupDeny
		c.level(h)
	}
	return c.done() && head == hasLevels|groupDeny
}

// recordChecker reads a record of which nothing is known.
type recordChecker struct {
	rest, classes []byte // classes are by token
	bad           bool
}

func (c *recordChecker) done() bool { return !c.bad && len(c.rest) == 0 }

func (c *recordChecker) byte() byte {
	if len(c.rest) == 0 {
		c.bad = true
		return 0
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b
}

func (c *recordChecker) number() uint32 {
	if len(c.rest) > 0 && c.rest[0] < 0x80 { // as nearly always
		b := c.rest[0]
		c.rest = c.rest[1:]
		return uint32(b)
	}
	x, n := binary.Uvarint(c.rest)
	if n <= 0 || x > math.MaxUint32 {
		c.bad = true
		return 0
	}
	c.rest = c.rest[n:]
	return uint32(x)
}

// level reads one level after its header.
func (c *recordChecker) level(header byte) {
	allow, deny := uint64(header>>allowShift), uint64(0)
	if allow == manyAllow {
		allow += uint64(c.number())
	}
	if header&hasDeny != 0 {
		deny = uint64(c.number())
	}
	groups := c.tokens(deny)
	c.tokens(allow)
	if allow+deny == 0 || (deny > 0) != (header&hasDeny != 0) || groups != (header&hasGroupDeny != 0) || header&hasLevels != 0 {
		c.bad = true
	}
}

// tokens reads n tokens and reports whether one of them is a group's. Numbers of one
// or two bytes are read here, and classes are gathered without a branch: that
// saves a fifth of loading.
func (c *recordChecker) tokens(n uint64) (groups bool) {
	t, rest, met := uint64(0), c.rest, byte(0)
	for ; n > 0; n-- {
		var gap uint64
		switch {
		case len(rest) > 0 && rest[0] < 0x80:
			gap, rest = uint64(rest[0]), rest[1:]
		case len(rest) > 1 && rest[1] < 0x80:
			gap, rest = uint64(rest[0]&0x7f)|uint64(rest[1])<<7, rest[2:]
		default:
			c.rest = rest
			gap = uint64(c.number())
			rest = c.rest
		}
		t += gap
		if gap == 0 || t >= uint64(len(c.classes)) { // so is the 0 of a number that is none
			c.bad = true
			return false
		}
		met |= c.classes[t]
	}
	c.rest = rest
	c.bad = c.bad || met&noName != 0
	return met&groupName != 0
}

func (w *writer) readIDs(in *fileReader) {
	r := in.records(largeBlock, w.tune.limit)
	ordinals := in.u32s(uint64(r.len()))
	if in.err != nil || !in.check(!w.byOrdinal || r.len() == 0) {
		return
	}
	w.ids.records, w.ids.ordinals = r, ordinals
	w.idTable.resize(len(ordinals), r.len(), func(func(uint32, uint64) bool) {})
	next := uint64(0)
	for i, ordinal := range ordinals {
		id := r.get(uint32(i))
		h := maphash.Bytes(w.seed, id)
		_, twice := w.idTable.find(h, func(j uint32) bool { return bytes.Equal(r.get(j), id) })
		if !in.check(len(id) > 0 && !twice && uint64(ordinal) >= next && uint64(ordinal) < w.end) {
			return
		}
		next = uint64(ordinal) + 1
		w.idTable.place(uint32(i), h)
	}
	w.ids.slots = w.idTable.slots
}

func (w *writer) readDocuments(in *fileReader) {
	w.bulk = true
	defer w.pack()
	next := uint64(0)
	for range in.u32() {
		numbers := in.u32s(1 + pageLen)
		if in.err != nil || !in.check(uint64(numbers[0]) >= next && numbers[0] < 1<<(32-pageBits)) {
			return
		}
		next = uint64(numbers[0]) + 1
		for i, acl := range numbers[1:] {
			ordinal := numbers[0]*pageLen + uint32(i)
			if acl == aclUnknown {
				continue
			}
			_, hasID := w.ids.at(ordinal)
			if !in.check(acl < w.acls.len() && uint64(ordinal) < w.end && hasID != w.byOrdinal) {
				return
			}
			w.set(ordinal, acl)
		}
	}
}

func (w *writer) readLists(in *fileReader) {
	x := &inverted{mark: in.u32()}
	n, size := in.u32(), in.u64()
	if !in.check(x.mark <= w.acls.len() && uint64(n) <= 2*uint64(w.names.len())) {
		return
	}
	heads := in.u32s(3 * uint64(n))
	x.data = in.read(size)
	if in.err != nil {
		return
	}
	start := uint64(0)
	for ; len(heads) > 0; heads = heads[3:] {
		l := list{start, heads[0], heads[1]}
		start += uint64(heads[2])
		if !in.check(start <= size && checkList(l, x.data[l.start:start], x.mark)) {
			return
		}
		x.lists = append(x.lists, l)
	}
	x.lists = append(x.lists, list{start: start})
	x.bytes = w.acls.start(x.mark)
	if in.check(start == size) {
		w.lists = x
	}
}

// checkList reports whether data is a list of l.n ACLs below mark, of which l.last
// is the greatest.
func checkList(l list, data []byte, mark uint32) bool {
	n, id := uint32(0), uint64(0)
	switch formOf(l.n, mark) {
	case dense:
		if len(data)%8 != 0 {
			return false
		}
		for i, b := range data {
			if b != 0 {
				n += uint32(bits.OnesCount8(b))
				id = uint64(i*8 + bits.Len8(b) - 1)
			}
		}
		if n > 0 && id/64 != uint64(len(data)/8-1) {
			return false
		}
	case narrow:
		for _, gap := range data {
			if gap == manyGap {
				id += manyGap - 1
				continue
			}
			if gap == 0 {
				return false
			}
			id += uint64(gap)
			n++
		}
	case wide:
		for len(data) > 0 {
			if len(data) < 2 {
				return false
			}
			gap := uint32(binary.LittleEndian.Uint16(data))
			data = data[2:]
			if gap == wideGap {
				if len(data) < 4 {
					return false
				}
				gap = binary.LittleEndian.Uint32(data)
				data = data[4:]
			}
			if gap == 0 {
				return false
			}
			id += uint64(gap)
			n++
		}
	}
	return n == l.n && id == uint64(l.last) && (n == 0 && len(data) == 0 || id < uint64(mark))
}

func readSum(in *fileReader) {
	want := in.sum
	in.check(in.u32() == want)
}
