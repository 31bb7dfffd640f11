package main

import (
	"os"
	"strings"
	"testing"
)

func callers() []caller {
	return []caller{newCaller(1, 10, false), newCaller(2, 100, false), newCaller(3, 1000, true)}
}

func furtherMakers() []maker {
	all := []maker{{name: "Bleve", make: newBleve, most: 1 << 20}}
	if url := os.Getenv("TOKENACL_POSTGRES"); url != "" {
		all = append(all, maker{name: "PostgreSQL", make: newPostgres(url), most: 1 << 20})
	}
	return all
}

// TestFurtherEnginesAgree has those that have to be asked for; [TestRun] has the
// others. That of PostgreSQL runs when TOKENACL_POSTGRES is its URL.
func TestFurtherEnginesAgree(t *testing.T) {
	for _, c := range []*corpus{newCorpus(400), newFolders(900)} {
		engines, err := buildAll(c, furtherMakers(), callers())
		if err != nil {
			t.Error(err)
		}
		if len(engines) == 0 {
			t.Error("no engine")
		}
		for _, e := range engines {
			e.close()
		}
	}
}

// TestDisagreement wants engines that are wrong found, and named.
func TestDisagreement(t *testing.T) {
	c := newCorpus(1000)
	who := callers()[:1]
	for _, tt := range []struct {
		name string
		bad  func(engine) engine
		want string
	}{
		{"all", func(e engine) engine {
			e.view = func(caller) view { return view{allowed: func(uint32) bool { return true }} }
			return e
		}, "is visible: true, want false"},
		{"none", func(e engine) engine {
			e.view = func(caller) view { return view{allowed: func(uint32) bool { return false }} }
			return e
		}, "is visible: false, want true"},
		{"loop", func(e engine) engine {
			of := e.view
			e.view = func(c caller) view { return view{of(c).allowed, func([]uint32, int) int { return 1 }} }
			return e
		}, "its loop sees 1 documents"},
		{"page", func(e engine) engine {
			e.page = func(_ caller, hits []uint32, most int) []uint32 { return hits[:most] }
			return e
		}, "the first page is"},
		{"filter", func(e engine) engine {
			e.filter = func(caller) set { return listed([]uint32{1}) }
			return e
		}, "the filter finds 1 documents"},
		{"guard", func(e engine) engine {
			public := *c
			public.terms, public.starts = nil, make([]uint32, 1001)
			e.corpus = &public
			e.view = func(caller) view { return view{allowed: func(uint32) bool { return true }} }
			return e
		}, "which proves nothing"},
	} {
		good, err := maker{name: "wrong", make: newMapLoop, over: true}.build(c)
		if err != nil {
			t.Fatal(err)
		}
		err = agree([]engine{good, tt.bad(good)}, who)
		if err == nil || !strings.Contains(err.Error(), "wrong disagrees") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want one that says %q", tt.name, err, tt.want)
		}
	}
}
