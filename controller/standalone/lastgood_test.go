package standalone

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keptRuns are runs over one directory, one after another, that share a state directory.
type keptRuns struct {
	t          *testing.T
	dir, state string
}

func newKeptRuns(t *testing.T, files map[string]string) keptRuns {
	t.Helper()
	return keptRuns{t: t, dir: put(t, files), state: t.TempDir()}
}

// start begins a run: it reads all and keeps what is right.
func (k keptRuns) start() *loop {
	k.t.Helper()
	d := New(Options{Paths: []string{k.dir}, StateDir: k.state, Listen: "127.0.0.1", HTTPPort: 8080, Logger: slog.New(slog.DiscardHandler)})
	l, err := newLoop(d, nil, newFakeEnvoys(), nil)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { l.watcher.close() })
	l.readFirst()
	l.keepGood()
	return l
}

// walk has a run read all again.
func (k keptRuns) walk(l *loop) {
	l.readAll()
	l.keepGood()
}

func (k keptRuns) path(name string) string { return filepath.Join(k.dir, name) }

func (k keptRuns) write(name, text string) {
	k.t.Helper()
	if err := os.WriteFile(k.path(name), []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// hide leaves a name behind which nothing can be read, by a link, since root reads whatever a mode says.
func (k keptRuns) hide(name string) {
	k.t.Helper()
	if err := os.RemoveAll(k.path(name)); err != nil {
		k.t.Fatal(err)
	}
	link(k.t, "nowhere", k.path(name))
}

// stored are the contents of the state directory's files.
func (k keptRuns) stored() string {
	k.t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(k.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			k.t.Errorf("%s has mode %v (%v)", path, info.Mode(), err)
		}
		data, err := os.ReadFile(path)
		all.Write(data)
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return all.String()
}

const aSecret = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {alice: a-very-secret-key}\n"

// TestBrokenManifestAtStartServesByItsLastGoodVersion breaks manifests between two runs. A mark tells what only closes.
func TestBrokenManifestAtStartServesByItsLastGoodVersion(t *testing.T) {
	t.Parallel()
	policy := policyText("p", "iris", "")
	broken, cut := iris+"  x: [\n", "apiVersion: [\n"
	for name, c := range map[string]struct {
		before map[string]string
		change func(keptRuns)
		want   string
	}{
		"no YAML any more":     {map[string]string{"iris.yaml": iris}, func(k keptRuns) { k.write("iris.yaml", broken) }, "iris"},
		"a mistyped field":     {map[string]string{"iris.yaml": iris}, func(k keptRuns) { k.write("iris.yaml", strings.Replace(iris, "predictor", "predictr", 1)) }, "iris"},
		"can't be read":        {map[string]string{"iris.yaml": iris}, func(k keptRuns) { k.hide("iris.yaml") }, "iris"},
		"its file has gone":    {map[string]string{"iris.yaml": iris, "p.yaml": policy}, func(k keptRuns) { os.Remove(k.path("iris.yaml")) }, "p"},
		"no longer in a file":  {map[string]string{"all.yaml": iris + "---\n" + policy}, func(k keptRuns) { k.write("all.yaml", policy) }, "p"},
		"in another file now":  {map[string]string{"a.yaml": iris}, func(k keptRuns) { k.write("a.yaml", cut); k.write("b.yaml", iris) }, "iris"},
		"one of two documents": {map[string]string{"all.yaml": iris + "---\n" + policy}, func(k keptRuns) { k.write("all.yaml", iris+"---\n"+policyText("p", "iris", "  jwtt: {}\n")) }, "iris p"},
		"a policy's file":      {map[string]string{"iris.yaml": iris, "p.yaml": policy}, func(k keptRuns) { k.write("p.yaml", cut) }, "iris p"},
		"a hidden policy":      {map[string]string{"iris.yaml": iris, "p.yaml": policy}, func(k keptRuns) { k.hide("p.yaml") }, "iris p"},
		"a JSON manifest":      {map[string]string{"iris.yaml": iris, "p.json": jsonPolicy}, func(k keptRuns) { k.write("p.json", "<<<<<<< HEAD\n") }, "iris p"},
		"beside a Secret":      {map[string]string{"iris.yaml": iris, "p.yaml": policy + "---\n" + aSecret}, func(k keptRuns) { k.hide("p.yaml") }, "iris unreadable-p.yaml!"},
		"a set aside Secret":   {map[string]string{"iris.yaml": iris, "p.yaml": policy + "#---\n# " + strings.ReplaceAll(aSecret, "\n", "\n# ") + "\n"}, func(k keptRuns) { k.hide("p.yaml") }, "iris unreadable-p.yaml!"},
		"a directory": {map[string]string{"iris.yaml": iris, "deep/m.yaml": strings.Replace(iris, "name: iris", "name: m", 1)},
			func(k keptRuns) { k.hide("deep") }, "iris m unreadable-deep!"},
		"a store that is damaged": {map[string]string{"iris.yaml": iris, "p.yaml": policy}, func(k keptRuns) {
			k.damage("p.yaml")
			k.hide("p.yaml")
		}, "iris unreadable-p.yaml!"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeptRuns(t, c.before)
			k.start()
			if strings.Contains(k.stored(), "a-very-secret-key") {
				t.Error("a Secret was stored")
			}
			c.change(k)
			if got := inForce(k.start().inventory); got != c.want {
				t.Errorf("in force are %q, want %q", got, c.want)
			}
			// And at the start after that one.
			if got := inForce(k.start().inventory); got != c.want {
				t.Errorf("later in force are %q, want %q", got, c.want)
			}
		})
	}
}

// damage cuts off the end of what is kept of a file, which may be a policy.
func (k keptRuns) damage(name string) {
	k.t.Helper()
	at := filepath.Join(k.state, "lastgood", goodName(k.path(name)))
	data, err := os.ReadFile(at)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(at, bytes.TrimRight(data[:len(data)-9], "\n"), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func TestDamagedLastGoodVersionIsReported(t *testing.T) {
	t.Parallel()
	k := newKeptRuns(t, map[string]string{"iris.yaml": iris})
	k.start()
	k.damage("iris.yaml")
	k.write("iris.yaml", "apiVersion: [\n")
	l := k.start()
	texts := func() string {
		var all []string
		for _, problem := range l.problemsAt(problemPlace{file: k.path("iris.yaml")}) {
			all = append(all, problem.Error())
		}
		return strings.Join(all, "\n")
	}
	if got := texts(); !strings.Contains(got, "its last good version can't be read") || inForce(l.inventory) != "" {
		t.Errorf("in force %q with %s", inForce(l.inventory), got)
	}
	k.write("iris.yaml", iris)
	k.walk(l)
	if got := texts(); got != "" || inForce(l.inventory) != "iris" {
		t.Errorf("mended: in force %q with %s", inForce(l.inventory), got)
	}
	k.write("iris.yaml", "apiVersion: [\n")
	if got := inForce(k.start().inventory); got != "iris" {
		t.Errorf("broken again: in force %q", got)
	}
}

// TestPolicyThatIsNotKeptClosesAtStart adds a policy to a file of which something else is wrong, so that it is in force and what
// is kept is older.
func TestPolicyThatIsNotKeptClosesAtStart(t *testing.T) {
	t.Parallel()
	k := newKeptRuns(t, map[string]string{"all.yaml": iris})
	l := k.start()
	k.write("all.yaml", iris+"---\n"+policyText("p", "iris", "")+"---\nkind: Nonsense\napiVersion: v1\nmetadata: {name: x}\n")
	k.walk(l)
	if got := inForce(l.inventory); got != "iris p" {
		t.Fatalf("in force %q", got)
	}
	k.hide("all.yaml")
	if got := inForce(k.start().inventory); got != "unreadable-all.yaml!" {
		t.Errorf("in force %q, and the policy may be missing", got)
	}
}

// TestManifestThatCanNotBeKeptIsReportedAndKeptLater has a file in the place of the store's directory, and a second version of the
// manifest meanwhile.
func TestManifestThatCanNotBeKeptIsReportedAndKeptLater(t *testing.T) {
	t.Parallel()
	k := newKeptRuns(t, map[string]string{"iris.yaml": iris})
	l := k.start()
	store := filepath.Join(k.state, "lastgood")
	if err := os.Rename(store, store+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(store, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(iris, "spec:", "  labels: {version: newer}\nspec:", 1)
	k.write("iris.yaml", newer)
	k.walk(l)
	problems := l.problemsAt(problemPlace{file: k.path("iris.yaml")})
	if len(problems) != 1 || !strings.Contains(problems[0].Error(), "can't be kept") || !strings.Contains(problems[0].Remedy, store) {
		t.Errorf("problems %v", problems)
	}
	if document, _ := l.inventory.get(objectKey{"InferenceService", "default", "iris"}); document.Object.GetLabels()["version"] != "newer" {
		t.Error("the newer version is not in force")
	}
	if l.keepAgain() {
		t.Error("kept where nothing can be")
	}
	if err := os.Remove(store); err != nil {
		t.Fatal(err)
	}
	if !l.keepAgain() || len(l.problemsAt(problemPlace{file: k.path("iris.yaml")})) != 0 {
		t.Errorf("not kept: %v", l.good.unkept)
	}
	k.write("iris.yaml", "apiVersion: [\n")
	again := k.start()
	if document, there := again.inventory.get(objectKey{"InferenceService", "default", "iris"}); !there || document.Object.GetLabels()["version"] != "newer" {
		t.Errorf("after a start in force: %v", document.Object)
	}
}

func TestUnchangedManifestsAreNotStoredAgain(t *testing.T) {
	t.Parallel()
	k := newKeptRuns(t, map[string]string{"iris.yaml": iris, "p.yaml": policyText("p", "iris", "")})
	k.start()
	stamps := func() map[string]stamp {
		all := map[string]stamp{}
		found, err := filepath.Glob(filepath.Join(k.state, "lastgood", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			all[path] = stampAt(path)
		}
		return all
	}
	before := stamps()
	k.start()
	if diff := cmp.Diff(before, stamps(), cmp.AllowUnexported(stamp{})); diff != "" || len(before) != 2 {
		t.Errorf("%d are kept; %s", len(before), diff)
	}
}
