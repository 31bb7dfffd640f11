package strictjson

// Objects of at most this many members are compared pair by pair.
const pairwise = 48

// unique refuses an object of n members, all of it read up to end, that has two of
// one name. The time it takes grows with the number of members, not with its square,
// and names cannot be chosen to make it slow: the hash of a map has a random seed.
func (p *parser) unique(object, n, end int) int {
	twin := 0
	if n <= pairwise {
		twin = p.twinOfFew(object)
	} else {
		twin = p.twinOfMany(object, n)
	}
	if twin > 0 {
		return p.fail(int(p.nodes[twin].start), "duplicate member name")
	}
	return end
}

// twinOfFew returns the first name of an earlier member's, 0 when there is none.
func (p *parser) twinOfFew(object int) int {
	var seen [4]uint64 // a set of 256 bits: most names are compared with none
	first, end := uint32(object+1), p.after(uint32(object))
	for i := first; i < end; i = p.after(i + 1) {
		name := p.string(i)
		bit := fingerprint(name)
		if word := &seen[bit>>6]; *word&(1<<(bit&63)) == 0 {
			*word |= 1 << (bit & 63)
			continue
		}
		for j := first; j < i; j = p.after(j + 1) {
			if p.is(j, name) {
				return int(i)
			}
		}
	}
	return 0
}

// fingerprint is the same for equal names.
func fingerprint(name string) uint8 {
	if name == "" {
		return 0
	}
	last := len(name) - 1
	return uint8(last)*31 + name[0]*17 + name[last]*7 + name[last/2]*3 + name[max(last-1, 0)]*71
}

func (p *parser) twinOfMany(object, n int) int {
	names := make(map[string]struct{}, n)
	i := uint32(object + 1)
	for range n {
		before := len(names)
		if names[p.string(i)] = struct{}{}; len(names) == before {
			return int(i)
		}
		i = p.after(i + 1)
	}
	return 0
}
