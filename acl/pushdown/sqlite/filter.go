package sqlite

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Filter returns the condition for the documents that s sees, one expression in
// parentheses that is never null, and its argument: one, at FirstPlaceholder,
// or none with Options.Caller. It holds the caller's names; do not log it. The
// zero scope sees no document, Unrestricted all. The same scope gives the same
// text and argument, and the text depends on nothing else of the scope than
// whether it is Unrestricted.
//
// A name with U+0000 is an [ErrTerm], one that is not UTF-8 an [*acl.Error].
func Filter(s acl.Scope, r acl.Rules, o Options) (where string, args []any, err error) {
	n, err := o.names()
	if err != nil {
		return "", nil, err
	}
	c, err := callerOf(s, r)
	if err != nil {
		return "", nil, err
	}
	if o.Caller != "" {
		if c.Everything {
			return "(1 = 1)", nil, nil
		}
		return condition(n, func(row string) string {
			return "EXISTS (SELECT 1 FROM " + n.caller + " AS " + callerRows + " WHERE " + callerRows + ".term = " + row + ".term)"
		}), nil, nil
	}
	param := "?" + strconv.Itoa(max(o.FirstPlaceholder, 1))
	args = []any{list(c.Terms)}
	if c.Everything {
		return "(" + param + " IS NOT NULL)", args, nil
	}
	// Without the plus, SQLite looks each term of the caller up in the table, for
	// each document; with it, each term of the document among those of the caller.
	return condition(n, func(row string) string {
		return "+" + row + ".term IN (SELECT value FROM json_each(" + param + "))"
	}), args, nil
}

// condition says that the first level shares a term with the caller, that the
// denials share none, and that no further level shares none. callers says
// of a row that its term is the caller's.
func condition(n names, callers func(row string) string) string {
	has := func(as, document, level string) string {
		return "EXISTS (SELECT 1 FROM " + n.table + " AS " + as + " WHERE " + as + ".document = " + document + " AND " + as + ".level = " + level +
			" AND " + callers(as) + ")"
	}
	return "(" + has(allowRows, n.document, "1") +
		" AND NOT " + has(denyRows, n.document, "0") +
		" AND NOT EXISTS (SELECT 1 FROM " + n.table + " AS " + furtherRows + " WHERE " + furtherRows + ".document = " + n.document + " AND " + furtherRows + ".level > 1" +
		" AND NOT " + has(sameRows, furtherRows+".document", furtherRows+".level") + "))"
}

// Terms returns the terms of a caller for the table that Options.Caller names.
// They hold the caller's names; do not log them. Unrestricted has none: Filter
// asks no table then. Errors are those of [Filter].
func Terms(s acl.Scope, r acl.Rules) ([]string, error) {
	c, err := callerOf(s, r)
	return c.Terms, err
}

func callerOf(s acl.Scope, r acl.Rules) (terms.Caller, error) {
	c, err := terms.For(s, r)
	if err == nil {
		err = refuseNUL(c.Terms)
	}
	if err != nil {
		return terms.Caller{}, err
	}
	return c, nil
}

// list is the JSON of the caller's terms.
func list(terms []string) string {
	if len(terms) == 0 {
		return "[]"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(terms); err != nil {
		panic(errors.New("sqlite: strings do not encode"))
	}
	return strings.TrimSpace(b.String())
}
