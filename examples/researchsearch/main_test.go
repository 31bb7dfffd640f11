package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenacl/tokenacl/fgac"
)

// command runs "researchsearch ARGS".
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

const forbidden = `{"error":{"root_cause":[{"type":"security_exception","reason":"no permissions for [indices:data/read/search] and User [name=PubMedAdminUser, backend_roles=[pubmed_admin_group], requestedTenant=null]"}],"type":"security_exception","reason":"no permissions for [indices:data/read/search] and User [name=PubMedAdminUser, backend_roles=[pubmed_admin_group], requestedTenant=null]"},"status":403}`

// members returns the names of the fields of each hit, which are the same for
// all, and the hits.
func members(t *testing.T, lines string) (string, []hit) {
	t.Helper()
	var all []hit
	names := ""
	for line := range strings.Lines(lines) {
		var h hit
		if err := json.Unmarshal([]byte(line), &h); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var fields []string
		d := json.NewDecoder(strings.NewReader(string(h.Source)))
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		for d.More() {
			name, err := d.Token()
			var value json.RawMessage
			if err != nil || d.Decode(&value) != nil {
				t.Fatal(line)
			}
			fields = append(fields, name.(string))
		}
		if one := strings.Join(fields, " "); names == "" {
			names = one
		} else if names != one {
			t.Errorf("%s has %s, others %s", h.ID, one, names)
		}
		all = append(all, h)
	}
	return names, all
}

const everyField = "title abstract journal authors published year mesh_terms research_group grant citations access embargoed reviewer_notes"

// TestScenarios are the four of the institution, from the command line.
func TestScenarios(t *testing.T) {
	for _, row := range []struct {
		as, index, query string
		code, hits       int
		fields           string
	}{
		{"PubMedAdminUser", "pubmed", `{"query":{"match_all":{}}}`, 0, 34, everyField},
		{"PubMedAdminUser", "clinical-trials", `{"query":{"match_all":{}}}`, 1, 0, ""},
		{"PubMedLimitedUser", "pubmed", `{"query":{"match":{"title": "molecular biology"}}}`, 0, 8, "title abstract journal"},
		{"PubMedLimitedUser", "pubmed", `{"query":{"match":{"research_group":"RG_345"}}}`, 0, 0, ""},
		// Without the role, the last one would find eight.
		{"ResearchFullAccessUser", "pubmed", `{"query":{"match":{"research_group":"RG_345"}}}`, 0, 8, everyField},
	} {
		code, out, errs := command(t, "-as", row.as, "-index", row.index, "-q", row.query, "-json")
		if code != row.code || errs != "" {
			t.Errorf("%s, %s: exit %d, %s", row.as, row.query, code, errs)
		}
		if row.code == 1 {
			if out != forbidden+"\n" {
				t.Errorf("%s, %s: %s", row.as, row.index, out)
			}
			continue
		}
		fields, hits := members(t, out)
		if len(hits) != row.hits || fields != row.fields {
			t.Errorf("%s, %s: %d hits with %s, want %d with %s", row.as, row.query, len(hits), fields, row.hits, row.fields)
		}
		for _, h := range hits {
			journal := texts(decode(h.Source), "journal")
			masked := len(journal) == 64 && strings.Trim(journal, "0123456789abcdef") == ""
			if masked != (row.as == "PubMedLimitedUser") || h.Index != "pubmed" || !strings.HasPrefix(h.ID, "PM-") {
				t.Errorf("%s sees the journal %s of %s/%s", row.as, journal, h.Index, h.ID)
			}
		}
	}
}

// TestWalk prints the scenarios, and what README says of them.
func TestWalk(t *testing.T) {
	code, out, errs := command(t)
	if code != 0 || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, want := range []string{"200, 34 hits", "403 " + forbidden, "200, 8 hits", "200, 0 hits"} {
		if strings.Count(out, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, out)
		}
	}
}

func TestCommandErrors(t *testing.T) {
	for _, args := range [][]string{
		{"x"}, {"-x"}, {"-json"}, {"-q", "{}"}, {"-as", ""}, {"-as", "nobody"}, {"-as", "PubMedAdminUser", "-listen", "127.0.0.1:0"},
		{"-as", "PubMedAdminUser", "-q", "{"}, {"-as", "PubMedAdminUser", "-q", `{"script":{}}`}, {"-as", "ResearchFullAccessUser", "-index", "none"},
		{"-listen", "nowhere:x"}, {"-jwt", "x.json"}, {"-jwt", "missing.json", "-listen", "127.0.0.1:0"}, {"-issuer", "x"},
	} {
		if code, out, errs := command(t, args...); code != 2 || out != "" || errs == "" {
			t.Errorf("%v: exit %d, %q, %q; want 2 and an error", args, code, out, errs)
		}
	}
	if code, out, _ := command(t, "-h"); code != 0 || out != "" {
		t.Errorf("-h: exit %d", code)
	}
	code, out, _ := command(t, "-as", "PubMedLimitedUser")
	var whole response
	if err := json.Unmarshal([]byte(out), &whole); code != 0 || err != nil || whole.Hits.Total.Value != 31 || *whole.Hits.MaxScore != 1 {
		t.Errorf("without -json: exit %d, %.200s", code, out)
	}
}

// TestRoles: the files are without findings, and who may write is one role.
func TestRoles(t *testing.T) {
	roles, err := openRoles("a secret of a test")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range roles.Lint() {
		t.Error(f)
	}
	if strings.Count(string(rolesFile), "research_write") != 1 || strings.Count(string(rolesFile), "\n  description:") != 6 {
		t.Error("want six roles, one of which may write")
	}
}

// newService has tokens, roles and documents of its own.
func newService(t *testing.T) *service {
	t.Helper()
	s, err := open(t.Context(), trust{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTrust reads the settings of others: a PEM verifies the tokens of the pool,
// which have a kid, and no settings are taken that would take any token.
func TestTrust(t *testing.T) {
	p, err := newPool(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := p.token(t.Context(), "PubMedAdminUser")
	if err != nil {
		t.Fatal(err)
	}
	key := p.signer.Keys().List()[0]
	public, err := p.backend.Describe(t.Context(), key.BackendID)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public.Public)
	if err != nil {
		t.Fatal(err)
	}
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	file := func(settings map[string]any) string {
		text, err := json.Marshal(settings)
		name := filepath.Join(t.TempDir(), "options.json")
		if err != nil || os.WriteFile(name, text, 0o600) != nil {
			t.Fatal("no file")
		}
		return name
	}
	aws := map[string]any{"Enabled": true, "PublicKey": block, "SubjectKey": "cognito:username", "RolesKey": "cognito:groups"}
	plugin := map[string]any{"signing_key": []string{block}, "subject_key": "cognito:username", "roles_key": "cognito:groups",
		"required_issuer": poolIssuer, "required_audience": poolClient, "jwt_clock_skew_tolerance_seconds": 0}
	for _, row := range []struct {
		name     string
		trust    trust
		opens    bool
		verifies bool
	}{
		{"AWS", trust{file(aws), poolIssuer, poolClient}, true, true},
		{"the plugin", trust{file: file(plugin)}, true, true},
		{"a URL", trust{file(map[string]any{"JwksUrl": "https://127.0.0.1:1/keys", "SubjectKey": "s", "RolesKey": "r"}), poolIssuer, poolClient}, true, false},
		{"another issuer", trust{file(aws), poolIssuer + "x", poolClient}, true, false},
		{"another audience", trust{file(aws), poolIssuer, "x"}, true, false},
		{"no issuer", trust{file(aws), "", poolClient}, false, false},
		{"no audience", trust{file(aws), poolIssuer, ""}, false, false},
		{"no roles", trust{file(map[string]any{"PublicKey": block, "SubjectKey": "s"}), poolIssuer, poolClient}, false, false},
		{"two keys", trust{file(map[string]any{"signing_key": []string{block, block}, "subject_key": "s", "roles_key": "r"}), poolIssuer, poolClient}, false, false},
		{"no key", trust{file(map[string]any{"PublicKey": "-----BEGIN PUBLIC KEY-----", "SubjectKey": "s", "RolesKey": "r"}), poolIssuer, poolClient}, false, false},
		{"not settings", trust{file: file(map[string]any{"publicKey": block})}, false, false},
	} {
		s, err := open(t.Context(), row.trust)
		if (err == nil) != row.opens {
			t.Errorf("%s: %v", row.name, err)
		}
		if err != nil {
			if strings.HasPrefix(row.name, "no ") && row.name != "no key" && !strings.Contains(err.Error(), "-issuer and -audience") {
				t.Errorf("%s: %v does not tell what to do", row.name, err)
			}
			continue
		}
		if s.pool != nil {
			t.Errorf("%s: has a pool of its own", row.name)
		}
		scope, err := s.gate.Scope(t.Context(), contextOf(raw))
		if (err == nil) != row.verifies {
			t.Errorf("%s: the token of the pool: %v", row.name, err)
			continue
		}
		if err == nil {
			user, err := s.user(scope)
			if err != nil || !slices.Equal(user.Roles(), []string{"pubmed-admin"}) {
				t.Errorf("%s: roles %v, %v", row.name, user.Roles(), err)
			}
		}
	}
	if _, err := fgac.ParseTokenSettings(poolSettings); err != nil {
		t.Error(err)
	}
}
