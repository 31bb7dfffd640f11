package acl

// Costs in nanoseconds or so, to be weighed against each other.
const (
	costRecord = 50 // to decide for one ACL, most of it waiting for memory
	costByte   = 2  // of its record
	costBit    = 5  // to decide with the bitmap of ACLs
)

// decide decides for a document while there is no bitmap of documents.
func (v *View) decide(ordinal uint32) bool {
	acl := v.snap.docs.at(ordinal)
	if acl != aclUnknown && v.acls.Load() != nil {
		v.spend(costBit)
	}
	return v.admits(acl)
}

// together is how many documents are decided at the same time, so that they wait
// for memory together and not one after the other: the first page of a new
// principal, of whose 1,000 hits one of 14 is visible, takes two thirds of
// the time.
const together = 16

// decideAll decides for several documents: bit i is set when that of ordinals[i] is
// visible. Only those are looked at whose bit of known is set.
func (v *View) decideAll(ordinals []uint32, known uint16) (visible uint16) {
	if v.all || v.acls.Load() != nil || v.documents.Load() != nil {
		for i, ordinal := range ordinals {
			if known>>i&1 != 0 && v.AllowedAt(ordinal) {
				visible |= 1 << i
			}
		}
		return visible
	}
	var acls [together]uint32 // aclUnknown, of which the record is empty
	var records [together][]byte
	for i, ordinal := range ordinals {
		if known>>i&1 != 0 {
			acls[i] = v.snap.docs.at(ordinal)
		}
	}
	v.snap.acls.getAll(acls[:len(ordinals)], &records)
	cost := int64(0)
	for i, acl := range acls[:len(ordinals)] {
		admits := acl == aclPublic && v.public
		if acl >= firstACL {
			admits = v.admitsRecord(records[i])
			cost += costRecord + costByte*int64(len(records[i]))
		}
		if admits {
			visible |= 1 << i
		}
	}
	v.spend(cost)
	return visible
}

// admits decides for the number of an ACL.
func (v *View) admits(acl uint32) bool {
	if b := v.acls.Load(); b != nil {
		return b.has(acl)
	}
	switch {
	case acl == aclUnknown:
		return false
	case v.all:
		return true
	case acl == aclNobody:
		return false
	case acl == aclPublic:
		return v.public
	}
	record := v.snap.acls.get(acl)
	v.spend(costRecord + costByte*int64(len(record)))
	return v.admitsRecord(record)
}

// spend makes the next bitmap when the decisions without it have cost as much:
// the two together then cost at most twice what the better one would have.
func (v *View) spend(cost int64) {
	spent := v.spent.Add(cost)
	if spent < v.snap.tune.scan || spent < v.pays.Load() || !v.making.TryLock() {
		return
	}
	defer v.making.Unlock()
	v.makeNext(spent)
}

// verdict is what one level says.
type verdict uint8

const (
	refuses     verdict = iota
	silent              // no entry matches
	asksNothing         // it has no ALLOW entry, and no DENY matches
	welcomes
)

// admitsRecord decides for an ACL's record, as Decide does for the ACL.
func (v *View) admitsRecord(record []byte) bool {
	if v.refuse && record[0]&hasGroupDeny != 0 {
		return false
	}
	r := readLevels(record)
	if r.levels > 1 {
		return v.admitsLevels(&r)
	}
	switch v.level(&r, false) {
	case welcomes:
		return true
	case asksNothing:
		return v.public && v.snap.rules.DenyOnlyEveryone
	}
	return false
}

func (v *View) admitsLevels(r *levelReader) bool {
	asking, welcoming := 0, 0
	for range r.levels {
		asking++
		switch v.level(r, true) {
		case refuses:
			return false
		case welcomes:
			welcoming++
		case asksNothing:
			if v.snap.rules.DenyOnlyEveryone {
				asking--
			}
		}
	}
	switch {
	case asking == 0:
		return v.public
	case v.snap.rules.AnyLevel:
		return welcoming > 0
	}
	return welcoming == asking
}

// level decides for the next level of r. When whole it reads all of the level,
// so that r is at the next one.
func (v *View) level(r *levelReader, whole bool) verdict {
	deny, allow := r.header()
	t, d := uint32(0), uint32(0)
	for range deny {
		d, r.next = uvarint(r.record, r.next)
		t += d
		if v.tokens.denies(t) || v.tokens.denies(v.snap.names.wildOf(t)) {
			return refuses
		}
	}
	found := silent
	if allow == 0 {
		found = asksNothing
	}
	t = 0
	for range allow {
		d, r.next = uvarint(r.record, r.next)
		t += d
		if v.tokens.allows(t) {
			found = welcomes
			if !whole {
				break
			}
		}
	}
	return found
}
