package acl_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tokenacl/tokenacl/acl"
)

// saved is a small index with every kind of name, ACL, list and page.
func saved(t testing.TB, r acl.Rules) ([]byte, map[string]acl.ACL) {
	t.Helper()
	docs := map[string]acl.ACL{
		"public": acl.Public(),
		"nobody": nil,
		"list":   acl.List{acl.Allow.Group("g"), acl.Allow.User("u"), acl.Deny.User("eve")},
		"source": acl.List{
			{Name: "g", Type: acl.Group, Access: acl.Deny, DataSourceID: "s"},
			{Name: "u", Type: acl.User, Access: acl.Deny, DataSourceID: "s"}, acl.Allow.Group("h"),
		},
		"levels": acl.Hierarchy{{acl.Allow.Group("g"), acl.Deny.Group("x")}, {acl.Allow.User("u")}},
		"long":   make(acl.List, 40),
	}
	for i := range docs["long"].(acl.List) {
		docs["long"].(acl.List)[i] = acl.Allow.User(fmt.Sprint("user ", i))
	}
	x := acl.NewTuned(r, acl.Tuning{Merge: 8, Compact: 100, Scan: 1, Limit: 1 << 20})
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		x.Put(id, docs[id])
	}
	x.Put("gone", acl.Public())
	x.Delete("gone")
	var file bytes.Buffer
	if n, err := x.WriteTo(&file); err != nil || n != int64(file.Len()) {
		t.Fatalf("WriteTo: %d bytes of %d, %v", n, file.Len(), err)
	}
	return file.Bytes(), docs
}

// Rule A8: an index can be saved and loaded, and then be changed.
func TestReadIndex(t *testing.T) {
	r := acl.Rules{DenyOnlyEveryone: true}
	file, docs := saved(t, r)
	in := bytes.NewReader(append(file, "and more"...))
	x, err := acl.ReadIndex(iotest.OneByteReader(in), r)
	if err != nil {
		t.Fatal(err)
	}
	if in.Len() != len("and more") {
		t.Errorf("%d bytes left, want those that follow the index", in.Len())
	}
	scopes := []acl.Scope{acl.Guest(), acl.Unrestricted(), acl.For(acl.Principal{User: "u", Groups: []string{"g", "h"}})}
	agree(t, x, docs, r, scopes, newTally())
	if ordinal, ok := x.Ordinal("source"); !ok || ordinal != 5 {
		t.Errorf("ordinal %d, want 5", ordinal)
	}
	x.Put("another", acl.List{acl.Allow.Group("g"), acl.Allow.User("u"), acl.Deny.User("eve")})
	docs["another"] = docs["list"]
	if ordinal, _ := x.Ordinal("another"); ordinal != 7 {
		t.Errorf("the next ordinal is %d, want 7: the deleted document's is not given again", ordinal)
	}
	if got := x.Stats().ACLs; got != 4 {
		t.Errorf("%d ACLs, want 4: the new one is equal to a loaded one", got)
	}
	agree(t, x, docs, r, scopes, newTally())
}

func TestReadIndexEmpty(t *testing.T) {
	for name, x := range map[string]*acl.Index{"zero": new(acl.Index), "new": acl.NewIndex(acl.Rules{})} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			if _, err := x.WriteTo(&file); err != nil {
				t.Fatal(err)
			}
			y, err := acl.ReadIndex(&file, acl.Rules{})
			if err != nil || y.Len() != 0 {
				t.Fatalf("%v", err)
			}
			if err := y.PutAt(3, acl.Public()); err != nil || y.View(acl.Guest()).Count() != 1 {
				t.Errorf("PutAt: %v", err)
			}
		})
	}
}

// Rule A6: what was made under other Rules is refused.
func TestReadIndexRules(t *testing.T) {
	all := allRules()
	file, _ := saved(t, all[0])
	refused := 0
	for _, r := range all[1:] {
		x, err := acl.ReadIndex(bytes.NewReader(file), r)
		if err == nil || x != nil || err.Error() != "acl: saved index: made under other Rules, want those it was saved under, or a new Index" {
			t.Errorf("%+v: %v", r, err)
		}
		refused++
	}
	if refused != 47 {
		t.Errorf("%d other Rules, want 47", refused)
	}
}

const damaged = "acl: saved index: damaged, want another copy or a new Index"

// Rule G4: a file with any byte changed, or cut anywhere, is refused as a whole.
func TestReadIndexDamaged(t *testing.T) {
	file, _ := saved(t, acl.Rules{})
	refuse := func(what string, file []byte) {
		t.Helper()
		x, err := acl.ReadIndex(bytes.NewReader(file), acl.Rules{})
		if err == nil || x != nil {
			t.Fatalf("%s: accepted", what)
		}
		if text := err.Error(); text != damaged && !strings.Contains(text, "not a saved index") && !strings.Contains(text, "other Rules") {
			t.Fatalf("%s: %v", what, err)
		}
	}
	n := 0
	for i := range file {
		refuse(fmt.Sprintf("cut at %d", i), file[:i])
		for _, change := range []byte{1, 0x80, 0xff, byte(1 + i%255)} {
			b := slices.Clone(file)
			b[i] ^= change
			refuse(fmt.Sprintf("byte %d of %d changed by %#x", i, len(file), change), b)
			n++
		}
	}
	if n < 4*1000 {
		t.Errorf("%d changes, want more", n)
	}
	if _, err := acl.ReadIndex(bytes.NewReader(file), acl.Rules{}); err != nil {
		t.Fatal(err)
	}
}

// reseal makes the checksum right, as a forger would.
func reseal(file []byte) []byte {
	body := file[:max(len(file)-4, 0)]
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	return binary.LittleEndian.AppendUint32(slices.Clone(body), sum)
}

// Rule G4: a forged file is refused, or is an index like another.
func TestReadIndexForged(t *testing.T) {
	file, _ := saved(t, acl.Rules{})
	accepted, refused := 0, 0
	step := 10 / rounds(10)
	for i := 0; i < len(file)-4; i += step {
		for bit := range 8 {
			b := slices.Clone(file)
			b[i] ^= 1 << bit
			if useForged(t, reseal(b), acl.Rules{}) {
				accepted++
			} else {
				refused++
			}
		}
	}
	t.Logf("%d accepted, %d refused", accepted, refused)
	if accepted == 0 || refused == 0 {
		t.Error("all were treated alike")
	}
}

// Rule G4: two documents of one id, or two tokens of one name, would make one of
// them unreachable, a DENY among them.
func TestReadIndexTwice(t *testing.T) {
	x := acl.NewIndex(acl.Rules{})
	x.Put("id-0", acl.List{acl.Deny.User("name-0"), acl.Allow.User("name-1")})
	x.Put("id-1", acl.Public())
	var file bytes.Buffer
	x.WriteTo(&file)
	for _, row := range []struct {
		old, new string
		want     bool
	}{{"id-1", "id-0", false}, {"id-1", "id-2", true}, {"name-1", "name-0", false}, {"name-1", "name-2", true}} {
		forged := bytes.Replace(file.Bytes(), []byte(row.old), []byte(row.new), 1)
		if bytes.Equal(forged, file.Bytes()) {
			t.Fatalf("%s is not in the file", row.old)
		}
		if got := useForged(t, reseal(forged), acl.Rules{}); got != row.want {
			t.Errorf("%s for %s: accepted %t, want %t", row.new, row.old, got, row.want)
		}
	}
}

// useForged reads a file and uses what it gets in every way.
func useForged(t testing.TB, file []byte, r acl.Rules) bool {
	x, err := acl.ReadTuned(bytes.NewReader(file), r, acl.Tuning{Merge: 1, Compact: 1, Scan: 1, Limit: 1 << 20})
	if err != nil {
		if x != nil {
			t.Fatal("an index beside an error")
		}
		return false
	}
	v := x.View(acl.For(acl.Principal{User: "u", Groups: []string{"g", "h"}}))
	before := v.Count()
	v.Prepare()
	for id := range v.All() {
		x.Explain(acl.Guest(), id)
		x.WhoCanSee(id)
	}
	if n := x.View(acl.Unrestricted()).Count(); n != x.Len() || before > n {
		t.Fatalf("%d of %d documents, %d for a principal", n, x.Len(), before)
	}
	for o := range x.View(acl.Unrestricted()).Ordinals() {
		x.PutAt(o, acl.List{acl.Allow.User("u"), acl.Deny.Group("another")})
		x.DeleteAt(o)
	}
	if x.Len() != 0 {
		t.Fatalf("%d documents are left", x.Len())
	}
	var again bytes.Buffer
	if _, err := x.WriteTo(&again); err != nil {
		t.Fatal(err)
	}
	if _, err := acl.ReadIndex(&again, r); err != nil {
		t.Fatalf("what was loaded and changed is not loaded again: %v", err)
	}
	return true
}

// Rule G4: any bytes at all.
func FuzzReadIndex(f *testing.F) {
	seeds := 0
	for _, r := range []acl.Rules{{}, {Fold: true}} {
		file, _ := saved(f, r)
		f.Add(file, r.Fold)
		for i := 0; i < len(file); i += 41 {
			b := slices.Clone(file)
			b[i]++
			f.Add(b, r.Fold)
			f.Add(file[:i], r.Fold)
			seeds++
		}
	}
	for seed := range uint64(20) {
		s := maker{rand.New(rand.NewPCG(seed, 9)).IntN}.sample()
		x, _ := acl.BuildIndex(acl.Rules{}, maps.All(s.docs))
		var file bytes.Buffer
		x.WriteTo(&file)
		f.Add(file.Bytes(), false)
		seeds++
	}
	if seeds < 50 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, file []byte, fold bool) { useForged(t, reseal(file), acl.Rules{Fold: fold}) })
}

// Rule G4: what a file claims costs nothing.
func TestReadIndexClaims(t *testing.T) {
	file, _ := saved(t, acl.Rules{})
	const names = 16 + 16 + 1 + 8 // where the number of names is
	huge := slices.Clone(file)
	copy(huge[names:], "\xff\xff\xff\xff\xff\xff\xff\x0f")
	bytes := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := acl.ReadIndex(strings.NewReader(string(huge)), acl.Rules{}); err == nil {
				b.Fatal("accepted")
			}
		}
	}).AllocedBytesPerOp()
	if bytes > 4<<20 {
		t.Errorf("%d bytes for a file of %d", bytes, len(huge))
	}
}

// Rules A8, G4: what is loaded replaces what was there, and a bad file nothing.
func TestReadFrom(t *testing.T) {
	file, _ := saved(t, acl.Rules{})
	x := acl.NewIndex(acl.Rules{})
	x.Put("only here", acl.Public())
	view := x.View(acl.Guest())
	if n, err := x.ReadFrom(bytes.NewReader(file[:len(file)-1])); err == nil || n != int64(len(file)-1) {
		t.Errorf("%d bytes of a torn file read, error %v", n, err)
	}
	if x.Len() != 1 || !x.View(acl.Guest()).Allowed("only here") {
		t.Error("a bad file changed the index")
	}
	if n, err := x.ReadFrom(bytes.NewReader(file)); err != nil || n != int64(len(file)) {
		t.Errorf("%d of %d bytes read, error %v", n, len(file), err)
	}
	if x.View(acl.Guest()).Allowed("only here") || x.Len() < 2 || !view.Allowed("only here") {
		t.Error("the file does not take the place of what was there, or a view changed")
	}
	x.Put("only here", acl.Public())
	if !x.View(acl.Guest()).Allowed("only here") {
		t.Error("a document cannot be put after loading")
	}
	var zero acl.Index
	if _, err := zero.ReadFrom(bytes.NewReader(file)); err != nil || zero.Len() < 2 {
		t.Errorf("the zero Index cannot load: %v", err)
	}
}

// Errors of readers and writers are passed on.
func TestPersistErrors(t *testing.T) {
	broken := errors.New("broken")
	file, docs := saved(t, acl.Rules{})
	for n := 0; n < len(file); n += 7 {
		in := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if x, err := acl.ReadIndex(in, acl.Rules{}); !errors.Is(err, broken) || x != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
	x, err := acl.BuildIndex(acl.Rules{}, maps.All(docs))
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	size, _ := x.WriteTo(&whole)
	for n := range size {
		w := &limitedWriter{int(n), broken}
		if got, err := x.WriteTo(w); !errors.Is(err, broken) || got != n {
			t.Fatalf("limit %d: wrote %d, %v", n, got, err)
		}
	}
}

// limitedWriter takes n bytes.
type limitedWriter struct {
	n   int
	err error
}

func (w *limitedWriter) Write(b []byte) (int, error) {
	n := min(w.n, len(b))
	w.n -= n
	if n < len(b) {
		return n, w.err
	}
	return n, nil
}
