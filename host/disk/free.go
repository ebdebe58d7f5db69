// Package disk writes files whole, and asks how much room there is.
package disk

import (
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Free is how many bytes a process that isn't root may still write at path, or where that will be made.
func Free(path string) (int64, error) {
	for {
		var of unix.Statfs_t
		err := unix.Statfs(path, &of)
		if err == nil {
			return int64(of.Bavail) * of.Bsize, nil //nolint:gosec,unconvert // a disk has fewer bytes than that; Bsize has another type on other machines
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return 0, err
		}
		path = parent
	}
}
