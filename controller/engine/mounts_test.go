package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRewriteMountPaths(t *testing.T) {
	t.Parallel()
	table, views := planMounts("/view", []mount{
		{path: "/mnt/models", real: "/home/me/iris"},
		{path: "/mnt/models-old", real: "/home/me/old"},
		{path: "/cache", real: "/tmp/cache"},
	})
	if len(views) != 0 {
		t.Errorf("views %v for plain directories", views)
	}
	for in, want := range map[string]string{
		"/mnt/models":                        "/home/me/iris",
		"/mnt/models/":                       "/home/me/iris/",
		"/mnt/models/a/b.onnx":               "/home/me/iris/a/b.onnx",
		"--model_dir=/mnt/models":            "--model_dir=/home/me/iris",
		"file:///mnt/models/x":               "file:///home/me/iris/x",
		"a:/mnt/models:/cache":               "a:/home/me/iris:/tmp/cache",
		"'/mnt/models' \"/cache/x\"":         "'/home/me/iris' \"/tmp/cache/x\"",
		"cd /mnt/models && ls /cache;":       "cd /home/me/iris && ls /tmp/cache;",
		"/mnt/models-old/x":                  "/home/me/old/x",
		"/mnt/models2":                       "/mnt/models2",
		"/mnt/models.bak":                    "/mnt/models.bak",
		"/mnt/models_":                       "/mnt/models_",
		"/data/mnt/models":                   "/data/mnt/models",
		"./mnt/models ../mnt/models":         "./mnt/models ../mnt/models",
		"~/mnt/models $HOME/mnt/models":      "~/mnt/models $HOME/mnt/models",
		"${HOME}/mnt/models $(X)/mnt/models": "${HOME}/mnt/models $(X)/mnt/models",
		"mnt/models":                         "mnt/models",
		"/mnt":                               "/mnt",
		"//mnt/models":                       "//mnt/models",
		"http://host/mnt/models":             "http://host/mnt/models",
	} {
		if got := table.rewriteText(in); got != want {
			t.Errorf("rewriteText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRealPathBelowItsOwnMountPathIsRewrittenOnce(t *testing.T) {
	t.Parallel()
	table, _ := planMounts("/view", []mount{{path: "/mnt/models", real: "/mnt/models/iris"}})
	if got := table.rewriteText("/mnt/models/x"); got != "/mnt/models/iris/x" {
		t.Error(got)
	}
}

func TestFileMountIsSeenInAViewOfItsDirectory(t *testing.T) {
	t.Parallel()
	table, views := planMounts("/view", []mount{{path: "/mnt/models/model.onnx", real: "/home/me/iris.onnx", file: true}})
	want := []viewDir{{dir: "/view/mnt/models", base: "/mnt/models", links: map[string]string{"model.onnx": "/home/me/iris.onnx"}}}
	if diff := cmp.Diff(want, views, cmp.AllowUnexported(viewDir{})); diff != "" {
		t.Error(diff)
	}
	for in, want := range map[string]string{
		"--model_dir=/mnt/models": "--model_dir=/view/mnt/models",
		"/mnt/models/model.onnx":  "/view/mnt/models/model.onnx",
		"/mnt/other":              "/mnt/other",
	} {
		if got := table.rewriteText(in); got != want {
			t.Errorf("rewriteText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFileAtTheRootIsRewrittenAlone(t *testing.T) {
	t.Parallel()
	table, views := planMounts("/view", []mount{{path: "/model.onnx", real: "/home/me/iris.onnx", file: true}})
	if len(views) != 0 || table.rewriteText("/model.onnx /etc") != "/home/me/iris.onnx /etc" {
		t.Errorf("%v %v", table, views)
	}
}

func TestNestedMountsAreSeenFromTheOuterOne(t *testing.T) {
	t.Parallel()
	real, inner, root := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "view")
	for name, text := range map[string]string{
		filepath.Join(real, "weights"): "w", filepath.Join(real, "sub", "kept"): "k", filepath.Join(inner, "config"): "c",
	} {
		if err := replaceFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table, views := planMounts(root, []mount{{path: "/mnt/models", real: real}, {path: "/mnt/models/sub/conf", real: inner}})
	if err := makeViews(root, views); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/mnt/models/weights": "w", "/mnt/models/sub/kept": "k", "/mnt/models/sub/conf/config": "c"} {
		data, err := os.ReadFile(table.rewriteText(path))
		if err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", path, data, err)
		}
	}
	if err := makeViews(root, views); err != nil {
		t.Errorf("made again: %v", err)
	}
}

func FuzzRewriteMountPaths(f *testing.F) {
	f.Add("--dir=/mnt/models/a")
	f.Add("file:///mnt/models")
	table, _ := planMounts("/view", []mount{{path: "/mnt/models", real: "/r"}})
	f.Fuzz(func(t *testing.T, s string) {
		if got := table.rewriteText(s); len(got) > len(s) {
			t.Errorf("%q became %q", s, got)
		}
	})
}
