package acl

import (
	"fmt"
	"log/slog"
	"slices"
)

// Decide tells whether scope s may see a document with ACL a, read by rules r,
// and why. It is the definition that [Index] and the pushdown packages are
// compared with; its cost grows with the entries of a and the names of s.
func Decide(s Scope, a ACL, r Rules) Decision {
	switch {
	case s.kind == scopeNothing:
		return Decision{}
	case s.kind == scopeEverything:
		return Decision{Allowed: true, Reason: ReasonUnrestricted}
	case a == public{}:
		return Decision{Allowed: s.seesPublic(), Reason: ReasonPublic}
	}
	levels, err := levelsOf(a)
	if err != nil {
		return Decision{Reason: ReasonNobody}
	}
	who := **s.caller(r)
	if d, hit := first(levels, ReasonDenied, func(e Entry) bool { return who.deniedBy(e, r) }); hit {
		return d
	}
	if who.GroupsUnknown && !r.MissingGroupsMeanNone {
		d, hit := first(levels, ReasonGroupsUnknown, func(e Entry) bool { return e.Access == Deny && e.Type == Group })
		if hit {
			return d
		}
	}
	return admit(s, who, levels, r)
}

// first returns the denial by the first entry that hits.
func first(levels []List, reason Reason, hits func(Entry) bool) (d Decision, hit bool) {
	for i, level := range levels {
		if j := slices.IndexFunc(level, hits); j >= 0 {
			return Decision{Reason: reason, Level: i + 1, Entry: level[j]}, true
		}
	}
	return Decision{}, false
}

// admit decides for a caller whom no DENY hits.
func admit(s Scope, who Principal, levels []List, r Rules) Decision {
	none := Decision{
		Reason: ReasonNotAllowed,
		user:   who.User != "", groups: len(who.Groups) + len(who.DataSourceGroups), unknown: who.GroupsUnknown,
	}
	var last Decision // of the level that admitted last
	asked := false
	for i, level := range levels {
		if r.DenyOnlyEveryone && !slices.ContainsFunc(level, func(e Entry) bool { return e.Access == Allow }) {
			continue // such a level asks nothing
		}
		asked = true
		j := slices.IndexFunc(level, who.allowedBy(r))
		switch {
		case j >= 0:
			last = Decision{Allowed: true, Reason: ReasonAllowed, Level: i + 1, Entry: level[j]}
			if r.AnyLevel {
				return last
			}
		case !r.AnyLevel:
			none.Level = i + 1
			return none
		}
	}
	if !asked { // DenyOnlyEveryone, and every level asks nothing
		return Decision{Allowed: s.seesPublic(), Reason: ReasonNotDenied}
	}
	if !last.Allowed {
		return none
	}
	return last
}

var nobody = closed(Principal{})

// caller returns the principal of s with its names as r compares them.
func (s Scope) caller(r Rules) **Principal {
	switch {
	case s.who == nil:
		return nobody
	case r.Fold:
		return closed((*s.who).normalize(r))
	}
	return s.who
}

// allowedBy matches narrowly: a data source must be the same on both sides.
func (p Principal) allowedBy(r Rules) func(Entry) bool {
	return func(e Entry) bool {
		if e.Access != Allow {
			return false
		}
		name := r.fold(e.Name)
		switch {
		case e.Type == User:
			return e.DataSourceID == "" && p.User == name
		case e.DataSourceID == "":
			return p.inGroup(name)
		}
		return p.inGroupOf(name, e.DataSourceID)
	}
}

// deniedBy matches widely: a missing data source, on either side, is any.
func (p Principal) deniedBy(e Entry, r Rules) bool {
	if e.Access != Deny {
		return false
	}
	name := r.fold(e.Name)
	switch {
	case e.Type == User:
		return p.User == name
	case e.DataSourceID == "":
		return p.inGroup(name) || p.inGroupOfAny(name)
	}
	return p.inGroup(name) || p.inGroupOf(name, e.DataSourceID)
}

func (p Principal) inGroup(name string) bool {
	_, ok := slices.BinarySearch(p.Groups, name)
	return ok
}

func (p Principal) inGroupOf(name, dataSource string) bool {
	_, ok := slices.BinarySearchFunc(p.DataSourceGroups, DataSourceGroup{name, dataSource}, compareDataSourceGroup)
	return ok
}

func (p Principal) inGroupOfAny(name string) bool {
	i, _ := slices.BinarySearchFunc(p.DataSourceGroups, DataSourceGroup{GroupID: name}, compareDataSourceGroup)
	return i < len(p.DataSourceGroups) && p.DataSourceGroups[i].GroupID == name
}

// Reason is why a [Decision] came out as it did. The zero value is a denial.
type Reason uint8

const (
	ReasonNoScope         Reason = iota // the zero Scope sees nothing
	ReasonUnknownDocument               // the Index does not know the document
	ReasonNobody                        // the ACL is nil, empty or invalid
	ReasonNotAllowed                    // no ALLOW entry matches, at Decision.Level where all levels must admit
	ReasonDenied                        // Decision.Entry matches
	ReasonGroupsUnknown                 // Decision.Entry denies a group, and the caller's are unknown
	ReasonAllowed                       // Decision.Entry matches
	ReasonPublic                        // the document is public; denied to a Scope without public documents
	ReasonNotDenied                     // no DENY matches, under DenyOnlyEveryone; denied as ReasonPublic is
	ReasonUnrestricted                  // the Scope sees everything
)

// Decision is whether a document may be seen, and why. The zero value is a
// denial. It is for operators and logs: to a caller, tell neither the reason
// nor that the document exists.
type Decision struct {
	Allowed bool
	Reason  Reason
	// Level is where the decision fell, counted from 1: always 1 for a List, 0
	// where no level decided.
	Level int
	// Entry is the document's entry that decided. A caller who matches several
	// is told one of them.
	Entry Entry

	// For the text: the caller has a user name, so many groups, and perhaps more.
	user    bool
	groups  int
	unknown bool
}

// String explains the decision. It shows the document's entry; the caller's
// names never.
func (d Decision) String() string {
	verdict := "denied"
	if d.Allowed {
		verdict = "allowed"
	}
	level := ""
	if d.Level > 1 {
		level = fmt.Sprintf(" at level %d", d.Level)
	}
	switch d.Reason {
	case ReasonNoScope:
		return verdict + ": the scope sees nothing"
	case ReasonUnknownDocument:
		return verdict + ": unknown document"
	case ReasonNobody:
		return verdict + ": the ACL is empty or invalid and admits nobody"
	case ReasonNotAllowed:
		return verdict + ": no ALLOW entry" + level + " matches " + d.callers()
	case ReasonDenied, ReasonAllowed:
		return verdict + " by " + d.Entry.String() + level
	case ReasonGroupsUnknown:
		return verdict + ": the caller's groups are unknown and there is " + d.Entry.String() + level
	case ReasonPublic:
		return verdict + ": public document"
	case ReasonNotDenied:
		return verdict + ": only DENY entries, and none matches"
	case ReasonUnrestricted:
		return verdict + ": the scope is unrestricted"
	}
	return fmt.Sprintf("%s: Reason(%d)", verdict, uint8(d.Reason))
}

// LogValue is [Decision.String].
func (d Decision) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText is [Decision.String].
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Decision) callers() string {
	groups := fmt.Sprintf("%d groups", d.groups)
	if d.groups == 1 {
		groups = "1 group"
	}
	switch {
	case d.user && d.groups > 0:
		return "the user or their " + groups
	case d.user && d.unknown:
		return "the user, whose groups are unknown"
	case d.user:
		return "the user, who is in no group"
	case d.groups > 0:
		return "the caller's " + groups
	case d.unknown:
		return "a caller whose groups are unknown"
	}
	return "a guest"
}
