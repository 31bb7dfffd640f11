package fgac

import (
	"encoding/json"
	"errors"
	"strings"
)

var (
	errDateMath      = errors.New("date math is not supported; write the pattern out, such as logs-*")
	errTemplateRegex = errors.New("a variable in a regular expression is not supported; use * and ?")
)

// template is a text with variables in it.
type template struct {
	parts []part
}

// part is a text, or a variable.
type part struct {
	text     string
	variable *variable
}

// variable is ${name} or ${name:-fallback}.
type variable struct {
	name     *template // of one text, unless a variable is part of the name
	fallback *template // nil when there is none
}

// maxVariables bounds how deep variables stand in each other.
const maxVariables = 8

// parseTemplate reads a text with ${name}, ${name:-fallback} and ${a.${b}} in
// it. The escape $${ of the plugin is refused: with it, the plugin refuses every
// request.
func parseTemplate(text string) (*template, error) {
	t, rest, err := readTemplate(text, 0)
	if err == nil && rest != "" {
		t.parts = append(t.parts, part{text: rest})
	}
	return t, err
}

// readTemplate reads up to the brace that closes a variable, when it is inside
// of one, and to the end otherwise.
func readTemplate(text string, depth int) (t *template, rest string, err error) {
	t = &template{}
	literal := func(s string) {
		if s != "" {
			t.parts = append(t.parts, part{text: s})
		}
	}
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "$${"):
			return nil, "", errors.New("the escape $${ is not supported")
		case strings.HasPrefix(text[i:], "${"):
			literal(text[:i])
			v, after, err := readVariable(text[i+2:], depth+1)
			if err != nil {
				return nil, "", err
			}
			t.parts = append(t.parts, part{variable: v})
			text, i = after, -1
		case depth > 0 && (text[i] == '}' || strings.HasPrefix(text[i:], ":-")):
			literal(text[:i])
			return t, text[i:], nil
		}
	}
	if depth > 0 {
		return nil, "", errors.New("a variable has no closing brace")
	}
	literal(text)
	return t, "", nil
}

func readVariable(text string, depth int) (v *variable, rest string, err error) {
	if depth > maxVariables {
		return nil, "", errors.New("variables are nested deeper than allowed")
	}
	v = &variable{}
	if v.name, rest, err = readTemplate(text, depth); err != nil {
		return nil, "", err
	}
	if len(v.name.parts) == 0 {
		return nil, "", errors.New("a variable has no name")
	}
	for _, p := range v.name.parts {
		if p.variable == nil && strings.ContainsAny(p.text, " \t\r\n\"") {
			return nil, "", errors.New("a variable has white space or a quote in its name")
		}
	}
	if after, ok := strings.CutPrefix(rest, ":-"); ok {
		if v.fallback, rest, err = readFallback(after, depth); err != nil {
			return nil, "", err
		}
	}
	return v, rest[1:], nil // behind the brace
}

// readFallback reads up to the closing brace; :- has no meaning in it.
func readFallback(text string, depth int) (*template, string, error) {
	whole := &template{}
	for {
		t, rest, err := readTemplate(text, depth)
		if err != nil {
			return nil, "", err
		}
		whole.parts = append(whole.parts, t.parts...)
		after, again := strings.CutPrefix(rest, ":-")
		if !again {
			return whole, rest, nil
		}
		whole.parts = append(whole.parts, part{text: ":-"})
		text = after
	}
}

// attribute is the value of a variable: a text, a number, true, false, or a list
// of those. The zero attribute is undefined.
type attribute struct {
	value any // string, json.Number, bool or []any of these
}

// scalar returns the value as a text, when it is not a list.
func (a attribute) scalar() (string, bool) {
	switch v := a.value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// resolve returns what v stands for; ok is false when that is undefined. What it
// stands for is not looked at again: a claim that holds ${…} is a text.
func (v *variable) resolve(id *identity) (a attribute, ok bool) {
	name, ok := v.name.text(id)
	if !ok {
		return attribute{}, false
	}
	if a, ok := id.variables[name]; ok {
		return a, a.value != nil
	}
	if v.fallback == nil {
		return attribute{}, false
	}
	return v.fallback.value(id)
}

// text renders the template as one text; lists have none.
func (t *template) text(id *identity) (string, bool) {
	return t.render(id, func(s string) string { return s })
}

// render is text, with a function applied to what variables stand for.
func (t *template) render(id *identity, quote func(string) string) (string, bool) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.variable == nil {
			b.WriteString(p.text)
			continue
		}
		a, ok := p.variable.resolve(id)
		s, isScalar := a.scalar()
		if !ok || !isScalar {
			return "", false
		}
		b.WriteString(quote(s))
	}
	return b.String(), true
}

// value renders the template: a variable that stands alone keeps its type,
// everything else is a text.
func (t *template) value(id *identity) (attribute, bool) {
	if len(t.parts) == 1 && t.parts[0].variable != nil {
		return t.parts[0].variable.resolve(id)
	}
	s, ok := t.text(id)
	return attribute{s}, ok
}
