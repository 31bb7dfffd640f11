package acl

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"
)

// Tokens are sorted, each once, whether the list is short or long.
func TestSortTokens(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	dropped := 0
	for n := range 60 {
		for range 50 {
			tokens := make([]uint32, n)
			for i := range tokens {
				tokens[i] = []uint32{rng.Uint32N(uint32(2 * n)), rng.Uint32(), 1<<32 - 1}[rng.IntN(3)]
			}
			want := slices.Compact(slices.Sorted(slices.Values(tokens)))
			if got := sortTokens(slices.Clone(tokens)); !slices.Equal(got, want) {
				t.Fatalf("%v sorted: %v", tokens, got)
			}
			dropped += n - len(want)
		}
	}
	if dropped < 1000 {
		t.Errorf("%d tokens occurred again", dropped)
	}
}

// Tokens of each width become the same numbers of lists.
func TestAppendLists(t *testing.T) {
	for width := 1; width <= 4; width++ {
		var sorted, want []uint32
		for i := range uint32(9) {
			sorted = append(sorted, 1+i, uint32(1<<(8*width)-1)-i)
		}
		want = append(want, 77)
		for _, token := range sorted {
			want = append(want, token<<1|1)
		}
		list := tokens{appendTokens(nil, sorted, width), width}
		if got := list.appendLists([]uint32{77}, 1); !slices.Equal(got, want) {
			t.Errorf("width %d: %v, want %v", width, got, want)
		}
	}
}

// Rule A8: what was built in bulk has no memory to spare, neither then nor after
// single changes.
func TestBulkLeavesNothing(t *testing.T) {
	docs := func(yield func(string, ACL) bool) {
		for i := range 20_000 {
			if !yield(fmt.Sprint("document ", i), List{Allow.User(fmt.Sprint("user ", i)), Allow.Group("g")}) {
				return
			}
		}
	}
	x := NewIndex(Rules{})
	if err := x.PutAll(docs); err != nil {
		t.Fatal(err)
	}
	spare := func(most int) {
		t.Helper()
		for name, r := range map[string]*records{"ACLs": &x.w.acls, "ids": &x.w.ids.records} {
			if n := cap(r.data) - len(r.data); n > len(r.data)/most || len(r.data) < 1<<12 {
				t.Errorf("%s: %d of %d bytes to spare", name, n, len(r.data))
			}
			if n := cap(r.starts) - len(r.starts); n > len(r.starts)/most {
				t.Errorf("%s: %d of %d starts to spare", name, n, len(r.starts))
			}
		}
	}
	spare(1000)
	if err := x.Put("another", List{Allow.User("another")}); err != nil {
		t.Fatal(err)
	}
	spare(15)
	if w := x.w; w.bulk || w.seen.at == nil || len(w.seen.at) > 2*20_000 {
		t.Errorf("bulk %t, %d slots for 20,000 ACLs", w.bulk, len(w.seen.at))
	}
}

// Rules A1, G4: a hash alone decides nothing. In the slot of every name stands here
// the token of another, under the name's hash.
func TestLookComparesNames(t *testing.T) {
	in := newInterner(newWriter(Rules{}, &defaults).seed, 1<<20)
	var entries []Entry
	for i := range 20 {
		entries = append(entries, Allow.Group(fmt.Sprint("group ", i)), Entry{fmt.Sprint("group ", i), Group, Deny, "s"})
	}
	other, err := in.intern(kindUser, "", "group 0")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		in.intern(kindOf(&e), e.DataSourceID, e.Name)
	}
	for _, e := range entries {
		h := in.hash(kindOf(&e), e.DataSourceID, e.Name)
		in.slots.at[in.home(h)] = uint32(h)<<in.slots.bits | (other + 1)
		if first, ok := in.first(h); !ok || first != other {
			t.Fatal("the other is not in the slot")
		}
		var found [inBatch]uint32
		if in.look([]Entry{e}, &found); found[0] == other {
			t.Errorf("%v is taken for another", e)
		}
	}
}

// Rule G5: an Index that folds names leaves the caller's as they are.
func TestFoldChangesNoList(t *testing.T) {
	list := List{Allow.User("MARY"), Deny.Group("Sales")}
	want := slices.Clone(list)
	x := NewIndex(Rules{Fold: true})
	if err := x.Put("d", list); err != nil || !slices.Equal(list, want) {
		t.Errorf("%v, error %v", list, err)
	}
	if !x.View(For(Principal{User: "mary"})).Allowed("d") {
		t.Error("mary is not admitted by MARY")
	}
}

// Rule A1: each entry of a list of any length counts, new names and known ones.
func TestLongLevel(t *testing.T) {
	for _, n := range []int{1, inBatch - 1, inBatch, inBatch + 1, 2*inBatch + 1} {
		var list List
		for i := range n {
			list = append(list, Allow.User(fmt.Sprint("user ", i)))
		}
		x := NewIndex(Rules{})
		x.Put("new", list)
		x.Put("known", append(slices.Clone(list), Deny.User("user 0")))
		for i := range n {
			v := x.View(For(Principal{User: fmt.Sprint("user ", i)}))
			if !v.Allowed("new") || v.Allowed("known") != (i > 0) {
				t.Errorf("entry %d of %d does not count", i, n)
			}
		}
	}
}

// Rule A8: a loaded Index counts what the saved one did, a document that is not below
// the next ordinal is refused.
func TestLoadCounts(t *testing.T) {
	x := NewIndex(Rules{})
	for i := range uint32(300) {
		x.PutAt(i, []ACL{Public(), nil, List{Allow.User(fmt.Sprint("user ", i/7))}}[i%3])
	}
	x.DeleteAt(2)
	var file bytes.Buffer
	if _, err := x.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	var y Index
	if _, err := y.ReadFrom(bytes.NewReader(file.Bytes())); err != nil {
		t.Fatal(err)
	}
	if y.w.live != x.w.live || y.w.known != x.w.known || x.w.live < 40 || x.w.known != 299 {
		t.Errorf("%d ACLs in use, %d documents, want %d and %d", y.w.live, y.w.known, x.w.live, x.w.known)
	}
	for acl := range x.w.acls.len() {
		if acl >= firstACL && x.w.uses.at(acl) != y.w.uses.at(acl) {
			t.Errorf("ACL %d: %d uses, want %d", acl, y.w.uses.at(acl), x.w.uses.at(acl))
		}
	}
	for end, want := range map[uint64]bool{300: true, 301: true, 299: false, 1: false} {
		body := slices.Clone(file.Bytes()[:file.Len()-4])
		binary.LittleEndian.PutUint64(body[len(fileMagic)+hashSize+1:], end)
		forged := binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, castagnoli))
		if _, err := new(Index).ReadFrom(bytes.NewReader(forged)); (err == nil) != want {
			t.Errorf("next ordinal %d: error %v", end, err)
		}
	}
}

// Rule G4: tokens that do not ascend, or of no name, are refused in each width.
func TestCheckTokens(t *testing.T) {
	classes := make([]byte, 1000)
	for width := 1; width <= 4; width++ {
		for _, row := range []struct {
			list []uint32
			want bool
		}{{[]uint32{4, 5, 250}, true}, {[]uint32{4, 5, 5}, false}, {[]uint32{5, 4}, false}, {[]uint32{0, 4}, false}} {
			_, last := checkTokens(tokens{appendTokens(nil, row.list, width), width}, classes)
			if got := last == row.list[len(row.list)-1]; got != row.want {
				t.Errorf("width %d, %v: accepted %t", width, row.list, got)
			}
		}
	}
}
