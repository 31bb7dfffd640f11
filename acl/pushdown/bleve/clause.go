package bleve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Clause is a caller as a query: it matches what they see. The zero value
// matches nothing. It is immutable and safe for concurrent use, and holds names
// of the caller: formatting and logging do not show them, and encoding/json
// refuses it; see [Clause.JSON].
type Clause struct {
	in **clause // two pointers, because fmt follows one where it can call no methods
}

type clause struct {
	query  []byte
	verify bool
}

func newClause(query []byte, verify bool) Clause {
	in := &clause{query, verify}
	return Clause{&in}
}

const (
	matchAll  = `{"match_all":{}}`
	matchNone = `{"match_none":{}}`
)

// Filter returns the clause for s. Equal scopes have equal clauses, byte for
// byte. A name that is not valid UTF-8 is an [*acl.Error]; the Clause that comes
// with an error matches nothing.
func Filter(s acl.Scope, r acl.Rules, o Options) (Clause, error) {
	n, err := o.levels()
	if err != nil {
		return Clause{}, err
	}
	c, err := terms.For(s, r)
	switch {
	case err != nil:
		return Clause{}, err
	case c.Everything:
		return newClause([]byte(matchAll), o.Verify), nil
	case len(c.Terms) == 0:
		return newClause([]byte(matchNone), o.Verify), nil
	}
	return newClause(decides(c.Terms, n), o.Verify), nil
}

// decides is the decision for a caller: the first level has one of their terms,
// the denials none, and there is no further level that has none. A level beyond
// the last, which no index of these Options has, hides.
func decides(caller []string, n int) []byte {
	all := words(caller)
	hides := []any{match{analyzer, Field + "." + deny, all}, term{Field + "." + levels, strconv.Itoa(n)}}
	for i := 1; i < n; i++ {
		hides = append(hides, boolean{
			Must:    &conjunction{[]any{term{Field + "." + levels, strconv.Itoa(i)}}},
			MustNot: &disjunction{[]any{match{analyzer, Field + "." + levelName(i), all}}},
		})
	}
	return encode(boolean{Must: &conjunction{[]any{match{analyzer, Field + "." + allow, all}}}, MustNot: &disjunction{hides}})
}

type (
	// match asks for one of the words of Match, or more.
	match struct {
		Analyzer string `json:"analyzer"`
		Field    string `json:"field"`
		Match    string `json:"match"`
	}
	term struct {
		Field string `json:"field"`
		Term  string `json:"term"`
	}
	// boolean has no should: beside must, Bleve asks nothing of it.
	boolean struct {
		Must    *conjunction    `json:"must,omitempty"`
		MustNot *disjunction    `json:"must_not,omitempty"`
		Filter  json.RawMessage `json:"filter,omitempty"`
	}
	// conjunction is never empty: Bleve takes a must of nothing for no must.
	conjunction struct {
		Conjuncts []any `json:"conjuncts"`
	}
	disjunction struct {
		Disjuncts []any `json:"disjuncts"`
	}
)

// And returns a clause that matches what both match, for a request of two
// scopes.
func (c Clause) And(d Clause) Clause {
	both := encode(conjunction{[]any{json.RawMessage(c.query()), json.RawMessage(d.query())}})
	return newClause(both, c.verify() || d.verify())
}

// JSON returns a copy of the query, for a search that the application writes: it
// belongs into the member filter of a Boolean query around everything. It has
// the names of the caller, in other letters.
func (c Clause) JSON() []byte { return bytes.Clone(c.query()) }

func (c Clause) query() []byte {
	if c.in == nil {
		return []byte(matchNone)
	}
	return (*c.in).query
}

func (c Clause) verify() bool { return c.in != nil && (*c.in).verify }

// Format writes the type's name for every verb.
func (c Clause) Format(f fmt.State, _ rune) { io.WriteString(f, "bleve clause") }

// LogValue is the type's name.
func (c Clause) LogValue() slog.Value { return slog.StringValue("bleve clause") }

// MarshalJSON is an error: names do not get into JSON by accident, nor does a
// query without them.
func (c Clause) MarshalJSON() ([]byte, error) {
	return nil, errors.New("bleve: a Clause is not for encoding/json; where its names are meant to go, put json.RawMessage(clause.JSON())")
}
