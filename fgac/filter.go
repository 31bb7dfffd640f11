package fgac

import (
	"slices"
	"sync"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// writer writes what of a document is shown. It walks the values in the order of
// the text and keeps the spelling of numbers.
type writer struct {
	doc  document
	out  []byte
	path []byte  // of the member at hand
	ways []*view // a stack: the views that have entered what is around
	left int     // of maxMasking
}

var writers = sync.Pool{New: func() any { return &writer{path: make([]byte, 0, 256), ways: make([]*view, 0, 64)} }}

// show writes the document that is shown by some views.
func (w *writer) show(views []*view) []byte {
	w.out = make([]byte, 0, len(w.doc.root.Raw())+64)
	w.left = maxMasking
	w.object(w.doc.root, views)
	return w.out
}

// free gives w back. Nothing of a document stays in it.
func (w *writer) free() {
	w.doc, w.out = document{}, nil
	clear(w.path[:cap(w.path)])
	clear(w.ways[:cap(w.ways)])
	writers.Put(w)
}

// object writes an object that the views have entered, and reports whether anything
// of it is shown.
func (w *writer) object(v strictjson.Value, views []*view) bool {
	w.out = append(w.out, '{')
	first := true
	outer := len(w.path)
	for name, member := range v.Members() {
		start := len(w.out)
		if outer > 0 {
			w.path = append(w.path, '.')
		}
		w.path = append(w.path, name...)
		if !first {
			w.out = append(w.out, ',')
		}
		w.out = appendText(w.out, name)
		w.out = append(w.out, ':')
		if w.member(member, views, outer) {
			first = false
		} else {
			w.out = w.out[:start]
		}
		w.path = w.path[:outer]
	}
	w.out = append(w.out, '}')
	return !first
}

// member writes the value of a member and reports whether it is shown at all;
// if it is not, what is written is to be cut off.
func (w *writer) member(v strictjson.Value, views []*view, outer int) bool {
	bottom := len(w.ways)
	defer func() { w.ways = w.ways[:bottom] }()
	nested := v.Kind() == strictjson.Object || v.Kind() == strictjson.Array
	for _, view := range views {
		// A name with dots goes through objects that are not written as such.
		if w.passes(&view.fields, outer) && (nested && view.fields.enters(w.path) || view.fields.shows(w.path)) {
			w.ways = append(w.ways, view)
		}
	}
	at := spot{views: w.ways[bottom:]}
	if len(at.views) == 0 || !w.value(v, &at) {
		return false
	}
	// An object that is empty because nothing in it is shown says that there is one.
	return !nested || at.filled || slices.ContainsFunc(at.views, func(v *view) bool { return v.fields.holds(w.path) })
}

// passes reports whether f enters the objects between the one at hand and the
// last part of a name with dots.
func (w *writer) passes(f *fieldRule, outer int) bool {
	if f.everything() {
		return true
	}
	for i := outer + 1; i < len(w.path); i++ {
		if w.path[i] == '.' && !f.enters(w.path[:i]) {
			return false
		}
	}
	return true
}

// spot is the path at hand: the views that have entered it, and what they say
// of it. They are asked once, however many values an array has.
type spot struct {
	views         []*view
	filled        bool // something is written besides brackets
	asked, masked bool
	shown         bool    // some view shows values there
	mask          *method // nil: none
}

func (s *spot) shows(path []byte) bool {
	if !s.asked {
		s.asked = true
		s.shown = slices.ContainsFunc(s.views, func(v *view) bool { return v.fields.shows(path) })
	}
	return s.shown
}

func (s *spot) maskOf(path []byte) *method {
	if !s.masked {
		s.masked = true
		s.mask = maskOf(s.views, path)
	}
	return s.mask
}

// value writes a value. It reports false when the member that it is in has to
// go.
func (w *writer) value(v strictjson.Value, at *spot) bool {
	switch v.Kind() {
	case strictjson.Object:
		at.filled = w.object(v, at.views) || at.filled
		return true
	case strictjson.Array:
		return w.array(v, at)
	}
	at.filled = true
	switch v.Kind() {
	case strictjson.String:
		m := at.maskOf(w.path)
		if m == nil {
			w.out = append(w.out, v.Raw()...)
			return true
		}
		s, _ := v.Str()
		var ok bool
		w.out, ok = m.apply(w.out, s, &w.left)
		return ok
	default:
		w.out = append(w.out, v.Raw()...)
	}
	return true
}

// array writes the elements that are shown: of an array that is on the way to
// an include, only what is inside of objects.
func (w *writer) array(v strictjson.Value, at *spot) bool {
	shown := at.shows(w.path)
	w.out = append(w.out, '[')
	first := true
	for e := range v.Elements() {
		if !shown && e.Kind() != strictjson.Object && e.Kind() != strictjson.Array {
			continue
		}
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		if !w.value(e, at) {
			return false
		}
	}
	w.out = append(w.out, ']')
	return true
}

// maskOf returns how the field at a path is masked for whom some of the views
// show it: not at all, if one of those does not.
func maskOf(views []*view, path []byte) *method {
	var found *method
	for _, view := range views {
		if len(views) > 1 && !view.fields.shows(path) {
			continue
		}
		m := view.masks.of(path)
		switch {
		case m == nil:
			return nil
		case found == nil:
			found = m
		case found.text != m.text:
			found = view.masks.standard
		}
	}
	return found
}
