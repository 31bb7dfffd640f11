package bleve

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// documentMapping and fieldMapping are Bleve's, with the members that it writes.
type documentMapping struct {
	Enabled    bool                       `json:"enabled"`
	Dynamic    bool                       `json:"dynamic"`
	Properties map[string]documentMapping `json:"properties,omitempty"`
	Fields     []fieldMapping             `json:"fields,omitempty"`
}

type fieldMapping struct {
	Type         string `json:"type"`
	Analyzer     string `json:"analyzer,omitempty"`
	Store        bool   `json:"store,omitempty"`
	Index        bool   `json:"index,omitempty"`
	SkipFreqNorm bool   `json:"skip_freq_norm,omitempty"`
}

// analyzer takes words apart.
const analyzer = "simple"

// ownComponents are Bleve's, of analyzer and keyword.
var ownComponents = []string{analyzer, "keyword", "letter", "to_lower", "single"}

// Mapping returns the JSON of a document mapping. It belongs into the properties
// of the default mapping, and of each type, under the name [Field]. What is not
// needed is off: doc values, by which callers could sort and count names, and
// frequencies; nothing is in _all, where a search without a field looks.
func Mapping(r acl.Rules, o Options) ([]byte, error) {
	n, err := o.levels()
	if err != nil {
		return nil, err
	}
	indexed := func(analyzer string) documentMapping {
		return documentMapping{Enabled: true, Fields: []fieldMapping{{Type: "text", Analyzer: analyzer, Index: true, SkipFreqNorm: true}}}
	}
	terms := indexed(analyzer)
	properties := map[string]documentMapping{allow: terms, deny: terms, levels: indexed("keyword"), rulesName(r): {}}
	for i := 1; i < n; i++ {
		properties[levelName(i)] = terms
	}
	if o.Verify {
		properties[stored] = documentMapping{Enabled: true, Fields: []fieldMapping{{Type: "text", Analyzer: "keyword", Store: true}}}
	}
	return encode(documentMapping{Enabled: true, Properties: properties}), nil
}

// rulesName is of a property that no document has: the place in a mapping that
// Bleve keeps as it is.
func rulesName(r acl.Rules) string { return "rules-" + r.Hash() }

// CheckMapping refuses an index whose documents were not stored as [Mapping], r
// and o say. index is the JSON of its whole mapping, such as json.Marshal makes
// of an index's Mapping(). Each mapping of a type is checked; one that is
// disabled needs nothing. The error, an [*Error], names the place.
//
// It also refuses what would change what terms match: components of analysis
// that have the name of one of Bleve's, a synonym source that is a default, and
// fields of other members that go by the name of one of ours.
func CheckMapping(index []byte, r acl.Rules, o Options) error {
	want, err := Mapping(r, o)
	if err != nil {
		return err
	}
	return public(checkIndex(index, want, rulesName(r)))
}

func checkIndex(index, want []byte, hash string) error {
	v, err := request.ParseStored(index)
	if err != nil {
		return err
	}
	analysis, _ := v.Get("analysis")
	for kind, components := range analysis.Members() { // analyzers, and what they are made of
		for name := range components.Members() {
			if slices.Contains(ownComponents, name) {
				return at("analysis", at(kind, at(name, refuse("stands for Bleve's own; give it another name"))))
			}
		}
	}
	if err := noSynonyms(v); err != nil {
		return err
	}
	w := wanted{hash: hash}
	parsed, _ := strictjson.Parse(want, strictjson.Limits{Depth: 128})
	w.mapping = plain(parsed)
	mapping, _ := v.Get("default_mapping")
	if err := w.check(mapping); err != nil {
		return at("default_mapping", err)
	}
	types, _ := v.Get("types")
	for name, mapping := range types.Members() {
		if err := w.check(mapping); err != nil {
			return at("types", at(name, err))
		}
	}
	return nil
}

type wanted struct {
	mapping any
	hash    string
}

func (w wanted) check(v strictjson.Value) error {
	if v.Kind() != strictjson.Object {
		return refuse("want an object with what Mapping returns among its properties")
	}
	enabled, given := v.Get("enabled")
	if on, ok := enabled.Bool(); given && ok && !on {
		return nil
	}
	if err := noSynonyms(v); err != nil {
		return err
	}
	if err := noOthers(v); err != nil {
		return err
	}
	got, given := v.Pointer("/properties/" + Field)
	switch {
	case !given:
		return at("properties", at(Field, refuse("is missing; make the index with Mapping")))
	case !reflect.DeepEqual(plain(got), w.mapping):
		reason := "is not what Mapping declares; make a new index with it"
		if _, same := got.Pointer("/properties/" + w.hash); !same {
			reason = "the documents were stored under other rules; store them anew, or give those rules"
		}
		return at("properties", at(Field, refuse(reason)))
	}
	return nil
}

// noOthers refuses fields that Bleve would index as ours: what a document says
// there would be names in its ACL.
func noOthers(v strictjson.Value) error {
	fields, _ := v.Get("fields")
	i := 0
	for f := range fields.Elements() {
		named, _ := f.Get("name")
		if s, _ := named.Str(); ours(s) {
			err := refuse("would be indexed as a field of the ACL; give it another name")
			return at("fields", at(strconv.Itoa(i), at("name", err)))
		}
		i++
	}
	properties, _ := v.Get("properties")
	for member, below := range properties.Members() {
		if err := noOthers(below); err != nil {
			return at("properties", at(member, err))
		}
	}
	return nil
}

func noSynonyms(v strictjson.Value) error {
	source, _ := v.Get("default_synonym_source")
	if name, ok := source.Str(); ok && name == "" || source.Kind() == strictjson.Invalid {
		return nil
	}
	return at("default_synonym_source", refuse("would let a name match others; declare synonyms field by field"))
}

// plain is v without the members that say what their absence says.
func plain(v strictjson.Value) any {
	switch v.Kind() {
	case strictjson.Object:
		members := map[string]any{}
		for name, m := range v.Members() {
			if p := plain(m); p != nil && p != false && p != "" {
				members[name] = p
			}
		}
		return members
	case strictjson.Array:
		var list []any
		for e := range v.Elements() {
			list = append(list, plain(e))
		}
		return list
	}
	return v.Any()
}
