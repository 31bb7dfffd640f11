package postgres

import "github.com/tokenacl/tokenacl/acl"

// Schema returns the statements that add the columns to Options.Table, index
// the first level and keep the hash of r, in the comment of the column allow.
// Rows that are there already admit nobody until they are stored again. Run
// them once, in a transaction, without arguments.
func Schema(r acl.Rules, o Options) (string, error) {
	n, err := o.needTable()
	if err != nil {
		return "", err
	}
	column := func(s string) string { return s[len(n.prefix):] }
	allow, deny, levels := column(n.allow), column(n.deny), column(n.levels)
	return "ALTER TABLE " + n.table + "\n" +
		"  ADD COLUMN " + allow + ` text[] COLLATE "C" NOT NULL DEFAULT '{}',` + "\n" +
		"  ADD COLUMN " + deny + ` text[] COLLATE "C" NOT NULL DEFAULT '{}' CHECK (array_position(` + deny + `, NULL) IS NULL),` + "\n" +
		"  ADD COLUMN " + levels + " jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(" + levels + ") = 'array'" +
		" AND NOT jsonb_path_exists(" + levels + `, 'strict $[*] ? (@.type() != "array")'));` + "\n" +
		"CREATE INDEX ON " + n.table + " USING gin (" + allow + ");\n" +
		"COMMENT ON COLUMN " + n.allow + " IS '" + stored(r) + "';\n", nil
}

// StoredRules returns the query, of one row and column, that reads what
// [Schema] kept of its rules, for [Check].
func StoredRules(o Options) (query string, args []any, err error) {
	n, err := o.needTable()
	if err != nil {
		return "", nil, err
	}
	return "SELECT coalesce((SELECT col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = to_regclass($1::text) AND attname = $2::text), '')",
		[]any{n.table, n.allowName}, nil
}

// Check compares r with what [StoredRules] read, "" when there is nothing. A
// difference is [ErrRules]: do not search then.
func Check(r acl.Rules, read string) error {
	if read != stored(r) {
		return ErrRules
	}
	return nil
}
