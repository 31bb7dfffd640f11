package acl_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"pgregory.net/rapid"
)

// model is an Index beside the map that it should be like.
type model struct {
	rules    acl.Rules
	tuning   acl.Tuning
	index    *acl.Index
	docs     map[string]acl.ACL
	ordinals map[string]uint32 // of documents that are known
	used     map[uint32]string // all ordinals ever given
	scopes   []acl.Scope
	held     []heldView
	tally    *tally
	events   *events
}

// heldView is a View of an earlier state and what it should go on to say.
type heldView struct {
	view     *acl.View
	wants    map[string]acl.Decision
	ordinals map[string]uint32
}

// events counts what the sequences have brought about.
type events struct{ compacted, extended, revived, held, loaded, rebuilt int }

func (m *model) put(t *rapid.T) {
	id := fmt.Sprint("d", rapid.IntRange(0, 30).Draw(t, "id"))
	a := rapidMaker(t).acl()
	before := m.index.Stats()
	if err := m.index.Put(id, a); (err == nil) != ((acl.Rules{}).Validate(a) == nil) {
		t.Fatalf("Put says %v of %+v", err, a)
	}
	m.stored(t, id, a, before)
}

func (m *model) putAt(t *rapid.T) {
	id, ordinal, ok := m.known(t)
	a := rapidMaker(t).acl()
	if !ok {
		if err := m.index.PutAt(77, a); len(m.used) > 0 && err == nil {
			t.Fatal("PutAt accepts an ordinal without an id in an index of ids")
		} else if len(m.used) == 0 {
			m.index = acl.NewTuned(m.rules, m.tuning) // else it would be one of ordinals
		}
		return
	}
	before := m.index.Stats()
	if err := m.index.PutAt(ordinal, a); (err == nil) != ((acl.Rules{}).Validate(a) == nil) {
		t.Fatalf("PutAt says %v of %+v", err, a)
	}
	m.stored(t, id, a, before)
}

// stored notes that a document has an ACL now.
func (m *model) stored(t *rapid.T, id string, a acl.ACL, before acl.Stats) {
	m.count(before)
	ordinal, ok := m.index.Ordinal(id)
	if owner, again := m.used[ordinal]; !ok || again && owner != id {
		t.Fatalf("document %q got ordinal %d, which %q has had", id, ordinal, owner)
	}
	if was, known := m.ordinals[id]; known && was != ordinal {
		t.Fatalf("the ordinal of %q changes from %d to %d", id, was, ordinal)
	}
	if _, known := m.ordinals[id]; !known && m.used[ordinal] == id {
		m.events.revived++
	}
	m.docs[id], m.ordinals[id], m.used[ordinal] = a, ordinal, id
}

func (m *model) count(before acl.Stats) {
	after := m.index.Stats()
	if after.ACLs < before.ACLs || after.IDs < before.IDs {
		m.events.compacted++
	} else if after.Listed > before.Listed {
		m.events.extended++
	}
}

// known draws a document.
func (m *model) known(t *rapid.T) (id string, ordinal uint32, ok bool) {
	if len(m.docs) == 0 {
		return "", 0, false
	}
	id = rapid.SampledFrom(slices.Sorted(maps.Keys(m.docs))).Draw(t, "known")
	return id, m.ordinals[id], true
}

func (m *model) delete(t *rapid.T) {
	id, _, ok := m.known(t)
	before := m.index.Stats()
	m.index.Delete("no such document")
	if !ok {
		return
	}
	m.index.Delete(id)
	m.deleted(t, id, before)
}

func (m *model) deleteAt(t *rapid.T) {
	id, ordinal, ok := m.known(t)
	before := m.index.Stats()
	m.index.DeleteAt(1 << 20)
	if !ok {
		return
	}
	m.index.DeleteAt(ordinal)
	m.deleted(t, id, before)
}

func (m *model) deleted(t *rapid.T, id string, before acl.Stats) {
	m.count(before)
	ordinal := m.ordinals[id]
	if o, ok := m.index.Ordinal(id); ok || o != 0 {
		t.Fatalf("deleted document %q has ordinal %d", id, o)
	}
	if back, ok := m.index.ID(ordinal); ok || back != "" {
		t.Fatalf("deleted ordinal %d has id %q", ordinal, back)
	}
	if _, ok := m.index.WhoCanSee(id); ok || m.index.Explain(acl.Unrestricted(), id).Allowed || m.index.View(acl.Unrestricted()).AllowedAt(ordinal) {
		t.Fatalf("deleted document %q is known", id)
	}
	delete(m.docs, id)
	delete(m.ordinals, id)
}

func (m *model) hold(t *rapid.T) {
	s := rapid.SampledFrom(m.scopes).Draw(t, "scope")
	h := heldView{m.index.View(s), decideAll(m.docs, m.rules, s), maps.Clone(m.ordinals)}
	switch rapid.IntRange(0, 2).Draw(t, "prepare") {
	case 1:
		h.view.Count()
	case 2:
		h.view.Prepare()
	}
	m.held = append(m.held, h)
	m.events.held++
}

func (m *model) reload(t *rapid.T) {
	var file bytes.Buffer
	if n, err := m.index.WriteTo(&file); err != nil || n != int64(file.Len()) {
		t.Fatalf("WriteTo: %d bytes of %d, %v", n, file.Len(), err)
	}
	var err error
	if m.index, err = acl.ReadTuned(&file, m.rules, m.tuning); err != nil {
		t.Fatal(err)
	}
	m.events.loaded++
}

func (m *model) rebuild(*rapid.T) {
	m.index, _ = acl.BuildTuned(m.rules, m.tuning, maps.All(m.docs))
	clear(m.ordinals)
	clear(m.used)
	for id := range m.docs {
		m.ordinals[id], _ = m.index.Ordinal(id)
		m.used[m.ordinals[id]] = id
	}
	m.events.rebuilt++
}

func (m *model) check(t *rapid.T) {
	s := rapid.SampledFrom(m.scopes).Draw(t, "asks")
	agree(t, m.index, m.docs, m.rules, []acl.Scope{s}, m.tally)
	for _, h := range m.held {
		viewAgrees(t, h.view, h.wants, func(id string) uint32 { return h.ordinals[id] })
	}
	if len(m.held) > 4 {
		m.held = m.held[1:]
	}
}

// An Index says what a map and Decide say, after any changes; Views go on to say
// what they said before them.
//
// Rules A2, A8
func TestIndexModel(t *testing.T) {
	n, e := newTally(), new(events)
	rapid.Check(t, func(t *rapid.T) {
		maker := rapidMaker(t)
		m := &model{
			rules: maker.rules(), tuning: of(maker, tunings), scopes: maker.scopes(5),
			docs: map[string]acl.ACL{}, ordinals: map[string]uint32{}, used: map[uint32]string{}, tally: n, events: e,
		}
		m.index = acl.NewTuned(m.rules, m.tuning)
		t.Repeat(map[string]func(*rapid.T){
			"put": m.put, "put again": m.put, "put more": m.put, "put at": m.putAt, "delete": m.delete, "delete at": m.deleteAt,
			"hold": m.hold, "reload": m.reload, "rebuild": m.rebuild, "": m.check,
		})
	})
	t.Logf("%+v", *e)
	if e.compacted == 0 || e.extended == 0 || e.revived == 0 || e.held == 0 || e.loaded == 0 || e.rebuilt == 0 {
		t.Errorf("not all events happened: %+v", *e)
	}
}

// The same for documents that have ordinals alone, far apart.
//
// Rules A2, A8
func TestIndexModelOrdinals(t *testing.T) {
	decisions := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		m := rapidMaker(t)
		r, tune := m.rules(), of(m, tunings)
		x := acl.NewTuned(r, tune)
		docs := map[uint32]acl.ACL{}
		ordinal := func() uint32 {
			return of(m, []uint32{0, 1, 127, 128, 129, 16_383, 16_384, 1 << 20, 1<<20 + 1, 3_000_000}) + uint32(m.pick(3))
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				o, a := ordinal(), m.acl()
				if err := x.PutAt(o, a); (err == nil) != ((acl.Rules{}).Validate(a) == nil) {
					t.Fatalf("PutAt says %v of %+v", err, a)
				}
				docs[o] = a
			},
			"delete": func(*rapid.T) {
				o := ordinal()
				x.DeleteAt(o)
				delete(docs, o)
			},
			"build": func(*rapid.T) { x, _ = acl.BuildTuned(r, tune, maps.All(docs)) },
			"reload": func(t *rapid.T) {
				var file bytes.Buffer
				x.WriteTo(&file)
				var err error
				if x, err = acl.ReadTuned(&file, r, tune); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				s := m.scope()
				ordinalsAgree(t, x, docs, r, s, decisions)
			},
		})
	})
	t.Log(decisions)
	if decisions[true] == 0 || decisions[false] == 0 {
		t.Error("all decisions are alike")
	}
}

func ordinalsAgree(t fataler, x *acl.Index, docs map[uint32]acl.ACL, r acl.Rules, s acl.Scope, n map[bool]int) {
	t.Helper()
	v, prepared := x.View(s), x.NewView(s)
	prepared.Prepare()
	var visible []uint32
	for _, o := range slices.Sorted(maps.Keys(docs)) {
		want := acl.Decide(s, docs[o], r).Allowed
		n[want]++
		if v.AllowedAt(o) != want || prepared.AllowedAt(o) != want || x.ExplainAt(s, o).Allowed != want {
			t.Fatalf("ordinal %d: want %t", o, want)
		}
		if id, ok := x.ID(o); ok || id != "" {
			t.Fatalf("ordinal %d has id %q", o, id)
		}
		if want {
			visible = append(visible, o)
		}
	}
	for _, o := range []uint32{5, 130, 1 << 21, 1<<32 - 1} {
		if _, known := docs[o]; !known && (v.AllowedAt(o) || prepared.AllowedAt(o)) {
			t.Fatalf("unknown ordinal %d is visible", o)
		}
	}
	if got := slices.Collect(v.Ordinals()); !slices.Equal(got, visible) || v.Count() != len(visible) || x.Len() != len(docs) {
		t.Fatalf("ordinals %v, count %d, want %v; %d of %d documents", got, v.Count(), visible, x.Len(), len(docs))
	}
	for id := range v.All() {
		t.Fatalf("id %q in an index of ordinals", id)
	}
}
