package postgres

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tokenacl/tokenacl/acl"
)

// IterativeScan is run before the query of [Nearest], in the same transaction,
// so that an index scan of pgvector 0.8 or newer goes on until K rows pass the
// filter or the limits of pgvector stop it.
const IterativeScan = "SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('ivfflat.iterative_scan', 'relaxed_order', true)"

// Neighbours say what [Nearest] searches for.
type Neighbours struct {
	ID, Vector string // columns
	Distance   string // operator of pgvector: <->, <=>, <#>, <+>, <~> or <%>
	K          int    // how many, 1 or more
}

// Nearest returns the query for the K rows that s sees nearest to a vector, as
// their id and distance: exactly K while s sees so many. An index scan of
// pgvector filters what it finds and may end with fewer, however many there
// are; then, and only then, the query computes all distances. Rows without a
// vector are not found. The distances are
// those of the rows; which rows an index scan misses among K is pgvector's
// recall, as without a filter.
//
// The placeholder FirstPlaceholder is the vector's, for which the caller adds
// the argument before args, as in append([]any{v}, args...).
func Nearest(s acl.Scope, r acl.Rules, o Options, k Neighbours) (query string, args []any, err error) {
	n, err := o.needTable()
	if err != nil {
		return "", nil, err
	}
	if !slices.Contains([]string{"<->", "<=>", "<#>", "<+>", "<~>", "<%>"}, k.Distance) || k.K < 1 {
		return "", nil, errors.New("postgres: want an operator of pgvector as Neighbours.Distance, and a K of 1 or more")
	}
	id, err := quote(k.ID)
	if err != nil {
		return "", nil, err
	}
	vector, err := quote(k.Vector)
	if err != nil {
		return "", nil, err
	}
	first := max(o.FirstPlaceholder, 1)
	o.FirstPlaceholder = first + 1
	where, args, err := Filter(s, r, o)
	if err != nil {
		return "", nil, err
	}
	distance := fmt.Sprintf("%s%s %s $%d", n.prefix, vector, k.Distance, first)
	row := fmt.Sprintf("SELECT %s%s AS id, %s AS distance FROM %s WHERE %s AND %s%s IS NOT NULL", n.prefix, id, distance, n.table, where, n.prefix, vector)
	return fmt.Sprintf(`WITH indexed AS MATERIALIZED (%s ORDER BY %s LIMIT %d),
exact AS MATERIALIZED (SELECT id, distance FROM (%s AND (SELECT count(*) FROM indexed) < %[3]d OFFSET 0) AS visible ORDER BY distance, id LIMIT %[3]d)
SELECT id, distance FROM indexed WHERE (SELECT count(*) FROM indexed) = %[3]d
UNION ALL SELECT id, distance FROM exact ORDER BY distance, id`, row, distance, k.K, row), args, nil
}
