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
	outer, bottom := len(w.path), len(w.ways)
	for name, member := range v.Members() {
		if outer > 0 {
			w.path = append(w.path, '.')
		}
		w.path = append(w.path, name...)
		w.enter(member, views, outer)
		if entered := w.ways[bottom:]; len(entered) > 0 && w.member(name, member, entered, first) {
			first = false
		}
		w.path, w.ways = w.path[:outer], w.ways[:bottom]
	}
	w.out = append(w.out, '}')
	return !first
}

// enter pushes those of the views that show the member at hand, or something in
// it.
func (w *writer) enter(v strictjson.Value, views []*view, outer int) {
	nested := v.Kind() == strictjson.Object || v.Kind() == strictjson.Array
	for _, view := range views {
		// A name with dots goes through objects that are not written as such.
		if (nested && view.fields.enters(w.path) || view.fields.shows(w.path)) && w.passes(&view.fields, outer) {
			w.ways = append(w.ways, view)
		}
	}
}

// member writes a member that the views have entered, and nothing if its value
// has to go.
func (w *writer) member(name string, v strictjson.Value, views []*view, first bool) bool {
	start := len(w.out)
	if !first {
		w.out = append(w.out, ',')
	}
	w.out = append(appendText(w.out, name), ':')
	at := spot{views: views}
	shown := w.value(v, &at)
	if nested := v.Kind() == strictjson.Object || v.Kind() == strictjson.Array; nested && shown && !at.filled {
		// An object that is empty because nothing in it is shown says that there is one.
		shown = slices.ContainsFunc(views, func(v *view) bool { return v.fields.holds(w.path) })
	}
	if !shown {
		w.out = w.out[:start]
	}
	return shown
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
