package manifest

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse holds what every caller relies on: no panic, objects of a known kind with a name and a digest, and
// problems that say something.
func FuzzParse(f *testing.F) {
	inputs, err := filepath.Glob(filepath.Join("testdata", "*.in.*"))
	if err != nil || len(inputs) == 0 {
		f.Fatalf("no seeds in testdata: %v", err)
	}
	for _, in := range inputs {
		data, err := os.ReadFile(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{
		"a: &a [*a]", "<<: {a: 1}", "? {a: b}\n: c", "!!binary x", "--- |\n a\n---", "{\"a\":1e999}", "a: 0x1F\nb: 0o17\nc: 1_000", "{]", "\t", "- - - -",
		"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}]",
		"apiVersion: v1\nkind: Service\nmetadata: {name: a, creationTimestamp: 1}\nspec: {ports: [{targetPort: {}}]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		documents, problems := Parse("fuzz.yaml", data)
		for _, d := range documents {
			if d.Object.GetName() == "" || len(d.Digest) != 64 || d.Object.GetObjectKind().GroupVersionKind().Kind == "" {
				t.Errorf("incomplete document: %+v", d)
			}
		}
		for _, p := range problems {
			if p.Message == "" || p.Remedy == "" || p.Line < 0 {
				t.Errorf("a problem that helps nobody: %+v", p)
			}
		}
	})
}
