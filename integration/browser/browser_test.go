package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// as chooses a persona with the mouse.
func (b *tab) as(name string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`label:has(#who-%s)`, name))))
	b.until(name+" is chosen", fmt.Sprintf(`document.querySelector("#who-%s").checked`, name))
}

// clear empties a field without the page noticing.
func (b *tab) clear(selector string) {
	b.t.Helper()
	js[string](b, fmt.Sprintf(`document.querySelector(%q).value = ""`, selector))
}

func (b *tab) search(words string) {
	b.t.Helper()
	b.clear("#q")
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), words+kb.Enter))
	b.settled()
}

// TestPersonas searches as each of them and reads what is found.
func TestPersonas(t *testing.T) {
	b := open(t, serve(t), "/")
	if got := b.text("#start"); !strings.Contains(got, "Type a word") {
		t.Errorf("the page begins with %q", got)
	}
	for _, row := range []struct{ who, folders string }{
		{"mary", "analyst-reports blogs case-studies user-guides white-papers"},
		{"guest", "blogs"},
		{"james", "blogs case-studies user-guides"},
		{"patricia", "blogs user-guides"},
	} {
		b.as(row.who)
		b.search("search")
		b.until(row.who+" has an answer", `document.querySelectorAll("#hits > li").length > 0`)
		for js[bool](b, `!document.querySelector("#more").hidden`) {
			n := js[int](b, `document.querySelectorAll("#hits > li").length`)
			b.do(chromedp.Click(chromedp.CSS("#more")))
			b.until("more hits are there", fmt.Sprintf(`document.querySelectorAll("#hits > li").length > %d`, n))
		}
		if got := b.folders(); got != row.folders {
			t.Errorf("%s finds %q, want %q", row.who, got, row.folders)
		}
		// The counts of the facets are those of visible documents, in all.
		counts := js[[]int](b, `[...document.querySelectorAll("#facets b")].map(e => Number(e.textContent))`)
		sum := 0
		for _, n := range counts {
			sum += n
		}
		if hits := js[int](b, `document.querySelectorAll("#hits > li").length`); len(counts) > 0 && (counts[0] != hits || sum != 2*hits) {
			t.Errorf("%s: the facets count %v, want the %d hits, each once", row.who, counts, hits)
		}
		if js[int](b, `document.querySelectorAll("#hits mark").length`) == 0 {
			t.Errorf("%s: no word is marked", row.who)
		}
		if js[bool](b, `!document.querySelector("#operator").hidden || document.querySelectorAll(".why:not([hidden])").length > 0`) {
			t.Errorf("%s sees what is for operators", row.who)
		}
	}
}

// TestFacetAndDocument narrows by type and reads one document.
func TestFacetAndDocument(t *testing.T) {
	b := open(t, serve(t), "/?q=search&as=mary")
	b.until("hits are there", `document.querySelectorAll("#hits > li").length > 0`)
	b.do(chromedp.Click(chromedp.CSS(`[data-type="white-paper"]`)))
	b.until("white papers alone are there", `document.querySelector('[data-type="white-paper"]')?.getAttribute("aria-pressed") === "true"`)
	if got := b.folders(); got != "white-papers" {
		t.Errorf("the type white-paper finds %q", got)
	}
	b.do(chromedp.Click(chromedp.CSS("#hits li .open")))
	b.until("the document is open", `document.querySelector("#reader").open`)
	if got := b.text("#reader-text"); len(got) < 500 {
		t.Errorf("the document has %d characters", len(got))
	}
	b.picture("document")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until("the document is closed", `!document.querySelector("#reader").open`)
}

// TestBadTokens pastes tokens that are no good and reads the errors.
func TestBadTokens(t *testing.T) {
	b := open(t, serve(t), "/?q=search")
	b.settled()
	b.expectRefusals()
	b.as("token")
	b.until("an empty token is refused", `!document.querySelector("#alert").hidden`)
	for _, row := range []struct{ kind, title string }{
		{"forged", "This token is forged"},
		{"expired", "This token has expired"},
		{"early", "This token is not yet valid"},
		{"malformed", "This is not a token"},
	} {
		b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`[data-kind=%q]`, row.kind))))
		b.until(row.kind+" is refused", fmt.Sprintf(`document.querySelector("#alert-title").innerText === %q`, row.title))
		if js[int](b, `document.querySelectorAll("#hits > li").length`) != 0 {
			t.Errorf("%s: hits beside the error", row.kind)
		}
		b.picture("token-" + row.kind)
	}
	// Pasted by hand: a real token, then the same with its last word changed.
	token := mary(t, b.url)
	b.clear("#token")
	b.do(chromedp.SendKeys(chromedp.CSS("#token"), token))
	b.until("mary's token is accepted", `document.querySelectorAll("#hits > li").length > 0`)
	if got := b.text("#inside"); !strings.Contains(got, "HS256") || !strings.Contains(got, "AWS-SA") || !strings.Contains(got, "It lives for another 14 min") {
		t.Errorf("inside the token: %q, want its header, claims and remaining life", got)
	}
	b.do(chromedp.SendKeys(chromedp.CSS("#token"), "AAAA"))
	b.until("the changed token is refused", `document.querySelector("#alert-title").innerText === "This token is forged" || document.querySelector("#alert-title").innerText === "This is not a token"`)
	if strings.Contains(js[string](b, "location.href"), token[:20]) {
		t.Error("the address has the token")
	}
}

// mary returns a token of hers.
func mary(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url + "/api/token?as=mary")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token for mary: %v", err)
	}
	return answer.Token
}

// TestKeyboard does the whole way without a mouse.
func TestKeyboard(t *testing.T) {
	b := open(t, serve(t), "/")
	focus := func() string {
		return js[string](b, `document.activeElement.id || document.activeElement.textContent.trim()`)
	}
	b.do(chromedp.KeyEvent(kb.Tab))
	if got := focus(); got != "Skip to the search box" {
		t.Errorf("the first stop is %q", got)
	}
	b.do(chromedp.KeyEvent(kb.Tab))
	if got := focus(); got != "who-guest" {
		t.Errorf("the second stop is %q, want the chosen persona", got)
	}
	for range 4 { // patricia, james, john, mary
		b.do(chromedp.KeyEvent(kb.ArrowDown))
	}
	b.until("mary is chosen", `document.querySelector("#who-mary").checked && document.querySelector("#inside-some").innerText.includes("AWS-SA")`)
	for i := 0; focus() != "q"; i++ {
		if i > 10 {
			t.Fatal("Tab never comes to the search box")
		}
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	b.do(chromedp.KeyEvent("rotation" + kb.Enter))
	b.until("hits are there", `document.querySelectorAll("#hits > li").length > 0`)
	for i := 0; !js[bool](b, `document.activeElement.classList.contains("open")`); i++ {
		if i > 20 {
			t.Fatal("Tab never comes to a hit")
		}
		if js[bool](b, `getComputedStyle(document.activeElement).outlineStyle === "none" && !document.activeElement.closest(".persona")`) {
			t.Errorf("%q has the focus and does not show it", focus())
		}
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until("the document is open", `document.querySelector("#reader").open`)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until("the document is closed, and the focus back", `!document.querySelector("#reader").open && document.activeElement.classList.contains("open")`)
}

// TestNames requires that everything which can be used has a name for screen
// readers.
func TestNames(t *testing.T) {
	b := open(t, serve(t, "-operator"), "/?q=search&as=john")
	b.until("hits are there", `document.querySelectorAll("#hits > li").length > 0`)
	const controls = `[...document.querySelectorAll("button, input, textarea, a[href], summary, progress")]`
	if n := js[int](b, controls+".length"); n < 20 {
		t.Errorf("%d controls, want a page full", n)
	}
	nameless := js[[]string](b, controls+`.filter(e => !(e.labels?.[0]?.textContent.trim() || e.getAttribute("aria-label") || e.textContent.trim())).map(e => e.outerHTML)`)
	if len(nameless) > 0 {
		t.Errorf("without a name: %q", nameless)
	}
	for _, landmark := range []string{"main", "header", "[role=search]", "[role=status]", "[role=alert]", "h1"} {
		if js[int](b, fmt.Sprintf("document.querySelectorAll(%q).length", landmark)) == 0 {
			t.Errorf("no %s", landmark)
		}
	}
}

// TestOperator reads what is for operators only.
//
// Rule A7: reasons are for operators
func TestOperator(t *testing.T) {
	b := open(t, serve(t, "-operator"), "/?q=search&as=james")
	b.until("the operator's part is there", `!document.querySelector("#operator").hidden`)
	if got := b.text("#operator-badge"); !strings.Contains(got, "Operator mode") {
		t.Errorf("the badge says %q", got)
	}
	b.do(chromedp.Click(chromedp.CSS("#hits .why summary")))
	if got := b.text("#hits .why p"); !strings.HasPrefix(got, "allowed") {
		t.Errorf("why: %q", got)
	}
	hidden := js[[]string](b, `[...document.querySelectorAll("#hidden > li")].map(e => e.querySelector(".folder").textContent + ": " + e.querySelector(".reason").textContent)`)
	if len(hidden) != 10 {
		t.Errorf("%d hidden documents, want the 10 of two folders: %q", len(hidden), hidden)
	}
	for _, row := range hidden {
		if !strings.HasPrefix(row, "analyst-reports: denied") && !strings.HasPrefix(row, "white-papers: denied") {
			t.Errorf("hidden: %q", row)
		}
	}
	if got := js[int](b, `document.querySelectorAll("#matrix svg .full").length`); got != 15 {
		t.Errorf("%d full discs in the picture, want those of five personas, 1 + 2 + 3 + 4 + 5", got)
	}
	cells := js[string](b, `[...document.querySelectorAll("#matrix tr")].map(r => [...r.cells].map(c => c.textContent).join(" ")).join("\n")`)
	if !strings.Contains(cells, "mary 5 of 5 5 of 5 5 of 5 5 of 5 5 of 5") || !strings.Contains(cells, "guest 0 of 5 5 of 5 0 of 5 0 of 5 0 of 5") {
		t.Errorf("the table for screen readers:\n%s", cells)
	}
}

// TestScreens keeps pictures at two widths, in light and dark, and requires that
// nothing is wider than the screen.
func TestScreens(t *testing.T) {
	public, operator := serve(t), serve(t, "-operator")
	for _, screen := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 860}, {"phone", 390, 844}} {
		for _, scheme := range []string{"light", "dark"} {
			for _, view := range []struct{ name, url, path, ready string }{
				{"start", public, "/", `!document.querySelector("#start").hidden`},
				{"mary", public, "/?q=rotation&as=mary", `document.querySelectorAll("#hits > li").length > 0`},
				{"nothing", public, "/?q=zyzzyva&as=james", `!document.querySelector("#nothing").hidden`},
				{"operator", operator, "/?q=rotation&as=james", `!document.querySelector("#operator").hidden`},
			} {
				name := strings.Join([]string{view.name, screen.name, scheme}, "-")
				t.Run(name, func(t *testing.T) {
					b := open(t, view.url, view.path)
					b.size(screen.width, screen.height)
					b.scheme(scheme)
					b.do(chromedp.Reload())
					b.until("the view is there", view.ready)
					if wide := js[int](b, "document.documentElement.scrollWidth"); int64(wide) > screen.width {
						t.Errorf("the page is %d wide on a screen of %d", wide, screen.width)
					}
					b.picture(name)
				})
			}
		}
	}
}
