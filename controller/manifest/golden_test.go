package manifest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestParseGolden reads each NAME.in.yaml and compares what is found in it with NAME.out.yaml: the objects with
// their lines, then the problems as a user sees them.
func TestParseGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob(filepath.Join("testdata", "*.in.*"))
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, in := range inputs {
		name, _, _ := strings.Cut(filepath.Base(in), ".in.")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join("testdata", name+".out.yaml"), render(t, filepath.Base(in), data))
		})
	}
}

type outcome struct {
	Objects  []readObject `json:"objects,omitempty"`
	Problems []string     `json:"problems,omitempty"`
}

type readObject struct {
	Line    int  `json:"line"`
	Refused bool `json:"refused,omitempty"`
	Object  any  `json:"object"`
}

func render(t *testing.T, file string, data []byte) string {
	t.Helper()
	documents, problems := Parse(file, data)
	var o outcome
	for _, d := range documents {
		o.Objects = append(o.Objects, readObject{Line: d.Source.Line, Refused: d.Refused, Object: d.Object})
	}
	for _, p := range problems {
		o.Problems = append(o.Problems, p.Error())
	}
	out, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func compare(t *testing.T, out, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(out, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", out, diff)
	}
}
