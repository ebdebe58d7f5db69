package standalone

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// link makes a symbolic link.
func link(t *testing.T, target, at string) {
	t.Helper()
	if err := os.Symlink(target, at); err != nil {
		t.Fatal(err)
	}
}

// named is the manifest of an InferenceService.
func named(name string) string { return strings.ReplaceAll(iris, "name: iris", "name: "+name) }

// files are the paths that a reading names, without the directory in front.
func files(r reading, dir string) string {
	var paths []string
	for _, file := range r.files {
		paths = append(paths, strings.TrimPrefix(file.path, dir+"/"))
	}
	return strings.Join(paths, " ")
}

func TestLinkToADirectoryIsReadByTheNameThatTheUserWrote(t *testing.T) {
	t.Parallel()
	dir, elsewhere := put(t, map[string]string{"iris.yaml": iris}), t.TempDir()
	root := filepath.Join(elsewhere, "link")
	link(t, dir, root)
	read := newDirectory([]string{root + "/"}).read()
	if got := files(read, elsewhere); got != "link/iris.yaml" {
		t.Errorf("read %q", got)
	}
	for _, want := range []string{dir, elsewhere} {
		if !slices.Contains(read.dirs, want) {
			t.Errorf("%v are watched and %s is not", read.dirs, want)
		}
	}
}

func TestLinksBelowThePathAreFollowedOnce(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"sub/b.yaml": named("b"), ".hidden/c.yaml": named("c")})
	elsewhere := put(t, map[string]string{"a.yaml": named("a"), "one.yaml": named("one")})
	link(t, elsewhere, filepath.Join(dir, "more"))
	link(t, dir, filepath.Join(dir, "back"))
	link(t, "sub", filepath.Join(dir, "again"))
	link(t, ".hidden", filepath.Join(dir, "current"))
	read := newDirectory([]string{dir}).read()
	if got := files(read, dir); got != "current/c.yaml more/a.yaml more/one.yaml sub/b.yaml" {
		t.Errorf("read %q", got)
	}
	if !slices.Contains(read.dirs, elsewhere) {
		t.Errorf("%v are watched and %s is not", read.dirs, elsewhere)
	}
}

func TestMountedConfigMapIsReadThroughItsLinks(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"..2026/iris.yaml": iris})
	link(t, "..2026", filepath.Join(dir, "..data"))
	link(t, "..data/iris.yaml", filepath.Join(dir, "iris.yaml"))
	if got := files(newDirectory([]string{dir}).read(), dir); got != "iris.yaml" {
		t.Errorf("read %q", got)
	}
}

func TestEditorsLockIsNoManifest(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"iris.yaml": iris})
	link(t, "user@host.1234", filepath.Join(dir, ".#iris.yaml"))
	if _, problems := gist(newDirectory([]string{dir}).read()); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
}

// TestPathThatIsAbsentForAWhileTakesNothingDown reads a path that is replaced as a whole.
func TestPathThatIsAbsentForAWhileTakesNothingDown(t *testing.T) {
	t.Parallel()
	parent := put(t, map[string]string{"dir/iris.yaml": iris, "dir/iris.onnx": "model"})
	root := filepath.Join(parent, "dir")
	d := newDirectory([]string{root})
	v := newInventory()
	v.take(d.read())
	if err := os.Rename(root, root+".old"); err != nil {
		t.Fatal(err)
	}
	absent := d.read()
	v.take(absent)
	if problems := v.problems(); len(v.objects) != 1 || len(problems) != 1 || problems[0].File != root {
		t.Errorf("in force %v with problems %v", v.objects, problems)
	}
	if !slices.Contains(absent.dirs, parent) {
		t.Errorf("%v are watched, so that nobody sees %s come back", absent.dirs, root)
	}
	if err := os.Rename(root+".old", root); err != nil {
		t.Fatal(err)
	}
	change := v.take(d.read())
	if problems := v.problems(); len(v.objects) != 1 || len(problems) > 0 || len(change.objects) > 0 {
		t.Errorf("in force %v with problems %v", v.objects, problems)
	}
}

func TestModelsStayUnservedWhileManifestsCantBeRead(t *testing.T) {
	t.Parallel()
	f := found{models: []foundFile{{path: "m.onnx", model: true}}, failed: []*fileReading{{path: "sub"}}}
	if got := f.chosen(true); got != nil {
		t.Errorf("chosen %v", got)
	}
	if got := f.chosen(false); len(got) != 1 {
		t.Errorf("chosen without manifests before: %v", got)
	}
}
