package qdrant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Options of [Filter]. The zero value is for collections without strict mode.
type Options struct {
	// ConditionMaxSize is condition_max_size of the collection's strict mode: how
	// many terms a clause may have. A caller has one for their name, one for each
	// group, and two for each group of a data source. 0: no limit.
	ConditionMaxSize int
	// Verify has [Body] ask for what [Verify] reads. It is the ACLs of points: take
	// it out of what leaves the server. Otherwise Body asks to leave it out.
	Verify bool
}

// Clause is a caller as a filter: it matches what they see. The zero value
// matches nothing. It is immutable and safe for concurrent use, and holds names
// of the caller: formatting and logging do not show them, and encoding/json
// refuses it; see [Clause.JSON].
type Clause struct {
	in **clause // two pointers, because fmt follows one where it can call no methods
}

type clause struct {
	filter []byte
	verify bool
}

func newClause(filter []byte, verify bool) Clause {
	in := &clause{filter, verify}
	return Clause{&in}
}

const (
	matchAll  = `{}`
	matchNone = `{"must":[{"has_id":[]}]}`
	maxBytes  = 32 << 20 // service.max_request_size_mb
)

// Filter returns the clause for s. Equal scopes have equal clauses, byte for
// byte. More terms than Options.ConditionMaxSize, or a clause of more than
// 32 MiB, are [ErrLimit]; a name that is not valid UTF-8 is an [*acl.Error].
// The Clause that comes with an error matches nothing.
func Filter(s acl.Scope, r acl.Rules, o Options) (Clause, error) {
	c, err := terms.For(s, r)
	switch {
	case err != nil:
		return Clause{}, err
	case o.ConditionMaxSize < 0:
		return Clause{}, public(refuse("Options.ConditionMaxSize is negative; want the number of the collection, or 0 for no limit"))
	case c.Everything:
		return newClause([]byte(matchAll), o.Verify), nil
	case len(c.Terms) == 0:
		return newClause([]byte(matchNone), o.Verify), nil
	case o.ConditionMaxSize > 0 && len(c.Terms) > o.ConditionMaxSize:
		return Clause{}, fmt.Errorf("%w: the caller has %d terms, want at most %d; raise condition_max_size", ErrLimit, len(c.Terms), o.ConditionMaxSize)
	}
	text := decides(c.Terms)
	if len(text) > maxBytes {
		return Clause{}, fmt.Errorf("%w: a filter of %d bytes, want at most %d", ErrLimit, len(text), maxBytes)
	}
	return newClause(text, o.Verify), nil
}

// decides is the decision for a caller: the first level has one of their terms,
// the denials none, and there is no further level that has none. Qdrant reads the
// payload of a point for that, so it is not asked of lists.
func decides(caller []string) []byte {
	anyOf := func(key string) object {
		return object{"key": key, "match": object{"any": caller}}
	}
	return encode(object{
		"must": []any{anyOf(allowField)},
		"must_not": []any{anyOf(denyField), object{"must": []any{
			object{"must_not": []any{object{"key": kindField, "match": object{"value": kindOf(0)}}}},
			object{"nested": object{"key": levelsField, "filter": object{"must_not": []any{anyOf(levelField)}}}},
		}}},
	})
}

type object = map[string]any

// And returns a clause that matches what both match, for a request of two
// scopes.
func (c Clause) And(d Clause) Clause {
	verify := c.verify() || d.verify()
	switch {
	case string(c.filter()) == matchAll:
		return newClause(d.filter(), verify)
	case string(d.filter()) == matchAll:
		return newClause(c.filter(), verify)
	}
	return newClause(encode(object{"must": []json.RawMessage{c.filter(), d.filter()}}), verify)
}

// JSON returns a copy of the filter, for a request that the application writes;
// to be put beside another filter, both go into one must. It has the names of
// the caller.
func (c Clause) JSON() []byte { return bytes.Clone(c.filter()) }

func (c Clause) filter() []byte {
	if c.in == nil {
		return []byte(matchNone)
	}
	return (*c.in).filter
}

func (c Clause) verify() bool { return c.in != nil && (*c.in).verify }

// Format writes the type's name for every verb.
func (c Clause) Format(f fmt.State, _ rune) { io.WriteString(f, "qdrant clause") }

// LogValue is the type's name.
func (c Clause) LogValue() slog.Value { return slog.StringValue("qdrant clause") }

// MarshalJSON is an error: names do not get into JSON by accident, nor does a
// filter without them.
func (c Clause) MarshalJSON() ([]byte, error) {
	return nil, errors.New("qdrant: a Clause is not for encoding/json; where its names are meant to go, put json.RawMessage(clause.JSON())")
}
