package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// move puts the model into a directory that stays, file by file. What stands in its way is found before anything changes.
func (s staging) move(names []string) error {
	earlier, err := readRecord(s.to)
	if err != nil {
		return err
	}
	blocking, err := obstacles(s.to, names, earlier)
	if err != nil {
		return err
	}
	// Until the end all of both is known as fetched: after a crash in between, the next fetch replaces it.
	both := slices.Clone(names)
	for name := range earlier {
		if !slices.Contains(names, name) {
			both = append(both, name)
		}
	}
	if err := writeRecord(s.to, both); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(s.dir, recordName)); err != nil {
		return err
	}
	if err := removeFiles(s.to, blocking); err != nil {
		return err
	}
	if err := mergeInto(s.dir, s.to); err != nil {
		return err
	}
	if err := removeFiles(s.to, both[len(names):]); err != nil {
		return err
	}
	return errors.Join(writeRecord(s.to, names), os.RemoveAll(s.dir), syncDir(s.to))
}

// obstacles are files of an earlier fetch that stand where the model has a folder, or in a folder where it has a file. Those of
// others are an error.
func obstacles(dir string, names []string, earlier map[string]bool) ([]string, error) {
	var found []string
	for _, name := range names {
		in, err := filesBelow(dir, name)
		if err != nil {
			return nil, err
		}
		for at := filepath.Dir(name); at != "."; at = filepath.Dir(at) {
			if info, err := os.Lstat(filepath.Join(dir, at)); err == nil && !info.IsDir() {
				in = append(in, at)
			}
		}
		for _, file := range in {
			if !earlier[file] {
				return nil, &fs.PathError{Op: "replace", Path: filepath.Join(dir, file), Err: errors.New("it stands in the way of the model and no fetch has put it there")}
			}
		}
		found = append(found, in...)
	}
	return found, nil
}

// filesBelow are the files in dir/name if that is a directory.
func filesBelow(dir, name string) ([]string, error) {
	info, err := os.Lstat(filepath.Join(dir, name))
	if err != nil || !info.IsDir() {
		return nil, nil //nolint:nilerr // what isn't there has none
	}
	files, err := filesIn(filepath.Join(dir, name))
	for i := range files {
		files[i] = filepath.Join(name, files[i])
	}
	return files, err
}

// removeFiles removes files, and the folders that they leave empty. One that has gone, or has become a folder, is none.
func removeFiles(dir string, names []string) error {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if info, err := os.Lstat(path); err != nil || info.IsDir() {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		for at := filepath.Dir(name); at != "."; at = filepath.Dir(at) {
			if os.Remove(filepath.Join(dir, at)) != nil {
				break // it holds something else
			}
		}
	}
	return nil
}
