package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceWritesAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"old", "new"} {
		if err := Replace(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		info, statErr := os.Stat(path)
		if err != nil || statErr != nil || string(data) != text || info.Mode().Perm() != 0o640 {
			t.Errorf("%q, %v, %v, %v", data, info, err, statErr)
		}
	}
	// A directory can't be replaced by a file.
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(taken, []byte("text"), 0o600); err == nil {
		t.Error("a directory was replaced")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestFreeAsksWhereAPathWillBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	free, err := Free(filepath.Join(dir, "not", "there", "yet"))
	if err != nil || free <= 0 {
		t.Errorf("%d bytes, %v", free, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Free(filepath.Join(file, "below")); err == nil {
		t.Error("what can't be is told to have room")
	}
}
