package storage_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluice-serving/sluice/runtime/storage"
	"github.com/sluice-serving/sluice/runtime/storage/origin"
	"github.com/sluice-serving/sluice/test/stores"
)

// versions puts two versions of a model into a bucket of their own. The newer lacks files of the older, and has a folder where
// that has a file.
func versions(t *testing.T, store *stores.Process, bucket string) (older, newer map[string][]byte) {
	t.Helper()
	store.Put(t, bucket, map[string][]byte{
		"v1/model.onnx": []byte("one"), "v1/gone.txt": []byte("x"), "v1/sub/a": []byte("x"), "v1/turned": []byte("x"), "v1/wide/b": []byte("x"),
		"v2/model.onnx": []byte("two"), "v2/turned/b": []byte("y"), "v2/wide": []byte("y"),
	})
	older = map[string][]byte{"model.onnx": []byte("one"), "gone.txt": []byte("x"), "sub/a": []byte("x"), "turned": []byte("x"), "wide/b": []byte("x")}
	return older, map[string][]byte{"model.onnx": []byte("two"), "turned/b": []byte("y"), "wide": []byte("y")}
}

func identityOf(t *testing.T, dir string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A newer version takes the place of the older at once, and nothing of that is left; one that fails changes nothing.
func TestNewerVersionReplacesTheOlder(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	older, newer := versions(t, store, "replaced")
	faults := stores.NewFaults(t, store.URL, "b")
	f := newTester(t, s3Env(faults.URL))
	f.mustFetch("s3://replaced/v1")
	before := identityOf(t, f.dir)
	faults.Refuse(404, 404, 404, 404)
	f.mustFail3(t, "s3://replaced/v2", origin.ReasonObjectNotFound, "turned/b")
	f.want(older)
	if !os.SameFile(before, identityOf(t, f.dir)) {
		t.Error("a fetch that failed has replaced the directory")
	}
	faults.Refuse()
	f.mustFetch("s3://replaced/v2")
	f.want(newer)
	if os.SameFile(before, identityOf(t, f.dir)) {
		t.Error("the directory was changed file by file")
	}
	f.wantAlone()
}

// wantAlone checks that nothing but the model and the cache is there.
func (f *tester) wantAlone() {
	f.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(f.dir))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "cache" && name != filepath.Base(f.dir) {
			f.t.Errorf("%s is left beside the model", name)
		}
	}
}

// Where others have put files the directory stays, with these and without what only the older version had.
func TestNewerVersionBesideFilesOfOthers(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	older, newer := versions(t, store, "beside")
	f := newTester(t, s3Env(store.URL))
	f.mustFetch("s3://beside/v1")
	put(t, filepath.Join(f.dir, "sub"), "own.txt", "own")
	f.mustFetch("s3://beside/v2")
	newer["sub/own.txt"] = []byte("own")
	f.want(newer)

	f = newTester(t, s3Env(store.URL))
	f.mustFetch("s3://beside/v1")
	put(t, filepath.Join(f.dir, "wide"), "own.txt", "own") // in a folder where the newer has a file
	f.mustFail3(t, "s3://beside/v2", origin.ReasonLocal, "wide/own.txt")
	older["wide/own.txt"] = []byte("own")
	f.want(older)
	f.wantAlone()
}

// A directory that a disk is mounted on can't be renamed.
func TestNewerVersionOnAMount(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	_, newer := versions(t, store, "mounted")
	dir := t.TempDir()
	env := s3Env(store.URL)
	env[tmpfsVariable] = "24m:" + dir
	cmd := command(t, env, "s3://mounted/v1 s3://mounted/v2", dir, t.TempDir())
	inOwnMounts(cmd)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, cmd.Stderr.(*bytes.Buffer))
	}
	wantFiles(t, dir+".seen", newer)
}

// Models of one directory appear together, and the next fetch replaces them together.
func TestModelsOfOneDirectory(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "several", map[string][]byte{"a/x": []byte("a"), "a/both": []byte("a"), "b/sub/y": []byte("b"), "b/both": []byte("b"), "c/z": []byte("c")})
	for _, cached := range []bool{true, false} {
		f := newTester(t, s3Env(store.URL))
		if !cached {
			f.options.Cache = ""
		}
		fetch := func(uris ...string) error { return storage.New(f.options).FetchAll(t.Context(), uris, f.dir) }
		if err := fetch("s3://several/a", "s3://several/b"); err != nil {
			t.Fatal(err)
		}
		both := map[string][]byte{"x": []byte("a"), "sub/y": []byte("b"), "both": []byte("b")}
		f.want(both)
		if err := fetch("s3://several/c", "s3://several/none"); origin.ReasonOf(err) != origin.ReasonEmptyPrefix {
			t.Errorf("got %v", err)
		}
		f.want(both)
		if err := fetch("s3://several/c"); err != nil {
			t.Fatal(err)
		}
		f.want(map[string][]byte{"z": []byte("c")})
		f.wantAlone()
	}
}

// What a fetch that was killed has left is put in order by the next one, even by one that fails.
func TestWhatAKilledFetchLeaves(t *testing.T) {
	t.Parallel()
	store := running(t, moto)
	store.Put(t, "left", map[string][]byte{"m/model.onnx": []byte("new")})
	f := newTester(t, s3Env(store.URL))
	beside := filepath.Dir(f.dir)
	put(t, filepath.Join(beside, ".sluice-fetch-model.away"), "model.onnx", "old") // it was between its two renames
	put(t, filepath.Join(beside, ".sluice-fetch-model-123"), "model.onnx", "half")
	f.mustFail3(t, "s3://left/none", origin.ReasonEmptyPrefix, "none")
	f.want(map[string][]byte{"model.onnx": []byte("old")})
	f.wantAlone()
	put(t, filepath.Join(beside, ".sluice-fetch-model.away"), "model.onnx", "older")
	f.mustFetch("s3://left/m")
	f.want(map[string][]byte{"model.onnx": []byte("new")})
	f.wantAlone()
}
