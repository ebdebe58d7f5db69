package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// replace takes the place of nothing, an empty directory or a model that was fetched before, at once. It says whether it has:
// what others have put there, or mounted on it, can't be replaced.
func (s staging) replace() (done bool, err error) {
	switch err := os.Rename(s.dir, s.to); {
	case err == nil:
		return true, syncDir(s.parent)
	case errors.Is(err, syscall.EBUSY):
		return false, nil
	case !errors.Is(err, syscall.EEXIST) && !errors.Is(err, syscall.ENOTEMPTY):
		return false, err
	}
	if only, err := onlyFetched(s.to); !only || err != nil {
		return false, err
	}
	info, err := os.Stat(s.to)
	if err != nil {
		return false, err
	}
	if err := os.Chmod(s.dir, info.Mode().Perm()); err != nil {
		return false, err
	}
	switch err := s.exchange(); {
	case errors.Is(err, syscall.EBUSY):
		return false, nil
	case err != nil:
		return false, err
	}
	_ = os.RemoveAll(s.dir) // the older model; the next fetch sweeps what is left of it
	return true, syncDir(s.parent)
}

// exchange swaps the two directories, in one step where the file system can.
func (s staging) exchange() error {
	err := unix.Renameat2(unix.AT_FDCWD, s.dir, unix.AT_FDCWD, s.to, unix.RENAME_EXCHANGE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP):
		return s.exchangeByAway()
	}
	return &os.LinkError{Op: "exchange", Old: s.dir, New: s.to, Err: err}
}

// exchangeByAway has a moment at which nothing stands at the destination; sweep mends what a crash in it leaves.
func (s staging) exchangeByAway() error {
	if err := os.Rename(s.to, s.away()); err != nil {
		return err
	}
	if err := os.Rename(s.dir, s.to); err != nil {
		return errors.Join(err, os.Rename(s.away(), s.to))
	}
	_ = os.RemoveAll(s.away()) // as in replace
	return nil
}

// away is where the older model is while the newer takes its place.
func (s staging) away() string {
	return filepath.Join(s.parent, strings.TrimSuffix(s.prefix(), "-")+".away")
}

// settle puts in order what fetches that were killed have left for a destination.
func settle(to string) error {
	s := stagingFor(to)
	guard, err := lockDir(s.parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer guard.Close()
	return s.sweep()
}

// sweep puts in order what fetches that were killed have left: an older model comes back if nothing has taken its place, and
// directories that no process holds go.
func (s staging) sweep() error {
	if s.parent != s.to {
		_, err := os.Lstat(s.to)
		if errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(s.away(), s.to); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := os.RemoveAll(s.away()); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(s.parent)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), s.prefix()) {
			continue
		}
		if err := removeUnheld(filepath.Join(s.parent, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// removeUnheld removes a directory unless a process has it locked.
func removeUnheld(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil // in use, or on a file system that can't tell
	}
	return os.RemoveAll(dir)
}

// lockDir waits for a directory, until the file is closed. Some network file systems lock no directories; there two fetches
// into one destination at a moment are the user's to avoid.
func lockDir(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		if err := unix.Flock(int(d.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			return d, nil
		}
	}
}
