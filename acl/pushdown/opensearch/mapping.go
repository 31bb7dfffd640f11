package opensearch

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// fieldMapping declares [Field]. Nothing is ignored for its length or for being
// unknown, and nothing can be sorted or aggregated by: names of groups are not
// for callers. ignore_above is maxTermBytes, which no term exceeds: without it,
// Elasticsearch takes the setting index.mapping.ignore_above, which no mapping
// shows, and an ignored denial admits.
const fieldMapping = `{"dynamic":"strict","properties":{"allow":` + keyword + `,"deny":` + keyword + `,` +
	`"levels":{"type":"nested","dynamic":"strict","properties":{"allow":` + keyword + `}}}}`

const keyword = `{"type":"keyword","doc_values":false,"ignore_above":32766}`

// Mapping returns the JSON of mappings that declare [Field], and in _meta the
// hash of r. It is the body of PUT /index/_mapping, which leaves other fields as
// they are, or the member mappings of a new index.
func Mapping(r acl.Rules) []byte {
	return []byte(`{"_meta":{"` + Field + `":{"rules":"` + r.Hash() + `"}},"properties":{"` + Field + `":` + fieldMapping + `}}`)
}

// CheckMapping refuses an index whose documents were not stored as [Mapping] and
// r say. response is that of GET /index/_mapping; of several indices, each is
// checked. The error, an [*Error], names the place. It also refuses fields that
// are an alias of ours, are copied to ours, or are made by a script under our
// name, and a _source that has a part of ours or none. Without any _source there is
// no partial update, and [Verify] keeps nothing.
func CheckMapping(response []byte, r acl.Rules) error { return public(checkIndices(response, r)) }

func checkIndices(response []byte, r acl.Rules) error {
	v, err := request.ParseStored(response)
	if err != nil {
		return err
	}
	if v.Kind() != strictjson.Object || v.Len() == 0 {
		return refuse("want the mappings of at least one index")
	}
	for index, about := range v.Members() {
		mappings, _ := about.Get("mappings")
		if err := checkMappings(mappings, r); err != nil {
			return at(index, at("mappings", err))
		}
	}
	return nil
}

func checkMappings(v strictjson.Value, r acl.Rules) error {
	stored, _ := v.Pointer("/_meta/" + Field + "/rules")
	switch hash, ok := stored.Str(); {
	case !ok:
		return at("_meta", at(Field, refuse("no hash of rules; make the index with Mapping")))
	case hash != r.Hash():
		return at("_meta", at(Field, refuse("the documents were stored under other rules; store them anew, or give those rules")))
	}
	want, err := strictjson.Parse(fieldMapping, strictjson.Limits{})
	properties, _ := v.Get("properties")
	if got, _ := properties.Get(Field); err != nil || !reflect.DeepEqual(got.Any(), want.Any()) {
		return at("properties", at(Field, refuse("is not what Mapping declares; make a new index with it")))
	}
	if err := checkSource(v); err != nil {
		return at("_source", err)
	}
	for _, made := range []string{"runtime", "derived"} {
		fields, _ := v.Get(made)
		for name := range fields.Members() {
			if isOurs(name) {
				return at(made, at(name, refuse("stands for a field of the ACL; remove it")))
			}
		}
	}
	return checkWays(v)
}

// checkSource refuses a _source that keeps a part of the ACL: a partial update
// stores what is in there, and without its denials a document admits too many.
func checkSource(v strictjson.Value) error {
	excludes, _ := v.Pointer("/_source/excludes")
	for _, e := range each(excludes) {
		if pattern, _ := e.Str(); hidesACL(pattern) {
			return at("excludes", refuse("takes the ACL, or a part of it, out of documents; name other fields"))
		}
	}
	includes, given := v.Pointer("/_source/includes")
	keeps := func(e strictjson.Value) bool { pattern, _ := e.Str(); return matches(pattern, Field) }
	if all := each(includes); given && len(all) > 0 && !slices.ContainsFunc(all, keeps) {
		return at("includes", refuse("leaves the ACL, or a part of it, out of documents; add "+Field))
	}
	return nil
}

// checkWays refuses what leads to our fields by another name, at any depth and
// in templates too: an alias, and a field that is copied to them, by which the
// text of a document would become names in its ACL.
func checkWays(v strictjson.Value) error {
	path, _ := v.Get("path")
	if ours(path) {
		return refuse("is an alias of a field of the ACL; remove it")
	}
	copies, _ := v.Get("copy_to")
	if slices.ContainsFunc(each(copies), ours) {
		return refuse("is copied to a field of the ACL; remove copy_to")
	}
	for name, below := range v.Members() {
		if err := checkWays(below); err != nil {
			return at(name, err)
		}
	}
	i := 0
	for below := range v.Elements() {
		if err := checkWays(below); err != nil {
			return at(strconv.Itoa(i), err)
		}
		i++
	}
	return nil
}

// ours reports whether v is a text that names our field, or one in it.
func ours(v strictjson.Value) bool {
	name, _ := v.Str()
	return isOurs(name)
}

func isOurs(name string) bool { return name == Field || strings.HasPrefix(name, Field+".") }
