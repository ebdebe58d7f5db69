package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
)

// expectShares compares status.components[predictor].traffic, as revision → percent, and latestReadyRevision.
func (s *story) expectShares(ready string, want map[string]int64) {
	s.t.Helper()
	component := s.result.Status.Components[v1beta1.PredictorComponent]
	got := map[string]int64{}
	for _, target := range component.Traffic {
		got[target.RevisionName] = *target.Percent
		if latest := target.RevisionName == component.LatestCreatedRevision; *target.LatestRevision != latest {
			s.t.Errorf("%s is the latest: %v", target.RevisionName, *target.LatestRevision)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || component.LatestReadyRevision != ready {
		s.t.Fatalf("ready %s, want %s; shares (-want +got):\n%s", component.LatestReadyRevision, ready, diff)
	}
}

// replaces reads the annotation of a stored revision.
func (s *story) replaces(revision string) string {
	s.t.Helper()
	for _, stored := range s.stored {
		if stored.Name == revision {
			return stored.Annotations[plan.AnnotationReplaces]
		}
	}
	s.t.Fatalf("revision %s is not stored", revision)
	return ""
}

// A change whose replicas never get ready has no traffic, whatever the spec wants: the revision before has it.
func TestFailingRolloutLeavesTheTrafficToTheRevisionBefore(t *testing.T) {
	t.Parallel()
	const one, two, three = "m-predictor-00001", "m-predictor-00002", "m-predictor-00003"
	s := newStory(t)
	s.apply(serve("/a"))
	s.settle()
	s.expectShares(one, map[string]int64{one: 100})

	s.broken["/b"] = true
	s.apply(serve("/b"))
	s.expectShares(one, map[string]int64{one: 100})
	s.settle()
	s.expectShares(one, map[string]int64{one: 100})
	s.expectCondition(v1beta1.ConditionLatestDeploymentReady, corev1.ConditionUnknown, plan.ReasonRollingOut)
	if got := s.replaces(two); got != one {
		t.Errorf("%s replaces %q", two, got)
	}

	// Another change on top: the first still serves, until all replicas are of the last.
	s.apply(serve("/c"))
	if got := s.replaces(three) + s.replaces(two); got != one {
		t.Errorf("%s replaces %q", three, got)
	}
	s.settle()
	s.expectShares(three, map[string]int64{three: 100})
	if got := s.replaces(three); got != "" {
		t.Errorf("it still replaces %q", got)
	}
}

// After a restart only replicas of the newest template are started, so that there is nothing left to replace.
func TestRollingUpdateIsOverWhenNoOldReplicaIsLeft(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.apply(serve("/a"))
	s.settle()
	s.broken["/b"] = true
	s.apply(serve("/b"))
	s.settle()
	s.observed = map[string]appsv1.DeploymentStatus{"m-predictor": {Replicas: 1, UpdatedReplicas: 1}}
	s.plan()
	if got := s.replaces("m-predictor-00002"); got != "" {
		t.Errorf("it replaces %q", got)
	}
}

// KServe's disable-auto-update: an edit of the runtime leaves the pods of a service alone that serves, and an edit of its
// manifest does not.
func TestRuntimeEditLeavesPodsAloneOnRequest(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{true, false} {
		s := newStory(t)
		if keeps {
			s.service.Annotations = map[string]string{v1beta1.AnnotationDisableAutoUpdate: "true"}
		}
		s.apply(serve("/a"))
		s.settle()
		before := s.templates["m-predictor"]

		s.editRuntimes("one")
		s.settle()
		if same := s.templates["m-predictor"] == before; same != keeps {
			t.Errorf("annotated %v: the template is as before: %v", keeps, same)
		}

		s.apply(serve("/b"))
		s.settle()
		s.expectDeployments("m-predictor /b")
		if !strings.Contains(s.templates["m-predictor"], `"EDITED","value":"one"`) {
			t.Errorf("annotated %v: a changed manifest is not served by the changed runtime", keeps)
		}

		s.down("m-predictor")
		s.editRuntimes("two")
		if !strings.Contains(s.templates["m-predictor"], `"EDITED","value":"two"`) {
			t.Errorf("annotated %v: a service that does not serve keeps waiting for a runtime that was mended", keeps)
		}
	}
}

// editRuntimes sets a variable of every runtime's container and plans.
func (s *story) editRuntimes(value string) {
	s.t.Helper()
	for i := range s.runtimes {
		s.runtimes[i] = *s.runtimes[i].DeepCopy()
		c := &s.runtimes[i].Spec.Containers[0]
		c.Env = append(c.Env, corev1.EnvVar{Name: "EDITED", Value: value})
	}
	s.plan()
}
