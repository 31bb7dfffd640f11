package postgres

import (
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/integration/real"
)

// The example finds the same with pgvector as in process, and says what to do
// where there is none. PGlite has one session for all connections, so none prepares a
// statement that would be there for the next.
//
// Rules P1, P4, P5
func TestRagfilter(t *testing.T) {
	url := pglite.get(t) + "&default_query_exec_mode=exec"
	db := pool(t, url+"&pool_max_conns=1")
	run(t, db, "CREATE EXTENSION IF NOT EXISTS vector")
	real.Ragfilter(t, "postgres", url, proof(t, db, "`examples/ragfilter`"), func() []string {
		return texts(t, db, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
	})
	run(t, db, "DROP TABLE ragfilter_kept")

	code, out, stderr := real.Program(t, "ragfilter")("-postgres", debian.get(t))
	if code != 1 || out != "" || !strings.Contains(stderr, "CREATE EXTENSION vector") {
		t.Errorf("without pgvector: exit %d, %s, %s", code, out, stderr)
	}
}
