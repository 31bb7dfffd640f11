package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

var errRequests = errors.New(us + " disagrees with golang-jwt and bitset about the documents of a token")

// settings are the size of a run.
type settings struct {
	name      string
	documents []int // of the stages; the last one has the goals
	slow      int   // most documents of engines that are slow to build
	meter     meter
	builds    meter   // of bulk builds
	writes    int     // single documents that a pass puts or deletes
	tokens    int     // that no cache has seen, for a pass
	further   []maker // engines that were asked for
}

func whole() settings {
	return settings{
		name: "whole", documents: []int{1_000, 10_000, 100_000, 1_000_000}, slow: 1_000_000, writes: 20_000, tokens: 1_000,
		meter:  meter{pass: 100 * time.Millisecond, passes: 12, few: 3, slow: time.Second},
		builds: meter{pass: time.Second, passes: 10, few: 10, slow: time.Minute},
	}
}

func short() settings {
	return settings{
		name: "short", documents: []int{1_000, 10_000, 100_000, 1_000_000}, slow: 100_000, writes: 10_000, tokens: 300,
		meter:  meter{pass: 25 * time.Millisecond, passes: 10, few: 3, slow: 100 * time.Millisecond},
		builds: meter{pass: time.Second, passes: 3, few: 3, slow: time.Minute},
	}
}

func main() {
	log.SetFlags(log.Ltime)
	isShort := flag.Bool("short", false, "at most five minutes; engines that are slow to build hold fewer documents")
	out := flag.String("o", "RESULTS.md", "the `file` for the results, beside what is printed")
	charts := flag.String("charts", "", "the `folder` for the charts; the whole run writes them to ../docs")
	withBleve := flag.Bool("bleve", false, "measure Bleve too")
	server := flag.String("postgres", "", "measure PostgreSQL too, on the server of this `URL`, which runs on this machine; makes tables there and drops them")
	flag.Parse()
	s := whole()
	if *isShort {
		s = short()
	} else if *charts == "" {
		*charts = filepath.Join("..", "docs")
	}
	if *withBleve {
		s.further = append(s.further, maker{name: "Bleve", make: newBleve, most: s.slow})
	}
	if *server != "" {
		s.further = append(s.further, maker{name: "PostgreSQL", make: newPostgres(*server), most: s.slow})
	}
	if err := s.main(*out, *charts, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// main runs everything and writes the results.
func (s settings) main(out, charts string, print io.Writer) error {
	r, g, err := s.run()
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := r.write(&text, s.head(), versions()); err != nil {
		return err
	}
	if charts != "" {
		if err := g.write(charts); err != nil {
			return err
		}
	}
	if err := os.WriteFile(out, []byte(text.String()), 0o644); err != nil {
		return err
	}
	_, err = io.WriteString(print, text.String())
	return err
}

// run makes the inputs, requires that all agree, and measures. Tokens come first:
// beside a large heap the garbage collector would hardly ever run in a pass.
func (s settings) run() (*report, *growth, error) {
	r, now := new(report), time.Now()
	t, err := newTokens(now)
	if err != nil {
		return nil, nil, err
	}
	logf("verifiers agree")
	rows, err := t.rows(s.meter)
	if err != nil {
		return nil, nil, err
	}
	r.add(rows...)
	stages, err := s.stages()
	defer func() {
		for _, st := range stages {
			st.close()
		}
	}()
	if err != nil {
		return nil, nil, err
	}
	logf("engines agree")
	g := newGrowth()
	for _, st := range stages {
		g.add(s.meter, st)
		logf("growth: %d documents", st.documents)
	}
	return r, g, s.last(r, stages[len(stages)-1], g, t, now)
}

func (s settings) stages() (stages []stage, err error) {
	for i, n := range s.documents {
		st, err := newStage(n, slices.Concat(makers(s.slow), s.further), i == len(s.documents)-1)
		stages = append(stages, st)
		if err != nil {
			return stages, err
		}
	}
	return stages, nil
}

// last adds the rows of the stage with the goals.
func (s settings) last(r *report, st stage, g *growth, t tokens, now time.Time) error {
	rows, err := st.decideRows(s.meter)
	if err != nil {
		return err
	}
	r.add(rows...)
	logf("decisions")
	r.add(st.findRows(s.meter)...)
	logf("pages and filters")
	r.add(st.memory(st.distinct, 52), st.memory(st.folders, 6))
	if rows, err = st.build(s.builds); err != nil {
		return err
	}
	r.add(rows...)
	logf("builds")
	update, err := st.update(s.meter, s.writes)
	if err != nil {
		return err
	}
	r.add(update)
	if rows, err = st.requestRows(s.meter, t, s.tokens, now); err != nil {
		return err
	}
	r.add(rows...)
	r.add(g.row())
	return nil
}

func newGrowth() *growth {
	return &growth{
		decide: chart{title: "Time to decide one document (k = 100, warm)"},
		filter: chart{title: "Time to find all documents of a new caller (k = 100)"},
		memory: chart{title: "Memory for a document", unit: perDocument},
	}
}

func (g *growth) write(folder string) error {
	for name, c := range map[string]chart{"decide": g.decide, "filter": g.filter, "memory": g.memory} {
		if err := os.WriteFile(filepath.Join(folder, "bench-"+name+".svg"), []byte(c.svg()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func logf(format string, args ...any) { log.Printf(format, args...) }

// head says how the figures came about.
func (s settings) head() string {
	return fmt.Sprintf(`# Results

A %s run of %sgo run -C bench%s on %s/%s, %d processors%s, %s.

Figures are processor time of the process for one operation (getrusage before and after each pass, the garbage collector
included), in the row that says so wall time. The contenders of a row take turns: each has its n-th pass before any has the
one after it. Engines that take seconds have fewer passes; each table says how many. Goals compare medians. On a machine
that is shared, differences under 20 %% are noise, and what counts is the ratio within one row.

Documents: ACLs of 1 to 20 entries, names by Zipf's law (s 1.1, v 10) over %s groups (%d %%) and %s users, %d %% DENY,
%d %% public, no two ACLs equal; and, as folders, %d documents to an ACL. Callers: one user in k groups. Before anything was
timed, all engines agreed on the same tokens and documents.

`, s.name, "`", "`", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processorModel(), runtime.Version(),
		grouped(manyGroups), percentGroups, grouped(manyUsers), percentDeny, percentPublic, perFolder)
}

// processorModel is that of the processor, where the system tells it.
func processorModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return " (" + strings.TrimSpace(value) + ")"
		}
	}
	return ""
}

var peers = []string{
	"github.com/lestrrat-go/jwx/v2", "github.com/lestrrat-go/jwx/v3", "github.com/golang-jwt/jwt/v5", "github.com/go-jose/go-jose/v4", "github.com/coreos/go-oidc/v3",
	"github.com/cedar-policy/cedar-go", "github.com/casbin/casbin/v2", "github.com/open-policy-agent/opa", "github.com/RoaringBitmap/roaring/v2", "modernc.org/sqlite",
	"github.com/blevesearch/bleve/v2", "github.com/jackc/pgx/v5",
}

// versions is a table of the peers' modules, as they are in this program.
func versions() string {
	out := "\n### Versions\n\n| module | version |\n| --- | --- |\n"
	built := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			built[m.Path] = m.Version
		}
	}
	for _, name := range peers {
		version := built[name]
		if version == "" {
			version = "not in this program"
		}
		out += fmt.Sprintf("| %s | %s |\n", name, version)
	}
	return out
}

// grouped writes 1,000,000.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func megabytes(n int) string { return significant(float64(n)/1e6) + " MB" }
