package acl

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Index holds the ACLs of many documents. To ask it for one request, take a
// [View]. It stores equal ACLs, and each name, once.
//
// Documents are known either by an id or, which needs less memory, by an
// ordinal of the caller's: the first [Index.Put] or [Index.PutAt] settles which.
// With ids, ordinals are given in the order of first arrival. An ordinal never
// passes to another id. Ordinals should be dense: those between that are not used
// take memory too, though little.
//
// All methods are safe for concurrent use. Those that read take no lock and wait
// for nobody; those that write wait for each other. The zero Index is empty and
// reads by the zero [Rules].
type Index struct {
	current atomic.Pointer[state] // nil before the first use of a zero Index
	mu      sync.Mutex
	w       *writer // guarded by mu; nil likewise
}

// NewIndex returns an empty Index whose ACLs are read by rules r.
func NewIndex(r Rules) *Index { return newIndex(r, &defaults) }

func newIndex(r Rules, t *tuning) *Index {
	x := &Index{w: newWriter(r, t)}
	x.lock()
	x.publish()
	return x
}

func (x *Index) state() *state {
	if x.current.Load() == nil { // a zero Index before its first use
		x.lock()
		x.publish()
	}
	return x.current.Load()
}

// load returns the current snapshot.
func (x *Index) load() *snapshot { return x.state().snapshot }

// Put stores the ACL of a document, in place of any that it had. Views taken
// before do not see the change.
//
// An invalid ACL is stored as one that admits nobody, and reported: a caller who
// ignores the error shows too little. So is an ACL for which there is no room,
// after 4 GiB of names or of ACLs. A document that cannot be stored (its id is
// empty, there is no room for the id, or this is an Index of ordinals) stays
// unknown, which is denied as well.
func (x *Index) Put(id string, a ACL) error {
	x.lock()
	defer x.publish()
	return x.w.putID(id, a)
}

// PutAt stores the ACL of a document by its ordinal, as [Index.Put] does by its
// id. In an Index of ids it needs the ordinal of a known document.
func (x *Index) PutAt(ordinal uint32, a ACL) error {
	x.lock()
	defer x.publish()
	return x.w.putAt(ordinal, a)
}

// Delete forgets a document: to views taken later it is unknown.
func (x *Index) Delete(id string) {
	x.lock()
	defer x.publish()
	if ordinal, acl := x.w.lookup(id); acl != aclUnknown {
		x.w.set(ordinal, aclUnknown)
	}
}

// DeleteAt forgets a document by its ordinal, as [Index.Delete] does by its id.
func (x *Index) DeleteAt(ordinal uint32) {
	x.lock()
	defer x.publish()
	x.w.set(ordinal, aclUnknown)
}

func (x *Index) lock() {
	x.mu.Lock()
	if x.w == nil {
		x.w = newWriter(Rules{}, &defaults)
	}
}

// publish ends what lock began: readers see the change from now on.
func (x *Index) publish() {
	x.w.tidy()
	s := x.w.snapshot
	x.current.Store(&state{snapshot: &s})
	x.mu.Unlock()
}

// String tells how many documents there are.
func (x *Index) String() string { return fmt.Sprintf("acl.Index(%d documents)", x.Len()) }

// Format writes [Index.String] for every verb.
func (x *Index) Format(f fmt.State, _ rune) { io.WriteString(f, x.String()) }

// Len returns the number of documents.
func (x *Index) Len() int { return x.load().known }

// Ordinal returns the ordinal of a document that is known by an id.
func (x *Index) Ordinal(id string) (ordinal uint32, ok bool) {
	ordinal, acl := x.load().lookup(id)
	if acl == aclUnknown {
		return 0, false
	}
	return ordinal, true
}

// ID returns the id of a document, false when it is unknown or has none.
func (x *Index) ID(ordinal uint32) (id string, ok bool) { return x.load().id(ordinal) }
