package opensearch

import (
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// aggregations writes named aggregations.
func (w *writer) aggregations(v strictjson.Value) error {
	return perName(anyName, within((*writer).aggregation))(w, v)
}

// aggregation has one kind, and aggregations inside of its buckets.
func (w *writer) aggregation(v strictjson.Value) error {
	kinds := 0
	err := w.members(v, func(name string) (shape, *request.Error) {
		if name == "aggs" || name == "aggregations" {
			return (*writer).aggregations, nil
		}
		if kinds++; kinds > 1 {
			return nil, refuse("want one kind of aggregation")
		}
		if read := aggregationOf(name); read != nil {
			return read, nil
		}
		return nil, refuse("this aggregation is not supported")
	})
	if err == nil && kinds == 0 {
		return refuse("want one kind of aggregation")
	}
	return err
}

// aggregationOf returns nil for what is refused. Left out are aggregations that
// leave the query (global, children, parent), that compare with all documents
// (significant_terms, significant_text), that run scripts (scripted_metric,
// bucket_script), that show documents (top_hits), and any new one.
func aggregationOf(name string) shape {
	query := (*writer).query
	switch name {
	case "filter":
		return query
	case "filters":
		return object(shapes{"filters": byKind{strictjson.Array: list(query), strictjson.Object: perName(anyName, query)}.read, "other_bucket": flag, "other_bucket_key": text})
	case "nested":
		return object(shapes{"path": fieldName}, "path")
	case "reverse_nested":
		return object(shapes{"path": fieldName})
	}
	return leafAggregations[name]
}

var (
	metric = object(shapes{"field": fieldName, "missing": scalar, "format": text}, "field")
	order  = oneOrMore(perName(anyName, text)) // by _key, _count, or what is computed inside
	ranges = list(object(shapes{"from": scalar, "to": scalar, "key": text}))
	bounds = object(shapes{"min": scalar, "max": scalar})
)

// leafAggregations are about the values of one field. Only a histogram may have
// empty buckets: they follow from the others.
var leafAggregations = shapes{
	"terms":          object(shapes{"field": fieldName, "size": whole, "shard_size": whole, "min_doc_count": positive, "missing": scalar, "order": order}, "field"),
	"range":          object(shapes{"field": fieldName, "ranges": ranges, "keyed": flag, "missing": scalar}, "field"),
	"date_range":     object(shapes{"field": fieldName, "ranges": ranges, "keyed": flag, "missing": scalar, "format": text, "time_zone": text}, "field"),
	"histogram":      object(shapes{"field": fieldName, "interval": number, "offset": number, "min_doc_count": whole, "keyed": flag, "missing": scalar, "order": order, "extended_bounds": bounds, "hard_bounds": bounds}, "field"),
	"date_histogram": object(shapes{"field": fieldName, "interval": text, "calendar_interval": text, "fixed_interval": text, "offset": text, "time_zone": text, "format": text, "min_doc_count": whole, "keyed": flag, "missing": scalar, "order": order, "extended_bounds": bounds, "hard_bounds": bounds}, "field"),
	"missing":        object(shapes{"field": fieldName}, "field"),
	"avg":            metric,
	"sum":            metric,
	"min":            metric,
	"max":            metric,
	"stats":          metric,
	"value_count":    metric,
	"extended_stats": object(shapes{"field": fieldName, "missing": scalar, "sigma": number}, "field"),
	"percentiles":    object(shapes{"field": fieldName, "percents": list(number), "keyed": flag, "missing": scalar}, "field"),
	"cardinality":    object(shapes{"field": fieldName, "missing": scalar, "precision_threshold": whole}, "field"),
}
