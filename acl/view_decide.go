package acl

// Costs in nanoseconds or so, to be weighed against each other.
const (
	costRecord  = 60  // to decide for one ACL, most of it waiting for memory
	costByte    = 2   // of its record
	costCompare = 100 // to compare a name
	costBit     = 5   // to decide with the bitmap of ACLs
	costWord    = 3   // of the bitmap of ACLs, to make it
	costName    = 200 // to find the ACLs that allow or deny a name
	costListed  = 1   // for each of these ACLs
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
	for i, ordinal := range ordinals {
		if known>>i&1 != 0 {
			acls[i] = v.snap.docs.at(ordinal)
		}
	}
	v.snap.acls.touch(acls[:len(ordinals)])
	cost := int64(0)
	for i, acl := range acls[:len(ordinals)] {
		admits := acl == aclPublic && v.public
		if acl >= firstACL {
			record := v.snap.acls.get(acl)
			admits = v.admitsRecord(record)
			cost += costRecord + costByte*int64(len(record))
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
	if spent < v.pays.Load() || !v.making.TryLock() {
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
	if record[0]&hasLevels != 0 {
		return v.admitsLevels(record)
	}
	switch v.level(record) {
	case welcomes:
		return true
	case asksNothing:
		return v.public && v.snap.rules.DenyOnlyEveryone
	}
	return false
}

func (v *View) admitsLevels(record []byte) bool {
	asking, welcoming := 0, 0
	for level := range levels(record) {
		asking++
		switch v.level(level) {
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

// level decides for one level. Its DENY entries come first.
func (v *View) level(record []byte) verdict {
	list, allow := entries(record)
	n, compared := &v.snap.names, 0
	for i := v.names.next(list, 0, n.marks); i < len(list.data); i = v.names.next(list, i+list.width, n.marks) {
		if compared++; compared%8 == 0 { // one group in many data sources
			v.spent.Add(8 * costCompare)
		}
		name := n.get(list.at(i))
		switch {
		case i >= allow:
			if v.names.allowedBy(name) {
				return welcomes
			}
		case v.names.deniedBy(name):
			return refuses
		}
	}
	if allow == len(list.data) {
		return asksNothing
	}
	return silent
}
