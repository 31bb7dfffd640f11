package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
	"github.com/tokenacl/tokenacl/examples/securesearch/corpus"
)

// chunk is a part of a document, with all that an engine stores of it.
type chunk struct {
	id     string // key of the document, #, number of the chunk
	title  string
	text   string
	acl    acl.ACL // that of the document
	vector []float32
}

// library has the chunks of all documents, hidden ones included.
type library struct {
	rules  acl.Rules
	chunks []chunk
	byID   map[string]chunk
}

func open() (*library, error) {
	docs, report := s3meta.Read(corpus.Files, corpus.Layout)
	if err := report.Err(); err != nil {
		return nil, err
	}
	lib := &library{rules: corpus.Layout.Rules, byID: map[string]chunk{}}
	for key, list := range docs.ACLs() {
		doc, _ := docs.Get(key)
		text, err := fs.ReadFile(corpus.Files, key)
		if err != nil {
			return nil, err
		}
		lib.add(key, doc.Title, string(text), list)
	}
	return lib, nil
}

func (lib *library) add(key, title, text string, list acl.ACL) {
	for i, part := range split(text) {
		c := chunk{id: fmt.Sprintf("%s#%d", key, i+1), title: title, text: part, acl: list, vector: embed(title + " " + part)}
		lib.chunks = append(lib.chunks, c)
		lib.byID[c.id] = c
	}
}

// chunkRunes is how long a chunk becomes at most, but for longer sentences.
const chunkRunes = 400

// split cuts Markdown into chunks: whole sentences of one section.
func split(markdown string) (parts []string) {
	for section := range strings.SplitSeq(markdown, "\n#") {
		heading, body, _ := strings.Cut(section, "\n")
		heading = strings.Trim(heading, "# ")
		part, runes := "", 0
		for _, s := range sentences(strings.Join(strings.Fields(body), " ")) {
			n := len([]rune(s)) + 1
			if runes+n > chunkRunes && part != "" {
				parts = append(parts, heading+": "+part)
				part, runes = "", 0
			}
			part, runes = strings.TrimSpace(part+" "+s), runes+n
		}
		if part != "" {
			parts = append(parts, heading+": "+part)
		}
	}
	return parts
}

// sentences end with a stop, a question or an exclamation mark and a space, or
// with a row of a table.
func sentences(text string) (list []string) {
	for text != "" {
		end := len(text)
		for _, mark := range []string{". ", "? ", "! ", "| |"} {
			if i := strings.Index(text, mark); i >= 0 {
				end = min(end, i+1)
			}
		}
		list = append(list, text[:end])
		text = strings.TrimSpace(text[end:])
	}
	return slices.Clip(list)
}
