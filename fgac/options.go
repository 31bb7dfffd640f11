package fgac

import (
	"fmt"
	"log/slog"
)

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

	// Merge says how the rules of several roles combine; the zero value is
	// MergePlugin.
	Merge Merge

	// AllowMixed accepts a role with includes and excludes for one index. The plugin
	// then ignores the includes; under MergePerGrant both count. Otherwise such a
	// role is refused.
	AllowMixed bool

	// Salt of the default mask, a secret of 16 bytes or more, of which the first 16
	// count: plugins.security.compliance.salt. Masks need it.
	Salt string
	// InsecureDefaultSalt masks with the plugin's default salt. Everybody knows it,
	// and so can tell which value a mask stands for by trying.
	InsecureDefaultSalt bool
	// MaskAlgorithm is the setting plugins.security.masked_fields.algorithm.default:
	// "" is BLAKE2b with the salt, BLAKE2B_LEGACY_DEFAULT what the plugin did before
	// version 3. The name of a digest, such as SHA-256, masks without a salt, which
	// is as guessable as a salt that everybody knows.
	MaskAlgorithm string

	// Lookup returns the values at a path of a document of an index, for the terms
	// lookup of a rule: strings, numbers and booleans, none if there is no such
	// document or path. It must see all documents, whoever asks. It is called when
	// an Access is prepared, possibly concurrently; an error denies. Nil: rules with
	// a lookup are refused.
	Lookup func(index, id, path string) ([]any, error)

	// DoNotFailOnForbidden makes [User.Accesses] leave out indices that the
	// caller may not read, instead of refusing the request.
	DoNotFailOnForbidden bool
	// DoNotFailOnForbiddenEmpty, with DoNotFailOnForbidden, makes it return none at
	// all, without an error, where nothing is left: a search finds nothing instead of
	// being refused.
	DoNotFailOnForbiddenEmpty bool
}

// Format writes the type's name for every verb: there is a secret in it.
func (o Options) Format(f fmt.State, _ rune) { fmt.Fprint(f, "options") }

// LogValue is the type's name.
func (o Options) LogValue() slog.Value { return slog.StringValue("options") }

// MarshalText is the type's name.
func (o Options) MarshalText() ([]byte, error) { return []byte("options"), nil }

func (o *Options) check() error {
	switch {
	case o.Resolution > Both:
		return &Error{File: "options", Reason: "Resolution is none of MappingOnly, BackendRolesOnly, Both"}
	case o.Merge > MergePerGrant:
		return &Error{File: "options", Reason: "Merge is none of MergePlugin, MergeEmptyOverridesAll, MergePerGrant"}
	case o.DoNotFailOnForbiddenEmpty && !o.DoNotFailOnForbidden:
		return &Error{File: "options", Reason: "DoNotFailOnForbiddenEmpty has no effect without DoNotFailOnForbidden"}
	}
	return nil
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

// Merge says how the rules of several roles combine, for one index.
type Merge uint8

// The ways to combine rules. An entry is one of index_permissions, of any role
// of the caller. It has a rule for documents if dls is not empty, one for fields
// if fls is not, and masks if masked_fields is not; the three do not depend on
// each other.
const (
	// MergePlugin is the plugin's default. Of all entries that cover the index,
	// for whatever action: if any has a rule, those without are ignored, and a
	// document that one of the rules admits is visible. Of fields, those of any
	// include are visible, or, as soon as there is an exclude, those of none; masks
	// add up. Who gains a role may see less, and also more: a role that only grants
	// writing has its rules count when its holder reads, and one of them may admit
	// what the others hide. Roles.Lint tells which do.
	MergePlugin Merge = iota
	// MergeEmptyOverridesAll is the plugin's setting dfm_empty_overrides_all: an
	// entry without a rule lifts the rules of all others, also one that only grants
	// writing.
	MergeEmptyOverridesAll
	// MergePerGrant takes each entry that grants the action by itself. A document
	// is visible if one of them shows it, and in it the fields that such an entry
	// shows, unmasked if one of these does not mask it.
	MergePerGrant
)
