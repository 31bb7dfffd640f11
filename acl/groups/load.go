package groups

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/internal/strictjson"
)

// These bound the work before a text is refused. There is room for some two
// million members.
const (
	maxBytes  = 64 << 20
	maxValues = 8 << 20
)

// Load reads a JSON array of Kendra's PutPrincipalMapping requests and puts all
// of them, or none if there is an error. Their order has no meaning. Expand
// sees all of it or nothing, and waits only while what was read is put in.
//
// A request has the members GroupId, DataSourceId (optional), OrderingId (which
// Kendra would set to the time of receipt) and GroupMembers, as [ReadMembers]
// reads it. RoleArn is ignored, and so is IndexId, but two of them in one file
// are refused: their groups do not belong together. Names of members are exact,
// unknown and repeated ones are refused, and so is null.
//
// An error is an [*Error], or that of r. [Directory.Put] describes
// [ErrConflict], which two requests of one file give in any case, and
// [ErrForgotten]. At most 64 MiB are read.
func (d *Directory) Load(r io.Reader) error {
	v, err := read(r)
	if err != nil {
		return err
	}
	requests, err := readRequests(v)
	if err != nil {
		return err
	}
	changes := make([]change, len(requests))
	for i, q := range requests {
		changes[i] = change{d.group(q.group), q.orderingID, live, d.names(q.members), q.path}
	}
	if changes, err = latest(changes); err != nil {
		return err
	}
	return d.apply(true, changes...)
}

// latest returns the change with the highest ordering id for each group.
func latest(changes []change) ([]change, error) {
	slices.SortStableFunc(changes, func(a, b change) int {
		return cmp.Or(a.group.compare(b.group), cmp.Compare(a.orderingID, b.orderingID))
	})
	last := changes[:0]
	for _, c := range changes {
		n := len(last)
		switch {
		case n == 0 || last[n-1].group != c.group:
			last = append(last, c)
			continue
		case last[n-1].orderingID == c.orderingID && !slices.Equal(last[n-1].members, c.members):
			return nil, conflict(c.path)
		}
		last[n-1] = c
	}
	return last, nil
}

// ReadMembers reads Kendra's GroupMembers: a JSON object with MemberGroups, an
// array of {"GroupId": …, "DataSourceId": …}, or MemberUsers, an array of
// {"UserId": …}, or both. An array may be empty, for a group that nobody is in.
// It is as strict as [Directory.Load] and returns the same errors.
func ReadMembers(r io.Reader) (Members, error) {
	v, err := read(r)
	if err != nil {
		return Members{}, err
	}
	return readMembers(v, "")
}

func read(r io.Reader) (strictjson.Value, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return strictjson.Value{}, fmt.Errorf("groups: reading: %w", err)
	}
	v, err := strictjson.Parse(data, strictjson.Limits{Bytes: maxBytes, Nodes: maxValues})
	if err != nil {
		return v, &Error{Reason: err.Error()}
	}
	return v, nil
}

type request struct {
	path, index string
	group       acl.DataSourceGroup
	orderingID  int64
	members     Members
}

func readRequests(v strictjson.Value) ([]request, error) {
	if v.Kind() != strictjson.Array {
		return nil, &Error{Reason: "want an array of PutPrincipalMapping requests"}
	}
	requests := make([]request, 0, v.Len())
	index := ""
	for item := range v.Elements() {
		q, err := readRequest(item, "/"+strconv.Itoa(len(requests)))
		if err != nil {
			return nil, err
		}
		if q.index != "" && index != "" && q.index != index {
			return nil, &Error{Path: q.path + "/IndexId", Reason: "another index than above; use one file and one Directory for each"}
		}
		index = cmp.Or(index, q.index)
		requests = append(requests, q)
	}
	return requests, nil
}

func readRequest(v strictjson.Value, path string) (request, error) {
	q := request{path: path, orderingID: -1}
	var role string
	var given bool
	err := object(v, path, []field{
		{"GroupId", text(&q.group.GroupID)},
		{"DataSourceId", dataSource(&q.group.DataSourceID)},
		{"OrderingId", ordering(&q.orderingID)},
		{"GroupMembers", func(v strictjson.Value, path string) (err error) {
			given = true
			q.members, err = readMembers(v, path)
			return err
		}},
		{"IndexId", text(&q.index)},
		{"RoleArn", text(&role)},
	})
	switch {
	case err != nil:
	case q.group.GroupID == "":
		err = &Error{Path: path, Reason: "GroupId is missing"}
	case q.orderingID < 0:
		err = &Error{Path: path, Reason: "OrderingId is missing; use for instance the time of the export in milliseconds"}
	case !given:
		err = &Error{Path: path, Reason: "GroupMembers is missing; a group is deleted by Delete"}
	default:
		err = checkGroup(q.group, q.orderingID, path)
	}
	return q, err
}

func readMembers(v strictjson.Value, path string) (Members, error) {
	var m Members
	err := object(v, path, []field{
		{"MemberGroups", array(func(v strictjson.Value, path string) error {
			var g acl.DataSourceGroup
			err := object(v, path, []field{{"GroupId", text(&g.GroupID)}, {"DataSourceId", dataSource(&g.DataSourceID)}})
			if err == nil && g.GroupID == "" {
				err = &Error{Path: path, Reason: "GroupId is missing"}
			}
			m.Groups = append(m.Groups, g)
			return err
		})},
		{"MemberUsers", array(func(v strictjson.Value, path string) error {
			var user string
			err := object(v, path, []field{{"UserId", text(&user)}})
			if err == nil && user == "" {
				err = &Error{Path: path, Reason: "UserId is missing"}
			}
			m.Users = append(m.Users, user)
			return err
		})},
		{"S3PathforGroupMembers", func(_ strictjson.Value, path string) error {
			return &Error{Path: path, Reason: "no file is fetched; write its members as MemberGroups and MemberUsers, of which there may be more than 1000"}
		}},
	})
	switch {
	case err != nil:
	case v.Len() == 0:
		err = &Error{Path: path, Reason: "want MemberGroups, MemberUsers or both; an empty array if nobody is in the group"}
	default:
		err = m.check(path)
	}
	if err != nil {
		return Members{}, err
	}
	return m, nil
}

// A reader reads the value v, which is at path.
type reader func(v strictjson.Value, path string) error

type field struct {
	name string
	read reader
}

func object(v strictjson.Value, path string, fields []field) error {
	if v.Kind() != strictjson.Object {
		return &Error{Path: path, Reason: "want an object with " + list(fields)}
	}
	for member, value := range v.Members() {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == member })
		if i < 0 {
			return &Error{Path: path, Reason: "unknown member, want " + list(fields) + ", spelled so"}
		}
		if err := fields[i].read(value, path+"/"+member); err != nil {
			return err
		}
	}
	return nil
}

func list(fields []field) string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

func array(element reader) reader {
	return func(v strictjson.Value, path string) error {
		if v.Kind() != strictjson.Array {
			return &Error{Path: path, Reason: "want an array"}
		}
		i := 0
		for e := range v.Elements() {
			if err := element(e, path+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
			i++
		}
		return nil
	}
}

// text reads a string that is not empty.
func text(into *string) reader {
	return func(v strictjson.Value, path string) error {
		s, ok := v.Str()
		if !ok || s == "" {
			return &Error{Path: path, Reason: "want a string that is not empty"}
		}
		*into = s
		return nil
	}
}

// dataSourceID is Kendra's pattern.
var dataSourceID = regexp.MustCompile(`\A[a-zA-Z0-9][a-zA-Z0-9_-]{0,99}\z`)

func dataSource(into *string) reader {
	return func(v strictjson.Value, path string) error {
		s, ok := v.Str()
		if !ok || !dataSourceID.MatchString(s) {
			return &Error{Path: path, Reason: "want a string of 1 to 100 of A-Z, a-z, 0-9, _ and -, the first no _ or -"}
		}
		*into = s
		return nil
	}
}

func ordering(into *int64) reader {
	return func(v strictjson.Value, path string) error {
		literal, _ := v.Number()
		n, err := strconv.ParseInt(literal, 10, 64)
		if err != nil || n < 0 || n > maxOrdering {
			return &Error{Path: path, Reason: fmt.Sprintf("want an integer from 0 to %d", int64(maxOrdering))}
		}
		*into = n
		return nil
	}
}
