package s3meta

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// suffix ends the name of a metadata file.
const suffix = ".metadata.json"

// listing is what the keys alone tell.
type listing struct {
	documents   []string        // sorted
	metadata    map[string]bool // metadata files where metadata files belong
	directories map[string]bool // those named as metadata files are
	unknown     map[string]bool // what is at or below these keys cannot be told
	strays      []string        // files that are neither document nor metadata file
	begun       bool            // the walk has met its first directory
	rootSeen    bool            // the directory of Options.Metadata
}

func newListing() *listing {
	return &listing{metadata: map[string]bool{}, directories: map[string]bool{}, unknown: map[string]bool{}}
}

// list walks the file system.
func (r *reader) list() {
	_ = fs.WalkDir(r.fsys, ".", r.visit) // visit reports errors and returns none
	slices.Sort(r.keys.documents)
}

func (r *reader) visit(key string, d fs.DirEntry, err error) error {
	next := error(nil)
	if d == nil || d.IsDir() {
		next = fs.SkipDir
	}
	switch {
	case err != nil:
		r.unknown(key, unreadable(err).Error())
		return next
	case !r.keys.begun:
		r.keys.begun = true
		return nil
	case !r.concerns(key, d.Type()):
		return next
	case key == "." || path.Base(key) != d.Name() || d.Name() == "..":
		r.misnamed(key, d.Name())
		return next
	case !utf8.ValidString(key):
		r.unknown(key, "the key is not valid UTF-8")
		return next
	case len(key) > maxKey:
		r.unknown(key, "the key is longer than 1024 bytes")
		return next
	case d.IsDir():
		r.keys.rootSeen = r.keys.rootSeen || key+"/" == r.Metadata
		if strings.HasSuffix(key, suffix) {
			r.keys.directories[key] = true
		}
	case d.Type().IsRegular():
		r.sort(key)
	case key != r.ACLFile || endsLikeMetadata(key):
		r.unknown(key, "a symbolic link or special file, want a regular file or directory")
	}
	return nil
}

// unknown reports a key at or below which documents and metadata stay unknown.
func (r *reader) unknown(key, reason string) {
	r.keys.unknown[key] = true
	r.defect(key, "", reason)
}

// misnamed reports an entry whose name is no element of a path: "" of "docs//a",
// ".." of "docs/../a". To walk on from the key that it was joined to would not end.
// Such objects are no documents, and no metadata files of any.
func (r *reader) misnamed(key, name string) {
	r.defect(key, "", "has an object under it whose key is no path: an element is empty, . or ..")
	if strings.Contains(name, "/") { // a path, which the file system should not give
		r.keys.unknown[key] = true
	}
}

// concerns reports whether a key is, or may hold, a document or its metadata.
func (r *reader) concerns(key string, t fs.FileMode) bool {
	for _, want := range [...]string{r.Data, r.Metadata + r.Data} {
		if strings.HasPrefix(key, want) {
			return true
		}
		if !t.IsRegular() && strings.HasPrefix(want, key+"/") {
			return true
		}
	}
	return false
}

// sort files the key of a regular file.
func (r *reader) sort(key string) {
	inside := strings.HasPrefix(key, r.Metadata) // always true without a prefix
	switch {
	case inside && strings.HasSuffix(key, suffix):
		r.keys.metadata[key] = true
	case key == r.ACLFile:
	case inside && r.Metadata != "", endsLikeMetadata(key):
		r.keys.strays = append(r.keys.strays, key)
	default:
		r.keys.documents = append(r.keys.documents, key)
	}
}

// endsLikeMetadata takes metadata files in a wrong place or case for what they
// are: as documents they would show who may see what.
func endsLikeMetadata(key string) bool {
	n := len(key) - len(suffix)
	return n >= 0 && strings.EqualFold(key[n:], suffix)
}

// unknownAt reports whether it is unknown what is at key.
func (l *listing) unknownAt(key string) bool {
	if len(l.unknown) == 0 || l.unknown["."] {
		return l.unknown["."]
	}
	for end := len(key); end > 0; end = strings.LastIndexByte(key[:end], '/') {
		if l.unknown[key[:end]] {
			return true
		}
	}
	return false
}

// metadataRootExists reports a prefix without anything under it, most likely a
// slip: every document would be taken for one without metadata.
func (r *reader) metadataRootExists() bool {
	if r.Metadata == "" || r.keys.rootSeen || r.keys.unknownAt(strings.TrimSuffix(r.Metadata, "/")) {
		return true
	}
	r.defect("Options.Metadata", "", "nothing has this key prefix; correct it, or leave it empty for metadata files beside their documents")
	return false
}
