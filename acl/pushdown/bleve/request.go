package bleve

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// Error says what of a request or of a mapping is refused, and where. It quotes
// no value.
type Error struct {
	Path   string // JSON pointer (RFC 6901) to the value; "" is the whole
	Reason string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return "bleve: " + e.Reason
	}
	return "bleve: " + e.Path + ": " + e.Reason
}

// public makes the Error of this package of the one that says where.
func public(err error) error {
	var e *request.Error
	if errors.As(err, &e) {
		return (*Error)(e)
	}
	return err
}

// The words of package request, without its name.
type check = request.Check

var (
	refuse, at               = request.Refuse, request.At
	number, text, flag, free = request.Number, request.Text, request.Flag, request.Any
	list, object, each       = request.List, request.Members, request.Each
)

// Query returns the query for documents that f and user match; the score is that
// of user. user is one query, JSON, of those that [Request] takes. What is
// refused is an [*Error].
func Query(f Clause, user []byte) ([]byte, error) {
	v, err := request.Parse(user)
	if err != nil {
		return nil, public(err)
	}
	if err := checkWhole(v); err != nil {
		return nil, public(err)
	}
	return filtered(f, v), nil
}

// filtered has the user's query alone under must.
func filtered(f Clause, user strictjson.Value) json.RawMessage {
	return encode(boolean{Must: &conjunction{[]any{json.RawMessage(user.Raw())}}, Filter: f.query()})
}

// Request returns the JSON of a search request that finds, counts and facets
// what f matches and nothing else. user is the request that a caller sent:
// strict JSON of at most 1 MiB, an object with a query, whose queries in one
// another have 4 MiB together. Whatever is not listed here is refused, with an
// [*Error] that names the place; so are names spelled in other letters, which Bleve
// would take.
//
//   - Members: query, size, from, sort (at most 32), facets (at most 100), fields,
//     highlight, includeLocations, search_after, search_before, score.
//   - Queries: all of Bleve's but custom_filter, custom_score, geometry and
//     geometry_v2. Fuzzy ones, patterns and prefixes have 4,096 octets together.
//
// knn is refused, because Bleve unites its hits with those of the query: write
// that request yourself, with [Clause.JSON] as the filter of each.
//
// Fields have names, not "*", and are not our own, [Field]. With Options.Verify
// fields ask for [StoredField] too: it is the ACLs of documents, so take it out
// of what leaves the server.
func Request(f Clause, user []byte) ([]byte, error) {
	v, err := request.Parse(user)
	if err != nil {
		return nil, public(err)
	}
	if err := object(requestMembers)(v); err != nil {
		return nil, public(err)
	}
	out := map[string]json.RawMessage{}
	for name, m := range v.Members() {
		out[name] = json.RawMessage(m.Raw())
	}
	query, given := v.Get("query")
	if !given {
		return nil, public(at("query", refuse("is missing")))
	}
	out["query"] = filtered(f, query)
	if err := checkPages(v); err != nil {
		return nil, public(err)
	}
	if f.verify() {
		fields, _ := v.Get("fields")
		names := []any{StoredField}
		for e := range fields.Elements() {
			names = append(names, e.Any())
		}
		out["fields"] = encode(names)
	}
	return encode(out), nil
}

var requestMembers = map[string]check{
	"query": checkWhole, "size": count, "from": count, "score": oneOf("", "none"),
	"sort":   atMost(maxSort, list(checkSort)),
	"fields": list(checkField), "includeLocations": flag,
	"search_after": list(text), "search_before": list(text),
	"highlight": object(map[string]check{"style": text, "fields": list(checkField)}),
	"facets": atMost(maxFacets, each(object(map[string]check{
		"size": count, "field": checkField, "term_prefix": text, "term_pattern": text,
		"numeric_ranges": list(object(map[string]check{"name": text, "min": number, "max": number})),
		"date_ranges":    list(object(map[string]check{"name": text, "start": text, "end": text, "datetime_parser": text})),
	}))),
}

// Of each hit, Bleve asks for each of these.
const (
	maxSort   = 32
	maxFacets = 100
)

func atMost(n int, c check) check {
	return func(v strictjson.Value) error {
		if v.Len() > n {
			return refuse("too many; want " + strconv.Itoa(n) + " or fewer")
		}
		return c(v)
	}
}

// count is a number of hits or of terms. With others, Bleve panics.
func count(v strictjson.Value) error {
	literal, ok := v.Number()
	if !ok || strings.Trim(literal, "0123456789") != "" || len(literal) > 9 {
		return refuse("want a whole number below 1,000,000,000")
	}
	return nil
}

// checkPages refuses a page that is told by more or fewer values than hits are
// sorted by, of which there is one without a sort: Bleve panics.
func checkPages(v strictjson.Value) error {
	sort, sorted := v.Get("sort")
	keys := 1
	if sorted {
		keys = sort.Len()
	}
	for _, name := range []string{"search_after", "search_before"} {
		if page, given := v.Get(name); given && (page.Len() != keys || keys == 0) {
			return at(name, refuse("want as many values as sort has"))
		}
	}
	return nil
}

var sortMembers = object(map[string]check{
	"by": oneOf("id", "score", "field", "geo_distance"), "field": checkField, "desc": flag, "type": text, "mode": text, "missing": text,
	"location": free, "unit": text,
})

func checkSort(v strictjson.Value) error {
	if s, ok := v.Str(); ok {
		return name(strings.TrimLeft(s, "+-"))
	}
	return sortMembers(v)
}

// queryMembers are those of all queries. Their values are Bleve's to judge:
// nothing inside the user's query reaches past the filter around it. What
// needs a look is only what could ask for our own fields.
var queryMembers map[string]check

func init() { // refers to itself
	queryMembers = map[string]check{
		"must": checkQuery, "should": checkQuery, "must_not": checkQuery, "filter": checkQuery,
		"conjuncts": list(checkQuery), "disjuncts": list(checkQuery),
		"field": checkField, "query": checkQueryString,
	}
	for _, name := range []string{
		"match", "match_phrase", "term", "terms", "prefix", "regexp", "wildcard", "match_all", "match_none", "ids", "bool", "cidr",
		"min", "max", "inclusive_min", "inclusive_max", "start", "end", "inclusive_start", "inclusive_end", "datetime_parser",
		"top_left", "bottom_right", "location", "distance", "polygon_points",
		"boost", "analyzer", "operator", "fuzziness", "prefix_length",
	} {
		queryMembers[name] = free
	}
}

func checkQuery(v strictjson.Value) error { return object(queryMembers)(v) }

// maxParsed bounds how many octets of a query Bleve parses, which parses each
// one in another anew. A request of 1 MiB, 64 deep, would take it many seconds.
const maxParsed = 4 << 20

func checkWhole(query strictjson.Value) error {
	if err := checkQuery(query); err != nil {
		return err
	}
	if parsed(query) > maxParsed {
		return refuse("is too long for queries so deep in one another; want fewer levels, or fewer terms")
	}
	if expanded(query) > maxExpanded {
		return refuse("too many or too long queries that are fuzzy, a pattern or a prefix; want 4,096 octets of them together")
	}
	return nil
}

// maxExpanded bounds how many octets have the queries for which Bleve makes an
// automaton and goes through the terms of the index: a millisecond a word.
const maxExpanded = 4096

// expanded is the sum of the lengths of such queries in v.
func expanded(v strictjson.Value) (n int) {
	for name, below := range v.Members() {
		syntax, _ := below.Str()
		switch name {
		case "fuzziness", "regexp", "wildcard", "prefix":
			return len(v.Raw())
		case "query":
			if strings.ContainsAny(syntax, "~*?/") {
				return len(v.Raw())
			}
		}
		n += expanded(below)
	}
	for below := range v.Elements() {
		n += expanded(below)
	}
	return n
}

// parsed is the sum of the lengths of all objects in v.
func parsed(v strictjson.Value) (n int) {
	if v.Kind() == strictjson.Object {
		n = len(v.Raw())
	}
	for _, below := range v.Members() {
		n += parsed(below)
	}
	for below := range v.Elements() {
		n += parsed(below)
	}
	return n
}

// checkQueryString refuses a text in Bleve's query syntax that could have one of
// our fields: names stand in it with any of their characters escaped.
func checkQueryString(v strictjson.Value) error {
	s, ok := v.Str()
	if !ok {
		return refuse("want a string, not " + v.Kind().String())
	}
	if strings.Contains(strings.ReplaceAll(s, `\`, ""), Field+".") {
		return refuse("has the name of a field of the ACL")
	}
	return nil
}

func checkField(v strictjson.Value) error {
	s, ok := v.Str()
	if !ok {
		return refuse("want the name of a field, not " + v.Kind().String())
	}
	return name(s)
}

func name(field string) error {
	switch {
	case field == "*":
		return refuse("want names of fields")
	case ours(field):
		return refuse("is a field of the ACL")
	}
	return nil
}

func ours(field string) bool { return field == Field || strings.HasPrefix(field, Field+".") }

func oneOf(values ...string) check {
	return func(v strictjson.Value) error {
		s, ok := v.Str()
		for _, want := range values {
			if ok && s == want {
				return nil
			}
		}
		return refuse("is not supported")
	}
}
