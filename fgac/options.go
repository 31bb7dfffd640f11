package fgac

// Options say what the files do not. The zero value is the plugin's default.
type Options struct {
	// ActionGroups is the content of action_groups.yml, JSON or YAML; its groups
	// are added to the plugin's default ones.
	ActionGroups []byte

	// Resolution says what the roles of an identity are; the zero value is
	// MappingOnly.
	Resolution Resolution

	// Aliases returns the aliases and data streams that an index belongs to: a
	// pattern that matches one of them covers the index. It is called for each
	// check, possibly concurrently. Nil: there are none.
	Aliases func(index string) []string

	// DoNotFailOnForbidden makes [User.Accesses] leave out indices that the
	// caller may not read, instead of refusing the request.
	DoNotFailOnForbidden bool
}

// Resolution is the setting plugins.security.roles_mapping_resolution: where the
// roles of an identity come from.
type Resolution uint8

// The ways to resolve roles.
const (
	MappingOnly      Resolution = iota // roles_mapping alone
	BackendRolesOnly                   // backend roles are the roles, there is no mapping
	Both                               // the roles of either
)
