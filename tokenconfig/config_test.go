package tokenconfig_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/tokenconfig"
)

// Rules G1, R3: a Config built in Go is held to the same rules, and its zero
// value is refused.
func TestValidate(t *testing.T) {
	url := func(change func(*tokenconfig.JWT)) *tokenconfig.Config {
		j := fromURL
		change(&j)
		return &tokenconfig.Config{JWT: &j}
	}
	cases := map[string]struct {
		config *tokenconfig.Config
		want   []string
	}{
		"nil":                        {nil, []string{": is nil"}},
		"zero":                       {&tokenconfig.Config{}, []string{tokensMissing}},
		"attribute filter":           {&tokenconfig.Config{Policy: tokenconfig.AttributeFilter}, nil},
		"attribute filter and token": {&tokenconfig.Config{Policy: tokenconfig.AttributeFilter, JWT: &fromURL}, nil},
		"URL":                        {&tokenconfig.Config{JWT: &fromURL}, nil},
		"secret":                     {&tokenconfig.Config{JWT: &tokenconfig.JWT{KeyLocation: tokenconfig.KeySecretManager, SecretManagerARN: secretARN}}, nil},
		"JSON with defaults":         {&tokenconfig.Config{JSON: &tokenconfig.JSON{}}, nil},
		"JSON":                       {&tokenconfig.Config{JSON: &tokenconfig.JSON{UserNameAttributeField: "u", GroupAttributeField: "g"}}, nil},
		"JSON, only the user":        {&tokenconfig.Config{JSON: &tokenconfig.JSON{UserNameAttributeField: "u"}}, nil},
		"JSON, only the groups":      {&tokenconfig.Config{JSON: &tokenconfig.JSON{GroupAttributeField: "g"}}, nil},
		"group resolution":           {&tokenconfig.Config{JWT: &fromURL, GroupResolution: tokenconfig.AWSSSO}, nil},
		"both":                       {&tokenconfig.Config{JWT: &fromURL, JSON: &tokenconfig.JSON{}}, []string{bothKinds}},
		"both, attribute filter":     {&tokenconfig.Config{Policy: tokenconfig.AttributeFilter, JWT: &fromURL, JSON: &tokenconfig.JSON{}}, []string{bothKinds}},
		"no policy":                  {&tokenconfig.Config{Policy: 2, JWT: &fromURL}, []string{"/UserContextPolicy: is no Policy"}},
		"no policy, no token":        {&tokenconfig.Config{Policy: 255}, []string{"/UserContextPolicy: is no Policy"}},
		"no group resolution":        {&tokenconfig.Config{GroupResolution: 2, JWT: &fromURL}, []string{"/UserGroupResolutionConfiguration/UserGroupResolutionMode: is no GroupResolution"}},
		"JWT zero":                   {&tokenconfig.Config{JWT: &tokenconfig.JWT{}}, []string{atJWT + "/KeyLocation: is missing"}},
		"no key location":            {url(func(j *tokenconfig.JWT) { j.KeyLocation = 3 }), []string{atJWT + "/KeyLocation: is no KeyLocation"}},
		"URL missing":                {url(func(j *tokenconfig.JWT) { j.URL, j.SecretManagerARN = "", secretARN }), []string{urlMissing}},
		"secret missing":             {url(func(j *tokenconfig.JWT) { j.KeyLocation = tokenconfig.KeySecretManager }), []string{secretMissing}},
		"http":                       {url(func(j *tokenconfig.JWT) { j.URL = "http://localhost" }), []string{httpURL}},
		"http allowed":               {url(func(j *tokenconfig.JWT) { j.URL, j.InsecureAllowHTTP = "http://localhost", true }), nil},
		"ftp, http allowed":          {url(func(j *tokenconfig.JWT) { j.URL, j.InsecureAllowHTTP = "ftp://localhost", true }), []string{atJWT + "/URL: does not begin with https://"}},
		"not UTF-8":                  {url(func(j *tokenconfig.JWT) { j.Issuer = "\xff" }), []string{atJWT + "/Issuer: is not valid UTF-8"}},
		"URL not UTF-8":              {url(func(j *tokenconfig.JWT) { j.URL = "https://idp.example.com/\xff" }), []string{atJWT + "/URL: is not valid UTF-8"}},
		"ARN not UTF-8":              {url(func(j *tokenconfig.JWT) { j.SecretManagerARN = secretARN + "\xff" }), []string{atJWT + "/SecretManagerArn: is not valid UTF-8"}},
		"regex not UTF-8":            {url(func(j *tokenconfig.JWT) { j.ClaimRegex = "\xff" }), []string{atJWT + "/ClaimRegex: is not valid UTF-8"}},
		"JSON not UTF-8":             {&tokenconfig.Config{JSON: &tokenconfig.JSON{GroupAttributeField: "\xff"}}, []string{atJSON + "/GroupAttributeField: is not valid UTF-8"}},
		"JSON, one claim for both":   {&tokenconfig.Config{JSON: &tokenconfig.JSON{GroupAttributeField: "user"}}, []string{atJSON + sameClaim}},
		"JWT, one claim for both":    {url(func(j *tokenconfig.JWT) { j.UserNameAttributeField = "groups" }), []string{atJWT + sameClaim}},
		"several": {&tokenconfig.Config{Policy: 9, GroupResolution: 9, JWT: &tokenconfig.JWT{URL: "x", ClaimRegex: "("}, JSON: &tokenconfig.JSON{UserNameAttributeField: "groups"}}, []string{
			"/UserContextPolicy: is no Policy", "/UserGroupResolutionConfiguration/UserGroupResolutionMode: is no GroupResolution",
			atJWT + "/URL: does not begin with https://", atJWT + "/ClaimRegex: is not a regular expression: missing closing )", atJWT + "/KeyLocation: is missing", atJSON + sameClaim, bothKinds}},
	}
	for name, c := range cases {
		if diff := cmp.Diff(c.want, problems(t, c.config.Validate())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestKeySources(t *testing.T) {
	both := tokenconfig.JWT{URL: keysURL, SecretManagerARN: secretARN}
	at := func(k tokenconfig.KeyLocation) *tokenconfig.Config {
		j := both
		j.KeyLocation = k
		return &tokenconfig.Config{JWT: &j}
	}
	cases := map[string]struct {
		config   *tokenconfig.Config
		url, arn string
	}{
		"nil":     {nil, "", ""},
		"zero":    {&tokenconfig.Config{}, "", ""},
		"JSON":    {&tokenconfig.Config{JSON: &tokenconfig.JSON{}}, "", ""},
		"nowhere": {at(0), "", ""},
		"unknown": {at(3), "", ""},
		"URL":     {at(tokenconfig.KeyURL), keysURL, ""},
		"secret":  {at(tokenconfig.KeySecretManager), "", secretARN},
	}
	for name, c := range cases {
		if url, arn := c.config.KeysURL(), c.config.SecretARN(); url != c.url || arn != c.arn {
			t.Errorf("%s: URL %q, ARN %q", name, url, arn)
		}
	}
}

func TestSpellings(t *testing.T) {
	got := fmt.Sprint(tokenconfig.UserToken, tokenconfig.AttributeFilter, tokenconfig.Policy(2), tokenconfig.KeyLocation(0), tokenconfig.KeyURL, tokenconfig.KeySecretManager,
		tokenconfig.KeyLocation(3), tokenconfig.None, tokenconfig.AWSSSO, tokenconfig.GroupResolution(2))
	if want := "USER_TOKEN ATTRIBUTE_FILTER   URL SECRET_MANAGER  NONE AWS_SSO "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
