package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/runtime/storage/archive"
	"github.com/sluice-serving/sluice/test/bounded"
)

func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		body := []byte("content of " + h.Name)
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(body))
		}
		h.Mode = 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if link, ok := strings.CutPrefix(name, "link:"); ok {
			header.Name = link
			header.SetMode(fs.ModeSymlink | 0o777)
		}
		entry, err := w.CreateHeader(header)
		if err == nil {
			_, err = entry.Write([]byte("content of " + name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpackIn unpacks data, and gives the files that came of it.
func unpackIn(t testing.TB, dir, name string, data []byte, limits archive.Limits) (map[string]string, error) {
	t.Helper()
	file, into := filepath.Join(dir, "outside", name), filepath.Join(dir, "inside")
	for _, d := range []string{filepath.Dir(file), into} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	err := archive.UnpackFile(file, name, into, limits)
	got := map[string]string{}
	walked := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == file {
			return err
		}
		if !strings.HasPrefix(path, into+"/") || !entry.Type().IsRegular() {
			t.Errorf("%s was made", path)
		}
		data, err := os.ReadFile(path)
		got[strings.TrimPrefix(path, into+"/")] = string(data)
		return err
	})
	if walked != nil {
		t.Fatal(walked)
	}
	return got, err
}

func TestArchivesAreUnpacked(t *testing.T) {
	t.Parallel()
	plain := tarOf(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./m/", Typeflag: tar.TypeDir}, tar.Header{Name: "./m/model.onnx", Typeflag: tar.TypeReg})
	for name, data := range map[string][]byte{"a.tar": plain, "a.tar.gz": gzipped(t, plain), "A.TGZ": gzipped(t, plain), "a.zip": zipOf(t, "m/model.onnx")} {
		got, err := unpackIn(t, t.TempDir(), name, data, archive.DefaultLimits())
		if err != nil || len(got) != 1 || !strings.HasSuffix(got["m/model.onnx"], "m/model.onnx") {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestArchivesThatLeadOutAreRefused(t *testing.T) {
	t.Parallel()
	entry := func(name string, kind byte, link string) []byte {
		return tarOf(t, tar.Header{Name: "ok", Typeflag: tar.TypeReg}, tar.Header{Name: name, Typeflag: kind, Linkname: link})
	}
	cases := map[string]struct {
		file string
		data []byte
		word string
	}{
		"parent":             {"a.tar", entry("../evil", tar.TypeReg, ""), "leads out"},
		"parent within":      {"a.tar", entry("a/../../evil", tar.TypeReg, ""), "leads out"},
		"absolute":           {"a.tar", entry("/tmp/evil", tar.TypeReg, ""), "absolute"},
		"symbolic link":      {"a.tar", entry("l", tar.TypeSymlink, "/etc"), "symbolic link"},
		"hard link":          {"a.tar", entry("l", tar.TypeLink, "ok"), "hard link"},
		"device":             {"a.tar", entry("d", tar.TypeBlock, ""), "device"},
		"pipe":               {"a.tar", entry("p", tar.TypeFifo, ""), "device"},
		"through a link":     {"a.tar", tarOf(t, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../outside"}, tar.Header{Name: "l/evil", Typeflag: tar.TypeReg}), "symbolic link"},
		"zip parent":         {"a.zip", zipOf(t, "../evil"), "leads out"},
		"zip absolute":       {"a.zip", zipOf(t, "/evil"), "absolute"},
		"zip link":           {"a.zip", zipOf(t, "link:l"), "link"},
		"zip backslash":      {"a.zip", zipOf(t, `..\evil`), "no path"},
		"cut off":            {"a.tgz", gzipped(t, entry("x", tar.TypeReg, ""))[:60], "can't be read"},
		"none at all":        {"a.zip", []byte("no archive"), "can't be read"},
		"empty":              {"a.tar", tarOf(t), "no file"},
		"a directory alone":  {"a.tar", tarOf(t, tar.Header{Name: "m/", Typeflag: tar.TypeDir}), "no file"},
		"file and directory": {"a.tar", tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "a/b", Typeflag: tar.TypeReg}), ""},
	}
	for name, c := range cases {
		_, err := unpackIn(t, t.TempDir(), c.file, c.data, archive.DefaultLimits())
		var refused *archive.Error
		if err == nil || !strings.Contains(err.Error(), c.word) || c.word != "" && !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want %q", name, err, c.word)
		}
	}
}

func TestBombIsStopped(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	entry, err := w.Create("bomb")
	if err == nil {
		_, err = io.CopyN(entry, zeroReader{}, 32<<20)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	got, err := unpackIn(t, t.TempDir(), "a.zip", packed.Bytes(), archive.Limits{Ratio: 100, Floor: 1 << 20, Entries: 10})
	var refused *archive.Error
	if !errors.As(err, &refused) || len(got["bomb"]) > 5<<20 {
		t.Errorf("got %d bytes, %v", len(got["bomb"]), err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func FuzzUnpack(f *testing.F) {
	f.Add(uint8(0), tarOf(f, tar.Header{Name: "../a", Typeflag: tar.TypeReg}))
	f.Add(uint8(0), tarOf(f, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/"}, tar.Header{Name: "l/x", Typeflag: tar.TypeReg}))
	f.Add(uint8(0), tarOf(f, tar.Header{Name: "m/a", Typeflag: tar.TypeReg}, tar.Header{Name: "m/a", Typeflag: tar.TypeReg}, tar.Header{Name: "b/", Typeflag: tar.TypeDir}))
	f.Add(uint8(1), gzipped(f, tarOf(f, tar.Header{Name: "m/a", Typeflag: tar.TypeReg})))
	f.Add(uint8(2), zipOf(f, "m/a", "../b", "link:c"))
	f.Add(uint8(2), zipOf(f, "m/a", "b"))
	dir := f.TempDir()
	into := filepath.Join(dir, "inside")
	if err := os.Mkdir(into, 0o755); err != nil {
		f.Fatal(err)
	}
	limits := archive.Limits{Ratio: 10, Floor: 1 << 16, Entries: 20}
	// What gzip unpacks is a thousand times its size at most, and headers of tar are read whole.
	memory := bounded.Memory{PerByte: 8 << 10, Constant: 4 << 20}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		name := []string{"a.tar", "a.tgz", "a.zip"}[kind%3]
		memory.Run(t, len(data), func() {
			_ = archive.Unpack(bytes.NewReader(data), int64(len(data)), name, into, limits) // what came of it counts
		})
		files, sum := emptied(t, dir, into)
		if sum > max(limits.Floor, limits.Ratio*int64(len(data)))+1 || files > limits.Entries {
			t.Fatalf("%d files with %d bytes", files, sum)
		}
	})
}

// emptied counts what stands in the directory into, which all of dir has to stand in, and removes it.
func emptied(t *testing.T, dir, into string) (files int, sum int64) {
	t.Helper()
	made, err := os.ReadDir(into)
	outside, err2 := os.ReadDir(dir)
	if err := errors.Join(err, err2); err != nil || len(outside) != 1 {
		t.Fatalf("%d entries beside the archive's directory, %v", len(outside)-1, err)
	}
	for _, entry := range made {
		top := filepath.Join(into, entry.Name())
		err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err != nil || !info.Mode().IsRegular() {
				t.Fatalf("%s was made: %v, %v", path, info, err)
			}
			files, sum = files+1, sum+info.Size()
			return nil
		})
		if err := errors.Join(err, os.RemoveAll(top)); err != nil {
			t.Fatal(err)
		}
	}
	return files, sum
}
