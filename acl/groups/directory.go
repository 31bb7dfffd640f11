package groups

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/tokenacl/tokenacl/acl"
)

// Directory knows which groups a user or a group is in. The zero Directory is
// empty and compares names by the zero [acl.Rules].
//
// Names are kept in the form of [acl.Rules.FoldName]: under Fold, "HR" and "hr"
// are one group, a Put of either replaces the other, and results have the folded
// name. Formatting, logging and marshalling a Directory show counts only.
//
// Memory grows with the groups, members and deletions that it is given.
type Directory struct {
	rules acl.Rules

	mu        sync.RWMutex
	nodes     **table // two pointers: formatting by reflection follows one, for some verbs
	filled    bool    // a change was accepted
	forgotten int64   // 1 + the highest ordering id of a deletion that Forget dropped
}

type table map[name]*node

// table returns the nodes. Nil, which can be read, is none.
func (d *Directory) table() table {
	if d.nodes == nil {
		return nil
	}
	return **d.nodes
}

// A node is a user or a group. It is in the table as long as it has a
// state or a group names it.
type node struct {
	name       name
	state      state
	orderingID int64
	members    []*node            // sorted by name, each once
	in         map[*node]struct{} // groups whose members have this node
}

type state uint8

const (
	unknown state = iota // never put, or forgotten, or a user
	live
	deleted
)

// A change is one Put or Delete, ready to be compared.
type change struct {
	group      name
	orderingID int64
	state      state  // live or deleted
	members    []name // sorted, each once
	path       string // in the file that it comes from
}

// New returns an empty Directory that compares names by rules r, which are those
// of the index that the groups are for.
func New(r acl.Rules) *Directory { return &Directory{rules: r} }

// Put gives a group these members and no others, unless a call with a higher
// orderingID, or a Delete with the same one, was there before: then it changes
// nothing and returns nil. A group with a DataSourceID of "" is the one of no data
// source. Members may be groups that are never put; no members is a group that
// nobody is in.
//
// The error is an [*Error], and the Directory then is as before. It is
// [ErrConflict] if the group has other members by the same orderingID, and
// [ErrForgotten] if the group may have been deleted by a later call.
func (d *Directory) Put(group acl.DataSourceGroup, orderingID int64, m Members) error {
	if err := checkGroup(group, orderingID, ""); err != nil {
		return err
	}
	if err := m.check("/GroupMembers"); err != nil {
		return err
	}
	return d.apply(true, change{d.group(group), orderingID, live, d.names(m), ""})
}

// Delete takes a group away with all its members, unless a Put with a higher
// orderingID was there before. Groups that name it as a sub-group still do, so a
// caller whose token has the deleted group is in them. The deletion of a group
// that was never put counts as well: it may come before the Put. The error is an
// [*Error] about the arguments.
func (d *Directory) Delete(group acl.DataSourceGroup, orderingID int64) error {
	if err := checkGroup(group, orderingID, ""); err != nil {
		return err
	}
	return d.apply(false, change{group: d.group(group), orderingID: orderingID, state: deleted})
}

// OlderThan returns the groups of one data source (of none if dataSourceID is "")
// whose members come from a Put with a lower orderingID, sorted by GroupID: what a
// full synchronization with that orderingID has not seen. Delete them with
// orderingID-1, which a Put of the same synchronization overrides.
func (d *Directory) OlderThan(dataSourceID string, orderingID int64) []acl.DataSourceGroup {
	var older []acl.DataSourceGroup
	d.mu.RLock()
	for _, n := range d.table() {
		if n.state == live && n.name.source == dataSourceID && n.orderingID < orderingID {
			older = append(older, n.name.dataSourceGroup())
		}
	}
	d.mu.RUnlock()
	slices.SortFunc(older, func(a, b acl.DataSourceGroup) int { return cmp.Compare(a.GroupID, b.GroupID) })
	return older
}

// Forget drops the memory of deletions with a lower ordering id and returns how
// many there were; groups and members stay as they are. Call it with an id that
// no call still under way can have. A Put of a group that the Directory does not
// know is [ErrForgotten] from then on, if its id is not above those of all
// dropped deletions: it might bring back what was deleted.
func (d *Directory) Forget(olderThan int64) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	dropped := 0
	for _, n := range d.table() {
		if n.state == deleted && n.orderingID < olderThan {
			dropped++
			d.forgotten = max(d.forgotten, n.orderingID+1)
			n.state = unknown
			d.release(n)
		}
	}
	return dropped
}

// apply makes all changes, at most one for each group, or none. A Delete does not
// fill a Directory: it may come before the first Load.
func (d *Directory) apply(fills bool, changes ...change) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var due []change
	for _, c := range changes {
		counts, err := d.judge(c)
		if err != nil {
			return err
		}
		if counts {
			due = append(due, c)
		}
	}
	for _, c := range due {
		d.set(c)
	}
	d.filled = d.filled || fills
	return nil
}

// judge reports whether c changes its group.
func (d *Directory) judge(c change) (bool, error) {
	n := d.table()[c.group]
	switch {
	case n == nil || n.state == unknown:
		if c.orderingID >= d.forgotten {
			return true, nil
		}
		if c.state == deleted {
			return false, nil // a Put that it could beat is refused
		}
		return false, &Error{c.path + "/OrderingId", "not above that of a deletion which was forgotten, perhaps of this group; if it exists, put it with a higher one", ErrForgotten}
	case c.orderingID != n.orderingID:
		return c.orderingID > n.orderingID, nil
	case c.state == deleted || n.state == deleted:
		return n.state != deleted, nil
	case !n.has(c.members):
		return false, conflict(c.path)
	}
	return false, nil
}

// set gives a group the state and the members of c.
func (d *Directory) set(c change) {
	n := d.intern(c.group)
	n.state, n.orderingID = c.state, c.orderingID
	if n.has(c.members) {
		return
	}
	before := n.members
	n.members = make([]*node, len(c.members))
	for i, m := range c.members {
		member := d.intern(m)
		if member.in == nil {
			member.in = map[*node]struct{}{}
		}
		member.in[n] = struct{}{}
		n.members[i] = member
	}
	for _, member := range before {
		if _, still := slices.BinarySearchFunc(c.members, member.name, name.compare); !still {
			delete(member.in, n)
			d.release(member)
		}
	}
}

func (n *node) has(members []name) bool {
	return slices.EqualFunc(n.members, members, func(m *node, name name) bool { return m.name == name })
}

// intern returns the node of a name. A new one keeps no caller's text alive.
func (d *Directory) intern(nm name) *node {
	if n := d.table()[nm]; n != nil {
		return n
	}
	if d.nodes == nil {
		t := &table{}
		d.nodes = &t
	}
	nm.id, nm.source = strings.Clone(nm.id), strings.Clone(nm.source)
	n := &node{name: nm}
	d.table()[nm] = n
	return n
}

// release drops a node that nothing is known of.
func (d *Directory) release(n *node) {
	if n.state == unknown && len(n.in) == 0 {
		delete(d.table(), n.name)
	}
}

// String tells how many groups there are, and how many deletions it remembers.
func (d *Directory) String() string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var count [3]int
	for _, n := range d.table() {
		count[n.state]++
	}
	return fmt.Sprintf("groups.Directory(%d groups, %d deleted)", count[live], count[deleted])
}

// Format writes [Directory.String] for every verb.
func (d *Directory) Format(f fmt.State, _ rune) { io.WriteString(f, d.String()) }

// LogValue is [Directory.String].
func (d *Directory) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText is [Directory.String].
func (d *Directory) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
