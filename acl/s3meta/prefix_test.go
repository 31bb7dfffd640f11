package s3meta_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/s3meta"
)

// prefixEntry is an entry of an ACL configuration file, before it is JSON. No
// entries make it defective.
type prefixEntry struct {
	prefix  string
	entries []string
}

// naive looks at every entry for every document: the entries in force, whether
// the document is hidden, and how many prefixes apply.
func naive(key string, file []prefixEntry, replaces bool) (inForce []string, hidden bool, matches int) {
	longest := ""
	seen := map[string]bool{}
	for _, p := range file {
		if !strings.HasPrefix(key, p.prefix) {
			continue
		}
		seen[p.prefix] = true
		hidden = hidden || len(p.entries) == 0
		if len(p.prefix) > len(longest) {
			longest = p.prefix
		}
	}
	for _, p := range file {
		if !strings.HasPrefix(key, p.prefix) {
			continue
		}
		for _, e := range p.entries {
			if p.prefix == longest || e[0] == '-' && !replaces {
				inForce = append(inForce, entriesOf(e)[0].String())
			}
		}
	}
	return inForce, hidden, len(seen)
}

// Rules S3, S2: one pass over sorted prefixes and keys finds what looking at
// every prefix for every document does.
func TestPrefixesAgainstNaive(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "b", "ab", "aa", "é"})
	key := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments"), "/") + rapid.SampledFrom([]string{".t", ".u"}).Draw(t, "extension")
	})
	prefix := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "/", ".t", "ab/", "é"}), 0, 5).Draw(t, "prefix"), "")
	})
	entries := rapid.SliceOfN(rapid.SampledFrom([]string{"+g", "-g", "+h", "-h", "+@u", "-@u"}), 1, 4)
	var admitted, refused, hidden, public, nested, inherited int
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(key, 1, 8, rapid.ID).Draw(t, "keys")
		cut := rapid.Custom(func(t *rapid.T) string {
			k := []rune(rapid.SampledFrom(keys).Draw(t, "of"))
			return string(k[:rapid.IntRange(0, len(k)).Draw(t, "cut")])
		})
		prefixes := rapid.SliceOfN(rapid.OneOf(prefix, cut), 3, 9).Draw(t, "prefixes")
		replaces := rapid.Bool().Draw(t, "replaces")
		var file []prefixEntry
		var lines []string
		for _, p := range prefixes {
			e := entries.Draw(t, "entries")
			if rapid.IntRange(0, 9).Draw(t, "defective") == 9 {
				e = nil
			}
			file = append(file, prefixEntry{p, e})
			lines = append(lines, entry("s3://b/"+p, e...))
		}
		m := fstest.MapFS{"~acl": &fstest.MapFile{Data: []byte(aclFile(lines...))}}
		for _, k := range keys {
			m[k] = &fstest.MapFile{}
		}
		docs, report := s3meta.Read(m, s3meta.Options{ACLFile: "~acl", Bucket: "b", LongestPrefixReplaces: replaces})
		if docs.Len() != len(keys) {
			t.Fatalf("%d documents, want %d", docs.Len(), len(keys))
		}
		defective := false
		for _, k := range keys {
			d, _ := docs.Get(k)
			want, hide, matches := naive(k, file, replaces)
			switch {
			case hide:
				hidden, defective = hidden+1, true
				if d.ACL != nil {
					t.Fatalf("%s: %v, want nil", k, d.ACL)
				}
				continue
			case matches == 0:
				public++
				if d.ACL != acl.Public() {
					t.Fatalf("%s: %v, want a public document", k, d.ACL)
				}
				continue
			case matches > 1:
				nested++
			}
			list, _ := d.ACL.(acl.List)
			if diff := cmp.Diff(counted(want), counted(texts(list))); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", k, diff)
			}
			if len(list) > 0 && matches > 1 && !replaces {
				inherited++
			}
			if acl.Decide(acl.For(acl.Principal{User: "u", Groups: []string{"g"}}), d.ACL, acl.Rules{}).Allowed {
				admitted++
			} else {
				refused++
			}
		}
		if defective && report.Err() == nil {
			t.Fatal("a document is hidden and nothing is reported")
		}
	})
	seen := map[string]int{"admitted": admitted, "refused": refused, "hidden": hidden, "public": public, "nested": nested, "inherited": inherited}
	t.Log(seen)
	for what, n := range seen {
		if n < 5 {
			t.Errorf("%d documents %s: the comparison means little", n, what)
		}
	}
}

func texts(list acl.List) (s []string) {
	for _, e := range list {
		s = append(s, e.String())
	}
	return s
}

func counted(list []string) map[string]int {
	m := map[string]int{}
	for _, s := range list {
		m[s]++
	}
	return m
}

// BenchmarkRead shows that prefixes cost little beside documents: 10,000
// documents under one prefix, and under as many.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("prefixes=%d", n), func(b *testing.B) {
			m := fstest.MapFS{}
			var lines []string
			for i := range 10_000 {
				m[fmt.Sprintf("d/%d.txt", i)] = &fstest.MapFile{}
				if i < n {
					lines = append(lines, entry(fmt.Sprintf("s3://b/d/%d.txt", i), "+g", "-@u"))
				}
			}
			m["acl.json"] = &fstest.MapFile{Data: []byte(aclFile(lines...))}
			o := s3meta.Options{ACLFile: "acl.json", Bucket: "b", Limits: s3meta.Limits{Prefixes: -1}}
			b.ReportAllocs()
			for b.Loop() {
				if docs, report := s3meta.Read(m, o); docs.Len() != 10_000 || report.Err() != nil {
					b.Fatal(report, report.Err())
				}
			}
		})
	}
}
