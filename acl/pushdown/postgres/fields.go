package postgres

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/pushdown/internal/terms"
)

// Stored is what is stored of an ACL. The zero value admits nobody.
type Stored struct {
	Allow  []string   `json:"allow"`  // of the first level
	Deny   []string   `json:"deny"`   // of all levels
	Levels [][]string `json:"levels"` // those after the first
}

// Fields returns what to store with a row. An ACL that is invalid under r is an
// [*acl.Error], a name that PostgreSQL cannot hold an [ErrTerm]; what is
// returned with either admits nobody.
func Fields(a acl.ACL, r acl.Rules) (Stored, error) {
	d, err := terms.Of(a, r)
	if err != nil || len(d.Levels) == 0 {
		return Stored{}, err
	}
	for _, list := range append(d.Levels, d.Deny) {
		if err := refuseNUL(list); err != nil {
			return Stored{}, err
		}
	}
	for _, t := range d.Levels[0] {
		if len(t) > maxTerm {
			return Stored{}, fmt.Errorf("%w: it is longer than %d octets; use a shorter id for that user or group", ErrTerm, maxTerm)
		}
	}
	return Stored{Allow: d.Levels[0], Deny: d.Deny, Levels: d.Levels[1:]}, nil
}

func refuseNUL(list []string) error {
	for _, t := range list {
		if strings.Contains(t, "\x00") {
			return fmt.Errorf("%w: it has the character U+0000; refuse such names where they come from", ErrTerm)
		}
	}
	return nil
}

// Args are the values of the columns allow, deny and levels as text, which all
// drivers take: INSERT INTO t (acl_allow, acl_deny, acl_levels) VALUES
// ($1::text[], $2::text[], $3::jsonb).
func (s Stored) Args() []any {
	return []any{array(s.Allow), array(s.Deny), s.levelsJSON()}
}

func (s Stored) levelsJSON() string {
	if len(s.Levels) == 0 {
		return "[]"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s.Levels); err != nil {
		panic(err) // strings in slices
	}
	return strings.TrimSpace(b.String())
}

// array is the text of a text[].
func array(list []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, t := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		for j := range len(t) {
			if t[j] == '"' || t[j] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(t[j])
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// Select returns the expression that reads the columns of a row as one JSON
// value, for [Stored.Scan].
func Select(o Options) (string, error) {
	n, err := o.names()
	if err != nil {
		return "", err
	}
	return "json_build_object('allow', " + n.allow + ", 'deny', " + n.deny + ", 'levels', " + n.levels + ")", nil
}

// Scan reads what [Select] selects. With an error, s is the zero value.
func (s *Stored) Scan(src any) error {
	*s = Stored{}
	text, isText := src.(string)
	octets, isOctets := src.([]byte)
	if isText {
		octets = []byte(text)
	}
	if !isText && !isOctets {
		return fmt.Errorf("postgres: scanned a %T, want the JSON of Select", src)
	}
	var read struct {
		Allow, Deny []*string
		Levels      [][]*string
	}
	if err := json.Unmarshal(octets, &read); err != nil || read.Allow == nil || read.Deny == nil || read.Levels == nil {
		return errors.New("postgres: scanned what is not the JSON of Select")
	}
	lists := append(read.Levels, read.Allow, read.Deny)
	plain := make([][]string, len(lists))
	for i, list := range lists {
		plain[i] = make([]string, len(list))
		for j, t := range list {
			if t == nil {
				return errors.New("postgres: scanned a list of terms with a null")
			}
			plain[i][j] = *t
		}
	}
	last := len(plain) - 2
	*s = Stored{Allow: plain[last], Deny: plain[last+1], Levels: plain[:last]}
	return nil
}

// document is s as terms. An empty first level admits nobody.
func (s Stored) document() terms.Document {
	return terms.Document{Levels: append([][]string{s.Allow}, s.Levels...), Deny: s.Deny}
}

// Verify decides about a page of hits once more, by what is stored with each as
// it was read, and keeps those that s sees: a guard against a query that lost
// its filter. stored returns the zero value where nothing could be read. With
// an error, which is about s, nothing is kept.
func Verify[T any](s acl.Scope, r acl.Rules, page []T, stored func(T) Stored) (kept []T, dropped int, err error) {
	return terms.Verify(s, r, page, func(hit T) (terms.Document, bool) { return stored(hit).document(), true })
}
