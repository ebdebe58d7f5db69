package proxy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyEnvoyIsTakenForEnvoy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, version, fault string }{
		"Envoy":         {"echo; echo 'envoy  version: 0a1b2c/1.40.0/Clean/RELEASE/BoringSSL'", "1.40.0", ""},
		"says nothing":  {"exit 0", "", "is no Envoy"},
		"another":       {"echo 'nginx version: nginx/1.27.0'", "", "is no Envoy"},
		"doesn't start": {"exit 1", "", "--version: exit status 1"},
	} {
		program := filepath.Join(t.TempDir(), "envoy")
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"+test.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		version, err := CheckBinary(t.Context(), program)
		if version != test.version || (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%s: %q, %v", name, version, err)
		}
	}
}
