package standalone

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLinkToAnotherFileOfTheSameTimeAndSizeIsAChange turns a link as a store of reproducible builds does.
func TestLinkToAnotherFileOfTheSameTimeAndSizeIsAChange(t *testing.T) {
	t.Parallel()
	store := put(t, map[string]string{"old": named("one"), "new": named("two")})
	epoch := time.Unix(1, 0)
	for _, name := range []string{"old", "new"} {
		if err := os.Chtimes(filepath.Join(store, name), epoch, epoch); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	at := filepath.Join(dir, "a.yaml")
	link(t, filepath.Join(store, "old"), at)
	d, before := newDirectory([]string{dir}), stampAt(at)
	d.read()
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	link(t, filepath.Join(store, "new"), at)
	if names, _ := gist(d.read()); strings.Join(names, " ") != "two" {
		t.Errorf("read %v, want what the link leads to now", names)
	}
	if stampAt(at) == before {
		t.Error("both files have the same stamp")
	}
}
