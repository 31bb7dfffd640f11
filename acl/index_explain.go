package acl

// Explain tells why scope s may or may not see a document: what [Decide] says of
// the ACL that is stored, which has each entry of a level once and under
// [Rules.Fold] with its name folded. It is for operators; see [Decision].
func (x *Index) Explain(s Scope, id string) Decision {
	snap := x.load()
	_, acl := snap.lookup(id)
	return snap.explain(s, acl)
}

// ExplainAt is [Index.Explain] for a document's ordinal.
func (x *Index) ExplainAt(s Scope, ordinal uint32) Decision {
	snap := x.load()
	return snap.explain(s, snap.docs.at(ordinal))
}

func (s *snapshot) explain(scope Scope, acl uint32) Decision {
	if acl == aclUnknown {
		return Decision{Reason: ReasonUnknownDocument}
	}
	return Decide(scope, s.decode(acl), s.rules)
}

// Audience is who can see a document: those who match an entry of each list of
// Allowed, or everyone, guests included; but nobody whom an entry of Denied
// hits. The zero value is nobody.
type Audience struct {
	Everyone bool
	Allowed  []List // one list for each level that must admit
	Denied   List
}

// WhoCanSee returns who can see a document, false when it is unknown. It is for
// operators.
func (x *Index) WhoCanSee(id string) (Audience, bool) {
	snap := x.load()
	_, acl := snap.lookup(id)
	return snap.audience(acl), acl != aclUnknown
}

// WhoCanSeeAt is [Index.WhoCanSee] for a document's ordinal.
func (x *Index) WhoCanSeeAt(ordinal uint32) (Audience, bool) {
	snap := x.load()
	acl := snap.docs.at(ordinal)
	return snap.audience(acl), acl != aclUnknown
}

func (s *snapshot) audience(acl uint32) Audience {
	switch acl {
	case aclUnknown, aclNobody:
		return Audience{}
	case aclPublic:
		return Audience{Everyone: true}
	}
	var a Audience
	var any List // of all levels
	closed := false
	for _, level := range s.names.decode(s.acls.get(acl)) {
		var allowed List
		asks := !s.rules.DenyOnlyEveryone
		for _, e := range level {
			asks = asks || e.Access == Allow
			switch {
			case e.Access == Deny:
				a.Denied = append(a.Denied, e)
			case e.Type == Group || e.DataSourceID == "": // else it matches nobody
				allowed = append(allowed, e)
			}
		}
		if asks {
			a.Allowed = append(a.Allowed, allowed)
			any = append(any, allowed...)
			closed = closed || len(allowed) == 0
		}
	}
	switch {
	case len(a.Allowed) == 0:
		a.Everyone = true
	case s.rules.AnyLevel && len(any) > 0:
		a.Allowed = []List{any}
	case s.rules.AnyLevel || closed:
		return Audience{}
	}
	return a
}
