package acl

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Limits bound what its methods accept. A zero field is
// Kendra's limit, a negative one is none.
type Limits struct {
	Entries int // of one list; Kendra: 200
	Levels  int // of a hierarchy; Kendra: 30
	Name    int // characters of a name; Kendra: 200. None may be a control, format or private-use character, unless negative
}

// Kendra's limits (API Principal, Document, HierarchicalPrincipal).
const (
	maxEntries    = 200
	maxLevels     = 30
	maxName       = 200
	maxDataSource = 100
	// These bound the work before a file is refused. Lifted limits still have
	// room for some 100,000 entries.
	maxBytes  = 16 << 20
	maxValues = 1 << 20
)

// Error says what is wrong with an ACL, and where. It never shows a name.
type Error struct {
	Path   string // JSON pointer (RFC 6901) to the value; "" is the whole
	Reason string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return "acl: " + e.Reason
	}
	return "acl: " + e.Path + ": " + e.Reason
}

// ParseList reads the JSON array of Kendra's member AccessControlList. Members
// have exact names; unknown and repeated ones are refused, and so is null. An
// error is an [*Error]; the list is then nil. An empty array is an empty list.
// At most 16 MiB and some 100,000 entries are read, whatever the limits.
func (l Limits) ParseList(data []byte) (List, error) {
	v, err := parse(data)
	if err != nil {
		return nil, err
	}
	return l.list(v, "")
}

// ParseHierarchy reads the JSON array of Kendra's member
// HierarchicalAccessControlList, as [Limits.ParseList] does. It needs at least one
// level, and every level at least one entry.
func (l Limits) ParseHierarchy(data []byte) (Hierarchy, error) {
	v, err := parse(data)
	if err != nil {
		return nil, err
	}
	return l.hierarchy(v)
}

// UnmarshalJSON is [Limits.ParseList] under Kendra's limits.
func (l *List) UnmarshalJSON(data []byte) error {
	list, err := (Limits{}).ParseList(data)
	if err != nil {
		return err
	}
	*l = list
	return nil
}

// UnmarshalJSON is [Limits.ParseHierarchy] under Kendra's limits.
func (h *Hierarchy) UnmarshalJSON(data []byte) error {
	levels, err := (Limits{}).ParseHierarchy(data)
	if err != nil {
		return err
	}
	*h = levels
	return nil
}

// MarshalJSON writes the form that [Limits.ParseHierarchy] reads.
func (h Hierarchy) MarshalJSON() ([]byte, error) {
	type level struct{ PrincipalList List }
	levels := make([]level, len(h))
	for i, l := range h {
		levels[i].PrincipalList = l
	}
	return json.Marshal(levels)
}

// MarshalJSON writes the form that [Limits.ParseList] reads. An invalid entry is an
// error, and so is a name that JSON cannot hold: it would become another.
func (e Entry) MarshalJSON() ([]byte, error) {
	defect := e.defect()
	if !utf8.ValidString(e.Name) || !utf8.ValidString(e.DataSourceID) {
		defect = "Name or DataSourceID is not valid UTF-8"
	}
	if defect != "" {
		return nil, &Error{Reason: defect}
	}
	type members Entry // without this method
	return json.Marshal(members(e))
}

// UnmarshalJSON reads one entry under Kendra's limits.
func (e *Entry) UnmarshalJSON(data []byte) error {
	v, err := parse(data)
	if err != nil {
		return err
	}
	entry, err := Limits{}.entry(v, "")
	if err != nil {
		return err
	}
	*e = entry
	return nil
}

func parse(data []byte) (strictjson.Value, error) {
	v, err := strictjson.Parse(data, strictjson.Limits{Bytes: maxBytes, Nodes: maxValues})
	if err != nil {
		return v, &Error{Reason: err.Error()}
	}
	return v, nil
}

func (l Limits) hierarchy(v strictjson.Value) (Hierarchy, error) {
	if v.Kind() != strictjson.Array {
		return nil, &Error{Reason: "want an array of objects with PrincipalList"}
	}
	if limit := pick(l.Levels, maxLevels); v.Len() < 1 || v.Len() > limit {
		return nil, &Error{Reason: fmt.Sprintf("%d levels, want 1 to %d", v.Len(), limit)}
	}
	levels := make(Hierarchy, 0, v.Len())
	for level := range v.Elements() {
		path := "/" + strconv.Itoa(len(levels))
		if level.Kind() != strictjson.Object {
			return nil, &Error{Path: path, Reason: "want an object with PrincipalList"}
		}
		principals, ok := level.Get("PrincipalList")
		if !ok || level.Len() != 1 {
			return nil, &Error{Path: path, Reason: "want the member PrincipalList and no other"}
		}
		list, err := l.list(principals, path+"/PrincipalList")
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, &Error{Path: path + "/PrincipalList", Reason: "no entries, want at least one"}
		}
		levels = append(levels, list)
	}
	return levels, nil
}

func (l Limits) list(v strictjson.Value, path string) (List, error) {
	if v.Kind() != strictjson.Array {
		return nil, &Error{Path: path, Reason: "want an array of entries with Name, Type and Access"}
	}
	if limit := pick(l.Entries, maxEntries); v.Len() > limit {
		return nil, &Error{Path: path, Reason: fmt.Sprintf("%d entries, want at most %d", v.Len(), limit)}
	}
	list := make(List, 0, v.Len())
	for item := range v.Elements() {
		e, err := l.entry(item, path+"/"+strconv.Itoa(len(list)))
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func (l Limits) entry(v strictjson.Value, path string) (Entry, error) {
	if v.Kind() != strictjson.Object {
		return Entry{}, &Error{Path: path, Reason: "want an object with Name, Type and Access"}
	}
	var e Entry
	for member, value := range v.Members() {
		s, isString := value.Str()
		reason := ""
		switch member {
		case "Name":
			e.Name, reason = s, l.checkName(s)
		case "Type":
			e.Type, reason = pickType(s)
		case "Access":
			e.Access, reason = pickAccess(s)
		case "DataSourceId":
			e.DataSourceID, reason = s, checkDataSource(s)
		default:
			return Entry{}, &Error{Path: path, Reason: "unknown member, want Name, Type, Access and DataSourceId, spelled so"}
		}
		if !isString {
			reason = "want a string"
		}
		if reason != "" {
			return Entry{}, &Error{Path: path + "/" + member, Reason: reason}
		}
	}
	if e.defect() != "" {
		return Entry{}, &Error{Path: path, Reason: "want Name, Type and Access, all three"}
	}
	return e, nil
}

func (l Limits) checkName(name string) string {
	if l.Name < 0 {
		if name == "" {
			return "empty, want a name"
		}
		return ""
	}
	limit := pick(l.Name, maxName)
	if n := utf8.RuneCountInString(name); n < 1 || n > limit {
		return fmt.Sprintf("%d characters, want 1 to %d", n, limit)
	}
	for _, r := range name {
		// Kendra's pattern \P{C}, but for unassigned characters: which these
		// are differs between versions of Unicode.
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) {
			return "has a control, format or private-use character, want none"
		}
	}
	return ""
}

func pickType(s string) (Type, string) {
	switch s {
	case "USER":
		return User, ""
	case "GROUP":
		return Group, ""
	}
	return 0, "want USER or GROUP"
}

func pickAccess(s string) (Access, string) {
	switch s {
	case "ALLOW":
		return Allow, ""
	case "DENY":
		return Deny, ""
	}
	return 0, "want ALLOW or DENY"
}

// checkDataSource applies Kendra's pattern [a-zA-Z0-9][a-zA-Z0-9_-]*, which no
// limit lifts: an id outside it is never one of Kendra's.
func checkDataSource(s string) string {
	ok := len(s) >= 1 && len(s) <= maxDataSource
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && (c == '_' || c == '-')
	}
	if !ok {
		return fmt.Sprintf("want 1 to %d of A-Z, a-z, 0-9, _ and -, the first no _ or -", maxDataSource)
	}
	return ""
}

// pick returns the limit in force: Kendra's for 0, none for a negative one.
func pick(limit, kendra int) int {
	switch {
	case limit < 0:
		return maxValues
	case limit > 0:
		return limit
	}
	return kendra
}
