package tokenconfig_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenacl/tokenacl/tokenconfig"
)

// problems returns path and reason of each problem in err, and fails when one
// is not an *Error or names no fix.
func problems(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	var all []string
	for _, e := range list {
		var problem *tokenconfig.Error
		if !errors.As(e, &problem) || problem.Fix == "" || problem.Reason == "" {
			t.Fatalf("%T %v is not an *Error with reason and fix", e, e)
		}
		all = append(all, problem.Path+": "+problem.Reason)
	}
	return all
}

// Rules R2, R3: every document that Kendra's API, guides and SDKs produce is
// read, and USER_TOKEN is the policy when none is given.
func TestParse(t *testing.T) {
	names := map[string]bool{}
	for _, c := range accepted {
		t.Run(c.name, func(t *testing.T) {
			got, err := tokenconfig.Parse([]byte(c.text), &c.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := got.Validate(); err != nil {
				t.Errorf("Validate: %v", err)
			}
		})
		names[c.name] = true
	}
	if len(names) != len(accepted) || len(names) < 14 {
		t.Errorf("%d names of %d rows", len(names), len(accepted))
	}
}

// Rules R3, T5: what is unknown, null, empty, missing or given twice is refused,
// each problem with its place, all of them in the order of the document.
func TestParseRefuses(t *testing.T) {
	names := map[string]bool{}
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			got, err := tokenconfig.Parse([]byte(c.text), &c.options)
			if diff := cmp.Diff(c.refused, problems(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got != nil {
				t.Error("a Config comes with an error")
			}
		})
		names[c.name] = true
	}
	if len(names) != len(refused) || len(names) < 75 {
		t.Errorf("%d names of %d rows", len(names), len(refused))
	}
}

// Rules R3, T5: URLs, ARNs, expressions and names, one by one.
func TestParseValues(t *testing.T) {
	names := map[string]bool{}
	good := 0
	for _, v := range values() {
		name := v.member + "=" + v.text
		var want []string
		if v.reason == "" {
			good++
		} else {
			want = []string{atJWT + "/" + v.member + ": " + v.reason}
		}
		_, err := tokenconfig.Parse([]byte(v.document()), nil)
		if diff := cmp.Diff(want, problems(t, err)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(want, problems(t, v.config().Validate())); diff != "" {
			t.Errorf("%q built in Go (-want +got):\n%s", name, diff)
		}
		names[name] = true
	}
	if len(names) != len(values()) || good < 50 || len(names)-good < 120 {
		t.Errorf("%d names, %d of them good", len(names), good)
	}
}

// config is v.document() built in Go.
func (v value) config() *tokenconfig.Config {
	j := fromURL
	switch v.member {
	case "URL":
		j.URL = v.text
	case "SecretManagerArn":
		j = tokenconfig.JWT{KeyLocation: tokenconfig.KeySecretManager, SecretManagerARN: v.text}
	case "UserNameAttributeField":
		j.UserNameAttributeField = v.text
	case "GroupAttributeField":
		j.GroupAttributeField = v.text
	case "Issuer":
		j.Issuer = v.text
	case "ClaimRegex":
		j.ClaimRegex = v.text
	}
	return &tokenconfig.Config{JWT: &j}
}

// Rule R3: Kendra's limits are an option; ours are wider; both are exact, and
// count characters.
func TestLimits(t *testing.T) {
	cases := []struct {
		member, prefix string
		kendra, wide   int
	}{
		{"URL", "https://a/", 2048, 2048},
		{"SecretManagerArn", "arn:" + strings.Repeat("a", 63) + ":" + strings.Repeat("b", 63) + ":" + strings.Repeat("c", 63) + ":" + strings.Repeat("d", 63) + ":", 1284, 1284},
		{"UserNameAttributeField", "", 100, 1000},
		{"GroupAttributeField", "", 100, 1000},
		{"Issuer", "", 65, 2048},
		{"ClaimRegex", "", 100, 1000},
	}
	for _, c := range cases {
		for _, kendra := range []bool{true, false} {
			most := c.wide
			if kendra {
				most = c.kendra
			}
			for _, n := range []int{most - 1, most, most + 1} {
				v := value{member: c.member, text: c.prefix + strings.Repeat("é", n-len(c.prefix))}
				_, err := tokenconfig.Parse([]byte(v.document()), &tokenconfig.Options{KendraLimits: kendra})
				var want []string
				switch {
				case n > most:
					want = []string{fmt.Sprintf("%s/%s: has %d characters", atJWT, c.member, n)}
				case c.member == "SecretManagerArn" && n-len(c.prefix) > 1024:
					want = []string{atJWT + "/SecretManagerArn: is not an ARN"}
				}
				if diff := cmp.Diff(want, problems(t, err)); diff != "" {
					t.Errorf("%s of %d, KendraLimits %t (-want +got):\n%s", c.member, n, kendra, diff)
				}
				if kendra {
					continue
				}
				if diff := cmp.Diff(want, problems(t, v.config().Validate())); diff != "" {
					t.Errorf("%s of %d built in Go (-want +got):\n%s", c.member, n, diff)
				}
			}
		}
	}
	for _, n := range []int{2047, 2048, 2049} {
		for _, kendra := range []bool{true, false} {
			text := jsonToken(`"UserNameAttributeField":"` + strings.Repeat("u", n) + `","GroupAttributeField":"` + strings.Repeat("é", n) + `"`)
			_, err := tokenconfig.Parse([]byte(text), &tokenconfig.Options{KendraLimits: kendra})
			var want []string
			if n > 2048 {
				want = []string{atJSON + "/UserNameAttributeField: has 2049 characters", atJSON + "/GroupAttributeField: has 2049 characters"}
			}
			if diff := cmp.Diff(want, problems(t, err)); diff != "" {
				t.Errorf("JSON fields of %d, KendraLimits %t (-want +got):\n%s", n, kendra, diff)
			}
		}
	}
}

// The fix for what is too long mentions the option only where it helps.
func TestLimitFix(t *testing.T) {
	issuer := value{member: "Issuer", text: strings.Repeat("i", 2049)}
	url := value{member: "URL", text: strings.Repeat("u", 2049)}
	for want, c := range map[string]struct {
		value
		kendra bool
	}{
		"/Issuer: has 2049 characters; use at most 65, or read without Options.KendraLimits": {issuer, true},
		"/Issuer: has 2049 characters; use at most 2048":                                     {issuer, false},
		"/URL: has 2049 characters; use at most 2048":                                        {url, true},
	} {
		_, err := tokenconfig.Parse([]byte(c.document()), &tokenconfig.Options{KendraLimits: c.kendra})
		if err == nil || err.Error() != "tokenconfig: "+atJWT+want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The JSON token's fields may have any character; Kendra has no pattern for
// them.
func TestJSONFieldsHaveNoPattern(t *testing.T) {
	cfg, err := tokenconfig.Parse([]byte(jsonToken(`"UserNameAttributeField":"\u0001\u200d","GroupAttributeField":"\n"`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (tokenconfig.JSON{UserNameAttributeField: "\x01\u200d", GroupAttributeField: "\n"}); *cfg.JSON != want {
		t.Errorf("%q", *cfg.JSON)
	}
}

// operations are the members of the three operations, as the API's model lists
// them.
var operations = map[string][]string{
	"CreateIndex": {"Name", "Edition", "RoleArn", "ServerSideEncryptionConfiguration", "Description", "ClientToken", "Tags",
		"UserTokenConfigurations", "UserContextPolicy", "UserGroupResolutionConfiguration"},
	"UpdateIndex": {"Id", "Name", "RoleArn", "Description", "DocumentMetadataConfigurationUpdates", "CapacityUnits",
		"UserTokenConfigurations", "UserContextPolicy", "UserGroupResolutionConfiguration"},
	"DescribeIndex": {"Name", "Id", "Edition", "RoleArn", "ServerSideEncryptionConfiguration", "Status", "Description", "CreatedAt", "UpdatedAt", "DocumentMetadataConfigurations",
		"IndexStatistics", "ErrorMessage", "CapacityUnits", "UserTokenConfigurations", "UserContextPolicy", "UserGroupResolutionConfiguration"},
	"answers":    {"ResponseMetadata", "$metadata"},
	"the guides": {"UserTokenConfigurationList"},
}

// Rule R3: every member of the API is known, null is refused everywhere, and a
// near miss of a name is refused with the name that was probably meant.
func TestMembers(t *testing.T) {
	shapes := map[string][]string{
		`{"UserGroupResolutionConfiguration":{%s:null},"UserContextPolicy":"ATTRIBUTE_FILTER"}`: {"UserGroupResolutionMode"},
		`{"UserTokenConfigurations":[{%s:null}]}`:                                               {"JwtTokenTypeConfiguration", "JsonTokenTypeConfiguration"},
		jwt(`%s:null`):       {"KeyLocation", "URL", "SecretManagerArn", "UserNameAttributeField", "GroupAttributeField", "Issuer", "ClaimRegex"},
		jsonToken(`%s:null`): {"UserNameAttributeField", "GroupAttributeField"},
	}
	for _, members := range operations {
		shapes[`{%s:null}`] = append(shapes[`{%s:null}`], members...)
	}
	n := 0
	for shape, members := range shapes {
		for _, member := range members {
			n++
			first := firstProblem(t, fmt.Sprintf(shape, `"`+member+`"`))
			if first.Reason != "is null" || !strings.HasSuffix(first.Path, "/"+member) {
				t.Errorf("%s: %v", member, first)
			}
			misses := []string{strings.ToLower(member), member + "s", member + "ed", member[:len(member)-1], strings.Replace(member, member[:1], "_", 1), "_x" + member[1:]}
			if len(member) < 4 {
				misses = misses[:1]
			}
			for _, miss := range misses {
				if miss == member || miss == "DocumentMetadataConfigurations" {
					continue
				}
				first := firstProblem(t, fmt.Sprintf(shape, `"`+miss+`"`))
				if first.Reason != "is unknown" || first.Fix != "did you mean "+member+"?" || !strings.HasSuffix(first.Path, "/"+miss) {
					t.Errorf("%s: %v", miss, first)
				}
			}
		}
	}
	if n != 50 {
		t.Errorf("%d members", n)
	}
}

func firstProblem(t *testing.T, text string) *tokenconfig.Error {
	t.Helper()
	_, err := tokenconfig.Parse([]byte(text), nil)
	var first *tokenconfig.Error
	if !errors.As(err, &first) {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return first
}

// What is no near miss gets no wrong advice, but the list of members or values.
func TestFixes(t *testing.T) {
	cases := map[string]string{
		`{"Extra":1}`: "tokenconfig: /Extra: is unknown; remove it; it is no member of CreateIndex, UpdateIndex or DescribeIndex",
		`{"UserTokenConfigurations":[{"KeyLocation":"URL"}]}`: "tokenconfig: " + atToken + "/KeyLocation: is unknown; remove it; the members here are JwtTokenTypeConfiguration, JsonTokenTypeConfiguration",
		jwt(`"UserField":""`):                     "tokenconfig: " + atJWT + "/UserField: is unknown; remove it; the members here are KeyLocation, URL, SecretManagerArn, UserNameAttributeField, GroupAttributeField, Issuer, ClaimRegex",
		`{"UserContextPolicy":"NOBODY"}`:          "tokenconfig: /UserContextPolicy: is none of the values that Kendra has; use USER_TOKEN or ATTRIBUTE_FILTER",
		`{"UserContextPolicy":"USER_TOKENS"}`:     "tokenconfig: /UserContextPolicy: is none of the values that Kendra has; did you mean USER_TOKEN?",
		`{"UserContextPolicy":"USERTOKENSX"}`:     "tokenconfig: /UserContextPolicy: is none of the values that Kendra has; use USER_TOKEN or ATTRIBUTE_FILTER",
		`{"Edition":""}`:                          "tokenconfig: /Edition: is none of the values that Kendra has; use DEVELOPER_EDITION or ENTERPRISE_EDITION or GEN_AI_ENTERPRISE_EDITION",
		jwt(`"KeyLocation":"url"`):                "tokenconfig: " + atJWT + "/KeyLocation: is none of the values that Kendra has; did you mean URL?",
		`{"UserGroupResolutionConfiguration":{}}`: "tokenconfig: /UserGroupResolutionConfiguration/UserGroupResolutionMode: is missing; use NONE or AWS_SSO",
		`{"UserTokenConfigurations":1}`:           "tokenconfig: /UserTokenConfigurations: is of type number; want array",
		`[`:                                       "tokenconfig: document: is not strict JSON: text ends too early at byte 1; correct it (RFC 8259, RFC 7493)",
		jwt(`"KeyLocation":"URL"`):                "tokenconfig: " + urlMissing + "; set URL, or set KeyLocation to SECRET_MANAGER and SecretManagerArn",
		jwt(`"KeyLocation":"SECRET_MANAGER"`):     "tokenconfig: " + secretMissing + "; set SecretManagerArn, or set KeyLocation to URL and URL",
	}
	for text, want := range cases {
		if got := firstProblem(t, text).Error(); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// Rule G4: a document of nothing but mistakes is refused with a bounded list.
func TestProblemsAreBounded(t *testing.T) {
	text := func(n int) []byte {
		var b strings.Builder
		b.WriteString(`{"UserContextPolicy":"ATTRIBUTE_FILTER"`)
		for i := range n {
			fmt.Fprintf(&b, `,"m%d":0`, i)
		}
		return []byte(b.String() + "}")
	}
	for n, want := range map[int]int{99: 99, 100: 100, 101: 101, 102: 101, 50_000: 101} {
		_, err := tokenconfig.Parse(text(n), nil)
		got := problems(t, err)
		if len(got) != want || got[98] != "/m98: is unknown" || want > 100 && got[100] != ": more problems than are listed here" {
			t.Errorf("%d problems for %d mistakes, the last one %q", len(got), n, got[len(got)-1])
		}
	}
	if _, err := tokenconfig.Parse([]byte(strings.Repeat(" ", 1<<20)+"{}"), nil); err == nil || !strings.Contains(err.Error(), "text is longer than allowed") {
		t.Errorf("more than 1 MiB: %v", err)
	}
	members := strings.Repeat(" ", 1<<20-len(accepted[4].text)) + accepted[4].text
	if _, err := tokenconfig.Parse([]byte(members), nil); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
}

// Rule G4: names of members end up in errors, short and readable.
func TestErrorShowsPath(t *testing.T) {
	for path, want := range map[string]string{
		"":                             "document",
		"/a":                           "/a",
		"/a b":                         `"/a b"`,
		"/\n\x1b[31m":                  `"/\n\x1b[31m"`,
		"/\x7f":                        `"/\x7f"`,
		"/~":                           "/~",
		"/!":                           "/!",
		"/é\u202e":                     `"/\u00e9\u202e"`,
		"/" + strings.Repeat("a", 199): "/" + strings.Repeat("a", 199),
		"/" + strings.Repeat("a", 200): `"/` + strings.Repeat("a", 199) + `"...`,
	} {
		err := &tokenconfig.Error{Path: path, Reason: "is unknown", Fix: "remove it"}
		if got := err.Error(); got != "tokenconfig: "+want+": is unknown; remove it" {
			t.Errorf("%q: %s", path, got)
		}
	}
}

// Rule G3: an error shows no value, whatever is wrong with it.
func TestErrorsShowNoValue(t *testing.T) {
	const secret = "hunter2"
	texts := []string{secret, `"` + secret + `"`, `["` + secret + `"]`, `{"UserContextPolicy":"` + secret + `","Edition":"` + secret + `","UserTokenConfigurations":"` + secret + `","Status":"` + secret + `"}`}
	for _, v := range values() {
		for _, text := range []string{v.text + secret, secret + v.text, v.text + "(?" + secret + "["} {
			v.text = text
			texts = append(texts, v.document())
		}
	}
	texts = append(texts, value{member: "URL", text: "https://user:" + secret + "@idp.example.com/"}.document(), value{member: "URL", text: "https://" + secret + ":x/"}.document())
	errs := 0
	for _, text := range texts {
		_, err := tokenconfig.Parse([]byte(text), &tokenconfig.Options{KendraLimits: true})
		if err == nil {
			continue
		}
		errs++
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if errs < 300 {
		t.Errorf("only %d of %d texts were refused", errs, len(texts))
	}
}

// Rule G5: the bytes given to Parse may be changed afterwards.
func TestParseKeepsNoBytes(t *testing.T) {
	text := []byte(accepted[0].text)
	cfg, err := tokenconfig.Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	if diff := cmp.Diff(&accepted[0].want, cfg); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
