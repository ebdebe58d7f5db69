package archive

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Limits bound what an archive may become.
type Limits struct {
	// Ratio is how many times its own size it may unpack to, and Floor the bytes that it may in any case.
	Ratio, Floor int64
	// Entries bounds its files and directories.
	Entries int
}

// DefaultLimits let through what compresses well, as sparse weights do, and stop a bomb, which unpacks to a thousand times
// its size and more.
func DefaultLimits() Limits {
	return Limits{Ratio: 200, Floor: 256 << 20, Entries: 100_000}
}

// Error says why an archive is refused.
type Error struct {
	// Problem is what is wrong with it, Remedy what to do about it.
	Problem, Remedy string
	// Empty says that nothing else is wrong with it than that it holds no file.
	Empty bool
}

func (e *Error) Error() string { return e.Problem + "; " + e.Remedy }

// Is says by its name whether a file is an archive that [Unpack] unpacks.
func Is(name string) bool {
	name = strings.ToLower(name)
	for _, ending := range []string{".zip", ".tar", ".tar.gz", ".tgz"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// Unpack unpacks an archive of size bytes into dir, which must be empty; its name says its format. Only regular files and
// directories are taken: a link or a device in a model's archive has no good use. Memory is bounded by a small multiple of
// size, whatever the archive says. An error that the archive is to blame for is an [*Error]; others are this machine's.
func Unpack(content io.ReaderAt, size int64, name, dir string, limits Limits) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{root: root, limits: limits, size: size}
	if lower := strings.ToLower(name); strings.HasSuffix(lower, ".zip") {
		err = u.zip(content)
	} else {
		err = u.tarFile(io.NewSectionReader(content, 0, size), !strings.HasSuffix(lower, ".tar"))
	}
	if err == nil && u.files == 0 {
		err = &Error{Problem: fmt.Sprintf("the archive %s holds no file", name), Remedy: "pack the model into it", Empty: true}
	}
	return err
}

// UnpackFile unpacks the archive at path, whose format name says.
func UnpackFile(path, name, dir string, limits Limits) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return Unpack(file, info.Size(), name, dir, limits)
}
