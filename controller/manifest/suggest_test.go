package manifest

import (
	"strings"
	"testing"
)

func TestSegmentsOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"":                              0,
		"spec":                          1,
		"spec.containers[0].env[12]":    5,
		"metadata.annotations[a.b/c].d": 4,
		"spec[":                         2,
	} {
		if got := segmentsOf(path); len(got) != want {
			t.Errorf("segmentsOf(%q) = %q, want %d", path, got, want)
		}
	}
}

func TestFieldsThatAreOftenMadeUpAreExplained(t *testing.T) {
	t.Parallel()
	const service = "apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceService\nmetadata: {name: a}\nspec:\n"
	for spec, want := range map[string]string{
		"  template: {spec: {containers: []}}":      "one level up",
		"  prefill: {template: {spec: {}}}":         "one level up",
		"  router: {route: {httpRoute: {}}}":        "did you mean http?",
		"  router: {gateway: {managed: {}}}":        "without refs is made by the controller",
		"  router: {gateway: {reffs: []}}":          "did you mean refs?",
		"  router: {scheduler: {pool: {sepc: {}}}}": "did you mean spec?",
	} {
		_, problems := Parse("f.yaml", []byte(service+spec+"\n"))
		if len(problems) != 1 || !strings.Contains(problems[0].Remedy, want) {
			t.Errorf("%s: %v, want %q", spec, problems, want)
		}
	}
}
