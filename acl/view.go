package acl

import (
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"sync"
	"sync/atomic"
)

// View is what one [Scope] sees of one state of an [Index]. Take one for each
// request: a View does not see later changes to the Index, so that a longer use
// shows a document for that much longer after its ACL has changed.
//
// A new View decides document by document. When so many decisions have been
// asked for that it pays, it finds all visible ACLs at once, and then all visible
// documents; one decision is then a read of one bit. The cost of a decision does
// not grow with the number of documents, nor that of the first ones with the
// number of names.
//
// A View is safe for concurrent use. A nil View and the zero View see nothing.
type View struct {
	documents atomic.Pointer[bitmap] // the visible ones; nil until it pays
	acls      atomic.Pointer[bitmap] // those that admit; likewise
	snap      *snapshot              // nil sees nothing
	scope     Scope
	names     callerNames
	public    bool // sees public documents
	refuse    bool // groups unknown: every DENY for a GROUP hits
	all       bool // sees everything

	making sync.Mutex   // of either bitmap
	spent  atomic.Int64 // the cost of the decisions made without the next bitmap
	pays   atomic.Int64 // from which cost on that may pay
}

// String tells how many documents there are, visible or not.
func (v *View) String() string {
	if v == nil || v.snap == nil {
		return "acl.View(nothing)"
	}
	return fmt.Sprintf("acl.View(%d documents)", v.snap.known)
}

// Format writes [View.String] for every verb.
func (v *View) Format(f fmt.State, _ rune) { io.WriteString(f, v.String()) }

// View returns what s sees of the present state of the Index. While that does not
// change, one who asks again with the same Scope, as for a next page, may get the
// same View, with the bitmaps that it has made.
func (x *Index) View(s Scope) *View {
	if s.kind == scopeNothing {
		return new(View)
	}
	now := x.state()
	slot := now.recent.slot(s)
	v := slot.Load()
	if v == nil || v.scope != s {
		v = newView(now.snapshot, s)
		slot.Store(v)
	}
	return v
}

func newView(snap *snapshot, s Scope) *View {
	v := &View{snap: snap, scope: s, public: s.seesPublic(), all: s.kind == scopeEverything}
	who := s.caller(snap.rules)
	v.names = newCallerNames(&snap.names, who)
	v.refuse = (*who).GroupsUnknown && !snap.rules.MissingGroupsMeanNone
	v.pays.Store(max(snap.tune.scan, v.leastCost()))
	return v
}

// state is what an Index is at some time. A View holds the snapshot alone, so that
// one that is kept does not keep others.
type state struct {
	*snapshot
	recent recentViews
}

// recentViews are some of the Views that were taken of a snapshot, at most 16, since
// each may have two bitmaps: a token that was seen before then costs a bit for each
// hit. They go when the Index changes.
type recentViews [16]atomic.Pointer[View]

var recentSeed = maphash.MakeSeed()

// slot returns where the View of s is, if it is one of them.
func (r *recentViews) slot(s Scope) *atomic.Pointer[View] {
	return &r[maphash.Comparable(recentSeed, s)%uint64(len(r))]
}

// Allowed reports whether the document with an id is visible. One that the Index
// does not know is not.
func (v *View) Allowed(id string) bool {
	if v == nil || v.snap == nil {
		return false
	}
	ordinal, ok := v.snap.ids.ordinal(id)
	return ok && v.AllowedAt(ordinal)
}

// AllowedAt reports whether the document with an ordinal is visible.
func (v *View) AllowedAt(ordinal uint32) bool {
	if v == nil {
		return false
	}
	if b := v.documents.Load(); b != nil {
		return b.has(ordinal)
	}
	return v.snap != nil && v.decide(ordinal)
}

// Count returns how many documents are visible.
func (v *View) Count() int {
	switch {
	case v == nil || v.snap == nil:
		return 0
	case v.all:
		return v.snap.known
	}
	return v.snap.count(*v.visibleACLs())
}

// All yields the ids of the visible documents, in the order of their ordinals.
// It passes over documents that have an ordinal alone; see [View.Ordinals].
func (v *View) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for ordinal := range v.Ordinals() {
			if id, ok := v.snap.id(ordinal); ok && !yield(id) {
				return
			}
		}
	}
}

// Ordinals yields the ordinals of the visible documents, ascending.
func (v *View) Ordinals() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if v == nil || v.snap == nil {
			return
		}
		for ordinal, acl := range v.snap.all() {
			if v.admits(acl) && !yield(ordinal) {
				return
			}
		}
	}
}
