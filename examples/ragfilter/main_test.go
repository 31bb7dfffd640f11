package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
)

func ask(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// Rule P1
func TestCompare(t *testing.T) {
	code, out, stderr := ask(t)
	if code != 0 || !strings.Contains(out, "memory: 100 answers compared") || stderr != "" {
		t.Fatalf("exit %d, %s, %s", code, out, stderr)
	}
	if len(personas) != 5 || len(questions) != 20 {
		t.Errorf("%d personas, %d questions", len(personas), len(questions))
	}
}

// What each persona finds is in the folders of the scenario, and somewhere each.
func TestFolders(t *testing.T) {
	all := []string{"blogs", "user-guides", "case-studies", "analyst-reports", "white-papers"}
	for i, p := range personas {
		found := map[string]bool{}
		for _, q := range questions {
			code, out, stderr := ask(t, "-as", p.name, "-q", q, "-n", "30")
			if code != 0 || stderr != "" {
				t.Fatalf("%s: exit %d, %s", p.name, code, stderr)
			}
			for part := range strings.SplitSeq(out, "(Data/") {
				if folder, _, ok := strings.Cut(part, "/"); ok && slices.Contains(all, folder) {
					found[folder] = true
				}
			}
		}
		for j, folder := range all {
			if found[folder] != (j <= i) {
				t.Errorf("%s finds something in %s: %v", p.name, folder, found[folder])
			}
		}
	}
}

func TestChunks(t *testing.T) {
	lib, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(lib.chunks); n < 200 || n != len(lib.byID) {
		t.Errorf("%d chunks, %d ids, want 200 or more", n, len(lib.byID))
	}
	documents := map[string]int{}
	for _, c := range lib.chunks {
		key, _, _ := strings.Cut(c.id, "#")
		documents[key]++
		if len([]rune(c.text)) > 2*chunkRunes || c.text == "" || c.acl == nil || c.title == "" {
			t.Errorf("chunk %s: %d runes, ACL %v, title %q", c.id, len(c.text), c.acl, c.title)
		}
		if l := similarity(c.vector, c.vector); math.Abs(l-1) > 1e-2 {
			t.Errorf("%s has a vector of length %v", c.id, l)
		}
	}
	if len(documents) != 25 {
		t.Errorf("chunks of %d documents, want 25", len(documents))
	}
	if got := split("# A\n\nOne. Two?\n\n## B\nThree! Four"); !slices.Equal(got, []string{"A: One. Two?", "B: Three! Four"}) {
		t.Errorf("split: %q", got)
	}
	if got := split("# A\n" + strings.Repeat("word ", 70) + ". " + strings.Repeat("more ", 70)); len(got) != 2 {
		t.Errorf("split of a long section: %q", got)
	}
}

// Inner products are the same in floats of 32 bits, in any order of the sum, so
// engines have the same order, and the same ties.
func TestExact(t *testing.T) {
	lib, err := open()
	if err != nil {
		t.Fatal(err)
	}
	n, below := 0, 0
	for _, q := range questions {
		v := embed(q)
		for _, c := range lib.chunks {
			var up, down float32
			for i := range v {
				up += v[i] * c.vector[i]
				down += v[dimensions-1-i] * c.vector[dimensions-1-i]
			}
			n++
			want := similarity(v, c.vector)
			if float64(up) != want || float64(down) != want {
				t.Fatalf("%s, %q: %v and %v, want %v", c.id, q, up, down, want)
			}
			score := float32(want) + 1
			if want < 0 {
				below++
				score = 1 / (1 - float32(want))
			}
			if got := (found{Score: score}).similarity(); got != want {
				t.Fatalf("%s, %q: similarity %v of the score %v, want %v", c.id, q, got, score, want)
			}
		}
	}
	if n < 20*200 || below < 500 {
		t.Errorf("%d products, %d below 0", n, below)
	}
}

// Vectors are the same on every machine, and similar texts are near.
func TestEmbed(t *testing.T) {
	a, b, c := embed("rotate the signing key"), embed("Signing keys, rotated"), embed("quarterly budget of the kitchen")
	if !slices.Equal(a, embed("rotate the signing key")) || similarity(a, b) < 0.3 || similarity(a, b) <= similarity(a, c)+0.2 {
		t.Errorf("similar texts: %v, others: %v", similarity(a, b), similarity(a, c))
	}
	if e := embed(" - "); similarity(e, e) != 0 {
		t.Error("a vector of nothing")
	}
	if got := fmt.Sprintf("%.4f", similarity(embed("token"), embed("tokens"))); got != "0.4530" {
		t.Errorf("token and tokens: %s", got)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"x"}, {"-as", "mary"}, {"-q", "x"}, {"-as", "nobody", "-q", "x"}, {"-as", ":g", "-q", "x"}, {"-n", "0"}, {"-n", "10001"}, {"-z"},
		{"-name", "x"}, {"-name", "Index", "-opensearch", "http://h"}, {"-name", "a,b", "-opensearch", "http://h"}, {"-opensearch", "h:9200"}, {"-opensearch", "ftp://h"},
		{"-postgres", "postgres://h:x/"}, {"-as", "mary", "-q", "x", "-opensearch", "http://h", "-postgres", "postgres://h"}} {
		if code, out, stderr := ask(t, args...); code != 1 || out != "" || stderr == "" {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, stderr)
		}
	}
	if code, _, stderr := ask(t, "-h"); code != 0 || !strings.Contains(stderr, "-as PERSONA") {
		t.Errorf("-h: exit %d, %s", code, stderr)
	}
	_, guest, _ := ask(t, "-as", "guest", "-q", "token")
	if _, eve, _ := ask(t, "-as", "eve:", "-q", "token"); eve != guest || guest == "" {
		t.Errorf("eve without groups finds %s, a guest %s", eve, guest)
	}
	_, mary, _ := ask(t, "-as", "mary", "-q", "token")
	if _, eve, _ := ask(t, "-as", "eve:x,AWS-SA", "-q", "token"); eve != mary || mary == guest {
		t.Errorf("eve in AWS-SA finds %s, mary %s", eve, mary)
	}
}

// No error has a password, whatever is wrong with its URL.
//
// Rule G3
func TestPassword(t *testing.T) {
	for _, args := range [][]string{
		{"-postgres", "postgres://u:hunter2/x@h/d"}, {"-postgres", "postgres://u:hunter2%zz@h/d"}, {"-postgres", "postgres://u:hunter2#x@h/d"},
		{"-postgres", "postgres://u:hunter2@127.0.0.1:1/d"}, {"-postgres", "port=x password = hunter2"},
		{"-opensearch", "http://u:hunter2/x@h"}, {"-opensearch", "http://u:hunter2%zz@h"}, {"-opensearch", "http://u:hunter2@127.0.0.1:1"},
	} {
		if code, out, stderr := ask(t, args...); code != 1 || out != "" || stderr == "" || strings.Contains(stderr, "hunter") {
			t.Errorf("%q: exit %d, %s, %s", args, code, out, stderr)
		}
	}
}

// broken is an engine that is wrong in one way.
type broken struct {
	memory
	change func([]hit) []hit
	err    error
}

func (b *broken) nearest(ctx context.Context, s acl.Scope, v []float32, k int) ([]hit, error) {
	hits, _ := b.memory.nearest(ctx, s, v, k)
	return b.change(hits), b.err
}

// A wrong engine is noticed, whatever is wrong.
//
// Rule P1
func TestCompareCanFail(t *testing.T) {
	for name, tt := range map[string]struct {
		engine *broken
		want   string
	}{
		"right":    {&broken{change: func(h []hit) []hit { return h }}, ""},
		"rounding": {&broken{change: func(h []hit) []hit { h[0].score += 1e-7; return h }}, "at place 1, want"},
		"fewer":    {&broken{change: func(h []hit) []hit { return h[1:] }}, "4 chunks, want 5"},
		"more":     {&broken{change: func(h []hit) []hit { return append(h, h[0]) }}, "6 chunks, want 5"},
		"twice":    {&broken{change: func(h []hit) []hit { h[1] = h[0]; return h }}, "at place 2, want"},
		"unknown":  {&broken{change: func(h []hit) []hit { h[0].id = "x"; return h }}, "LEAK: x"},
		"hidden":   {&broken{change: func(h []hit) []hit { h[0].id = "Data/white-papers/verification-order.md#1"; return h }}, "LEAK"},
		"order":    {&broken{change: func(h []hit) []hit { h[3], h[4] = h[4], h[3]; return h }}, "place 4, want"},
		"score":    {&broken{change: func(h []hit) []hit { h[4].score = 0; return h }}, "similarity 0 is at place 5"},
		"error":    {&broken{change: func(h []hit) []hit { return h }, err: errors.New("down")}, "memory: down"},
	} {
		err := options{limit: 5}.do(t.Context(), bufio.NewWriter(io.Discard), []engine{new(memory), tt.engine})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
