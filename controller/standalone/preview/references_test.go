package preview

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/standalone"
)

const (
	runtimeOfX = `apiVersion: serving.kserve.io/v1alpha1
kind: %s
metadata: {name: %s}
spec:
  protocolVersions: [v2]
  supportedModelFormats: [{name: tensorflow, version: "1", autoSelect: true, priority: 1}]
  containers: [{name: kserve-container, image: a}]
---
`
	service = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: s}\nspec:\n  predictor:\n"
)

func TestReferencesThatLeadNowhereAreNamed(t *testing.T) {
	t.Parallel()
	namespaced, clusterWide := fmt.Sprintf(runtimeOfX, "ServingRuntime", "one"), fmt.Sprintf(runtimeOfX, "ClusterServingRuntime", "one")
	for name, c := range map[string]struct{ text, want string }{
		"the bundled runtime":    {service + "    model: {modelFormat: {name: onnx}, protocolVersion: v2, storageUri: 's3://a/b'}\n", ""},
		"a runtime that is here": {namespaced + service + "    model: {modelFormat: {name: tensorflow}, runtime: one, storageUri: 's3://a/b'}\n", ""},
		"a runtime mistyped":     {namespaced + service + "    model:\n      modelFormat: {name: tensorflow}\n      runtime: onee\n", `16: InferenceService default/s: spec.predictor.model.runtime: no ServingRuntime of the namespace and no ClusterServingRuntime is named "onee"`},
		"a format that nobody serves": {service + "    model:\n      modelFormat:\n        name: onx\n",
			"8: InferenceService default/s: spec.predictor.model.modelFormat.name: "},
		"the old spelling of a format": {service + "    paddle:\n      protocolVersion: grpc-v1\n", "6: InferenceService default/s: spec.predictor.paddle: "},
		"another version":              {namespaced + service + "    model: {modelFormat: {name: tensorflow, version: '9'}, protocolVersion: v2, storageUri: 's3://a/b'}\n", "14: InferenceService default/s: spec.predictor.model.modelFormat.name: "},
		"no model":                     {service + "    containers: [{image: a}]\n", ""},
		"two runtimes with one priority": {clusterWide + fmt.Sprintf(runtimeOfX, "ClusterServingRuntime", "two"),
			"14: ClusterServingRuntime two: spec.supportedModelFormats[0].priority: ClusterServingRuntime one serves the same format"},
		"the same in two scopes": {clusterWide + fmt.Sprintf(runtimeOfX, "ServingRuntime", "two"), ""},
		"a graph": {"apiVersion: serving.kserve.io/v1alpha1\nkind: InferenceGraph\nmetadata: {name: g}\nspec:\n  nodes:\n    root:\n      routerType: Sequence\n      steps:\n      - nodeName: rot\n      - serviceName: s\n---\n" +
			service + "    containers: [{image: a}]\n", "9: InferenceGraph default/g: spec.nodes[root].steps[0].nodeName: there is no node \"rot\"; did you mean root?"},
		"a graph of nothing": {"apiVersion: serving.kserve.io/v1alpha1\nkind: InferenceGraph\nmetadata: {name: g}\nspec: {nodes: {root: {routerType: Sequence, steps: [{serviceName: s}]}}}\n",
			"4: InferenceGraph default/g: spec.nodes[root].steps[0].serviceName: there is no InferenceService \"s\""},
		"a trained model": {"apiVersion: serving.kserve.io/v1alpha1\nkind: TrainedModel\nmetadata: {name: m}\nspec: {inferenceService: s, model: {framework: a, storageUri: 's3://a', memory: 1Gi}}\n",
			"4: TrainedModel default/m: spec.inferenceService: there is no InferenceService \"s\""},
		"configs": {"apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceService\nmetadata: {name: m}\nspec: {baseRefs: [{name: kserve-config-llm-template}, {name: mine}]}\n",
			"4: LLMInferenceService default/m: spec.baseRefs[1].name: there is no LLMInferenceServiceConfig \"mine\""},
		"a cache": {"apiVersion: serving.kserve.io/v1alpha1\nkind: LocalModelCache\nmetadata: {name: m}\nspec: {sourceModelUri: 's3://a', modelSize: 1Gi, nodeGroups: [workers]}\n",
			"4: LocalModelCache m: spec.nodeGroups[0]: there is no LocalModelNodeGroup \"workers\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			documents, problems := manifest.Parse("f", []byte(c.text))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			references, err := References(standalone.Loaded{Documents: documents})
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, r := range references {
				lines = append(lines, r.Problem([]byte(c.text)).Error())
			}
			got := strings.Join(lines, "\n")
			if c.want == "" && got != "" || !strings.HasPrefix(got, "f:"+c.want) && c.want != "" || len(lines) > 1 {
				t.Errorf("found\n%s\nwant\n%s", got, c.want)
			}
			for _, r := range references {
				if r.Remedy == "" {
					t.Errorf("%s: no remedy", r.Message)
				}
			}
		})
	}
}
