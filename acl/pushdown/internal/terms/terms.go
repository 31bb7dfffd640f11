// Package terms says an ACL and a caller in one kind of word, a term, so that
// an engine that only compares strings decides as package acl does: a document
// is visible when each of its levels shares a term with the caller, and its
// denials share none. All that [acl.Rules] leaves open is settled here, so no
// engine's package reads an ACL itself.
package terms

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// A term is a kind and what the kind names. The kind stands first, and the
// length of a data source before it, so that no two names share a term (rule
// P2). Everyone and unknown are kinds that no name has.
const (
	kindUser     = "u"
	kindGroup    = "g" // a group without a data source
	kindSource   = "s" // a group of a data source: s4:wikistaff
	kindAnywhere = "a" // a caller's group of a data source, without it
	everyone     = "*" // asked for by public documents
	unknown      = "?" // in the denials of a document that denies a group; a caller whose groups are unknown
)

func sourced(source, name string) string {
	return kindSource + strconv.Itoa(len(source)) + ":" + source + name
}

// Document is an ACL as terms. The zero value admits nobody.
type Document struct {
	// Levels are sorted and without duplicates each. None means nobody.
	Levels [][]string
	// Deny is sorted and without duplicates. It is empty when Levels is.
	Deny []string
}

// Of returns the terms of a. An invalid ACL, or a name that is not valid UTF-8
// and so would not survive JSON, is an [*acl.Error].
func Of(a acl.ACL, r acl.Rules) (Document, error) {
	if err := r.Validate(a); err != nil {
		return Document{}, err
	}
	switch a := a.(type) {
	case nil:
		return Document{}, nil
	case acl.List:
		return ofLevels([]acl.List{a}, r)
	case acl.Hierarchy:
		return ofLevels(a, r)
	}
	return Document{Levels: [][]string{{everyone}}}, nil
}

func ofLevels(levels []acl.List, r acl.Rules) (Document, error) {
	var d Document
	closed := false // a level admits nobody
	for _, level := range levels {
		allow, asks := []string(nil), false
		for _, e := range level {
			if !utf8.ValidString(e.Name) || !utf8.ValidString(e.DataSourceID) {
				return Document{}, &acl.Error{Reason: "a name or data source id is not valid UTF-8, which engines cannot tell apart; rename it"}
			}
			name := r.FoldName(e.Name)
			if e.Access == acl.Deny {
				d.Deny = append(d.Deny, denied(e, name, r)...)
				continue
			}
			asks = true
			allow = append(allow, allowed(e, name)...)
		}
		if asks || !r.DenyOnlyEveryone {
			d.Levels = append(d.Levels, unique(allow))
			closed = closed || len(allow) == 0
		}
	}
	switch {
	case len(d.Levels) == 0: // DenyOnlyEveryone, and every level asks nothing
		d.Levels = [][]string{{everyone}}
	case r.AnyLevel:
		all := unique(slices.Concat(d.Levels...))
		if len(all) == 0 {
			return Document{}, nil
		}
		d.Levels = [][]string{all}
	case closed:
		return Document{}, nil
	}
	d.Deny = unique(d.Deny)
	return d, nil
}

// allowed returns the term of an ALLOW entry, which matches narrowly (rule A5).
func allowed(e acl.Entry, name string) []string {
	switch {
	case e.Type == acl.User && e.DataSourceID == "":
		return []string{kindUser + name}
	case e.Type == acl.User: // no caller has a data source
		return nil
	case e.DataSourceID == "":
		return []string{kindGroup + name}
	}
	return []string{sourced(e.DataSourceID, name)}
}

// denied returns the terms of a DENY entry, which matches widely (rule A5).
func denied(e acl.Entry, name string, r acl.Rules) []string {
	if e.Type == acl.User {
		return []string{kindUser + name}
	}
	hits := []string{kindGroup + name, kindAnywhere + name}
	if e.DataSourceID != "" {
		hits[1] = sourced(e.DataSourceID, name)
	}
	if !r.MissingGroupsMeanNone {
		hits = append(hits, unknown)
	}
	return hits
}

// Caller is a scope as terms. The zero value sees nothing.
type Caller struct {
	Everything bool // Terms is then empty
	// Terms is sorted and without duplicates. The same terms are asked of levels
	// and of denials: the kinds that count for one alone are never in the other.
	Terms []string
}

// For returns the terms of s. A name that is not valid UTF-8 is an [*acl.Error].
func For(s acl.Scope, r acl.Rules) (Caller, error) {
	public := acl.Decide(s, acl.Public(), r)
	if public.Reason == acl.ReasonUnrestricted {
		return Caller{Everything: true}, nil
	}
	var c Caller
	if public.Allowed {
		c.Terms = append(c.Terms, everyone)
	}
	p, _ := s.Principal() // a guest has no names
	if p.GroupsUnknown && !r.MissingGroupsMeanNone {
		c.Terms = append(c.Terms, unknown)
	}
	if p.User != "" {
		c.Terms = append(c.Terms, kindUser+r.FoldName(p.User))
	}
	for _, g := range p.Groups {
		c.Terms = append(c.Terms, kindGroup+r.FoldName(g))
	}
	for _, g := range p.DataSourceGroups {
		name := r.FoldName(g.GroupID)
		c.Terms = append(c.Terms, sourced(g.DataSourceID, name), kindAnywhere+name)
	}
	for _, t := range c.Terms {
		if !utf8.ValidString(t) {
			return Caller{}, &acl.Error{Reason: "a name of the caller is not valid UTF-8, which engines cannot tell apart; refuse such names where callers come from"}
		}
	}
	c.Terms = unique(c.Terms)
	return c, nil
}

// Sees is what every engine's filter must answer. It takes the terms of d as
// an engine returned them, in any order.
func (c Caller) Sees(d Document) bool {
	if c.Everything {
		return true
	}
	for _, level := range d.Levels {
		if !slices.ContainsFunc(level, c.has) {
			return false
		}
	}
	return len(d.Levels) > 0 && !slices.ContainsFunc(d.Deny, c.has)
}

// Verify keeps the hits of a page whose document, as read returns it, s sees, and
// counts the others: the Verify of each engine's package. With an error, that of
// [For], nothing is kept.
func Verify[T any](s acl.Scope, r acl.Rules, page []T, read func(T) (d Document, ok bool)) (kept []T, dropped int, err error) {
	c, err := For(s, r)
	if err != nil {
		return nil, len(page), err
	}
	for _, hit := range page {
		if d, ok := read(hit); ok && c.Sees(d) {
			kept = append(kept, hit)
		}
	}
	return kept, len(page) - len(kept), nil
}

// Texts returns the strings of an array; anything else is not ok.
func Texts(v strictjson.Value) (list []string, ok bool) {
	for e := range v.Elements() {
		text, ok := e.Str()
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, v.Kind() == strictjson.Array
}

func (c Caller) has(t string) bool {
	_, ok := slices.BinarySearch(c.Terms, t)
	return ok
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
