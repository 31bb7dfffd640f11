package acl

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Rules say how ACLs are read where Kendra's documents leave a choice. The zero
// value is the safest reading, save that s3meta reads a document without
// entries as Kendra does. Give one Rules value to everything that reads or
// stores the same documents, and compare [Rules.Hash] where it is stored.
type Rules struct {
	// Missing is the reading of a Kendra document without entries.
	Missing Missing
	// DenyOnlyEveryone reads an ACL that has only DENY entries as Kendra reads
	// those of FAQs: everyone sees the document who is not denied. False is
	// Kendra's reading for documents: nobody does. A level without an ALLOW entry,
	// among others that have one, then asks nothing.
	DenyOnlyEveryone bool
	// AnyLevel lets one level of a Hierarchy suffice; a DENY at any level still
	// refuses. False asks every level.
	AnyLevel bool
	// Fold compares names after NFKC normalization and default case folding
	// (UAX #15; Unicode 3.13, D146) on both sides, so that "Straße" and "STRASSE"
	// are one name. Letters that only look alike stay apart. Names that are not
	// valid UTF-8, and all data source ids, compare byte for byte; of more than 30
	// combining marks in a row, the order counts. False compares byte for byte.
	Fold bool
	// MissingGroupsMeanNone reads Principal.GroupsUnknown as "in no group", so
	// that a DENY for a GROUP no longer refuses such a caller.
	MissingGroupsMeanNone bool
}

// Missing is the reading of a Kendra document without access control entries.
type Missing uint8

const (
	MissingDefault Missing = iota // MissingPublic in s3meta, MissingHidden elsewhere
	MissingHidden                 // admits nobody: strict mode
	MissingPublic                 // public, as Kendra documents it
)

// Hash identifies r: equal rules have equal hashes, in every version of this
// package that reads ACLs alike. Store it beside what was made under r. Under
// Fold it also changes with the version of Unicode, which a new release of Go
// may bring: stored names may then fold otherwise.
func (r Rules) Hash() string {
	unicode := ""
	if r.Fold {
		unicode = cases.UnicodeVersion
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "acl rules 1: missing=%d denyonly=%t anylevel=%t fold=%t%s unknown=%t",
		r.Missing, r.DenyOnlyEveryone, r.AnyLevel, r.Fold, unicode, r.MissingGroupsMeanNone))
	return hex.EncodeToString(sum[:8])
}

// Document returns the ACL of a Kendra document that has these two members,
// empty where it has not. Both given is an error: Kendra does not document how
// they combine. Neither is read as r.Missing says. With an error, an [*Error],
// the ACL is nil, which admits nobody. The ACL shares no memory with its
// arguments.
//
// Read Kendra's files with package s3meta: encoding/json passes over a member
// that is misspelt, and under MissingPublic that document would be public.
func (r Rules) Document(list List, levels Hierarchy) (ACL, error) {
	var a ACL
	switch {
	case len(list) > 0 && len(levels) > 0:
		return nil, &Error{Reason: "AccessControlList and HierarchicalAccessControlList are both given; use one"}
	case len(list) > 0:
		a = append(List(nil), list...)
	case len(levels) > 0:
		h := make(Hierarchy, len(levels))
		for i, l := range levels {
			h[i] = append(List(nil), l...)
		}
		a = h
	case r.Missing == MissingPublic:
		return Public(), nil
	default:
		return nil, nil
	}
	if err := r.Validate(a); err != nil {
		return nil, err
	}
	return a, nil
}

// FoldName returns the form of a name that r compares, which is the name itself
// unless r.Fold. Engines that store names store this form. It is idempotent, and
// never makes a name empty.
func (r Rules) FoldName(name string) string { return r.fold(name) }

func (r Rules) fold(name string) string {
	if !r.Fold {
		return name
	}
	return folded(name)
}

func folded(name string) string {
	switch {
	case !utf8.ValidString(name):
		return name
	case utf8.RuneCountInString(name) == len(name): // ASCII
		return strings.ToLower(name)
	}
	// NFKD makes the same names equal as NFKC does. It is used because norm also
	// composes letters that do not belong together (golang/go#81028): U+10041
	// and an accent would become "Á", the name of somebody else.
	// A Caser may keep state, hence one for each call.
	name = cases.Fold().String(norm.NFKD.String(name))
	return norm.NFKD.String(strings.Map(foldCherokee, name))
}

// foldCherokee maps small Cherokee letters to the capital ones, as Unicode's
// CaseFolding.txt does. Package cases swaps the two instead (golang/go#46101).
func foldCherokee(r rune) rune {
	switch {
	case 0xAB70 <= r && r <= 0xABBF:
		return r - 0xAB70 + 0x13A0
	case 0x13F8 <= r && r <= 0x13FD:
		return r - 0x13F8 + 0x13F0
	}
	return r
}
