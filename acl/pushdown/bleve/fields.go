package bleve

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Field is the member of a document that its ACL is stored in.
const Field = "tokenacl"

// The members of what [Fields] returns; a further level i has the member level<i>.
const (
	allow  = "allow"  // terms of the first level
	deny   = "deny"   // terms of the denials
	levels = "levels" // which further levels there are, as numbers from 1
	stored = "acl"    // all of it, for Verify
)

// StoredField is the name of the stored field that [Verify] reads.
const StoredField = Field + "." + stored

// ErrLimit is what errors are that a limit makes: nothing is ever cut to fit.
var ErrLimit = errors.New("bleve: beyond a limit")

// Options say how an index stores ACLs. Give one value to everything that is
// about one index; [CheckMapping] tells others.
type Options struct {
	// Levels is how many levels a hierarchy may have; 0 is 30, Kendra's limit. Each
	// but the first costs a search as much as a caller's names do: where all ACLs
	// are lists, set 1.
	Levels int
	// Verify stores each ACL a second time, for [Verify] to read.
	Verify bool
}

func (o Options) levels() (int, error) {
	switch {
	case o.Levels == 0:
		return 30, nil
	case o.Levels < 0:
		return 0, &Error{Reason: "Options.Levels is negative; want the number of levels, or 0 for 30"}
	}
	return o.Levels, nil
}

func levelName(i int) string { return "level" + strconv.Itoa(i) }

// document is an ACL as [Fields] stores it for [Verify].
type document struct {
	Levels [][]string `json:"levels"`
	Deny   []string   `json:"deny"`
}

// Fields returns what to index with a document as its member [Field]; nil, with
// or without an error, admits nobody. An invalid ACL is an [*acl.Error]; more
// levels than Options.Levels are [ErrLimit].
func Fields(a acl.ACL, r acl.Rules, o Options) (map[string]any, error) {
	n, err := o.levels()
	if err != nil {
		return nil, err
	}
	d, err := terms.Of(a, r)
	if err != nil || len(d.Levels) == 0 {
		return nil, err
	}
	if len(d.Levels) > n {
		return nil, fmt.Errorf("%w: %d levels, want at most %d; set Options.Levels, and store all documents anew", ErrLimit, len(d.Levels), n)
	}
	fields := map[string]any{allow: words(d.Levels[0]), deny: words(d.Deny)}
	var further []string
	for i, level := range d.Levels[1:] {
		further = append(further, strconv.Itoa(i+1))
		fields[levelName(i+1)] = words(level)
	}
	if further != nil {
		fields[levels] = further
	}
	if o.Verify {
		fields[stored] = string(encode(document(d)))
	}
	return fields, nil
}

// words are terms as one text, which Bleve's analyzer simple takes apart again:
// it splits where there is no letter, and turns letters into small ones. So each
// half of an octet is one of the letters a to p. A query of a thousand terms is
// then one of a text; as a thousand queries, Bleve takes far longer to parse
// it than to search.
func words(list []string) string {
	var b strings.Builder
	for i, t := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		for _, c := range []byte(t) {
			b.WriteByte('a' + c>>4)
			b.WriteByte('a' + c&15)
		}
	}
	return b.String()
}

// encode is for values that have a JSON form, whatever they hold. Members of
// maps are sorted.
func encode(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic("bleve: " + err.Error())
	}
	return text
}
