package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
	"github.com/sluice-serving/sluice/controller/standalone/preview"
)

// runtimeQuestions are two services and a runtime of the namespace of one of them.
const runtimeQuestions = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: cats, namespace: team}
spec:
  predictor:
    model: {modelFormat: {name: cat}, storageUri: "s3://models/cats"}
  canary:
  - trafficPercent: 10
    predictor:
      name: next
      model: {modelFormat: {name: cat, version: "2"}, storageUri: "s3://models/cats2"}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: own, namespace: team}
spec:
  predictor:
    containers: [{name: kserve-container, image: own}]
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: cat-server, namespace: team}
spec:
  supportedModelFormats: [{name: cat, version: "1", autoSelect: true}]
  protocolVersions: [v1]
  containers: [{name: kserve-container, image: cat}]
`

const irisOfSklearn = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris}
spec:
  predictor:
    sklearn: {storageUri: "s3://models/iris", protocolVersion: v2}
`

func TestExplainRuntimeGoldens(t *testing.T) {
	t.Parallel()
	arguments := []string{"explain", "runtime", "-f", "-"}
	golden(t, "explain-runtime", arguments, sluice(t.Context(), strings.NewReader(irisOfSklearn), nil, arguments...))
	golden(t, "explain-runtime-none", arguments, sluice(t.Context(), strings.NewReader(runtimeQuestions), nil, arguments...))
	arguments = append(arguments, "--recorded", "kserve-mlserver")
	golden(t, "explain-runtime-recorded", arguments, sluice(t.Context(), strings.NewReader(irisOfSklearn), nil, arguments...))
	arguments = []string{"explain", "runtime"}
	golden(t, "explain-runtime-nothing", arguments, sluice(t.Context(), nil, nil, arguments...))
}

func TestExplainRuntimeAsJSON(t *testing.T) {
	t.Parallel()
	got := sluice(t.Context(), strings.NewReader(runtimeQuestions), nil, "explain", "runtime", "-f", "-", "-o", "json")
	var list admin.Items[preview.RuntimeChoice]
	if err := json.Unmarshal([]byte(got.out), &list); err != nil || len(list.Items) != 2 || got.code != exitWrong {
		t.Fatalf("code %d, %v: %s", got.code, err, got.out)
	}
	stable, canary := list.Items[0], list.Items[1]
	if stable.Runtime != "cat-server" || stable.Reason != "" || stable.Candidates[0].Verdict != runtimes.Chosen {
		t.Errorf("predictor: %+v", stable)
	}
	if canary.Path != "spec.canary[next].predictor" || canary.Runtime != "" || canary.Reason != "NoSupportingRuntime" || canary.Asked.Version != "2" ||
		canary.Candidates[0].Name != "cat-server" || canary.Candidates[0].Why != "it supports cat 1, not cat 2" {
		t.Errorf("canary: %+v", canary)
	}
}

// TestServiceCalledRuntimeIsExplained holds that the subcommand hides no service.
func TestServiceCalledRuntimeIsExplained(t *testing.T) {
	t.Parallel()
	got := sluice(t.Context(), nil, map[string]string{"SLUICE_ADMIN": "127.0.0.1:1"}, "explain", "default/runtime")
	if got.code != exitUnreachable {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
}
