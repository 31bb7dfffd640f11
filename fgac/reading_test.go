package fgac

import (
	"slices"
	"testing"
)

// TestReadings compares each two texts that are also something else with what is
// said of them by hand.
//
// Rule F2
func TestReadings(t *testing.T) {
	counts := map[int]int{}
	for want := range others {
		for have := range others {
			doc := string(mustJSON(map[string]any{"a": have}))
			for kind, body := range map[string]any{"term": want, "gt": nil, "gte": nil, "lt": nil, "lte": nil} {
				if body == nil {
					kind, body = "range", map[string]any{kind: want}
				}
				q := string(mustJSON(map[string]any{kind: map[string]any{"a": body}}))
				says := saysValue(kind, body, have)
				if got := int(verdictFor(t, q, doc)); got != says {
					t.Errorf("%s of %s: %d, want %d", q, doc, got, says)
				}
				counts[says]++
			}
		}
	}
	if len(counts) != 3 || counts[-1]+counts[0]+counts[1] != 5*len(others)*len(others) {
		t.Errorf("verdicts %v, want three kinds", counts)
	}
}

// others are what some texts are besides texts: kinds, and from where to where, by
// hand. A date counts hours from 2025 on.
var others = map[string]map[string][2]int{
	"5": {"number": {50, 50}}, "05": {"number": {50, 50}}, " +5.0 ": {"number": {50, 50}}, "5.5d": {"number": {55, 55}}, "10": {"number": {100, 100}},
	"2025": {"number": {20250, 20250}, "date": {0, 8759}}, "2025-02": {"date": {744, 1415}}, "2025-02-01": {"date": {744, 767}}, "2025-02-01T10": {"date": {754, 754}}, "2025-02-02T00+01": {"date": {767, 767}}, "2025-02-01T": {"date": {744, 767}}, "2025T": {"vague": {}}, "2025-02T10": {"vague": {}}, "2025-02-01T10ZZ": {"vague": {}}, "2026-01": {"date": {8760, 9503}},
	"10.0.0.9": {"address": {9, 9}}, "10.0.0.10": {"address": {10, 10}}, "::ffff:10.0.0.10": {"address": {10, 10}},
	"": {"flag": {0, 0}}, "1": {"number": {10, 10}}, "1.0": {"number": {10, 10}}, "2": {"number": {20, 20}}, "-3": {"number": {-30, -30}}, "1e1": {"number": {100, 100}},
}

func isVague(s string) bool { _, ok := others[s]["vague"]; return ok }

// isTime reports whether a date field reads s, milliseconds among them.
func isTime(s string) bool {
	_, date := others[s]["date"]
	return date || isVague(s) || slices.Contains([]string{"5", "05", "10", "1", "1.0", "2", "-3"}, s)
}
