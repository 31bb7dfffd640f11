package tokenacl

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
)

// UserContext is what a request says of its caller: a token; or, under the
// policy ATTRIBUTE_FILTER, a user and groups, or attributes. The zero value says
// nothing. It is Kendra's type of that name (API UserContext) together with the
// attribute filters of a query.
//
// A token of up to 100,000 bytes is read; names have 1 to 1024 characters, none
// of them control, format or private-use characters; lists have up to 2048 items.
// Formatting, logging or marshalling a UserContext shows nothing of it, unless it
// is in an unexported field of a struct that is formatted: package fmt calls no
// methods there.
type UserContext struct {
	// Token is a JWT, or a JSON token for a gate that takes those. "" is no
	// token: who has received an empty one must refuse it themselves.
	Token            string
	UserID           string
	Groups           []string
	DataSourceGroups []acl.DataSourceGroup
	// Attributes are attribute filters that name the caller. They find documents
	// that admit these names, and no public ones; see Options.AttributesSeePublic.
	Attributes Attributes
}

// Attributes are Kendra's attribute filters _user_id and _group_ids. The zero
// value is none.
type Attributes struct {
	UserID   string   // _user_id
	GroupIDs []string // _group_ids: a document that admits one of them is found
}

func (a Attributes) given() bool { return a.UserID != "" || len(a.GroupIDs) > 0 }

func (a Attributes) principal() acl.Principal {
	return acl.Principal{User: a.UserID, Groups: slices.Clone(a.GroupIDs)}
}

// names reports whether the request names a user or groups by itself.
func (uc UserContext) names() bool {
	return uc.UserID != "" || len(uc.Groups) > 0 || len(uc.DataSourceGroups) > 0
}

func (uc UserContext) principal() acl.Principal {
	return acl.Principal{User: uc.UserID, Groups: uc.Groups, DataSourceGroups: uc.DataSourceGroups}.Clone()
}

const (
	maxToken      = 100_000 // bytes
	maxItems      = 2048
	maxName       = 1024 // characters; Kendra takes 200 here and 1024 in PutPrincipalMapping
	maxDataSource = 100
)

// check applies the limits, whatever the policy.
func (uc UserContext) check() error {
	switch {
	case len(uc.Token) > maxToken:
		return invalid(fmt.Sprintf("Token: more than %d bytes", maxToken))
	case len(uc.Groups) > maxItems:
		return invalid(fmt.Sprintf("Groups: %d items, want at most %d", len(uc.Groups), maxItems))
	case len(uc.DataSourceGroups) > maxItems:
		return invalid(fmt.Sprintf("DataSourceGroups: %d items, want at most %d", len(uc.DataSourceGroups), maxItems))
	case len(uc.Attributes.GroupIDs) > maxItems:
		return invalid(fmt.Sprintf("Attributes.GroupIDs: %d items, want at most %d", len(uc.Attributes.GroupIDs), maxItems))
	case uc.UserID != "" && !validName(uc.UserID):
		return invalidName("UserID")
	case uc.Attributes.UserID != "" && !validName(uc.Attributes.UserID):
		return invalidName("Attributes.UserID")
	}
	if i := slices.IndexFunc(uc.Groups, invalidID); i >= 0 {
		return invalidName(fmt.Sprintf("Groups[%d]", i))
	}
	if i := slices.IndexFunc(uc.Attributes.GroupIDs, invalidID); i >= 0 {
		return invalidName(fmt.Sprintf("Attributes.GroupIDs[%d]", i))
	}
	for i, g := range uc.DataSourceGroups {
		if !validName(g.GroupID) {
			return invalidName(fmt.Sprintf("DataSourceGroups[%d].GroupID", i))
		}
		if !validDataSource(g.DataSourceID) {
			return invalid(fmt.Sprintf("DataSourceGroups[%d].DataSourceID: want 1 to %d of A-Z, a-z, 0-9, _ and -, the first no _ or -", i, maxDataSource))
		}
	}
	return nil
}

func invalidName(where string) error {
	return invalid(fmt.Sprintf("%s: want 1 to %d characters, valid UTF-8, none of them a control, format or private-use character", where, maxName))
}

func invalidID(name string) bool { return !validName(name) }

func validName(name string) bool {
	if name == "" || len(name) > utf8.UTFMax*maxName || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
		return false
	}
	for _, r := range name {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) {
			return false
		}
	}
	return true
}

// validDataSource applies Kendra's pattern [a-zA-Z0-9][a-zA-Z0-9_-]*.
func validDataSource(id string) bool {
	ok := len(id) >= 1 && len(id) <= maxDataSource
	for i := 0; ok && i < len(id); i++ {
		c := id[i]
		ok = '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && (c == '_' || c == '-')
	}
	return ok
}

// String tells what uc has, none of its values.
func (uc UserContext) String() string {
	s := "user context("
	switch {
	case uc.Token != "":
		s += "a token"
	case uc.names():
		s += uc.principal().String()
	default:
		s += "no user"
	}
	if uc.Attributes.given() {
		s += ", attributes"
	}
	return s + ")"
}

// Format writes [UserContext.String] for every verb.
func (uc UserContext) Format(f fmt.State, _ rune) { io.WriteString(f, uc.String()) }

// LogValue is [UserContext.String].
func (uc UserContext) LogValue() slog.Value { return slog.StringValue(uc.String()) }

// MarshalText is [UserContext.String]: a token does not get into JSON by
// accident.
func (uc UserContext) MarshalText() ([]byte, error) { return []byte(uc.String()), nil }

// String tells the type alone.
func (a Attributes) String() string { return "tokenacl.Attributes" }

// Format writes [Attributes.String] for every verb.
func (a Attributes) Format(f fmt.State, _ rune) { io.WriteString(f, a.String()) }

// LogValue is [Attributes.String].
func (a Attributes) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText is [Attributes.String].
func (a Attributes) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
