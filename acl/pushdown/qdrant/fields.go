package qdrant

import (
	"encoding/json"
	"errors"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Field is the member of a payload that the ACL of its point is stored in.
const Field = "tokenacl"

// The fields of [Stored], as filters name them.
const (
	allowField  = Field + ".allow"
	denyField   = Field + ".deny"
	levelsField = Field + ".levels"
	levelField  = "allow" // of one level
	kindField   = Field + ".kind"
)

const hierarchy = "hierarchy"

func kindOf(furtherLevels int) string {
	if furtherLevels > 0 {
		return hierarchy
	}
	return "list"
}

// ErrLimit is what errors are that a limit of the engine's makes: nothing is
// ever cut to fit.
var ErrLimit = errors.New("qdrant: beyond a limit of the engine")

// Stored is an ACL as payloads have it. The zero value admits nobody.
type Stored struct {
	Kind string `json:"kind"` // whether there are levels, which Qdrant finds out more slowly

	Allow  []string `json:"allow"`
	Levels []Level  `json:"levels"`
	Deny   []string `json:"deny"`
}

// Level is a further level of a hierarchy.
type Level struct {
	Allow []string `json:"allow"`
}

// Fields returns what to store with a point as the member [Field] of its
// payload. An invalid ACL is an [*acl.Error].
func Fields(a acl.ACL, r acl.Rules) (Stored, error) {
	d, err := terms.Of(a, r)
	s := Stored{kindOf(0), []string{}, []Level{}, []string{}}
	if err != nil || len(d.Levels) == 0 {
		return s, err
	}
	s.Allow, s.Deny = d.Levels[0], append(s.Deny, d.Deny...)
	for _, level := range d.Levels[1:] {
		s.Levels = append(s.Levels, Level{level})
	}
	s.Kind = kindOf(len(s.Levels))
	return s, nil
}

// encode is for values that have a JSON form, whatever they hold. Members of
// maps are sorted.
func encode(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic("qdrant: " + err.Error())
	}
	return text
}
