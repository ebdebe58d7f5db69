package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// LibraryVersion is the onnxruntime that `make deps` installs.
const LibraryVersion = "1.32.0"

// EnvLibrary names the environment variable with the library's path.
const EnvLibrary = "SLUICE_ONNXRUNTIME"

// NotFoundError says that there is no onnxruntime on this machine. Everything
// but ONNX models works without it.
type NotFoundError struct {
	Looked   []string // where it was looked for
	Problems []error  // what was found there and could not be used
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "onnxruntime, which ONNX models need, is not on this machine (looked at %s)", strings.Join(e.Looked, ", "))
	for _, problem := range e.Problems {
		fmt.Fprintf(&b, "; %s", problem)
	}
	fmt.Fprintf(&b, ": run `make deps`, which installs %s, or `pip install onnxruntime==%s` and name its onnxruntime/capi/libonnxruntime.so.* by --onnxruntime or %s",
		LibraryVersion, LibraryVersion, EnvLibrary)
	return b.String()
}

func (e *NotFoundError) Unwrap() []error { return e.Problems }

// candidate is a place where the library may be.
type candidate struct {
	path     string
	explicit bool // named by the user: nothing else will do
}

// candidates lists where the library may be, in the order they are tried:
// explicit (a flag), the environment, the cache folder, the system's loader.
func candidates(explicit string, getenv func(string) string) []candidate {
	if explicit != "" {
		return []candidate{{path: explicit, explicit: true}}
	}
	if path := getenv(EnvLibrary); path != "" {
		return []candidate{{path: path, explicit: true}}
	}
	var out []candidate
	if cache := cacheFolder(getenv); cache != "" {
		out = append(out, candidate{path: filepath.Join(cache, "onnxruntime", LibraryVersion, "libonnxruntime.so")})
	}
	return append(out, candidate{path: "libonnxruntime.so"}, candidate{path: "libonnxruntime.so.1"})
}

// cacheFolder is where `make deps` installs, by the same rule.
func cacheFolder(getenv func(string) string) string {
	if dir := getenv("SLUICE_CACHE"); dir != "" {
		return dir
	}
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "sluice")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "sluice")
	}
	return ""
}

// exists says whether a candidate is worth loading: a bare name is for the
// system's loader to find.
func (c candidate) exists() bool {
	if !strings.ContainsRune(c.path, '/') {
		return true
	}
	_, err := os.Stat(c.path)
	return err == nil
}
