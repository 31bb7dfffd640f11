package s3meta

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

// Documents are the documents of a bucket in the order of their keys. They are
// immutable and safe for concurrent use; whatever they hand out is a copy. The
// zero value has none.
type Documents struct {
	docs []document
}

// Document is one object of the bucket.
type Document struct {
	Key string // the object key, which identifies the document
	// ACL is what is in force. Nil, which admits nobody, hides the document for
	// a defect, or, under acl.MissingHidden, for want of an ACL.
	ACL acl.ACL
	// DocumentID, Title and ContentType are the metadata file's, "" where it has
	// none. Several documents may share a DocumentID.
	DocumentID, Title, ContentType string
	// Attributes are the metadata file's, each a string (dates too), a
	// json.Number or a []string; nil where it has none.
	Attributes map[string]any
}

// document is a Document before it is copied out.
type document struct {
	key string
	metadata
	acl     acl.ACL
	prefix  *prefix // where it is not nil, it has the ACL
	missing bool    // nothing gives it an ACL
}

// Len returns the number of documents, hidden ones included.
func (d *Documents) Len() int { return len(d.docs) }

// Get returns the document of a key, false if there is none.
func (d *Documents) Get(key string) (Document, bool) {
	i, ok := slices.BinarySearchFunc(d.docs, key, func(d document, key string) int { return strings.Compare(d.key, key) })
	if !ok {
		return Document{}, false
	}
	return d.docs[i].copy(), true
}

// All yields every document under its key, in the order of keys.
func (d *Documents) All() iter.Seq2[string, Document] {
	return func(yield func(string, Document) bool) {
		for i := range d.docs {
			if !yield(d.docs[i].key, d.docs[i].copy()) {
				return
			}
		}
	}
}

// ACLs yields the ACL of every document under its key, in the order of keys, for
// [acl.Index.PutAll]. A hidden document has the nil ACL, so that it is hidden in
// an index that knew another one, too. A document that is gone, or that lies where
// a defect leaves all unknown, is not among them: fill a new index, or delete from
// the old one what [Documents.Get] does not find.
func (d *Documents) ACLs() iter.Seq2[string, acl.ACL] {
	return func(yield func(string, acl.ACL) bool) {
		for i := range d.docs {
			if !yield(d.docs[i].key, d.docs[i].inForce()) {
				return
			}
		}
	}
}

func (d *document) copy() Document {
	return Document{
		Key: d.key, ACL: d.inForce(),
		DocumentID: d.id, Title: d.title, ContentType: d.contentType,
		Attributes: copyAttributes(d.attributes),
	}
}

// inForce returns a copy of the ACL.
func (d *document) inForce() acl.ACL {
	if d.prefix != nil {
		return d.prefix.acl()
	}
	return clone(d.acl)
}

func clone(a acl.ACL) acl.ACL {
	switch a := a.(type) {
	case acl.List:
		return slices.Clone(a)
	case acl.Hierarchy:
		levels := slices.Clone(a)
		for i := range levels {
			levels[i] = slices.Clone(levels[i])
		}
		return levels
	}
	return a
}

func copyAttributes(attributes map[string]any) map[string]any {
	attributes = maps.Clone(attributes)
	for name, value := range attributes {
		if list, ok := value.([]string); ok {
			attributes[name] = slices.Clone(list)
		}
	}
	return attributes
}
