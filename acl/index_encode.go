package acl

import (
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
// once, so that equal ACLs have equal records. It is a header, then for a
// Hierarchy of several levels (hasLevels) their number and each as a record
// of its own, otherwise the tokens of its DENY entries (hasDeny) and of its
// ALLOW entries, as differences: names that many ACLs have are seen early, have
// small tokens and take a byte or two.
//
// The upper bits of the header are the number of ALLOW entries, or manyAllow,
// which a number follows that is to be added.
const (
	hasLevels    = 1 << iota
	hasDeny      // the number of DENY entries follows
	hasGroupDeny // one of them names a GROUP; also in the header of a Hierarchy
	allowShift   = iota
	manyAllow    = 1<<(8-allowShift) - 1
)

// encoder makes records of ACLs.
type encoder struct {
	rules       Rules
	names       *interner
	record      []byte
	allow, deny []uint32
}

// encode returns the record of valid levels. It is overwritten by the next call.
func (e *encoder) encode(levels []List) ([]byte, error) {
	e.record = e.record[:0]
	if len(levels) > 1 {
		e.record = appendUvarint(append(e.record, hasLevels), uint32(len(levels)))
	}
	for _, level := range levels {
		header, err := e.level(level)
		if err != nil {
			return nil, err
		}
		if len(levels) > 1 {
			e.record[0] |= header & hasGroupDeny
		}
	}
	return e.record, nil
}

func (e *encoder) level(level List) (header byte, err error) {
	e.allow, e.deny = e.allow[:0], e.deny[:0]
	var all queries
	for len(level) > 0 {
		part := level[:min(len(all), len(level))]
		q := all[:len(part)]
		for i := range part {
			q[i] = query{kind: kindOf(&part[i]), source: part[i].DataSourceID, name: e.rules.fold(part[i].Name)}
		}
		e.names.look(q)
		for i := range part {
			t := q[i].token
			if t == tokenNone {
				if t, err = e.names.intern(q[i].kind, q[i].source, q[i].name); err != nil {
					return 0, err
				}
			}
			if part[i].Access == Allow {
				e.allow = append(e.allow, t)
				continue
			}
			e.deny = append(e.deny, t)
			if part[i].Type == Group {
				header |= hasGroupDeny
			}
		}
		level = level[len(part):]
	}
	return e.append(header), nil
}

// append appends a level with e's tokens and returns its header.
func (e *encoder) append(header byte) byte {
	e.allow, e.deny = sortTokens(e.allow), sortTokens(e.deny)
	if len(e.deny) > 0 {
		header |= hasDeny
	}
	header |= byte(min(len(e.allow), manyAllow)) << allowShift
	e.record = append(e.record, header)
	if len(e.allow) >= manyAllow {
		e.record = appendUvarint(e.record, uint32(len(e.allow)-manyAllow))
	}
	if len(e.deny) > 0 {
		e.record = appendUvarint(e.record, uint32(len(e.deny)))
		e.record = appendTokens(e.record, e.deny)
	}
	e.record = appendTokens(e.record, e.allow)
	return header
}

func sortTokens(tokens []uint32) []uint32 {
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

func appendTokens(b []byte, tokens []uint32) []byte {
	previous := uint32(0)
	for _, t := range tokens {
		b = appendUvarint(b, t-previous)
		previous = t
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

// levelReader reads the levels of a record one after the other.
type levelReader struct {
	record []byte
	next   int // where the next level begins
	levels int // how many there are
}

func readLevels(record []byte) levelReader {
	if record[0]&hasLevels == 0 {
		return levelReader{record, 0, 1}
	}
	n, next := uvarint(record, 1)
	return levelReader{record, next, int(n)}
}

// header reads how many entries the next level has. The tokens of its DENY
// entries follow at r.next, those of its ALLOW entries follow these.
func (r *levelReader) header() (deny, allow int) {
	h := r.record[r.next]
	r.next++
	allow = int(h >> allowShift)
	var n uint32
	if allow == manyAllow {
		n, r.next = uvarint(r.record, r.next)
		allow += int(n)
	}
	if h&hasDeny != 0 {
		n, r.next = uvarint(r.record, r.next)
		deny = int(n)
	}
	return deny, allow
}

// tokens reads n tokens to the end of s.
func (r *levelReader) tokens(s []uint32, n int) []uint32 {
	t, d := uint32(0), uint32(0)
	for range n {
		d, r.next = uvarint(r.record, r.next)
		t += d
		s = append(s, t)
	}
	return s
}

// decode returns the levels of a record as lists: those that were given, each
// entry once, DENY before ALLOW, and under Rules.Fold with folded names.
func (n *names) decode(record []byte) Hierarchy {
	r := readLevels(record)
	levels := make(Hierarchy, r.levels)
	for i := range levels {
		deny, allow := r.header()
		for j, t := range r.tokens(r.tokens(nil, deny), allow) {
			access := Allow
			if j < deny {
				access = Deny
			}
			levels[i] = append(levels[i], n.entry(t, access))
		}
	}
	return levels
}

func (n *names) entry(t uint32, access Access) Entry {
	kind, source, name := splitName(n.get(t))
	e := Entry{Name: string(name), Type: Group, Access: access, DataSourceID: string(source)}
	if kind == kindUser || kind == kindSourceUser {
		e.Type = User
	}
	return e
}

// translate returns a record of from with e's tokens in place of from's. The
// ones that it has met are in tokens.
func (e *encoder) translate(from *names, record []byte, tokens []uint32) []byte {
	r := readLevels(record)
	e.record = append(e.record[:0], record[:r.next]...)
	for range r.levels {
		header := record[r.next] & hasGroupDeny
		deny, allow := r.header()
		e.deny = e.translateTokens(from, r.tokens(e.deny[:0], deny), tokens)
		e.allow = e.translateTokens(from, r.tokens(e.allow[:0], allow), tokens)
		e.append(header)
	}
	return e.record
}

func (e *encoder) translateTokens(from *names, s, tokens []uint32) []uint32 {
	for i, t := range s {
		if tokens[t] == tokenNone {
			kind, source, name := splitName(from.get(t))
			tokens[t], _ = e.names.intern(kind, string(source), string(name))
		}
		s[i] = tokens[t]
	}
	return s
}
