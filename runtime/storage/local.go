package storage

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// local is a file or a directory of this machine.
type local struct {
	uri origin.URI
	// root is the path.
	root string
}

func (l *local) place() string { return "file|" }

// list follows the links to files: a model in a volume may be made of links.
func (l *local) list(context.Context) ([]object, error) {
	info, err := os.Stat(l.root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, l.uri.Fail(origin.ReasonObjectNotFound, "%s does not exist on this machine", "put the model there, or correct the path", l.root)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return []object{{name: filepath.Base(l.root), key: l.root, size: info.Size()}}, nil
	}
	var found []object
	err = filepath.WalkDir(l.root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		below, err := filepath.Rel(l.root, name)
		found = append(found, object{name: filepath.ToSlash(below), key: name, size: info.Size()})
		return err
	})
	if err == nil && len(found) == 0 {
		return nil, l.uri.Fail(origin.ReasonEmptyPrefix, "the directory %s holds no file", "put the model there, or correct the path", l.root)
	}
	return found, err
}

func (l *local) open(_ context.Context, o object, _, _ int64) (io.ReadCloser, error) {
	return os.Open(o.key)
}

func (l *local) trusts(context.Context, object) bool { return true }

func (l *local) close() error { return nil }
