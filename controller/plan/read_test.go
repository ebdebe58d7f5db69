package plan_test

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan"
)

func readRuntimes(t *testing.T, file io.Reader) []v1alpha1.ClusterServingRuntime {
	t.Helper()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []v1alpha1.ClusterServingRuntime
	for _, document := range strings.Split(string(data), "\n---\n") {
		if !strings.Contains(document, "kind:") {
			continue
		}
		var r v1alpha1.ClusterServingRuntime
		if err := yaml.UnmarshalStrict([]byte(document), &r); err != nil {
			t.Fatalf("default runtime: %v\n%s", err, document)
		}
		out = append(out, r)
	}
	return out
}

// write gives a result as YAML documents, in the order of its fields.
func write(t *testing.T, r plan.Result, only []string) []byte {
	t.Helper()
	var b strings.Builder
	add := func(kind string, object any) {
		if len(only) > 0 && !slices.Contains(only, kind) {
			return
		}
		data, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "---\n%s", data)
	}
	for _, o := range r.Deployments {
		add("Deployment", o)
	}
	for _, o := range r.Services {
		add("Service", o)
	}
	for _, o := range r.HTTPRoutes {
		add("HTTPRoute", o)
	}
	for _, o := range r.DirectResponses {
		add("DirectResponse", o)
	}
	for _, o := range r.Revisions {
		add("ControllerRevision", o)
	}
	add("Status", map[string]any{"status": r.Status})
	return []byte(b.String())
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run the test with -update and read what it wrote", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func find(t *testing.T, r plan.Result, name string) appsv1.Deployment {
	t.Helper()
	for _, d := range r.Deployments {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("there is no Deployment %s", name)
	return appsv1.Deployment{}
}
