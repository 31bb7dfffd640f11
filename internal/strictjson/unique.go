package strictjson

// Objects of at most this many members are compared pair by pair.
const pairwise = 48

// unique refuses an object, all of it read, that has two members of one name.
// The time it takes grows with the number of members, not with its square, and
// names cannot be chosen to make it slow: the hash of a map has a random seed.
func (p *parser) unique(object int) bool {
	if p.nodes[object].n <= pairwise {
		return p.uniqueFew(object)
	}
	return p.uniqueMany(object)
}

func (p *parser) uniqueFew(object int) bool {
	var names [pairwise]string
	var seen [4]uint64 // a set of 256 bits: most names are compared with none
	i := uint32(object + 1)
	for n := range p.nodes[object].n {
		name := p.string(i)
		bit := fingerprint(name)
		if word := &seen[bit>>6]; *word&(1<<(bit&63)) == 0 {
			*word |= 1 << (bit & 63)
		} else {
			for _, earlier := range names[:n] {
				if earlier == name {
					return p.duplicate(i)
				}
			}
		}
		names[n] = name
		i = p.nodes[i+1].next
	}
	return true
}

// fingerprint is the same for equal names.
func fingerprint(name string) uint8 {
	if name == "" {
		return 0
	}
	last := len(name) - 1
	return uint8(last)*31 + name[0]*17 + name[last]*7 + name[last/2]*3 + name[max(last-1, 0)]*71
}

func (p *parser) uniqueMany(object int) bool {
	names := make(map[string]struct{}, p.nodes[object].n)
	i := uint32(object + 1)
	for n := range p.nodes[object].n {
		names[p.string(i)] = struct{}{}
		if len(names) == int(n) {
			return p.duplicate(i)
		}
		i = p.nodes[i+1].next
	}
	return true
}

func (p *parser) duplicate(name uint32) bool {
	return p.fail(int(p.nodes[name].start), "duplicate member name")
}
