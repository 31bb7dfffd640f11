package sqlite

import (
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Row is a row of the table of terms, but for the document: its columns level
// and term. Level 0 has the denials.
type Row struct {
	Level int
	Term  string
}

// Fields returns the rows to store for a document, none when nobody is
// admitted. Delete those that are there and insert these in one transaction;
// without the denials, a document admits too many.
//
// An ACL that is invalid under r is an [*acl.Error], a name with U+0000 an
// [ErrTerm]; no rows are returned with either.
func Fields(a acl.ACL, r acl.Rules) ([]Row, error) {
	d, err := terms.Of(a, r)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for level, list := range append([][]string{d.Deny}, d.Levels...) {
		if err := refuseNUL(list); err != nil {
			return nil, err
		}
		for _, t := range list {
			rows = append(rows, Row{level, t})
		}
	}
	return rows, nil
}

func refuseNUL(list []string) error {
	if slices.ContainsFunc(list, func(t string) bool { return strings.Contains(t, "\x00") }) {
		return ErrTerm
	}
	return nil
}

// document is rows, in any order, as terms. Rows that are no document's admit
// nobody.
func document(rows []Row) terms.Document {
	var d terms.Document
	levels := map[int][]string{}
	for _, row := range rows {
		if row.Level == 0 {
			d.Deny = append(d.Deny, row.Term)
		} else {
			levels[row.Level] = append(levels[row.Level], row.Term)
		}
	}
	for level := 1; level <= len(levels); level++ {
		d.Levels = append(d.Levels, levels[level]) // none, where one is missing or below 0: it admits nobody
	}
	return d
}

// Verify decides about a page of hits once more, by the rows stored for each as
// they were read, and keeps those that s sees: a guard against a query that
// lost its filter. stored returns no rows where nothing could be read. With an
// error, which is about s, nothing is kept.
func Verify[T any](s acl.Scope, r acl.Rules, page []T, stored func(T) []Row) (kept []T, dropped int, err error) {
	return terms.Verify(s, r, page, func(hit T) (terms.Document, bool) { return document(stored(hit)), true })
}
