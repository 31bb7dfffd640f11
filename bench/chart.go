package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// chart is lines over logarithmic axes, drawn as SVG that suits light and dark.
type chart struct {
	title string
	unit  unit
	lines []line
}

type line struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// add adds a point to the line of a name. A second one for the same x, or one that
// a logarithm cannot show, is left out.
func (c *chart) add(name string, x int, y float64) {
	i := slices.IndexFunc(c.lines, func(l line) bool { return l.name == name })
	if i < 0 {
		i = len(c.lines)
		c.lines = append(c.lines, line{name: name})
	}
	if y > 0 && math.IsNaN(c.at(name, x)) {
		c.lines[i].points = append(c.lines[i].points, point{float64(x), y})
	}
}

func (c *chart) at(name string, x int) float64 {
	for _, l := range c.lines {
		for _, p := range l.points {
			if l.name == name && p.x == float64(x) {
				return p.y
			}
		}
	}
	return math.NaN()
}

const (
	width, height = 760, 420
	left, right   = 80, 590 // of the plot; names of lines stand behind it
	top, bottom   = 50, 370
	nameHeight    = 16
	colours       = 8
)

// frame turns values into places.
type frame struct{ x0, x1, y0, y1 float64 } // exponents of ten

func (f frame) x(v float64) float64 { return left + (math.Log10(v)-f.x0)/(f.x1-f.x0)*(right-left) }
func (f frame) y(v float64) float64 { return bottom - (math.Log10(v)-f.y0)/(f.y1-f.y0)*(bottom-top) }

func (c *chart) frame() frame {
	f := frame{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, l := range c.lines {
		for _, p := range l.points {
			f.x0, f.x1 = min(f.x0, math.Floor(math.Log10(p.x))), max(f.x1, math.Ceil(math.Log10(p.x)))
			f.y0, f.y1 = min(f.y0, math.Floor(math.Log10(p.y))), max(f.y1, math.Ceil(math.Log10(p.y)))
		}
	}
	if f.x0 == f.x1 {
		f.x1++
	}
	if f.y0 == f.y1 {
		f.y1++
	}
	return f
}

const style = `<style>
text { font: 13px sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: bold }
.grid { stroke: #d0d7de }
.line { fill: none; stroke-width: 2 }
.ours { stroke-width: 4 }
.name.ours { font-weight: bold; stroke: none }
.c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #cf222e; fill: #cf222e } .c2 { stroke: #1a7f37; fill: #1a7f37 }
.c3 { stroke: #8250df; fill: #8250df } .c4 { stroke: #9a6700; fill: #9a6700 } .c5 { stroke: #bf3989; fill: #bf3989 }
.c6 { stroke: #57606a; fill: #57606a } .c7 { stroke: #0a7d8c; fill: #0a7d8c } .c8 { stroke: #7d4e00; fill: #7d4e00 }
.c9 { stroke: #3d4f9f; fill: #3d4f9f } .c10 { stroke: #5c7a00; fill: #5c7a00 }
.line.line { fill: none }
.name { stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.grid { stroke: #30363d }
.c0 { stroke: #58a6ff; fill: #58a6ff } .c1 { stroke: #ff7b72; fill: #ff7b72 } .c2 { stroke: #3fb950; fill: #3fb950 }
.c3 { stroke: #bc8cff; fill: #bc8cff } .c4 { stroke: #d29922; fill: #d29922 } .c5 { stroke: #f778ba; fill: #f778ba }
.c6 { stroke: #8b949e; fill: #8b949e } .c7 { stroke: #39c5cf; fill: #39c5cf } .c8 { stroke: #c69026; fill: #c69026 }
.c9 { stroke: #a5b4fc; fill: #a5b4fc } .c10 { stroke: #b5d33d; fill: #b5d33d }
.name { stroke: none }
}
</style>
`

func (c *chart) svg() string {
	var out strings.Builder
	f := c.frame()
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n%s", html.EscapeString(c.title), style)
	fmt.Fprintf(&out, `<text class="title" x="%d" y="26">%s</text>`+"\n", left, html.EscapeString(c.title))
	c.axes(&out, f)
	places := c.places(f)
	for i, l := range c.lines {
		if len(l.points) > 0 {
			l.draw(&out, f, i, places[i])
		}
	}
	out.WriteString("</svg>\n")
	return out.String()
}

func (c *chart) axes(out *strings.Builder, f frame) {
	for e := f.x0; e <= f.x1; e++ {
		x := f.x(math.Pow(10, e))
		fmt.Fprintf(out, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, x, top, x, bottom)
		fmt.Fprintf(out, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, bottom+20, grouped(int(math.Pow(10, e))))
	}
	fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="middle">documents</text>`+"\n", (left+right)/2, bottom+40)
	for e := f.y0; e <= f.y1; e++ {
		y := f.y(math.Pow(10, e))
		fmt.Fprintf(out, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>`, left, y, right, y)
		fmt.Fprintf(out, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left-8, y+4, c.unit.power(e))
	}
}

// power is ten to e in the unit, without digits behind the point.
func (u unit) power(e float64) string {
	text := u.format(math.Pow(10, e))
	return strings.NewReplacer(".00", "", ".0", "").Replace(text)
}

// places keeps the names behind the lines apart.
func (c *chart) places(f frame) []float64 {
	order := make([]int, len(c.lines))
	places := make([]float64, len(c.lines))
	for i, l := range c.lines {
		order[i] = i
		if len(l.points) > 0 {
			places[i] = f.y(l.points[len(l.points)-1].y)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, places[a]-places[b])) })
	for i := 1; i < len(order); i++ {
		places[order[i]] = max(places[order[i]], places[order[i-1]]+nameHeight)
	}
	for i := len(order) - 1; i >= 0; i-- {
		lowest := float64(bottom + nameHeight)
		if i < len(order)-1 {
			lowest = places[order[i+1]] - nameHeight
		}
		places[order[i]] = min(places[order[i]], lowest)
	}
	return places
}

func (l line) draw(out *strings.Builder, f frame, colour int, place float64) {
	class := fmt.Sprintf("c%d", colour%colours)
	if l.name == us {
		class += " ours"
	}
	var path []string
	for _, p := range l.points {
		path = append(path, fmt.Sprintf("%.1f,%.1f", f.x(p.x), f.y(p.y)))
		fmt.Fprintf(out, `<circle class="%s" cx="%.1f" cy="%.1f" r="3"/>`, class, f.x(p.x), f.y(p.y))
	}
	fmt.Fprintf(out, `<polyline class="line %s" points="%s"/>`, class, strings.Join(path, " "))
	fmt.Fprintf(out, `<text class="name %s" x="%d" y="%.1f">%s</text>`+"\n", class, right+12, place+4, html.EscapeString(l.name))
}
