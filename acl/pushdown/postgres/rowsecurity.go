package postgres

import "github.com/tokenacl/tokenacl/acl"

// everything is the caller's term of an unrestricted scope, where the setting
// is all that tells. No name is stored as it is, see internal/terms.
const everything = "!"

// RowSecurity returns the statements by which the server itself lets a query of
// Options.Table see the rows that the caller of [Setting] sees, and no other.
// They hold for the table's owner too, but not for superusers, roles with
// BYPASSRLS, their views, a partition that is queried by its own name, or
// somebody who can send SQL of their own. Reading is all that they allow: a role
// that writes needs a policy of its own.
func RowSecurity(r acl.Rules, o Options) (string, error) {
	n, err := o.needTable()
	if err != nil {
		return "", err
	}
	// A setting that a transaction has left is empty, one that never was is null.
	param := "nullif(current_setting('" + setting(r) + "', true), '')::text[]"
	allow := n.test(param)
	if o.FewVisible {
		allow = n.lookup("(SELECT " + param + ")")
	}
	return "ALTER TABLE " + n.table + " ENABLE ROW LEVEL SECURITY;\n" +
		"ALTER TABLE " + n.table + " FORCE ROW LEVEL SECURITY;\n" +
		"CREATE POLICY tokenacl_read ON " + n.table + " FOR SELECT USING (" +
		"(SELECT '" + everything + "' = ANY (" + param + ")) IS TRUE OR " + n.condition(allow, param) + ");\n", nil
}

// Setting returns the query that tells the server who asks, until the end of
// the transaction, in which it has to be run first: outside of one, and in the
// next one of a pooled connection, nothing is visible. Its name has the hash of
// r, so that under other rules than those of [RowSecurity] nothing is visible
// either. The argument holds the caller's names; do not log it. Errors are
// those of [Filter].
func Setting(s acl.Scope, r acl.Rules) (query string, args []any, err error) {
	c, err := callerOf(s, r)
	if err != nil {
		return "", nil, err
	}
	if c.Everything {
		c.Terms = []string{everything}
	}
	return "SELECT set_config($1, $2, true) IS NOT NULL", []any{setting(r), array(c.Terms)}, nil
}

// setting names a setting; the parts of its name begin with a letter, and need no
// quotes.
func setting(r acl.Rules) string { return "tokenacl.terms_" + r.Hash() }
