package groups_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/groups"
)

// company has 50,000 users, each in 3 of 9,000 teams, which are sub-groups of 900
// departments, those of 90 sites, and those of 10 countries: each user is in up to 12
// of 10,000 groups.
func company() (calls []call) {
	teams := make([]call, 9_000)
	for i := range 50_000 {
		for k := range 3 {
			m := &teams[(i*7+k*3_001)%len(teams)].members
			m.Users = append(m.Users, "user"+strconv.Itoa(i)+"@example.com")
		}
	}
	level := func(name string, n, per int, below []call) []call {
		list := make([]call, n)
		for i := range below {
			m := &list[i/per].members
			m.Groups = append(m.Groups, below[i].group)
		}
		for i := range list {
			list[i].group, list[i].id = group{GroupID: name + strconv.Itoa(i)}, 1
		}
		return list
	}
	for i := range teams {
		teams[i].group, teams[i].id = group{GroupID: "team" + strconv.Itoa(i)}, 1
	}
	departments := level("department", 900, 10, teams)
	sites := level("site", 90, 10, departments)
	countries := level("country", 10, 9, sites)
	return append(append(append(teams, departments...), sites...), countries...)
}

func BenchmarkExpand(b *testing.B) {
	d := directory(b, acl.Rules{}, company()...)
	var id atomic.Int64
	for _, writes := range []bool{false, true} {
		b.Run(fmt.Sprintf("writes=%t", writes), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if writes && i%1_000 == 0 {
						n := id.Add(1)
						if err := d.Put(group{GroupID: "other"}, n, users("somebody"+strconv.FormatInt(n%2, 10))); err != nil {
							b.Fatal(err)
						}
					}
					p, err := d.Expand(context.Background(), acl.Principal{User: "user" + strconv.Itoa(i%50_000) + "@example.com"})
					if err != nil || len(p.Groups) < 6 || len(p.Groups) > 12 {
						b.Fatal(p, err)
					}
				}
			})
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	calls := company()
	first := marshalCalls(calls)
	for i := range calls {
		calls[i].id = 2
	}
	again := marshalCalls(calls)
	b.Run("empty", func(b *testing.B) {
		for b.Loop() {
			mustLoad(b, groups.New(acl.Rules{}), first)
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			d := groups.New(acl.Rules{})
			mustLoad(b, d, first)
			b.StartTimer()
			mustLoad(b, d, again)
		}
	})
}
