package acltest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

// Corner is a part of the corpus that some engines cannot hold.
type Corner int

const (
	NUL       Corner = iota + 1 // names with the character U+0000
	LongNames                   // names of 5,000 bytes
)

// names are those that engines, query languages and encodings get wrong. Each
// stands beside a twin that something might take for it.
var names = []string{
	"mary", "Mary", "MARY", " mary", "mary ", "mary\t", "mary smith", "mary,smith", "ma", "maryx",
	"staff", "STAFF", "straße", "STRASSE", "caf\u00e9", "cafe\u0301", "\u212b", "\u00c5", "ﬁn", "fin", "İ", "i", "ß", "ss",
	"50%", "50_", "50*", "50?", "5", "05", "5.0", "%", "_", "*", "?", "**", "a*", ".*",
	`back\slash`, `back\\slash`, `ends\`, `'`, `''`, `"`, `"quoted"`, "{}", "{a,b}", "[a]", "a:b", "a,b", "$1", "?1", ":x",
	"'; DROP TABLE documents; --", "1 OR 1=1", "NULL", "null", "true", "u", "g", "s", "everyone", "_all", "public",
	// Terms of packages below acl/pushdown, as names.
	"ustaff", "gstaff", "astaff", "s4:wikistaff", "4:wikistaff", "wikistaff", "u*", "g?", "ummary",
	"line\u2028break", "line\nbreak", "crlf\r\n", "日本語", "👩‍👧", "👩", "\u202eevil", "a\u200bb", "ab", "\uffff", "\ufffd", "\U0010ffff", `\u0041`, "A",
}

// sources are data sources whose ids run into the names after them.
var sources = []string{"wiki", "wikis", "s3", "4:wiki", "Wiki", "a'b", "ö"}

// more returns the names of corners that an engine may be without.
func more(without []Corner) (more []string) {
	if !slices.Contains(without, NUL) {
		more = append(more, "nul\x00", "nul\x00a", "nul", "\x00")
	}
	if !slices.Contains(without, LongNames) {
		long := strings.Repeat("long", 1250)
		more = append(more, long, long[:4999]+"x", strings.Repeat("ö", 2500))
	}
	return more
}

// How much the corners alone need.
const (
	minDocuments = 850
	minCallers   = 160
)

type corpus struct {
	documents []Document
	callers   []caller
}

// caller is a scope and what to call it in an error.
type caller struct {
	scope acl.Scope
	what  string
}

// maker draws a corpus.
type maker struct {
	*rand.Rand
	names []string
}

// newCorpus returns as many documents and callers, the corners first.
func newCorpus(o Options, documents, callers int) corpus {
	m := maker{rand.New(rand.NewPCG(o.Seed, 1)), append(slices.Clone(names), more(o.Without)...)}
	acls := m.corners()
	for len(acls) < documents {
		acls = append(acls, m.acl())
	}
	var c corpus
	for i, j := range m.Perm(len(acls)) { // so that no engine sees them in order
		c.documents = append(c.documents, Document{ID: fmt.Sprintf("d%d", i), ACL: acls[j]})
	}
	c.callers = m.cornerCallers()
	for len(c.callers) < callers {
		c.callers = append(c.callers, m.caller())
	}
	return c
}

// corners returns the ACLs that are there in every corpus.
func (m maker) corners() []acl.ACL {
	public := acl.Public()
	acls := []acl.ACL{nil, acl.List{}, acl.Hierarchy{}, acl.Hierarchy{{}}, acl.List{{}}, public, public, public}
	for i, name := range m.names {
		twin := m.names[(i+1)%len(m.names)]
		acls = append(acls,
			acl.List{acl.Allow.User(name)},
			acl.List{acl.Allow.Group(name)},
			acl.List{acl.Deny.Group(name), acl.Allow.Group(twin), acl.Allow.User(name)},
			acl.List{acl.Deny.User(name), acl.Allow.Group(popular(i)), acl.Allow.Group(popular(i + 1))},
			acl.List{of(acl.Allow.Group(name), sources[i%len(sources)])},
			acl.List{of(acl.Deny.Group(name), sources[i%len(sources)]), acl.Allow.Group(popular(i)), acl.Allow.Group(twin)})
	}
	for n := 1; n <= 30; n++ {
		open, shut := make(acl.Hierarchy, n), make(acl.Hierarchy, n)
		for i := range n {
			open[i] = acl.List{acl.Allow.Group(popular(i)), acl.Allow.User("mary")}
			shut[i] = slices.Clone(open[i])
		}
		shut[n-1] = acl.List{acl.Allow.Group("nobody is in it")}
		last := slices.Clone(open)
		last[n-1] = append(slices.Clone(last[n-1]), acl.Deny.Group("denied"))
		acls = append(acls, open, shut, last)
	}
	long := acl.List{acl.Allow.Group(popular(0))}
	for i := range 199 {
		long = append(long, acl.Allow.Group("filler"+strconv.Itoa(i)))
	}
	return append(acls, long, append(slices.Clone(long), acl.Deny.User("mary")),
		acl.List{acl.Deny.User("mary")}, acl.List{acl.Deny.Group(popular(1))}, // DENY alone
		acl.List{of(acl.Allow.User("mary"), "wiki")}, acl.List{of(acl.Deny.User("mary"), "wiki"), acl.Allow.Group(popular(2))},
		acl.Hierarchy{{acl.Deny.User("bob")}, {acl.Allow.Group(popular(0))}},
		acl.Hierarchy{{acl.Deny.User("bob")}, {acl.Deny.Group("denied")}},
		// A level in the middle that nobody passes, of which there is nothing to store.
		acl.Hierarchy{{acl.Allow.Group(popular(0))}, {acl.Deny.User("bob")}, {acl.Allow.Group(popular(0))}},
		acl.Hierarchy{{acl.Allow.User("mary")}, {of(acl.Allow.User("mary"), "wiki")}, {acl.Allow.User("mary")}},
		acl.List{acl.Allow.Group(popular(0)), acl.Allow.Group(popular(0)), acl.Allow.User("mary"), acl.Allow.User("mary")})
}

// popular returns one of ten groups that most callers are in.
func popular(i int) string { return "popular" + strconv.Itoa(i%10) }

func of(e acl.Entry, source string) acl.Entry {
	e.DataSourceID = source
	return e
}

// acl draws an ACL: a level or, one in four, several.
func (m maker) acl() acl.ACL {
	switch n := m.IntN(100); {
	case n < 3:
		return acl.Public()
	case n < 5:
		return nil
	case n < 75:
		return m.list(1 + m.IntN(8))
	}
	levels := make(acl.Hierarchy, 1+m.IntN(4))
	for i := range levels {
		levels[i] = m.list(1 + m.IntN(5))
	}
	return levels
}

func (m maker) list(n int) acl.List {
	l := make(acl.List, n)
	for i := range l {
		l[i] = m.entry()
	}
	return l
}

func (m maker) entry() acl.Entry {
	e := acl.Entry{Name: m.name(), Type: acl.Group, Access: acl.Allow}
	if m.IntN(10) < 3 {
		e.Type = acl.User
	}
	if m.IntN(12) == 0 {
		e.Access = acl.Deny
	}
	if m.IntN(8) == 0 {
		e.DataSourceID = sources[m.IntN(len(sources))]
	}
	return e
}

// name draws from the popular, the odd and the many.
func (m maker) name() string {
	switch n := m.IntN(10); {
	case n < 5:
		return popular(m.IntN(10))
	case n < 7:
		return m.names[m.IntN(len(m.names))]
	}
	return "name" + strconv.Itoa(m.IntN(1000))
}

// cornerCallers returns the callers that are there in every corpus.
func (m maker) cornerCallers() []caller {
	all := make([]string, 10)
	for i := range all {
		all[i] = popular(i)
	}
	var many []string
	for i := range 10_000 {
		many = append(many, "name"+strconv.Itoa(i))
	}
	var everySource []acl.DataSourceGroup
	for _, s := range sources {
		for _, name := range m.names {
			everySource = append(everySource, acl.DataSourceGroup{GroupID: name, DataSourceID: s})
		}
	}
	callers := []caller{
		{acl.Scope{}, "the zero scope"}, {acl.Guest(), "a guest"}, {acl.Unrestricted(), "an unrestricted scope"},
		m.who("mary without groups", acl.Principal{User: "mary"}),
		m.who("mary, groups unknown", acl.Principal{User: "mary", GroupsUnknown: true}),
		m.who("nobody, groups unknown", acl.Principal{GroupsUnknown: true}),
		m.who("popular groups, perhaps more", acl.Principal{Groups: all, GroupsUnknown: true}),
		m.who("popular groups", acl.Principal{Groups: all}),
		m.who("mary in 10,000 groups", acl.Principal{User: "mary", Groups: many}),
		m.who("all popular of 10,010 groups", acl.Principal{Groups: append(many, all...)}),
		m.who("every odd name", acl.Principal{User: "bob", Groups: m.names}),
		m.who("every odd name in every source", acl.Principal{DataSourceGroups: everySource}),
		m.who("denied in a source", acl.Principal{User: "mary", Groups: all, DataSourceGroups: []acl.DataSourceGroup{{GroupID: "denied", DataSourceID: "wiki"}}}),
	}
	for _, c := range callers[3:] {
		callers = append(callers, caller{c.scope.WithoutPublic(), c.what + ", without public documents"})
	}
	for i, name := range m.names {
		p := acl.Principal{User: name, Groups: []string{m.names[(i+5)%len(m.names)], popular(i)}}
		if i%3 == 0 {
			p.DataSourceGroups = []acl.DataSourceGroup{{GroupID: name, DataSourceID: sources[i%len(sources)]}}
		}
		callers = append(callers, m.who("a caller by an odd name", p))
	}
	return callers
}

// caller draws a scope of any kind.
func (m maker) caller() caller {
	switch m.IntN(50) {
	case 0:
		return caller{acl.Scope{}, "the zero scope"}
	case 1:
		return caller{acl.Guest(), "a guest"}
	case 2:
		return caller{acl.Unrestricted(), "an unrestricted scope"}
	}
	p := acl.Principal{GroupsUnknown: m.IntN(10) == 0}
	if m.IntN(5) > 0 {
		p.User = m.name()
	}
	for range m.IntN(20) {
		p.Groups = append(p.Groups, m.name())
	}
	for range m.IntN(4) {
		p.DataSourceGroups = append(p.DataSourceGroups, acl.DataSourceGroup{GroupID: m.name(), DataSourceID: sources[m.IntN(len(sources))]})
	}
	if p.User == "" && len(p.Groups)+len(p.DataSourceGroups) == 0 {
		p.User = "mary"
	}
	c := m.who("a drawn caller", p)
	if m.IntN(10) == 0 {
		c = caller{c.scope.WithoutPublic(), c.what + ", without public documents"}
	}
	return c
}

// who returns a principal's caller. Its names are made up, so an error may
// show some.
func (m maker) who(what string, p acl.Principal) caller {
	shown := fmt.Sprintf("%s (user %.40q, groups %.200q, of data sources %d, unknown %t)",
		what, p.User, p.Groups[:min(len(p.Groups), 12)], len(p.DataSourceGroups), p.GroupsUnknown)
	return caller{acl.For(p), shown}
}

// copies returns the documents for an engine, which may write into their ACLs:
// an engine that did would otherwise be held to what it has made of them.
func (c corpus) copies() []Document {
	documents := slices.Clone(c.documents)
	for i, d := range documents {
		switch a := d.ACL.(type) {
		case acl.List:
			documents[i].ACL = slices.Clone(a)
		case acl.Hierarchy:
			levels := make(acl.Hierarchy, len(a))
			for j := range a {
				levels[j] = slices.Clone(a[j])
			}
			documents[i].ACL = levels
		}
	}
	return documents
}

// fold returns c with names as r compares them.
func (c corpus) fold(r acl.Rules) corpus {
	var folded corpus
	for _, d := range c.documents {
		d.ACL = foldACL(d.ACL, r)
		folded.documents = append(folded.documents, d)
	}
	for _, s := range c.callers {
		if p, ok := s.scope.Principal(); ok {
			public := acl.Decide(s.scope, acl.Public(), r).Allowed
			p.User = r.FoldName(p.User)
			for i := range p.Groups {
				p.Groups[i] = r.FoldName(p.Groups[i])
			}
			for i := range p.DataSourceGroups {
				p.DataSourceGroups[i].GroupID = r.FoldName(p.DataSourceGroups[i].GroupID)
			}
			if s.scope = acl.For(p); !public {
				s.scope = s.scope.WithoutPublic()
			}
		}
		folded.callers = append(folded.callers, s)
	}
	return folded
}

func foldACL(a acl.ACL, r acl.Rules) acl.ACL {
	switch a := a.(type) {
	case acl.List:
		return foldList(a, r)
	case acl.Hierarchy:
		levels := make(acl.Hierarchy, len(a))
		for i := range a {
			levels[i] = foldList(a[i], r)
		}
		return levels
	}
	return a
}

func foldList(l acl.List, r acl.Rules) acl.List {
	l = slices.Clone(l)
	for i := range l {
		l[i].Name = r.FoldName(l[i].Name)
	}
	return l
}
