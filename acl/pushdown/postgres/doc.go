// Package postgres lets PostgreSQL apply ACLs: it declares the columns, says
// what to store in them and writes the condition that finds, for a caller, the
// rows that [acl.Decide] admits. It makes text and arguments, for database/sql
// and pgx alike, and imports no driver. PostgreSQL 14 or newer.
//
// [Schema] declares the columns and [Check] compares the rules that they were
// declared with. [Fields] are stored with each row. [Filter] goes into a WHERE;
// [RowSecurity] and [Setting] let the server put it there itself; [Nearest] is
// the search by vector, with pgvector. [Verify] checks a page once more.
//
// A row is visible when each of its levels shares a term with the caller and
// its denials share none. The terms of the first level are an array, with an
// index; those of further levels are JSON, so that there may be any number of
// them. All functions are safe for concurrent use.
package postgres

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
)

var (
	// ErrRules says that the columns were declared with other rules, or none.
	ErrRules = errors.New("postgres: the rules differ from those that the columns were declared with; store the rows again under one acl.Rules")
	// ErrTerm says that a name cannot be stored: it has the character U+0000,
	// which PostgreSQL has not, or is longer than the 2,600 octets of an entry of
	// the index.
	ErrTerm = errors.New("postgres: a name cannot be stored")
)

// maxTerm is below the 2,700 octets at which PostgreSQL's GIN index fails when
// the text does not compress.
const maxTerm = 2600

// Options name what a statement is about. The zero value is enough for a query
// of one table.
type Options struct {
	// Table is the table or, in [Filter], its alias in the query; a dot stands
	// between schema and table. "" leaves it out, which only Filter allows.
	Table string
	// Allow, Deny and Levels are the columns; "" is acl_allow, acl_deny and
	// acl_levels.
	Allow, Deny, Levels string
	// FirstPlaceholder is the number of the first placeholder; 0 is 1.
	FirstPlaceholder int
	// FewVisible says that the caller sees few rows of all, so that these are
	// looked up in the index of terms, public ones too. Without it, each row that
	// the rest of the query finds is tested, until the page is full, at a cost that
	// the number of the caller's groups hardly changes. Either finds the same.
	FewVisible bool
}

// names are the identifiers of Options, checked and quoted.
type names struct {
	table, prefix, allow, deny, levels string
	allowName                          string // as it is in the catalogue
}

func (o Options) names() (n names, err error) {
	n.allowName = or(o.Allow, "acl_allow")
	if o.FirstPlaceholder < 0 {
		return n, fmt.Errorf("postgres: FirstPlaceholder is %d, want 1 or more; 0 is 1", o.FirstPlaceholder)
	}
	columns := []string{n.allowName, or(o.Deny, "acl_deny"), or(o.Levels, "acl_levels")}
	for i, c := range columns {
		if columns[i], err = quote(c); err != nil {
			return n, err
		}
	}
	if o.Table != "" {
		if n.table, err = quoteTable(o.Table); err != nil {
			return n, err
		}
		n.prefix = n.table + "."
	}
	n.allow, n.deny, n.levels = n.prefix+columns[0], n.prefix+columns[1], n.prefix+columns[2]
	return n, nil
}

// needTable is names for a statement about a table.
func (o Options) needTable() (names, error) {
	if o.Table == "" {
		return names{}, errors.New("postgres: Options.Table is empty, want the name of the table")
	}
	return o.names()
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func quoteTable(s string) (string, error) {
	parts := strings.Split(s, ".")
	for i, p := range parts {
		q, err := quote(p)
		if err != nil {
			return "", err
		}
		parts[i] = q
	}
	return strings.Join(parts, "."), nil
}

// quote makes an identifier. PostgreSQL would cut a longer one.
func quote(s string) (string, error) {
	if s == "" || len(s) > 63 || !utf8.ValidString(s) || strings.Contains(s, "\x00") {
		return "", errors.New("postgres: the name of a table or column is empty, longer than 63 octets, not UTF-8 or has U+0000")
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`, nil
}

// stored is the hash as [Schema] keeps it.
func stored(r acl.Rules) string { return "tokenacl rules " + r.Hash() }
