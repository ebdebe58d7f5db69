package v1alpha1

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestRuntimeIsValidated(t *testing.T) {
	t.Parallel()
	const server = "containers: [{name: kserve-container, image: a}]\n"
	for name, c := range map[string]struct{ spec, fields string }{
		"fine":                             {server + "supportedModelFormats: [{name: onnx, version: '1', autoSelect: true, priority: 1}, {name: onnx, version: '2', autoSelect: true, priority: 1}]", ""},
		"two priorities of a format":       {server + "supportedModelFormats: [{name: onnx, autoSelect: true, priority: 1}, {name: onnx, autoSelect: true, priority: 2}]", "spec.supportedModelFormats[1].priority"},
		"two priorities without selection": {server + "supportedModelFormats: [{name: onnx, priority: 1}, {name: onnx, priority: 2}]", ""},
		"two priorities of a disabled one": {server + "disabled: true\nsupportedModelFormats: [{name: onnx, autoSelect: true, priority: 1}, {name: onnx, autoSelect: true, priority: 2}]", ""},
		"no container":                     {"supportedModelFormats: [{name: ''}]", "spec.containers spec.supportedModelFormats[0].name"},
		"containers":                       {"containers: [{}, {name: a}, {name: a}, {name: B}]", "spec.containers[0].name spec.containers[2].name spec.containers[3].name"},
		"environment":                      {"containers: [{name: a, env: [{name: PYTHONPATH, value: x}]}]", "spec.containers[0].env[0].name"},
		"workers": {"containers: [{name: a, env: [{name: TENSOR_PARALLEL_SIZE}]}]\nworkerSpec: {pipelineParallelSize: 0, tensorParallelSize: 0, containers: [{name: a}, {name: b, env: [{name: PYTHONPATH}]}]}",
			"spec.workerSpec.containers[1].env[0].name spec.workerSpec.pipelineParallelSize spec.workerSpec.tensorParallelSize spec.workerSpec.containers[1] spec.containers[0].env[0].name"},
		"worker without container": {server + "workerSpec: {}", "spec.workerSpec.containers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var spec ServingRuntimeSpec
			if err := yaml.UnmarshalStrict([]byte(c.spec), &spec); err != nil {
				t.Fatal(err)
			}
			var fields []string
			for _, err := range spec.Validate() {
				fields = append(fields, err.Field)
			}
			if got := strings.Join(fields, " "); got != c.fields {
				t.Errorf("errors of\n%s\nwant\n%s", got, c.fields)
			}
		})
	}
}
