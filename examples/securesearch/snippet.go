package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// span is where a word that was looked for stands, in bytes of the body.
type span struct{ start, end int }

// spans returns where the words of a search stand in a field of a hit.
func spans(match *found, field string) []span {
	var at []span
	for _, places := range match.Locations[field] {
		for _, p := range places {
			at = append(at, span{int(p.Start), int(p.End)})
		}
	}
	slices.SortFunc(at, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	return slices.CompactFunc(at, func(later, earlier span) bool { return later.start < earlier.end })
}

// part is a piece of a snippet. It is text, never markup.
type part struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty"`
}

const snippetSize = 240 // bytes, about

// snippet cuts that piece out of text which has the most of the words at.
func snippet(text string, at []span) []part {
	best, most := 0, 0
	for i := range at {
		n := 0
		for n < len(at)-i && at[i+n].end <= at[i].start+snippetSize*3/4 { // what stands before it takes the rest
			n++
		}
		if n > most {
			best, most = i, n
		}
	}
	start := 0
	if len(at) > 0 {
		start = wordBefore(text, max(0, at[best].start-snippetSize/4))
	}
	end := wordBefore(text, min(len(text), start+snippetSize))
	if len(text) <= start+snippetSize {
		end = len(text)
	}
	parts := marked(text, start, end, at)
	if start > 0 {
		parts = slices.Insert(parts, 0, part{Text: "… "})
	}
	if end < len(text) {
		parts = append(parts, part{Text: " …"})
	}
	return parts
}

// marked divides text from start to end at the words that stand there whole.
func marked(text string, start, end int, at []span) []part {
	parts := []part{}
	add := func(to int, hit bool) {
		if start < to {
			parts = append(parts, part{text[start:to], hit})
			start = to
		}
	}
	for _, s := range at {
		if s.start >= start && s.end <= end {
			add(s.start, false)
			add(s.end, true)
		}
	}
	add(end, false)
	return parts
}

// wordBefore returns where the word at i begins, or i when it is a long one.
func wordBefore(text string, i int) int {
	for j := i; j > 0 && j > i-40; j-- {
		if text[j-1] == ' ' || text[j-1] == '\n' {
			return j
		}
	}
	for i < len(text) && !utf8.RuneStart(text[i]) {
		i++
	}
	return i
}

// plain returns the text of a Markdown document without its marks, for people to
// read and for the index. The heading is left out where it repeats the title.
func plain(markdown, title string) string {
	var out strings.Builder
	for line := range strings.Lines(markdown) {
		heading := strings.HasPrefix(line, "#")
		line = strings.TrimLeft(strings.TrimRight(line, " \r\n"), "#> ")
		line = marks.Replace(link.ReplaceAllString(line, "$1"))
		if heading && line == title || strings.Trim(line, "|-: ") == "" && line != "" {
			continue
		}
		out.WriteString(line + "\n")
	}
	return strings.TrimSpace(out.String())
}

var (
	marks = strings.NewReplacer("**", "", "*", "", "`", "", "|", " ")
	link  = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)
