package repository_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/runtime/repository"
)

var onnx = []repository.Format{{Name: "onnx", Extensions: []string{".onnx"}}}

// tree makes empty files in a new folder.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range files {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestLayoutsAreFound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string // path below the tree
		files      []string
		want       []string // version=path
	}{
		{"a file", "iris.onnx", []string{"iris.onnx", "other.onnx"}, []string{"1=iris.onnx"}},
		{"a file in capitals", "IRIS.ONNX", []string{"IRIS.ONNX"}, []string{"1=IRIS.ONNX"}},
		{"a folder with one", "", []string{"iris.onnx", "README.md", "weights.data"}, []string{"1=iris.onnx"}},
		{"model.* among several", "", []string{"a.onnx", "model.onnx"}, []string{"1=model.onnx"}},
		{"versions, by number", "", []string{"9/model.onnx", "10/model.onnx", "notes/x.txt"}, []string{"10=10/model.onnx", "9=9/model.onnx"}},
		{"a folder in a folder", "", []string{"iris/3/model.onnx"}, []string{"3=iris/3/model.onnx"}},
		{"hidden files aside", "", []string{".cache/x.onnx", ".old.onnx", "iris.onnx"}, []string{"1=iris.onnx"}},
	}
	for _, test := range tests {
		root := tree(t, test.files...)
		found, err := repository.Find(filepath.Join(root, test.path), onnx)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []string
		for _, file := range found {
			relative, err := filepath.Rel(root, file.Path)
			if err != nil || file.Format != "onnx" {
				t.Fatal(file, err)
			}
			got = append(got, file.Version+"="+relative)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

func TestLayoutsWithoutAModelSayWhatIsThere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path  string
		files []string
		want  string
	}{
		{"nothing", nil, "no model can be read: stat "},
		{"m.pkl", []string{"m.pkl"}, "m.pkl: it is of no format that is served: onnx is *.onnx"},
		{"", nil, "it holds no model file (onnx is *.onnx); it holds nothing"},
		{"", []string{"a.pkl", "b/c.txt", "d/e.txt"}, "it holds a.pkl, b/, d/"},
		{"", []string{"a.onnx", "b.onnx"}, "it holds 2 model files (a.onnx, b.onnx), and one is served: name the file, or call it model.onnx"},
		{"", []string{"1/readme.txt"}, "1: it holds no model file"},
		{"", []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, "h and 2 more"},
	}
	for _, test := range tests {
		_, err := repository.Find(filepath.Join(tree(t, test.files...), test.path), onnx)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got %v, want %s", test.files, err, test.want)
		}
	}
}

// Kubernetes mounts volumes as links to a folder that changes.
func TestLinksAreFollowed(t *testing.T) {
	t.Parallel()
	root := tree(t, "data/model.onnx")
	mount := t.TempDir()
	if err := os.Symlink(filepath.Join(root, "data", "model.onnx"), filepath.Join(mount, "model.onnx")); err != nil {
		t.Fatal(err)
	}
	found, err := repository.Find(mount, onnx)
	if err != nil || len(found) != 1 {
		t.Errorf("%v %v", found, err)
	}
}
