package storage

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// archiveLimits bound what an archive may become.
type archiveLimits struct {
	// ratio is how many times its own size it may unpack to, and floor what it may in any case.
	ratio, floor int64
	files        int
}

// defaultLimits let through what compresses well, as sparse weights do, and stop a bomb, which unpacks to a thousand times
// its size and more.
func defaultLimits() archiveLimits {
	return archiveLimits{ratio: 200, floor: 256 << 20, files: maxObjects}
}

// isArchive says by its name whether a single file is an archive of a model.
func isArchive(name string) bool {
	name = strings.ToLower(name)
	for _, ending := range []string{".zip", ".tar", ".tar.gz", ".tgz"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// unpacker writes the files of one archive below a root, which nothing in the archive can leave.
type unpacker struct {
	uri    URI
	root   *os.Root
	limits archiveLimits
	// size is the archive's own.
	size    int64
	written int64
	files   int
}

// unpack unpacks the archive at path into dir, which must be empty. Only regular files and directories are taken: a link or
// a device in a model's archive has no good use.
func unpack(u URI, path, name, dir string, limits archiveLimits) (files int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	p := &unpacker{uri: u, root: root, limits: limits, size: info.Size()}
	if strings.HasSuffix(strings.ToLower(name), ".zip") {
		err = p.zip(path)
	} else {
		err = p.tarFile(path, !strings.HasSuffix(strings.ToLower(name), ".tar"))
	}
	if err == nil && p.files == 0 {
		err = u.fail(ReasonEmptyPrefix, "the archive %s holds no file", "pack the model into it", name)
	}
	return p.files, err
}

func (p *unpacker) broken(err error) error {
	var failure *Failure
	var file *fs.PathError
	if err == nil || errors.As(err, &failure) || errors.As(err, &file) || p.uri.ofDisk(err) != nil {
		return err
	}
	return p.uri.fail(ReasonUnsafeArchive, "the archive can't be read: %v", "pack it anew", err)
}

func (p *unpacker) unsafe(name, what string) error {
	return p.uri.fail(ReasonUnsafeArchive, "the archive's entry %q %s", "pack the model's files alone, with paths below its folder", clipped(name), what)
}

func (p *unpacker) zip(path string) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return p.broken(err)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		mode := entry.Mode()
		switch {
		case mode.IsDir():
			err = p.directory(entry.Name)
		case !mode.IsRegular():
			err = p.unsafe(entry.Name, "is a link or a device")
		default:
			err = p.zipped(entry)
		}
		if err != nil {
			return p.broken(err)
		}
	}
	return nil
}

func (p *unpacker) zipped(entry *zip.File) error {
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return p.file(entry.Name, content)
}

func (p *unpacker) tarFile(path string, packed bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var from io.Reader = bufio.NewReaderSize(file, 1<<20)
	if packed {
		unzipped, err := gzip.NewReader(from)
		if err != nil {
			return p.broken(err)
		}
		from = unzipped
	}
	return p.broken(p.tar(tar.NewReader(from)))
}

func (p *unpacker) tar(archive *tar.Reader) error {
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch entry.Typeflag {
		case tar.TypeDir:
			err = p.directory(entry.Name)
		case tar.TypeReg, tar.TypeGNUSparse:
			err = p.file(entry.Name, archive)
		case tar.TypeXGlobalHeader:
		case tar.TypeLink:
			err = p.unsafe(entry.Name, "is a hard link")
		case tar.TypeSymlink:
			err = p.unsafe(entry.Name, "is a symbolic link")
		default:
			err = p.unsafe(entry.Name, "is a device or of another kind that a model has no use for")
		}
		if err != nil {
			return err
		}
	}
}

// local checks a name and gives it in this machine's form.
func (p *unpacker) local(name string) (string, error) {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	switch {
	case trimmed == "" || trimmed == ".":
		return ".", nil
	case strings.HasPrefix(name, "/"):
		return "", p.unsafe(name, "has an absolute path")
	case strings.ContainsAny(name, "\x00\\"):
		return "", p.unsafe(name, "has a name that is no path")
	case !filepath.IsLocal(trimmed):
		return "", p.unsafe(name, "leads out of the model's directory")
	}
	if p.files++; p.files > p.limits.files {
		return "", p.uri.fail(ReasonUnsafeArchive, "the archive has more than %d entries", "pack the model's files alone", p.limits.files)
	}
	return filepath.Clean(trimmed), nil
}

func (p *unpacker) directory(name string) error {
	local, err := p.local(name)
	if err != nil || local == "." {
		return err
	}

	return p.root.MkdirAll(local, 0o755)
}

func (p *unpacker) file(name string, content io.Reader) error {
	local, err := p.local(name)
	if err != nil {
		return err
	}
	if local == "." {
		return p.unsafe(name, "has no name")
	}
	if err := p.root.MkdirAll(filepath.Dir(local), 0o755); err != nil {
		return err
	}
	// A second entry of one name replaces the first, as with tar itself.
	if err := p.root.Remove(local); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p.unsafe(name, "is a directory in another entry")
	}
	file, err := p.root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(p.copy(file, content), file.Close())
}

// copy stops where the archive has grown to more than it may.
func (p *unpacker) copy(file *os.File, content io.Reader) error {
	limit := max(p.limits.floor, p.limits.ratio*p.size)
	n, err := io.Copy(file, io.LimitReader(content, limit-p.written+1))
	p.written += n
	if err == nil && p.written > limit {
		return p.uri.fail(ReasonUnsafeArchive, "the archive of %s unpacks to more than %s", "pack the model less tightly, or put its files there as they are",
			Bytes(p.size), Bytes(limit))
	}
	if err != nil {
		return err
	}
	return file.Sync()
}
