package jwks

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/tokenacl/tokenacl/internal/base64url"
	"github.com/tokenacl/tokenacl/internal/testkeys"
)

// withoutMemory is ParseCompact's answer about a header part when nothing is
// remembered.
func withoutMemory(part string) string {
	if !base64url.Valid(part) {
		return fmt.Sprint(notCanonical("header"))
	}
	h, err := parseHeader(part)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(h.alg.name, " ", h.kid, " ", h.typ)
}

func withMemory(part string) string {
	j, err := ParseCompact(part + ".e30.AAAA")
	if err != nil {
		return err.Error()
	}
	kid, _ := j.KeyID()
	return fmt.Sprint(j.Algorithm(), " ", kid, " ", j.Type())
}

// TestHeadersModel asks for headers again and again, good and bad, and those that
// differ in one letter, while a flood of others comes in: each answer is that of a
// reader without a memory.
//
// Rules T1, G4
func TestHeadersModel(t *testing.T) {
	accepted, refused, flood := 0, 0, 0
	text := rapid.Custom(func(t *rapid.T) string {
		alg := rapid.SampledFrom([]string{"RS256", "ES256", "EdDSA", "HS256", "none", "rs256"}).Draw(t, "alg")
		kid := rapid.SampledFrom([]string{"a", "b", "", strings.Repeat("k", 512), strings.Repeat("k", 513)}).Draw(t, "kid")
		more := rapid.SampledFrom([]string{"", `,"typ":"JWT"`, `,"typ":"at+jwt"`, `,"crit":["x"]`, `,"kid":"a"`, `,"x":"` + strings.Repeat("x", 900) + `"`}).Draw(t, "more")
		part := testkeys.Encode([]byte(`{"alg":"` + alg + `","kid":"` + kid + `"` + more + `}`))
		if rapid.IntRange(0, 3).Draw(t, "damage") == 0 {
			at := rapid.IntRange(0, len(part)-1).Draw(t, "at")
			part = part[:at] + rapid.SampledFrom([]string{"A", "B", "_", "=", "\n", ""}).Draw(t, "letter") + part[at+1:]
		}
		return part
	})
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.SliceOfN(text, 1, 5).Draw(t, "headers")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if rapid.IntRange(0, 4).Draw(t, "flood") == 0 {
				for range 100 {
					flood++
					withMemory(testkeys.Encode(fmt.Appendf(nil, `{"alg":"RS256","kid":"flood %d"}`, flood)))
				}
			}
			part := rapid.SampledFrom(asked).Draw(t, "header")
			got, want := withMemory(part), withoutMemory(part)
			if got != want {
				t.Fatalf("%q: %q, want %q", part, got, want)
			}
			if strings.HasPrefix(got, "jwks: ") {
				refused++
			} else {
				accepted++
			}
		}
	})
	if accepted < 100 || refused < 100 || flood < 1000 {
		t.Errorf("%d accepted, %d refused, %d in the flood: not a fair mix", accepted, refused, flood)
	}
}

// entries counts what h remembers, and its letters.
func (h *headers) entries() (n, letters int) {
	for i := range h.sets {
		for j := range h.sets[i] {
			if e := h.sets[i][j].Load(); e != nil {
				n, letters = n+1, letters+len(e.text)
			}
		}
	}
	return n, letters
}

// TestHeadersBounded: the memory is as large as its slots, whatever comes; what is
// in it is no part of a request.
//
// Rule G4
func TestHeadersBounded(t *testing.T) {
	h := newHeaders()
	known := &header{alg: lookup("RS256")}
	for i := range 20_000 {
		text := fmt.Sprintf("%0*d", 1+i%(2*maxSeen), i)
		h.add(text, known)
		ok := h.get(text) != nil
		if ok != (len(text) <= maxSeen) {
			t.Fatalf("a header of %d letters: remembered %t", len(text), ok)
		}
		if set, _ := h.set(text); ok {
			for j := range set {
				if e := set[j].Load(); e != nil && e.text == text && unsafe.StringData(e.text) == unsafe.StringData(text) {
					t.Fatal("the text is that of the request")
				}
			}
		}
	}
	if n, letters := h.entries(); n != headerSets*headerWays || letters > n*maxSeen {
		t.Errorf("%d entries of %d letters, want %d of at most %d each", n, letters, headerSets*headerWays, maxSeen)
	}
}

// TestHeadersMemory fills the memory with what takes the most: long headers whose
// kid has an escape, so that it is kept beside the decoded part, of which typ is one.
//
// Rule G4
func TestHeadersMemory(t *testing.T) {
	h := newHeaders()
	before := heap()
	for i := range 4000 {
		kid := strings.Repeat("k", maxKeyID-5) + fmt.Sprintf("%04d", i)
		text := fmt.Sprintf(`{"alg":"RS256","kid":"\n%s","typ":"`, kid)
		part := testkeys.Encode([]byte(text + strings.Repeat("t", maxSeen/4*3-len(text)-2) + `"}`))
		parsed, err := parseHeader(part)
		if err != nil || len(part) != maxSeen || len(parsed.kid) != maxKeyID {
			t.Fatalf("%d letters, a kid of %d bytes, %v", len(part), len(parsed.kid), err)
		}
		h.add(part, parsed)
	}
	took := heap() - before
	if n, _ := h.entries(); n != headerSets*headerWays || took > 640<<10 || took < 400<<10 {
		t.Errorf("%d headers take %d bytes, want at most 640 KiB", n, took)
	}
}

// heap returns how many bytes of the heap are in use.
func heap() int {
	runtime.GC()
	runtime.GC() // what pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestHeadersFlood: a header that came again is still remembered after a flood of
// others that came once, and loses its place only among such as it.
//
// Rule G4
func TestHeadersFlood(t *testing.T) {
	h := newHeaders()
	known := &header{alg: lookup("RS256")}
	h.add("ours", known)
	if h.get("ours") == nil {
		t.Fatal("not remembered")
	}
	for i := range 50_000 {
		h.add(fmt.Sprint("once ", i), known)
	}
	if h.get("ours") == nil {
		t.Error("forgotten after a flood of headers that came once")
	}
	for i := range 50_000 {
		text := fmt.Sprint("twice ", i)
		h.add(text, known)
		h.get(text)
		if h.get(text) == nil {
			t.Fatal("what came just now is forgotten")
		}
	}
	if h.get("ours") != nil {
		t.Error("kept, though all others were asked for more often")
	}
}

// TestHeadersOld: where all of a set came again, one goes, and the others have to
// come once more to be safe.
func TestHeadersOld(t *testing.T) {
	for start := range uint(8) {
		var set headerSet
		for i := range set {
			set[i].Store(&seenHeader{})
			set[i].Load().again.Store(true)
		}
		if got := set.victim(start); got != &set[start%headerWays] {
			t.Errorf("start %d: another slot", start)
		}
		for i := range set {
			if set[i].Load().again.Load() {
				t.Errorf("start %d: slot %d is still safe", start, i)
			}
		}
	}
}

// TestHeadersTogether lets many write while others read.
func TestHeadersTogether(t *testing.T) {
	h := newHeaders()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 5_000 {
				text := fmt.Sprint("header ", (g+i*i)%400)
				want := header{kid: text}
				if got := h.get(text); got != nil && *got != want {
					t.Errorf("%q: %+v", text, got)
					return
				} else if got == nil {
					h.add(text, &want)
				}
			}
		})
	}
	wg.Wait()
	if n, _ := h.entries(); n < headerSets || n > headerSets*headerWays {
		t.Errorf("%d entries", n)
	}
}

// A token whose header is known costs two allocations to parse, whatever its size:
// itself and its payload. One whose header is new costs what reading it and
// remembering it does.
func TestParseAllocations(t *testing.T) {
	head := testkeys.Encode([]byte(`{"alg":"RS256","kid":"parse allocations","typ":"JWT"}`))
	for _, size := range []int{4, 400, 40_000} {
		raw := head + "." + strings.Repeat("A", size) + "." + strings.Repeat("A", 344)
		if n := testing.AllocsPerRun(20, func() {
			if _, err := ParseCompact(raw); err != nil {
				t.Fatal(err)
			}
		}); n != 2 {
			t.Errorf("a payload of %d letters: %v allocations, want 2", size, n)
		}
	}
	var fresh []string
	for i := range 101 {
		fresh = append(fresh, testkeys.Encode(fmt.Appendf(nil, `{"alg":"RS256","kid":"parse allocations %d"}`, i))+".e30.AAAA")
	}
	i := 0
	if n := testing.AllocsPerRun(100, func() { ParseCompact(fresh[i]); i++ }); n < 3 || n > 7 {
		t.Errorf("new headers: %v allocations each, want 3 to 7", n)
	}
}
