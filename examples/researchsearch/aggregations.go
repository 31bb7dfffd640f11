package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// aggregation is one of those that Access.Rewrite lets through.
type aggregation struct {
	kind string
	inside
	settings
}

type inside struct {
	Aggs, Aggregations map[string]aggregation
}

// settings are those that are supported here.
type settings struct {
	Field            string
	Missing          any
	Size             *int
	MinDocCount      *int `json:"min_doc_count"`
	Order            any
	Interval         any
	CalendarInterval string `json:"calendar_interval"`
	FixedInterval    string `json:"fixed_interval"`
	// These two speak of shards and of memory, and change no result here.
	ShardSize int `json:"shard_size"`
	Precision int `json:"precision_threshold"`
}

func (a *aggregation) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &a.inside); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	for name, body := range members {
		if name == "aggs" || name == "aggregations" {
			continue
		}
		a.kind = name
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		d.DisallowUnknownFields()
		if err := d.Decode(&a.settings); err != nil {
			return fmt.Errorf("aggregation %s: %w", name, err)
		}
		a.Field = strings.TrimSuffix(a.Field, ".keyword")
	}
	return nil
}

const mostBuckets = 10_000 // of one request, with the values in them

// aggregator counts the buckets and the values that may still be made.
type aggregator struct{ left int }

func (g *aggregator) spend() error {
	if g.left--; g.left < 0 {
		return badRequest("too many buckets and values in them; want " + strconv.Itoa(mostBuckets) + " at most")
	}
	return nil
}

func aggregate(found []hit, requested ...map[string]aggregation) (map[string]any, error) {
	return (&aggregator{mostBuckets}).all(found, requested...)
}

func (g *aggregator) all(found []hit, requested ...map[string]aggregation) (map[string]any, error) {
	results := map[string]any{}
	for _, set := range requested {
		for name, a := range set {
			var err error
			if results[name], err = g.one(found, a); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

func (a *aggregation) values(h hit) []any {
	all := valuesAt(h.fields, a.Field)
	if len(all) == 0 && a.Missing != nil {
		all = []any{a.Missing}
	}
	return all
}

func (g *aggregator) one(found []hit, a aggregation) (any, error) {
	if err := g.spend(); err != nil {
		return nil, err
	}
	switch a.kind {
	case "terms":
		return g.terms(found, a)
	case "histogram", "date_histogram":
		return g.histogram(found, a)
	}
	var numbers []float64
	distinct, count := map[any]bool{}, 0
	for _, h := range found {
		for _, v := range a.values(h) {
			distinct[v] = true
			count++
			if n, ok := number(v); ok {
				numbers = append(numbers, n)
			}
		}
	}
	value := metric(a.kind, numbers, len(distinct), count)
	if n, ok := value.(float64); ok && math.IsInf(n, 0) {
		return nil, badRequest(a.kind + ": the numbers add up to more than JSON can say")
	}
	return map[string]any{"value": value}, nil
}

// metric is nil where there is no value: JSON's null.
func metric(kind string, numbers []float64, distinct, count int) any {
	sum := 0.0
	for _, n := range numbers {
		sum += n
	}
	switch {
	case kind == "value_count":
		return count
	case kind == "cardinality":
		return distinct
	case kind == "sum":
		return sum
	case len(numbers) == 0:
		return nil
	case kind == "min":
		return slices.Min(numbers)
	case kind == "max":
		return slices.Max(numbers)
	}
	return sum / float64(len(numbers)) // avg
}

// bucket is a group of hits, and its key.
type bucket struct {
	key  any
	hits []hit
}

func (g *aggregator) terms(found []hit, a aggregation) (any, error) {
	groups := map[any][]hit{}
	for _, h := range found {
		for v := range unique(a.values(h)) {
			groups[v] = append(groups[v], h)
		}
	}
	var buckets []bucket
	for key, hits := range groups {
		if a.MinDocCount == nil || len(hits) >= *a.MinDocCount {
			buckets = append(buckets, bucket{key, hits})
		}
	}
	if err := sortBuckets(buckets, a.Order, map[string]any{"_count": "desc"}); err != nil {
		return nil, err
	}
	size, rest := 10, 0
	if a.Size != nil {
		size = *a.Size
	}
	if size < 1 {
		return nil, badRequest("size: want a number above 0")
	}
	size = min(size, len(buckets))
	for _, b := range buckets[size:] {
		rest += len(b.hits)
	}
	list, err := g.render(buckets[:size], a)
	return map[string]any{"doc_count_error_upper_bound": 0, "sum_other_doc_count": rest, "buckets": list}, err
}

func unique(values []any) map[any]bool {
	set := map[any]bool{}
	for _, v := range values {
		set[v] = true
	}
	return set
}

// sortBuckets orders by _count or _key, and by the key where these are equal.
func sortBuckets(buckets []bucket, wanted, fallback any) error {
	if wanted == nil {
		wanted = fallback
	}
	list, ok := wanted.([]any)
	if !ok {
		list = []any{wanted}
	}
	slices.SortFunc(buckets, func(a, b bucket) int { return compare(a.key, b.key) })
	for _, one := range slices.Backward(list) {
		for by, direction := range one.(map[string]any) {
			if by != "_count" && by != "_key" {
				return badRequest("order: only _count and _key are supported here")
			}
			slices.SortStableFunc(buckets, func(a, b bucket) int {
				c := len(a.hits) - len(b.hits)
				if by == "_key" {
					c = compare(a.key, b.key)
				}
				if direction == "desc" {
					return -c
				}
				return c
			})
		}
	}
	return nil
}

// render makes the JSON of buckets, and the aggregations inside of them.
func (g *aggregator) render(buckets []bucket, a aggregation) ([]map[string]any, error) {
	list := []map[string]any{}
	for _, b := range buckets {
		if err := g.spend(); err != nil {
			return nil, err
		}
		out, err := g.all(b.hits, a.Aggs, a.Aggregations)
		if err != nil {
			return nil, err
		}
		out["key"], out["doc_count"] = b.key, len(b.hits)
		if ms, ok := b.key.(float64); ok && a.kind == "date_histogram" {
			out["key_as_string"] = time.UnixMilli(int64(ms)).UTC().Format("2006-01-02T15:04:05.000Z")
		}
		list = append(list, out)
	}
	return list, nil
}

func (g *aggregator) histogram(found []hit, a aggregation) (any, error) {
	floor, next, err := a.steps()
	if err != nil {
		return nil, err
	}
	groups := map[float64][]hit{}
	for _, h := range found {
		keys := map[float64]bool{}
		for _, v := range a.values(h) {
			if n, ok := number(v); ok && !math.IsInf(floor(n), 0) {
				keys[floor(n)] = true
			}
		}
		for key := range keys {
			groups[key] = append(groups[key], h)
		}
	}
	keys := slices.Sorted(maps.Keys(groups))
	least := 0
	if a.MinDocCount != nil {
		least = *a.MinDocCount
	}
	var buckets []bucket
	for i, key := range keys {
		if len(groups[key]) >= least {
			buckets = append(buckets, bucket{key, groups[key]})
		}
		// Empty buckets stand between those that are not.
		for gap := next(key); least == 0 && i+1 < len(keys) && gap < keys[i+1] && len(buckets) <= g.left; gap = next(gap) {
			buckets = append(buckets, bucket{gap, nil})
		}
	}
	if err := sortBuckets(buckets, a.Order, map[string]any{"_key": "asc"}); err != nil {
		return nil, err
	}
	list, err := g.render(buckets, a)
	return map[string]any{"buckets": list}, err
}

// steps returns where the bucket of a value begins, and where the one after it.
func (a *aggregation) steps() (floor, next func(float64) float64, err error) {
	text := fmt.Sprint(a.Interval)
	if a.kind == "date_histogram" {
		calendar := a.CalendarInterval
		if a.Interval != nil {
			calendar = text
		}
		if unit := calendarUnit(calendar); unit != nil {
			at := func(ms float64) time.Time { return time.UnixMilli(int64(ms)).UTC() }
			floor = func(ms float64) float64 { return float64(unit(at(ms), 0).UnixMilli()) }
			next = func(ms float64) float64 { return float64(unit(at(ms), 1).UnixMilli()) }
			return floor, next, nil
		}
		if text, err = milliseconds(a.FixedInterval); err != nil {
			return nil, nil, badRequest("want a calendar_interval such as month, or a fixed_interval such as 30d or 12h")
		}
	}
	step, err := strconv.ParseFloat(text, 64)
	if err != nil || !(step > 0) || math.IsInf(step, 0) {
		return nil, nil, badRequest("interval: want a number above 0")
	}
	// Multiples of step: added up, small errors would grow.
	floor = func(n float64) float64 { return math.Floor(n/step) * step }
	next = func(n float64) float64 { return (math.Round(n/step) + 1) * step }
	return floor, next, nil
}

// milliseconds reads a duration such as 90m or 30d.
func milliseconds(text string) (string, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return strconv.FormatUint(n*24*3600*1000, 10), err
	}
	d, err := time.ParseDuration(text)
	return strconv.FormatInt(d.Milliseconds(), 10), err
}

// calendarUnit returns what finds the beginning of the unit that a time is in, or
// of the nth after it; nil when there is no such unit.
func calendarUnit(name string) func(t time.Time, n int) time.Time {
	switch name {
	case "year", "1y":
		return func(t time.Time, n int) time.Time { return date(t.Year()+n, 1, 1) }
	case "quarter", "1q":
		return func(t time.Time, n int) time.Time { return date(t.Year(), (t.Month()-1)/3*3+1+time.Month(3*n), 1) }
	case "month", "1M":
		return func(t time.Time, n int) time.Time { return date(t.Year(), t.Month()+time.Month(n), 1) }
	case "week", "1w": // from Monday
		return func(t time.Time, n int) time.Time {
			return date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7+7*n)
		}
	case "day", "1d":
		return func(t time.Time, n int) time.Time { return date(t.Year(), t.Month(), t.Day()+n) }
	}
	return nil
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
