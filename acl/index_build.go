package acl

import (
	"errors"
	"fmt"
	"iter"
)

// maxReported bounds the errors that PutAll joins.
const maxReported = 100

// PutAll stores the ACLs of many documents by their ids: all at once for those
// who read, and into a new Index much faster than as many calls of [Index.Put].
// Of two documents with one id the later counts.
//
// All documents are stored even with an error: that joins what Put would have
// returned for each, the first 100 of them and how many more. Others who write
// wait until docs ends; docs itself must not write to the Index.
func (x *Index) PutAll(docs iter.Seq2[string, ACL]) error { return putAll(x, docs) }

// PutAllAt is [Index.PutAll] for documents known by ordinals.
func (x *Index) PutAllAt(docs iter.Seq2[uint32, ACL]) error { return putAll(x, docs) }

func putAll[K string | uint32](x *Index, docs iter.Seq2[K, ACL]) error {
	x.lock()
	defer x.publish()
	if x.w.end == 0 { // no View can have pages that are changed in place
		x.w.inBulk()
		defer x.w.finish()
	}
	var errs []error
	more := 0
	for key, a := range docs {
		err := x.w.put(key, a)
		switch {
		case err == nil:
		case len(errs) < maxReported:
			errs = append(errs, err)
		default:
			more++
		}
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("acl: %d further documents are denied for such errors", more))
	}
	return errors.Join(errs...)
}

func (w *writer) put(key any, a ACL) error {
	if id, ok := key.(string); ok {
		return w.putID(id, a)
	}
	return w.putAt(key.(uint32), a)
}
