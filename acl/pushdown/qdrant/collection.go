package qdrant

import (
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/request"
)

// Metadata returns the body of PATCH /collections/{name}, which notes the hash
// of r with the collection. Of PUT, which makes one, it is the member metadata.
func Metadata(r acl.Rules) []byte {
	return []byte(`{"metadata":{"` + Field + `":{"rules":"` + r.Hash() + `"}}}`)
}

// indexed are the fields that have an index, as Qdrant names them.
var indexed = []string{allowField, denyField, kindField, levelsField + "[].allow"}

// Indexes returns the bodies of PUT /collections/{name}/index, one request each.
// Send them before there are points: Qdrant's graph of vectors takes them in
// while it is built.
func Indexes() [][]byte {
	var bodies [][]byte
	for _, name := range indexed {
		bodies = append(bodies, []byte(`{"field_name":"`+name+`","field_schema":"keyword"}`))
	}
	return bodies
}

// CheckCollection refuses a collection whose points were not stored as
// [Metadata], [Indexes] and r say. response is that of GET /collections/{name}.
// The error, an [*Error], names the place.
func CheckCollection(response []byte, r acl.Rules) error {
	v, err := request.ParseStored(response)
	if err != nil {
		return public(err)
	}
	const metadata = "/result/config/metadata/" + Field
	stored, _ := v.Pointer(metadata + "/rules")
	switch hash, ok := stored.Str(); {
	case !ok:
		return &Error{metadata, "no hash of rules; make the collection with Metadata"}
	case hash != r.Hash():
		return &Error{metadata, "the points were stored under other rules; store them anew, or give those rules"}
	}
	const schema = "/result/payload_schema"
	for _, name := range indexed {
		field, _ := v.Pointer(schema + "/" + name)
		kind, _ := field.Get("data_type")
		if s, _ := kind.Str(); s != "keyword" {
			return &Error{schema + "/" + name, "has no index of keywords; make it with Indexes"}
		}
	}
	return nil
}

// ours reports whether a path in a payload leads to our member: its first key,
// which may be quoted, is that.
func ours(path string) bool {
	first, _, _ := strings.Cut(strings.ReplaceAll(path, `"`, ""), ".")
	first, _, _ = strings.Cut(first, "[")
	return first == Field
}
