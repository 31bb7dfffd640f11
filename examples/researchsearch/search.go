package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/fgac"
)

//go:embed config/roles.yml
var rolesFile []byte

//go:embed config/roles_mapping.yml
var mappingFile []byte

//go:embed config/action_groups.yml
var groupsFile []byte

// openRoles reads the files of the security plugin. Who is in two groups sees
// what either shows; in the plugin, some of these would see less than with one.
func openRoles(salt string) (*fgac.Roles, error) {
	return fgac.Parse(rolesFile, mappingFile, &fgac.Options{ActionGroups: groupsFile, Merge: fgac.MergePerGrant, Salt: salt})
}

// service is a search in front of which roles stand.
type service struct {
	gate  *tokenacl.Gate
	roles *fgac.Roles
	store *store
	pool  *pool // nil when tokens are somebody else's
}

// user returns who a verified token speaks of, with their roles. Who is in no
// group, or whose token names none, has no role: roles_mapping.yml knows groups
// alone.
func (s *service) user(scope acl.Scope) (*fgac.User, error) {
	p, _ := scope.Principal()
	claims := map[string]any{"user": p.User, "groups": p.Groups}
	id, err := fgac.FromClaims(maps.All(claims), fgac.Keys{Subject: "user", Roles: "groups"})
	return s.roles.For(id), err
}

// search answers a request. What it returns is for the caller, an error too. size
// is how many hits there are at most where the request does not say.
func (s *service) search(scope acl.Scope, index, query string, size int) (*response, error) {
	user, err := s.user(scope)
	if err != nil {
		return nil, err
	}
	access, err := user.Access(fgac.Search, index)
	if err != nil {
		return nil, err
	}
	body, err := requestBody(query)
	if err != nil {
		return nil, err
	}
	if body, err = access.Rewrite(body); err != nil {
		return nil, err
	}
	docs, err := s.store.documents(index)
	if err != nil {
		return nil, err
	}
	return execute(access, body, docs, size)
}

// index keeps a document of a caller who may write.
func (s *service) index(scope acl.Scope, index string, doc document) (created bool, err error) {
	user, err := s.user(scope)
	if err != nil {
		return false, err
	}
	access, err := user.Access(fgac.Write, index)
	if err != nil {
		return false, err
	}
	if _, ok := access.Hit(doc.id, doc.source); !ok {
		return false, &problem{http.StatusBadRequest, "mapper_parsing_exception", "want a JSON object, strictly, that you may see afterwards"}
	}
	return s.store.put(index, doc)
}

// requestBody takes a query by itself, in a whole request, or either as a JSON
// string, as a test console of API Gateway sends it.
func requestBody(text string) ([]byte, error) {
	body := []byte(text)
	var quoted string
	if json.Unmarshal(body, &quoted) == nil {
		body = []byte(quoted)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, badRequest("query: want a JSON object")
	}
	for name := range members {
		if slices.Contains([]string{"query", "aggs", "aggregations", "sort", "from", "size", "timeout", "track_total_hits"}, name) {
			return body, nil
		}
	}
	return slices.Concat([]byte(`{"query":`), body, []byte(`}`)), nil
}

// request is what Access.Rewrite returns.
type request struct {
	Query              json.RawMessage
	Aggs, Aggregations map[string]aggregation
	Sort               json.RawMessage
	From               int
	Size               *int
}

type response struct {
	Took         int            `json:"took"`
	TimedOut     bool           `json:"timed_out"`
	Shards       shards         `json:"_shards"`
	Hits         hits           `json:"hits"`
	Aggregations map[string]any `json:"aggregations,omitempty"`

	found map[string]bool // by id, on this page or another
}

type shards struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
	Skipped    int `json:"skipped"`
	Failed     int `json:"failed"`
}

type hits struct {
	Total struct {
		Value    int    `json:"value"`
		Relation string `json:"relation"`
	} `json:"total"`
	MaxScore *float64 `json:"max_score"`
	Hits     []hit    `json:"hits"`
}

type hit struct {
	Index  string          `json:"_index"`
	ID     string          `json:"_id"`
	Score  *float64        `json:"_score"`
	Source json.RawMessage `json:"_source"`
	Sort   []any           `json:"sort,omitempty"`

	fields any // Source, decoded
}

// execute plays the engine. Documents are seen as the caller sees them from the
// moment they match: nothing that is hidden can be sorted by or counted.
func execute(access *fgac.Access, body []byte, docs []document, size int) (*response, error) {
	var r request
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, badRequest(spelled(err))
	}
	matches, err := matcher(r.Query)
	if err != nil {
		return nil, err
	}
	score := 1.0 // of each hit: a score that depends on other documents tells of hidden ones
	found := []hit{}
	for _, d := range docs {
		if !matches(d) {
			continue
		}
		if shown, ok := access.Hit(d.id, d.source); ok {
			found = append(found, hit{Index: access.Index(), ID: d.id, Score: &score, Source: shown, fields: decode(shown)})
		}
	}
	out := &response{Shards: shards{Total: 1, Successful: 1}, found: map[string]bool{}}
	for i := range found {
		out.found[found[i].ID] = true
	}
	out.Hits.Total.Value, out.Hits.Total.Relation = len(found), "eq"
	if out.Aggregations, err = aggregate(found, r.Aggs, r.Aggregations); err != nil {
		return nil, err
	}
	if err := sortHits(found, r.Sort); err != nil {
		return nil, err
	}
	if len(found) > 0 && len(r.Sort) == 0 {
		out.Hits.MaxScore = &score
	}
	if r.Size != nil {
		size = *r.Size
	}
	found = found[min(r.From, len(found)):]
	out.Hits.Hits = found[:min(size, len(found))]
	return out, nil
}

// spelled is an error of encoding/json without the names of Go's types.
func spelled(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	kind, _, _ := strings.Cut(wrong.Value, " ")
	return strings.ToLower(wrong.Field) + ": cannot use this " + kind
}

func decode(source []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(source))
	d.UseNumber()
	_ = d.Decode(&v) // fgac has read it
	return v
}
