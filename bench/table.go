package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// row is one comparison, with what is wanted of it.
type row struct {
	title  string
	method string // how it was measured, where that needs words
	unit   unit
	values []result
	goals  []goal
}

// unit is what a figure counts.
type unit int

const (
	perOperation unit = iota // nanoseconds of processor time
	perDocument              // bytes
	times                    // a plain number
)

// goal is one figure that must not exceed, or fall below, another.
type goal struct {
	what    string
	wanted  string // in words
	is      float64
	limit   float64
	atLeast bool // is has to reach limit, else to stay within it
	unit    unit
}

// met is false too for what was not measured.
func (g goal) met() bool {
	if g.atLeast {
		return g.is >= g.limit
	}
	return g.is <= g.limit
}

// verdict says by how much a goal is missed.
func (g goal) verdict() string {
	switch {
	case g.met():
		return "met"
	case math.IsNaN(g.is) || math.IsNaN(g.limit):
		return "**missed**, not measured"
	case g.limit == 0:
		return "**missed** by " + g.unit.format(g.is)
	case g.atLeast:
		return fmt.Sprintf("**missed** by %.0f %% (%s)", 100*(1-g.is/g.limit), g.unit.format(g.limit-g.is))
	}
	return fmt.Sprintf("**missed** by %.0f %% (%s)", 100*(g.is/g.limit-1), g.unit.format(g.is-g.limit))
}

func (u unit) format(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case u == perDocument:
		return significant(x) + " B"
	case u == times:
		return fmt.Sprintf("%.2f", x)
	case x >= 1e9:
		return significant(x/1e9) + " s"
	case x >= 1e6:
		return significant(x/1e6) + " ms"
	case x >= 1e3:
		return significant(x/1e3) + " µs"
	}
	return significant(x) + " ns"
}

// significant shows three digits, which is more than a shared machine repeats.
func significant(x float64) string {
	switch size := math.Abs(x); {
	case size >= 100:
		return fmt.Sprintf("%.0f", x)
	case size >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// report collects the rows of a run.
type report struct {
	rows []row
}

func (r *report) add(rows ...row) { r.rows = append(r.rows, rows...) }

func (r *report) goals() (all []goal, met int) {
	for _, row := range r.rows {
		for _, g := range row.goals {
			all = append(all, g)
			if g.met() {
				met++
			}
		}
	}
	return all, met
}

func (r *report) write(w io.Writer, head, foot string) error {
	var out strings.Builder
	out.WriteString(head)
	r.writeGoals(&out)
	for _, row := range r.rows {
		row.write(&out)
	}
	out.WriteString(foot)
	all, met := r.goals()
	fmt.Fprintf(&out, "\n%d of %d goals are met.\n", met, len(all))
	_, err := io.WriteString(w, out.String())
	return err
}

func (r *report) writeGoals(out *strings.Builder) {
	out.WriteString("## Goals\n\n| what | goal | here | best peer | ours / peer | |\n| --- | --- | --: | --: | --: | --- |\n")
	for _, row := range r.rows {
		for _, g := range row.goals {
			against, ratio := row.against()
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", g.what, g.wanted, g.unit.format(g.is), against, ratio, g.verdict())
		}
	}
}

// against is the best peer of the row and the ratio of ours to it.
func (r row) against() (peerText, ratio string) {
	quick, ok := best(r.values, ours)
	them, found := best(r.values, peer)
	if !ok || !found {
		return "–", "–"
	}
	return them.name + " " + r.unit.format(them.median()), fmt.Sprintf("%.2f", quick.median()/them.median())
}

func (r row) write(out *strings.Builder) {
	fmt.Fprintf(out, "\n### %s\n\n", r.title)
	if r.method != "" {
		out.WriteString(r.method + "\n\n")
	}
	quick, _ := best(r.values, ours)
	if r.unit == perOperation {
		out.WriteString("| | minimum | median | allocations | ours / this | passes × operations | |\n| --- | --: | --: | --: | --: | --: | --- |\n")
	} else {
		out.WriteString("| | figure | ours / this | |\n| --- | --: | --: | --- |\n")
	}
	for _, v := range r.values {
		name := v.name
		if v.kind == ours {
			name = "**" + name + "**"
		}
		ratio := times.format(quick.median() / v.median())
		if r.unit == perOperation {
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %d × %d | %s |\n", name,
				r.unit.format(v.min()), r.unit.format(v.median()), allocations(v.allocs), ratio, len(v.passes), v.times, v.note)
		} else {
			fmt.Fprintf(out, "| %s | %s | %s | %s |\n", name, r.unit.format(v.median()), ratio, v.note)
		}
	}
	if len(r.goals) > 0 {
		out.WriteString("\n")
	}
	for _, g := range r.goals {
		fmt.Fprintf(out, "- Goal, %s: %s; here %s: %s\n", g.what, g.wanted, g.unit.format(g.is), g.verdict())
	}
}

func allocations(n float64) string {
	switch {
	case math.IsNaN(n):
		return "–"
	case n >= 10 || n == math.Trunc(n):
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.2f", n)
}
