package fgac

import "strings"

// indexPattern is a pattern of index names, or a template of one.
type indexPattern struct {
	pattern
	template *template // nil when there is no variable in it
}

func indexPatterns(to *[]indexPattern) func(place) error {
	return func(p place) error {
		var all []string
		if err := texts(&all)(p); err != nil {
			return err
		}
		for _, text := range all {
			one, err := compileIndex(text)
			if err != nil {
				return p.fail(err.Error())
			}
			*to = append(*to, one)
		}
		return nil
	}
}

func compileIndex(text string) (indexPattern, error) {
	if strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">") {
		return indexPattern{}, errDateMath
	}
	if !strings.Contains(text, "${") {
		p, err := compilePattern(text)
		return indexPattern{pattern: p}, err
	}
	t, err := parseTemplate(text)
	if err != nil {
		return indexPattern{}, err
	}
	one := indexPattern{pattern{text: text}, t}
	if strings.HasPrefix(text, "/") {
		return one, errTemplateRegex
	}
	return one, nil
}

// render returns the pattern for one caller. defined is false when a variable of
// it is undefined: the pattern is then what it might be, and covers nothing. What
// variables stand for is literal: a caller who is named "*" is not everybody.
func (x *indexPattern) render(id *identity) (p pattern, defined bool) {
	if x.template == nil {
		return x.pattern, true
	}
	p.text, defined = x.text, true
	for _, part := range x.template.parts {
		if part.variable == nil {
			p.glob = append(p.glob, parseGlob(part.text)...)
			continue
		}
		v, ok := part.variable.resolve(id)
		s, isText := v.scalar()
		if !ok || !isText {
			p.glob, defined = append(p.glob, anyRun), false
			continue
		}
		p.glob = append(p.glob, literal(s)...)
	}
	return p, defined
}
