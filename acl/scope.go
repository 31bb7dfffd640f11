package acl

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// Scope is what one request may see, before any document is looked at: that of
// a guest, of a principal, of a principal without public documents, or
// everything. It stands between who asks and what is decided: views, filters
// and explanations all take one. The zero value sees nothing.
//
// A Scope is immutable and safe for concurrent use. Formatting, logging and
// marshalling it show its kind, never a name, wherever it is kept.
type Scope struct {
	kind scopeKind
	who  **Principal // normalized, never written, closed; nil for a guest and for everything
}

type scopeKind uint8

const (
	scopeNothing scopeKind = iota
	scopeGuest
	scopePrincipal
	scopeRestricted // a principal without public documents
	scopeEverything
)

// Guest sees public documents alone.
func Guest() Scope { return Scope{kind: scopeGuest} }

// For sees public documents and those that admit p. A principal without any
// name, groups or GroupsUnknown is no principal: its Scope sees nothing; use
// [Guest] for a caller who has said nothing about themselves. A principal with
// a [DataSourceGroup] that lacks one of its ids sees nothing either: it cannot
// be told which DENY hits them. Empty strings in Groups are skipped.
func For(p Principal) Scope {
	if slices.ContainsFunc(p.DataSourceGroups, DataSourceGroup.incomplete) {
		return Scope{}
	}
	q := p.normalize(Rules{})
	if q.User == "" && len(q.Groups) == 0 && len(q.DataSourceGroups) == 0 && !q.GroupsUnknown {
		return Scope{}
	}
	return Scope{kind: scopePrincipal, who: closed(q)}
}

// closed returns p behind two pointers: fmt follows one where it can call no methods.
func closed(p Principal) **Principal {
	both := &struct { // one allocation
		who  *Principal
		self Principal
	}{self: p}
	both.who = &both.self
	return &both.who
}

// WithoutPublic returns s without the documents that are visible because they
// are public: Kendra's attribute filters _user_id and _group_ids find only
// documents that name the caller. Of anything but a principal's Scope it is
// the zero Scope.
func (s Scope) WithoutPublic() Scope {
	if s.kind == scopePrincipal || s.kind == scopeRestricted {
		return Scope{kind: scopeRestricted, who: s.who}
	}
	return Scope{}
}

// Unrestricted sees every document that is known, whatever its ACL. It is for
// operators and for Kendra's ATTRIBUTE_FILTER policy without user information.
func Unrestricted() Scope { return Scope{kind: scopeEverything} }

// Principal returns a copy of the principal that s was made for, false when
// there is none.
func (s Scope) Principal() (Principal, bool) {
	if s.who == nil {
		return Principal{}, false
	}
	return (*s.who).Clone(), true
}

// summary says how many names s has, which is a principal's Scope.
func (s Scope) summary() string { return (*s.who).summary() }

// seesPublic reports whether a public document is visible, decided by nothing
// else.
func (s Scope) seesPublic() bool { return s.kind == scopeGuest || s.kind == scopePrincipal }

// String tells the kind of scope and how many names it has, none of them.
func (s Scope) String() string {
	switch s.kind {
	case scopeGuest:
		return "scope(guest)"
	case scopePrincipal:
		return "scope(" + s.summary() + ")"
	case scopeRestricted:
		return "scope(" + s.summary() + ", without public documents)"
	case scopeEverything:
		return "scope(unrestricted)"
	}
	return "scope(nothing)"
}

// Format writes [Scope.String] for every verb.
func (s Scope) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is [Scope.String].
func (s Scope) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is [Scope.String].
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
