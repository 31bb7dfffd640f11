// Package opensearch runs a real OpenSearch for tests, with its security plugin or
// without: one node in a process of its own, from Maven Central, on the loopback
// interface.
package opensearch

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/integration/real"
)

// Versions are those that run: of all that have their security plugin in Maven
// Central the newest two, and the last that masks with the legacy hash.
var Versions = []string{"3.4.0", "2.19.4"}

// unavailable is the exit code of start.sh when what it needs cannot be had.
const unavailable = 3

// Config says what to start.
type Config struct {
	Version  string            // one of Versions
	Settings map[string]any    // of opensearch.yml, beside those that every node here has
	Security map[string][]byte // the files of the security plugin; none: without the plugin
	Vectors  bool              // with the plugin for vectors, of which the engine of Lucene works
}

// A Server is a node that ends with its test.
type Server struct {
	URL string // http://127.0.0.1:PORT
}

// installing is held while Maven runs: its cache is not for two of it.
var installing sync.Mutex

//go:embed start.sh pom.xml Server.java log4j2.properties
var files embed.FS

// Start returns a node that answers. Without Maven Central the test ends as
// real.Missing says.
func Start(t testing.TB, c Config) *Server {
	t.Helper()
	real.Wanted(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	script, folder, home := filepath.Join(dir, "start.sh"), filepath.Join(dir, "jars"), filepath.Join(dir, "home")
	install := []string{script, "install", c.Version, folder}
	if c.Vectors {
		install = append(install, "vectors")
	}
	installing.Lock()
	out, err := exec.CommandContext(t.Context(), "bash", install...).CombinedOutput()
	installing.Unlock()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == unavailable {
		real.Missing(t, fmt.Sprintf("OpenSearch %s: %s", c.Version, out))
	}
	if err != nil {
		t.Fatalf("start.sh install: %v: %s", err, out)
	}
	configure(t, filepath.Join(home, "config"), c)
	s := &Server{}
	s.run(t, exec.CommandContext(t.Context(), "bash", script, "serve", c.Version, folder, home))
	ready := "/_cluster/health?wait_for_status=yellow"
	if c.Security != nil {
		ready = "/_plugins/_security/health"
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // the plugin reads its files later
		status, body := s.Do(t, "GET", ready, "", nil)
		if status == http.StatusOK {
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("OpenSearch %s does not get ready: %d %s", c.Version, status, body)
		}
	}
}

func configure(t testing.TB, dir string, c Config) {
	t.Helper()
	settings := map[string]any{
		"cluster.name": "tokenacl", "node.name": "node", "discovery.type": "single-node", "network.host": "127.0.0.1", "http.port": 0, "transport.port": 0,
		"cluster.routing.allocation.disk.threshold_enabled": false, // how full the disk is, is no matter
	}
	write(t, dir, "log4j2.properties", nil) // start.sh names another one
	if c.Security != nil {
		maps.Copy(settings, map[string]any{
			"plugins.security.ssl.http.enabled":                                      false,
			"plugins.security.ssl.transport.pemcert_filepath":                        "certificate.pem",
			"plugins.security.ssl.transport.pemkey_filepath":                         "key.pem",
			"plugins.security.ssl.transport.pemtrustedcas_filepath":                  "certificate.pem",
			"plugins.security.ssl.transport.enforce_hostname_verification":           false,
			"plugins.security.nodes_dn":                                              []string{"CN=node"},
			"plugins.security.authcz.admin_dn":                                       []string{"CN=nobody"},
			"plugins.security.allow_default_init_securityindex":                      true,
			"plugins.security.audit.type":                                            "noop",
			"plugins.security.restapi.roles_enabled":                                 []string{"all_access"},
			"plugins.security.unsupported.restapi.allow_securityconfig_modification": true,
		})
	}
	maps.Copy(settings, c.Settings)
	text, err := json.Marshal(settings) // which is YAML
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "opensearch.yml", text)
	for name, text := range c.Security {
		write(t, filepath.Join(dir, "opensearch-security"), name, text)
	}
}

func write(t testing.TB, dir, name string, text []byte) {
	t.Helper()
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run starts the node and reads its URL.
func (s *Server) run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	var log bytes.Buffer
	cmd.Stderr = &log
	t.Cleanup(func() { // after the end of the node
		if t.Failed() {
			t.Logf("the node's log ends with:\n%s", tail(log.String(), 100))
		}
	})
	_, out := real.Start(t, cmd)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("OpenSearch does not start: %v", err)
	}
	s.URL = strings.TrimSpace(line)
}

func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	return strings.Join(slices.Delete(all, 0, max(0, len(all)-lines)), "\n")
}

// Do sends a request and returns the answer. token is the caller's, or "" for
// none; body is nil, or what is sent as it is if it is a []byte, and as JSON
// otherwise.
func (s *Server) Do(t testing.TB, method, path, token string, body any) (status int, answer []byte) {
	t.Helper()
	res, answer := s.Response(t, method, path, token, body)
	return res.StatusCode, answer
}

// Response is Do for what has to see headers.
func (s *Server) Response(t testing.TB, method, path, token string, body any) (*http.Response, []byte) {
	t.Helper()
	text, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if text != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, answer
}
