package v1alpha1

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
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
		"workers": {"containers: [{name: kserve-container, env: [{name: TENSOR_PARALLEL_SIZE}]}]\nworkerSpec: {pipelineParallelSize: 0, tensorParallelSize: 0, containers: [{name: a}, {name: b, env: [{name: PYTHONPATH}]}]}",
			"spec.workerSpec.containers[1].env[0].name spec.workerSpec.pipelineParallelSize spec.workerSpec.tensorParallelSize spec.workerSpec.containers[1] spec.containers[0].env[0].name"},
		"priority of zero": {server + "supportedModelFormats: [{name: onnx, priority: 0}]", "spec.supportedModelFormats[0].priority"},
		"workers' GPUs": {"containers: [{name: kserve-container, resources: {limits: {example.com/gpu: 1}}}]\nworkerSpec: {containers: [{name: worker-container, resources: {requests: {nvidia.com/gpu: 1, example.com/gpu: 1}}}]}",
			"spec.workerSpec.containers[0].resources.requests[example.com/gpu] spec.containers[0].resources.limits[example.com/gpu]"},
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

func TestRuntimesOfOneScopeHaveDifferentPriorities(t *testing.T) {
	t.Parallel()
	const formats = "supportedModelFormats: [{name: onnx, autoSelect: true, priority: 1}]"
	for name, c := range map[string]struct{ one, other, path string }{
		"the same":           {"protocolVersions: [v2]\n" + formats, "protocolVersions: [v1, v2]\n" + formats, "spec.supportedModelFormats[0].priority"},
		"by another case":    {"protocolVersions: [v2]\n" + formats, "protocolVersions: [v2]\nsupportedModelFormats: [{name: ONNX, autoSelect: true, priority: 1}]", "spec.supportedModelFormats[0].priority"},
		"another version":    {"protocolVersions: [v2]\n" + formats, "protocolVersions: [v2]\nsupportedModelFormats: [{name: onnx, version: '1', autoSelect: true, priority: 1}]", ""},
		"another protocol":   {"protocolVersions: [v2]\n" + formats, "protocolVersions: [v1]\n" + formats, ""},
		"one disabled":       {"protocolVersions: [v2]\n" + formats, "disabled: true\nprotocolVersions: [v2]\n" + formats, ""},
		"one of many models": {"protocolVersions: [v2]\n" + formats, "multiModel: true\nprotocolVersions: [v2]\n" + formats, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var one, other ServingRuntimeSpec
			read(t, c.one, &one)
			read(t, c.other, &other)
			got := ""
			if path := one.SamePriority(&other); path != nil {
				got = path.String()
			}
			if got != c.path {
				t.Errorf("met at %q, want %q", got, c.path)
			}
		})
	}
}

func TestUpdatesOfFixedFieldsAreRefused(t *testing.T) {
	t.Parallel()
	var nodes, alone ServingRuntimeSpec
	read(t, "workerSpec: {}", &nodes)
	var model, larger TrainedModel
	read(t, "spec: {model: {memory: 1Gi}}", &model)
	read(t, "spec: {model: {memory: 2Gi}}", &larger)
	var cache, moved LocalModelCacheSpec
	read(t, "sourceModelUri: s3://a/b", &cache)
	read(t, "sourceModelUri: s3://a/c", &moved)
	for what, c := range map[string]struct {
		errs    field.ErrorList
		refused bool
	}{
		"worker spec removed": {alone.ValidateUpdate(&nodes), true},
		"worker spec added":   {nodes.ValidateUpdate(&alone), false},
		"memory changed":      {larger.ValidateUpdate(&model), true},
		"memory kept":         {model.ValidateUpdate(&model), false},
		"source changed":      {moved.ValidateUpdate(&cache), true},
		"source kept":         {cache.ValidateUpdate(&cache), false},
	} {
		if refused := len(c.errs) > 0; refused != c.refused {
			t.Errorf("%s: refused: %v", what, c.errs)
		}
	}
}

func read(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}
