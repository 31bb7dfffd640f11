package acl

// tokenSet is the tokens of a caller's names, in an array by hash whose size
// depends on the caller alone. Every token counts for DENY, which matches
// widely, and some for ALLOW too.
type tokenSet struct {
	at    []uint32 // 0 is free, else token<<1, or token<<1|1 when it counts for ALLOW
	shift int
}

// add makes s the tokens of p's names.
func (s *tokenSet) add(n *names, p Principal) {
	// A name is found as two tokens at most, and two more are those of no name.
	names := 2*(1+len(p.Groups)+len(p.DataSourceGroups)) + 2
	s.shift = 31
	for 1<<(32-s.shift) < 2*names {
		s.shift--
	}
	s.at = make([]uint32, 1<<(32-s.shift))
	if p.User != "" {
		s.plain(n, kindUser, []string{p.User})
	}
	s.plain(n, kindGroup, p.Groups)
	for _, g := range p.DataSourceGroups {
		q := [2]query{{kind: kindSourceGroup, source: g.DataSourceID, name: g.GroupID}, {kind: kindGroup, name: g.GroupID}}
		n.look(q[:])
		s.put(q[0].token, true)
		s.put(q[1].token, false)
	}
}

// plain adds names without a data source: their DENY from any source hits.
func (s *tokenSet) plain(n *names, kind byte, list []string) {
	var q queries
	for len(list) > 0 {
		part := q[:min(len(q), len(list))]
		for i := range part {
			part[i] = query{kind: kind, name: list[i]}
		}
		n.look(part)
		for i := range part {
			s.put(part[i].token, true)
			s.put(n.wildOf(part[i].token), false)
		}
		list = list[len(part):]
	}
}

func (s *tokenSet) put(t uint32, allow bool) {
	if t == tokenNone {
		return
	}
	i := s.find(t)
	s.at[i] |= t << 1
	if allow {
		s.at[i] |= 1
	}
}

// find returns where t is or would be.
func (s *tokenSet) find(t uint32) uint32 {
	i := t * 0x9e3779b1 >> s.shift
	for s.at[i] != 0 && s.at[i]>>1 != t {
		i = (i + 1) % uint32(len(s.at))
	}
	return i
}

func (s *tokenSet) allows(t uint32) bool { return s.at[s.find(t)]&1 != 0 }
func (s *tokenSet) denies(t uint32) bool { return s.at[s.find(t)] != 0 }
