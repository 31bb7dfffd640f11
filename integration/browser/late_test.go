package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hold keeps requests back whose path begins so, until release.
func (b *tab) hold(prefix string) {
	b.t.Helper()
	js[bool](b, fmt.Sprintf(`(() => {
		const real = window.fetch, held = [];
		window.pending = 0;
		window.asked = 0;
		window.release = () => held.splice(0).forEach((go) => go());
		window.fetch = async (path, options) => {
			if (!String(path).startsWith(%q)) return real(path, options);
			window.asked++;
			window.pending++;
			try {
				await new Promise((go) => held.push(go));
				return await real(path, options);
			} finally {
				setTimeout(() => window.pending--, 0); // when what waits for the answer has run
			}
		};
		return true;
	})()`, prefix))
}

func (b *tab) release() {
	b.t.Helper()
	js[bool](b, `(release(), true)`)
	b.until("the late answers are in", `window.pending === 0`)
}

func (b *tab) submit() {
	b.t.Helper()
	js[bool](b, `(document.querySelector("#form").requestSubmit(), true)`)
	b.until("hits are there", `document.querySelectorAll("#hits > li").length > 0`)
}

// TestLateAnswers: what comes late for one caller is never shown to the next, nor
// is a token of theirs used.
func TestLateAnswers(t *testing.T) {
	url := serve(t)
	const hits = `document.querySelectorAll("#hits > li").length > 0`
	guest := func(t *testing.T) *tab {
		t.Helper()
		b := open(t, url, "/?q=search")
		b.until("hits are there", hits)
		return b
	}
	inside := func(b *tab) string {
		b.t.Helper()
		return js[string](b, `document.querySelector("#inside-some").hidden ? "" : document.querySelector("#token-claims").innerText`)
	}
	t.Run("a token, for a guest", func(t *testing.T) {
		b := guest(t)
		b.hold("api/token")
		b.as("mary")
		b.as("guest")
		b.until("hits are there", hits)
		b.release()
		b.submit()
		if got := b.folders(); got != "blogs" || inside(b) != "" {
			t.Errorf("a guest finds %q with %q", got, inside(b))
		}
	})
	t.Run("a token, for another person", func(t *testing.T) {
		b := guest(t)
		b.hold("api/token?as=mary")
		b.as("mary")
		b.as("patricia")
		b.until("hits are there", hits)
		b.release()
		b.submit()
		if got := b.folders(); got != "blogs user-guides" {
			t.Errorf("patricia finds %q", got)
		}
	})
	t.Run("a document", func(t *testing.T) {
		b := open(t, url, "/?q=search&as=mary")
		b.until("hits are there", hits)
		b.hold("api/document")
		b.do(chromedp.Click(chromedp.CSS("#hits li .open")))
		b.as("guest")
		b.release()
		if js[int](b, "window.asked") != 1 || js[bool](b, `document.querySelector("#reader").open`) {
			t.Errorf("a guest reads %q", b.text("#reader-place"))
		}
	})
	t.Run("hits, after the words were taken back", func(t *testing.T) {
		b := open(t, url, "/")
		b.hold("api/search")
		b.do(chromedp.SendKeys(chromedp.CSS("#q"), "x"))
		b.until("it loads", `!document.querySelector("#loading").hidden`)
		b.do(chromedp.SendKeys(chromedp.CSS("#q"), kb.Backspace))
		b.until("the start is there", `!document.querySelector("#start").hidden`)
		b.release()
		if !js[bool](b, `document.querySelector("#loading").hidden && !document.querySelector("#start").hidden && document.querySelectorAll("#hits > li").length === 0`) {
			t.Error("it loads for ever, or shows hits of words that are gone")
		}
	})
	t.Run("no token at all", func(t *testing.T) {
		b := open(t, url, "/?q=search&as=mary")
		b.until("hits are there", hits)
		js[bool](b, `(window.fetch = () => Promise.reject(new TypeError("no network")), true)`)
		b.as("james")
		b.until("the error is there", `!document.querySelector("#alert").hidden`)
		if got := inside(b); got != "" {
			t.Errorf("james has the token %q", got)
		}
	})
	t.Run("a pasted token, searched with at once", func(t *testing.T) {
		b := guest(t)
		b.expectRefusals()
		b.as("token")
		b.until("an empty token is refused", `!document.querySelector("#alert").hidden`)
		js[bool](b, fmt.Sprintf(`(() => {
			const field = document.querySelector("#token");
			field.value = %q;
			field.dispatchEvent(new Event("input", { bubbles: true }));
			return true;
		})()`, mary(t, url)))
		b.submit()
		if got := b.folders(); got == "blogs" || got == "" {
			t.Errorf("mary's token finds %q", got)
		}
	})
	t.Run("a clock that is ahead", func(t *testing.T) {
		b := guest(t)
		b.hold("nothing")
		js[bool](b, `(() => {
			const ahead = Date.now, real = window.fetch;
			Date.now = () => ahead() + 16 * 60 * 1000;
			window.fetch = (path, options) => { if (String(path).startsWith("api/token")) window.asked++; return real(path, options); };
			return true;
		})()`)
		b.as("mary")
		b.until("hits are there", hits)
		if n := js[int](b, "window.asked"); n != 1 {
			t.Errorf("%d tokens asked for, want 1", n)
		}
	})
}
