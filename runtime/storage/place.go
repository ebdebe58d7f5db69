package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// staging is a directory beside the destination, on the same disk, in which a model is put together.
type staging struct {
	// dir is where the files go, and to is what it becomes.
	dir, to string
}

// stage makes one. A destination that something is mounted on can't be replaced, so that staging is inside it then.
func stage(to string) (staging, error) {
	parent := filepath.Dir(to)
	if isMount(to) {
		parent = to
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return staging{}, err
	}
	dir, err := os.MkdirTemp(parent, stagingPrefix+filepath.Base(to)+"-")
	if err != nil {
		return staging{}, err
	}
	return staging{dir: dir, to: to}, os.Chmod(dir, 0o755)
}

// stagingPrefix begins the names of directories that a killed fetch may leave.
const stagingPrefix = ".sluice-fetch-"

func isMount(dir string) bool {
	own, above := &syscall.Stat_t{}, &syscall.Stat_t{}
	if syscall.Stat(dir, own) != nil || syscall.Stat(filepath.Dir(dir), above) != nil {
		return false
	}
	return own.Dev != above.Dev
}

// link puts a blob into the model: as the same file where the disk is the same, else as a copy.
func (s staging) link(blob, name string) error {
	to := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	err := os.Link(blob, to)
	switch {
	case err == nil, !errors.Is(err, syscall.EXDEV) && !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EMLINK) && !errors.Is(err, syscall.ENOTSUP):
		return err
	}
	return copyFile(blob, to)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// appear puts the model at its place. A directory that isn't there, or is empty, gets all of it at once. In one that holds
// something already, as one mounted into a pod does, each file appears whole, and other files stay.
func (s staging) appear() error {
	if err := syncTree(s.dir); err != nil {
		return err
	}
	if filepath.Dir(s.dir) != s.to {
		err := os.Rename(s.dir, s.to)
		if err == nil {
			return syncDir(filepath.Dir(s.to))
		}
		if !errors.Is(err, syscall.EEXIST) && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EBUSY) {
			return err
		}
	}
	if err := mergeInto(s.dir, s.to); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(s.dir), syncDir(s.to))
}

func mergeInto(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		source, target := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		if entry.IsDir() {
			if info, err := os.Lstat(target); err == nil && info.IsDir() {
				if err := mergeInto(source, target); err != nil {
					return err
				}
				continue
			}
		}
		if err := os.Rename(source, target); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what a fetch that failed has put together.
func (s staging) discard() error {
	if err := os.RemoveAll(s.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncTree makes the names of all files outlive a crash; their contents were synced when they were written.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
