package manifest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestCorpusSurvivesARoundTrip holds that our types have every field that KServe's published manifests have, in
// KServe's form: what is written of a decoded manifest says all that the manifest said.
func TestCorpusSurvivesARoundTrip(t *testing.T) {
	t.Parallel()
	dir := corpusDir(t)
	served := map[string]kindInfo{}
	for _, k := range kinds() {
		served[k.GroupVersion().String()+" "+k.Kind] = k
	}
	trips := 0
	for _, row := range rows(t, filepath.Join(dir, "index.csv")) {
		kind, known := served[row[2]+" "+row[1]]
		if !known || row[3] != "valid" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, row[0]))
		if err != nil {
			t.Fatal(err)
		}
		trips++
		roundTrip(t, row[0], data, kind.make())
	}
	if trips < 300 {
		t.Errorf("only %d manifests were read; the corpus has more", trips)
	}
}

func roundTrip(t *testing.T, file string, data []byte, obj Object) {
	t.Helper()
	var before, after any
	if err := yaml.Unmarshal(data, &before); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := yaml.UnmarshalStrict(data, obj); err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	out, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &after); err != nil {
		t.Fatal(err)
	}
	for _, lost := range missing("", before, after) {
		t.Errorf("%s: %s is lost", file, lost)
	}
}

// missing gives the paths that stand in before with another value than in after. What is empty may be left out,
// and a quantity or port may be written in another form.
func missing(path string, before, after any) []string {
	switch b := before.(type) {
	case map[string]any:
		a, _ := after.(map[string]any)
		var lost []string
		for name, value := range b {
			lost = append(lost, missing(path+"."+name, value, a[name])...)
		}
		return lost
	case []any:
		a, _ := after.([]any)
		if len(a) != len(b) {
			return []string{path}
		}
		var lost []string
		for i := range b {
			lost = append(lost, missing(fmt.Sprintf("%s[%d]", path, i), b[i], a[i])...)
		}
		return lost
	case nil:
		return nil
	default:
		if after == nil && b != "" && b != false && b != float64(0) {
			return []string{path}
		}
		return nil
	}
}
