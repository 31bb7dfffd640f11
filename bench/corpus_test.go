package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

// TestCorpus holds the inputs to what they are said to be.
func TestCorpus(t *testing.T) {
	const n = 20_000
	c := newCorpus(n)
	var entries, denies, groups, public int
	seen := map[string]bool{}
	for i, a := range c.all() {
		list, ok := a.(acl.List)
		if !ok {
			public++
			continue
		}
		if len(list) < 1 || len(list) > longest {
			t.Fatalf("document %d has %d entries", i, len(list))
		}
		key := slices.Clone(c.list(int(i)))
		slices.Sort(key)
		if text := fmt.Sprint(slices.Compact(key)); seen[text] {
			t.Errorf("document %d has the ACL of another", i)
		} else {
			seen[text] = true
		}
		for _, e := range list {
			entries++
			if e.Access == acl.Deny {
				denies++
			}
			if e.Type == acl.Group {
				groups++
			}
		}
	}
	share := func(what string, part, of, percent int) {
		if got := float64(part) * 100 / float64(of); got < float64(percent)-0.5 || got > float64(percent)+0.5 {
			t.Errorf("%s are %.1f %%, want %d %%", what, got, percent)
		}
	}
	share("denials", denies, entries, percentDeny)
	share("groups", groups, entries, percentGroups)
	share("public documents", public, n, percentPublic)
	if mean := float64(entries) / float64(n-public); mean < 10.3 || mean > 10.7 {
		t.Errorf("%.2f entries to an ACL, want 10.5", mean)
	}
}

// TestCorpusRepeats wants the same each time, and small ones to begin large ones.
func TestCorpusRepeats(t *testing.T) {
	large, small := newCorpus(2_000), newCorpus(500)
	if first := large.first(500); !slices.Equal(first.terms, small.terms) || !slices.Equal(first.starts, small.starts) || first.documents != 500 {
		t.Error("a small corpus is not the beginning of a large one")
	}
	folders := newFolders(2_000)
	if folders.lists() != 2_000/perFolder || folders.documents != 2_000 || !slices.Equal(folders.list(3), folders.list(3+folders.lists())) {
		t.Errorf("%d documents have %d ACLs", folders.documents, folders.lists())
	}
	if a, b := newCaller(1, 100, true), newCaller(1, 100, true); !slices.Equal(a.groups, b.groups) || len(a.groups) != 100 {
		t.Error("a caller differs from itself")
	}
}
