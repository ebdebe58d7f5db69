package standalone

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A directory that the kernel says nothing of is looked at all the same: a key may have been revoked in it.
func TestUnwatchedDirectoryIsReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newBench(t, dir, t.TempDir())
	if b.readUnwatched() {
		t.Error("a directory that is watched was walked")
	}
	if err := os.WriteFile(filepath.Join(dir, "iris.yaml"), []byte(iris), 0o600); err != nil {
		t.Fatal(err)
	}
	b.loop.watcher.failed[dir] = true
	if !b.readUnwatched() {
		t.Error("a directory that can't be watched was not walked")
	}
	b.turn()
	if services := b.driver.Services(); len(services) != 1 {
		t.Errorf("services: %+v, want the one that was written meanwhile", services)
	}
}

func TestFileSystemsThatOthersWriteTo(t *testing.T) {
	t.Parallel()
	for kind, want := range map[int64]bool{unix.NFS_SUPER_MAGIC: true, 0xFF534D42: true, unix.FUSE_SUPER_MAGIC: true, unix.EXT4_SUPER_MAGIC: false, unix.TMPFS_MAGIC: false, unix.OVERLAYFS_SUPER_MAGIC: false} {
		if got := writtenElsewhere(kind); got != want {
			t.Errorf("file system %#x: %t, want %t", kind, got, want)
		}
	}
}
