package s3meta

import (
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

// prefix is what the ACL configuration file says about one keyPrefix.
type prefix struct {
	bucket, path string
	list         acl.List
	hides        bool    // this entry, or that of a shorter prefix, is defective
	up           *prefix // the next shorter one whose DENY entries also count
}

func (p *prefix) String() string { return scheme + p.bucket + "/" + p.path }

// acl returns the list that is in force under p and under no longer prefix.
func (p *prefix) acl() acl.List {
	list := append(acl.List(nil), p.list...)
	for p = p.up; p != nil; p = p.up {
		for _, e := range p.list {
			if e.Access == acl.Deny {
				list = append(list, e)
			}
		}
	}
	return list
}

// chain holds prefixes each of which begins with the one before.
type chain []*prefix

// cut drops those that s does not begin with.
func (c *chain) cut(s string) {
	for n := len(*c); n > 0 && !strings.HasPrefix(s, (*c)[n-1].path); n-- {
		*c = (*c)[:n-1]
	}
}

// last is the longest prefix, nil if there is none.
func (c chain) last() *prefix {
	if len(c) == 0 {
		return nil
	}
	return c[len(c)-1]
}

// link lets each prefix know what it takes from shorter ones.
func (r *reader) link(sorted []*prefix) []*prefix {
	var open chain
	for _, p := range sorted {
		open.cut(p.path)
		if up := open.last(); up != nil {
			p.hides = p.hides || up.hides
			if !r.LongestPrefixReplaces {
				p.up = up
			}
		}
		open = append(open, p)
	}
	return sorted
}

// match returns, for each key, the longest prefix that the key begins with, nil
// if there is none. Both lists are sorted and gone through once: what begins
// with a string follows it without a gap.
func (f aclFile) match(sorted []string) []*prefix {
	var open chain
	rest := f.prefixes
	longest := make([]*prefix, len(sorted))
	for i, key := range sorted {
		for len(rest) > 0 && rest[0].path <= key {
			open.cut(rest[0].path)
			open, rest = append(open, rest[0]), rest[1:]
		}
		open.cut(key)
		longest[i] = open.last()
	}
	return longest
}
