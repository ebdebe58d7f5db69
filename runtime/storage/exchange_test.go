package storage

import (
	"os"
	"path/filepath"
	"testing"
)

// Both ways to swap give the same, and what another process puts together is not swept.
func TestExchange(t *testing.T) {
	t.Parallel()
	for name, swap := range map[string]func(staging) error{"in one step": staging.exchange, "by two renames": staging.exchangeByAway} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := filepath.Join(t.TempDir(), "model")
			s, err := stage(to)
			if err != nil {
				t.Fatal(err)
			}
			defer s.release()
			for dir, content := range map[string]string{to: "old", s.dir: "new"} {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "model.onnx"), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := settle(to); err != nil {
				t.Fatal(err)
			}
			if err := swap(s); err != nil {
				t.Fatal(err)
			}
			if data, err := os.ReadFile(filepath.Join(to, "model.onnx")); err != nil || string(data) != "new" {
				t.Errorf("got %q, %v", data, err)
			}
		})
	}
}
