package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestStorageFetchesAndSaysWhy(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/model.onnx" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("model"))
	}))
	t.Cleanup(server.Close)
	dir, cache := t.TempDir(), t.TempDir()
	run := func(arguments ...string) int {
		root := newRootCommand(func(name string) string { return map[string]string{"SLUICE_CACHE": cache}[name] })
		root.SetErr(io.Discard)
		root.SetArgs(append([]string{"storage"}, arguments...))
		return execute(t.Context(), root)
	}
	code := run(server.URL+"/model.onnx", filepath.Join(dir, "a"), "file://"+filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	data, err := os.ReadFile(filepath.Join(dir, "b", "model.onnx"))
	if code != exitOK || err != nil || string(data) != "model" {
		t.Errorf("exit %d, %q, %v", code, data, err)
	}
	for want, arguments := range map[int][]string{exitUsage: {"s3://alone"}, exitWrong: {server.URL + "/none", filepath.Join(dir, "c")}} {
		if code := run(arguments...); code != want {
			t.Errorf("%v: exit %d, want %d", arguments, code, want)
		}
	}
}

func TestStorageLastLineNamesTheReason(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	root := newRootCommand(func(string) string { return "" })
	root.SetErr(&stderr)
	root.SetArgs([]string{"storage", "file:///none/of/it", t.TempDir()})
	code := execute(t.Context(), root)
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if last := lines[len(lines)-1]; code != exitWrong || !strings.HasPrefix(last, "error: file:///none/of/it: ObjectNotFound: ") {
		t.Errorf("exit %d, last line %q", code, last)
	}
}

func TestModelsOfOneDirectoryGoTogether(t *testing.T) {
	t.Parallel()
	got := destinations([]string{"s3://a/1", "/m", "s3://a/2", "/m/sub", "s3://a/3", "/m/"})
	want := []destination{{dir: "/m", uris: []string{"s3://a/1", "s3://a/3"}}, {dir: "/m/sub", uris: []string{"s3://a/2"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
