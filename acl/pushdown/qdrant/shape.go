package qdrant

import (
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

var prefetchMembers = map[string]check{
	"query": query, "using": text, "filter": checkFilter, "params": params, "score_threshold": number, "limit": number,
}

var rootMembers = map[string]check{
	"query": query, "using": text, "filter": checkFilter, "params": params, "score_threshold": number, "limit": number,
	"offset": number, "with_payload": free, "with_vector": free,
}

var (
	params = members(map[string]check{
		"hnsw_ef": number, "exact": flag, "indexed_only": flag, "quantization": free, "acorn": free, // idf has a filter of its own
	})
	vectors = map[string]check{"indices": list(number), "values": list(number)}
	queries = map[string]check{
		"nearest": vector, "mmr": free, "fusion": text, "rrf": free, "sample": text, "order_by": orderBy,
		"indices": vectors["indices"], "values": vectors["values"],
	}
)

// query is a vector or an object. A number or a text is the id of a point, and
// an object with a text or a picture asks for a model.
func query(v strictjson.Value) error {
	if v.Kind() == strictjson.Array {
		return vector(v)
	}
	return members(queries)(v)
}

func vector(v strictjson.Value) error {
	if v.Kind() == strictjson.Object {
		return members(vectors)(v)
	}
	return list(func(e strictjson.Value) error {
		if e.Kind() == strictjson.Array {
			return list(number)(e)
		}
		return number(e)
	})(v)
}

func orderBy(v strictjson.Value) error {
	if v.Kind() == strictjson.String {
		return key(v)
	}
	return members(map[string]check{"key": key, "direction": text, "start_from": free})(v)
}

var conditionMembers, filterMembers map[string]check

func init() { // they refer to each other
	conditions := func(v strictjson.Value) error {
		if v.Kind() == strictjson.Array {
			return list(checkCondition)(v)
		}
		return checkCondition(v)
	}
	filterMembers = map[string]check{
		"must": conditions, "should": conditions, "must_not": conditions,
		"min_should": members(map[string]check{"conditions": conditions, "min_count": number}),
	}
	field := members(map[string]check{"key": key})
	flagOr := func(v strictjson.Value) error { // beside key, and by itself
		if v.Kind() == strictjson.Bool {
			return nil
		}
		return field(v)
	}
	conditionMembers = map[string]check{
		"key": key, "match": free, "range": free, "geo_bounding_box": free, "geo_radius": free, "geo_polygon": free, "values_count": free,
		"is_empty": flagOr, "is_null": flagOr, "has_id": free, "has_vector": text,
		"nested": members(map[string]check{"key": key, "filter": checkFilter}),
	}
	for name, c := range filterMembers {
		conditionMembers[name] = c
	}
}

// checkFilter refuses what could ask for our own fields. Nothing in a user's
// filter reaches past ours, which stands beside it.
func checkFilter(v strictjson.Value) error    { return members(filterMembers)(v) }
func checkCondition(v strictjson.Value) error { return members(conditionMembers)(v) }

// key is a path in a payload.
func key(v strictjson.Value) error {
	s, ok := v.Str()
	switch {
	case !ok:
		return refuse("want a key, not " + v.Kind().String())
	case ours(s):
		return refuse("is a field of the ACL")
	}
	return nil
}
