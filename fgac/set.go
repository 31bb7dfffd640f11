package fgac

import "github.com/tokenacl/tokenacl/internal/strictjson"

// valueSet says of several scalars at once what [scalar.equal] says of one, so that
// long lists and long arrays are not compared each with each.
type valueSet struct {
	texts      map[string]struct{}
	numbers    map[decimal]struct{} // of those that JSON has as numbers
	loose      map[decimal]struct{} // of all that are numbers under some mapping
	others     []reading            // what is neither a text alone nor a number alone
	years      map[string]struct{}  // of texts
	moments    []reading            // numbers that a date may be equal to
	unnumbered bool                 // some value is no number, or may be any time
	unflagged  bool                 // some value is neither true nor false
}

// few values are compared one by one.
const few = 8

func newValueSet(values []scalar) *valueSet {
	if len(values) <= few {
		return nil
	}
	s := &valueSet{texts: map[string]struct{}{}, numbers: map[decimal]struct{}{}, loose: map[decimal]struct{}{}, years: map[string]struct{}{}}
	for i := range values {
		v := &values[i]
		s.texts[v.text] = struct{}{}
		if v.numeric {
			s.numbers[v.number] = struct{}{}
		}
		s.unnumbered = s.unnumbered || !v.numeric || v.vague()
		s.unflagged = s.unflagged || v.text != "true" && v.text != "false"
		if v.reading == nil {
			continue
		}
		if v.reading.numeric && !v.reading.odd {
			s.loose[v.reading.number] = struct{}{}
		}
		if v.year() {
			s.years[v.text] = struct{}{}
		}
		if v.reading.epoch {
			s.moments = append(s.moments, *v.reading)
		}
		if v.reading.odd || v.reading.dated || v.reading.vague || v.reading.routed || v.reading.off {
			s.others = append(s.others, *v.reading)
		}
	}
	return s
}

// equal takes what it compares from left; when nothing is left, what would have to
// be compared is unknown.
func (s *valueSet) equal(v strictjson.Value, left *int) verdict {
	switch v.Kind() {
	case strictjson.String:
		have, _ := v.Str()
		if _, ok := s.texts[have]; ok {
			return yes
		}
		return s.mayEqual(readingOf(have), left)
	case strictjson.Number:
		have, _ := v.Number()
		if _, ok := s.numbers[parseDecimal(have)]; ok || s.unnumbered {
			return found(ok, s.unnumbered)
		}
		at, ok := parseEpoch(have)
		_, year := s.years[at.first.Format("2006")]
		return found(false, ok && year)
	case strictjson.Bool:
		_, ok := s.texts[v.Raw()]
		return found(ok, s.unflagged)
	}
	return unknown
}

func found(ok, doubt bool) verdict {
	switch {
	case ok:
		return yes
	case doubt:
		return unknown
	}
	return no
}

func (s *valueSet) mayEqual(read reading, left *int) verdict {
	if read.plain() {
		return no
	}
	if _, ok := s.loose[read.number]; ok && read.numeric || read.odd && len(s.loose) > 0 {
		return unknown
	}
	lists := [2][]reading{s.others}
	if read.dated || read.vague {
		lists[1] = s.moments
	}
	for _, list := range lists {
		for i := range list {
			if *left--; *left < 0 || list[i].mayEqual(&read) {
				return unknown
			}
		}
	}
	return no
}
