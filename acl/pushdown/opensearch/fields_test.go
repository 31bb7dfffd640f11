package opensearch_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/opensearch"
)

// What is stored, as JSON. Members are there when they are empty, so that a
// partial update, which merges objects, takes away what was allowed.
//
// Rules P2, A2, A3, A4
func TestFields(t *testing.T) {
	for _, tt := range []struct {
		name  string
		acl   acl.ACL
		rules acl.Rules
		want  string
	}{
		{"nobody", nil, acl.Rules{}, `{"allow":null,"levels":null,"deny":null}`},
		{"public", acl.Public(), acl.Rules{}, `{"allow":["*"],"levels":null,"deny":null}`},
		{"deny only", acl.List{acl.Deny.User("u")}, acl.Rules{}, `{"allow":null,"levels":null,"deny":null}`},
		{"list", acl.List{acl.Allow.User("mary"), acl.Allow.Group("staff"), acl.Deny.User("eve")}, acl.Rules{},
			`{"allow":["gstaff","umary"],"levels":null,"deny":["ueve"]}`},
		{"levels", acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.Group("g")}, {acl.Allow.Group("h"), acl.Deny.Group("d")}}, acl.Rules{},
			`{"allow":["uu"],"levels":[{"allow":["gg"]},{"allow":["gh"]}],"deny":["?","ad","gd"]}`},
		{"quotes", acl.List{acl.Allow.User(`","deny":[]`)}, acl.Rules{}, `{"allow":["u\",\"deny\":[]"],"levels":null,"deny":null}`},
		{"fold", acl.List{acl.Allow.User("MARY")}, acl.Rules{Fold: true}, `{"allow":["umary"],"levels":null,"deny":null}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fields, err := opensearch.Fields(tt.acl, tt.rules)
			got, _ := json.Marshal(fields)
			if string(got) != tt.want || err != nil {
				t.Errorf("%s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// Rules P1, G1
func TestFieldsErrors(t *testing.T) {
	levels := make(acl.Hierarchy, 10_001)
	for i := range levels {
		levels[i] = acl.List{acl.Allow.User("u")}
	}
	var invalid *acl.Error
	for _, tt := range []struct {
		name string
		acl  acl.ACL
		want any
	}{
		{"invalid", acl.List{{}}, &invalid},
		{"not UTF-8", acl.List{acl.Allow.User("\xff")}, &invalid},
		{"long name", acl.List{acl.Allow.User(strings.Repeat("x", 32_766))}, nil},
		{"long name of a further level", acl.Hierarchy{{acl.Allow.User("u")}, {acl.Allow.User(strings.Repeat("x", 32_766))}}, nil},
		{"long denied name", acl.List{acl.Allow.User("u"), acl.Deny.User(strings.Repeat("x", 32_766))}, nil},
		{"levels", levels, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := opensearch.Fields(tt.acl, acl.Rules{})
			if got.Allow != nil || got.Levels != nil || got.Deny != nil {
				t.Errorf("an error comes with %v", got)
			}
			if tt.want == nil && !errors.Is(err, opensearch.ErrLimit) || tt.want != nil && !errors.As(err, tt.want) {
				t.Errorf("error %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "xxx") {
				t.Errorf("the error shows a name: %.100v", err)
			}
		})
	}
	for name, a := range map[string]acl.ACL{"name": acl.List{acl.Allow.User(strings.Repeat("x", 32_765))}, "levels": levels[:10_000]} {
		if _, err := opensearch.Fields(a, acl.Rules{}); err != nil {
			t.Errorf("%s at the limit: %v", name, err)
		}
	}
}
