package standalone

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const iris = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris
spec:
  predictor:
    model:
      modelFormat:
        name: onnx
      storageUri: file://./iris.onnx
`

// put writes files below a new directory and gives it.
func put(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// names are the objects that a reading holds, and problems all its problems' texts.
func gist(r reading) (names, problems []string) {
	for _, file := range r.files {
		for _, document := range file.documents {
			names = append(names, document.Object.GetName())
		}
		for _, problem := range file.problems {
			problems = append(problems, problem.Error())
		}
	}
	return names, problems
}

func TestDirectoryOfManifestsLeavesModelsToThem(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{
		"iris.yaml": iris, "iris.onnx": "model", "iris-input.json": `{"instances": []}`,
		"deep/more.yml": strings.ReplaceAll(iris, "name: iris", "name: more"), ".git/config.yaml": "no: manifest", "README.md": "read me",
	})
	names, problems := gist(newDirectory([]string{dir}).read())
	if strings.Join(names, " ") != "more iris" || len(problems) > 0 {
		t.Errorf("read %v with problems %v", names, problems)
	}
}

func TestDirectoryOfModelsServesEach(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"One.onnx": "model", "two.onnx": "model", "notes.txt": "a tree", "tree.pt": "model", "three.joblib": "model", "four.txt": "tree\n", "five.json": `{"learner":{}}`, "request.json": "{}"})
	names, problems := gist(newDirectory([]string{dir}).read())
	if strings.Join(names, " ") != "one five four three two" {
		t.Errorf("read %v", names)
	}
	if len(problems) != 1 || !strings.Contains(problems[0], "onnx") {
		t.Errorf("problems %v, want one that says which formats are served", problems)
	}
}

func TestModelRepositoryServesEachFoldersNewestVersion(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{
		"models/iris/1/model.onnx": "model", "models/iris/2/model.onnx": "model", "models/iris/10/model.onnx": "model", "models/digits/model.onnx": "model",
	})
	read := newDirectory([]string{filepath.Join(dir, "models")}).read()
	if names, problems := gist(read); strings.Join(names, " ") != "digits iris" || len(problems) > 0 {
		t.Errorf("read %v with problems %v", names, problems)
	}
	if got := files(read, dir); got != "models/digits/model.onnx models/iris/10/model.onnx" {
		t.Errorf("read %q", got)
	}
}

func TestChangedFileIsReadAgainAndOthersAreNot(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"a.yaml": iris, "b.yaml": strings.ReplaceAll(iris, "name: iris", "name: b")})
	d := newDirectory([]string{dir})
	first := d.read()
	path := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(iris, "name: iris", "name: renamed")), 0o600); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Second)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	second := d.read()
	if names, _ := gist(second); strings.Join(names, " ") != "renamed b" {
		t.Errorf("read %v", names)
	}
	if first.files[1].documents[0].Object != second.files[1].documents[0].Object {
		t.Error("b.yaml was parsed again although it had not changed")
	}
}

func TestFileThatCouldNotBeReadIsReadAgainUnchanged(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"a.yaml": iris})
	d := newDirectory([]string{dir})
	d.read()
	for path, parsed := range d.parsed {
		parsed.reading = &fileReading{path: path, unread: true}
		d.parsed[path] = parsed
	}
	if names, _ := gist(d.read()); strings.Join(names, " ") != "iris" {
		t.Errorf("read %v", names)
	}
}

func TestUnreadablePathIsAProblemOfItsOwn(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"a.yaml": iris})
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "broken.yaml")); err != nil {
		t.Fatal(err)
	}
	names, problems := gist(newDirectory([]string{dir}).read())
	if strings.Join(names, " ") != "iris unreadable-broken.yaml" || len(problems) != 1 || !strings.Contains(problems[0], "broken.yaml") {
		t.Errorf("read %v with problems %v", names, problems)
	}
}
