package s3meta

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

const maxPrefixes = 100 // Kendra's quota

var (
	entryMembers = []string{"keyPrefix", "aclEntries"}
	scheme       = "s3://"
)

// aclFile is the ACL configuration file. The zero value is that of no file.
type aclFile struct {
	invalid  bool      // who may see documents without an ACL of their own is unknown
	prefixes []*prefix // those of our bucket, sorted by path, each path once
}

// readACLFile reads the ACL configuration file, where there is one.
func (r *reader) readACLFile() aclFile {
	if r.ACLFile == "" {
		return aclFile{}
	}
	if r.Bucket == "" {
		r.defect("Options.Bucket", "", "empty, want the bucket whose keyPrefix entries apply")
		return aclFile{invalid: true}
	}
	entries, err := r.parseACLFile()
	if err != nil {
		r.defectAt(r.ACLFile, "", err)
		return aclFile{invalid: true}
	}
	invalid := false
	var prefixes []*prefix
	for entry := range entries.Elements() {
		p, err := r.aclEntry(entry, fmt.Sprintf("/%d", len(prefixes)))
		if err != nil {
			r.defectAt(r.ACLFile, fmt.Sprintf("/%d", len(prefixes)), err)
			invalid = true
		}
		prefixes = append(prefixes, p)
	}
	if invalid {
		return aclFile{invalid: true}
	}
	return r.ours(prefixes)
}

func (r *reader) parseACLFile() (strictjson.Value, error) {
	data, err := r.read(r.ACLFile, maxACLFile)
	if err != nil {
		return strictjson.Value{}, err
	}
	v, err := strictjson.Parse(data, strictjson.Limits{Bytes: maxACLFile})
	if err != nil {
		return strictjson.Value{}, err
	}
	if v.Kind() != strictjson.Array {
		return strictjson.Value{}, &acl.Error{Reason: "want an array of objects with keyPrefix and aclEntries"}
	}
	limit := r.Limits.Prefixes
	if limit == 0 {
		limit = maxPrefixes
	}
	if limit > 0 && v.Len() > limit {
		return strictjson.Value{}, &acl.Error{Reason: fmt.Sprintf("%d keyPrefix entries, want at most %d; Options.Limits.Prefixes lifts this", v.Len(), limit)}
	}
	return v, nil
}

// aclEntry reads one entry. With an error its keyPrefix is unknown. A prefix
// that hides has a keyPrefix, and a defect that it reported at path.
func (r *reader) aclEntry(v strictjson.Value, path string) (*prefix, error) {
	p := &prefix{}
	value, _ := v.Get("keyPrefix") // of what is not an object: nothing
	s, _ := value.Str()
	rest, isURL := strings.CutPrefix(s, scheme)
	p.bucket, p.path, _ = strings.Cut(rest, "/")
	if !isURL || p.bucket == "" {
		return nil, &acl.Error{Path: "/keyPrefix", Reason: "want a string such as s3://bucket/prefix/"}
	}
	given := false
	for name, value := range v.Members() {
		var err error
		switch name {
		case "keyPrefix":
		case "aclEntries":
			given = true
			p.list, err = r.Limits.ACL.ParseList([]byte(value.Raw()))
			if err == nil && len(p.list) == 0 {
				err = &acl.Error{Reason: "no entries, want at least one"}
			}
		default:
			err = unknownMember(name, entryMembers)
		}
		if err != nil {
			r.defectAt(r.ACLFile, path+pointer(name), err)
			p.hides = true
		}
	}
	if !given {
		r.defect(r.ACLFile, path, "want the member aclEntries")
		p.hides = true
	}
	return p, nil
}

// ours keeps the entries about our bucket, sorted, equal ones concatenated.
func (r *reader) ours(all []*prefix) aclFile {
	var prefixes []*prefix
	for _, p := range all {
		if p.bucket != r.Bucket {
			r.find(PrefixOfOtherBucket, p.String(), "the bucket is not Options.Bucket: the entry applies to nothing")
			continue
		}
		prefixes = append(prefixes, p)
	}
	if len(prefixes) == 0 && len(all) > 0 {
		r.defect(r.ACLFile, "", "no keyPrefix has the bucket of Options.Bucket; correct the one or the other")
		return aclFile{invalid: true}
	}
	slices.SortStableFunc(prefixes, func(a, b *prefix) int { return strings.Compare(a.path, b.path) })
	return aclFile{prefixes: r.link(r.merge(prefixes))}
}

// merge concatenates the entries of equal prefixes.
func (r *reader) merge(sorted []*prefix) []*prefix {
	merged := sorted[:0]
	for _, p := range sorted {
		if n := len(merged); n > 0 && merged[n-1].path == p.path {
			r.find(PrefixRepeated, p.String(), "the keyPrefix is repeated: its entries are concatenated")
			merged[n-1].list = append(merged[n-1].list, p.list...)
			merged[n-1].hides = merged[n-1].hides || p.hides
			continue
		}
		merged = append(merged, p)
	}
	return merged
}
