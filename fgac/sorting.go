package fgac

import (
	"slices"
	"strconv"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

func (r *rewriter) sorting(t *tree, path string) (tree, error) {
	if t.kind != strictjson.Array {
		return r.sortKey(t, path)
	}
	out := tree{kind: strictjson.Array}
	for i := range t.items {
		key, err := r.sortKey(&t.items[i], path+"/"+strconv.Itoa(i))
		if err != nil {
			return out, err
		}
		out.items = append(out.items, key)
	}
	return out, nil
}

// sortKey rewrites "field", {"field": "asc"} or {"field": {"order": "asc", …}}.
func (r *rewriter) sortKey(t *tree, path string) (tree, error) {
	name, options := t, objectTree()
	if t.kind == strictjson.Object && len(t.items) == 1 {
		name = &t.names[0]
		path = r.at(path, name.text)
		options = t.items[0]
		if options.kind == strictjson.String {
			options = objectTree("order", options)
		}
	}
	if err := checkSettings(&options, path, sortSettings); err != nil {
		return tree{}, err
	}
	if name.text == "_score" || name.text == "_doc" {
		return *t, nil
	}
	field, err := fieldName(name)
	if err != nil {
		return tree{}, refuse(path, err.Error())
	}
	if used := r.always(field); used != field {
		options.names, options.items = slices.Clone(options.names), slices.Clone(options.items)
		if unmapped, ok := options.get("unmapped_type"); ok {
			*unmapped = textTree("keyword")
		} else {
			options.names, options.items = append(options.names, textTree("unmapped_type")), append(options.items, textTree("keyword"))
		}
		field = used
	}
	return objectTree(field, options), nil
}

var sortSettings = settings{"order": direction, "missing": scalarSetting, "mode": textSetting, "unmapped_type": textSetting}

// settings are the members that an object may have, and what each may be.
type settings map[string]func(*tree) string

func checkSettings(t *tree, path string, known settings) error {
	if t.kind != strictjson.Object {
		return refuse(path, "want an object, not "+t.kind.String())
	}
	for i := range t.names {
		at := path + "/" + escapePointer.Replace(t.names[i].text)
		check, ok := known[t.names[i].text]
		if !ok {
			return refuse(at, "is not supported")
		}
		if problem := check(&t.items[i]); problem != "" {
			return refuse(at, problem)
		}
	}
	return nil
}

func textSetting(t *tree) string {
	if t.kind != strictjson.String {
		return "want a string, not " + t.kind.String()
	}
	return ""
}

func scalarSetting(t *tree) string {
	if _, err := value(t); err != nil {
		return err.Error()
	}
	return ""
}

func numberSetting(t *tree) string {
	if t.kind != strictjson.Number {
		return "want a number, not " + t.kind.String()
	}
	return ""
}

func flagSetting(t *tree) string {
	if t.kind != strictjson.Bool {
		return "want true or false, not " + t.kind.String()
	}
	return ""
}

func direction(t *tree) string {
	if t.text != "asc" && t.text != "desc" {
		return "want asc or desc"
	}
	return ""
}

// positive is a number of documents that is one at least.
func positive(t *tree) string {
	if t.kind != strictjson.Number || digits(t.text) != len(t.text) || parseDecimal(t.text).compare(decimal{}) <= 0 {
		return "want 1 or more: with 0, values of hidden documents are listed"
	}
	return ""
}
