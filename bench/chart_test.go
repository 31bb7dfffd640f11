package main

import (
	"encoding/xml"
	"io"
	"math"
	"strings"
	"testing"
)

func sampleChart() chart {
	c := chart{title: "Time & documents"}
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		c.add(us, n, 6)
		c.add("roaring", n, 20)
		c.add("scan", n, float64(n)*3)
	}
	c.add("small", 1_000, 21)
	c.add("none", 1_000, 0)
	return c
}

// TestChart wants SVG in which each line has its points within the frame, and its
// name apart from the others.
func TestChart(t *testing.T) {
	c := sampleChart()
	text := c.svg()
	names, circles := 0, 0
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		} else if ok && e.Name.Local == "text" && strings.HasPrefix(e.Attr[0].Value, "name ") {
			names++
		}
	}
	if names != 4 || circles != 13 {
		t.Errorf("%d names and %d points, want 4 and 13", names, circles)
	}
	for _, want := range []string{"Time &amp; documents", ">1,000,000<", ">1 ns<", ">10 ms<", `class="line c0 ours"`, "prefers-color-scheme: dark"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the chart", want)
		}
	}
	f := c.frame()
	for _, l := range c.lines {
		for _, p := range l.points {
			if x, y := f.x(p.x), f.y(p.y); x < left || x > right || y < top || y > bottom {
				t.Errorf("%s at %v is drawn at %.0f, %.0f", l.name, p, x, y)
			}
		}
	}
	places := c.places(f)
	for i, a := range places {
		for j, b := range places {
			if i != j && len(c.lines[i].points) > 0 && len(c.lines[j].points) > 0 && math.Abs(a-b) < nameHeight {
				t.Errorf("the names %s and %s are drawn over each other", c.lines[i].name, c.lines[j].name)
			}
		}
	}
}

func TestChartAt(t *testing.T) {
	c := sampleChart()
	c.add(us, 1_000, 7) // a second one
	if got := c.at(us, 1_000); got != 6 {
		t.Errorf("the point is %v, want the first, 6", got)
	}
	if got := c.at(us, 5); !math.IsNaN(got) {
		t.Errorf("a point that is not there is %v", got)
	}
	if got := c.at("none", 1_000); !math.IsNaN(got) {
		t.Errorf("zero has the logarithm of %v", got)
	}
}
