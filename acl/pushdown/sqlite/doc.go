// Package sqlite lets SQLite, and any SQL that has no arrays, apply ACLs: it
// declares a table of terms, says what to store in it for a document and writes
// the condition that finds, for a caller, the documents that [acl.Decide]
// admits. It makes text and arguments, and imports no driver.
//
// [Schema] declares the table and [Check] compares the rules that it was
// declared with. [Fields] are stored for each document. [Filter] goes into a
// WHERE. [Verify] checks a page once more.
//
// A document is visible when each of its levels shares a term with the caller
// and its denials share none. There may be any number of levels. All functions
// are safe for concurrent use.
package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenacl/tokenacl/acl"
)

var (
	// ErrRules says that the table was declared with other rules.
	ErrRules = errors.New("sqlite: the rules differ from those that the table was declared with; store the documents again under one acl.Rules")
	// ErrTerm says that a name has the character U+0000, at which some versions of
	// SQLite end a string of JSON, as it would be that of somebody else.
	ErrTerm = errors.New("sqlite: a name has the character U+0000; refuse such names where they come from")
)

// Options name what a statement is about. The zero value is the table acl_terms
// for the column id of the table documents.
type Options struct {
	// Table is the table of terms, "" is acl_terms.
	Table string
	// Documents is the table of documents, or its alias in the query, and ID its
	// column that identifies them; "" is documents and id. Documents cannot be one
	// of allow, deny, further, same and caller, which Filter uses itself.
	Documents, ID string
	// IntegerID says that ID is an integer; otherwise it is text.
	IntegerID bool
	// FirstPlaceholder is the number of the placeholder, as in ?3; 0 is 1.
	FirstPlaceholder int
	// Caller is a table with the terms of the caller, as [Terms] returns them, in
	// its column term. Filter then has no argument and is standard SQL, for
	// engines without json_each. "" is none.
	Caller string
}

// aliases are what [Filter] calls the rows of the tables that it asks.
var aliases = []string{allowRows, denyRows, furtherRows, sameRows, callerRows}

const (
	allowRows   = "allow"
	denyRows    = "deny"
	furtherRows = "further"
	sameRows    = "same"
	callerRows  = "caller"
)

// names are the identifiers of Options, checked and quoted.
type names struct{ table, rules, document, caller string }

func (o Options) names() (names, error) {
	if o.FirstPlaceholder < 0 {
		return names{}, fmt.Errorf("sqlite: FirstPlaceholder is %d, want 1 or more; 0 is 1", o.FirstPlaceholder)
	}
	table := or(o.Table, "acl_terms")
	quoted := []string{table, table + "_rules", or(o.Documents, "documents"), or(o.ID, "id"), or(o.Caller, "caller")}
	for i, s := range quoted {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return names{}, errors.New("sqlite: the name of a table or column is not UTF-8 or has U+0000")
		}
		quoted[i] = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	// Inside of the condition, such a name would be that of the rows of terms: a
	// document would be compared with itself.
	if documents := or(o.Documents, "documents"); slices.ContainsFunc(aliases, func(a string) bool { return strings.EqualFold(a, documents) }) {
		return names{}, fmt.Errorf("sqlite: Options.Documents is a name that the condition has itself, want another than %s; give the table an alias in the query", strings.Join(aliases, ", "))
	}
	return names{quoted[0], quoted[1], quoted[2] + "." + quoted[3], quoted[4]}, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Schema returns the statements that declare the table of terms, and one beside
// it, of its name and _rules, that keeps the hash of r. Documents that have no
// terms admit nobody.
func Schema(r acl.Rules, o Options) (string, error) {
	n, err := o.names()
	if err != nil {
		return "", err
	}
	id := "TEXT"
	if o.IntegerID {
		id = "INTEGER"
	}
	return "CREATE TABLE " + n.table + " (\n" +
		"  document " + id + " NOT NULL,\n" +
		"  level INTEGER NOT NULL CHECK (typeof(level) = 'integer' AND level >= 0), -- 0 has the denials\n" +
		"  term TEXT COLLATE BINARY NOT NULL CHECK (typeof(term) = 'text'),\n" +
		"  PRIMARY KEY (document, level, term)\n" +
		") WITHOUT ROWID;\n" +
		"CREATE TABLE " + n.rules + " (hash TEXT NOT NULL);\n" +
		"INSERT INTO " + n.rules + " (hash) VALUES ('" + r.Hash() + "');\n", nil
}

// StoredRules returns the query, of one row and column, that reads the hash
// that [Schema] kept, for [Check].
func StoredRules(o Options) (string, error) {
	n, err := o.names()
	if err != nil {
		return "", err
	}
	return "SELECT coalesce(min(hash), '') FROM " + n.rules + " HAVING count(*) = 1", nil
}

// Check compares r with the hash that [StoredRules] read, "" when there is
// none. A difference is [ErrRules]: do not search then.
func Check(r acl.Rules, read string) error {
	if read != r.Hash() {
		return ErrRules
	}
	return nil
}
