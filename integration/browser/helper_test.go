// Package browser drives the pages of the examples in Chromium, as a person would.
// Set TOKENACL_SCREENSHOTS to a folder to keep the pictures.
package browser

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tokenacl/tokenacl/integration/real"
)

// chromium is the browser of all tests, which have a profile of their own each.
var chromium = sync.OnceValues(func() (context.Context, error) {
	cmd := exec.Command("bash", "start.sh")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("start.sh: %w", err)
	}
	// The flags keep Chromium from calling its maker.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(strings.TrimSpace(string(out))), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-GB"))
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	return ctx, chromedp.Do(ctx)
})

// folder has the programs of the examples.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "browser") })

var (
	secureSearch   = sync.OnceValues(func() (string, error) { return build("securesearch") })
	researchSearch = sync.OnceValues(func() (string, error) { return build("researchsearch") })
)

func build(example string) (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, example)
	out, err := exec.Command("go", "build", "-C", "../../examples", "-o", name, "./"+example).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if !testing.Short() {
		if ctx, err := chromium(); err == nil {
			_ = chromedp.Cancel(ctx)
		}
	}
	if dir, err := folder(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// serve starts securesearch and returns its URL.
func serve(t *testing.T, args ...string) string {
	t.Helper()
	return start(t, secureSearch, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
}

// start starts an example and returns the URL that it prints. In the end ctrl-C
// must stop it with exit code 0.
func start(t *testing.T, example func() (string, error), args ...string) string {
	t.Helper()
	real.Wanted(t)
	name, err := example()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after ctrl-C: %v, want exit code 0", err)
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok {
			host, _, _ := strings.Cut(rest, " ")
			return "http://" + host
		}
	}
	t.Fatal("the example prints no URL")
	return ""
}

// tab is a page in the browser. What the page should never do fails its test:
// an error on the console, which a breach of the policy is too, and a request to
// anybody but its server.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string
	// refusals are the answers other than 2xx that a test asks for: the browser
	// logs each of them as an error.
	refusals bool

	mu       sync.Mutex
	requests int
	problems []string
}

func open(t *testing.T, url, path string) *tab {
	t.Helper()
	real.Wanted(t)
	browser, err := chromium()
	if err != nil {
		real.Missing(t, "no Chromium: "+err.Error())
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)

	b := &tab{t: t, ctx: ctx, url: url}
	b.do(chromedp.Navigate("about:blank"))
	t.Cleanup(func() { // before the tab is closed
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.requests == 0 {
			t.Error("the watch saw no request: it watches nothing")
		}
		for _, p := range b.problems {
			t.Error(p)
		}
	})
	if err := chromedp.Listen(ctx, b.watch); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	b.size(1280, 900)
	b.do(chromedp.Navigate(url + path))
	b.until("the page is ready", `document.documentElement.dataset.ready === "yes"`)
	return b
}

func (b *tab) watch(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if b.requests++; !strings.HasPrefix(e.Request.URL, b.url+"/") {
			b.problems = append(b.problems, "the page asks for "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, "exception in the page: "+e.ExceptionDetails.Text)
	case *cdplog.EventEntryAdded:
		if !(b.refusals && e.Entry.Source == cdplog.EntrySourceNetwork) {
			b.problems = append(b.problems, "the browser's log: "+e.Entry.Text)
		}
	}
}

func (b *tab) expectRefusals() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusals = true
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// js returns the value of an expression in the page.
func js[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits for an expression to become true.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		b.t.Fatalf("waiting until %s: %v; the page says %q", what, err, js[string](b, "document.body.innerText"))
	}
}

func (b *tab) size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

func (b *tab) scheme(name string) {
	b.t.Helper()
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		b.t.Fatal(err)
	}
}

// picture keeps a screenshot of the whole page, if somebody asked for it.
func (b *tab) picture(name string) {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if len(shot) < 5000 {
		b.t.Errorf("%s: a picture of %d bytes shows nothing", name, len(shot))
	}
	if dir := os.Getenv("TOKENACL_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// folders are those of the hits on the page, each once, sorted.
func (b *tab) folders() string {
	b.t.Helper()
	return js[string](b, `[...new Set([...document.querySelectorAll("#hits .folder")].map(e => e.textContent))].sort().join(" ")`)
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return js[string](b, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// settled waits for an answer to stand on the page.
func (b *tab) settled() {
	b.t.Helper()
	b.until("an answer is there", `document.querySelector("#status").innerText !== "" || !document.querySelector("#alert").hidden`)
}
