package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBytesAreReadAndShownAsQuantities(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		bytes byteCount
		shown string
	}{
		"0":        {0, "0"},
		"67108864": {64 << 20, "64Mi"},
		"64Mi":     {64 << 20, "64Mi"},
		"1G":       {1e9, "1000000000"},
		"1500":     {1500, "1500"},
		"2Ki":      {2048, "2Ki"},
		"3Gi":      {3 << 30, "3Gi"},
	} {
		var b byteCount
		if err := b.Set(text); err != nil || b != want.bytes || b.String() != want.shown {
			t.Errorf("%s: %d bytes, shown as %s, %v; want %d and %s", text, b, b.String(), err, want.bytes, want.shown)
		}
	}
	for _, text := range []string{"", "-1", "lots", "5x", "1 Mi"} {
		var b byteCount
		if err := b.Set(text); err == nil || !strings.Contains(err.Error(), "64Mi") {
			t.Errorf("%q: %v, want an error that shows how it is written", text, err)
		}
	}
}

// TestLimitsThatCannotBeKeptAreUsageErrors names the flag, the value and a remedy before anything is started.
func TestLimitsThatCannotBeKeptAreUsageErrors(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"--max-connections=2000000000": "lower them, or raise the hard limit",
		"--max-connections=-1":         "0 takes as many as the open files allow",
		"--max-connections=many":       "is not a whole number",
		"--max-requests=-1":            "is not a whole number from 0",
		"--max-backend-requests=99999": "above --max-requests",
		"--max-body-bytes=big":         "write it as 67108864, 64Mi or 1G",
		"--max-memory=big":             "write it as 67108864, 64Mi or 1G",
		"--max-open-files=10":          "10 is too few",
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			// A state directory's sockets need a short path.
			state, err := os.MkdirTemp("", "sluice")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(state) })
			got := sluice(t.Context(), nil, nil, "run", filepath.Join("testdata", "manifests", "good"), "--state-dir", state, "--http-port=1", "--admin-port=2", flag)
			name, _, _ := strings.Cut(flag, "=")
			if got.code != exitUsage || !strings.Contains(got.err, name) && !strings.Contains(got.err, "open files") || !strings.Contains(got.err, want) {
				t.Errorf("exit %d: %s; want %d, %q and %q", got.code, got.err, exitUsage, name, want)
			}
		})
	}
}
