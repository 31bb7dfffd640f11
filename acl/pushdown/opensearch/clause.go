package opensearch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// MaxTerms is how many terms a clause may have by OpenSearch's default,
// index.max_terms_count. A caller has one for their name, one for each group,
// and two for each group of a data source.
const MaxTerms = 65536

// Options of [Filter]. The zero value is for callers of at most [MaxTerms].
type Options struct {
	// Lookup is the index that the caller's [LookupDocument] is in, for any number
	// of terms and for requests that stay small. "": they are in the clause.
	Lookup string
	// Verify has [Body] ask for what [Verify] reads. It is the ACLs of documents:
	// take it out of what leaves the server. Body then refuses a _source that would
	// leave it out. Otherwise Body asks for that.
	Verify bool
}

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
// byte, which OpenSearch can cache. A scope of more than [MaxTerms], without
// Options.Lookup, is [ErrLimit]; a name that is not valid UTF-8 is an
// [*acl.Error]. The Clause that comes with an error matches nothing.
func Filter(s acl.Scope, r acl.Rules, o Options) (Clause, error) {
	c, err := terms.For(s, r)
	switch {
	case err != nil:
		return Clause{}, err
	case c.Everything:
		return newClause([]byte(matchAll), o.Verify), nil
	case len(c.Terms) == 0:
		return newClause([]byte(matchNone), o.Verify), nil
	case o.Lookup != "":
		id, parts := lookupParts(c.Terms)
		var lookups []json.RawMessage
		for i := range parts {
			lookups = append(lookups, encode(map[string]string{"index": o.Lookup, "id": id, "path": partName(i)}))
		}
		return newClause(decides(lookups), o.Verify), nil
	case len(c.Terms) > MaxTerms:
		return Clause{}, fmt.Errorf("%w: the caller has %d terms, want at most %d; use Options.Lookup", ErrLimit, len(c.Terms), MaxTerms)
	}
	return newClause(decides([]json.RawMessage{encode(c.Terms)}), o.Verify), nil
}

// LookupDocument returns what Options.Lookup needs: a document to write to that
// index, with this id, before a search with [Filter] for the same scope. Its
// content follows from its id, so it may be written at any time, again too. To
// replace it is impossible, and to delete it while a search runs that needs it
// makes DENY entries miss: delete what is older than the longest search.
//
// An empty id means that s needs none. The index wants the mappings
// {"enabled": false}. Who can read it learns the groups of callers.
func LookupDocument(s acl.Scope, r acl.Rules) (id string, document []byte, err error) {
	c, err := terms.For(s, r)
	if err != nil || len(c.Terms) == 0 {
		return "", nil, err
	}
	id, parts := lookupParts(c.Terms)
	members := map[string]json.RawMessage{}
	for i, part := range parts {
		members[partName(i)] = part
	}
	return id, encode(members), nil
}

// lookupParts are the members of a lookup document, each of which fits into one
// terms query, and its id.
func lookupParts(all []string) (id string, parts []json.RawMessage) {
	hash := sha256.New()
	for part := range slices.Chunk(all, MaxTerms) {
		text := encode(part)
		hash.Write(append(text, '\n'))
		parts = append(parts, text)
	}
	return hex.EncodeToString(hash.Sum(nil)), parts
}

func partName(i int) string { return "terms" + strconv.Itoa(i) }

// decides is the decision for a caller whose terms are those of the lists: the
// first level has one of them, the denials none, and no further level none.
func decides(lists []json.RawMessage) []byte {
	return encode(boolean{
		Filter: []json.RawMessage{anyOf(termsOf(allowField, lists))},
		MustNot: append(termsOf(denyField, lists), encode(map[string]any{"nested": map[string]any{
			"path": levelsField, "query": encode(boolean{MustNot: termsOf(levelField, lists)}),
		}})),
	})
}

// boolean is a bool query.
type boolean struct {
	Must, Filter, MustNot, Should []json.RawMessage
}

// MarshalJSON never has should without minimum_should_match: beside a filter it
// would ask nothing.
func (b boolean) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, clauses := range map[string][]json.RawMessage{"must": b.Must, "filter": b.Filter, "must_not": b.MustNot, "should": b.Should} {
		if len(clauses) > 0 {
			members[name] = clauses
		}
	}
	if len(b.Should) > 0 {
		members["minimum_should_match"] = 1
	}
	return json.Marshal(map[string]any{"bool": members})
}

func termsOf(field string, lists []json.RawMessage) (queries []json.RawMessage) {
	for _, list := range lists {
		queries = append(queries, encode(map[string]any{"terms": map[string]any{field: list}}))
	}
	return queries
}

func anyOf(queries []json.RawMessage) json.RawMessage {
	if len(queries) == 1 {
		return queries[0]
	}
	return encode(boolean{Should: queries})
}

// encode is for values that have a JSON form, whatever they hold. Members of
// maps are sorted.
func encode(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic("opensearch: " + err.Error())
	}
	return text
}

// And returns a clause that matches what both match, for a request of two
// scopes.
func (c Clause) And(d Clause) Clause {
	both := encode(boolean{Filter: []json.RawMessage{c.query(), d.query()}})
	return newClause(both, c.verify() || d.verify())
}

// JSON returns a copy of the query, for a search that the application writes: in
// the filter of a bool query around everything, and in the filter of each knn
// clause. It has the names of the caller.
func (c Clause) JSON() []byte { return bytes.Clone(c.query()) }

func (c Clause) query() []byte {
	if c.in == nil {
		return []byte(matchNone)
	}
	return (*c.in).query
}

func (c Clause) verify() bool { return c.in != nil && (*c.in).verify }

// Format writes the type's name for every verb.
func (c Clause) Format(f fmt.State, _ rune) { io.WriteString(f, "opensearch clause") }

// LogValue is the type's name.
func (c Clause) LogValue() slog.Value { return slog.StringValue("opensearch clause") }

// MarshalJSON is an error: names do not get into JSON by accident, nor does a
// query without them.
func (c Clause) MarshalJSON() ([]byte, error) {
	return nil, errors.New("opensearch: a Clause is not for encoding/json; where its names are meant to go, put json.RawMessage(clause.JSON())")
}
