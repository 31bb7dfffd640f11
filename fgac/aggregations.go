package fgac

import "github.com/tokenacl/tokenacl/internal/strictjson"

// aggregationSettings are the aggregations that are supported, and what each may
// have besides its field.
var aggregationSettings = map[string]settings{
	"terms":       {"size": numberSetting, "shard_size": numberSetting, "min_doc_count": positive, "missing": scalarSetting, "order": orderSetting},
	"avg":         {"missing": scalarSetting},
	"sum":         {"missing": scalarSetting},
	"min":         {"missing": scalarSetting},
	"max":         {"missing": scalarSetting},
	"value_count": {"missing": scalarSetting},
	"cardinality": {"missing": scalarSetting, "precision_threshold": numberSetting},
	"histogram": {"interval": numberSetting, "offset": numberSetting, "min_doc_count": numberSetting, "missing": scalarSetting,
		"keyed": flagSetting, "order": orderSetting},
	"date_histogram": {"interval": textSetting, "calendar_interval": textSetting, "fixed_interval": textSetting, "offset": textSetting,
		"time_zone": textSetting, "format": textSetting, "min_doc_count": numberSetting, "missing": scalarSetting, "keyed": flagSetting, "order": orderSetting},
}

// orderSetting is {"_count": "desc"}, or several of these.
func orderSetting(t *tree) string {
	each := []tree{*t}
	if t.kind == strictjson.Array {
		each = t.items
	}
	for i := range each {
		if each[i].kind != strictjson.Object || len(each[i].items) != 1 || direction(&each[i].items[0]) != "" {
			return `want an order such as {"_count": "desc"}`
		}
	}
	return ""
}

// aggregations rewrites named aggregations, and those in them.
func (r *rewriter) aggregations(t *tree, path string) (tree, error) {
	out := tree{kind: strictjson.Object}
	if t.kind != strictjson.Object {
		return out, refuse(path, "want an object, not "+t.kind.String())
	}
	for i := range t.items {
		name := t.names[i]
		if len(name.text) > maxPath { // it is in the place of each error in it
			return out, refuse(path, "the name of an aggregation is longer than 1024 bytes")
		}
		got, err := r.aggregation(&t.items[i], r.at(path, name.text))
		if err != nil {
			return out, err
		}
		out.names, out.items = append(out.names, name), append(out.items, got)
	}
	return out, nil
}

func (r *rewriter) aggregation(t *tree, path string) (tree, error) {
	out := tree{kind: strictjson.Object}
	if r.clauses++; r.clauses > maxClauses {
		return out, refuse(path, errRuleClauses.Error())
	}
	if t.kind != strictjson.Object {
		return out, refuse(path, "want an object, not "+t.kind.String())
	}
	kinds := 0
	for i := range t.items {
		name, body := t.names[i].text, &t.items[i]
		at := r.at(path, name)
		var got tree
		var err error
		if name == "aggs" || name == "aggregations" {
			got, err = r.aggregations(body, at)
		} else {
			kinds++
			got, err = r.overField(name, body, at)
		}
		if err != nil {
			return out, err
		}
		out.names, out.items = append(out.names, t.names[i]), append(out.items, got)
	}
	if kinds != 1 {
		return out, refuse(path, "want one kind of aggregation")
	}
	return out, nil
}

// overField rewrites an aggregation over the values of a field.
func (r *rewriter) overField(kind string, t *tree, path string) (tree, error) {
	known, ok := aggregationSettings[kind]
	if !ok {
		return tree{}, refuse(path, "this aggregation is not supported")
	}
	if t.kind != strictjson.Object {
		return tree{}, refuse(path, "want an object, not "+t.kind.String())
	}
	rest, out := tree{kind: strictjson.Object}, tree{kind: strictjson.Object}
	fields := 0
	for i := range t.items {
		name, value := t.names[i], t.items[i]
		if name.text == "field" {
			field, err := fieldName(&value)
			if err != nil {
				return out, refuse(r.at(path, "field"), err.Error())
			}
			fields++
			value = textTree(r.always(field))
		} else {
			rest.names, rest.items = append(rest.names, name), append(rest.items, value)
		}
		out.names, out.items = append(out.names, name), append(out.items, value)
	}
	if fields == 0 {
		return out, refuse(path, `member "field" is missing`)
	}
	return out, checkSettings(&rest, path, known)
}
