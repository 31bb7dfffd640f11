package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// valuesAt returns what a document has at a path with dots, in arrays too.
func valuesAt(doc any, path string) []any {
	switch doc := doc.(type) {
	case nil:
		return nil
	case []any:
		var all []any
		for _, e := range doc {
			all = append(all, valuesAt(e, path)...)
		}
		return all
	case map[string]any:
		var all []any
		for name, member := range doc { // one of them has the path: fgac hides what has it twice
			if name == path {
				all = append(all, valuesAt(member, "")...)
			} else if rest, below := strings.CutPrefix(path, name+"."); below {
				all = append(all, valuesAt(member, rest)...)
			}
		}
		return all
	}
	if path != "" {
		return nil
	}
	return []any{doc}
}

// number returns a number, or a date as milliseconds since 1970.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case float64:
		return v, true
	case string:
		for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05"} {
			if t, err := time.Parse(layout, v); err == nil {
				return float64(t.UnixMilli()), true
			}
		}
	}
	return 0, false
}

// compare orders numbers and dates by size, everything else by its text.
func compare(a, b any) int {
	x, ok := number(a)
	if y, ok2 := number(b); ok && ok2 {
		return cmp.Compare(x, y)
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// sortKey is one of a request's sort, as far as it is supported here: hits
// without a value come last.
type sortKey struct {
	field string
	desc  bool
}

func sortKeys(raw json.RawMessage) ([]sortKey, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var keys []sortKey
	for _, one := range list {
		var object map[string]json.RawMessage
		if json.Unmarshal(one, &object) != nil {
			continue // "_score" or "_doc": the order that hits have already
		}
		for field, raw := range object {
			var options struct{ Order, Missing, Mode, Unmapped_Type string }
			if field == "_score" || field == "_doc" {
				continue
			}
			if json.Unmarshal(raw, &options) != nil || options.Mode != "" || options.Missing != "" && options.Missing != "_last" {
				return nil, badRequest("sort: only order is supported here, and missing _last")
			}
			keys = append(keys, sortKey{strings.TrimSuffix(field, ".keyword"), options.Order == "desc"})
		}
	}
	return keys, nil
}

func sortHits(found []hit, raw json.RawMessage) error {
	keys, err := sortKeys(raw)
	if err != nil || len(keys) == 0 {
		return err
	}
	for i := range found {
		found[i].Score = nil
		for _, key := range keys {
			var first any
			if all := valuesAt(found[i].fields, key.field); len(all) > 0 {
				first = all[0]
			}
			found[i].Sort = append(found[i].Sort, first)
		}
	}
	slices.SortStableFunc(found, func(a, b hit) int {
		for i, key := range keys {
			x, y := a.Sort[i], b.Sort[i]
			if x == nil || y == nil {
				if x != y {
					return map[bool]int{true: 1, false: -1}[x == nil]
				}
				continue
			}
			if c := compare(x, y); c != 0 {
				if key.desc {
					return -c
				}
				return c
			}
		}
		return 0
	})
	return nil
}
