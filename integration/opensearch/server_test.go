package opensearch_test

import (
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/integration/opensearch"
)

// TestPlain starts a node without the security plugin.
func TestPlain(t *testing.T) {
	s := opensearch.Start(t, opensearch.Config{Version: opensearch.Versions[0]})
	if status, body := s.Do(t, "PUT", "/i/_doc/1?refresh=true", "", map[string]any{"a": 1}); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := s.Do(t, "GET", "/i/_search?filter_path=hits.hits._source", "", nil); status != 200 || !strings.Contains(string(body), `{"a":1}`) {
		t.Errorf("%d %s", status, body)
	}
}
