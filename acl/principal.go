package acl

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// Principal is who asks, as a verified token or a trusted caller says. The zero
// value is nobody in particular; a guest is spelled [Guest].
//
// Names compare byte for byte; see [Rules.Fold] for the alternative. Formatting,
// logging and marshalling a Principal show counts, never names. Some ways round
// that no method can close, since the fields are open: fmt prints them where it
// calls no methods, which is in an unexported field of another struct, inside a
// pointer under a verb other than %v, and under %p and %w; encoding/gob writes
// them. Keep a [Scope], which is closed, for longer than a request is prepared.
type Principal struct {
	User             string            // "" is no user name: no entry for a USER matches, a DENY neither
	Groups           []string          // groups without a data source
	DataSourceGroups []DataSourceGroup // groups that a data source reports; both ids are needed, see [For]
	// GroupsUnknown says that Groups may be incomplete, for instance because a
	// token has no group claim. Every ACL with a DENY for a GROUP then refuses,
	// unless [Rules.MissingGroupsMeanNone].
	GroupsUnknown bool
}

// DataSourceGroup is a group as one data source knows it, Kendra's
// DataSourceGroup. It is formatted, logged and marshalled without its ids, as
// [Principal] is.
type DataSourceGroup struct {
	GroupID      string
	DataSourceID string
}

// Clone returns a copy that shares no memory with p.
func (p Principal) Clone() Principal {
	p.Groups = slices.Clone(p.Groups)
	p.DataSourceGroups = slices.Clone(p.DataSourceGroups)
	return p
}

func (p Principal) summary() string {
	user, unknown := "no user", ""
	if p.User != "" {
		user = "a user"
	}
	if p.GroupsUnknown {
		unknown = ", groups unknown"
	}
	return fmt.Sprintf("%s, %d groups%s", user, len(p.Groups)+len(p.DataSourceGroups), unknown)
}

// String tells how many names p has, none of them.
func (p Principal) String() string { return "principal(" + p.summary() + ")" }

// Format writes [Principal.String] for every verb.
func (p Principal) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// LogValue is [Principal.String].
func (p Principal) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText is [Principal.String]: names do not get into JSON by accident.
func (p Principal) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Format writes the type's name for every verb.
func (g DataSourceGroup) Format(f fmt.State, _ rune) { io.WriteString(f, "data source group") }

// LogValue is the type's name.
func (g DataSourceGroup) LogValue() slog.Value { return slog.StringValue("data source group") }

// MarshalText is the type's name.
func (g DataSourceGroup) MarshalText() ([]byte, error) { return []byte("data source group"), nil }

// normalize returns a copy with names mapped by r, sorted, each once, without
// empty ones, which no valid entry can name.
func (p Principal) normalize(r Rules) Principal {
	// A copy of User, so that nothing of p itself is kept, only what its lists hold.
	// The compiler then lets who calls For have these lists on the stack.
	q := Principal{User: r.fold(strings.Clone(p.User)), GroupsUnknown: p.GroupsUnknown}
	if len(p.Groups) > 0 { // growing with them takes four allocations more for ten
		q.Groups = make([]string, 0, len(p.Groups))
	}
	for _, g := range p.Groups {
		if g != "" {
			q.Groups = append(q.Groups, r.fold(g))
		}
	}
	for _, g := range p.DataSourceGroups {
		q.DataSourceGroups = append(q.DataSourceGroups, DataSourceGroup{r.fold(g.GroupID), g.DataSourceID})
	}
	slices.Sort(q.Groups)
	q.Groups = slices.Compact(q.Groups)
	slices.SortFunc(q.DataSourceGroups, compareDataSourceGroup)
	q.DataSourceGroups = slices.Compact(q.DataSourceGroups)
	return q
}

func (g DataSourceGroup) incomplete() bool { return g.GroupID == "" || g.DataSourceID == "" }

func compareDataSourceGroup(a, b DataSourceGroup) int {
	if c := strings.Compare(a.GroupID, b.GroupID); c != 0 {
		return c
	}
	return strings.Compare(a.DataSourceID, b.DataSourceID)
}
