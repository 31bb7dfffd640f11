package acl

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
)

// Numbers of ACLs. Equal ACLs have one number.
const (
	aclUnknown = iota // no document
	aclNobody         // an invalid ACL
	aclPublic
	firstACL
)

// An ACL is stored as one record, in which entries are sorted and each occurs
// once, so that equal ACLs have equal records. It is a header, then for a Hierarchy
// of several levels (hasLevels) each as its size and a record of its own, otherwise
// the tokens of its DENY entries and those of its ALLOW entries. Names that many ACLs
// have are seen early and have small tokens.
//
// All tokens of a record have the width that the greatest needs. Deciding then finds
// them without a branch, which halves what a hit costs. Differences of seven bits a
// byte would save three bytes for an ACL of ten entries.
//
// The header has beside the two flags the width in bytes less one, and the number of
// DENY entries, or manyDeny, which a number follows that is to be added.
const (
	hasLevels    = 1 << iota
	hasGroupDeny // a DENY entry names a GROUP; also in the header of a Hierarchy
	widthShift   = iota
	denyShift    = widthShift + 2
	manyDeny     = 1<<(8-denyShift) - 1
)

// encoder makes records of ACLs.
type encoder struct {
	rules       Rules
	names       *interner
	record      []byte
	part        []byte // of a level
	allow, deny []uint32
}

// encode returns the record of valid levels. It is overwritten by the next call.
func (e *encoder) encode(levels []List) ([]byte, error) {
	e.record = e.record[:0]
	if len(levels) == 1 {
		groupDeny, err := e.level(levels[0])
		if err != nil {
			return nil, err
		}
		e.record = e.append(e.record, groupDeny)
		return e.record, nil
	}
	e.record = append(e.record, hasLevels)
	for _, level := range levels {
		groupDeny, err := e.level(level)
		if err != nil {
			return nil, err
		}
		e.appendLevel(groupDeny)
	}
	return e.record, nil
}

// level puts the tokens of a level into e and returns hasGroupDeny or 0.
func (e *encoder) level(level List) (groupDeny byte, err error) {
	e.allow, e.deny = e.allow[:0], e.deny[:0]
	level = e.folded(level)
	for len(level) > 0 {
		part := level[:min(inBatch, len(level))]
		var found [inBatch]uint32
		e.names.look(part, &found)
		for i := range part {
			entry, t := &part[i], found[i]
			if t == tokenNone {
				if t, err = e.names.intern(kindOf(entry), entry.DataSourceID, entry.Name); err != nil {
					return 0, err
				}
			}
			e.add(t, entry.Access == Allow)
			if entry.Access == Deny && entry.Type == Group {
				groupDeny = hasGroupDeny
			}
		}
		level = level[len(part):]
	}
	return groupDeny, nil
}

// folded returns a level with the names that are stored.
func (e *encoder) folded(level List) List {
	if !e.rules.Fold {
		return level
	}
	level = slices.Clone(level)
	for i := range level {
		level[i].Name = e.rules.fold(level[i].Name)
	}
	return level
}

func (e *encoder) add(t uint32, allow bool) {
	if allow {
		e.allow = append(e.allow, t)
	} else {
		e.deny = append(e.deny, t)
	}
}

// appendLevel appends e's tokens as a level of a Hierarchy to its record.
func (e *encoder) appendLevel(groupDeny byte) {
	e.record[0] |= groupDeny
	e.part = e.append(e.part[:0], groupDeny)
	e.record = append(appendUvarint(e.record, uint32(len(e.part))), e.part...)
}

// append appends a record of e's tokens.
func (e *encoder) append(b []byte, header byte) []byte {
	e.allow, e.deny = sortTokens(e.allow), sortTokens(e.deny)
	width := widthOf(max(greatest(e.allow), greatest(e.deny)))
	header |= byte(width-1) << widthShift
	b = append(b, header|byte(min(len(e.deny), manyDeny))<<denyShift)
	if len(e.deny) >= manyDeny {
		b = appendUvarint(b, uint32(len(e.deny)-manyDeny))
	}
	return appendTokens(appendTokens(b, e.deny, width), e.allow, width)
}

// sortTokens sorts tokens and drops those that occur again.
func sortTokens(tokens []uint32) []uint32 {
	if len(tokens) > 24 {
		slices.Sort(tokens)
		return slices.Compact(tokens)
	}
	// Sorting a short list by insertion without a branch takes half the time of
	// slices.Sort, whose branches nothing foretells: 0.1 s for a million ACLs.
	for i, t := range tokens {
		for j, u := range tokens[:i] {
			tokens[j], t = min(u, t), max(u, t)
		}
		tokens[i] = t
	}
	return slices.Compact(tokens)
}

// greatest returns the last of sorted tokens, 0 if there is none.
func greatest(tokens []uint32) uint32 {
	if len(tokens) == 0 {
		return 0
	}
	return tokens[len(tokens)-1]
}

// widthOf returns how many bytes a token needs.
func widthOf(t uint32) int { return max((bits.Len32(t)+7)/8, 1) }

func appendTokens(b []byte, tokens []uint32, width int) []byte {
	for _, t := range tokens {
		b = binary.LittleEndian.AppendUint32(b, t)
		b = b[:len(b)-4+width]
	}
	return b
}

func kindOf(e *Entry) byte {
	switch {
	case e.Type == User && e.DataSourceID == "":
		return kindUser
	case e.Type == User:
		return kindSourceUser
	case e.DataSourceID == "":
		return kindGroup
	}
	return kindSourceGroup
}

// tokens are those of a record's entries, of width bytes each.
type tokens struct {
	data  []byte
	width int
}

// at returns the token whose bytes begin at i.
func (s tokens) at(i int) uint32 {
	switch b := s.data[i:]; s.width {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(binary.LittleEndian.Uint16(b))
	case 3:
		return uint32(binary.LittleEndian.Uint16(b)) | uint32(b[2])<<16
	default:
		return binary.LittleEndian.Uint32(b)
	}
}

// appendLists appends the numbers of the tokens' lists: twice a token, and flag. The
// width of nearly all records has a loop of its own, of half the time.
func (s tokens) appendLists(lists []uint32, flag uint32) []uint32 {
	n := len(s.data) / s.width
	lists = slices.Grow(lists, n)[:len(lists)+n]
	into := lists[len(lists)-n:]
	if s.width == 2 {
		for i := range into {
			into[i] = uint32(binary.LittleEndian.Uint16(s.data[2*i:]))<<1 | flag
		}
		return lists
	}
	for i := range into {
		into[i] = s.at(i*s.width)<<1 | flag
	}
	return lists
}

// split returns the tokens of the DENY entries and of the ALLOW entries of a record
// without levels.
func split(record []byte) (deny, allow tokens) {
	list, at := entries(record)
	return tokens{list.data[:at], list.width}, tokens{list.data[at:], list.width}
}

// entries returns what a record without levels holds, and where in that the tokens of
// ALLOW entries begin.
func entries(record []byte) (list tokens, allow int) {
	list, n := tokens{record[1:], int(record[0]>>widthShift&3) + 1}, int(record[0]>>denyShift)
	if n == manyDeny {
		var more uint32
		more, list.data = uvarint(list.data)
		n += int(more)
	}
	return list, n * list.width
}

// all yields the tokens of a record without levels, each with whether it is of an
// ALLOW entry.
func all(record []byte) iter.Seq2[uint32, bool] {
	return func(yield func(t uint32, allow bool) bool) {
		list, allow := entries(record)
		for i := 0; i < len(list.data) && yield(list.at(i), i >= allow); i += list.width {
		}
	}
}

// nextLevel returns the first level of rest, as a record, and what follows.
func nextLevel(rest []byte) (level, more []byte) {
	size, rest := uvarint(rest)
	return rest[:size], rest[size:]
}

// levels yields the levels of a record, of which a List is one.
func levels(record []byte) iter.Seq[[]byte] {
	return func(yield func(level []byte) bool) {
		if record[0]&hasLevels == 0 {
			yield(record)
			return
		}
		for level, rest := nextLevel(record[1:]); yield(level) && len(rest) > 0; {
			level, rest = nextLevel(rest)
		}
	}
}

// decode returns the levels of a record as lists: those that were given, each
// entry once, DENY before ALLOW, and under Rules.Fold with folded names.
func (n *names) decode(record []byte) (h Hierarchy) {
	for level := range levels(record) {
		var list List
		for t, allow := range all(level) {
			access := Deny
			if allow {
				access = Allow
			}
			list = append(list, n.entry(t, access))
		}
		h = append(h, list)
	}
	return h
}

func (n *names) entry(t uint32, access Access) Entry {
	kind, source, name := splitName(n.get(t))
	e := Entry{Name: string(name), Type: Group, Access: access, DataSourceID: string(source)}
	if kind == kindUser || kind == kindSourceUser {
		e.Type = User
	}
	return e
}

// translate returns a record with other tokens, by the old ones.
func (e *encoder) translate(record []byte, tokens []uint32) []byte {
	e.record = e.record[:0]
	if record[0]&hasLevels != 0 {
		e.record = append(e.record, hasLevels)
	}
	for level := range levels(record) {
		e.allow, e.deny = e.allow[:0], e.deny[:0]
		for t, allow := range all(level) {
			e.add(tokens[t], allow)
		}
		if groupDeny := level[0] & hasGroupDeny; record[0]&hasLevels != 0 {
			e.appendLevel(groupDeny)
		} else {
			e.record = e.append(e.record, groupDeny)
		}
	}
	return e.record
}
