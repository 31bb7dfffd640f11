package acl

import (
	"fmt"
	"strconv"
)

// Type says whether an [Entry] names a user or a group. Users and groups are
// separate name spaces. The zero value is invalid.
type Type uint8

const (
	User  Type = iota + 1 // USER
	Group                 // GROUP
)

// String returns Kendra's spelling, USER or GROUP.
func (t Type) String() string {
	switch t {
	case User:
		return "USER"
	case Group:
		return "GROUP"
	}
	return "Type(" + strconv.Itoa(int(t)) + ")"
}

// MarshalText returns Kendra's spelling. An invalid Type is an error.
func (t Type) MarshalText() ([]byte, error) {
	if t != User && t != Group {
		return nil, &Error{Reason: fmt.Sprintf("Type is %d, want User or Group", uint8(t))}
	}
	return []byte(t.String()), nil
}

// UnmarshalText reads USER or GROUP, spelled so.
func (t *Type) UnmarshalText(text []byte) error {
	v, reason := pickType(string(text))
	if reason != "" {
		return &Error{Reason: reason}
	}
	*t = v
	return nil
}

// Access says whether an [Entry] admits or refuses. The zero value is invalid.
type Access uint8

const (
	Allow Access = iota + 1 // ALLOW
	Deny                    // DENY
)

// String returns Kendra's spelling, ALLOW or DENY.
func (a Access) String() string {
	switch a {
	case Allow:
		return "ALLOW"
	case Deny:
		return "DENY"
	}
	return "Access(" + strconv.Itoa(int(a)) + ")"
}

// MarshalText returns Kendra's spelling. An invalid Access is an error.
func (a Access) MarshalText() ([]byte, error) {
	if a != Allow && a != Deny {
		return nil, &Error{Reason: fmt.Sprintf("Access is %d, want Allow or Deny", uint8(a))}
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads ALLOW or DENY, spelled so.
func (a *Access) UnmarshalText(text []byte) error {
	v, reason := pickAccess(string(text))
	if reason != "" {
		return &Error{Reason: reason}
	}
	*a = v
	return nil
}

// Entry is one line of an access control list, Kendra's Principal. An entry
// without a name, type or access is invalid: the ACL that holds it admits
// nobody.
type Entry struct {
	Name   string
	Type   Type
	Access Access
	// DataSourceID narrows the entry to members that a data source reports;
	// "" is any caller of that name. An ALLOW with a DataSourceID matches only a
	// [DataSourceGroup] with both; a user carries no data source, so an ALLOW for
	// a USER with one matches nobody. A DENY with a DataSourceID also hits the
	// same name without one, and one without hits the name from every source.
	DataSourceID string `json:"DataSourceId,omitempty"`
}

// User returns the entry for a user: Allow.User("mary") admits her,
// Deny.User("mary") refuses her, whatever else admits her.
func (a Access) User(name string) Entry { return Entry{Name: name, Type: User, Access: a} }

// Group returns the entry for the members of a group: Allow.Group("AWS-SA").
func (a Access) Group(name string) Entry { return Entry{Name: name, Type: Group, Access: a} }

// String returns the entry as in: ALLOW GROUP "AWS-SA".
func (e Entry) String() string {
	s := e.Access.String() + " " + e.Type.String() + " " + strconv.Quote(e.Name)
	if e.DataSourceID != "" {
		s += " of data source " + strconv.Quote(e.DataSourceID)
	}
	return s
}

func (e *Entry) valid() bool {
	return e.Name != "" && (e.Type == User || e.Type == Group) && (e.Access == Allow || e.Access == Deny)
}

// defect says what is wrong with e, "" for nothing.
func (e *Entry) defect() string {
	switch {
	case e.valid():
		return ""
	case e.Name == "":
		return "Name is empty, want the name of a user or group"
	case e.Type != User && e.Type != Group:
		return fmt.Sprintf("Type is %d, want User or Group", uint8(e.Type))
	}
	return fmt.Sprintf("Access is %d, want Allow or Deny", uint8(e.Access))
}

// ACL is the access control list of a document: a [List], a [Hierarchy] or
// [Public]. Nil admits nobody, as does every other implementation.
type ACL interface{ isACL() }

// List is a flat access control list, Kendra's AccessControlList: any ALLOW
// admits, any DENY refuses and wins, everybody else is refused. The order of
// entries has no meaning. An empty List admits nobody; see [Rules.Document] for
// Kendra's reading of a document without entries.
type List []Entry

// Hierarchy is Kendra's HierarchicalAccessControlList, the lists of the
// containers that a document lies in: every level must admit the caller, a
// DENY at any level refuses. A level without entries, or no level at all,
// admits nobody. [Rules.AnyLevel] asks for one level instead of all.
type Hierarchy []List

type public struct{}

func (List) isACL()      {}
func (Hierarchy) isACL() {}
func (public) isACL()    {}

// Public is the ACL of a document that everybody may see, guests included.
func Public() ACL { return public{} }

// Validate returns nil for [Public], for the nil ACL and for a [List] or
// [Hierarchy] of one or more valid entries a level, otherwise an [*Error] that
// names the entry and the fix. What is invalid admits nobody, to [Decide] and
// everywhere else. A valid ACL may admit nobody too: nil does, and so does one
// with DENY entries alone.
func (r Rules) Validate(a ACL) error {
	if _, ok := a.(public); ok || a == nil {
		return nil
	}
	_, err := levelsOf(a)
	return err
}

// levelsOf returns the levels of a list or hierarchy, each with valid entries
// only, or the reason why the ACL admits nobody. A pointer or a struct that
// embeds one of our types also has the method isACL: it is no ACL of ours.
func levelsOf(a ACL) ([]List, error) { return levelsIn(nil, a) }

// levelsIn is levelsOf with room for the one level of a List.
func levelsIn(room []List, a ACL) ([]List, error) {
	var levels []List
	switch a := a.(type) {
	case List:
		levels = append(room, a)
	case Hierarchy:
		levels = a
	case nil:
		return nil, &Error{Reason: "no ACL is given; it admits nobody, use Public for a public document"}
	default:
		return nil, &Error{Reason: "not a List, a Hierarchy or Public of package acl; it admits nobody"}
	}
	if len(levels) == 0 {
		return nil, &Error{Reason: "the hierarchy has no level; it admits nobody, use Public for a public document"}
	}
	for i, level := range levels {
		if len(level) == 0 {
			return nil, &Error{Path: levelPath(a, i), Reason: "no entries; it admits nobody, use Public for a public document"}
		}
		for j := range level {
			if e := &level[j]; !e.valid() {
				return nil, &Error{Path: levelPath(a, i) + "/" + strconv.Itoa(j), Reason: e.defect()}
			}
		}
	}
	return levels, nil
}

func levelPath(a ACL, i int) string {
	if _, flat := a.(List); flat {
		return ""
	}
	return "/" + strconv.Itoa(i) + "/PrincipalList"
}
