package fgac

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// These bound the work before a file is refused.
const (
	maxFile  = 4 << 20
	maxNodes = 1 << 20
	maxDepth = 32
)

// read reads a file of the security plugin: JSON when it begins as an object of
// JSON does, YAML otherwise. The empty file has nothing in it.
func read(file string, data []byte) (place, error) {
	if len(data) > maxFile {
		return place{}, &Error{File: file, Reason: "is larger than 4 MiB"}
	}
	at := place{file: file}
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		data = []byte("{}")
	case trimmed[0] != '{':
		var err error
		if data, err = yamlToJSON(data); err != nil {
			return at, at.fail(err.Error())
		}
	}
	v, err := strictjson.Parse(data, strictjson.Limits{Bytes: 4 * maxFile, Depth: maxDepth, Nodes: maxNodes})
	if err != nil {
		return at, at.fail(err.Error())
	}
	at.Value = v
	return at, nil
}

// yamlToJSON translates one YAML document. Of YAML it accepts what has one
// meaning: mappings with names that are strings, sequences, strings, numbers,
// true, false and null; no anchors, aliases, merges or tags. That leaves the
// rest, repeated names above all, to the reader of JSON.
func yamlToJSON(data []byte) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("invalid UTF-8")
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case err == io.EOF:
		return []byte("{}"), nil // comments alone
	case err != nil:
		return nil, errors.New("is not valid YAML") // the parser's error quotes the text
	}
	if err := dec.Decode(&second); err != io.EOF {
		return nil, errors.New("has a second YAML document; use one file for each")
	}
	var out bytes.Buffer
	if err := writeYAML(&out, doc.Content[0], 0); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func writeYAML(out *bytes.Buffer, n *yaml.Node, depth int) error {
	refuse := func(reason string) error { return fmt.Errorf("line %d: %s", n.Line, reason) }
	switch {
	case depth > maxDepth:
		return refuse("is nested deeper than allowed")
	case n.Anchor != "" || n.Kind == yaml.AliasNode:
		return refuse("anchors and aliases are not supported; write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		return refuse("tags are not supported")
	}
	switch n.Kind {
	case yaml.MappingNode:
		return writeList(out, '{', '}', n.Content, func(i int, c *yaml.Node) error {
			if i%2 == 0 && c.ShortTag() != "!!str" {
				return fmt.Errorf("line %d: want a name that is a string; quote it", c.Line)
			}
			return writeYAML(out, c, depth+1)
		})
	case yaml.SequenceNode:
		return writeList(out, '[', ']', n.Content, func(_ int, c *yaml.Node) error { return writeYAML(out, c, depth+1) })
	}
	switch n.ShortTag() {
	case "!!str":
		text, _ := json.Marshal(n.Value)
		out.Write(text)
	case "!!null":
		out.WriteString("null")
	case "!!bool", "!!int", "!!float":
		if !json.Valid([]byte(n.Value)) {
			return refuse("want true, false or a number as JSON spells them; quote it if it is a string")
		}
		out.WriteString(n.Value)
	default:
		return refuse("want a string; quote it")
	}
	return nil
}

// writeList writes the items of an array, or the names and values of an object
// in turn.
func writeList(out *bytes.Buffer, open, closing byte, items []*yaml.Node, write func(int, *yaml.Node) error) error {
	out.WriteByte(open)
	for i, c := range items {
		switch {
		case i == 0:
		case open == '{' && i%2 == 1:
			out.WriteByte(':')
		default:
			out.WriteByte(',')
		}
		if err := write(i, c); err != nil {
			return err
		}
	}
	out.WriteByte(closing)
	return nil
}
