package fgac

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The plugin's FlsFmIntegrationTests: fifteen users, each with one rule for fields
// or one mask, and what each may do with fields of many types. What a user may do
// is written down with the user, in the words of the plugin's test, and not taken
// from the rule.

const matrixSalt = "mytestsaresalted"

// departments are values of several fields, with their masks by Python's hashlib:
// blake2b(value, digest_size=32, salt=b"mytestsaresalted").
var departments = map[string]string{
	"dept_a_1": "8efe5763cd5eac304274bdfab0166eab8bb30dca0476d0280914c3c8c399f9ad",
	"dept_a_2": "31d8ce4c8f356817e3048aa3b3019953403131916b947df6359a3b5390cf1a05",
	"dept_a_3": "0b175edb2401aa516aab18edf161ea50bed69f038814b11bbe529c74122a7f9f",
	"dept_b_1": "7a24c8e45bc5274dfca7ce0385cdf037084408dd52fc4dfd449afc4a0a9b9de4",
	"dept_b_2": "534443fae0ad1416f014e453443602c0ded40a9a637f63b5b3389134263bb3a2",
	"dept_c":   "5817bdccab4148c23ab11e7c5db3a672d039d82767a5c78fce5a064fb109f264",
	"dept_d":   "611dc04466131b3e06ed601cce2ffba413eb667d8459348b49f442251c86e4fc",
}

var departmentNames = slices.Sorted(maps.Keys(departments))

// record is a document before it is written as JSON, with the members in the order
// of their names.
type record map[string]any

// matrixRecords are 282 records, always the same.
func matrixRecords() []record {
	r := rand.New(rand.NewPCG(1234, 0))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	department := func() string { return pick(departmentNames...) }
	value := func() string { return "value_" + strconv.Itoa(int(r.Int32())) }
	phrase := func() string {
		return pick("Pretty", "Super", "Mostly", "Damn", "Quite") + " " + pick("good", "fine", "decent", "surreal") + " " + pick("coffee", "pie", "hotel", "tea", "shrubbery")
	}
	point := func() string {
		return strconv.FormatFloat(180*r.Float64()-90, 'f', 6, 64) + "," + strconv.FormatFloat(360*r.Float64()-180, 'f', 6, 64)
	}
	var all []record
	for range 282 {
		one := record{
			"source_ip":   fmt.Sprintf("%d.%d.%d.%d", 100+r.IntN(10), 100+r.IntN(5), r.IntN(255), r.IntN(255)),
			"attr_text_1": department(), "attr_text_2": phrase(), "attr_text_termvectors": phrase(), "attr_text_stored": phrase(), "attr_text_doc_values_disabled": department(),
			"attr_keyword": department(), "attr_keyword_doc_values_disabled": department(), "attr_boolean": r.IntN(2) == 0, "attr_long": r.Int64(), "attr_int": r.IntN(10000), "attr_double": r.Float64(),
			"attr_binary":           pick("top1++vj5H8=", "top1++vj5H8=", "top1++vj5H8=", "top2++Mg6Lk=", "top2++Mg6Lk=", "top3++H8MaE=", "other"+strconv.Itoa(r.IntN(1e6))),
			"attr_geo_point_string": point(), "attr_geo_point_string_stored": point(),
			"attr_object": record{"obj_attr_text_1": department(), "obj_attr_text_2": value(), "obj_attr_long": r.Int64(), "obj_attr_object": record{"obj_obj_attr_text": value()}},
		}
		if r.IntN(2) == 0 {
			one["attr_text_doc_values_disabled_nullable"] = value()
		}
		all = append(all, one)
	}
	return all
}

// edit returns a copy in which the value at a path is what f makes of it; nil
// removes it.
func (r record) edit(path string, f func(any) any) record {
	name, rest, nested := strings.Cut(path, ".")
	out := maps.Clone(r)
	if nested {
		out[name] = r[name].(record).edit(rest, f)
	} else if old, ok := r[name]; ok {
		if out[name] = f(old); out[name] == nil {
			delete(out, name)
		}
	}
	return out
}

func without(path string) func(record) record {
	return func(r record) record { return r.edit(path, func(any) any { return nil }) }
}

func only(names ...string) func(record) record {
	return func(r record) record {
		out := maps.Clone(r)
		maps.DeleteFunc(out, func(name string, _ any) bool { return !slices.Contains(names, name) })
		return out
	}
}

// maskedAt returns records whose values of these fields are masked.
func maskedAt(names ...string) func(record) record {
	var salt [saltSize]byte
	copy(salt[:], matrixSalt)
	state := newBlake(salt, [saltSize]byte{}) // TestBlake compares it with hashlib
	return func(r record) record {
		for _, name := range names {
			r = r.edit(name, func(v any) any {
				if known := departments[v.(string)]; known != "" {
					return known
				}
				sum := state.sum(v.(string))
				return hex.EncodeToString(sum[:])
			})
		}
		return r
	}
}

// matrixUser has a rule and what it comes to.
type matrixUser struct {
	name       string
	fls, masks []string
	shown      func(record) record
	searchable func(field string) bool
}

func not(prefix string) func(string) bool {
	return func(field string) bool { return !strings.HasPrefix(field, prefix) }
}

var matrixUsers = []matrixUser{
	{"full", nil, nil, func(r record) record { return r }, func(string) bool { return true }},
	{"fls_exclusion_on_text", []string{"~attr_text_1"}, nil, without("attr_text_1"), not("attr_text_1")},
	{"fls_inclusion_on_text", []string{"attr_text_1"}, nil, only("attr_text_1"), func(field string) bool { return strings.HasPrefix(field, "attr_text_1") }},
	{"fls_exclusion_on_stored_field", []string{"~attr_text_stored"}, nil, without("attr_text_stored"), not("attr_text_stored")},
	{"fls_exclusion_on_nested_attribute", []string{"~attr_object.obj_attr_text_1"}, nil, without("attr_object.obj_attr_text_1"), not("attr_object.obj_attr_text_1")},
	{"fls_exclusion_on_object_attribute", []string{"~attr_object"}, nil, without("attr_object"), not("attr_object")},
	{"fls_exclusion_on_integer_number", []string{"~attr_int"}, nil, without("attr_int"), not("attr_int")},
	{"fls_exclusion_on_ip", []string{"~source_ip"}, nil, without("source_ip"), not("source_ip")},
	{"masking_on_text", nil, []string{"attr_text_1"}, maskedAt("attr_text_1"), not("attr_text_1")},
	{"masking_on_keyword", nil, []string{"attr_keyword", "attr_keyword_doc_values_disabled"}, maskedAt("attr_keyword", "attr_keyword_doc_values_disabled"), not("attr_keyword")},
	{"masking_on_stored_field", nil, []string{"attr_text_stored"}, maskedAt("attr_text_stored"), not("attr_text_stored")},
	{"masking_on_ip", nil, []string{"source_ip"}, maskedAt("source_ip"), not("source_ip")},
	{"masking_on_geo_point_string", nil, []string{"attr_geo_point_string"}, maskedAt("attr_geo_point_string"), func(field string) bool { return field != "attr_geo_point_string" }},
	{"masking_on_geo_point_string_stored", nil, []string{"attr_geo_point_string_stored"}, maskedAt("attr_geo_point_string_stored"), not("attr_geo_point_string_stored")},
	{"masking_on_binary", nil, []string{"attr_binary"}, maskedAt("attr_binary"), not("attr_binary")},
}

// matrix is one user with all documents.
type matrix struct {
	engine
	user    matrixUser
	records map[string]record
	tally   map[string]int
}

// operation is something that the plugin's test does.
type operation struct {
	name string
	run  func(*testing.T, matrix)
}

var matrixOperations = []operation{
	{"get", func(t *testing.T, m matrix) { m.shows(t, slices.Sorted(maps.Keys(m.docs))[:1]) }},
	{"search_source", func(t *testing.T, m matrix) { m.shows(t, m.hits(t, everything)) }},
	// Fields that are asked for beside the source are refused: the hits have them.
	refusedOp("search_fields", `{"fields": ["attr_text_1", "attr_object.obj_attr_text_1"]}`, "/fields"),
	refusedOp("search_docValueFields", `{"docvalue_fields": ["attr_text_1.keyword"]}`, "/docvalue_fields"),
	refusedOp("search_storedFields", `{"stored_fields": ["attr_text_stored"]}`, "/stored_fields"),
	refusedOp("search_aggregation_ip", `{"aggs": {"x": {"ip_range": {"field": "source_ip", "ranges": [{"to": "103.105.0.0"}]}}}}`, "/aggs/x/ip_range"),
	refusedOp("search_abilityToSearch_geoPoint", `{"query": {"geo_bounding_box": {"attr_geo_point_string": {}}}}`, "/query"),
	refusedOp("search_abilityToSearch_numericRange of a query string", `{"query": {"query_string": {"query": "attr_int:[5000 TO 9000]"}}}`, "/query/query_string"),
	refusedOp("termVectors", `{"term_statistics": true, "fields": ["*"]}`, "/term_statistics"),
	{"search_aggregation_keywordAttribute", func(t *testing.T, m matrix) { m.aggregates(t, "attr_text_1", "attr_text_1.keyword", 1) }},
	{"search_aggregation_explicitKeywordAttribute", func(t *testing.T, m matrix) { m.aggregates(t, "attr_keyword", "attr_keyword", 1) }},
	{"search_aggregation_binary", func(t *testing.T, m matrix) { m.aggregates(t, "attr_binary", "attr_binary", 10) }},
	queryOp("search_abilityToSearch_nestedAttribute", "attr_object.obj_attr_text_1", `{"query_string": {"query": "attr_object.obj_attr_text_1:dept_a_1"}}`,
		func(r record) bool { return r["attr_object"].(record)["obj_attr_text_1"] == "dept_a_1" }),
	queryOp("search_abilityToSearch_textAttribute", "attr_text_2", `{"query_string": {"query": "attr_text_2:coffee"}}`, func(r record) bool { return strings.Contains(r.text("attr_text_2"), "coffee") }),
	queryOp("search_abilityToSearch_keywordAttribute", "attr_text_1", `{"query_string": {"query": "attr_text_1.keyword:dept_a_1"}}`, func(r record) bool { return r["attr_text_1"] == "dept_a_1" }),
	queryOp("search_abilityToSearch_keywordAttribute_prefixQuery", "attr_text_1", `{"prefix": {"attr_text_1.keyword": "dept_a"}}`, func(r record) bool { return strings.HasPrefix(r.text("attr_text_1"), "dept_a") }),
	queryOp("search_abilityToSearch_explicitKeywordAttribute", "attr_keyword", `{"query_string": {"query": "attr_keyword:dept_a_1"}}`, func(r record) bool { return r["attr_keyword"] == "dept_a_1" }),
	queryOp("search_abilityToSearch_explicitKeywordAttribute_rangeQuery", "attr_keyword_doc_values_disabled", `{"range": {"attr_keyword_doc_values_disabled": {"gte": "dept_a", "lte": "dept_c"}}}`,
		func(r record) bool { return r.text("attr_keyword_doc_values_disabled") != "dept_d" }),
	queryOp("search_abilityToSearch_numericRange", "attr_int", `{"range": {"attr_int": {"gte": 5000, "lte": 9000}}}`, func(r record) bool { n := r["attr_int"].(int); return n >= 5000 && n <= 9000 }),
	// An engine has networks for addresses; as strings, they have a prefix.
	queryOp("search_abilityToSearch_ip", "source_ip", `{"prefix": {"source_ip": "101."}}`, func(r record) bool { return strings.HasPrefix(r.text("source_ip"), "101.") }),
	queryOp("search_abilityToSearch_geoPoint as a string", "attr_geo_point_string", `{"prefix": {"attr_geo_point_string": "-"}}`, func(r record) bool { return r.text("attr_geo_point_string")[0] == '-' }),
	queryOp("search_abilityToSearch_exists", "attr_text_doc_values_disabled_nullable", `{"exists": {"field": "attr_text_doc_values_disabled_nullable"}}`,
		func(r record) bool { return r["attr_text_doc_values_disabled_nullable"] != nil }),
	{"search_sortBy_explicitKeywordAttribute", func(t *testing.T, m matrix) {
		request, found := m.ask(t, `{"sort": [{"attr_keyword": "asc"}, {"attr_long": "desc"}]}`)
		sort, _ := request.Get("sort")
		for _, field := range []string{"attr_keyword", "attr_long"} {
			if got := strings.Contains(sort.Raw(), `"`+field+`"`); got != m.user.searchable(field) {
				t.Errorf("sorts by %s: %v", sort.Raw(), got)
			}
		}
		m.shows(t, slices.Sorted(maps.Keys(found)))
		if len(found) != len(m.docs) {
			t.Errorf("%d hits, want all", len(found))
		}
	}},
}

func (r record) text(name string) string { return r[name].(string) }

// shows requires that each of the documents is shown as the user may see it.
func (m matrix) shows(t *testing.T, ids []string) {
	t.Helper()
	m.tally["shown"] += len(ids)
	for _, id := range ids {
		want := mustJSON(m.user.shown(m.records[id]))
		if got := m.shown(id); got != string(want) {
			t.Fatalf("document %s:\n%s, want\n%s", id, got, want)
		}
	}
}

// refusedOp is a request that no user may make.
func refusedOp(name, body, path string) operation {
	return operation{name, func(t *testing.T, m matrix) {
		got, err := m.access.Rewrite([]byte(body))
		var e *Error
		if !errors.As(err, &e) || got != nil || !strings.HasPrefix(e.Path, path) {
			t.Errorf("%s, %v; want a refusal of %s", got, err, path)
		}
		m.tally["refused"]++
	}}
}

// queryOp is a query for a field, and the records that have what it asks for.
func queryOp(name, field, query string, matches func(record) bool) operation {
	return operation{name, func(t *testing.T, m matrix) {
		var want []string
		for id, r := range m.records {
			if m.user.searchable(field) && matches(r) {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		got := m.hits(t, query)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("hits (-want +got):\n%s", diff)
		}
		if len(got) == 0 {
			m.tally["without hits"]++
		} else {
			m.tally["with hits"]++
		}
		m.shows(t, got)
	}}
}

// aggregates requires the buckets of a field, none where it is hidden or, other
// than in the plugin, masked.
func (m matrix) aggregates(t *testing.T, name, field string, least int) {
	want := map[string]int{}
	for _, r := range m.records {
		if m.user.searchable(name) {
			want[r.text(name)]++
		}
	}
	few := func(_ string, n int) bool { return n < least }
	got := m.buckets(t, field)
	maps.DeleteFunc(want, few)
	maps.DeleteFunc(got, few)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
	if len(got) == 0 {
		m.tally["without buckets"]++
	} else {
		m.tally["with buckets"]++
	}
}

// TestUsersAndOperations runs each operation as each user.
//
// Rules F3, F5
func TestUsersAndOperations(t *testing.T) {
	records, docs := map[string]record{}, map[string]string{}
	for i, r := range matrixRecords() {
		id := fmt.Sprintf("%03d", i)
		records[id], docs[id] = r, string(mustJSON(r))
	}
	tally := map[string]int{}
	for _, user := range matrixUsers {
		roles := rolesFrom(map[string][]map[string]any{"r": {entryOf("test_index", "", user.fls, user.masks)}})
		all := mustParse(t, roles, anybody("r"), &Options{Salt: matrixSalt})
		access := mustAccess(t, all.For(identityOf(t, user.name, "r")), "test_index")
		for _, op := range matrixOperations {
			tally["cells"]++
			t.Run(user.name+"/"+op.name, func(t *testing.T) {
				op.run(t, matrix{engine{access, docs}, user, records, tally})
			})
		}
	}
	// 15 users by 23 operations, 7 of which are refused; 3 count and 10 search. Two
	// users may not use the field of each aggregation.
	want := map[string]int{"cells": 345, "refused": 105, "with buckets": 39, "without buckets": 6, "with hits": 130, "without hits": 20, "shown": 21074}
	if diff := cmp.Diff(want, tally); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
}
