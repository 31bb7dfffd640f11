package fgac

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The oracle: queries and documents as Go values, evaluated slowly.

func flat(doc any, prefix string, into map[string][]any) {
	switch v := doc.(type) {
	case map[string]any:
		for name, member := range v {
			path := name
			if prefix != "" {
				path = prefix + "." + name
			}
			flat(member, path, into)
		}
	case []any:
		for _, e := range v {
			flat(e, prefix, into)
		}
	case nil:
	default:
		into[prefix] = append(into[prefix], v)
	}
}

// says is yes, no or unknown as 1, -1 and 0.
func says(q map[string]any, fields map[string][]any) int {
	for kind, body := range q {
		b := body.(map[string]any)
		if kind == "bool" {
			return saysBool(b, fields)
		}
		if kind == "exists" {
			for path := range fields {
				if f := b["field"].(string); path == f || strings.HasPrefix(path, f+".") {
					return 1
				}
			}
			return -1
		}
		for field, want := range b {
			best := -1
			for _, have := range fields[field] {
				best = max(best, saysValue(kind, want, have))
			}
			return best
		}
	}
	return 1 // match_all
}

func sign(b bool) int {
	if b {
		return 1
	}
	return -1
}

func saysValue(kind string, want, have any) int {
	n, isNumber := have.(json.Number)
	s, isText := have.(string)
	switch kind {
	case "term":
		w, wantNumber := want.(json.Number)
		switch {
		case isText && fmt.Sprint(want) != s:
			if w := fmt.Sprint(want); isTime(w) && isTime(s) && (isVague(w) || isVague(s)) {
				return 0
			}
			for kind, a := range others[fmt.Sprint(want)] {
				if b, ok := others[s][kind]; ok && a[0] <= b[1] && b[0] <= a[1] {
					return 0
				}
			}
			return -1
		case isText:
			return 1
		case isNumber && wantNumber:
			x, _ := new(big.Rat).SetString(n.String())
			y, _ := new(big.Rat).SetString(w.String())
			return sign(x.Cmp(y) == 0)
		case isNumber && (want == "5" || want == "10" || want == "1" || want == "2" || want == "2025" || want == "-3" || want == "1.0" || want == "1e1"):
			return saysValue(kind, json.Number(want.(string)), have)
		}
		return 0
	case "range":
		for side, bound := range want.(map[string]any) {
			return saysBound(side, bound, have)
		}
	case "prefix":
		if isText {
			return sign(strings.HasPrefix(s, want.(string)))
		}
	}
	return 0
}

// saysBound compares in all of the ways that there are for a bound.
func saysBound(side string, bound, have any) int {
	compare := func(c int) int {
		if side[0] == 'l' {
			c = -c
		}
		return sign(c > 0 || c == 0 && side[2:] == "e")
	}
	w, wantText := bound.(string)
	switch have := have.(type) {
	case json.Number:
		x, _ := new(big.Rat).SetString(have.String())
		y, ok := new(big.Rat).SetString(fmt.Sprint(bound))
		if !ok || wantText && (w == "05" || w == "") {
			return 0
		}
		return compare(x.Cmp(y))
	case string:
		if !wantText {
			return 0
		}
		said := compare(strings.Compare(have, w))
		for kind, a := range others[w] {
			b, ok := others[have][kind]
			at := a[0]
			if side == "gt" || side == "lte" {
				at = a[1]
			}
			if kind == "vague" || kind != "flag" && (!ok || compare(b[0]-at) != said) {
				return 0
			}
		}
		return said
	}
	return 0
}

func saysBool(b map[string]any, fields map[string][]any) int {
	worst := 1
	for _, q := range b["must"].([]any) {
		worst = min(worst, says(q.(map[string]any), fields))
	}
	for _, q := range b["must_not"].([]any) {
		worst = min(worst, -says(q.(map[string]any), fields))
	}
	should := b["should"].([]any)
	best := -1
	for _, q := range should {
		best = max(best, says(q.(map[string]any), fields))
	}
	if len(should) > 0 && len(b["must"].([]any)) == 0 {
		worst = min(worst, best)
	}
	return worst
}

var (
	fieldNames = rapid.SampledFrom([]string{"a", "b", "a.b", "c", "a.b.c"})
	scalars    = rapid.OneOf(
		rapid.SampledFrom([]any{"x", "y", "xy", ""}),
		rapid.SampledFrom([]any{"5", "05", " +5.0 ", "5.5d", "10", "2025", "2025-02", "2025-02-01", "2025-02-01T10", "2025-02-02T00+01", "2025-02-01T", "2025T", "2025-02T10", "2025-02-01T10ZZ", "2026-01", "10.0.0.9", "10.0.0.10", "::ffff:10.0.0.10"}),
		rapid.Map(rapid.SampledFrom([]string{"1", "1.0", "2", "-3", "1e1"}), func(s string) any { return json.Number(s) }),
		rapid.SampledFrom([]any{true, nil}),
	)
)

func drawDocument(t *rapid.T, depth int) map[string]any {
	doc := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID[string]).Draw(t, "names") {
		doc[name] = drawValue(t, depth)
	}
	return doc
}

func drawValue(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		return drawDocument(t, depth-1)
	case kind == 1 && depth > 0:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawValue(t, depth-1)
		}
		return list
	}
	return scalars.Draw(t, "scalar")
}

func drawQuery(t *rapid.T, depth int) map[string]any {
	field := fieldNames.Draw(t, "field")
	switch rapid.IntRange(0, 6).Draw(t, "query") {
	case 0, 1:
		v := scalars.Filter(func(v any) bool { return v != nil && v != true }).Draw(t, "value")
		return map[string]any{"term": map[string]any{field: v}}
	case 2:
		v := scalars.Filter(func(v any) bool { return v != nil && v != true }).Draw(t, "bound")
		return map[string]any{"range": map[string]any{field: map[string]any{rapid.SampledFrom([]string{"gt", "gte", "lt", "lte"}).Draw(t, "side"): v}}}
	case 3:
		return map[string]any{"exists": map[string]any{"field": field}}
	case 4:
		return map[string]any{"prefix": map[string]any{field: rapid.SampledFrom([]string{"x", "xy", "y"}).Draw(t, "prefix")}}
	}
	if depth == 0 {
		return map[string]any{"match_all": map[string]any{}}
	}
	clauses := map[string]any{}
	total := 0
	for _, name := range []string{"must", "must_not", "should"} {
		list := make([]any, rapid.IntRange(0, 2).Draw(t, name))
		for i := range list {
			list[i] = drawQuery(t, depth-1)
		}
		total += len(list)
		clauses[name] = list
	}
	if total == 0 {
		clauses["must"] = []any{drawQuery(t, 0)}
	}
	return map[string]any{"bool": clauses}
}

// TestQueryOracle compares with an evaluation over Go values.
func TestQueryOracle(t *testing.T) {
	counts := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuery(t, 2)
		r, err := parseRule(string(mustJSON(q)), false)
		if err != nil {
			t.Fatalf("%s: %v", mustJSON(q), err)
		}
		for range 10 {
			doc := drawDocument(t, 3)
			fields := map[string][]any{}
			flat(doc, "", fields)
			want := says(q, fields)
			counts[want]++
			d, ok := readDocument("", mustJSON(doc))
			if got := int(r.query.match(&d)); !ok || got != want {
				t.Fatalf("%s of %s: %d, want %d", mustJSON(q), mustJSON(doc), got, want)
			}
		}
	})
	if len(counts) != 3 {
		t.Errorf("verdicts %v, want three kinds", counts)
	}
}
