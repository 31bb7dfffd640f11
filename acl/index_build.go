package acl

import (
	"errors"
	"fmt"
	"iter"
)

// maxReported bounds the errors that BuildIndex joins.
const maxReported = 100

// BuildIndex returns an Index of many documents, keyed by id or by ordinal,
// faster than as many calls of [Index.Put] or [Index.PutAt]. Of two documents
// with one key the later counts.
//
// The Index can be used even with an error: that joins what Put would have
// returned for single documents, the first 100 of them and how many more.
func BuildIndex[K string | uint32](r Rules, docs iter.Seq2[K, ACL]) (*Index, error) {
	return buildIndex(r, &defaults, docs)
}

func buildIndex[K string | uint32](r Rules, t *tuning, docs iter.Seq2[K, ACL]) (*Index, error) {
	x := newIndex(r, t)
	x.lock()
	defer x.publish()
	var errs []error
	more := 0
	x.w.bulk, x.w.seen.growth = true, 1
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
	x.w.finish()
	if more > 0 {
		errs = append(errs, fmt.Errorf("acl: %d further documents are denied for such errors", more))
	}
	return x, errors.Join(errs...)
}

func (w *writer) put(key any, a ACL) error {
	if id, ok := key.(string); ok {
		return w.putID(id, a)
	}
	return w.putAt(key.(uint32), a)
}
