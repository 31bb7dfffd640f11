package acl

import "slices"

// batchBytes bounds the records that are inverted in one go, and so the memory
// for that: four bytes for each of theirs.
const batchBytes = 1 << 26

// extend returns an inverted index of all ACLs of s, which begin with those of x.
// Lists grow at their end: of those that keep their form the bytes are copied,
// so that extending costs a copy of x and little more.
func (x *inverted) extend(s *snapshot) *inverted {
	for x.mark < s.acls.len() {
		to, bytes := x.mark, 0
		for to < s.acls.len() && bytes < batchBytes {
			bytes += len(s.acls.get(to))
			to++
		}
		x = x.extendTo(s, to)
	}
	return x
}

func (x *inverted) extendTo(s *snapshot, to uint32) *inverted {
	starts, acls := s.invert(x.mark, to)
	y := &inverted{mark: to, bytes: s.acls.start(to), lists: make([]list, 0, len(starts))}
	y.data = make([]byte, 0, len(x.data)+len(x.data)/64+2*len(acls))
	var old []uint32
	var set []uint64
	for l := range uint32(len(starts) - 1) {
		added := slices.Compact(acls[starts[l]:starts[l+1]])
		start, last, n := len(y.data), uint32(0), uint32(x.size(l)+len(added))
		f, data := x.get(l)
		is := formOf(n, to)
		if len(data) > 0 && f == is {
			y.data = append(y.data, data...)
			last = x.lists[l].last
		} else if len(data) > 0 {
			if set == nil {
				set = make([]uint64, x.mark/64+1)
			}
			old = x.acls(old[:0], l, set)
			y.data, last = appendList(y.data, start, is, 0, old)
		}
		y.data, last = appendList(y.data, start, is, last, added)
		y.lists = append(y.lists, list{uint64(start), n, last})
	}
	y.lists = append(y.lists, list{start: uint64(len(y.data))})
	y.data = clip(y.data)
	return y
}

// invert returns, sorted by list, the ACLs from number first to before last:
// those of list l are acls[starts[l]:starts[l+1]], ascending.
func (s *snapshot) invert(first, last uint32) (starts, acls []uint32) {
	starts = make([]uint32, 2*s.names.len()+1)
	var lists []uint32
	for acl := max(first, firstACL); acl < last; acl++ {
		lists = s.listsOf(lists[:0], acl)
		for _, l := range lists {
			starts[l+1]++
		}
	}
	for l := range starts[1:] {
		starts[l+1] += starts[l]
	}
	acls = make([]uint32, starts[len(starts)-1])
	for acl := max(first, firstACL); acl < last; acl++ {
		lists = s.listsOf(lists[:0], acl)
		for _, l := range lists {
			acls[starts[l]] = acl
			starts[l]++
		}
	}
	copy(starts[1:], starts) // each start is now the end of its list
	starts[0] = 0
	return starts, acls
}

// listsOf appends the lists that an ACL belongs to, some perhaps several times.
func (s *snapshot) listsOf(lists []uint32, acl uint32) []uint32 {
	record := s.acls.get(acl)
	if record[0]&hasGroupDeny != 0 {
		lists = append(lists, tokenUnknown<<1|1)
	}
	if record[0]&hasLevels != 0 && !s.rules.AnyLevel {
		lists = append(lists, tokenLevels<<1)
	}
	asking := false
	for level := range levels(record) {
		deny, allow := split(level)
		lists = deny.appendLists(lists, 1)
		if s.names.wilds {
			for i := 0; i < len(deny.data); i += deny.width {
				if wild := s.names.wildOf(deny.at(i)); wild != tokenNone {
					lists = append(lists, wild<<1|1)
				}
			}
		}
		lists = allow.appendLists(lists, 0)
		asking = asking || len(allow.data) > 0
	}
	if !asking && s.rules.DenyOnlyEveryone {
		lists = append(lists, tokenEveryone<<1)
	}
	return lists
}
