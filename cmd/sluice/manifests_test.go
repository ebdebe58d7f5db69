package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/ir"
)

func TestValidatingManifests(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{
		"validate":         {"validate", "testdata/manifests/good"},
		"validate-missing": {"validate", "nowhere.yaml"},
		"validate-nothing": {"validate"},
		"plan-nothing":     {"plan"},
		"translate-table":  {"translate", "-f", "testdata/manifests/good", "-o", "table"},
		"translate-to":     {"translate", "-f", "testdata/manifests/good", "--to", "nginx"},
		"init-missing":     {"init", "nowhere.onnx"},
		"init-no-model":    {"init", "testdata/manifests/good/iris.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sluice(t.Context(), strings.NewReader(""), nil, arguments...)
			here, err := filepath.Abs(".")
			if err != nil {
				t.Fatal(err)
			}
			got.err = strings.ReplaceAll(got.err, here, "HERE")
			golden(t, name, arguments, got)
		})
	}
}

func TestValidateNamesFileLineObjectAndField(t *testing.T) {
	t.Parallel()
	const folder = "testdata/manifests/broken/"
	want := []string{
		folder + "mistakes.yaml:7: InferenceService default/typo: spec.predictor.models: ",
		folder + "mistakes.yaml:12: Job default/train: kind: ",
		folder + "syntax.yaml:1: ",
	}
	got := sluice(t.Context(), nil, nil, "validate", folder)
	lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
	if got.code != exitWrong || got.err != "" || len(lines) != len(want) {
		t.Fatalf("code %d, error %q, output:\n%s", got.code, got.err, got.out)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) || !strings.Contains(line, "; ") {
			t.Errorf("line %q, want it to begin with %q and to end with a remedy", line, want[i])
		}
	}
	var answer admin.Items[admin.Problem]
	got = sluice(t.Context(), nil, nil, "validate", folder, "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil || got.code != exitWrong || len(answer.Items) != len(want) || answer.Items[1].Line != 12 {
		t.Errorf("code %d, error %v, JSON:\n%s", got.code, err, got.out)
	}
}

// object is what the tests below look at in a printed object.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		Rules []struct {
			BackendRefs []struct{ Name string }
		}
	}
}

// documents decodes YAML documents; names gives "Kind name" of each.
func documents(t *testing.T, text string) (objects []object, names []string) {
	t.Helper()
	for _, document := range strings.Split(text, "\n---\n") {
		var one object
		if err := yaml.Unmarshal([]byte(document), &one); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, one)
		names = append(names, one.Kind+" "+one.Metadata.Name)
	}
	return objects, names
}

func TestPlanPrintsTheChildren(t *testing.T) {
	t.Parallel()
	got := sluice(t.Context(), nil, nil, "plan", "-f", "testdata/manifests/good", "--status")
	if got.code != exitOK || got.err != "" {
		t.Fatalf("got %+v", got)
	}
	objects, names := documents(t, got.out)
	want := []string{"Deployment iris-predictor", "Service iris-predictor", "HTTPRoute iris", "HTTPRoute iris-predictor",
		"ControllerRevision iris-predictor-00001", "InferenceService iris"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
	if backends := objects[2].Spec.Rules[0].BackendRefs; len(backends) != 1 || backends[0].Name != "iris-predictor" {
		t.Errorf("with its pods ready, route iris leads to %v", backends)
	}
	if !strings.Contains(got.out, "type: Ready") {
		t.Error("the status is missing")
	}
}

func TestPlanBeforePodsAreReadyAnswersWithTheReason(t *testing.T) {
	t.Parallel()
	got := sluice(t.Context(), nil, nil, "plan", "-f", "testdata/manifests/good", "--not-ready")
	objects, names := documents(t, got.out)
	if got.code != exitOK || !slices.Contains(names, "DirectResponse iris-unavailable") {
		t.Fatalf("code %d, error %q, objects %v", got.code, got.err, names)
	}
	if backends := objects[2].Spec.Rules[0].BackendRefs; len(backends) != 0 {
		t.Errorf("route iris leads to %v", backends)
	}
}

func TestPlanGoesOnBesideWhatIsBroken(t *testing.T) {
	t.Parallel()
	image, err := os.ReadFile("testdata/manifests/broken/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got := sluice(t.Context(), strings.NewReader(string(image)), nil, "plan", "-f", "-", "-f", "testdata/manifests/good")
	if got.code != exitWrong || !strings.Contains(got.out, "name: iris-predictor") {
		t.Errorf("code %d, want 1 and the good service's children", got.code)
	}
	for _, want := range []string{"unknown field", "Job", "InferenceService default/image: PredictorReady is False: ImageNotRunnable: "} {
		if !strings.Contains(got.err, want) {
			t.Errorf("standard error lacks %q:\n%s", want, got.err)
		}
	}
}

func TestTranslateGivesHostsOfGivenAndPlannedRoutes(t *testing.T) {
	t.Parallel()
	got := sluice(t.Context(), nil, nil, "translate", "-f", "testdata/manifests/good", "--http-port", "8081")
	var config ir.Config
	if err := yaml.UnmarshalStrict([]byte(got.out), &config); err != nil {
		t.Fatal(err)
	}
	var hosts []string
	for _, host := range config.Hosts {
		hosts = append(hosts, strings.TrimSuffix(host.Name+" "+host.Model, " "))
	}
	want := []string{"*", "* iris", "front.localhost", "iris-default.localhost", "iris-predictor-default.localhost", "localhost", "localhost iris"}
	if diff := cmp.Diff(want, hosts); diff != "" || got.code != exitOK || got.err != "" {
		t.Errorf("code %d, error %q, hosts (-want +got):\n%s", got.code, got.err, diff)
	}
	if len(config.Listeners) != 1 || config.Listeners[0].Port != 8081 {
		t.Errorf("listeners %+v, want one at port 8081", config.Listeners)
	}
}

func TestTranslateReportsWhatARouteAsksForInVain(t *testing.T) {
	t.Parallel()
	const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: lost
spec:
  parentRefs: [{name: kserve-ingress-gateway, namespace: kserve}]
  hostnames: [lost.localhost]
  rules:
    - backendRefs: [{name: nowhere, port: 80}]
`
	got := sluice(t.Context(), strings.NewReader(route), nil, "translate", "-f", "-")
	if got.code != exitWrong || !strings.Contains(got.err, "HTTPRoute default/lost: ResolvedRefs is False: BackendNotFound: ") {
		t.Errorf("code %d, error %q", got.code, got.err)
	}
}

func TestTranslateGivesEnvoyResources(t *testing.T) {
	t.Parallel()
	got := sluice(t.Context(), nil, nil, "translate", "-f", "testdata/manifests/good", "--to", "envoy", "-o", "json")
	if got.code != exitOK || got.err != "" {
		t.Fatalf("got %+v", got)
	}
	var resources []shownResource
	if err := yaml.Unmarshal([]byte(got.out), &resources); err != nil {
		t.Fatal(err)
	}
	var front *shownResource
	for i := range resources {
		if slices.Contains(resources[i].Objects, "HTTPRoute default/front") {
			front = &resources[i]
		}
	}
	if front == nil || !strings.Contains(front.TypeURL, "ScopedRouteConfiguration") || front.Body == nil {
		t.Errorf("no scope was made of HTTPRoute default/front: %+v", front)
	}
}

func TestInitPrintsWhatRunServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b.onnx", "a.onnx", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := sluice(t.Context(), nil, nil, "init", dir)
	_, names := documents(t, got.out)
	if diff := cmp.Diff([]string{"InferenceService a", "InferenceService b"}, names); diff != "" || got.code != exitOK {
		t.Errorf("code %d (-want +got):\n%s", got.code, diff)
	}
	if want := "storageUri: file://" + filepath.Join(dir, "a.onnx"); !strings.Contains(got.out, want) {
		t.Errorf("output lacks %q:\n%s", want, got.out)
	}
	manifest := filepath.Join(dir, "models.yaml")
	if err := os.WriteFile(manifest, []byte(got.out), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := sluice(t.Context(), nil, nil, "validate", manifest); got.code != exitOK {
		t.Errorf("what init printed is not valid: %s%s", got.out, got.err)
	}
}

func TestInitPrintsWhatCanBeServedAndNamesTheRest(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"a.onnx", "b.pt", "c.onnx"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := sluice(t.Context(), nil, nil, "init", folder)
	if _, names := documents(t, got.out); !slices.Equal(names, []string{"InferenceService a", "InferenceService c"}) {
		t.Errorf("printed %v", names)
	}
	if got.code != exitWrong || !strings.HasPrefix(got.err, filepath.Join(folder, "b.pt")+": format pytorch") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("code %d, error %q", got.code, got.err)
	}
}

func TestAModelFilesProblemNamesItsPathOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "forest.pt")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := sluice(t.Context(), nil, nil, "validate", file)
	if got.code != exitWrong || strings.Count(got.out, "forest.pt") != 1 || !strings.Contains(got.out, "; convert it to ONNX (torch.onnx.export)") {
		t.Errorf("code %d, output %q", got.code, got.out)
	}
}
