package groups

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
)

// Members are the direct members of one group, Kendra's GroupMembers. Order and
// repetition have no meaning. Formatting, logging and marshalling show counts,
// save where fmt calls no methods (see [acl.Principal]).
type Members struct {
	Groups []acl.DataSourceGroup // sub-groups; a DataSourceID of "" is the group of no data source
	Users  []string
}

const (
	maxName     = 1024           // characters, as in Kendra
	maxMembers  = 1_000_000      // of one group; Kendra's 1,000 sub-groups and 1,000 users are a limit of one request
	maxOrdering = 32535158400000 // Kendra's: the year 3001, in milliseconds
)

// The errors of a [Directory] to branch on with [errors.Is].
var (
	// ErrConflict: two Puts give one group different members by the same ordering
	// id, so that neither is the later one. The first stays. Put again with a
	// higher id what is right: until then directories that were given the two in
	// different order differ.
	ErrConflict = errors.New("groups: equal ordering ids, different members")
	// ErrForgotten: a Put of a group that the Directory does not know has an
	// ordering id from before [Directory.Forget]. Put again with a higher id if the
	// group exists.
	ErrForgotten = errors.New("groups: ordering id from before Forget")
)

// Error says what is wrong with a call or a file, and where. It never shows a
// name.
type Error struct {
	Path   string // JSON pointer (RFC 6901) to the value, also for values given in Go; "" is the whole
	Reason string
	Err    error // ErrConflict, ErrForgotten or nil
}

// Error returns Path and Reason.
func (e *Error) Error() string {
	if e.Path == "" {
		return "groups: " + e.Reason
	}
	return "groups: " + e.Path + ": " + e.Reason
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func conflict(path string) error {
	return &Error{path + "/OrderingId", "that of another Put of this group, with other members; use a higher one", ErrConflict}
}

// A name is a user or a group in the form that the rules compare.
type name struct {
	user   bool
	id     string
	source string // "" for a user, and for a group of no data source
}

func (a name) compare(b name) int {
	switch {
	case a.user != b.user && b.user:
		return -1
	case a.user != b.user:
		return +1
	}
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.source, b.source))
}

func (a name) dataSourceGroup() acl.DataSourceGroup {
	return acl.DataSourceGroup{GroupID: a.id, DataSourceID: a.source}
}

func (d *Directory) user(id string) name { return name{user: true, id: d.rules.FoldName(id)} }

func (d *Directory) group(g acl.DataSourceGroup) name {
	return name{id: d.rules.FoldName(g.GroupID), source: g.DataSourceID}
}

// names returns the members sorted, each once.
func (d *Directory) names(m Members) []name {
	names := make([]name, 0, len(m.Groups)+len(m.Users))
	for _, g := range m.Groups {
		names = append(names, d.group(g))
	}
	for _, u := range m.Users {
		names = append(names, d.user(u))
	}
	slices.SortFunc(names, name.compare)
	return slices.Compact(names)
}

// check returns an *Error for members that a group cannot have.
func (m Members) check(path string) error {
	if n := len(m.Groups) + len(m.Users); n > maxMembers {
		return &Error{Path: path, Reason: fmt.Sprintf("%d members, want at most %d; split the group into sub-groups", n, maxMembers)}
	}
	for i, g := range m.Groups {
		if at, reason := groupDefect(g); reason != "" {
			return &Error{Path: path + "/MemberGroups/" + strconv.Itoa(i) + at, Reason: reason}
		}
	}
	for i, u := range m.Users {
		if reason := nameDefect(u); reason != "" {
			return &Error{Path: path + "/MemberUsers/" + strconv.Itoa(i) + "/UserId", Reason: reason}
		}
	}
	return nil
}

func checkGroup(g acl.DataSourceGroup, orderingID int64, path string) error {
	if at, reason := groupDefect(g); reason != "" {
		return &Error{Path: path + at, Reason: reason}
	}
	if orderingID < 0 || orderingID > maxOrdering {
		return &Error{Path: path + "/OrderingId", Reason: fmt.Sprintf("want 0 to %d", int64(maxOrdering))}
	}
	return nil
}

// groupDefect says what is wrong with a group, and with which part of it.
func groupDefect(g acl.DataSourceGroup) (at, reason string) {
	if reason := nameDefect(g.GroupID); reason != "" {
		return "/GroupId", reason
	}
	if g.DataSourceID == "" {
		return "", ""
	}
	return "/DataSourceId", nameDefect(g.DataSourceID)
}

func nameDefect(s string) string {
	switch n := utf8.RuneCountInString(s); {
	case n < 1 || n > maxName:
		return fmt.Sprintf("%d characters, want 1 to %d", n, maxName)
	case !utf8.ValidString(s):
		return "not valid UTF-8"
	}
	return ""
}

// String tells how many members there are.
func (m Members) String() string {
	return fmt.Sprintf("members(%d groups, %d users)", len(m.Groups), len(m.Users))
}

// Format writes [Members.String] for every verb.
func (m Members) Format(f fmt.State, _ rune) { io.WriteString(f, m.String()) }

// LogValue is [Members.String].
func (m Members) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalText is [Members.String]: names do not get into JSON by accident.
func (m Members) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
