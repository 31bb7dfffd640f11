package browser

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// research opens the page of researchsearch with a query.
func research(t *testing.T, server, index, query string) *tab {
	t.Helper()
	return open(t, server, "/?"+url.Values{"index": {index}, "query": {query}}.Encode())
}

const all = `{"match_all":{}}`

// seen is what the table of documents draws for one user.
type seen struct {
	Count                 string // beside the name
	Found, Hidden, Missed int    // documents
	Shown, Masked, Dark   int    // fields of those found
	Refused               int    // documents that the cell of a refusal stands for
}

// columns reads the table of documents. A refusal is one cell for all rows, so
// columns are counted by where a cell lies, not by its place in the row.
func (b *tab) columns() []seen {
	b.t.Helper()
	return js[[]seen](b, `(() => {
		const table = document.querySelector("#overview");
		const heads = [...table.tHead.rows[0].cells].slice(1);
		return heads.map((head) => {
			const left = Math.round(head.getBoundingClientRect().left);
			const cells = [...table.querySelectorAll("tbody td")].filter((c) => Math.round(c.getBoundingClientRect().left) === left);
			const count = (selector) => cells.filter((c) => c.matches(selector)).length;
			const ticks = (kind) => cells.reduce((n, c) => n + c.querySelectorAll(".tick." + kind).length, 0);
			return {
				Count: head.querySelector(".count").textContent,
				Found: count(".found"), Hidden: count(".hidden-row"), Missed: count(".missed"),
				Shown: ticks("shown"), Masked: ticks("masked"), Dark: ticks("hidden-field"),
				Refused: cells.filter((c) => c.matches(".refused")).reduce((n, c) => n + c.rowSpan, 0),
			};
		});
	})()`)
}

// TestResearchSideBySide counts what is drawn for each of the six users: PubMed
// has 34 documents of 15 fields, the trials 24 of 18.
func TestResearchSideBySide(t *testing.T) {
	b := research(t, start(t, researchSearch, "-listen", "127.0.0.1:0"), "pubmed", all)
	refused := func(n int) seen { return seen{Count: "403", Refused: n} }
	want := []seen{
		{Count: "34 documents", Found: 34, Shown: 34 * 15},
		{Count: "31 documents", Found: 31, Hidden: 3, Shown: 31 * 2, Masked: 31, Dark: 31 * 12},
		refused(34), refused(34),
		{Count: "22 documents", Found: 22, Hidden: 12, Shown: 22 * 4, Dark: 22 * 11},
		{Count: "34 documents", Found: 34, Shown: 34 * 15},
	}
	if got := b.columns(); !slices.Equal(got, want) {
		t.Errorf("pubmed: %+v, want %+v", got, want)
	}
	for _, row := range []struct {
		starter string
		want    []seen
	}{
		{"Title: molecular biology", []seen{
			{Count: "9 documents", Found: 9, Shown: 9 * 15},
			{Count: "8 documents", Found: 8, Hidden: 1, Shown: 8 * 2, Masked: 8, Dark: 8 * 12},
			refused(9), refused(9),
			{Count: "7 documents", Found: 7, Hidden: 2, Shown: 7 * 4, Dark: 7 * 11},
			{Count: "9 documents", Found: 9, Shown: 9 * 15},
		}},
		// The field is hidden from two users: they find nothing, and are not refused.
		{"Research group RG_345", []seen{
			{Count: "8 documents", Found: 8, Shown: 8 * 15},
			{Count: "0 documents", Missed: 7, Hidden: 1},
			refused(8), refused(8),
			{Count: "0 documents", Missed: 3, Hidden: 5},
			{Count: "8 documents", Found: 8, Shown: 8 * 15},
		}},
		{"All trials", []seen{
			refused(24), refused(24),
			{Count: "24 documents", Found: 24, Shown: 24 * 18},
			{Count: "17 documents", Found: 17, Hidden: 7, Shown: 17 * 13, Masked: 17, Dark: 17 * 4},
			{Count: "15 documents", Found: 15, Hidden: 9, Shown: 15 * 4, Dark: 15 * 14},
			{Count: "24 documents", Found: 24, Shown: 24 * 18},
		}},
	} {
		b.start(row.starter)
		if got := b.columns(); !slices.Equal(got, row.want) {
			t.Errorf("%s: %+v, want %+v", row.starter, got, row.want)
		}
	}
	b.start("Trials, counted by phase")
	lines := js[string](b, `[...document.querySelectorAll("#aggregations tbody tr")].map((r) => [...r.cells].map((c) => c.innerText.replace(/\s+/g, " ")).join(" | ")).join("\n")`)
	for _, line := range []string{"| 3503 | 3421 | 0 | 3503", "phases: Phase 2 | 7 | 3 | 2 | 7", "events | 649 | 0 | 0 | 649"} {
		if !strings.Contains(lines, line) {
			t.Errorf("no line %q in the aggregations:\n%s", line, lines)
		}
	}
}

// start presses one of the queries to start with, and waits for its answer.
func (b *tab) start(name string) {
	b.t.Helper()
	js[bool](b, fmt.Sprintf(`(() => {
		window.before = location.search;
		[...document.querySelectorAll(".starters button")].find((b) => b.textContent === %q).click();
		return true;
	})()`, name))
	b.until(name+" is answered", `location.search !== window.before`)
}

// TestResearchDocument reads one document beside what others see of it.
func TestResearchDocument(t *testing.T) {
	b := research(t, start(t, researchSearch, "-listen", "127.0.0.1:0"), "pubmed", all)
	b.do(chromedp.Focus(chromedp.CSS(`#overview button[data-id="PM-0015"]`)), chromedp.KeyEvent(kb.Enter))
	b.until("the document is open", `document.activeElement.id === "document-title" && document.activeElement.innerText === "A molecular clock for decidual ageing"`)
	why := js[[]string](b, `[...document.querySelectorAll("#fields td.hidden-row")].filter((c) => c.rowSpan === 15).map((c) => c.innerText)`)
	if len(why) != 2 || !strings.Contains(why[0], `role "pubmed-limited": {"bool": {"must_not"`) || !strings.Contains(why[1], `role "research-basic": {"term"`) {
		t.Errorf("a document is hidden from two users for %q", why)
	}
	b.picture("research-hidden")
	b.do(chromedp.Click(chromedp.CSS(`#overview button[data-id="PM-0001"]`)))
	b.until("another is open", `document.querySelector("#document-id").innerText.startsWith("PM-0001")`)
	states := js[map[string]int](b, `Object.fromEntries(["shown", "masked", "hidden-field", "hidden-row", "refused"].map((c) => [c, document.querySelectorAll("#fields td." + c).length]))`)
	want := map[string]int{"shown": 15 + 2 + 4 + 15, "masked": 1, "hidden-field": 12 + 11, "hidden-row": 0, "refused": 2}
	if !maps.Equal(states, want) {
		t.Errorf("fields: %v, want %v", states, want)
	}
	mask := b.text("#fields td.masked .value")
	if len(mask) != 64 || strings.Trim(mask, "0123456789abcdef") != "" || !strings.Contains(b.text("#fields td.masked"), `role "pubmed-limited": journal`) {
		t.Errorf("the mask is %q, in %q", mask, b.text("#fields td.masked"))
	}
	if n := js[int](b, `document.querySelectorAll("#fields td.hidden-field .value").length`); n != 0 {
		t.Errorf("%d hidden fields have a value", n)
	}
	b.expectRefusals()
	js[string](b, `document.querySelector("#query").value = '{"script":{"script":"1"}}'`)
	b.do(chromedp.Click(chromedp.CSS(`#form > button`)))
	b.until("it is refused", `!document.querySelector("#alert").hidden`)
	if got := b.text("#alert"); !strings.Contains(got, "unsupported query") || js[bool](b, `!document.querySelector("#answer").hidden`) {
		t.Errorf("a script is refused with %q, beside an answer", got)
	}
}

// TestResearchScreens keeps pictures at two widths, in light and dark, and
// requires that nothing is wider than the screen.
func TestResearchScreens(t *testing.T) {
	server := start(t, researchSearch, "-listen", "127.0.0.1:0")
	for _, screen := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 860}, {"phone", 390, 844}} {
		for _, scheme := range []string{"light", "dark"} {
			name := strings.Join([]string{"research", screen.name, scheme}, "-")
			t.Run(name, func(t *testing.T) {
				b := research(t, server, "pubmed", `{"match":{"title":"molecular biology"}}`)
				b.size(screen.width, screen.height)
				b.scheme(scheme)
				if wide := js[int](b, "document.documentElement.scrollWidth"); int64(wide) > screen.width {
					t.Errorf("the page is %d wide on a screen of %d", wide, screen.width)
				}
				b.picture(name)
			})
		}
	}
}
