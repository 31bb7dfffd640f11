package kmssigner_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/tokenacl/tokenacl/kmssigner"
)

// TestOptionsRefused has what no keys are made with, and the neighbours that are
// at the limit.
//
// Rule M3
func TestOptionsRefused(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	backend := &stub{key: rsaKey("id")}
	for name, tt := range map[string]struct {
		backend kmssigner.Backend
		opts    kmssigner.Options
		reason  string
	}{
		"no backend":         {nil, kmssigner.Options{}, "no Backend"},
		"negative lifetime":  {backend, kmssigner.Options{Lifetime: -1}, "Lifetime: -1ns, want 0"},
		"long lifetime":      {backend, kmssigner.Options{Lifetime: day + time.Second}, "Lifetime: 24h0m1s, want 0"},
		"fractions":          {backend, kmssigner.Options{Lifetime: 1500 * time.Millisecond}, "Lifetime: 1.5s, want whole seconds"},
		"negative leeway":    {backend, kmssigner.Options{Leeway: -1}, "Leeway: -1ns, want 0"},
		"long leeway":        {backend, kmssigner.Options{Leeway: 10*time.Minute + 1}, "Leeway: 10m0.000000001s, want 0"},
		"negative age":       {backend, kmssigner.Options{MaxAge: -1}, "MaxAge: -1ns, want 0"},
		"short age":          {backend, kmssigner.Options{MaxAge: time.Second - 1}, "MaxAge: 999.999999ms, want at least a second"},
		"negative refresh":   {backend, kmssigner.Options{RefreshInterval: -1}, "RefreshInterval: -1ns, want 0"},
		"rare refresh":       {backend, kmssigner.Options{RefreshInterval: year + 1}, "RefreshInterval: 8760h0m0.000000001s, want 0"},
		"negative timeout":   {backend, kmssigner.Options{Timeout: -1}, "Timeout: -1ns, want 0"},
		"slow":               {backend, kmssigner.Options{Timeout: 5*time.Minute + 1}, "Timeout: 5m0.000000001s, want at most RefreshInterval, 5m0s"},
		"negative ahead":     {backend, kmssigner.Options{PublishAhead: -1}, "PublishAhead: -1ns, want 0"},
		"short ahead":        {backend, kmssigner.Options{PublishAhead: 10*time.Minute + 40*time.Second - 1}, "PublishAhead: 10m39.999999999s, want at least 10m40s"},
		"negative staleness": {backend, kmssigner.Options{MaxStale: -1}, "MaxStale: -1ns, want 0"},
		"short staleness":    {backend, kmssigner.Options{MaxStale: 5*time.Minute + 40*time.Second - 1}, "MaxStale: 5m39.999999999s, want at least 5m40s"},
		"an empty ID":        {backend, kmssigner.Options{TrustedKeys: []string{"a", ""}}, "TrustedKeys[1]: empty"},
		"many IDs":           {backend, kmssigner.Options{TrustedKeys: make([]string, 33)}, "TrustedKeys: 33, want at most 32"},
		"an empty chain":     {backend, kmssigner.Options{Certificates: [][]*x509.Certificate{{}}}, "Certificates[0]: want one or more"},
		"no certificate":     {backend, kmssigner.Options{Certificates: [][]*x509.Certificate{{nil}}}, "Certificates[0]: want one or more"},
	} {
		k, err := kmssigner.NewKeys(t.Context(), tt.backend, &tt.opts)
		if k != nil || err == nil || !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v, %v", name, k, err)
		}
		if s, err := kmssigner.New(t.Context(), tt.backend, &tt.opts); s != nil || err == nil {
			t.Errorf("%s: a signer: %v, %v", name, s, err)
		}
	}
	for name, opts := range map[string]*kmssigner.Options{
		"none":       nil,
		"zero":       {},
		"day":        {Lifetime: day, Leeway: 10 * time.Minute, MaxAge: time.Second},
		"at limits":  {PublishAhead: 10*time.Minute + 40*time.Second, MaxStale: 5*time.Minute + 40*time.Second, Timeout: 10 * time.Second},
		"a year":     {MaxAge: year / 4, RefreshInterval: year / 4, MaxStale: year, PublishAhead: year},
		"a long one": {Timeout: 5 * time.Minute},
	} {
		k, err := kmssigner.NewKeys(t.Context(), backend, opts)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		k.Close()
	}
}
