package storage

import (
	"context"
	"encoding/hex"
	"hash"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// object is one file of a model as its source lists it.
type object struct {
	// name is where the file goes, relative to the model's directory, with slashes.
	name string
	// key is what the source calls it.
	key string
	// size in bytes, or -1 where the source doesn't tell.
	size int64
	// version changes with the content (an ETag, a generation, a hash); it is empty where the source has none.
	version string
	// ranged says that any part of it can be asked for.
	ranged bool
	// sum is what its content must give, if the source says so.
	sum checksum
}

// checksum is a hash that a source names. A zero one is none.
type checksum struct {
	// name is md5, sha256, crc32c or git (a blob's in a Git repository).
	name string
	want []byte
}

func (c checksum) holds(got hash.Hash) bool {
	return c.name == "" || hex.EncodeToString(c.want) == hex.EncodeToString(got.Sum(nil))
}

// source is a place opened for one URI.
type source interface {
	// place tells stores apart that may call different things by one key.
	place() string
	// list gives the files that the URI stands for: one object, or all below a prefix.
	list(ctx context.Context) ([]object, error)
	// open reads length bytes from offset, or to the end if length is negative. Without object.ranged offset is 0.
	open(ctx context.Context, o object, offset, length int64) (io.ReadCloser, error)
	// trusts says, after a checksum did not hold, whether the source meant it as one.
	trusts(ctx context.Context, o object) bool
	close() error
}

// maxObjects bounds the files of one model.
const maxObjects = 100_000

// placed gives objects their names below the URI's path. An object whose key is the path itself stands for the URI alone.
func placed(u origin.URI, objects []object) ([]object, error) {
	var kept []object
	for _, o := range objects {
		if o.key == u.Path && u.Path != "" {
			o.name = path.Base(o.key)
			return []object{o}, nil
		}
		below, inside := strings.CutPrefix(o.key, u.Path+"/")
		if u.Path == "" {
			below, inside = o.key, true
		}
		// Consoles make an empty object whose name ends in a slash for each folder.
		if !inside || below == "" || strings.HasSuffix(below, "/") {
			continue
		}
		o.name = below
		if err := safeName(u, below); err != nil {
			return nil, err
		}
		kept = append(kept, o)
	}
	if len(kept) == 0 {
		return nil, u.Fail(origin.ReasonEmptyPrefix, "there is no object %q and none below it", "correct the path, or put the model there", u.Path)
	}
	return kept, nil
}

// tooMany refuses a listing that is no model's.
func tooMany(u origin.URI) error {
	return u.Fail(origin.ReasonInvalidURI, "there are more than %d objects below it", "name the model's own folder", maxObjects)
}

// safeName refuses the name of a file that would lead out of the model's directory or can't be one.
func safeName(u origin.URI, name string) error {
	if !filepath.IsLocal(name) || path.Clean(name) != name || strings.ContainsAny(name, "\x00\\") {
		return u.Fail(origin.ReasonUnsafeArchive, "the file name %q is absolute, leads out of the model's directory or is no path", "rename it at its source", origin.Clipped(name))
	}
	return nil
}
