package acl_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"pgregory.net/rapid"
)

// fataler is what testing.T, testing.F and rapid.T share.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// tally counts what was compared, so that a test can tell that it has compared
// denials and permissions of every kind.
type tally struct {
	reasons   [2]map[acl.Reason]int // by denied, allowed
	scopes    map[string]int
	audiences int
}

func newTally() *tally {
	return &tally{reasons: [2]map[acl.Reason]int{{}, {}}, scopes: map[string]int{}}
}

// agree compares all that an Index says with what Decide says of the documents
// that it should hold.
func agree(t fataler, x *acl.Index, docs map[string]acl.ACL, r acl.Rules, scopes []acl.Scope, n *tally) {
	t.Helper()
	if x.Len() != len(docs) {
		t.Fatalf("Len is %d, want %d", x.Len(), len(docs))
	}
	for _, s := range scopes {
		n.scopes[s.String()[:8]]++
		wants := decideAll(docs, r, s)
		for id, want := range wants {
			explains(t, x, s, id, docs[id], r, want, n)
		}
		if d := x.Explain(s, "no such document"); d.Allowed || d.Reason != acl.ReasonUnknownDocument {
			t.Fatalf("unknown document: %v", d)
		}
		ordinal := func(id string) uint32 {
			o, ok := x.Ordinal(id)
			if !ok {
				t.Fatalf("document %q has no ordinal", id)
			}
			return o
		}
		viewAgrees(t, x.NewView(s), wants, ordinal)
		v := x.View(s)
		v.Prepare()
		viewAgrees(t, v, wants, ordinal)
	}
}

func decideAll(docs map[string]acl.ACL, r acl.Rules, s acl.Scope) map[string]acl.Decision {
	wants := make(map[string]acl.Decision, len(docs))
	for id, a := range docs {
		wants[id] = acl.Decide(s, a, r)
	}
	return wants
}

// viewAgrees compares a View with Decide, by id, by ordinal, one by one, some together
// and all at once.
func viewAgrees(t fataler, v *acl.View, wants map[string]acl.Decision, ordinal func(id string) uint32) {
	t.Helper()
	pageAgrees(t, v, wants, ordinal) // while there is no bitmap, unless v was prepared
	decide := func() (visible []string) {
		for id, want := range wants {
			if got, gotAt := v.Allowed(id), v.AllowedAt(ordinal(id)); got != want.Allowed || gotAt != want.Allowed {
				t.Fatalf("document %q: allowed %t by id, %t by ordinal, want %v", id, got, gotAt, want)
			}
			if want.Allowed {
				visible = append(visible, id)
			}
		}
		slices.Sort(visible)
		return visible
	}
	first, count := decide(), v.Count() // Count makes a bitmap
	visible := decide()
	pageAgrees(t, v, wants, ordinal)
	if v.Allowed("") || v.Allowed("no such document") || v.AllowedAt(1<<31) || v.AllowedAt(1<<32-1) {
		t.Fatalf("unknown documents are visible")
	}
	if count != len(visible) || !slices.Equal(first, visible) {
		t.Fatalf("Count is %d, want %d", count, len(visible))
	}
	all, at := slices.Collect(v.All()), slices.Collect(v.Ordinals())
	if !slices.IsSorted(at) || len(at) != len(all) {
		t.Fatalf("ordinals %v of documents %q", at, all)
	}
	for i, id := range all {
		if at[i] != ordinal(id) {
			t.Fatalf("document %q has ordinal %d, want %d", id, ordinal(id), at[i])
		}
	}
	slices.Sort(all)
	if !slices.Equal(all, visible) {
		t.Fatalf("All is %q, want %q", all, visible)
	}
}

// pageAgrees compares a page of all documents, with unknown ones among them, with
// Decide.
func pageAgrees(t fataler, v *acl.View, wants map[string]acl.Decision, ordinal func(id string) uint32) {
	t.Helper()
	const unknown = "no such document"
	var hits, want []string
	for i, id := range slices.Sorted(maps.Keys(wants)) {
		if i%5 == 3 {
			hits = append(hits, unknown)
		}
		if hits = append(hits, id); wants[id].Allowed {
			want = append(want, id)
		}
	}
	hits = append(hits, unknown, "")
	if got := acl.Page(v, slices.Values(hits), same, len(hits)); !slices.Equal(got, want) {
		t.Fatalf("page by id: %q, want %q", got, want)
	}
	at := func(id string) uint32 {
		if _, ok := wants[id]; !ok {
			return 1<<32 - 1 - uint32(len(id))
		}
		return ordinal(id)
	}
	if got := acl.Page(v, slices.Values(hits), at, len(hits)); !slices.Equal(got, want) {
		t.Fatalf("page by ordinal: %q, want %q", got, want)
	}
}

// explains compares Explain and WhoCanSee with Decide for one document.
func explains(t fataler, x *acl.Index, s acl.Scope, id string, a acl.ACL, r acl.Rules, want acl.Decision, n *tally) {
	t.Helper()
	got := x.Explain(s, id)
	ordinal, ok := x.Ordinal(id)
	if back, known := x.ID(ordinal); !ok || !known || back != id {
		t.Fatalf("the id of ordinal %d is %q, want %q", ordinal, back, id)
	}
	if again := x.ExplainAt(s, ordinal); again != got {
		t.Fatalf("explained by ordinal: %v, by id: %v", again, got)
	}
	n.reasons[b2i(got.Allowed)][got.Reason]++
	if got.Reason == acl.ReasonDenied || got.Reason == acl.ReasonAllowed || got.Reason == acl.ReasonGroupsUnknown {
		// Which of several entries is told is left open, but it must say so alone.
		if alone := acl.Decide(s, acl.List{got.Entry}, r).Reason; alone != got.Reason || !hasEntry(a, got.Level, got.Entry, r) {
			t.Fatalf("%v explains %v of %+v, which comes to reason %d", s, got, a, alone)
		}
	}
	if got.Reason != want.Reason || got.Allowed != want.Allowed || got.Level != want.Level {
		t.Fatalf("%v explains %v (level %d), want %v (level %d)\nrules %+v\nACL %+v", s, got, got.Level, want, want.Level, r, a)
	}
	audience, ok := x.WhoCanSee(id)
	if again, okAt := x.WhoCanSeeAt(ordinal); !ok || !okAt || !reflect.DeepEqual(audience, again) {
		t.Fatalf("who can see: by id %+v %t, by ordinal %+v %t", audience, ok, again, okAt)
	}
	if s != (acl.Scope{}) && s != acl.Unrestricted() {
		n.audiences++
		if admits(audience, s, r) != want.Allowed {
			t.Fatalf("%v, want %t, in audience %+v\nrules %+v\nACL %+v", s, want.Allowed, audience, r, a)
		}
	}
}

// admits reads an Audience as its doc says.
func admits(a acl.Audience, s acl.Scope, r acl.Rules) bool {
	for _, e := range a.Denied {
		if reason := acl.Decide(s, acl.List{e}, r).Reason; reason == acl.ReasonDenied || reason == acl.ReasonGroupsUnknown {
			return false
		}
	}
	for _, list := range a.Allowed {
		if !acl.Decide(s, list, r).Allowed {
			return false
		}
	}
	return len(a.Allowed) > 0 || a.Everyone && acl.Decide(s, acl.Public(), r).Allowed
}

// hasEntry reports whether e is in a level of a, which counts from 1.
func hasEntry(a acl.ACL, level int, e acl.Entry, r acl.Rules) bool {
	levels, _ := a.(acl.Hierarchy)
	if list, ok := a.(acl.List); ok {
		levels = acl.Hierarchy{list}
	}
	return slices.ContainsFunc(levels[level-1], func(f acl.Entry) bool {
		f.Name = acl.Folded(r, f.Name)
		return f == e
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// check fails unless every way to decide was met.
func (n *tally) check(t *testing.T) {
	t.Helper()
	t.Logf("%v, scopes %v, %d audiences", n.reasons, n.scopes, n.audiences)
	denied := []acl.Reason{
		acl.ReasonNoScope, acl.ReasonNobody, acl.ReasonNotAllowed, acl.ReasonDenied, acl.ReasonGroupsUnknown,
		acl.ReasonPublic, acl.ReasonNotDenied,
	}
	allowed := []acl.Reason{acl.ReasonAllowed, acl.ReasonPublic, acl.ReasonNotDenied, acl.ReasonUnrestricted}
	for i, reasons := range [][]acl.Reason{denied, allowed} {
		for _, reason := range reasons {
			if n.reasons[i][reason] == 0 {
				t.Errorf("no decision had reason %d and allowed %t", reason, i == 1)
			}
		}
	}
	if len(n.scopes) < 4 || n.audiences == 0 {
		t.Error("some scopes or audiences were not met")
	}
}

// tunings make merges, compactions and bitmaps happen at once, now and then, and
// never.
var tunings = []acl.Tuning{
	{Merge: -1, Compact: 0, Scan: 1, Limit: 1 << 30},
	{Merge: 60, Compact: 10, Scan: 300, Limit: 1 << 30},
	acl.Defaults(),
}

// sample is a number of documents and callers.
type sample struct {
	rules  acl.Rules
	docs   map[string]acl.ACL
	scopes []acl.Scope
	tuning acl.Tuning
}

func (m maker) sample() sample {
	s := sample{rules: m.rules(), docs: map[string]acl.ACL{}, tuning: of(m, tunings)}
	for i := range 1 + m.pick(60) {
		s.docs[fmt.Sprintf("d%02d", i)] = m.acl()
	}
	s.scopes = m.scopes(6)
	return s
}

// compareWays compares an Index made by Put, one made in bulk and one read from a file.
func (s sample) compareWays(t fataler, n *tally) {
	t.Helper()
	x := acl.NewTuned(s.rules, s.tuning)
	for id, a := range s.docs {
		if err := x.Put(id, a); (err == nil) != ((acl.Rules{}).Validate(a) == nil) {
			t.Fatalf("Put says %v of %+v", err, a)
		}
	}
	agree(t, x, s.docs, s.rules, s.scopes, n)
	built, _ := acl.BuildTuned(s.rules, s.tuning, maps.All(s.docs))
	agree(t, built, s.docs, s.rules, s.scopes, n)
	var file bytes.Buffer
	if _, err := x.WriteTo(&file); err != nil {
		t.Fatalf("%v", err)
	}
	saved := file.String()
	loaded, err := acl.ReadTuned(&file, s.rules, s.tuning)
	if err != nil {
		t.Fatalf("%v", err)
	}
	agree(t, loaded, s.docs, s.rules, s.scopes, n)
	if loaded.WriteTo(&file); file.String() != saved {
		t.Fatalf("a loaded index saves another file")
	}
}

// An Index decides as Decide does, however it was made.
//
// Rules A1, A2, A3, A4, A5, A7, A8
func TestIndexAgrees(t *testing.T) {
	n := newTally()
	for seed := range uint64(rounds(150)) {
		rng := rand.New(rand.NewPCG(seed, 1))
		maker{rng.IntN}.sample().compareWays(t, n)
	}
	n.check(t)
}

// The same, with documents and callers that shrink to the least that fails.
func TestIndexAgreesRapid(t *testing.T) {
	n := newTally()
	rapid.Check(t, func(t *rapid.T) { rapidMaker(t).sample().compareWays(t, n) })
}

// rounds is n, or a tenth under the race detector: for tests of one goroutine, in
// which it has nothing to find and ten times the work.
func rounds(n int) int {
	info, _ := debug.ReadBuildInfo()
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return max(n/10, 1)
	}
	return n
}

// Rules A1, A8: for any documents and callers.
func FuzzIndexAgrees(f *testing.F) {
	for seed := range uint64(60) {
		rng := rand.NewPCG(seed, 2)
		data := make([]byte, 50*(1+seed%30))
		for i := range data {
			data[i] = byte(rng.Uint64())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		byteMaker(data).sample().compareWays(t, newTally())
	})
}
