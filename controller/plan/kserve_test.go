package plan_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// TestKServeGoldens compares the plan with the children that KServe's own reconciler made of its published manifests: names,
// labels, selectors, images, arguments, ports, hosts, matches and backends.
func TestKServeGoldens(t *testing.T) {
	t.Parallel()
	corpus := os.Getenv("SLUICE_KSERVE_CORPUS")
	if corpus == "" {
		corpus = "../../../shared/kserve"
	}
	goldens, err := filepath.Glob(filepath.Join(corpus, "golden", "*.yaml"))
	if err != nil || len(goldens) == 0 {
		t.Skip("KServe's manifests are not here: set SLUICE_KSERVE_CORPUS to their folder")
	}
	k := readKServe(t, corpus)
	for _, golden := range goldens {
		t.Run(filepath.Base(golden), func(t *testing.T) {
			service := readService(t, filepath.Join(corpus, "manifests", "InferenceService", filepath.Base(golden)))
			if differences := notYet(service); len(differences) > 0 {
				t.Logf("differs on purpose: %v", differences)
				return
			}
			want := readGolden(t, golden)
			got := childrenOf(k.planReady(t, service))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-KServe +sluice)\n%s", diff)
			}
		})
	}
}

// children is what users and other tools depend on, in a form that differs only where that does.
type children struct {
	Deployments map[string]workload
	Services    map[string]corev1.ServiceSpec
	Routes      map[string]gatewayv1.HTTPRouteSpec
}

type workload struct {
	Labels, Annotations, Selector map[string]string
	Containers                    []server
}

type server struct {
	Name, Image   string
	Command, Args []string
	Env           []corev1.EnvVar
	Probe         *corev1.Probe
}

// deployment takes a Deployment in. KServe's internal annotations, and the value of STORAGE_URI, are how its reconciler speaks to
// its pod webhook; there is no such webhook here, and what it makes of them in the pod is in the template at once.
func (c *children) deployment(d appsv1.Deployment) {
	w := workload{Labels: d.Spec.Template.Labels, Annotations: d.Spec.Template.Annotations, Selector: d.Spec.Selector.MatchLabels}
	maps.DeleteFunc(w.Annotations, func(key, _ string) bool { return strings.HasPrefix(key, "internal.serving.kserve.io/") })
	for _, container := range d.Spec.Template.Spec.Containers {
		for i := range container.Env {
			if container.Env[i].Name == v1beta1.EnvStorageURI {
				container.Env[i].Value = v1beta1.DefaultModelMountPath
			}
		}
		if p := container.ReadinessProbe; p != nil && p.HTTPGet != nil && p.HTTPGet.Port.IntValue() == 0 {
			// KServe writes the 0 on, which an API server refuses in the Deployment.
			p.HTTPGet.Port = intstr.FromInt32(8080)
			if len(container.Ports) > 0 {
				p.HTTPGet.Port = intstr.FromInt32(container.Ports[0].ContainerPort)
			}
		}
		w.Containers = append(w.Containers, server{
			Name: container.Name, Image: container.Image, Command: container.Command, Args: container.Args,
			Env: container.Env, Probe: container.ReadinessProbe,
		})
	}
	c.Deployments[d.Name] = w
}

func newChildren() children {
	return children{map[string]workload{}, map[string]corev1.ServiceSpec{}, map[string]gatewayv1.HTTPRouteSpec{}}
}

func childrenOf(r plan.Result) children {
	out := newChildren()
	for _, d := range r.Deployments {
		out.deployment(d)
	}
	for _, s := range r.Services {
		out.Services[s.Name] = s.Spec
	}
	for _, route := range r.HTTPRoutes {
		out.Routes[route.Name] = route.Spec
	}
	return out
}

func readGolden(t *testing.T, path string) children {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := newChildren()
	for _, document := range bytes.Split(data, []byte("\n---\n")) {
		var meta struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		unmarshal(t, document, &meta)
		switch meta.Kind {
		case "Deployment":
			var d appsv1.Deployment
			unmarshal(t, document, &d)
			out.deployment(d)
		case "Service":
			var s corev1.Service
			unmarshal(t, document, &s)
			out.Services[s.Name] = s.Spec
		case "HTTPRoute":
			var r gatewayv1.HTTPRoute
			unmarshal(t, document, &r)
			out.Routes[r.Name] = r.Spec
		}
	}
	return out
}

func unmarshal(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func readService(t *testing.T, path string) *v1beta1.InferenceService {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s v1beta1.InferenceService
	unmarshal(t, data, &s)
	if s.Namespace == "" {
		s.Namespace = "default"
	}
	all := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("2Gi")}
	s.Default(v1beta1.Defaults{
		DeploymentMode: v1beta1.ModeStandard, ARTVersion: "latest",
		Resources: corev1.ResourceRequirements{Requests: all, Limits: all},
	})
	return &s
}

// notYet names what a manifest asks for and the plan doesn't do yet, so that its children differ.
func notYet(s *v1beta1.InferenceService) map[string]string {
	out := map[string]string{}
	p := s.Spec.Predictor
	if s.Mode() == v1beta1.ModeModelMesh {
		out["ModelMesh"] = "refused with a reason; KServe's reconciler was run in Standard mode on it"
	}
	if e := s.Spec.Explainer; e != nil && len(e.Containers) > 0 && slices.Contains(e.Containers[0].Args, "--http_port=8080") {
		out["explainer.containers.args"] = "KServe adds --http_port a second time: an accident without effect"
	}
	if p.WorkerSpec != nil {
		out["workerSpec"] = "models over several nodes are refused with a reason"
	}
	extensions := []v1beta1.ComponentExtensionSpec{p.ComponentExtensionSpec}
	if s.Spec.Transformer != nil {
		extensions = append(extensions, s.Spec.Transformer.ComponentExtensionSpec)
	}
	if s.Spec.Explainer != nil {
		extensions = append(extensions, s.Spec.Explainer.ComponentExtensionSpec)
	}
	for _, e := range extensions {
		if e.Logger != nil || e.Batcher != nil {
			out["logger, batcher"] = "there is no agent: a condition says so"
		}
	}
	return out
}

// kserve is the runtimes of KServe's: its default installation's, and those of its documentation.
type kserve struct {
	installed  []v1alpha1.ClusterServingRuntime
	cluster    []v1alpha1.ClusterServingRuntime
	namespaced []v1alpha1.ServingRuntime
}

// readKServe leaves the bundled runtime out, which comes first here on purpose, and takes KServe's own multi-node runtime, whose
// scripts ours does without.
func readKServe(t *testing.T, corpus string) kserve {
	t.Helper()
	k := kserve{
		installed: slices.DeleteFunc(defaultRuntimes(t), func(r v1alpha1.ClusterServingRuntime) bool {
			return r.Annotations[runtimes.AnnotationBundled] == "true"
		}),
		cluster:    readAll[v1alpha1.ClusterServingRuntime](t, filepath.Join(corpus, "manifests", "ClusterServingRuntime")),
		namespaced: readAll[v1alpha1.ServingRuntime](t, filepath.Join(corpus, "manifests", "ServingRuntime")),
	}
	for i := range k.installed {
		for _, published := range k.cluster {
			if k.installed[i].Name == multiNode && published.Name == multiNode && published.Spec.Containers[0].Image == k.installed[i].Spec.Containers[0].Image {
				k.installed[i] = published
			}
		}
	}
	return k
}

// multiNode is KServe's runtime for models over several nodes.
const multiNode = "kserve-huggingfaceserver-multinode"

// input is what a service is planned from. Runtimes of the documentation are there only for the manifests that name them.
func (k kserve) input(s *v1beta1.InferenceService) plan.Input {
	in := plan.Input{
		Service:         s,
		Settings:        settings.Cluster("example.com"),
		ClusterRuntimes: slices.Clone(k.installed),
		Deployments:     map[string]appsv1.DeploymentStatus{},
	}
	for _, r := range k.cluster {
		if names(s, r.Name) && !slices.ContainsFunc(k.installed, func(have v1alpha1.ClusterServingRuntime) bool { return have.Name == r.Name }) {
			in.ClusterRuntimes = append(in.ClusterRuntimes, r)
		}
	}
	for _, r := range k.namespaced {
		if names(s, r.Name) {
			in.Runtimes = append(in.Runtimes, r)
		}
	}
	return in
}

// planReady plans until every Deployment is ready and every route accepted.
func (k kserve) planReady(t *testing.T, s *v1beta1.InferenceService) plan.Result {
	t.Helper()
	in := k.input(s)
	var r plan.Result
	for range 2 {
		r = plan.InferenceService(in)
		for _, d := range r.Deployments {
			in.Deployments[d.Name] = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}
		}
		in.Routes = accepted(r)
		in.Revisions = r.Revisions
	}
	return r
}

func names(s *v1beta1.InferenceService, runtime string) bool {
	m := s.Spec.Predictor.Model
	return m != nil && m.Runtime != nil && *m.Runtime == runtime
}

func readAll[T any](t *testing.T, dir string) []T {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var object T
		unmarshal(t, data, &object)
		out = append(out, object)
	}
	return out
}
