package s3meta

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
)

// Bounds on what is read. They hold whatever Limits say.
const (
	maxKey      = 1024     // bytes of an object key
	maxMetadata = 1 << 20  // bytes of a metadata file
	maxACLFile  = 16 << 20 // bytes of the ACL configuration file
)

// Options say where things lie and how to read them. The zero value reads
// metadata files beside their documents and no ACL configuration file.
type Options struct {
	// Metadata is the key prefix of the metadata files, Kendra's
	// DocumentsMetadataConfiguration.S3Prefix: "Meta/" or "Meta". Metadata files
	// elsewhere are then ignored, and nothing under the prefix is a document. ""
	// is beside the document.
	Metadata string
	// ACLFile is the key of the ACL configuration file, Kendra's
	// AccessControlListConfiguration.KeyPath. "" is none.
	ACLFile string
	// Bucket is the name that a keyPrefix must have, byte for byte, to be about
	// these documents. Needed with ACLFile.
	Bucket string
	// Data is the key prefix of documents, an inclusion prefix of Kendra's. "" is
	// all keys.
	Data string
	// Rules is what the index is made with, too. Missing and DenyOnlyEveryone matter
	// here: MissingDefault is MissingPublic.
	Rules acl.Rules
	// LongestPrefixReplaces takes DENY entries, as ALLOW entries, from the
	// longest keyPrefix only.
	LongestPrefixReplaces bool
	// Resolver returns the ACL of an AccessControlConfigurationId; it is called
	// once for each id. An error or an invalid ACL hides the documents with that
	// id. Nil hides all that have one.
	Resolver func(id string) (acl.ACL, error)
	// Limits are Kendra's by default.
	Limits Limits
}

// Limits bound what is accepted. A zero field is Kendra's limit, a negative one
// is none.
type Limits struct {
	ACL      acl.Limits // of each list
	Prefixes int        // entries of the ACL configuration file; Kendra: 100
}

// Read reads the documents of fsys. It reads each metadata file once and no
// document at all; the work grows with the number of keys and the size of the
// metadata. Neither result is ever nil. Documents that a defect hides are part
// of the first, with an ACL that admits nobody.
func Read(fsys fs.FS, o Options) (*Documents, *Report) {
	r := &reader{fsys: fsys, Options: o, report: &Report{}, keys: newListing(), configurations: map[string]configuration{}}
	if !r.prepare() {
		return &Documents{}, r.report
	}
	r.list()
	if !r.metadataRootExists() {
		return &Documents{}, r.report
	}
	docs := r.documents()
	r.lint(docs)
	return &Documents{docs: docs}, r.report
}

type reader struct {
	fsys fs.FS
	Options
	report         *Report
	keys           *listing
	file           aclFile
	configurations map[string]configuration
}

// prepare checks the options and normalizes them. False is a slip that leaves
// nothing to read.
func (r *reader) prepare() bool {
	if r.Rules.Missing == acl.MissingDefault {
		r.Rules.Missing = acl.MissingPublic
	}
	if r.fsys == nil {
		r.defect("", "", "no file system is given")
		return false
	}
	if r.Metadata != "" {
		root := strings.TrimSuffix(r.Metadata, "/")
		if !fs.ValidPath(root) || root == "." {
			r.defect("Options.Metadata", "", "not a key prefix such as Meta/, without a leading slash")
			return false
		}
		r.Metadata = root + "/"
	}
	return true
}

// documents returns the documents in key order, each with the ACL in force.
func (r *reader) documents() []document {
	keys := r.keys.documents
	if len(keys) == 0 && r.Data != "" {
		r.defect("Options.Data", "", "no document has this key prefix")
	}
	r.file = r.readACLFile()
	docs := make([]document, len(keys))
	for i, p := range r.file.match(keys) {
		docs[i] = r.document(keys[i], p)
	}
	return docs
}

// document decides which ACL is in force for key, where p is the longest
// keyPrefix that applies, nil if none does.
func (r *reader) document(key string, p *prefix) document {
	d := document{key: key}
	file := r.Metadata + key + suffix
	switch {
	case r.keys.unknownAt(file):
		return d
	case r.keys.directories[file]:
		r.defect(file, "", "a directory, want a regular file")
		return d
	case r.keys.metadata[file]:
		var ok bool
		if d.metadata, ok = r.readMetadata(file); !ok {
			return d
		}
	}
	switch {
	case d.own != nil:
		d.acl = d.own
	case r.file.invalid:
	case p != nil && d.emptyList:
		r.defect(file, "/AccessControlList", "empty, which does not lift the keyPrefix that applies: name who may see the document, or remove the member")
	case p != nil && p.hides:
	case p != nil:
		d.prefix = p
	default:
		d.missing = true
		d.acl, _ = r.Rules.Document(nil, nil)
	}
	return d
}

func (r *reader) defect(file, path, reason string) {
	r.report.defects = append(r.report.defects, Defect{File: file, Path: path, Reason: reason})
}

// read returns the content of a regular file of at most limit bytes. The error
// does not name the file.
func (r *reader) read(name string, limit int) ([]byte, error) {
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	return data, nil
}

// unreadable drops the path that a file system puts into its errors.
func unreadable(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}
