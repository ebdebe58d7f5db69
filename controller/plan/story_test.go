package plan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// story is a driver in the small: it stores what a plan gives and hands it to the next.
type story struct {
	t        *testing.T
	service  *v1beta1.InferenceService
	runtimes []v1alpha1.ClusterServingRuntime
	result   plan.Result
	stored   []appsv1.ControllerRevision
	observed map[string]appsv1.DeploymentStatus
	// broken are models whose replicas never get ready, by storage path.
	broken map[string]bool
	// missing are paths of models that aren't there.
	missing map[string]bool
	// digests are the versions of models' files, by storage path.
	digests map[string]string
	// reasonsAlone is the setting of that name.
	reasonsAlone bool
	// templates has each Deployment's template as it was last applied.
	templates map[string]string
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{
		t:         t,
		service:   &v1beta1.InferenceService{},
		runtimes:  defaultRuntimes(t),
		observed:  map[string]appsv1.DeploymentStatus{},
		broken:    map[string]bool{},
		missing:   map[string]bool{},
		templates: map[string]string{},
	}
	s.service.Name, s.service.Namespace = "m", "ns"
	return s
}

// apply changes the manifest and plans once, with what has been observed so far.
func (s *story) apply(change func(*v1beta1.InferenceServiceSpec)) {
	s.t.Helper()
	change(&s.service.Spec)
	s.plan()
}

func (s *story) plan() {
	s.t.Helper()
	in := plan.Input{
		Service:         s.service.DeepCopy(),
		ClusterRuntimes: s.runtimes,
		Revisions:       s.reread(),
		Deployments:     s.observed,
		Settings:        settings.Standalone(settings.Local{BundledFormats: []string{"onnx", "sklearn", "xgboost", "lightgbm"}, FileURIs: s.files(), ModelDigests: s.digests}, 8080),
	}
	in.Settings.ReasonsAlone = s.reasonsAlone
	s.result = plan.InferenceService(in)
	if first, second := encode(s.t, s.result), encode(s.t, plan.InferenceService(in)); first != second {
		s.t.Fatalf("the same input gave another result:\n%s\n%s", first, second)
	}
	s.stored = s.result.Revisions
	observed := map[string]appsv1.DeploymentStatus{}
	for _, d := range s.result.Deployments {
		template := encode(s.t, d.Spec.Template)
		status := s.observed[d.Name]
		if s.templates[d.Name] != template {
			status.UpdatedReplicas = 0 // a driver's duty: the status speaks of the old template
		}
		s.templates[d.Name] = template
		observed[d.Name] = status
	}
	s.observed = observed
}

// files are the models' paths as a driver would find them.
func (s *story) files() map[string]settings.FileKind {
	out := map[string]settings.FileKind{}
	add := func(m *v1beta1.ModelSpec) {
		if m != nil && m.StorageURI != nil {
			if path := strings.TrimPrefix(*m.StorageURI, "file://"); !s.missing[path] {
				out[path] = settings.Directory
			}
		}
	}
	add(s.service.Spec.Predictor.Model)
	for _, entry := range s.service.Spec.Canary {
		add(entry.Predictor.Model)
	}
	return out
}

// reread is what a restart leaves of the stored revisions: their JSON, with the data's members in another order.
func (s *story) reread() []appsv1.ControllerRevision {
	s.t.Helper()
	var out []appsv1.ControllerRevision
	for _, stored := range s.stored {
		var tree map[string]any
		if err := json.Unmarshal([]byte(encode(s.t, stored)), &tree); err != nil {
			s.t.Fatal(err)
		}
		var back appsv1.ControllerRevision
		if err := json.Unmarshal([]byte(encode(s.t, tree)), &back); err != nil {
			s.t.Fatal(err)
		}
		out = append(out, back)
	}
	slices.Reverse(out)
	return out
}

// settle lets every replica that can get ready do so, and plans until nothing changes.
func (s *story) settle() {
	s.t.Helper()
	for range 6 {
		for _, d := range s.result.Deployments {
			want := *d.Spec.Replicas
			old := s.observed[d.Name]
			if s.broken[model(d)] {
				// A rolling update keeps the old replicas while the new one fails.
				s.observed[d.Name] = appsv1.DeploymentStatus{Replicas: old.AvailableReplicas + 1, UpdatedReplicas: 1, AvailableReplicas: old.AvailableReplicas}
				continue
			}
			s.observed[d.Name] = appsv1.DeploymentStatus{Replicas: want, UpdatedReplicas: want, AvailableReplicas: want}
		}
		before := encode(s.t, s.result)
		s.plan()
		if before == encode(s.t, s.result) {
			return
		}
	}
	s.t.Fatal("the plan doesn't come to rest")
}

// down takes every replica of a Deployment away.
func (s *story) down(name string) {
	s.observed[name] = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1}
}

// expectTraffic compares the top-level route: "service>deployment weight", or the body of its answer.
func (s *story) expectTraffic(want ...string) {
	s.t.Helper()
	var got []string
	selectors := map[string]string{}
	for _, service := range s.result.Services {
		selectors[service.Name] = service.Spec.Selector["app"][len("isvc."):]
	}
	for _, ref := range lastRule(s.t, s.result, "m").BackendRefs {
		weight := int32(100)
		if ref.Weight != nil {
			weight = *ref.Weight
		}
		got = append(got, fmt.Sprintf("%s>%s %d", ref.Name, selectors[string(ref.Name)], weight))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Fatalf("traffic (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(lastRule(s.t, s.result, "m").BackendRefs, lastRule(s.t, s.result, "m-predictor").BackendRefs); diff != "" {
		s.t.Fatalf("the predictor's own route splits differently:\n%s", diff)
	}
}

// expectDeployments compares "name model-path".
func (s *story) expectDeployments(want ...string) {
	s.t.Helper()
	var got []string
	for _, d := range s.result.Deployments {
		got = append(got, d.Name+" "+model(d))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Fatalf("deployments (-want +got):\n%s", diff)
	}
}

// untouched checks that a Deployment is there with the very template that it had.
func (s *story) untouched(name, template string) {
	s.t.Helper()
	if s.templates[name] != template || template == "" {
		s.t.Fatalf("the pods of Deployment %s restart:\nbefore %s\nafter  %s", name, template, s.templates[name])
	}
	if !slices.ContainsFunc(s.result.Deployments, func(d appsv1.Deployment) bool { return d.Name == name }) {
		s.t.Fatalf("Deployment %s is gone", name)
	}
}

func (s *story) condition(t v1beta1.ConditionType) v1beta1.Condition {
	s.t.Helper()
	c := s.result.Status.Condition(t)
	if c == nil {
		s.t.Fatalf("there is no condition %s", t)
	}
	return *c
}

func (s *story) expectCondition(t v1beta1.ConditionType, status corev1.ConditionStatus, reason string) {
	s.t.Helper()
	if c := s.condition(t); c.Status != status || c.Reason != reason {
		s.t.Fatalf("condition %s is %s %q (%s), want %s %q", t, c.Status, c.Reason, c.Message, status, reason)
	}
}

func lastRule(t *testing.T, r plan.Result, name string) gatewayv1.HTTPRouteRule {
	t.Helper()
	for _, route := range r.HTTPRoutes {
		if route.Name == name {
			return route.Spec.Rules[len(route.Spec.Rules)-1]
		}
	}
	t.Fatalf("there is no route %s", name)
	return gatewayv1.HTTPRouteRule{}
}

func model(d appsv1.Deployment) string { return d.Spec.Template.Spec.Volumes[0].HostPath.Path }

func encode(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// serve sets the stable predictor's model.
func serve(path string) func(*v1beta1.InferenceServiceSpec) {
	return func(spec *v1beta1.InferenceServiceSpec) {
		uri := "file://" + path
		spec.Predictor.Model = &v1beta1.ModelSpec{ModelFormat: v1beta1.ModelFormat{Name: "onnx"}}
		spec.Predictor.Model.StorageURI = &uri
	}
}

// percent sets canaryTrafficPercent, and removes it when negative.
func percent(n int64) func(*v1beta1.InferenceServiceSpec) {
	return func(spec *v1beta1.InferenceServiceSpec) {
		spec.Predictor.CanaryTrafficPercent = &n
		if n < 0 {
			spec.Predictor.CanaryTrafficPercent = nil
		}
	}
}

// both changes a manifest twice at once.
func both(changes ...func(*v1beta1.InferenceServiceSpec)) func(*v1beta1.InferenceServiceSpec) {
	return func(spec *v1beta1.InferenceServiceSpec) {
		for _, change := range changes {
			change(spec)
		}
	}
}
