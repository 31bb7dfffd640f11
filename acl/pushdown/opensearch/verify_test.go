package opensearch_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// verifying is an engine that finds everything and lets Verify decide.
type verifying struct {
	rules  acl.Rules
	ids    []string
	stored map[string][]byte
}

func (e *verifying) Store(r acl.Rules, docs []acltest.Document) error {
	*e = verifying{rules: r, stored: map[string][]byte{}}
	for _, d := range docs {
		fields, _ := opensearch.Fields(d.ACL, r)
		text, err := json.Marshal(fields)
		if err != nil {
			return err
		}
		e.ids, e.stored[d.ID] = append(e.ids, d.ID), text
	}
	return nil
}

func (e *verifying) Search(s acl.Scope) ([]string, error) {
	kept, _, err := opensearch.Verify(s, e.rules, e.ids, func(id string) []byte { return e.stored[id] })
	return kept, err
}

// Verify decides as acl does by what is stored.
//
// Rules P5, P1
func TestVerifyKit(t *testing.T) {
	report := acltest.Run(t, &verifying{}, acltest.Options{RuleSets: []acl.Rules{}})
	if report.Decisions < 200_000 {
		t.Errorf("only %v", report)
	}
}

// Rules P5, G1, G5
func TestVerify(t *testing.T) {
	const mary = `"gstaff","umary"`
	s := acl.For(acl.Principal{User: "mary", Groups: []string{"staff"}})
	tests := []struct {
		stored string
		kept   bool
	}{
		{`{"allow":[` + mary + `],"levels":null,"deny":null}`, true},
		{`{"allow":["umary"],"levels":[{"allow":["gx","gstaff"]}],"deny":["ueve"]}`, true},
		{`{"deny":[],"levels":[],"allow":["*"]}`, true},
		{`{"allow":"umary","levels":{"allow":"gstaff"},"deny":"ueve"}`, true}, // derived _source
		{`{"allow":["ueve"]}`, false},
		{`{"allow":["umary"],"deny":["gstaff"]}`, false},
		{`{"allow":["umary"],"deny":"gstaff"}`, false},
		{`{"allow":["umary"],"levels":[{"allow":["gx"]}]}`, false},
		{`{"allow":["umary"],"levels":[{"allow":[]}]}`, false},
		{`{"allow":["umary"],"levels":[{"allow":null}]}`, false},
		{`{"allow":["umary"],"levels":[{}]}`, false},
		{`{"allow":["umary"],"levels":[{"allov":["umary"]}]}`, false},
		{`{"allow":["umary"],"levels":[["umary"]]}`, false},
		{`{"allow":["umary"],"levels":["umary"]}`, false},
		{`{"allow":["umary"],"levels":[{"allow":["umary"],"deny":["umary"]}]}`, false},
		{`{"allow":["umary"],"levels":[{"allow":[1]}]}`, false},
		{`{"levels":[{"allow":["umary"]}]}`, false},
		{`{"allow":[],"levels":[{"allow":["umary"]}]}`, false},
		{`{"allow":["umary"],"deny":[1]}`, false},
		{`{"allow":["umary"],"dony":[]}`, false},
		{`{"allow":["umary"],"allow":["umary"]}`, false},
		{`{"allow":true}`, false},
		{`{"allow":["umary"]`, false},
		{`["umary"]`, false},
		{`"umary"`, false},
		{`null`, false},
		{`{}`, false},
		{``, false},
	}
	kept := 0
	for _, tt := range tests {
		got, dropped, err := opensearch.Verify(s, acl.Rules{}, []string{tt.stored}, func(text string) []byte { return []byte(text) })
		if (len(got) == 1) != tt.kept || len(got)+dropped != 1 || err != nil {
			t.Errorf("%s: kept %d, dropped %d, %v", tt.stored, len(got), dropped, err)
		}
		kept += len(got)
	}
	if kept < 4 {
		t.Errorf("kept %d of %d", kept, len(tests))
	}

	page := []string{"umary", "ueve", "gstaff"}
	stored := func(term string) []byte { return []byte(`{"allow":["` + term + `"]}`) }
	got, dropped, err := opensearch.Verify(s, acl.Rules{}, page, stored)
	if diff := cmp.Diff([]string{"umary", "gstaff"}, got); diff != "" || dropped != 1 || err != nil || !slices.Equal(page, []string{"umary", "ueve", "gstaff"}) {
		t.Errorf("%v, dropped %d, %v", got, dropped, err)
	}
	if got, dropped, err = opensearch.Verify(acl.Scope{}, acl.Rules{}, page, stored); got != nil || dropped != 3 || err != nil {
		t.Errorf("the zero scope keeps %v, %d, %v", got, dropped, err)
	}
	if got, dropped, err = opensearch.Verify(acl.Unrestricted(), acl.Rules{}, page, func(string) []byte { return nil }); got != nil || dropped != 3 || err != nil {
		t.Errorf("without fields, everything keeps %v, %d, %v", got, dropped, err)
	}
	broken := []string{`[]`, `"umary"`, `null`, `1`}
	if got, dropped, err = opensearch.Verify(acl.Unrestricted(), acl.Rules{}, broken, func(text string) []byte { return []byte(text) }); got != nil || dropped != 4 || err != nil {
		t.Errorf("of broken fields, everything keeps %v, %d, %v", got, dropped, err)
	}
	got, dropped, err = opensearch.Verify(acl.For(acl.Principal{User: "\xff"}), acl.Rules{}, page, stored)
	if got != nil || dropped != 3 || err == nil || strings.Contains(err.Error(), "\xff") {
		t.Errorf("a broken scope keeps %v, %d, %v", got, dropped, err)
	}
}
