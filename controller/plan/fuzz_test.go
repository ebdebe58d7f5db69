package plan_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/controller/plan"
)

// FuzzInferenceService plans what any YAML says a service and its surroundings are: nothing panics, and a plan has a status.
func FuzzInferenceService(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, input := range inputs {
		data, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`service: {spec: {predictor: {model: {modelFormat: {name: onnx}, storageUri: "pvc://"}}, canary: [{}, {}]}}`))
	f.Add([]byte(`service: {metadata: {name: "{{"}, spec: {predictor: {containers: [{args: ["{{range"]}]}, transformer: {}, explainer: {}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c goldenCase
		if len(data) > 1<<16 || yaml.Unmarshal(data, &c) != nil {
			return
		}
		in := c.input(t)
		first := plan.InferenceService(in)
		if first.Status.Condition("Ready") == nil {
			t.Fatal("a plan without a Ready condition")
		}
		in.Revisions = first.Revisions
		if again := plan.InferenceService(in); encode(t, again.Deployments) != encode(t, first.Deployments) {
			t.Fatalf("planning again changes the Deployments:\n%s\n%s", encode(t, first.Deployments), encode(t, again.Deployments))
		}
	})
}
