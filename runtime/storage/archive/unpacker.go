package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// unpacker writes the files of one archive below a root.
type unpacker struct {
	root   *os.Root
	limits Limits
	// size is the archive's own.
	size    int64
	written int64
	// entries are its files and directories, files its files alone.
	entries, files int
}

// broken words what an archive's reader says; what the disk says stays.
func broken(err error) error {
	var own *Error
	var file *fs.PathError
	if err == nil || errors.As(err, &own) || errors.As(err, &file) {
		return err
	}
	return &Error{Problem: fmt.Sprintf("the archive can't be read: %v", err), Remedy: "pack it anew"}
}

func unsafe(name, what string) error {
	return &Error{Problem: fmt.Sprintf("the archive's entry %q %s", clipped(name), what), Remedy: "pack the model's files alone, with paths below its folder"}
}

// clipped bounds what a message repeats of a name from outside.
func clipped(name string) string {
	const limit = 40
	if len(name) > limit {
		return strings.ToValidUTF8(name[:limit], "") + "…"
	}
	return name
}

func (u *unpacker) zip(content io.ReaderAt) error {
	archive, err := zip.NewReader(content, u.size)
	if err != nil {
		return broken(err)
	}
	for _, entry := range archive.File {
		mode := entry.Mode()
		switch {
		case mode.IsDir():
			err = u.directory(entry.Name)
		case !mode.IsRegular():
			err = unsafe(entry.Name, "is a link or a device")
		default:
			err = u.zipped(entry)
		}
		if err != nil {
			return broken(err)
		}
	}
	return nil
}

func (u *unpacker) zipped(entry *zip.File) error {
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return u.file(entry.Name, content)
}

func (u *unpacker) tarFile(content io.Reader, packed bool) error {
	const ahead = 64 << 10
	from := bufio.NewReaderSize(content, ahead)
	if !packed {
		return broken(u.tar(tar.NewReader(from)))
	}
	unzipped, err := gzip.NewReader(from)
	if err != nil {
		return broken(err)
	}
	return broken(u.tar(tar.NewReader(unzipped)))
}

func (u *unpacker) tar(archive *tar.Reader) error {
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
			err = u.directory(entry.Name)
		case tar.TypeReg, tar.TypeGNUSparse:
			err = u.file(entry.Name, archive)
		case tar.TypeXGlobalHeader:
		case tar.TypeLink:
			err = unsafe(entry.Name, "is a hard link")
		case tar.TypeSymlink:
			err = unsafe(entry.Name, "is a symbolic link")
		default:
			err = unsafe(entry.Name, "is a device or of another kind that a model has no use for")
		}
		if err != nil {
			return err
		}
	}
}

// local checks a name and gives it in this machine's form.
func (u *unpacker) local(name string) (string, error) {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	switch {
	case trimmed == "" || trimmed == ".":
		return ".", nil
	case strings.HasPrefix(name, "/"):
		return "", unsafe(name, "has an absolute path")
	case strings.ContainsAny(name, "\x00\\"):
		return "", unsafe(name, "has a name that is no path")
	case !filepath.IsLocal(trimmed):
		return "", unsafe(name, "leads out of the model's directory")
	}
	if u.entries++; u.entries > u.limits.Entries {
		return "", &Error{Problem: fmt.Sprintf("the archive has more than %d entries", u.limits.Entries), Remedy: "pack the model's files alone"}
	}
	return filepath.Clean(trimmed), nil
}

func (u *unpacker) directory(name string) error {
	local, err := u.local(name)
	if err != nil || local == "." {
		return err
	}
	return u.root.MkdirAll(local, 0o755)
}

func (u *unpacker) file(name string, content io.Reader) error {
	local, err := u.local(name)
	if err != nil {
		return err
	}
	if local == "." {
		return unsafe(name, "has no name")
	}
	if err := u.root.MkdirAll(filepath.Dir(local), 0o755); err != nil {
		return err
	}
	// A second entry of one name replaces the first, as with tar itself.
	if err := u.root.Remove(local); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unsafe(name, "is a directory in another entry")
	}
	file, err := u.root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	u.files++
	return errors.Join(u.copy(file, content), file.Close())
}

// copy stops where the archive has grown to more than it may.
func (u *unpacker) copy(file *os.File, content io.Reader) error {
	limit := max(u.limits.Floor, u.limits.Ratio*u.size)
	n, err := io.Copy(file, io.LimitReader(content, limit-u.written+1))
	u.written += n
	if err == nil && u.written > limit {
		return &Error{
			Problem: fmt.Sprintf("the archive of %d bytes unpacks to more than %d", u.size, limit),
			Remedy:  "pack the model less tightly, or put its files there as they are",
		}
	}
	if err != nil {
		return err
	}
	return file.Sync()
}
