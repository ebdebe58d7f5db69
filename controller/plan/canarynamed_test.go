package plan_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// withCanary sets spec.canary to one entry.
func withCanary(name, path string, share int32) func(*v1beta1.InferenceServiceSpec) {
	return func(spec *v1beta1.InferenceServiceSpec) {
		uri := "file://" + path
		entry := v1beta1.CanarySpec{TrafficPercent: share}
		entry.Predictor.Name = name
		entry.Predictor.Model = &v1beta1.ModelSpec{}
		entry.Predictor.Model.StorageURI = &uri
		spec.Canary = []v1beta1.CanarySpec{entry}
	}
}

func withoutCanary(spec *v1beta1.InferenceServiceSpec) { spec.Canary = nil }

func named(name string) func(*v1beta1.InferenceServiceSpec) {
	return func(spec *v1beta1.InferenceServiceSpec) { spec.Predictor.Name = name }
}

func TestNamedCanaryTakesItsShareWhenReady(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	stable := s.templates["m-predictor"]
	s.apply(withCanary("v2", "/two", 25))
	s.untouched("m-predictor", stable)
	s.expectDeployments("m-predictor /one", "m-v2-predictor /two")
	s.expectTraffic("m-predictor>m-predictor 100")
	s.expectCondition(v1beta1.ConditionCanaryPredictorReady, corev1.ConditionFalse, "CanariesNotReady")
	s.settle()
	s.expectTraffic("m-predictor>m-predictor 75", "m-v2-predictor>m-v2-predictor 25")
	s.expectCondition(v1beta1.ConditionCanaryPredictorReady, corev1.ConditionTrue, "AllCanariesReady")
	s.apply(withCanary("v2", "/two", 0))
	s.expectTraffic("m-predictor>m-predictor 100", "m-v2-predictor>m-v2-predictor 0")
	s.apply(withoutCanary)
	s.untouched("m-predictor", stable)
	s.expectDeployments("m-predictor /one")
}

func TestNamedCanaryIsPromotedByItsName(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(withCanary("v2", "/two", 25))
	s.settle()
	template := s.templates["m-v2-predictor"]
	s.apply(both(serve("/two"), named("v2"), withoutCanary))
	s.untouched("m-v2-predictor", template)
	s.expectDeployments("m-v2-predictor /two")
	s.expectTraffic("m-v2-predictor>m-v2-predictor 100")
	s.settle()
	s.untouched("m-v2-predictor", template)
}

func TestNamedCanaryIsPromotedByItsModelAlone(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(withCanary("v2", "/two", 25))
	s.settle()
	template := s.templates["m-v2-predictor"]
	s.apply(both(serve("/two"), withoutCanary))
	s.untouched("m-v2-predictor", template)
	s.expectTraffic("m-predictor>m-v2-predictor 100")
	s.apply(serve("/three"))
	s.expectDeployments("m-v2-predictor /three")
	s.expectTraffic("m-predictor>m-v2-predictor 100")
}

func TestPromotionBeforeTheCanaryIsReadyWaits(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(withCanary("v2", "/two", 25))
	s.apply(both(serve("/two"), named("v2"), withoutCanary))
	s.expectTraffic("m-predictor>m-predictor 100")
	s.settle()
	s.expectTraffic("m-v2-predictor>m-v2-predictor 100")
	s.expectDeployments("m-v2-predictor /two")
}

func TestAnotherNameWithAnotherModelRunsBesideUntilItIsReady(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), named("v2")))
	s.expectDeployments("m-predictor /one", "m-v2-predictor /two")
	s.expectTraffic("m-predictor>m-predictor 100")
	s.settle()
	s.expectDeployments("m-v2-predictor /two")
	s.expectTraffic("m-v2-predictor>m-v2-predictor 100")
}

func TestReplicasAreSharedOut(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	four := int32(4)
	s.apply(func(spec *v1beta1.InferenceServiceSpec) { spec.Predictor.MinReplicas = &four })
	s.apply(withCanary("v2", "/two", 25))
	s.settle()
	for name, want := range map[string]int32{"m-predictor": 3, "m-v2-predictor": 1} {
		for _, d := range s.result.Deployments {
			if d.Name == name && *d.Spec.Replicas != want {
				t.Errorf("%s has %d replicas, want %d", name, *d.Spec.Replicas, want)
			}
		}
	}
	s.apply(withoutCanary)
	if got := *s.result.Deployments[0].Spec.Replicas; got != 4 {
		t.Errorf("without the canary the stable predictor has %d replicas, want 4", got)
	}
}

func TestCanaryInheritsAndLeavesTheStableTemplateAlone(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.apply(both(serve("/one"), func(spec *v1beta1.InferenceServiceSpec) {
		spec.Predictor.Model.Env = []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "1"}}
		spec.Predictor.NodeSelector = map[string]string{"disk": "fast"}
	}))
	s.settle()
	s.apply(both(withCanary("v2", "/two", 25), func(spec *v1beta1.InferenceServiceSpec) {
		spec.Canary[0].Predictor.Model.Env = []corev1.EnvVar{{Name: "B", Value: "2"}}
	}))
	pod := s.result.Deployments[1].Spec.Template.Spec
	env := map[string]string{}
	for _, e := range pod.Containers[0].Env {
		env[e.Name] = e.Value
	}
	if env["A"] != "1" || env["B"] != "2" || pod.NodeSelector["disk"] != "fast" {
		t.Errorf("the canary has env %v and node selector %v", env, pod.NodeSelector)
	}
}
