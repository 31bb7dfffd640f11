// Package minters verifies the tokens of libraries that are not ours, and has them
// verify those of package tokentest.
package minters

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/integration/real"
	"github.com/tokenacl/tokenacl/jwks"
)

// unavailable is the exit code of a start.sh whose minter cannot be had.
const unavailable = 3

// input is what a minter gets, beside the keys.
type input struct {
	Issuer     string           `json:"issuer"`
	Audience   string           `json:"audience"`
	User       string           `json:"user"`
	Groups     []string         `json:"groups"`
	Algorithms []jwks.Algorithm `json:"algorithms"`
	Texts      []text           `json:"texts"`
	Read       reading          `json:"read"`
}

// row is a line that a minter prints: a key, a token, or a verdict.
type row struct {
	Alg    jwks.Algorithm  `json:"alg"`
	Kind   string          `json:"kind"`             // as package tokentest names them, or "Token", or "Key"
	KeyID  string          `json:"kid,omitempty"`    // of a key
	JWK    json.RawMessage `json:"jwk,omitempty"`    // a key as the minter exports it
	Token  string          `json:"token,omitempty"`  // what it minted
	Secret string          `json:"secret,omitempty"` // with which it minted that, as Kendra takes it
	Said   string          `json:"said,omitempty"`   // its verdict on what we minted
}

// id is what is asked for once.
type id struct {
	what string // minted, sample, said
	alg  jwks.Algorithm
	kind string
}

func (r row) id() id {
	switch {
	case r.Said != "":
		return id{"said", r.Alg, r.Kind}
	case r.Secret != "":
		return id{"sample", r.Alg, r.Kind}
	}
	return id{"minted", r.Alg, r.Kind}
}

// start runs the start.sh of a minter and returns what it printed.
func start(t *testing.T, name string) map[id]row {
	t.Helper()
	real.Wanted(t)
	folder := t.TempDir()
	hand(t, folder)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "start.sh", folder)
	cmd.Dir, cmd.Stderr = name, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it starts ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == unavailable:
		real.Missing(t, name)
	case err != nil:
		t.Fatalf("%s/start.sh: %v", name, err)
	}
	rows := map[id]row{}
	for line := range bytes.Lines(out) {
		var r row
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%s/start.sh prints %q: %v", name, line, err)
		}
		if _, twice := rows[r.id()]; twice {
			t.Errorf("%v is there twice", r.id())
		}
		rows[r.id()] = r
	}
	return rows
}

// hand puts the keys and what to do into the folder.
func hand(t *testing.T, folder string) {
	t.Helper()
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for alg, pair := range pairs() {
		for whose, key := range map[string]any{"own": pair.own, "other": pair.other} {
			for ext, data := range files(t, alg, key) {
				write(filepath.Join(whose, string(alg)+ext), data)
			}
		}
	}
	write("input.json", marshal(t, input{issuerURL, audience, user, groups, algorithms, texts, ours(t)}))
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
