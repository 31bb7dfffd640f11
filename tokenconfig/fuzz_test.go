package tokenconfig_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/tokenconfig"
)

// Rules G4, R3: no text makes Parse panic; what it accepts is valid, and stays
// accepted, with the same result, under wider options.
func FuzzParse(f *testing.F) {
	for _, c := range append(accepted[:len(accepted):len(accepted)], refused...) {
		f.Add([]byte(c.text), false, c.options.InsecureAllowHTTP)
		f.Add([]byte(c.text), true, false)
	}
	for _, v := range values() {
		f.Add([]byte(v.document()), false, true)
	}
	f.Fuzz(func(t *testing.T, text []byte, kendra, http bool) {
		opts := tokenconfig.Options{KendraLimits: kendra, InsecureAllowHTTP: http}
		cfg, err := tokenconfig.Parse(text, &opts)
		again, errAgain := tokenconfig.Parse(text, &opts)
		if diff := cmp.Diff(cfg, again); diff != "" {
			t.Fatalf("a second look (-first +second):\n%s", diff)
		}
		if err != nil {
			found := problems(t, err)
			if diff := cmp.Diff(found, problems(t, errAgain)); diff != "" || cfg != nil || len(found) > 101 {
				t.Fatalf("%d problems, Config %v (-first +second):\n%s", len(found), cfg, diff)
			}
			return
		}
		if err := cfg.Validate(); err != nil {
			t.Fatalf("Parse accepts what Validate refuses: %v", err)
		}
		sound(t, cfg)
		wider, err := tokenconfig.Parse(text, &tokenconfig.Options{InsecureAllowHTTP: http})
		if diff := cmp.Diff(cfg, wider); err != nil || diff != "" {
			t.Fatalf("without Kendra's limits: %v\n%s", err, diff)
		}
	})
}

// sound repeats, in other words, what every accepted Config is.
func sound(t *testing.T, c *tokenconfig.Config) {
	t.Helper()
	if c.JWT != nil && c.JSON != nil || c.Policy == tokenconfig.UserToken && c.JWT == nil && c.JSON == nil {
		t.Fatalf("%+v has not one kind of token", c)
	}
	if j := c.JWT; j != nil && (c.KeysURL() == "") == (c.SecretARN() == "") {
		t.Fatalf("%+v has not one source of keys", j)
	}
	if j := c.JSON; j != nil && (j.UserNameAttributeField == "" || j.GroupAttributeField == "") {
		t.Fatalf("%+v lacks a field", j)
	}
}
