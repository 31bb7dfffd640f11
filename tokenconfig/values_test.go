package tokenconfig_test

import "strings"

// A value is one string member of a JWT's configuration, all else being right,
// and what is wrong with it: "" when it is good.
type value struct {
	member, text, reason string
}

// document returns a document in which v is what matters.
func (v value) document() string {
	member := `"` + v.member + `":"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\x00", `\u0000`).Replace(v.text) + `"`
	switch v.member {
	case "URL":
		return jwt(`"KeyLocation":"URL",` + member)
	case "SecretManagerArn":
		return jwt(`"KeyLocation":"SECRET_MANAGER",` + member)
	}
	return jwt(okJWT + member)
}

// values returns the table of values.
func values() (all []value) {
	add := func(member, reason string, texts ...string) {
		for _, t := range texts {
			all = append(all, value{member, t, reason})
		}
	}
	for _, member := range []string{"URL", "SecretManagerArn", "UserNameAttributeField", "GroupAttributeField", "Issuer", "ClaimRegex"} {
		for _, c := range []string{"\x00", "\n", "\r", "\u0085", "\u200b", "\u202e", "\ue000", "\u2060", "\ufeff"} {
			add(member, "has a control, format or private-use character", "arn:"+c)
		}
	}
	for _, member := range []string{"UserNameAttributeField", "GroupAttributeField", "Issuer"} {
		add(member, "", "a", " ", "é", "\u2028", "\ufffd", "https://a b", `\`, `"`, "cognito:username", "/a/b", "(")
	}
	urls(add)
	arns(add)
	regexes(add)
	return all
}

func urls(add func(member, reason string, texts ...string)) {
	add("URL", "", keysURL, "https://a", "HTTPS://A/", "https://127.0.0.1:8443/x?y=z#f", "https://[::1]/", "https://é.example/ü%20", "https://host/a@b", "https://host?a@b")
	add("URL", "does not begin with https://",
		"ftp://idp.example.com/", "file:///etc/jwks.json", "idp.example.com/jwks.json", "//idp.example.com/", "httpss://idp.example.com", "data:,x", "/jwks.json", "https", "http")
	add("URL", "names no host", "https:", "https:///jwks", "https:idp.example.com", "https://:443/", "https://?x", "https:/a")
	add("URL", "holds a user name or password", "https://user@idp.example.com/", "https://user:pass@idp.example.com/", "https://@idp.example.com/", "https://:@idp.example.com/")
	add("URL", "has white space", "https://idp example.com/", "https://idp.example.com/a b", " https://idp.example.com/", "https://idp.example.com/\u00a0", "https://idp.example.com/\u3000")
	add("URL", "is not a URL", "https://idp.example.com:port/", "https://[::1", "https://idp.example.com/%zz", "ht^tp://x", `https://a\@b/`, ":")
}

func arns(add func(member, reason string, texts ...string)) {
	d63, d64 := strings.Repeat("a", 63), strings.Repeat("a", 64)
	add("SecretManagerArn", "",
		secretARN, "arn:a::::x", "arn:"+d63+":"+d63+":"+d63+":"+d63+":x", "arn:aws-cn:s.s:us-west-2:09-az:secret:/my-secret", "arn:aws:s:r:a:"+strings.Repeat("é", 1024),
		"arn:aws:s:r:a:::", "arn:aws:s:r:a:x y/é")
	add("SecretManagerArn", "is not an ARN",
		"x", "arn", "arn:", "arn:aws:s:r:a", "arn:aws:s:r:a:", "arn::s:r:a:x", "ARN:aws:s:r:a:x", " arn:aws:s:r:a:x", "xarn:aws:s:r:a:x", "arn:aws:s:r:a:/x",
		"arn:Aws:s:r:a:x", "arn:aws:S:r:a:x", "arn:aws:s:R:a:x", "arn:aws:s:r:A:x", "arn:aws:s:r:account id:x", "arn:aws:s_:r:a:x", "arn:aws:s:r:a/:x",
		"arn:`ws:s:r:a:x", "arn:{ws:s:r:a:x", "arn:aws:s:r:/0:x", "arn:aws:s:r:;0:x", "arn:aws:é:r:a:x",
		"arn:"+d64+":s:r:a:x", "arn:aws:"+d64+":r:a:x", "arn:aws:s:"+d64+":a:x", "arn:aws:s:r:"+d64+":x", "arn:aws:s:r:a:"+strings.Repeat("é", 1025))
}

func regexes(add func(member, reason string, texts ...string)) {
	add("ClaimRegex", "", "a|b", "(?i)abc", "^a$", `\Qabc\E`, ".*", "é+", `client-[0-9]{4}`, `(?P<n>a)`, "a{1000}")
	for problem, exprs := range map[string][]string{
		"missing closing )":                       {"(", "(a|b", `\Qabc`},
		"unexpected )":                            {"a)(b", ")", "a)|(?:b"},
		"missing closing ]":                       {"[", "[a"},
		"missing argument to repetition operator": {"*a", "a|+"},
		"invalid nested repetition operator":      {"a**"},
		"invalid repeat count":                    {"a{2,1}", "a{1001}", "(x{999}){999}"},
		"invalid or unsupported Perl syntax":      {"(?=a)", "(?!a).*"},
		"invalid escape sequence":                 {`(a)\1`, `\Z`},
		"trailing backslash at end of expression": {`a\`},
		"invalid named capture":                   {"(?P<n"},
		"invalid character class range":           {`\pX`, "[b-a]"},
	} {
		add("ClaimRegex", "is not a regular expression: "+problem, exprs...)
	}
}
