package opensearch

import (
	"errors"
	"fmt"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Field is the member of a document that its ACL is stored in.
const Field = "tokenacl"

// The fields of [Stored], as queries name them.
const (
	allowField  = Field + ".allow"
	denyField   = Field + ".deny"
	levelsField = Field + ".levels"
	levelField  = levelsField + ".allow"
)

// ErrLimit is what errors are that a limit of the engine's makes: nothing is
// ever cut to fit.
var ErrLimit = errors.New("opensearch: beyond a limit of the engine")

const (
	maxTermBytes = 32766 // of Lucene, for a term
	maxLevels    = 10000 // index.mapping.nested_objects.limit
)

// Stored is an ACL as documents have it. The zero value admits nobody. All
// members are in its JSON, empty ones too: a partial update, which merges
// objects, then leaves nothing of an earlier ACL.
type Stored struct {
	Allow  []string `json:"allow"`
	Levels []Level  `json:"levels"`
	Deny   []string `json:"deny"`
}

// Level is a further level of a hierarchy.
type Level struct {
	Allow []string `json:"allow"`
}

// Fields returns what to store with a document as its member [Field]. An
// invalid ACL is an [*acl.Error]; a name of more than some 32,000 bytes, and a
// hierarchy of more than 10,000 levels, are [ErrLimit].
func Fields(a acl.ACL, r acl.Rules) (Stored, error) {
	d, err := terms.Of(a, r)
	if err != nil || len(d.Levels) == 0 {
		return Stored{}, err
	}
	if len(d.Levels) > maxLevels {
		return Stored{}, fmt.Errorf("%w: %d levels, want at most %d", ErrLimit, len(d.Levels), maxLevels)
	}
	for _, list := range append(d.Levels, d.Deny) {
		for _, t := range list {
			if len(t) > maxTermBytes {
				return Stored{}, fmt.Errorf("%w: a name takes %d bytes, want at most %d; shorten it", ErrLimit, len(t), maxTermBytes)
			}
		}
	}
	s := Stored{Allow: d.Levels[0], Deny: d.Deny}
	for _, level := range d.Levels[1:] {
		s.Levels = append(s.Levels, Level{level})
	}
	return s, nil
}
