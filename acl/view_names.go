package acl

import (
	"math/bits"
	"sort"
)

// callerNames are the names of a caller. Deciding asks them for every name in an
// ACL, and nearly none is among them: a filter of their marks (B. H. Bloom, 1970)
// says so without a look at the name. What passes is compared as [Decide] does. So a
// View is made without a search in the names of the Index, in a fifth of the time.
type callerNames struct {
	who    **Principal // closed, as in Scope
	filter []uint64
}

func newCallerNames(n *names, who **Principal) callerNames {
	// 128 bits for a name or more: less than one other name in a hundred passes.
	p := *who
	size := 2 * (1 + len(p.Groups) + len(p.DataSourceGroups))
	c := callerNames{who, make([]uint64, 1<<bits.Len(uint(size-1)))}
	if p.User != "" {
		c.add(n.mark(kindUser, p.User))
	}
	for _, g := range p.Groups {
		c.add(n.mark(kindGroup, g))
	}
	for _, g := range p.DataSourceGroups {
		c.add(n.mark(kindGroup, g.GroupID))
	}
	return c
}

func (c *callerNames) add(mark uint32) {
	c.filter[mark%uint32(len(c.filter))] |= 1 << (mark >> 26)
}

func mayHave(filter []uint64, mark uint32) bool {
	return filter[mark&uint32(len(filter)-1)]>>(mark>>26)&1 != 0
}

// next returns where in list, from a place on, the filter lets a name pass, the end
// of list if nowhere. Most lists have no such name.
func (c *callerNames) next(list tokens, from int, marks []uint32) int {
	filter, data := c.filter, list.data
	if list.width == 2 { // as usual: up to 65,532 names, or the commonest of more
		for i := from + 1; i < len(data); i += 2 {
			if mayHave(filter, marks[uint32(data[i-1])|uint32(data[i])<<8]) {
				return i - 1
			}
		}
		return len(data)
	}
	for i := from; i < len(data); i += list.width {
		if mayHave(filter, marks[list.at(i)]) {
			return i
		}
	}
	return len(data)
}

// deniedBy reports whether a DENY for a name hits the caller: a missing data source,
// on either side, is any.
func (c *callerNames) deniedBy(record []byte) bool {
	kind, source, name := splitName(record)
	switch p := *c.who; kind {
	case kindUser, kindSourceUser:
		return p.User == string(name)
	case kindGroup:
		return hasGroup(p.Groups, name) || hasGroupOf(p.DataSourceGroups, name, nil)
	default:
		return hasGroup(p.Groups, name) || hasGroupOf(p.DataSourceGroups, name, source)
	}
}

// allowedBy reports whether an ALLOW for a name is for the caller: a data source must
// be the same on both sides. That of a user is nobody's.
func (c *callerNames) allowedBy(record []byte) bool {
	kind, source, name := splitName(record)
	switch p := *c.who; kind {
	case kindUser:
		return p.User == string(name)
	case kindGroup:
		return hasGroup(p.Groups, name)
	case kindSourceGroup:
		return hasGroupOf(p.DataSourceGroups, name, source)
	}
	return false
}

// hasGroup reports whether a name is among sorted groups. The comparisons, here and
// below, make no strings of it.
func hasGroup(groups []string, name []byte) bool {
	i := sort.Search(len(groups), func(i int) bool { return groups[i] >= string(name) })
	return i < len(groups) && groups[i] == string(name)
}

// hasGroupOf reports whether a name is among sorted groups as one of a data source,
// or as one of any if that is nil.
func hasGroupOf(groups []DataSourceGroup, name, source []byte) bool {
	i := sort.Search(len(groups), func(i int) bool {
		g := &groups[i]
		return g.GroupID > string(name) || g.GroupID == string(name) && g.DataSourceID >= string(source)
	})
	return i < len(groups) && groups[i].GroupID == string(name) && (source == nil || groups[i].DataSourceID == string(source))
}
