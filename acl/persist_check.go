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
	r := in.records(w.tune.limit)
	if !in.check(r.len() >= firstToken) {
		return
	}
	names := w.encoder.names
	names.records.data = make([]byte, 0, len(r.data)) // what it needs, and no more
	names.table.resize(int(r.len()), r.len(), func(func(uint32, uint64) bool) {})
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
		length, rest, ok := checkNumber(record[1:])
		if !ok || length == 0 || uint64(length) >= uint64(len(rest)) {
			return 0, "", "", false
		}
	default:
		return 0, "", "", false
	}
	k, s, tail := splitName(record)
	return k, string(s), string(tail), true
}

func (w *writer) readACLs(in *fileReader) {
	r := in.records(w.tune.limit)
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
	if len(record) == 0 || record[0]&hasLevels == 0 {
		return checkLevel(record, classes)
	}
	n, groupDeny := 0, byte(0)
	for rest := record[1:]; len(rest) > 0; n++ {
		size, after, ok := checkNumber(rest)
		if !ok || uint64(size) > uint64(len(after)) {
			return false
		}
		level := after[:size]
		if !checkLevel(level, classes) {
			return false
		}
		groupDeny |= level[0] & hasGroupDeny
		rest = after[size:]
	}
	return n >= 2 && record[0] == hasLevels|groupDeny
}

// checkLevel reports the same of the record of one level.
func checkLevel(record, classes []byte) bool {
	if len(record) < 2 || record[0]&hasLevels != 0 {
		return false
	}
	head, rest, width := record[0], record[1:], uint64(record[0]>>widthShift&3)+1
	n := uint64(head >> denyShift)
	if n == manyDeny {
		more, after, ok := checkNumber(rest)
		if !ok {
			return false
		}
		n, rest = n+uint64(more), after
	}
	if size := uint64(len(rest)); size == 0 || size%width != 0 || n > size/width {
		return false
	}
	deny, allow := split(record)
	denied, lastDeny := checkTokens(deny, classes)
	allowed, lastAllow := checkTokens(allow, classes)
	return (denied|allowed)&noName == 0 && (denied&groupName != 0) == (head&hasGroupDeny != 0) &&
		widthOf(max(lastDeny, lastAllow)) == int(width)
}

// checkTokens returns the classes of tokens that are to ascend, together, and the
// last of them; noName if they do not.
func checkTokens(s tokens, classes []byte) (met byte, last uint32) {
	if s.width == 2 { // a loop of its own takes a third of the time
		for i := 1; i < len(s.data); i += 2 {
			t := uint32(s.data[i-1]) | uint32(s.data[i])<<8
			if t <= last || t >= uint32(len(classes)) {
				return noName, 0
			}
			met |= classes[t]
			last = t
		}
		return met, last
	}
	for i := 0; i < len(s.data); i += s.width {
		t := s.at(i)
		if t <= last || t >= uint32(len(classes)) {
			return noName, 0
		}
		met |= classes[t]
		last = t
	}
	return met, last
}

// checkNumber reads a number that appendUvarint can have written.
func checkNumber(b []byte) (x uint32, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || v > math.MaxUint32 || n > 1 && b[n-1] == 0 {
		return 0, nil, false
	}
	return uint32(v), b[n:], true
}

func (w *writer) readIDs(in *fileReader) {
	r := in.records(w.tune.limit)
	ordinals := in.u32s(nil, uint64(r.len()))
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
	uses := make([]uint32, w.acls.len())
	numbers := make([]uint32, 0, 1+pageLen)
	next := uint64(0)
	for range in.u32() {
		numbers = in.u32s(numbers[:0], 1+pageLen)
		if in.err != nil || !in.check(uint64(numbers[0]) >= next && numbers[0] < 1<<(32-pageBits)) {
			return
		}
		next = uint64(numbers[0]) + 1
		for i, acl := range numbers[1:] {
			if acl == aclUnknown {
				continue
			}
			ordinal := numbers[0]*pageLen + uint32(i)
			if !in.check(acl < w.acls.len() && uint64(ordinal) < w.end && w.mayExist(ordinal)) {
				return
			}
			uses[acl]++
			w.known++
		}
		w.docs.putPage(numbers[0], (*[pageLen]uint32)(numbers[1:]))
	}
	w.countUses(uses)
}

// mayExist reports whether there can be a document: with ids, if it has one.
func (w *writer) mayExist(ordinal uint32) bool {
	if w.byOrdinal {
		return true
	}
	_, ok := w.ids.at(ordinal)
	return ok
}

// countUses enters how many documents have each ACL.
func (w *writer) countUses(uses []uint32) {
	for acl, n := range uses {
		if acl >= firstACL && n > 0 {
			w.live++
		}
	}
	var page [pageLen]uint32
	for i := 0; i < len(uses); i += pageLen {
		clear(page[copy(page[:], uses[i:]):])
		w.uses.putPage(uint32(i/pageLen), &page)
	}
}

func (w *writer) readLists(in *fileReader) {
	x := &inverted{mark: in.u32()}
	n, size := in.u32(), in.u64()
	if !in.check(x.mark <= w.acls.len() && uint64(n) <= 2*uint64(w.names.len())) {
		return
	}
	heads := in.u32s(nil, 3*uint64(n))
	x.data = in.read(size)
	if in.err != nil {
		return
	}
	x.lists = make([]list, 0, n+1)
	start := uint64(0)
	for ; len(heads) > 0; heads = heads[3:] {
		l := list{start, heads[0], heads[1]}
		start += uint64(heads[2])
		if !in.check(start <= size && checkList(l, x.data[l.start:start], x.mark)) {
			return
		}
		if !in.check(l.n == 0 || mayList(uint32(len(x.lists)))) {
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

// mayList reports whether a list can have ACLs: those of tokens that are no names, but
// for what these tokens mark, have none.
func mayList(l uint32) bool {
	return l>>1 >= firstToken || l == tokenUnknown<<1|1 || l == tokenEveryone<<1 || l == tokenLevels<<1
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
		for i := 0; i < len(data); i += 8 {
			if word := binary.LittleEndian.Uint64(data[i:]); word != 0 {
				n += uint32(bits.OnesCount64(word))
				id = uint64(i*8 + bits.Len64(word) - 1)
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
