package standalone

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// inForce are the names of what an inventory has in force; a policy that only closes has a mark.
func inForce(v *inventory) string {
	var names []string
	for _, document := range v.all() {
		name := document.Object.GetName()
		if document.Refused {
			name += "!"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

const jsonPolicy = `{"apiVersion": "sluice.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": "p"}, "spec": {
  "targetRefs": [{"group": "serving.kserve.io", "kind": "InferenceService", "name": "iris"}], "apiKeyAuth": {"secretRefs": [{"name": "keys"}]}}}`

// TestBrokenJSONManifestKeepsItsLastGoodVersion breaks a JSON manifest in several ways, told of by an event and by a walk.
func TestBrokenJSONManifestKeepsItsLastGoodVersion(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"cut":       jsonPolicy[:len(jsonPolicy)-2],
		"no kind":   `{"spec": {}}`,
		"no JSON":   "<<<<<<< HEAD\n",
		"too large": jsonPolicy + strings.Repeat(" ", maxManifestBytes),
	} {
		for _, walks := range []bool{false, true} {
			dir := put(t, map[string]string{"p.json": jsonPolicy, "iris.yaml": iris, "request.json": `{"instances": []}`})
			path := filepath.Join(dir, "p.json")
			d, v := newDirectory([]string{dir}), newInventory()
			v.take(d.read())
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if files, gone, known := d.reread(touchedPaths{paths: map[string]bool{path: true}}); known && !walks {
				v.update(files, gone)
			} else {
				v.take(d.read())
			}
			problems := v.problems()
			if got := inForce(v); got != "iris p" || len(problems) == 0 || problems[0].File != path {
				t.Errorf("%s, walks %v: in force %q with problems %v", name, walks, got, problems)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			v.take(d.read())
			if got := inForce(v); got != "iris" {
				t.Errorf("%s, walks %v: in force %q after its file has gone", name, walks, got)
			}
		}
	}
}

func TestBrokenJSONPolicyClosesAtStart(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"p.json": jsonPolicy[:len(jsonPolicy)-2], "request.json": `{"instances": [`, "tokens.json": `{"kind": 1, "apiVersion": 2`})
	v := newInventory()
	v.take(newDirectory([]string{dir}).read())
	if problems := v.problems(); inForce(v) != "unreadable-p.json!" || len(problems) != 1 {
		t.Errorf("in force %q with problems %v", inForce(v), problems)
	}
}

// TestWhatCantBeReadAtStartCloses has no last good version of what can't be read. It uses links and sizes, since root reads
// whatever its mode.
func TestWhatCantBeReadAtStartCloses(t *testing.T) {
	t.Parallel()
	for name, closes := range map[string]bool{"p.yaml": true, "p.json": true, "policies": true, "photo.png": false} {
		dir := put(t, map[string]string{"iris.yaml": iris})
		at := filepath.Join(dir, name)
		link(t, "nowhere", at)
		d, v := newDirectory([]string{dir}), newInventory()
		v.take(d.read())
		want := "iris"
		if closes {
			want = "iris unreadable-" + name + "!"
		}
		if got := inForce(v); got != want || len(v.problems()) != 1 {
			t.Errorf("%s: in force %q, want %q; problems %v", name, got, want, v.problems())
		}
		// Once it has been read, what was in force of it is kept.
		if !strings.HasSuffix(name, "l") {
			continue
		}
		target := filepath.Join(dir, "nowhere")
		if err := os.WriteFile(target, []byte(policyText("p", "iris", "")), 0o600); err != nil {
			t.Fatal(err)
		}
		v.take(d.read())
		mended := inForce(v)
		if err := os.Remove(target); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			v.take(d.read())
			if got := inForce(v); mended != "iris p" || got != mended || len(v.problems()) != 1 {
				t.Errorf("%s: in force %q, and then %q with problems %v", name, mended, got, v.problems())
			}
		}
	}
}

func TestTooLargeManifestClosesAtStart(t *testing.T) {
	t.Parallel()
	dir := put(t, map[string]string{"p.yaml": policyText("p", "iris", "") + strings.Repeat(" ", maxManifestBytes)})
	v := newInventory()
	v.take(newDirectory([]string{dir}).read())
	document := v.all()
	if inForce(v) != "unreadable-p.yaml!" || len(v.problems()) != 1 {
		t.Fatalf("in force %q with problems %v", inForce(v), v.problems())
	}
	if policy, ok := document[0].Object.(*sluicev1alpha1.AccessPolicy); !ok || len(policy.Spec.TargetRefs) > 0 {
		t.Errorf("%v is about some targets only", document[0].Object)
	}
}
