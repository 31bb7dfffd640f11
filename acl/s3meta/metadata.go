package s3meta

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// The members of a metadata file that give the document an ACL of its own.
const (
	memberList          = "AccessControlList"
	memberLevels        = "HierarchicalAccessControlList"
	memberConfiguration = "AccessControlConfigurationId"
)

var metadataMembers = []string{"DocumentId", "Attributes", memberList, memberLevels, memberConfiguration, "Title", "ContentType"}

// metadata is what a metadata file says.
type metadata struct {
	id, title, contentType string
	attributes             map[string]any

	own       acl.ACL // nil if the file gives none
	emptyList bool    // AccessControlList is []
}

// aclMembers are the three members before one of them becomes metadata.own.
type aclMembers struct {
	given         []string
	list          acl.List
	levels        acl.Hierarchy
	configuration string
}

// readMetadata returns false when a defect of the file hides its document.
func (r *reader) readMetadata(file string) (metadata, bool) {
	data, err := r.read(file, maxMetadata)
	if err != nil {
		r.defect(file, "", err.Error())
		return metadata{}, false
	}
	v, err := strictjson.Parse(data, strictjson.Limits{Bytes: maxMetadata})
	if err != nil {
		r.defect(file, "", err.Error())
		return metadata{}, false
	}
	if v.Kind() != strictjson.Object {
		r.defect(file, "", "want an object")
		return metadata{}, false
	}
	before := len(r.report.defects)
	var m metadata
	var who aclMembers
	for name, value := range v.Members() {
		if err := r.member(&m, &who, name, value); err != nil {
			r.defectAt(file, pointer(name), err)
		}
	}
	if len(r.report.defects) == before {
		if err := r.own(&m, who); err != nil {
			r.defectAt(file, "", err)
		}
	}
	return m, len(r.report.defects) == before
}

// member reads one member; the path of an error starts at its value.
func (r *reader) member(m *metadata, who *aclMembers, name string, v strictjson.Value) (err error) {
	switch name {
	case "DocumentId":
		m.id, err = str(v)
	case "Title":
		m.title, err = str(v)
	case "ContentType":
		m.contentType, err = str(v)
	case "Attributes":
		m.attributes, err = attributes(v)
	case memberList:
		who.given = append(who.given, name)
		who.list, err = r.Limits.ACL.ParseList([]byte(v.Raw()))
	case memberLevels:
		who.given = append(who.given, name)
		who.levels, err = r.Limits.ACL.ParseHierarchy([]byte(v.Raw()))
	case memberConfiguration:
		who.given = append(who.given, name)
		who.configuration, err = configurationID(v)
	default:
		err = unknownMember(name, metadataMembers)
	}
	return err
}

// own sets the ACL that the file gives its document.
func (r *reader) own(m *metadata, who aclMembers) (err error) {
	if len(who.given) > 1 {
		return &acl.Error{Reason: strings.Join(who.given, " and ") + " are both given; use one"}
	}
	switch {
	case who.configuration != "":
		m.own, err = r.resolve(who.configuration)
	case len(who.list) > 0 || len(who.levels) > 0:
		m.own, err = r.Rules.Document(who.list, who.levels)
	default:
		m.emptyList = len(who.given) > 0
	}
	return err
}

type configuration struct {
	acl acl.ACL
	err error
}

// resolve asks the Resolver for each id once.
func (r *reader) resolve(id string) (acl.ACL, error) {
	c, known := r.configurations[id]
	if !known {
		c.acl, c.err = r.ask(id)
		r.configurations[id] = c
	}
	return c.acl, c.err
}

func (r *reader) ask(id string) (acl.ACL, error) {
	path := "/" + memberConfiguration
	if r.Resolver == nil {
		return nil, &acl.Error{Path: path, Reason: "needs Options.Resolver, which is not given"}
	}
	a, err := r.Resolver(id)
	if err == nil && a == nil {
		err = errors.New("no ACL")
	}
	if err == nil {
		err = r.Rules.Validate(a)
	}
	if err != nil {
		return nil, &acl.Error{Path: path, Reason: "cannot be resolved: " + err.Error()}
	}
	return clone(a), nil
}

func configurationID(v strictjson.Value) (string, error) {
	s, ok := v.Str()
	ok = ok && len(s) >= 1 && len(s) <= 36
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-'
	}
	if !ok {
		return "", &acl.Error{Reason: "want a string of 1 to 36 of A-Z, a-z, 0-9 and -"}
	}
	return s, nil
}

func str(v strictjson.Value) (string, error) {
	s, ok := v.Str()
	if !ok {
		return "", &acl.Error{Reason: "want a string"}
	}
	return s, nil
}

// attributes keeps Kendra's types: a string (or date), a number, a string list.
func attributes(v strictjson.Value) (map[string]any, error) {
	if v.Kind() != strictjson.Object {
		return nil, &acl.Error{Reason: "want an object"}
	}
	m := make(map[string]any, v.Len())
	for name, value := range v.Members() {
		switch value.Kind() {
		case strictjson.String:
			m[name], _ = value.Str()
		case strictjson.Number:
			literal, _ := value.Number()
			m[name] = json.Number(literal)
		case strictjson.Array:
			list, err := stringList(value)
			if err != nil {
				return nil, &acl.Error{Path: pointer(name), Reason: err.Error()}
			}
			m[name] = list
		default:
			return nil, &acl.Error{Path: pointer(name), Reason: "want a string, a number or an array of strings"}
		}
	}
	return m, nil
}

func stringList(v strictjson.Value) ([]string, error) {
	list := make([]string, 0, v.Len())
	for item := range v.Elements() {
		s, ok := item.Str()
		if !ok {
			return nil, errors.New("want strings only in the array")
		}
		list = append(list, s)
	}
	return list, nil
}

// unknownMember names the member that was likely meant.
func unknownMember(name string, known []string) error {
	if meant := nearest(name, known); meant != "" {
		return &acl.Error{Reason: fmt.Sprintf("unknown member, did you mean %s?", meant)}
	}
	return &acl.Error{Reason: "unknown member, want one of " + strings.Join(known, ", ")}
}

// defectAt reports an error of this package or of acl with its path, which
// starts at path.
func (r *reader) defectAt(file, path string, err error) {
	var e *acl.Error
	if errors.As(err, &e) {
		r.defect(file, path+e.Path, e.Reason)
		return
	}
	r.defect(file, path, err.Error())
}
