package claims

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/tokenacl/tokenacl/jwks"
)

func remembered(id string, groups int) *Token {
	t, f := newToken()
	f.id = id
	f.size = 16 * groups
	return t
}

// held counts what c has.
func (c *cache) held() (entries, bytes int) {
	for i := range c.sets {
		for j := range c.sets[i] {
			if e := c.sets[i][j].Load(); e != nil {
				entries++
				bytes += e.bytes
			}
		}
	}
	return entries, bytes
}

// However many tokens an issuer makes, entries and bytes stay bounded, and what
// is remembered is right.
//
// Rules T8, G4
func TestCacheIsBounded(t *testing.T) {
	for _, size := range []int{leastCache, 100_000, 1 << 20} {
		c, err := newCache(size)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5000 {
			raw := fmt.Sprint("token-", i, strings.Repeat("x", i%700))
			c.add(raw, remembered(raw, i%50))
			if got := c.get(raw); got != nil && got.ID() != raw || got == nil && size > 100_000 && i%50 < 40 {
				t.Fatalf("token %d of %d bytes: %v", i, size, got)
			}
			if i%97 != 0 {
				continue
			}
			if slots := waysPerSet * len(c.sets); slots > size/leastEntry {
				t.Fatalf("%d bytes: room for %d entries", size, slots)
			}
			if entries, bytes := c.held(); entries > size/leastEntry || bytes > size || bytes != c.bytes {
				t.Fatalf("%d bytes: %d entries of %d bytes, counted %d", size, entries, bytes, c.bytes)
			}
		}
		if entries, _ := c.held(); entries < size/leastEntry/8 {
			t.Errorf("%d bytes: only %d entries", size, entries)
		}
		before, _ := c.held()
		c.add("big", remembered(strings.Repeat("x", size), 5000))
		if after, _ := c.held(); after != before || c.get("big") != nil {
			t.Errorf("%d bytes: a token of more than a sixteenth is remembered", size)
		}
	}
}

// A token that is used stays when others, used once, come by.
//
// Rule T8
func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c, err := newCache(waysPerSet * leastEntry * 16)
	if err != nil {
		t.Fatal(err)
	}
	c.add("used", remembered("used", 0))
	for i := range 1000 {
		if c.get("used") == nil {
			t.Fatalf("gone after %d others", i)
		}
		c.add(fmt.Sprint(i), remembered("", 0))
	}
}

// A hash alone never decides.
//
// Rule T8
func TestCacheComparesTokens(t *testing.T) {
	c, err := newCache(leastCache)
	if err != nil {
		t.Fatal(err)
	}
	c.add("one", remembered("one", 0))
	if c.get("one") == nil {
		t.Fatal("not remembered")
	}
	for i := range c.sets {
		for j := range c.sets[i] {
			if e := c.sets[i][j].Load(); e != nil {
				c.sets[i][j].Store(&entry{hash: e.hash, raw: "two", token: e.token})
			}
		}
	}
	if c.get("one") != nil {
		t.Error("a token was found by its hash alone")
	}
}

// The same token takes one slot.
//
// Rule T8
func TestCacheReplaces(t *testing.T) {
	c, err := newCache(leastCache)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		c.add("one", remembered(fmt.Sprint(i), 0))
	}
	if entries, _ := c.held(); entries != 1 || c.get("one").ID() != "2" {
		t.Errorf("%d entries, the token is %s", entries, c.get("one").ID())
	}
}

// A token that is part of a request does not keep the request in memory.
//
// Rules T8, G5
func TestCacheKeepsNoRequest(t *testing.T) {
	c, err := newCache(leastCache)
	if err != nil {
		t.Fatal(err)
	}
	request := strings.Repeat("x", 1000)
	c.add(request[:10], remembered("", 0))
	kept := 0
	for i := range c.sets {
		for j := range c.sets[i] {
			if e := c.sets[i][j].Load(); e != nil {
				kept++
				if e.raw != request[:10] || unsafe.StringData(e.raw) == unsafe.StringData(request) {
					t.Error("the token is part of the request still")
				}
			}
		}
	}
	if kept != 1 {
		t.Errorf("%d entries", kept)
	}
}

// Only the end of a token is hashed, however long it is. Tokens of one end are told
// apart, and share one set: as many as it has slots are remembered.
//
// Rules T8, G4
func TestCacheSameEnd(t *testing.T) {
	c, err := newCache(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	end := strings.Repeat("x", 64)
	token := func(i int) string { return fmt.Sprint(i) + strings.Repeat("y", 100*i) + end }
	for i := range waysPerSet {
		c.add(token(i), remembered(fmt.Sprint(i), 0))
	}
	for i := range waysPerSet {
		if got := c.get(token(i)); got == nil || got.ID() != fmt.Sprint(i) {
			t.Errorf("token %d: %v", i, got)
		}
	}
	for _, other := range []string{"", end, "0" + end[1:], "00" + end, strings.Repeat("z", 1<<20) + end} {
		if c.get(other) != nil {
			t.Errorf("found %.9s..., which was never accepted", other)
		}
	}
	if c.hash(token(1)) != c.hash(token(2)) || c.hash(end[1:]) == c.hash(end) {
		t.Error("more than the end is hashed, or less")
	}
	for i := range 100 {
		c.add(token(waysPerSet+i), remembered("", 0))
	}
	if entries, _ := c.held(); entries != waysPerSet {
		t.Errorf("%d entries of one end, want %d", entries, waysPerSet)
	}
}

// always is a source whose keys never change.
type always struct{}

func (always) Verify(context.Context, *jwks.JWS) (jwks.Verified, error) {
	return jwks.Verified{}, ErrUnavailable
}
func (always) Generation() (uint64, error) { return 1, nil }

// The wall clock may go back: the bounds of a key are checked on both sides.
//
// Rules T8, K3
func TestCacheChecksKey(t *testing.T) {
	c, err := newCache(leastCache)
	if err != nil {
		t.Fatal(err)
	}
	v := &Verifier{keys: always{}, cache: c}
	now := time.Now()
	for name, tt := range map[string]struct {
		key  jwks.Verified
		want bool
	}{
		"no bounds":  {jwks.Verified{Generation: 1}, true},
		"inside":     {jwks.Verified{Generation: 1, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}, true},
		"before":     {jwks.Verified{Generation: 1, NotBefore: now.Add(time.Hour)}, false},
		"after":      {jwks.Verified{Generation: 1, NotAfter: now}, false},
		"generation": {jwks.Verified{Generation: 2}, false},
	} {
		token, f := newToken()
		f.key = tt.key
		c.add(name, token)
		if got, err := v.Cached(name); (got == token) != tt.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
