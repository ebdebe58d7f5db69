package plan_test

import (
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// The quickstart's example of another model format is planned as a process with its command and packages.
func TestQuickstartsLocalCommandRunsAsAProcess(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../config/samples/quickstart/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "save it beside a folder")
	_, rest, _ = strings.Cut(rest, "```yaml\n")
	manifest, _, _ := strings.Cut(rest, "```")
	first, second, found := strings.Cut(manifest, "---\n")
	if !found {
		t.Fatal("the README has no example of two documents")
	}
	var runtime v1alpha1.ServingRuntime
	var service v1beta1.InferenceService
	if err := yaml.UnmarshalStrict([]byte(first), &runtime); err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict([]byte(second), &service); err != nil {
		t.Fatal(err)
	}
	service.Namespace = "default"
	*service.Spec.Predictor.Model.StorageURI = "file:///models/iris-sklearn" // as the driver makes it
	r := plan.InferenceService(plan.Input{
		Service: &service, Runtimes: []v1alpha1.ServingRuntime{runtime}, ClusterRuntimes: defaultRuntimes(t),
		Settings: settings.Standalone(settings.Local{
			BundledFormats: []string{"onnx", "sklearn", "xgboost", "lightgbm"}, FileURIs: map[string]settings.FileKind{"/models/iris-sklearn": settings.Directory},
		}, 8080),
	})
	if len(r.Deployments) != 1 {
		t.Fatalf("%+v", r.Status)
	}
	template := r.Deployments[0].Spec.Template
	if got := strings.Join(template.Spec.Containers[0].Command, " "); got != "mlserver start /mnt/models" {
		t.Errorf("command %q", got)
	}
	if how := template.Annotations["local.sluice.dev/kserve-container"]; how != "process" || !strings.Contains(template.Annotations["sluice.dev/local-requirements"], "mlserver==") {
		t.Errorf("annotations %v", template.Annotations)
	}
}
