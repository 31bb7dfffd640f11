package postgres

import (
	"strconv"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Filter returns the condition for the rows that s sees, one expression in
// parentheses, and its argument: always one, at FirstPlaceholder. It holds the
// caller's names; do not log it. The zero scope sees no row, Unrestricted all.
// Rows with a column that is null are not seen. The same scope gives the same
// text and argument, and the text depends on nothing else of the scope than
// whether it is Unrestricted.
//
// The argument is the text of an array, which database/sql and pgx both take
// for a text[]. A name with U+0000 is an [ErrTerm], one that is not UTF-8 an
// [*acl.Error].
func Filter(s acl.Scope, r acl.Rules, o Options) (where string, args []any, err error) {
	n, err := o.names()
	if err != nil {
		return "", nil, err
	}
	c, err := callerOf(s, r)
	if err != nil {
		return "", nil, err
	}
	param := placeholder(o, 0)
	args = []any{array(c.Terms)}
	switch {
	case c.Everything:
		return "(" + param + " IS NOT NULL)", args, nil
	case o.FewVisible:
		return n.condition(n.lookup(param), param), args, nil
	}
	return n.condition(n.test(param), param), args, nil
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

// placeholder returns that of the argument i, cast so that the server knows its
// type before it knows the value.
func placeholder(o Options, i int) string {
	return "$" + strconv.Itoa(max(o.FirstPlaceholder, 1)+i) + "::text[]"
}

// condition is that of a row. allow is the one about the first level, param an
// expression of the array of the caller's terms.
//
// Null is asked for: NOT EXISTS over the elements of null is true.
func (n names) condition(allow, param string) string {
	return "(" + allow +
		" AND " + n.deny + " IS NOT NULL AND (cardinality(" + n.deny + ") = 0 OR NOT " + shares("unnest("+n.deny+")", param) + ")" +
		" AND " + n.levels + " IS NOT NULL AND (jsonb_array_length(" + n.levels + ") = 0 OR NOT EXISTS (SELECT FROM jsonb_array_elements(" + n.levels +
		") AS level(terms) WHERE NOT " + shares("jsonb_array_elements_text(level.terms)", param) + ")))"
}

// lookup lets the planner use the index. Where it does not, each term of the row
// is compared with each of the caller.
func (n names) lookup(param string) string {
	return n.allow + ` COLLATE "C" && ` + param
}

// test asks a hash table for each term of the row.
func (n names) test(param string) string { return shares("unnest("+n.allow+")", param) }

// shares says that one of the elements is among param. The caller's terms are
// hashed once in a query, also where the plan was made before they were known,
// which "= ANY (param)" is not. OFFSET 0 and IS TRUE keep the planner from
// making a join of it.
func shares(elements, param string) string {
	return "EXISTS (SELECT FROM (SELECT " + elements + " AS term OFFSET 0) AS stored WHERE (stored.term COLLATE \"C\" IN (SELECT unnest(" + param + "))) IS TRUE)"
}
