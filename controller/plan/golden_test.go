package plan_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/config"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/credentials"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

var update = flag.Bool("update", false, "write the golden files")

// goldenCase is testdata/NAME.in.yaml. What is left out of the service's surroundings is what `sluice run` has.
type goldenCase struct {
	// Intent says what the case is about.
	Intent          string                             `json:"intent"`
	Service         v1beta1.InferenceService           `json:"service"`
	Runtimes        []v1alpha1.ServingRuntime          `json:"runtimes,omitempty"`
	ClusterRuntimes []v1alpha1.ClusterServingRuntime   `json:"clusterRuntimes,omitempty"`
	Deployments     map[string]appsv1.DeploymentStatus `json:"deployments,omitempty"`
	// Accepted sets a good status on the service's routes.
	Accepted bool `json:"accepted,omitempty"`
	// Cluster plans for a cluster with domain example.com.
	Cluster         bool                         `json:"cluster,omitempty"`
	ContainerEngine string                       `json:"containerEngine,omitempty"`
	FileURIs        map[string]settings.FileKind `json:"fileURIs,omitempty"`
	ServiceAccounts []corev1.ServiceAccount      `json:"serviceAccounts,omitempty"`
	Secrets         []corev1.Secret              `json:"secrets,omitempty"`
	// Only keeps the output to these kinds and the status' conditions; empty keeps all.
	Only []string `json:"only,omitempty"`
}

func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".in.yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			var c goldenCase
			if err := yaml.UnmarshalStrict(data, &c); err != nil {
				t.Fatalf("%s: %v", input, err)
			}
			got := write(t, plan.InferenceService(c.input(t)), c.Only)
			compare(t, strings.TrimSuffix(input, ".in.yaml")+".out.yaml", got)
		})
	}
}

func TestGoldenFilesHaveInputs(t *testing.T) {
	t.Parallel()
	outputs, err := filepath.Glob("testdata/*.out.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, output := range outputs {
		input := strings.TrimSuffix(output, ".out.yaml") + ".in.yaml"
		if _, err := os.Stat(input); err == nil {
			continue
		}
		if *update {
			if err := os.Remove(output); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s has no input %s: remove it, or run with -update", output, input)
	}
}

func (c goldenCase) input(t *testing.T) plan.Input {
	t.Helper()
	service := c.Service
	if service.Namespace == "" {
		service.Namespace = "default"
	}
	in := plan.Input{
		Service:         &service,
		Runtimes:        c.Runtimes,
		ClusterRuntimes: append(defaultRuntimes(t), c.ClusterRuntimes...),
		Deployments:     c.Deployments,
		Settings: settings.Standalone(settings.Local{
			ContainerEngine: c.ContainerEngine, BundledFormats: []string{"onnx", "sklearn", "xgboost", "lightgbm"}, FileURIs: c.FileURIs,
		}, 8080),
	}
	if c.Cluster {
		in.Settings = settings.Cluster("example.com")
	}
	in.Credentials = credentials.Objects{ServiceAccounts: map[string]*corev1.ServiceAccount{}, Secrets: map[string]*corev1.Secret{}}
	for i := range c.ServiceAccounts {
		in.Credentials.ServiceAccounts[c.ServiceAccounts[i].Name] = &c.ServiceAccounts[i]
	}
	for i := range c.Secrets {
		in.Credentials.Secrets[c.Secrets[i].Name] = &c.Secrets[i]
	}
	if c.Accepted {
		in.Routes = accepted(plan.InferenceService(in))
	}
	return in
}

// accepted gives every planned route a parent that accepts it.
func accepted(r plan.Result) map[string]gatewayv1.HTTPRouteStatus {
	out := map[string]gatewayv1.HTTPRouteStatus{}
	for _, route := range r.HTTPRoutes {
		out[route.Name] = gatewayv1.HTTPRouteStatus{RouteStatus: gatewayv1.RouteStatus{Parents: []gatewayv1.RouteParentStatus{{}}}}
	}
	return out
}

func defaultRuntimes(t *testing.T) []v1alpha1.ClusterServingRuntime {
	t.Helper()
	var out []v1alpha1.ClusterServingRuntime
	for _, name := range []string{"sluice-runtime.yaml", "kserve.yaml"} {
		file, err := config.Runtimes().Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		out = append(out, readRuntimes(t, file)...)
	}
	return out
}
