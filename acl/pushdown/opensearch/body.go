package opensearch

import (
	"errors"
	"slices"

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
		return "opensearch: " + e.Reason
	}
	return "opensearch: " + e.Path + ": " + e.Reason
}

// public makes the Error of this package of the one that says where.
func public(err error) error {
	var e *request.Error
	if errors.As(err, &e) {
		return (*Error)(e)
	}
	return err
}

var refuse, at = request.Refuse, request.At

// maxKNN bounds how often a request holds the clause.
const maxKNN = 8

// Query returns the query for documents that f and user match; the score is that
// of user. user is one query, JSON, of those that [Body] takes. What is refused
// is an [*Error].
func Query(f Clause, user []byte) ([]byte, error) {
	v, err := request.Parse(user)
	if err != nil {
		return nil, public(err)
	}
	w := writer{filter: f.query()}
	if err := w.filtered(v); err != nil {
		return nil, public(err)
	}
	return w.out, nil
}

// Body returns the body of a search that finds, counts and aggregates what f
// matches and nothing else. user is the body that a caller sent: strict JSON of
// at most 1 MiB, an object. Whatever is not listed here is refused, with an
// [*Error] that names the place.
//
//   - Members: query, knn (Elasticsearch's), aggs, sort, from, size, search_after,
//     timeout, min_score, track_scores, track_total_hits, _source, fields,
//     docvalue_fields, highlight, collapse, post_filter.
//   - Queries: match_all, match_none, term, terms, range, prefix, wildcard, regexp,
//     fuzzy, exists, ids, match, match_phrase, match_phrase_prefix,
//     match_bool_prefix, multi_match and simple_query_string with fields, bool,
//     boosting, constant_score, dis_max, nested, geo_distance, geo_bounding_box,
//     and knn, at most 8 of them, each of which gets f as its filter.
//   - Aggregations: terms, range, date_range, histogram, date_histogram, missing,
//     avg, sum, min, max, stats, extended_stats, percentiles, value_count,
//     cardinality, filter, filters, nested, reverse_nested.
//
// Fields have names without wildcards and without a leading underscore, and are
// not our own, [Field]. What the hits have of that says Options.Verify.
func Body(f Clause, user []byte) ([]byte, error) {
	v, err := request.Parse(user)
	if err != nil {
		return nil, public(err)
	}
	w := writer{filter: f.query(), verify: f.verify()}
	if err := w.body(v); err != nil {
		return nil, public(err)
	}
	return w.out, nil
}

// writer writes what a request becomes, while it reads it.
type writer struct {
	out    []byte
	filter []byte
	verify bool
	knn    int  // clauses so far
	inside bool // of what a knn clause does not belong into
}

func (w *writer) add(parts ...string) {
	for _, p := range parts {
		w.out = append(w.out, p...)
	}
}

// filtered writes a query with the filter around it. The query stands alone
// under must, so that the filter changes no should in it.
func (w *writer) filtered(query strictjson.Value) error {
	w.add(`{"bool":{"must":[`)
	if query.Kind() == strictjson.Invalid {
		w.add(matchAll)
	} else if err := (*writer).query(w, query); err != nil {
		return err
	}
	w.add(`],"filter":[`, string(w.filter), `]}}`)
	return nil
}

// body writes the query first, unless there is knn alone, and _source last.
func (w *writer) body(v strictjson.Value) error {
	if v.Kind() != strictjson.Object {
		return refuse("want an object, not " + v.Kind().String())
	}
	w.add("{")
	query, given := v.Get("query")
	if knn, _ := v.Get("knn"); given || knn.Len() == 0 { // knn alone finds nothing else; a list of none, everything
		w.add(`"query":`)
		if err := w.filtered(query); err != nil {
			return at("query", err)
		}
		w.add(",")
	}
	for name, member := range v.Members() {
		if name == "query" || name == "_source" {
			continue
		}
		read := bodyMember(name)
		if read == nil {
			return at(name, refuse("is not supported"))
		}
		w.add(string(encode(name)), ":")
		if err := read(w, member); err != nil {
			return at(name, err)
		}
		w.add(",")
	}
	source, _ := v.Get("_source")
	w.add(`"_source":`)
	if err := w.source(source); err != nil {
		return at("_source", err)
	}
	w.add("}")
	return nil
}

// bodyMember returns nil for what is refused. Left out are members that run
// scripts or make fields (script_fields, runtime_mappings, derived), that see
// past the filter (suggest, rescore), that tell how the engine decided (explain,
// profile), that reach other indices (pit, indices_boost), and any new one.
func bodyMember(name string) shape {
	switch name {
	case "knn":
		return oneOrMore((*writer).topVectors)
	case "aggs", "aggregations":
		return (*writer).aggregations
	case "post_filter":
		return within((*writer).query)
	}
	return plainMembers[name]
}

var plainMembers = map[string]shape{
	"sort":             oneOrMore(sorting),
	"from":             whole,
	"size":             whole,
	"search_after":     list(scalar),
	"timeout":          text,
	"min_score":        number,
	"track_scores":     flag,
	"track_total_hits": byKind{strictjson.Bool: flag, strictjson.Number: whole}.read,
	"fields":           list(fieldFormat),
	"docvalue_fields":  list(fieldFormat),
	"highlight":        highlight,
	"collapse":         object(shapes{"field": fieldName}, "field"),
}

var (
	fieldFormat = byKind{strictjson.String: fieldName, strictjson.Object: object(shapes{"field": fieldName, "format": text}, "field")}.read
	sortOptions = object(shapes{"order": text, "missing": scalar, "mode": text, "unmapped_type": text, "format": text, "numeric_type": text})
	sortOrder   = byKind{strictjson.String: text, strictjson.Object: sortOptions}.read
	sorting     = byKind{strictjson.String: sortField, strictjson.Object: perName(sortKey, sortOrder)}.read
)

// sortKey is a field, or what every hit has. It is not _doc, whose values count
// hidden documents.
func sortKey(name string) *request.Error {
	if name == "_score" || name == "_id" {
		return nil
	}
	return checkField(name)
}

func sortField(w *writer, v strictjson.Value) error {
	if name, ok := v.Str(); ok {
		if err := sortKey(name); err != nil {
			return err
		}
	}
	return text(w, v)
}

// marks are settings of a highlighter. Not among them are those by which it
// marks terms of other fields or of other queries.
var marks = shapes{
	"pre_tags": list(text), "post_tags": list(text), "encoder": text, "order": text, "type": text,
	"fragment_size": whole, "number_of_fragments": whole, "no_match_size": whole, "fragmenter": text, "boundary_scanner": text,
}

var highlight = object(marks.and("fields", perName(checkField, object(marks))), "fields")

// source writes which fields of documents hits have: ours if they are to be
// verified, and not otherwise.
func (w *writer) source(v strictjson.Value) error {
	includes, excludes, err := sourceLists(v)
	if err != nil {
		return err
	}
	if w.verify && slices.ContainsFunc(excludes, hidesACL) {
		return refuse("excludes would take the ACL, or a part of it, out of hits that are to be verified by it; name other fields")
	}
	switch {
	case w.verify && includes != nil:
		includes = append(includes, Field)
	case !w.verify && includes != nil && len(includes) == 0:
		w.add("false")
		return nil
	case !w.verify:
		excludes = append(excludes, Field)
	}
	members := map[string][]string{}
	if includes != nil {
		members["includes"] = includes
	}
	if len(excludes) > 0 {
		members["excludes"] = excludes
	}
	if len(members) == 0 {
		w.add("true")
		return nil
	}
	w.add(string(encode(members)))
	return nil
}

// sourceLists reads a member _source. No includes at all are all fields; a list
// of none is none.
func sourceLists(v strictjson.Value) (includes, excludes []string, err error) {
	switch v.Kind() {
	case strictjson.Invalid:
		return nil, nil, nil
	case strictjson.Bool:
		if all, _ := v.Bool(); !all {
			includes = []string{}
		}
		return includes, nil, nil
	case strictjson.String, strictjson.Array:
		includes, err = patterns(v)
		return includes, nil, err
	case strictjson.Object:
		for name, member := range v.Members() {
			var got []string
			if got, err = patterns(member); err != nil {
				return nil, nil, at(name, err)
			}
			switch name {
			case "includes", "include":
				includes = slices.Concat(includes, got)
			case "excludes", "exclude":
				excludes = slices.Concat(excludes, got)
			default:
				return nil, nil, at(name, refuse("is not supported"))
			}
		}
		return includes, excludes, nil
	}
	return nil, nil, refuse("want true, false, names or includes and excludes, not " + v.Kind().String())
}

// patterns are names of fields, here with wildcards. Ours is left out of hits,
// or in them, whatever they say.
func patterns(v strictjson.Value) ([]string, error) {
	got, ok := texts(v)
	if !ok || v.Kind() == strictjson.Null || len(got) == 0 {
		return nil, refuse("want names of fields")
	}
	return got, nil
}
