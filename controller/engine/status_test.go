package engine

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestStatusExplainsWhatIsNotAvailable(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	goal := target{hash: "new", replicas: 1, surge: 1, deadline: time.Minute}
	pods := []Pod{
		{Name: "m-old", TemplateHash: "old", Containers: []ContainerState{{Name: "c", Reason: ReasonNotReady, Message: "old trouble"}}},
		{Name: "m-new", TemplateHash: "new", Containers: []ContainerState{
			{Name: "init", Init: true, State: StateTerminated, Reason: ReasonCompleted},
			{Name: "c", State: StateWaiting, Reason: ReasonCrashLoopBackOff, Message: "exit code 1"},
		}},
	}
	f := count(goal, replicasOf(pods), now)
	p, deadline := progress{}.advance(goal, f, now)
	if !deadline.Equal(now.Add(time.Minute)) {
		t.Errorf("deadline %v", deadline)
	}
	s := statusOf(&appsv1.Deployment{}, goal, f, p, pods, nil, now)
	available, progressing := condition(s, appsv1.DeploymentAvailable), condition(s, appsv1.DeploymentProgressing)
	if available.Status != corev1.ConditionFalse || available.Reason != ReasonCrashLoopBackOff || available.Message != "container c of pod m-new: exit code 1" {
		t.Errorf("%+v", available)
	}
	if progressing.Status != corev1.ConditionTrue || progressing.Reason != reasonUpdated {
		t.Errorf("%+v", progressing)
	}
	if s.Replicas != 2 || s.UpdatedReplicas != 1 || s.UnavailableReplicas != 2 {
		t.Errorf("%+v", s)
	}

	late := deadline.Add(time.Second)
	p, _ = p.advance(goal, f, late)
	s = statusOf(&appsv1.Deployment{}, goal, f, p, pods, s.Conditions, late)
	if got := condition(s, appsv1.DeploymentProgressing); got.Status != corev1.ConditionFalse || got.Reason != reasonDeadlineExceeded ||
		!strings.Contains(got.Message, "exit code 1") || !got.LastTransitionTime.Time.Equal(late) {
		t.Errorf("%+v", got)
	}
	if got := condition(s, appsv1.DeploymentAvailable); !got.LastTransitionTime.Time.Equal(now) || !got.LastUpdateTime.Time.Equal(now) {
		t.Errorf("an unchanged condition has new times: %+v", got)
	}
}

func TestProgressMovesWithEachPodThatGetsReady(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	goal := target{hash: "new", replicas: 2, deadline: time.Minute}
	pods := []replica{{name: "a", hash: "new"}, {name: "b", hash: "new"}}
	p, _ := progress{}.advance(goal, count(goal, pods, now), now)
	now = now.Add(50 * time.Second)
	pods[0].readySince = now
	p, deadline := p.advance(goal, count(goal, pods, now), now)
	if !deadline.Equal(now.Add(time.Minute)) {
		t.Errorf("deadline %v after progress at %v", deadline, now)
	}
	pods[0].readySince = time.Time{} // a step back is no progress
	if _, again := p.advance(goal, count(goal, pods, now), now.Add(time.Second)); !again.Equal(deadline) {
		t.Errorf("deadline %v", again)
	}
	pods[0].readySince, pods[1].readySince = now, now
	if _, none := p.advance(goal, count(goal, pods, now), now); !none.IsZero() {
		t.Errorf("a complete rollout has the deadline %v", none)
	}
}
