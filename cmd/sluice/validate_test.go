package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/controller/admin"
)

const lostRuntime = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris}
spec:
  predictor:
    model:
      modelFormat: {name: onnx}
      protocolVersion: v2
      runtime: sluce
      storageUri: s3://models/iris
`

func TestValidateChecksReferencesOfADirectory(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{"iris.yaml": lostRuntime})
	file := filepath.Join(dir, "iris.yaml")
	want := file + ":9: InferenceService default/iris: spec.predictor.model.runtime: no ServingRuntime of the namespace and no ClusterServingRuntime is named \"sluce\""
	for _, c := range []struct {
		arguments []string
		found     bool
	}{
		{[]string{dir}, true}, {[]string{file}, false}, {[]string{"--references", file}, true}, {[]string{"--references=false", dir}, false},
	} {
		got := sluice(t.Context(), nil, nil, append([]string{"validate"}, c.arguments...)...)
		if found := strings.HasPrefix(got.out, want) && got.code == exitWrong; found != c.found || !c.found && got.code != 0 {
			t.Errorf("%v: code %d, output %s%s", c.arguments, got.code, got.out, got.err)
		}
	}
	got := sluice(t.Context(), nil, nil, "validate", "-o", "json", dir)
	var list admin.Items[admin.Problem]
	if err := json.Unmarshal([]byte(got.out), &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%v: %s", err, got.out)
	}
	if p := list.Items[0]; p.File != file || p.Line != 9 || p.Field != "spec.predictor.model.runtime" || p.Remedy == "" {
		t.Errorf("%+v", p)
	}
}

// TestPreCommitHookTakesFilesByName runs the command line that pre-commit makes of the hook: its entry, its arguments and the names of changed files.
func TestPreCommitHookTakesFilesByName(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID       string   `json:"id"`
		Entry    string   `json:"entry"`
		Args     []string `json:"args"`
		Language string   `json:"language"`
	}
	if err := yaml.Unmarshal(data, &hooks); err != nil {
		t.Fatal(err)
	}
	if len(hooks) != 1 || hooks[0].ID != "sluice-validate" || hooks[0].Language != "golang" {
		t.Fatalf("%+v", hooks)
	}
	dir := writeFiles(t, map[string]string{
		"iris.yaml":       lostRuntime,
		"typo.yaml":       strings.Replace(lostRuntime, "predictor", "predicter", 1),
		"kind.yaml":       strings.Replace(lostRuntime, "kind: InferenceService", "kind: InferenceServce", 1),
		"mixed.yaml":      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n---\n" + lostRuntime,
		"deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
		"values.yaml":     "replicas: 1\n",
		"chart.yaml":      "a: {{ .Values.b }}\n",
		"package.json":    `{"name": "a"}`,
	})
	for name, valid := range map[string]bool{
		"iris.yaml": true, "typo.yaml": false, "kind.yaml": false, "mixed.yaml": true,
		"deployment.yaml": true, "values.yaml": true, "chart.yaml": true, "package.json": true,
	} {
		line := append(strings.Fields(hooks[0].Entry), hooks[0].Args...)
		line = append(line, filepath.Join(dir, name))
		got := sluice(t.Context(), nil, nil, line[1:]...)
		if (got.code == 0) != valid || got.code > exitWrong || got.err != "" {
			t.Errorf("%v: code %d, %s%s", line, got.code, got.out, got.err)
		}
		if !valid && !strings.Contains(got.out, "did you mean") {
			t.Errorf("%s: %s", name, got.out)
		}
	}
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
