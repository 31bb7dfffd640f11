package acl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// Pages have the form that their numbers need, and give them back.
func TestPages(t *testing.T) {
	fill := func(number func(i uint32) uint32) (values [pageLen]uint32) {
		for i := range values {
			values[i] = number(uint32(i))
		}
		return values
	}
	// far is a run of numbers of which n are elsewhere.
	far := func(base uint32, n uint32, elsewhere uint32) func(uint32) uint32 {
		return func(i uint32) uint32 {
			if i < n {
				return elsewhere + i
			}
			return base + i
		}
	}
	cases := []struct {
		name   string
		values [pageLen]uint32
		width  uint8
		wide   bool
		far    int // numbers after the codes, or after the mask
	}{
		{"all unknown", fill(func(uint32) uint32 { return 0 }), 0, false, 0},
		{"all the same", fill(func(uint32) uint32 { return 1 << 31 }), 0, false, 0},
		{"few others", fill(func(i uint32) uint32 { return []uint32{1<<31 + i, 7, 7, 7, 7}[i%5] }), fewWidth, false, 26},
		{"as few others as can be", fill(func(i uint32) uint32 { return 7 + i/100*i<<20 }), fewWidth, false, 28},
		{"not so few others", fill(func(i uint32) uint32 { return 7 + (i+1)/100*i<<20 }), 0, true, 0},
		{"one other", fill(func(i uint32) uint32 { return 1000 + min(i, 1) }), fewWidth, false, 1},
		{"unknown, nobody, public", fill(func(i uint32) uint32 { return i % 3 }), 1, false, 0},
		{"a run", fill(func(i uint32) uint32 { return 5_000_000 + i }), 1, false, 0},
		{"a run from the first", fill(func(i uint32) uint32 { return firstACL + i }), 1, false, 0},
		{"a run to the last", fill(func(i uint32) uint32 { return 1<<32 - pageLen + i }), 1, false, 0},
		{"a run with public", fill(func(i uint32) uint32 { return []uint32{aclPublic, 700 + i}[i%2] }), 1, false, 0},
		{"span that fits one byte", fill(func(i uint32) uint32 { return 1000 + i%2*236 }), 1, false, 0},
		{"span that needs a far code", fill(func(i uint32) uint32 { return 1000 + min(i, 1) + i%2*236 }), 1, false, 1},
		{"far below", fill(far(1_000_000, 16, 50)), 1, false, 16},
		{"far above", fill(far(50, 16, 1<<31)), 1, false, 16},
		{"too many far for one byte", fill(far(10_000, 17, 50)), 2, false, 0},
		{"far from two bytes", fill(func(i uint32) uint32 {
			if i < 16 {
				return 1<<31 + i
			}
			return 1000 + 300*i
		}), 2, false, 16},
		{"span that fits two bytes", fill(func(i uint32) uint32 { return 1000 + i%2*65516 }), 2, false, 0},
		{"span that does not", fill(func(i uint32) uint32 { return 1000 + i%2*65517 }), 0, true, 0},
		{"anywhere", fill(func(i uint32) uint32 { return i << 25 }), 0, true, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pg := pack(&c.values)
			size := map[uint8]int{0: 0, 1: pageLen, 2: 2 * pageLen, fewWidth: pageLen / 8}[c.width] + 4*c.far
			if pg.width != c.width || (pg.wide != nil) != c.wide || len(pg.codes) != size {
				t.Errorf("width %d, wide %t, %d bytes", pg.width, pg.wide != nil, len(pg.codes))
			}
			var got [pageLen]uint32
			if pg.unpack(&got); got != c.values {
				t.Errorf("%v\nwant %v", got, c.values)
			}
			rng := rand.New(rand.NewPCG(1, 1))
			for range 50 {
				visible(t, &pg, c.values, rng)
			}
		})
	}
}

// visible compares the visible documents of a page with a look at each.
func visible(t *testing.T, pg *page, values [pageLen]uint32, rng *rand.Rand) {
	t.Helper()
	acls := make(bitmap, min(int(slices.Max(values[:])/64+1), 1<<20))
	for _, v := range values {
		if int(v/64) < len(acls) && rng.IntN(2) == 0 {
			acls.add(v)
		}
	}
	for range 200 {
		acls.add(rng.Uint32N(uint32(len(acls)) * 64))
	}
	acls[0] &^= 1 << aclUnknown
	var set [pageLen / 64]uint64
	pg.visible(acls, &set)
	for i, v := range values {
		if bitmap(set[:]).has(uint32(i)) != acls.has(v) {
			t.Fatalf("document %d with ACL %d: want %t", i, v, acls.has(v))
		}
	}
}

func TestPagesWith(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var p, inPlace pages
	want := map[uint32]uint32{}
	for n := range 3000 {
		i := []uint32{0, pageLen, pageLen << groupBits, 5 * pageLen << groupBits}[rng.IntN(4)] + rng.Uint32N(2*pageLen)
		v := []uint32{0, 1, 2, uint32(n), rng.Uint32()}[rng.IntN(5)]
		before := p
		was := before.at(i)
		p = p.with(i, v)
		inPlace.put(i, v)
		want[i] = v
		if before.at(i) != was || p.at(i) != v || inPlace.at(i) != v {
			t.Fatalf("index %d: %d, %d in place, want %d; before %d, want %d", i, p.at(i), inPlace.at(i), v, before.at(i), was)
		}
	}
	inPlace.pack()
	for i, v := range want {
		if p.at(i) != v || inPlace.at(i) != v || p.page(i).at(i%pageLen) != v {
			t.Fatalf("index %d: %d, %d in place, want %d", i, p.at(i), inPlace.at(i), v)
		}
	}
	for i, pg := range p.known() {
		if pg.uniform() && pg.base == 0 {
			t.Errorf("page %d is empty", i)
		}
	}
	if n := p.len(); n != 6*pageLen<<groupBits || p.at(uint32(n)) != 0 {
		t.Errorf("length %d", n)
	}
	for range p.known() {
		return // a consumer may stop
	}
	t.Error("no page is known")
}

// Records of any size come back, and only what fits is added.
func TestRecords(t *testing.T) {
	sizes := []int{0, 1, 2, 20, 254, 255, 256, 70_000}
	r := newRecords()
	var want [][]byte
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 500 {
		b := bytes.Repeat([]byte{byte(i)}, sizes[rng.IntN(len(sizes))])
		if err := r.add(b, 1<<30); err != nil {
			t.Fatal(err)
		}
		want = append(want, b)
	}
	r.clip()
	r.add([]byte("last"), 1<<30)
	want = append(want, []byte("last"))
	if int(r.len()) != len(want) {
		t.Fatalf("%d records, want %d", r.len(), len(want))
	}
	for i, w := range want {
		if got := r.get(uint32(i)); !bytes.Equal(got, w) {
			t.Fatalf("record %d has %d bytes, want %d", i, len(got), len(w))
		}
	}
	if r.start(r.len()) != len(r.data) || r.start(r.len()-1) != len(r.data)-4 {
		t.Errorf("starts %d, %d, want %d", r.start(r.len()-1), r.start(r.len()), len(r.data))
	}
	if r.touch([]uint32{0, r.len() - 1}) == 0 {
		t.Error("nothing touched")
	}
	full := newRecords()
	if err := full.add(make([]byte, 101), 100); err != errFull || full.len() != 0 || len(full.data) != 0 {
		t.Errorf("%v, %d records", err, full.len())
	}
	if err := full.add(make([]byte, 100), 100); err != nil || full.len() != 1 {
		t.Errorf("%v, %d records", err, full.len())
	}
	if full.touch([]uint32{0, 0}) != 0 {
		t.Error("touched what is not there")
	}
}

// Slices that are long grow by the share that is asked for.
func TestGrown(t *testing.T) {
	s := make([]byte, 1<<20)
	s = append(s[:len(s):len(s)], 1)
	s = slices.Clip(s)
	for _, growth := range []int{1, 16} {
		if g := grown(s, 1, growth); cap(g) != len(s)+1+len(s)/growth || len(g) != len(s) || g[len(s)-1] != 1 {
			t.Errorf("capacity %d", cap(g))
		}
	}
	if g := grown(s[:len(s)-1], 1, 1); cap(g) != cap(s) {
		t.Error("grown although there is room")
	}
}

// Lists have the form that fits how often they occur, and grow in any steps.
func TestLists(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	forms := map[form]int{}
	for range 60 {
		var acls []uint32
		gap := []uint32{2, 20, 31, 33, 100, 127, 129, 254, 255, 256, 1000, 65_534, 65_535, 65_536, 1_000_000}[rng.IntN(15)]
		for id := uint32(firstACL); len(acls) < 200; id += 1 + rng.Uint32N(2*gap) {
			acls = append(acls, id)
		}
		mark := acls[len(acls)-1] + 1 + rng.Uint32N(gap)
		f := formOf(uint32(len(acls)), mark)
		forms[f]++
		data, last := appendList(nil, 0, f, 0, acls[:50])
		data, last = appendList(data, 0, f, last, acls[50:51])
		data, last = appendList(data, 0, f, last, acls[51:])
		l := list{0, uint32(len(acls)), last}
		x := &inverted{mark: mark, lists: []list{l, {start: uint64(len(data))}}, data: data}
		set := make(bitmap, mark/64+1)
		if got := x.acls(nil, 0, set); !slices.Equal(got, acls) || last != acls[len(acls)-1] {
			t.Fatalf("form %d, gap %d: %v\nwant %v", f, gap, got, acls)
		}
		if !checkList(l, data, mark) || checkList(list{0, l.n - 1, last}, data, mark) || checkList(list{0, l.n, last - 1}, data, mark) || checkList(l, data, last) {
			t.Fatalf("form %d, gap %d: not checked well", f, gap)
		}
		if x.size(0) != 200 || x.size(1) != 0 || x.size(1<<31) != 0 {
			t.Fatal("sizes of lists")
		}
	}
	if len(forms) != 3 {
		t.Errorf("forms %v", forms)
	}
	limits := []struct {
		n, mark uint32
		want    form
	}{{1, 40, dense}, {1, 41, narrow}, {10, 400, dense}, {10, 401, narrow}, {1, 128, narrow}, {1, 129, wide}, {1 << 31, 1<<32 - 1, dense}}
	for _, c := range limits {
		if got := formOf(c.n, c.mark); got != c.want {
			t.Errorf("%d of %d: form %d, want %d", c.n, c.mark, got, c.want)
		}
	}
}

// An inverted index made in many steps is the one made in one.
func TestExtend(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	steps, once := newIndex(Rules{DenyOnlyEveryone: true}, &tuning{merge: 1 << 30, limit: 1 << 30}), (*inverted)(nil)
	reformed := 0
	for i := range 4000 {
		a := List{Allow.User(fmt.Sprint("u", i)), Allow.Group(fmt.Sprint("g", rng.IntN(1+i/20)))}
		if i%3 == 0 {
			a = append(a, Deny.Group(fmt.Sprint("d", rng.IntN(40))), Entry{Name: "w", Type: Group, Access: Deny, DataSourceID: fmt.Sprint(rng.IntN(3))})
		}
		steps.Put(fmt.Sprint(i), a)
		if i%97 == 0 {
			w := steps.w
			old := w.lists
			w.lists = old.extend(&w.snapshot)
			for l := range uint32(len(old.lists)) {
				if f, data := old.get(l); len(data) > 0 {
					if g, _ := w.lists.get(l); f != g {
						reformed++
					}
				}
			}
		}
	}
	w := steps.w
	w.lists = w.lists.extend(&w.snapshot)
	once = new(inverted).extend(&w.snapshot)
	if !slices.Equal(w.lists.lists, once.lists) || !bytes.Equal(w.lists.data, once.data) || w.lists.mark != once.mark || w.lists.bytes != once.bytes {
		t.Error("the two differ")
	}
	if reformed < 50 || once.mark != w.acls.len() || once.bytes != len(w.acls.data) {
		t.Errorf("%d lists changed their form; %d ACLs of %d", reformed, once.mark, w.acls.len())
	}
}

// A table finds what it has, at any fill, among colliding hashes.
func TestTable(t *testing.T) {
	hashes := map[uint32]uint64{}
	tab := table{fill: 80, growth: 3}
	rng := rand.New(rand.NewPCG(6, 6))
	for id := range uint32(3000) {
		h := rng.Uint64()
		switch {
		case id%10 == 0:
			h = 0
		case id%10 == 1:
			h = 1<<64 - 1 // in the last slot, and beyond it from the first on
		}
		tab.add(id, h, maps.All(hashes))
		hashes[id] = h
		if tab.used > len(tab.at)*80/100 {
			t.Fatalf("%d of %d slots used", tab.used, len(tab.at))
		}
	}
	if last := uint32(1<<32 - 2); tab.used != 3000 {
		t.Errorf("%d used", tab.used)
	} else {
		tab.add(last, 42, maps.All(hashes))
		hashes[last] = 42
	}
	compared := 0
	for id, h := range hashes {
		if got, ok := tab.find(h, func(x uint32) bool { compared++; return x == id }); !ok || got != id {
			t.Fatalf("%d: found %d, %t", id, got, ok)
		}
	}
	for range 1000 {
		if _, ok := tab.find(rng.Uint64(), func(uint32) bool { return false }); ok {
			t.Fatal("found what was not added")
		}
	}
	if _, ok := (slots{}).find(1, func(uint32) bool { return true }); ok {
		t.Error("found in an empty table")
	}
}

// Look-ups compare hardly a key but the right one.
func TestTableTags(t *testing.T) {
	tab := table{fill: 80, growth: 3}
	hashes := map[uint32]uint64{}
	rng := rand.New(rand.NewPCG(7, 7))
	for id := range uint32(10_000) {
		h := rng.Uint64()
		tab.add(id, h, maps.All(hashes))
		hashes[id] = h
	}
	compared := 0
	for id, h := range hashes {
		tab.find(h, func(x uint32) bool { compared++; return x == id })
	}
	if compared > 10_010 {
		t.Errorf("%d comparisons for 10,000 look-ups", compared)
	}
}

// What is no list is refused, whatever it would take to read it.
func TestCheckList(t *testing.T) {
	cases := []struct {
		name    string
		n, last uint32
		data    []byte
		mark    uint32
		want    bool
	}{
		{"empty", 0, 0, nil, 10, true},
		{"empty with data", 0, 0, []byte{5}, 10, false},
		{"dense", 2, 9, []byte{1 << 3, 1 << 1, 0, 0, 0, 0, 0, 0}, 10, true},
		{"dense, beyond mark", 2, 9, []byte{1 << 3, 1 << 1, 0, 0, 0, 0, 0, 0}, 9, false},
		{"dense, cut", 1, 3, []byte{1 << 3, 0, 0, 0, 0, 0, 0}, 10, false},
		{"dense, empty word at the end", 1, 3, append([]byte{1 << 3}, make([]byte, 15)...), 10, false},
		{"narrow", 2, 261, []byte{5, 255, 2}, 262, false}, // dense by number
		{"narrow", 2, 259, []byte{3, 255, 2}, 81 + 200, false},
		{"narrow", 3, 288, []byte{3, 255, 2, 29}, 289, true},
		{"narrow, gap 0", 3, 32, []byte{3, 0, 29}, 289, false},
		{"narrow, other number", 3, 32, []byte{3, 29}, 289, false},
		{"wide", 1, 256, []byte{0, 1}, 1000, true},
		{"wide, gap 0", 1, 0, []byte{0, 0}, 1000, false},
		{"wide, odd", 1, 256, []byte{0, 1, 1}, 1000, false},
		{"wide, long gap", 1, 1 << 17, []byte{255, 255, 0, 0, 2, 0}, 1<<17 + 1, true},
		{"wide, long gap beyond mark", 1, 1 << 17, []byte{255, 255, 0, 0, 2, 0}, 1 << 17, false},
		{"wide, long gap cut", 1, 1 << 17, []byte{255, 255, 0, 0, 2}, 1<<17 + 1, false},
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i, " ", c.name), func(t *testing.T) {
			if got := checkList(list{0, c.n, c.last}, c.data, c.mark); got != c.want {
				t.Errorf("%t, want %t (form %d)", got, c.want, formOf(c.n, c.mark))
			}
		})
	}
}

// Only names, and what three tokens mark, have lists.
func TestMayList(t *testing.T) {
	var may []uint32
	for l := range uint32(2*firstToken + 2) {
		if mayList(l) {
			may = append(may, l)
		}
	}
	if want := []uint32{tokenUnknown<<1 | 1, tokenEveryone << 1, tokenLevels << 1, firstToken << 1, firstToken<<1 | 1}; !slices.Equal(may, want) {
		t.Errorf("%d, want %d", may, want)
	}
	x := NewIndex(Rules{})
	x.PutAt(0, List{Allow.User("a")})
	x.w.lists = &inverted{mark: x.w.acls.len(), bytes: len(x.w.acls.data), lists: []list{{0, 1, firstACL}, {start: 8}}, data: []byte{1 << firstACL, 0, 0, 0, 0, 0, 0, 0}}
	x.lock()
	x.publish()
	var file bytes.Buffer
	x.WriteTo(&file)
	if _, err := NewIndex(Rules{}).ReadFrom(&file); !errors.Is(err, errDamaged) {
		t.Errorf("a list of no name: %v", err)
	}
}

// In an index of ids, a document without one is in no file.
func TestReadDocumentWithoutID(t *testing.T) {
	x := NewIndex(Rules{})
	x.Put("a", Public())
	x.lock()
	x.w.end = 2
	x.w.set(1, aclPublic)
	x.publish()
	var file bytes.Buffer
	x.WriteTo(&file)
	if _, err := NewIndex(Rules{}).ReadFrom(&file); !errors.Is(err, errDamaged) {
		t.Errorf("%v, want that it is damaged", err)
	}
}

func TestCheckName(t *testing.T) {
	for record, want := range map[string]bool{
		"": false, "u": false, "ua": true, "ga": true, "va": true, "ha": true, "xa": false,
		"G": false, "G\x01": false, "G\x01s": false, "G\x01sn": true, "U\x01sn": true, "G\x00n": false, "G\xff": false, "G\x03sn": false,
	} {
		if _, _, _, ok := checkName([]byte(record)); ok != want {
			t.Errorf("%q: %t, want %t", record, ok, want)
		}
	}
}

// Records that no encoder makes are refused.
func TestCheckRecord(t *testing.T) {
	const names, user, group, source, wild, far, farGroup, third = 70_001, 4, 5, 6, 7, 299, 300, 65_536
	classes := bytes.Repeat([]byte{classOf(kindUser)}, names)
	for t, kind := range map[int]byte{0: 0, 1: 0, 2: 0, 3: 0, group: kindGroup, source: kindSourceGroup, wild: kindWildGroup, 256 + wild: kindWildGroup, farGroup: kindGroup} {
		classes[t] = classOf(kind)
	}
	const one, two, three, four = 0 << widthShift, 1 << widthShift, 2 << widthShift, 3 << widthShift
	const deny = 1 << denyShift
	many := func(number ...byte) []byte { // DENY entries for users
		record := append([]byte{two | manyDeny<<denyShift}, number...)
		for t := range uint16(manyDeny + 1) {
			record = binary.LittleEndian.AppendUint16(record, 1000+t)
		}
		return record
	}
	for _, c := range []struct {
		name   string
		record []byte
		want   bool
	}{
		{"empty", nil, false},
		{"no entries", []byte{one}, false},
		{"ALLOW", []byte{one, user}, true},
		{"two ALLOWs", []byte{one, user, group}, true},
		{"one twice", []byte{one, user, user}, false},
		{"descending", []byte{one, group, user}, false},
		{"two bytes", []byte{two, user, 0, far & 255, 1}, true},
		{"two bytes, cut", []byte{two, user, 0, far & 255}, false},
		{"two bytes where one does", []byte{two, user, 0}, false},
		{"two bytes where one does, up to 255", []byte{two, user, 0, 255, 0}, false},
		{"three bytes", []byte{three, 0, 0, 1}, true},
		{"three bytes where two do", []byte{three, 255, 255, 0}, false},
		{"four bytes where three do", []byte{four, 0, 0, 1, 0}, false},
		{"last token", []byte{three, byte((names - 1) & 255), (names - 1) >> 8 & 255, 1}, true},
		{"unknown token", []byte{three, byte(names & 255), names >> 8 & 255, 1}, false},
		{"unknown token of four bytes", []byte{four, 255, 255, 255, 255}, false},
		{"two bytes to a wild token", []byte{two, wild, 1}, false},
		{"two bytes of a group", []byte{two | hasGroupDeny | deny, farGroup & 255, 1}, true},
		{"two bytes of a group, not flagged", []byte{two | deny, farGroup & 255, 1}, false},
		{"no token", []byte{one, tokenNone}, false},
		{"reserved token", []byte{one, tokenLevels}, false},
		{"wild token", []byte{one, wild}, false},
		{"DENY", []byte{one | deny, user}, true},
		{"DENY and ALLOW", []byte{one | deny, user, user}, true},
		{"DENY in descending order", []byte{one | 2*deny, group, user}, false},
		{"more DENY than there are", []byte{one | 2*deny, user}, false},
		{"the width of a DENY", []byte{two | deny, far & 255, 1, user, 0}, true},
		{"DENY for a group", []byte{one | hasGroupDeny | deny, group}, true},
		{"DENY for a group of a source", []byte{one | hasGroupDeny | deny, source}, true},
		{"DENY for a group, not flagged", []byte{one | deny, group}, false},
		{"DENY for a user, flagged", []byte{one | hasGroupDeny | deny, user}, false},
		{"flag alone", []byte{one | hasGroupDeny, group}, false},
		{"levels", []byte{hasLevels, 2, one, user, 2, one, group}, true},
		{"levels of two widths", []byte{hasLevels, 3, two, far & 255, 1, 2, one, group}, true},
		{"levels with a DENY for a group", []byte{hasLevels | hasGroupDeny, 2, one, user, 2, one | hasGroupDeny | deny, group}, true},
		{"levels, not flagged", []byte{hasLevels, 2, one, user, 2, one | hasGroupDeny | deny, group}, false},
		{"levels, flagged", []byte{hasLevels | hasGroupDeny, 2, one, user, 2, one, group}, false},
		{"levels with a width", []byte{hasLevels | two, 2, one, user, 2, one, group}, false},
		{"levels with a DENY of their own", []byte{hasLevels | deny, 2, one, user, 2, one, group}, false},
		{"no levels", []byte{hasLevels}, false},
		{"one level", []byte{hasLevels, 2, one, user}, false},
		{"level cut", []byte{hasLevels, 2, one, user, 3, one, group}, false},
		{"empty level", []byte{hasLevels, 2, one, user, 0}, false},
		{"level without entries", []byte{hasLevels, 2, one, user, 1, one}, false},
		{"levels in a level", []byte{hasLevels, 2, one, user, 2, hasLevels, user}, false},
		{"size of a level in two bytes where one does", []byte{hasLevels, 2, one, user, 0x82, 0, one, group}, false},
		{"size of a level too large", []byte{hasLevels, 2, one, user, 255, 255, 255, 255, 255, 1}, false},
		{"as many DENYs as need a number", many(0), true},
		{"one more", many(1), true},
		{"one more than there are", many(2), false},
		{"number in two bytes where one does", many(0x81, 0), false},
		{"number too large", many(255, 255, 255, 255, 255, 1), false},
		{"number cut", []byte{one | manyDeny<<denyShift, 255}, false},
		{"number missing", []byte{one | manyDeny<<denyShift}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := checkRecord(c.record, classes); got != c.want {
				t.Errorf("%t, want %t", got, c.want)
			}
		})
	}
}

// What an encoder makes is read as it was: tokens of each width, any number of DENY
// entries.
func TestEncoder(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	in := newInterner(maphash.MakeSeed(), 1<<32-1)
	e := encoder{names: in}
	draw := func(most int, limit uint32) (list []uint32) {
		for range rng.IntN(most + 1) {
			list = append(list, 1+rng.Uint32N(limit))
		}
		return list
	}
	widths, numbers := map[int]int{}, map[bool]int{}
	for range 5000 {
		limit := []uint32{200, 255, 256, 60_000, 65_535, 65_536, 1 << 24, 1<<24 - 1, 1<<32 - 2}[rng.IntN(9)]
		e.allow, e.deny = draw(30, limit), draw(rng.IntN(30), limit)
		record := e.append(nil, hasGroupDeny)
		deny, allow := slices.Clone(e.deny), slices.Clone(e.allow)
		var gotDeny, gotAllow []uint32
		for token, isAllow := range all(record) {
			if isAllow {
				gotAllow = append(gotAllow, token)
			} else {
				gotDeny = append(gotDeny, token)
			}
		}
		if !slices.Equal(gotDeny, deny) || !slices.Equal(gotAllow, allow) || !slices.IsSorted(deny) || !slices.IsSorted(allow) || record[0]&hasGroupDeny == 0 {
			t.Fatalf("%v and %v, want %v and %v", gotDeny, gotAllow, deny, allow)
		}
		list, _ := entries(record)
		widths[list.width]++
		numbers[len(deny) >= manyDeny]++
	}
	if len(widths) != 4 || len(numbers) != 2 {
		t.Errorf("widths %v, many DENY entries %v", widths, numbers)
	}
}

// The table of equal ACLs, which only changes need, is made by the first of them.
func TestSeenIsMadeLate(t *testing.T) {
	x := NewIndex(Rules{})
	list := List{Allow.User("mary")}
	x.PutAll(maps.All(map[string]ACL{"d": list}))
	if x.w.seen.at != nil {
		t.Error("there is a table before the first change")
	}
	x.Put("e", list)
	if x.w.seen.used != 1 || x.w.acls.len() != firstACL+1 {
		t.Errorf("%d ACLs in the table, %d stored, want one", x.w.seen.used, x.w.acls.len()-firstACL)
	}
}
