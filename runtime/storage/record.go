package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sluice-serving/sluice/host/disk"
)

// recordName is the file in a model's directory that names what a fetch has put there: the next one replaces that alone.
const recordName = stagingPrefix + "files.json"

// record is its content.
type record struct {
	// Files are relative to the directory, with slashes.
	Files []string `json:"files"`
}

func writeRecord(dir string, names []string) error {
	text, err := json.Marshal(record{Files: names})
	if err != nil {
		return err
	}
	path := filepath.Join(dir, recordName)
	if err := disk.Replace(path, text, 0o644); err != nil {
		return err
	}
	return syncDir(path) // a file's content, by the same call
}

// readRecord gives the names as a set; it is empty where no fetch has put anything.
func readRecord(dir string) (map[string]bool, error) {
	path := filepath.Join(dir, recordName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]bool{}, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it is not what a fetch writes: remove it to keep all that is there (%w)", err)}
	}
	names := map[string]bool{}
	for _, name := range r.Files {
		if filepath.IsLocal(name) { // somebody may have written it, and the files are removed by it
			names[name] = true
		}
	}
	return names, nil
}

// filesIn gives all below a directory that is no directory itself, but for the record.
func filesIn(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil && name != recordName {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

// onlyFetched says whether a directory holds nothing but what a fetch has put there.
func onlyFetched(dir string) (bool, error) {
	ours, err := readRecord(dir)
	if err != nil || len(ours) == 0 {
		return false, err
	}
	folders := map[string]bool{".": true}
	for name := range ours {
		for at := filepath.Dir(name); !folders[at]; at = filepath.Dir(at) {
			folders[at] = true
		}
	}
	only := true
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if entry.IsDir() && !folders[name] || !entry.IsDir() && !ours[name] && name != recordName {
			only = false
			return fs.SkipAll
		}
		return nil
	})
	return only, err
}
