package claims

import (
	"errors"
	"regexp"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// audience says for whom a token must be meant. The zero value accepts any.
type audience struct {
	claim   field
	regex   *regexp.Regexp // nil: any
	literal string         // what regex matches alone, "" when it is no plain text
}

func newAudience(expr, claim string) (audience, error) {
	if expr == "" {
		if claim != "" {
			return audience{}, errors.New("claims: AudienceClaim: ClaimRegex is missing, so nothing is matched; set it or remove this")
		}
		return audience{}, nil
	}
	if claim == "" {
		claim = "aud"
	}
	f, err := newField("AudienceClaim", claim)
	if err != nil {
		return audience{}, err
	}
	// The configuration is valid, so expr by itself is one too: "a)|(b", which
	// would be whole only inside of these parentheses, does not get here.
	regex, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	if err != nil {
		return audience{}, err
	}
	a := audience{claim: f, regex: regex}
	if text, whole := regexp.MustCompile(expr).LiteralPrefix(); whole {
		a.literal = text
	}
	return a, nil
}

// matches reports whether regex matches the whole of s. Most are the plain name of
// an application, which is compared in a tenth of the 150 ns.
func (a audience) matches(s string) bool {
	if a.literal != "" {
		return s == a.literal
	}
	return a.regex.MatchString(s)
}

func (a audience) check(payload strictjson.Value) error {
	if a.regex == nil {
		return nil
	}
	value, ok := a.claim.in(payload)
	switch {
	case !ok:
		return refuse(ErrAudience, a.claim.name+": missing; ClaimRegex is matched against it, see Options.AudienceClaim")
	case value.Kind() == strictjson.Array:
		return a.checkEach(value)
	}
	s, ok := value.Str()
	if !ok || s == "" {
		return a.wrongType()
	}
	if !a.matches(s) {
		return refuse(ErrAudience, a.claim.name+": ClaimRegex does not match the whole of it")
	}
	return nil
}

func (a audience) checkEach(list strictjson.Value) error {
	matches := false
	for e := range list.Elements() {
		s, ok := e.Str()
		if !ok || s == "" {
			return a.wrongType()
		}
		matches = matches || a.matches(s)
	}
	switch {
	case list.Len() == 0:
		return a.wrongType()
	case !matches:
		return refuse(ErrAudience, a.claim.name+": ClaimRegex does not match the whole of any element")
	}
	return nil
}

func (a audience) wrongType() error {
	return refuse(ErrAudience, a.claim.name+": want a string or an array of strings, none empty (RFC 7519, section 4.1.3)")
}
