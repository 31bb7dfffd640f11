package fgac

import (
	"bytes"
	"errors"
	"strings"
)

// fieldList is the fls of one entry, as it is written.
type fieldList struct {
	role               string
	includes, excludes []string
}

func (l *fieldList) empty() bool { return len(l.includes)+len(l.excludes) == 0 }

// add reads one pattern: ~ before it excludes, as ! does in old files.
func (l *fieldList) add(text string) error {
	to := &l.includes
	if text != "" && (text[0] == '~' || text[0] == '!') {
		to, text = &l.excludes, text[1:]
	}
	if _, err := compilePattern(text); err != nil {
		return err
	}
	*to = append(*to, text)
	return nil
}

var errMixed = errors.New("mixes includes with excludes (~); the plugin would ignore the includes; Options.AllowMixed allows that")

// fieldRule says which fields are shown. The zero value shows all.
type fieldRule struct {
	includes *patterns // nil: every field
	parents  patterns  // of objects that includes are inside of
	excludes patterns
}

// mergeFields unites lists as the plugin does: one exclude anywhere, and the
// includes are ignored, unless keep says that they count too.
func mergeFields(lists []*fieldList, keep bool) fieldRule {
	var f fieldRule
	includes := &patterns{}
	all := false
	for _, l := range lists {
		for _, text := range l.excludes {
			_ = f.excludes.add(text) // compiled before
		}
		for _, text := range l.includes {
			_ = includes.add(text)
			all = all || text == "*"
			f.addParents(text)
		}
	}
	if len(includes.texts) > 0 && !all && (keep || len(f.excludes.texts) == 0) {
		f.includes = includes
	}
	return f
}

// addParents notes the objects on the way to an include: "a" and "a.b*" for
// "a.b*.c". Expressions have none.
func (f *fieldRule) addParents(text string) {
	if strings.HasPrefix(text, "/") {
		return
	}
	for i := range len(text) {
		if text[i] == '.' && i > 0 {
			_ = f.parents.add(text[:i])
		}
	}
}

// everything reports whether f shows all fields.
func (f *fieldRule) everything() bool { return f.includes == nil && len(f.excludes.texts) == 0 }

// enters reports whether the object or array at a path is shown, with what of it
// is shown. What is around it has been entered.
func (f *fieldRule) enters(path []byte) bool {
	return f.shows(path) || f.includes != nil && matchAny(&f.parents, path) && !f.excluded(path)
}

// holds reports whether the object or array at a path is shown even if nothing in
// it is: it was named, and not just matched by a pattern such as the * of *.b.
func (f *fieldRule) holds(path []byte) bool { return isNamed(&f.parents, path) || f.shows(path) }

// shows reports whether a value at a path is shown. What is around it has been
// entered. For an include, a name with the suffix .keyword is the one without.
func (f *fieldRule) shows(path []byte) bool {
	if f.excluded(path) {
		return false
	}
	return f.includes == nil || matchAny(f.includes, bytes.TrimSuffix(path, keywordBytes))
}

func (f *fieldRule) excluded(path []byte) bool {
	if len(f.excludes.texts) == 0 {
		return false
	}
	whole, ok := bytes.CutSuffix(path, keywordBytes)
	return matchAny(&f.excludes, path) || ok && matchAny(&f.excludes, whole)
}

// visible reports whether a field is shown, seen from the top.
func (f *fieldRule) visible(field string) bool {
	path := []byte(field)
	for i, c := range path {
		if c == '.' && !f.enters(path[:i]) {
			return false
		}
	}
	return f.shows(path)
}
