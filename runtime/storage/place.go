package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// staging is a directory beside the destination, on the same disk, in which a model is put together.
type staging struct {
	// dir is where the files go, and to is what it becomes.
	dir, to string
	// parent is the directory that dir is in: that of to, or to itself where something is mounted on it.
	parent string
	// lock is held on dir while its process lives.
	lock *os.File
}

// stagingFor says where: a destination that something is mounted on can't be replaced, so that staging is inside it then.
func stagingFor(to string) staging {
	s := staging{to: to, parent: filepath.Dir(to)}
	if isMount(to) {
		s.parent = to
	}
	return s
}

// stage makes one.
func stage(to string) (_ staging, err error) {
	s := stagingFor(to)
	if err := os.MkdirAll(s.parent, 0o755); err != nil {
		return s, err
	}
	// Nobody else sweeps between the making of the directory and its lock.
	guard, err := lockDir(s.parent)
	if err != nil {
		return s, err
	}
	defer guard.Close()
	if s.dir, err = os.MkdirTemp(s.parent, s.prefix()); err != nil {
		return s, err
	}
	if s.lock, err = lockDir(s.dir); err != nil {
		return s, errors.Join(err, s.discard())
	}
	return s, os.Chmod(s.dir, 0o755)
}

// stagingPrefix begins the names of what a fetch makes beside a model, and a killed one may leave.
const stagingPrefix = ".sluice-fetch-"

func (s staging) prefix() string { return stagingPrefix + filepath.Base(s.to) + "-" }

// another is where a further model of the same destination is put together, before it joins the first.
func (s staging) another() (staging, error) {
	inner := staging{dir: filepath.Join(s.dir, stagingPrefix+"next"), to: s.to, parent: s.parent}
	return inner, os.Mkdir(inner.dir, 0o755)
}

// join adds a further model. Its files come before those of the same names.
func (s staging) join(another staging) error {
	return errors.Join(mergeInto(another.dir, s.dir), os.RemoveAll(another.dir))
}

func (s staging) release() { _ = s.lock.Close() }

// isMount also knows a mount of a directory of the same disk.
func isMount(dir string) bool {
	own, above := &syscall.Stat_t{}, &syscall.Stat_t{}
	if syscall.Stat(dir, own) != nil || syscall.Stat(filepath.Dir(dir), above) != nil {
		return false
	}
	var more unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, dir, 0, 0, &more)
	return own.Dev != above.Dev || err == nil && more.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
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

// appear puts the model at its place: all at once where there is nothing, an empty directory or a model that was fetched
// before. On a mount point, and in a directory that holds files of others too, each file appears whole; other files stay, and
// those that an earlier fetch had put there and this one has not go at the end.
func (s staging) appear() error {
	names, err := filesIn(s.dir)
	if err != nil {
		return err
	}
	if err := writeRecord(s.dir, names); err != nil {
		return err
	}
	if err := syncTree(s.dir); err != nil {
		return err
	}
	guard, err := lockDir(s.parent)
	if err != nil {
		return err
	}
	defer guard.Close()
	if s.parent != s.to {
		if done, err := s.replace(); done || err != nil {
			return err
		}
	}
	return s.move(names)
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
