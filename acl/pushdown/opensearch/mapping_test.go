package opensearch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// Nothing of an ACL may be dropped for its length, and nothing sorted by.
//
// Rule A6
func TestMapping(t *testing.T) {
	const want = `{"_meta":{"tokenacl":{"rules":"HASH"}},"properties":{"tokenacl":{"dynamic":"strict","properties":{` +
		`"allow":{"type":"keyword","doc_values":false,"ignore_above":32766},"deny":{"type":"keyword","doc_values":false,"ignore_above":32766},` +
		`"levels":{"type":"nested","dynamic":"strict","properties":{"allow":{"type":"keyword","doc_values":false,"ignore_above":32766}}}}}}}`
	r := acl.Rules{Fold: true}
	got := string(opensearch.Mapping(r))
	if got != strings.Replace(want, "HASH", r.Hash(), 1) || !json.Valid([]byte(got)) {
		t.Errorf("mapping %s", got)
	}
}

// Rules A6, G1
func TestCheckMapping(t *testing.T) {
	var r acl.Rules
	good := string(opensearch.Mapping(r))
	response := func(mappings string) string { return fmt.Sprintf(`{"docs": {"mappings": %s}}`, mappings) }
	with := func(old, new string) string { return response(strings.Replace(good, old, new, 1)) }
	tests := []struct{ name, response, path string }{
		{"good", response(good), ""},
		{"other fields", with(`"properties":{`, `"properties":{"title":{"type":"text","fields":{"raw":{"type":"alias","path":"title"}}},`), ""},
		{"several indices", fmt.Sprintf(`{"a": {"mappings": %s}, "b": {"mappings": %s}}`, good, good), ""},
		{"one of several", fmt.Sprintf(`{"a": {"mappings": %s}, "b": {"mappings": {}}}`, good), "/b/mappings/_meta/tokenacl"},
		{"no index", `{}`, "/"},
		{"no object", `[]`, "/"},
		{"no JSON", `{`, "/"},
		{"twice", `{"docs": {}, "docs": {}}`, "/"},
		{"no mappings", `{"docs": {}}`, "/docs/mappings/_meta/tokenacl"},
		{"no hash", with(`"_meta"`, `"_mata"`), "/docs/mappings/_meta/tokenacl"},
		{"other rules", response(string(opensearch.Mapping(acl.Rules{Fold: true}))), "/docs/mappings/_meta/tokenacl"},
		{"hash of another type", with(`"`+r.Hash()+`"`, `1`), "/docs/mappings/_meta/tokenacl"},
		{"cut names", with(`"ignore_above":32766`, `"ignore_above":256`), "/docs/mappings/properties/tokenacl"},
		{"cut by a setting", with(`,"ignore_above":32766`, ``), "/docs/mappings/properties/tokenacl"},
		{"text", with(`"type":"keyword"`, `"type":"text"`), "/docs/mappings/properties/tokenacl"},
		{"normalizer", with(`"type":"keyword"`, `"type":"keyword","normalizer":"lowercase"`), "/docs/mappings/properties/tokenacl"},
		{"levels no longer nested", with(`"type":"nested"`, `"type":"object"`), "/docs/mappings/properties/tokenacl"},
		{"open", with(`"dynamic":"strict"`, `"dynamic":"false"`), "/docs/mappings/properties/tokenacl"},
		{"missing", with(`"properties":{"tokenacl"`, `"properties":{"other"`), "/docs/mappings/properties/tokenacl"},
		{"alias", with(`"properties":{`, `"properties":{"x":{"type":"alias","path":"tokenacl.allow"},`), "/docs/mappings/properties/x"},
		{"alias inside", with(`"properties":{`, `"properties":{"o":{"properties":{"x":{"type":"alias","path":"tokenacl.deny"}}},`), "/docs/mappings/properties/o/properties/x"},
		{"copied", with(`"properties":{`, `"properties":{"x":{"type":"text","copy_to":["title","tokenacl.allow"]},`), "/docs/mappings/properties/x"},
		{"copied inside", with(`"properties":{`, `"properties":{"o":{"properties":{"x":{"type":"text","copy_to":"tokenacl.levels.allow"}}},`), "/docs/mappings/properties/o/properties/x"},
		{"copied by a template", with(`"properties":{`, `"dynamic_templates":[{"t":{"match":"*","mapping":{"copy_to":"tokenacl.allow"}}}],"properties":{`), "/docs/mappings/dynamic_templates/0/t/mapping"},
		{"made when it is asked for", with(`"properties":{`, `"runtime":{"tokenacl.deny":{"type":"keyword"}},"properties":{`), "/docs/mappings/runtime/tokenacl.deny"},
		{"derived", with(`"properties":{`, `"derived":{"tokenacl.allow":{"type":"keyword"}},"properties":{`), "/docs/mappings/derived/tokenacl.allow"},
		{"denials lost by a partial update", with(`"properties":{`, `"_source":{"excludes":["tokenacl.deny"]},"properties":{`), "/docs/mappings/_source/excludes"},
		{"levels lost", with(`"properties":{`, `"_source":{"excludes":["text","*.levels"]},"properties":{`), "/docs/mappings/_source/excludes"},
		{"denials not kept", with(`"properties":{`, `"_source":{"includes":["title","tokenacl.allow"]},"properties":{`), "/docs/mappings/_source/includes"},
		{"source without others", with(`"properties":{`, `"_source":{"excludes":["vector"],"includes":["title","token*"]},"properties":{`), ""},
		{"no source", with(`"properties":{`, `"_source":{"enabled":false},"properties":{`), ""},
		{"source made of what is indexed", with(`"properties":{`, `"_source":{"mode":"synthetic"},"properties":{`), ""},
		{"source without some", with(`"properties":{`, `"_source":{"excludes":"vector","includes":[]},"properties":{`), ""},
		{"fields of such names", with(`"properties":{`, `"runtime":{"x":{"type":"keyword"}},"properties":{"path":{"type":"keyword","copy_to":"copy_to"},"copy_to":{"type":"text"},`), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := opensearch.CheckMapping([]byte(tt.response), r)
			var e *opensearch.Error
			switch {
			case tt.path == "" && err != nil:
				t.Error(err)
			case tt.path != "" && (!errors.As(err, &e) || e.Path != strings.TrimSuffix(tt.path, "/")):
				t.Errorf("error %v, want it at %s", err, tt.path)
			}
		})
	}
}
