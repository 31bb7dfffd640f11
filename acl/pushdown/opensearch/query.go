package opensearch

import (
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// query writes one query, which is an object of one member, its kind.
func (w *writer) query(v strictjson.Value) error {
	if v.Kind() != strictjson.Object || v.Len() != 1 {
		return refuse("want an object with one member, the kind of query")
	}
	return w.members(v, func(name string) (shape, *request.Error) {
		if read := queryOf(name); read != nil {
			return read, nil
		}
		return nil, refuse("this query is not supported")
	})
}

// queryOf returns nil for what is refused. Left out are queries that run scripts
// (script, script_score, function_score), that are about documents which are
// named and perhaps hidden (more_like_this, percolate, geo_shape, has_child,
// has_parent, parent_id), that have names of fields in a text (query_string),
// that are a query in another encoding (wrapper, template), that cannot stand
// in a bool query (hybrid), and any new one.
func queryOf(name string) shape {
	query := (*writer).query
	switch name {
	case "bool":
		return object(shapes{"must": oneOrMore(query), "filter": oneOrMore(query), "must_not": oneOrMore(query), "should": oneOrMore(query),
			"minimum_should_match": scalar, "boost": number})
	case "boosting":
		return object(shapes{"positive": query, "negative": query, "negative_boost": number, "boost": number})
	case "constant_score":
		return object(shapes{"filter": query, "boost": number})
	case "dis_max":
		return object(shapes{"queries": list(query), "tie_breaker": number, "boost": number})
	case "nested":
		return object(shapes{"path": fieldName, "query": within(query), "score_mode": text, "ignore_unmapped": flag, "boost": number})
	case "knn":
		return (*writer).vectors
	}
	return leafQueries[name]
}

var (
	boost   = shapes{"boost": number}
	literal = shapes{"boost": number, "case_insensitive": flag, "rewrite": text}
	fuzzy   = shapes{"boost": number, "fuzziness": scalar, "prefix_length": whole, "max_expansions": whole, "transpositions": flag, "rewrite": text}
	match   = shapes{
		"boost": number, "operator": text, "minimum_should_match": scalar, "fuzziness": scalar, "prefix_length": whole, "max_expansions": whole,
		"fuzzy_transpositions": flag, "fuzzy_rewrite": text, "analyzer": text, "lenient": flag, "zero_terms_query": text,
		"auto_generate_synonyms_phrase_query": flag, "slop": whole,
	}
)

// leafQueries have no query in them. terms takes values alone: a lookup would
// read a document that may be hidden.
var leafQueries = shapes{
	"match_all":           object(boost),
	"match_none":          object(boost),
	"term":                perField(short("value", literal), nil),
	"terms":               perField(list(scalar), boost),
	"range":               perField(object(shapes{"gt": scalar, "gte": scalar, "lt": scalar, "lte": scalar, "format": text, "time_zone": text, "relation": text, "boost": number}), nil),
	"prefix":              perField(short("value", literal), nil),
	"wildcard":            perField(short("value", literal), nil),
	"regexp":              perField(short("value", literal.and("flags", scalar)), nil),
	"fuzzy":               perField(short("value", fuzzy), nil),
	"exists":              object(boost.and("field", fieldName), "field"),
	"ids":                 object(boost.and("values", oneOrMore(text)), "values"),
	"match":               perField(short("query", match), nil),
	"match_phrase":        perField(short("query", match), nil),
	"match_phrase_prefix": perField(short("query", match), nil),
	"match_bool_prefix":   perField(short("query", match), nil),
	"multi_match":         object(match.and("query", scalar).and("fields", someFields).and("type", text).and("tie_breaker", number), "fields"),
	"simple_query_string": object(shapes{
		"query": text, "fields": someFields, "default_operator": text, "analyzer": text, "flags": scalar, "lenient": flag, "minimum_should_match": scalar,
		"fuzzy_prefix_length": whole, "fuzzy_max_expansions": whole, "fuzzy_transpositions": flag, "boost": number,
	}, "fields"),
	"geo_distance":     perField(point, shapes{"distance": scalar, "distance_type": text, "validation_method": text, "boost": number}),
	"geo_bounding_box": perField(object(corners), shapes{"validation_method": text, "boost": number}),
}

var (
	point   = byKind{strictjson.String: text, strictjson.Array: list(number), strictjson.Object: object(shapes{"lat": number, "lon": number})}.read
	corners = shapes{"top_left": point, "top_right": point, "bottom_left": point, "bottom_right": point, "top": number, "left": number, "bottom": number, "right": number}
)

func anyName(string) *request.Error { return nil }

// someFields asks for one field at least: with none, the engine takes all.
func someFields(w *writer, v strictjson.Value) error {
	if v.Len() == 0 {
		return refuse("want an array with the name of one field or more")
	}
	return list(weighted)(w, v)
}

// count refuses a further knn clause where there may be none.
func (w *writer) count() error {
	if w.inside {
		return refuse("knn is not supported here, as it would find its neighbours regardless of the filter")
	}
	if w.knn++; w.knn > maxKNN {
		return refuse("too many knn clauses; want 8 or fewer")
	}
	return nil
}

// vectors writes a knn query: {field: {vector, k}}, or Elasticsearch's, whose
// member field is a text.
func (w *writer) vectors(v strictjson.Value) error {
	if field, ok := v.Get("field"); ok && field.Kind() == strictjson.String {
		return w.topVectors(v)
	}
	if err := w.count(); err != nil {
		return err
	}
	return perField(func(w *writer, v strictjson.Value) error {
		return w.neighbours(v, shapes{
			"vector": list(number), "k": whole, "max_distance": number, "min_score": number, "boost": number,
			"method_parameters": object(shapes{"ef_search": whole, "nprobes": whole}),
		})
	}, nil)(w, v)
}

// topVectors writes Elasticsearch's member or query knn.
func (w *writer) topVectors(v strictjson.Value) error {
	if err := w.count(); err != nil {
		return err
	}
	return w.neighbours(v, shapes{
		"field": fieldName, "query_vector": list(number), "k": whole, "num_candidates": whole, "similarity": number, "boost": number,
	})
}

// neighbours writes the settings of a knn clause with the filter in them, so
// that it looks for neighbours that the caller sees.
func (w *writer) neighbours(v strictjson.Value, known shapes) error {
	if v.Kind() != strictjson.Object {
		return refuse("want an object, not " + v.Kind().String())
	}
	filter, given := v.Get("filter")
	w.add(`{"filter":{"bool":{"filter":[`, string(w.filter))
	if given {
		w.add(",")
		if err := within((*writer).query)(w, filter); err != nil {
			return at("filter", err)
		}
	}
	w.add(`]}}`)
	for name, member := range v.Members() {
		if name == "filter" {
			continue
		}
		read := known[name]
		if read == nil {
			return at(name, refuse("is not supported"))
		}
		w.add(",", string(encode(name)), ":")
		if err := read(w, member); err != nil {
			return at(name, err)
		}
	}
	w.add("}")
	return nil
}
