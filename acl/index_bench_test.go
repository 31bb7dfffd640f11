package acl_test

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// corpus makes documents with ACLs of 1 to 20 entries, 70 % of them groups of
// 10,000 and the rest users of 50,000, both by Zipf's law, 5 % DENY; 3 % of the
// documents are public. No two lists are equal. It yields the same each time.
func corpus(n int) iter.Seq2[uint32, acl.ACL] {
	return func(yield func(uint32, acl.ACL) bool) {
		rng := rand.New(rand.NewPCG(1, 2))
		groups, users := zipf(rng, 10_000), zipf(rng, 50_000)
		entry := func() acl.Entry {
			e := acl.Allow.User("")
			if rng.IntN(100) < 70 {
				e = acl.Allow.Group(groupNames[groups.Uint64()])
			} else {
				e.Name = userNames[users.Uint64()]
			}
			if rng.IntN(100) < 5 {
				e.Access = acl.Deny
			}
			return e
		}
		taken := map[[2]acl.Entry]bool{}
		for i := range uint32(n) {
			var a acl.ACL = acl.Public()
			if rng.IntN(100) >= 3 {
				list := make(acl.List, 1+rng.IntN(20))
				for j := range list {
					list[j] = entry()
				}
				// Longer lists than two are hardly ever equal.
				for short := [2]acl.Entry{}; len(list) <= 2; {
					slices.SortFunc(list, func(a, b acl.Entry) int { return strings.Compare(a.String(), b.String()) })
					if copy(short[:], slices.Compact(slices.Clone(list))); !taken[short] {
						taken[short] = true
						break
					}
					list[0] = entry()
					short = [2]acl.Entry{}
				}
				a = list
			}
			if !yield(i, a) {
				return
			}
		}
	}
}

func zipf(rng *rand.Rand, n uint64) *rand.Zipf { return rand.NewZipf(rng, 1.1, 10, n-1) }

var (
	groupNames = manyNames("group-", 10_000)
	userNames  = manyNames("user-", 50_000)
)

func manyNames(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = prefix + strconv.Itoa(i)
	}
	return names
}

// member is a user in k groups, drawn as those of documents are or all alike.
func member(k int, uniform bool) acl.Scope { return memberOf(3, k, uniform) }

func memberOf(seed uint64, k int, uniform bool) acl.Scope {
	rng := rand.New(rand.NewPCG(seed, uint64(k)))
	groups := zipf(rng, 10_000)
	in := map[string]bool{}
	for len(in) < k {
		g := groups.Uint64()
		if uniform {
			g = rng.Uint64N(10_000)
		}
		in[groupNames[g]] = true
	}
	return acl.For(acl.Principal{User: userNames[7], Groups: slices.Collect(maps.Keys(in))})
}

func documentID(i uint32) string { return "Data/documents/" + strconv.Itoa(int(i)) + ".txt" }

func withIDs(docs iter.Seq2[uint32, acl.ACL]) iter.Seq2[string, acl.ACL] {
	return func(yield func(string, acl.ACL) bool) {
		for i, a := range docs {
			if !yield(documentID(i), a) {
				return
			}
		}
	}
}

const million = 1_000_000

var bigIndex = sync.OnceValue(func() *acl.Index {
	x, err := acl.BuildIndex(acl.Rules{}, withIDs(corpus(million)))
	if err != nil {
		panic(err)
	}
	return x
})

func BenchmarkDecide(b *testing.B) {
	for _, k := range []int{10, 100, 1000} {
		view := bigIndex().View(member(k, false))
		visible := view.Count()
		ids, at := make([]string, 1000), make([]uint32, 1000)
		rng := rand.New(rand.NewPCG(5, 6))
		for i := range ids {
			at[i] = rng.Uint32N(million)
			ids[i] = documentID(at[i])
		}
		b.Run(fmt.Sprintf("ordinal/k=%d", k), func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(float64(visible), "visible")
			for i := 0; b.Loop(); i++ {
				view.AllowedAt(at[i%1000])
			}
		})
		b.Run(fmt.Sprintf("id/k=%d", k), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				view.Allowed(ids[i%1000])
			}
		})
	}
}

func BenchmarkDecideRandom(b *testing.B) {
	view := bigIndex().View(member(100, false))
	view.Count()
	at := make([]uint32, 1<<20)
	array := make([]uint32, million)
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range at {
		at[i] = rng.Uint32N(million)
	}
	b.Run("decide", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			view.AllowedAt(at[i%len(at)])
		}
	})
	b.Run("array", func(b *testing.B) {
		sum := uint32(0)
		for i := 0; b.Loop(); i++ {
			sum += array[at[i%len(at)]]
		}
	})
}

func BenchmarkFilterAll(b *testing.B) {
	for _, uniform := range []bool{false, true} {
		for _, k := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("k=%d/uniform=%t", k, uniform), func(b *testing.B) {
				x, scope := bigIndex(), member(k, uniform)
				b.ReportAllocs()
				for b.Loop() {
					x.NewView(scope).Count()
				}
			})
		}
	}
}

// A principal that is new to caches too: there are 64 of them, in turn.
func BenchmarkFirstPage(b *testing.B) {
	x := bigIndex()
	names := make(map[string]uint32)
	for i, name := range slices.Concat(groupNames, userNames) {
		names[name] = uint32(i)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	hits := make([][]uint32, 1000)
	for i := range hits {
		hits[i] = make([]uint32, 1000)
		for j := range hits[i] {
			hits[i][j] = rng.Uint32N(million)
		}
	}
	self := func(o uint32) uint32 { return o }
	for _, k := range []int{10, 100, 1000} {
		scopes, principals := make([]acl.Scope, 64), make([]acl.Principal, 64)
		for i := range scopes {
			scopes[i] = memberOf(uint64(i), k, true)
			principals[i], _ = scopes[i].Principal()
		}
		b.Run(fmt.Sprintf("page/k=%d", k), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				acl.Page(x.NewView(scopes[i%64]), slices.Values(hits[i%1000]), self, 10)
			}
		})
		b.Run(fmt.Sprintf("view/k=%d", k), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				x.NewView(scopes[i%64])
			}
		})
		b.Run(fmt.Sprintf("lookups/k=%d", k), func(b *testing.B) {
			sum := uint32(0)
			for i := 0; b.Loop(); i++ {
				for _, g := range principals[i%64].Groups {
					sum += names[g]
				}
			}
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkMemory(b *testing.B) {
	folders := func(yield func(uint32, acl.ACL) bool) {
		lists := make([]acl.ACL, 0, million/100)
		for _, a := range corpus(million / 100) {
			lists = append(lists, a)
		}
		for i := range uint32(million) {
			if !yield(i, lists[i%(million/100)]) {
				return
			}
		}
	}
	for name, docs := range map[string]iter.Seq2[uint32, acl.ACL]{"distinct": corpus(million), "folders": folders} {
		for _, how := range []string{"bulk", "single"} {
			b.Run(name+"/"+how, func(b *testing.B) {
				for b.Loop() {
					before := heap()
					var x *acl.Index
					if how == "bulk" {
						x, _ = acl.BuildIndex(acl.Rules{}, docs)
					} else {
						x = acl.NewIndex(acl.Rules{})
						for i, a := range docs {
							x.PutAt(i, a)
						}
					}
					b.ReportMetric(float64(heap()-before)/million, "B/document")
					runtime.KeepAlive(x)
				}
			})
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	type doc struct {
		id string
		a  acl.ACL
	}
	docs := make([]doc, 0, million)
	for i, a := range corpus(million) {
		docs = append(docs, doc{documentID(i), a})
	}
	b.Run("ids", func(b *testing.B) {
		for b.Loop() {
			acl.BuildIndex(acl.Rules{}, func(yield func(string, acl.ACL) bool) {
				for _, d := range docs {
					yield(d.id, d.a)
				}
			})
		}
	})
	b.Run("ordinals", func(b *testing.B) {
		for b.Loop() {
			acl.BuildIndex(acl.Rules{}, func(yield func(uint32, acl.ACL) bool) {
				for i, d := range docs {
					yield(uint32(i), d.a)
				}
			})
		}
	})
}

func BenchmarkPut(b *testing.B) {
	x, err := acl.BuildIndex(acl.Rules{}, withIDs(corpus(million)))
	if err != nil {
		b.Fatal(err)
	}
	lists := make([]acl.ACL, 0, 100_000)
	for _, a := range corpus(200_000) {
		if list, ok := a.(acl.List); ok {
			lists = append(lists, append(list, acl.Allow.User("another")))
		}
	}
	rng := rand.New(rand.NewPCG(9, 10))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x.Put(documentID(rng.Uint32N(million)), lists[i%len(lists)])
	}
}

func BenchmarkLoad(b *testing.B) {
	ordinals, _ := acl.BuildIndex(acl.Rules{}, corpus(million))
	for name, x := range map[string]*acl.Index{"ids": bigIndex(), "ordinals": ordinals} {
		b.Run(name, func(b *testing.B) {
			var file bytes.Buffer
			x.WriteTo(&file)
			b.ReportMetric(float64(file.Len())/million, "B/document")
			for b.Loop() {
				if _, err := acl.NewIndex(acl.Rules{}).ReadFrom(bytes.NewReader(file.Bytes())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
