package main

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAccessLogMustBeWritable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if got, err := checkAccessLog(filepath.Join(dir, "access.log")); err != nil || !filepath.IsAbs(got) {
		t.Errorf("a new file: %q, %v", got, err)
	}
	if got, err := checkAccessLog(""); err != nil || got != "" {
		t.Errorf("none: %q, %v", got, err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "nowhere", "access.log")} {
		if _, err := checkAccessLog(path); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "--access-log") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestTooLittleMemoryIsRefused(t *testing.T) {
	t.Parallel()
	o := limitOptions{memory: 1}
	if _, err := o.resolve(slog.New(slog.DiscardHandler)); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "64Mi is the least") {
		t.Errorf("%v", err)
	}
}

func TestDurationsAreWrittenAsText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	newLogger(&out, logJSON, false).Info("started again", "after", 250*time.Millisecond)
	if !strings.Contains(out.String(), `"after":"250ms"`) {
		t.Error(out.String())
	}
}
