// Package corpus makes the documents and callers of measurements.
package corpus

import (
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/tokenacl/tokenacl/acl"
)

// Documents yields ACLs of 1 to 20 entries, 70 % of them groups of 10,000 and
// the rest users of 50,000, both by Zipf's law (s 1.1, v 10), 5 % DENY; 3 % of
// the documents are public. It yields the same each time.
func Documents(n int) iter.Seq[acl.ACL] {
	return func(yield func(acl.ACL) bool) {
		rng := rand.New(rand.NewPCG(1, 2))
		groups, users := zipf(rng, 10_000), zipf(rng, 50_000)
		for range n {
			a := acl.ACL(acl.Public())
			if rng.IntN(100) >= 3 {
				list := make(acl.List, 1+rng.IntN(20))
				for i := range list {
					access := acl.Allow
					if rng.IntN(100) < 5 {
						access = acl.Deny
					}
					if rng.IntN(100) < 70 {
						list[i] = access.Group(group(groups.Uint64()))
					} else {
						list[i] = access.User(fmt.Sprint("user-", users.Uint64()))
					}
				}
				a = list
			}
			if !yield(a) {
				return
			}
		}
	}
}

// Member is a user in so many groups, drawn as those of documents are, or all
// alike.
func Member(groups int, uniform bool) acl.Scope {
	rng := rand.New(rand.NewPCG(3, uint64(groups)))
	law := zipf(rng, 10_000)
	p, in := acl.Principal{User: "user-7"}, map[uint64]bool{}
	for len(in) < groups {
		g := law.Uint64()
		if uniform {
			g = rng.Uint64N(10_000)
		}
		if !in[g] {
			in[g] = true
			p.Groups = append(p.Groups, group(g))
		}
	}
	return acl.For(p)
}

func zipf(rng *rand.Rand, n uint64) *rand.Zipf { return rand.NewZipf(rng, 1.1, 10, n-1) }

func group(i uint64) string { return fmt.Sprint("group-", i) }
