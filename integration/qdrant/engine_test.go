// Package qdrant has Qdrant apply ACLs: its own engine, which the package
// qdrant-edge-py has in process, and the local mode of its client. The server
// cannot be had; what lies between, its REST API, is held to the schema.
package qdrant

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"github.com/tokenacl/tokenacl/acl"
	"github.com/tokenacl/tokenacl/acl/acltest"
	"github.com/tokenacl/tokenacl/acl/pushdown/qdrant"
	"github.com/tokenacl/tokenacl/integration/real"
)

// unavailable is the exit code of start.sh when the packages cannot be had.
const unavailable = 3

// installed is where start.sh puts what all tests use.
var installed string

func TestMain(m *testing.M) {
	var err error
	if installed, err = os.MkdirTemp("", "qdrant"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(installed)
	os.Exit(code)
}

// process is engine.py.
type process struct {
	t     testing.TB
	mu    sync.Mutex
	in    *json.Encoder
	out   *json.Decoder
	rules acl.Rules
	ids   []string // by the number of a point, less one
}

func start(t testing.TB, engine string) *process {
	t.Helper()
	real.Wanted(t)
	cmd := exec.CommandContext(t.Context(), "bash", "start.sh", installed, engine)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it starts ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, in: json.NewEncoder(in), out: json.NewDecoder(bufio.NewReader(out))}
	var ready struct{}
	if err := p.out.Decode(&ready); err != nil {
		var exit *exec.ExitError
		if err := cmd.Wait(); errors.As(err, &exit) && exit.ExitCode() == unavailable {
			real.Missing(t, "Qdrant's packages for Python")
		}
		t.Fatalf("start.sh %s: %v", engine, err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("engine.py: %v", err)
		}
	})
	return p
}

type hit struct {
	ID      int
	Payload map[string]json.RawMessage
}

type response struct {
	Error   string
	IDs     []int
	Count   int
	Hits    []hit
	Seconds []float64
}

func (p *process) ask(what string, argument any) (r response, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(p.in.Encode(map[string]any{what: argument}), p.out.Decode(&r)); err != nil {
		return r, err
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// point has the number i; its nearest neighbours have close numbers.
func point(i int, s qdrant.Stored) map[string]any {
	return map[string]any{"id": i, "vector": []float64{float64(i), 1, 0, 0, 0, 0, 0, 0}, "payload": map[string]any{qdrant.Field: s, "text": "word"}}
}

func indexes() (bodies []json.RawMessage) {
	for _, b := range qdrant.Indexes() {
		bodies = append(bodies, b)
	}
	return bodies
}

func (p *process) Store(r acl.Rules, docs []acltest.Document) error {
	p.rules, p.ids = r, nil
	var points []any
	for i, d := range docs {
		s, err := qdrant.Fields(d.ACL, r)
		if (err != nil) != (r.Validate(d.ACL) != nil) {
			return err
		}
		p.ids, points = append(p.ids, d.ID), append(points, point(i+1, s))
	}
	_, err := p.ask("store", map[string]any{"indexes": indexes(), "points": points})
	return err
}

func (p *process) Search(s acl.Scope) (ids []string, err error) {
	clause, err := qdrant.Filter(s, p.rules, qdrant.Options{})
	if err != nil {
		return nil, err
	}
	filter, err := qdrant.Query(clause, []byte(`{"must":[{"key":"text","match":{"value":"word"}}]}`))
	if err != nil {
		return nil, err
	}
	found, err := p.ask("scroll", json.RawMessage(filter))
	if err != nil {
		return nil, err
	}
	counted, err := p.ask("count", json.RawMessage(filter))
	if err != nil || counted.Count != len(found.IDs) {
		return nil, fmt.Errorf("%d found, %d counted, %v", len(found.IDs), counted.Count, err)
	}
	for _, i := range found.IDs {
		ids = append(ids, p.ids[i-1])
	}
	return ids, nil
}
