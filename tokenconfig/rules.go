package tokenconfig

import (
	"errors"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A field is a string member of T: where it is kept, its greatest length in
// characters and what else it must be. check returns "" when the value is good.
type field[T any] struct {
	name   string
	of     func(*T) *string
	kendra int // what Kendra admits
	wide   int // what we admit by default
	check  func(string) (reason, fix string)
}

var jwtFields = []field[JWT]{
	{urlMember, func(j *JWT) *string { return &j.URL }, 2048, 2048, checkURL},
	{arnMember, func(j *JWT) *string { return &j.SecretManagerARN }, 1284, 1284, checkARN},
	{userFieldMember, func(j *JWT) *string { return &j.UserNameAttributeField }, 100, 1000, checkText},
	{groupFieldMember, func(j *JWT) *string { return &j.GroupAttributeField }, 100, 1000, checkText},
	{"Issuer", func(j *JWT) *string { return &j.Issuer }, 65, 2048, checkText},
	{"ClaimRegex", func(j *JWT) *string { return &j.ClaimRegex }, 100, 1000, checkRegex},
}

var jsonFields = []field[JSON]{
	{userFieldMember, func(j *JSON) *string { return &j.UserNameAttributeField }, 2048, 2048, checkUTF8},
	{groupFieldMember, func(j *JSON) *string { return &j.GroupAttributeField }, 2048, 2048, checkUTF8},
}

func names[T any](fields []field[T]) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
	}
	return all
}

// named returns the field of this name, which must be one of names(fields).
func named[T any](fields []field[T], name string) field[T] {
	return fields[slices.IndexFunc(fields, func(f field[T]) bool { return f.name == name })]
}

// checkField reports what is wrong with the value of f.
func checkField[T any](p *problems, path string, f field[T], value string, kendraLimits bool) {
	most := f.wide
	if kendraLimits {
		most = f.kendra
	}
	if n := utf8.RuneCountInString(value); n > most {
		p.add(path, "has "+strconv.Itoa(n)+" characters", lengthFix(most, f.wide))
		return
	}
	if reason, fix := f.check(value); reason != "" {
		p.add(path, reason, fix)
	}
}

func lengthFix(most, wide int) string {
	fix := "use at most " + strconv.Itoa(most)
	if most < wide {
		fix += ", or read without Options.KendraLimits"
	}
	return fix
}

func checkUTF8(s string) (reason, fix string) {
	if !utf8.ValidString(s) {
		return "is not valid UTF-8", "write it in UTF-8"
	}
	return "", ""
}

// checkText is Kendra's pattern \P{C}*.
func checkText(s string) (reason, fix string) {
	if reason, fix = checkUTF8(s); reason != "" {
		return reason, fix
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.C, r) }) {
		return "has a control, format or private-use character", "remove it; it may be invisible"
	}
	return "", ""
}

// checkURL checks all but http, which is one more option's matter.
func checkURL(s string) (reason, fix string) {
	const want = "use a URL such as https://idp.example.com/.well-known/jwks.json"
	if reason, fix = checkText(s); reason != "" {
		return reason, fix
	}
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return "has white space", "write a space as %20"
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "is not a URL", want
	case u.Scheme != "https" && u.Scheme != "http":
		return "does not begin with https://", want
	case u.Hostname() == "":
		return "names no host", want
	case u.User != nil:
		return "holds a user name or password", "remove them; keys of an issuer are public"
	}
	return "", ""
}

// isHTTP reports whether a URL that checkURL accepts is one without TLS.
func isHTTP(u string) bool { return len(u) > 4 && strings.EqualFold(u[:5], "http:") }

// checkARN is Kendra's pattern, without its invisible characters:
//
//	arn:[a-z0-9-\.]{1,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[^/].{0,1023}
func checkARN(s string) (reason, fix string) {
	if reason, fix = checkText(s); reason != "" {
		return reason, fix
	}
	parts := strings.SplitN(s, ":", 6)
	good := len(parts) == 6 && parts[0] == "arn" && parts[1] != ""
	for i := 1; good && i < 5; i++ {
		good = len(parts[i]) <= 63 && !strings.ContainsFunc(parts[i], notInARN)
	}
	if !good || !isARNResource(parts[5]) {
		return "is not an ARN", "use the secret's ARN, such as arn:aws:secretsmanager:us-west-2:111122223333:secret:name-AbCdEf"
	}
	return "", ""
}

func notInARN(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
}

func isARNResource(s string) bool {
	return s != "" && s[0] != '/' && utf8.RuneCountInString(s) <= 1024
}

// checkRegex compiles s alone first, so that it cannot close the group that it
// is put into, and then as it is used: for the whole of the audience.
func checkRegex(s string) (reason, fix string) {
	if reason, fix = checkText(s); reason != "" {
		return reason, fix
	}
	for _, expr := range []string{s, `\A(?:` + s + `)\z`} {
		if _, err := regexp.Compile(expr); err != nil {
			return "is not a regular expression: " + regexProblem(err), "write it in RE2's syntax, which has no look-around and no back-references"
		}
	}
	return "", ""
}

// regexProblem leaves the expression out of the message.
func regexProblem(err error) string {
	var e *syntax.Error
	errors.As(err, &e)
	return e.Code.String()
}
