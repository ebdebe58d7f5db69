package v1beta1

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testDefaults are KServe's own, in Standard mode.
func testDefaults() Defaults {
	each := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("2Gi")}
	return Defaults{
		DeploymentMode: ModeStandard,
		Resources:      corev1.ResourceRequirements{Requests: each, Limits: each},
		ARTVersion:     "v0.20",
	}
}

func TestDefaultGolden(t *testing.T) {
	t.Parallel()
	golden(t, "default", func(s *InferenceService) any {
		s.Default(testDefaults())
		once := s.DeepCopy()
		s.Default(testDefaults())
		if diff := cmp.Diff(once, s); diff != "" {
			t.Errorf("a second Default changes the service (-once +twice):\n%s", diff)
		}
		if errs := s.Validate(); len(errs) > 0 {
			t.Errorf("not valid once it is defaulted: %v", errs.ToAggregate())
		}
		return s
	})
}

// fieldError is an error as the golden files show it.
type fieldError struct {
	Field string `json:"field"`
	Error string `json:"error"`
}

func TestValidateGolden(t *testing.T) {
	t.Parallel()
	golden(t, "validate", func(s *InferenceService) any {
		var errs []fieldError
		for _, err := range s.Validate() {
			if !strings.Contains(err.Detail, "; ") && err.Detail != "" {
				t.Errorf("%s: no remedy in %q", err.Field, err.Detail)
			}
			errs = append(errs, fieldError{Field: err.Field, Error: err.ErrorBody()})
		}
		return errs
	})
}

// golden reads each NAME.in.yaml of a folder, several services a file, and compares what becomes of them with
// NAME.out.yaml.
func golden(t *testing.T, folder string, of func(*InferenceService) any) {
	t.Helper()
	inputs, err := filepath.Glob(filepath.Join("testdata", folder, "*.in.yaml"))
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no cases in testdata/%s: %v", folder, err)
	}
	for _, in := range inputs {
		out := strings.TrimSuffix(in, ".in.yaml") + ".out.yaml"
		t.Run(strings.TrimSuffix(filepath.Base(in), ".in.yaml"), func(t *testing.T) {
			data, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for i, document := range strings.Split(string(data), "\n---\n") {
				var s InferenceService
				if err := yaml.UnmarshalStrict([]byte(document), &s); err != nil {
					t.Fatal(err)
				}
				result, err := yaml.Marshal(of(&s))
				if err != nil {
					t.Fatal(err)
				}
				if i > 0 {
					got.WriteString("---\n")
				}
				got.Write(result)
			}
			compare(t, out, got.String())
		})
	}
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
