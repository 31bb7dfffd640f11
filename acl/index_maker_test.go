package acl_test

import (
	"fmt"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"pgregory.net/rapid"
)

// maker makes rules, documents and callers of what pick, a choice of n, says.
// Names are few, so that callers match; some are alike but for case, spelling
// of an accent, width, separators, or are not UTF-8.
type maker struct{ pick func(n int) int }

func rapidMaker(t *rapid.T) maker {
	return maker{func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }}
}

// byteMaker chooses by the bytes of data, and then always the first.
func byteMaker(data []byte) maker {
	return maker{func(n int) int {
		x := 0
		for range (n + 254) / 255 {
			if len(data) == 0 {
				return 0
			}
			x, data = x<<8|int(data[0]), data[1:]
		}
		return x % n
	}}
}

var makerNames = []string{
	"a", "b", "A", "B", "straße", "STRASSE", "é", "e\u0301", "É", "ａ", "a\x00", "a/b", "a,b", "1:a", "名前",
	"\xff", "a\xff", " ", strings.Repeat("long", 90),
	"n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9",
}

var makerSources = []string{"s", "S", "t", "1:", strings.Repeat("source", 30)}

func of[T any](m maker, values []T) T { return values[m.pick(len(values))] }

func (m maker) chance(percent int) bool { return m.pick(100) < percent }

func (m maker) rules() acl.Rules {
	return acl.Rules{
		DenyOnlyEveryone:      m.chance(50),
		AnyLevel:              m.chance(50),
		Fold:                  m.chance(30),
		MissingGroupsMeanNone: m.chance(30),
	}
}

func (m maker) name() string { return of(m, makerNames) }

func (m maker) entry(denies int) acl.Entry {
	e := acl.Entry{Name: m.name(), Type: acl.Group, Access: acl.Allow}
	if m.chance(30) {
		e.Type = acl.User
	}
	if m.chance(denies) {
		e.Access = acl.Deny
	}
	if m.chance(20) {
		e.DataSourceID = of(m, makerSources)
	}
	return e
}

// list makes a list; now and then it is deny-only, empty, invalid or has 200 entries.
func (m maker) list() acl.List {
	n, denies := 1+m.pick(4), 15
	switch k := m.pick(100); {
	case k < 10:
		denies = 100
	case k == 10:
		return nil
	case k < 16:
		n = 28 + m.pick(8) // about the number of ALLOWs that a header can tell
		denies = 0
	case k == 16:
		n = 200
	}
	list := make(acl.List, n)
	for i := range list {
		list[i] = m.entry(denies)
		if n > 27 && m.chance(50) {
			list[i].Name = fmt.Sprint("m", i)
		}
	}
	if m.pick(60) == 59 {
		list[m.pick(n)] = of(m, []acl.Entry{{}, {Name: "a", Type: acl.User}, {Name: "a", Access: acl.Deny}, {Type: acl.Group, Access: acl.Allow}})
	}
	return list
}

type embedded struct{ acl.List }

func (m maker) acl() acl.ACL {
	switch k := m.pick(20); {
	case k == 0:
		return nil
	case k == 1:
		return acl.Public()
	case k == 2:
		list := m.list()
		return of(m, []acl.ACL{&list, embedded{list}, acl.List{}, acl.Hierarchy{}})
	case k < 7:
		levels := make(acl.Hierarchy, 1+m.pick(3))
		if m.pick(10) == 9 {
			levels = make(acl.Hierarchy, 30)
		}
		shared := m.entry(0)
		for i := range levels {
			levels[i] = m.list()
			if m.chance(60) {
				levels[i] = append(levels[i], shared) // else hardly anybody passes all
			}
		}
		return levels
	}
	return m.list()
}

func (m maker) principal() acl.Principal {
	p := acl.Principal{GroupsUnknown: m.chance(15)}
	if m.chance(70) {
		p.User = m.name()
	}
	for range m.pick(4) {
		p.Groups = append(p.Groups, m.name())
	}
	for range m.pick(3) {
		p.DataSourceGroups = append(p.DataSourceGroups, acl.DataSourceGroup{GroupID: m.name(), DataSourceID: of(m, makerSources)})
	}
	switch m.pick(100) {
	case 99:
		for i := range 10_000 {
			p.Groups = append(p.Groups, fmt.Sprint("nobody knows ", i))
		}
	case 98, 97:
		p.Groups = append(p.Groups, makerNames...)
	}
	return p
}

func (m maker) scope() acl.Scope {
	switch k := m.pick(20); {
	case k == 0:
		return acl.Scope{}
	case k == 1:
		return acl.Unrestricted()
	case k < 4:
		return acl.Guest()
	case k < 7:
		return acl.For(m.principal()).WithoutPublic()
	}
	return acl.For(m.principal())
}

func (m maker) scopes(n int) []acl.Scope {
	scopes := make([]acl.Scope, n)
	for i := range scopes {
		scopes[i] = m.scope()
	}
	return scopes
}
