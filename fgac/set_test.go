package fgac

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestManyValues compares sets of values with the values one by one.
func TestManyValues(t *testing.T) {
	counts := map[verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		var values []scalar
		for _, v := range rapid.SliceOfN(scalars.Filter(func(v any) bool { return v != nil }), few+1, 2*few).Draw(t, "values") {
			values = append(values, scalarOf(plainTree(parsed(mustJSON(v)))))
		}
		set := newValueSet(values)
		for range 10 {
			v := parsed(mustJSON(scalars.Filter(func(v any) bool { return v != nil }).Draw(t, "value")))
			want := no
			for i := range values {
				want = max(want, values[i].equal(v))
			}
			left := maxCompared
			if got := set.equal(v, &left); got != want {
				t.Fatalf("%s among %v: %d, want %d", v.Raw(), values, got, want)
			}
			counts[want]++
		}
	})
	if len(counts) != 3 {
		t.Errorf("verdicts %v, want three kinds", counts)
	}
}

// TestManyComparisons: what would take too many comparisons is unknown.
//
// Rule G4
func TestManyComparisons(t *testing.T) {
	list := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	dates, others := list(`"%d-01",`, 9000), list(`"%d-02",`, 9000)
	for _, row := range []struct {
		q, doc string
		want   verdict
	}{
		{`{"terms": {"a": [` + list(`"x%d",`, 9000) + `]}}`, `{"a": [` + list(`"y%d",`, 9000) + `]}`, no},
		{`{"terms": {"a": [` + list(`"x%d",`, 9000) + `]}}`, `{"a": [` + list(`"y%d",`, 9000) + `, "x8999"]}`, yes},
		{`{"terms": {"a": [` + list(`%d,`, 9000) + `]}}`, `{"a": [` + list(`%d.5,`, 9000) + `]}`, no},
		{`{"terms": {"a": [` + dates + `]}}`, `{"a": [` + others + `]}`, unknown}, {`{"terms": {"a": [` + dates + `]}}`, `{"a": [` + others + `, "8999-01"]}`, yes},
		{`{"terms_set": {"a": {"terms": [` + dates + `], "minimum_should_match_field": "n"}}}`, `{"a": [` + others + `], "n": 1}`, unknown},
		{`{"terms_set": {"a": {"terms": [` + dates + `], "minimum_should_match_field": "n"}}}`, `{"a": ["8999-01"], "n": 1}`, yes},
	} {
		if got := verdictFor(t, row.q, row.doc); got != row.want {
			t.Errorf("%.60s of %.60s: %d, want %d", row.q, row.doc, got, row.want)
		}
	}
}
