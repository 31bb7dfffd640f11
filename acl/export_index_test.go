package acl

import (
	"io"
	"iter"
)

// Tuning brings rare events within the reach of tests.
type Tuning struct {
	Merge   int   // bytes of ACLs until the inverted index is extended
	Compact int   // garbage until the index is compacted
	Scan    int64 // cost of decisions until a bitmap is considered
	Limit   uint32
}

// Defaults are what users get.
func Defaults() Tuning {
	return Tuning{defaults.merge, defaults.compact, defaults.scan, defaults.limit}
}

func (t Tuning) tuning() *tuning { return &tuning{t.Merge, t.Compact, t.Scan, t.Limit} }

func NewTuned(r Rules, t Tuning) *Index { return newIndex(r, t.tuning()) }

func BuildTuned[K string | uint32](r Rules, t Tuning, docs iter.Seq2[K, ACL]) (*Index, error) {
	x := NewTuned(r, t)
	return x, putAll(x, docs)
}

// BuildIndex returns an Index of many documents, by ids or by ordinals.
func BuildIndex[K string | uint32](r Rules, docs iter.Seq2[K, ACL]) (*Index, error) {
	return BuildTuned(r, Defaults(), docs)
}

func ReadTuned(in io.Reader, r Rules, t Tuning) (*Index, error) {
	x := NewTuned(r, t)
	if _, err := x.ReadFrom(in); err != nil {
		return nil, err
	}
	return x, nil
}

// ReadIndex returns an Index that holds what was saved, nil with an error.
func ReadIndex(in io.Reader, r Rules) (*Index, error) { return ReadTuned(in, r, Defaults()) }

// Stats tell what an Index holds.
type Stats struct {
	Names, ACLs, IDs int // stored, those included that nothing uses any more
	Listed           int // ACLs in the inverted index
}

func (x *Index) Stats() Stats {
	s := x.load()
	return Stats{
		Names:  int(s.names.len()) - firstToken,
		ACLs:   int(s.acls.len()) - firstACL,
		IDs:    int(s.ids.len()),
		Listed: max(int(s.lists.mark)-firstACL, 0),
	}
}

// NewView is View for a caller whom no View was made for.
func (x *Index) NewView(s Scope) *View { return newView(x.load(), s) }

// Work is the cost of the decisions made without the next bitmap.
func (v *View) Work() int64 { return v.spent.Load() }

// Pays is the cost of decisions from which on it is looked whether a bitmap pays.
func (v *View) Pays() int64 { return v.pays.Load() }

// MayHave reports whether the filter of the caller's names lets a name pass.
func (v *View) MayHave(t Type, name string) bool {
	e := Entry{Type: t, Name: name}
	return mayHave(v.names.filter, v.snap.names.mark(kindOf(&e), name))
}

// Bitmaps reports which bitmaps there are.
func (v *View) Bitmaps() (acls, documents bool) {
	return v.acls.Load() != nil, v.documents.Load() != nil
}

// Prepare makes both bitmaps.
func (v *View) Prepare() {
	if v.snap == nil {
		return
	}
	v.visibleACLs()
	v.making.Lock()
	defer v.making.Unlock()
	v.makeDocuments()
}

// Folded is the form of a name that an Index stores.
func Folded(r Rules, name string) string { return r.fold(name) }

// AtOrdinal returns an empty Index of ids whose next ordinal is given.
func AtOrdinal(r Rules, next uint32) *Index {
	x := NewIndex(r)
	x.w.end = uint64(next)
	return x
}

// FilterWords is the size of the filter of the caller's names.
func (v *View) FilterWords() int { return len(v.names.filter) }

// State is what an Index was at some time.
type State struct{ s *snapshot }

func (x *Index) State() State { return State{x.load()} }

// Replaced tells how many groups of pages x has anew, and whether its lists are.
func (s State) Replaced(x *Index) (groups int, lists bool) {
	now := x.load()
	for _, p := range [][2]pages{{s.s.docs, now.docs}, {s.s.uses, now.uses}} {
		for i, g := range p[1] {
			if i >= len(p[0]) || p[0][i] != g {
				groups++
			}
		}
	}
	return groups, s.s.lists != now.lists
}
