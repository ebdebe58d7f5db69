package engine

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	pod := func(name, hash string, state string) replica {
		r := replica{name: name, hash: hash, created: now.Add(-time.Hour)}
		switch state {
		case "ready":
			r.readySince = now.Add(-time.Minute)
		case "leaving":
			r.terminating, r.readySince = true, now.Add(-time.Minute)
		}
		return r
	}
	rolling := func(replicas, surge, unavailable int) target {
		return target{hash: "new", replicas: replicas, surge: surge, unavailable: unavailable}
	}
	for _, c := range []struct {
		name string
		t    target
		pods []replica
		want actions
	}{
		{"first apply", rolling(3, 1, 0), nil, actions{start: 3}},
		{"unchanged", rolling(1, 1, 0), []replica{pod("a", "new", "ready")}, actions{}},
		{"still starting", rolling(1, 1, 0), []replica{pod("a", "new", "")}, actions{}},
		{"scale up", rolling(3, 1, 0), []replica{pod("a", "new", "ready")}, actions{start: 2}},
		{"scale down takes the unready", rolling(1, 1, 0), []replica{pod("a", "new", "ready"), pod("b", "new", "")}, actions{stop: []string{"b"}}},
		{"new template surges", rolling(1, 1, 0), []replica{pod("a", "old", "ready")}, actions{start: 1}},
		{"new not ready: old stays", rolling(1, 1, 0), []replica{pod("a", "old", "ready"), pod("b", "new", "")}, actions{}},
		{"new ready: old goes", rolling(1, 1, 0), []replica{pod("a", "old", "ready"), pod("b", "new", "ready")}, actions{stop: []string{"a"}}},
		{"one unavailable allowed", rolling(4, 1, 1), []replica{pod("a", "old", "ready"), pod("b", "old", "ready"), pod("c", "old", "ready"), pod("d", "old", "ready")},
			actions{start: 1, stop: []string{"a"}}},
		{"no surge: old gives way", rolling(1, 0, 1), []replica{pod("a", "old", "ready")}, actions{stop: []string{"a"}}},
		{"unready old goes first", rolling(2, 1, 1), []replica{pod("a", "old", "ready"), pod("b", "old", "")}, actions{start: 1, stop: []string{"b"}}},
		{"broken new replaced by newer", rolling(1, 1, 0), []replica{pod("a", "older", "ready"), pod("b", "old", "")}, actions{stop: []string{"b"}}},
		{"leaving pods are not counted", rolling(1, 1, 0), []replica{pod("a", "new", "leaving")}, actions{start: 1}},
		{"rollback finds its pods", rolling(1, 1, 0), []replica{pod("a", "new", "ready"), pod("b", "other", "")}, actions{stop: []string{"b"}}},
		{"to zero", rolling(0, 1, 0), []replica{pod("a", "new", "ready"), pod("b", "old", "ready")}, actions{stop: []string{"a", "b"}}},
		{"paused keeps the old", target{hash: "new", replicas: 2, surge: 1, paused: true}, []replica{pod("a", "old", "ready"), pod("b", "old", "ready")}, actions{}},
		{"paused halfway keeps both", target{hash: "new", replicas: 2, surge: 1, paused: true}, []replica{pod("a", "old", "ready"), pod("b", "old", "ready"), pod("c", "new", "ready")}, actions{}},
		{"paused scales down", target{hash: "new", replicas: 1, surge: 1, paused: true}, []replica{pod("a", "new", "ready"), pod("b", "new", "")}, actions{stop: []string{"b"}}},
		{"paused scales up", target{hash: "new", replicas: 3, surge: 1, paused: true}, []replica{pod("a", "new", "ready")}, actions{start: 2}},
		{"paused from the start", target{replicas: 3, surge: 1, paused: true}, nil, actions{}},
		{"paused doesn't recreate", target{hash: "new", replicas: 1, recreate: true, paused: true}, []replica{pod("a", "old", "ready")}, actions{}},
		{"recreate ends old first", target{hash: "new", replicas: 2, recreate: true}, []replica{pod("a", "old", "ready"), pod("b", "old", "")}, actions{stop: []string{"b", "a"}}},
		{"recreate waits for the leaving", target{hash: "new", replicas: 2, recreate: true}, []replica{pod("a", "old", "leaving")}, actions{}},
		{"recreate starts when all are gone", target{hash: "new", replicas: 2, recreate: true}, nil, actions{start: 2}},
	} {
		got, _ := decide(c.t, c.pods, now)
		if len(got.stop) == 0 {
			got.stop = nil
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(actions{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestMinReadySecondsDelaysRetirement(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	goal := target{hash: "new", replicas: 1, surge: 1, minReady: 10 * time.Second}
	pods := []replica{{name: "a", hash: "old", readySince: now.Add(-time.Hour)}, {name: "b", hash: "new", readySince: now.Add(-3 * time.Second)}}
	act, wake := decide(goal, pods, now)
	if len(act.stop) != 0 || !wake.Equal(now.Add(7*time.Second)) {
		t.Errorf("%v, wake at %v", act, wake)
	}
	if act, _ := decide(goal, pods, wake); !cmp.Equal(act.stop, []string{"a"}) {
		t.Errorf("%v when it is available", act)
	}
}

// Any rollout, whatever order pods get ready in, keeps at least replicas−unavailable available and at most
// replicas+surge alive, and ends.
func TestRolloutKeepsItsBounds(t *testing.T) {
	t.Parallel()
	for replicas := 1; replicas <= 5; replicas++ {
		for surge := 0; surge <= 2; surge++ {
			for unavailable := 0; unavailable <= min(2, replicas); unavailable++ {
				if surge+unavailable > 0 {
					checkRollout(t, target{hash: "new", replicas: replicas, surge: surge, unavailable: unavailable})
				}
			}
		}
	}
}

func checkRollout(t *testing.T, goal target) {
	t.Helper()
	now := time.Unix(1000, 0)
	pods := map[string]*replica{}
	for i := range goal.replicas {
		name := string(rune('a' + i))
		pods[name] = &replica{name: name, hash: "old", readySince: now}
	}
	for step := range 100 {
		now = now.Add(time.Second)
		var list []replica
		for _, p := range pods {
			list = append(list, *p)
		}
		act, _ := decide(goal, list, now)
		for _, name := range act.stop {
			delete(pods, name)
		}
		if got := countAvailable(goal, values(pods), now); got < goal.replicas-goal.unavailable {
			t.Fatalf("%+v: %d available", goal, got)
		}
		for i := range act.start {
			name := string(rune('A'+step)) + string(rune('a'+i))
			pods[name] = &replica{name: name, hash: "new", created: now}
		}
		if len(pods) > goal.replicas+goal.surge {
			t.Fatalf("%+v: %d alive", goal, len(pods))
		}
		for _, p := range pods { // one more gets ready
			if p.readySince.IsZero() {
				p.readySince = now
				break
			}
		}
		if act.start == 0 && len(act.stop) == 0 && count(goal, values(pods), now).complete(goal) {
			return
		}
	}
	t.Fatalf("%+v: the rollout never ends", goal)
}

func values(pods map[string]*replica) []replica {
	var out []replica
	for _, p := range pods {
		out = append(out, *p)
	}
	return out
}

func TestTargetDefaults(t *testing.T) {
	t.Parallel()
	percent := intstr.FromString("50%")
	four := int32(4)
	for _, c := range []struct {
		name string
		spec appsv1.DeploymentSpec
		want target
	}{
		{"nothing set", appsv1.DeploymentSpec{}, target{replicas: 1, surge: 1, unavailable: 0, deadline: 600 * time.Second}},
		{"a quarter of four", appsv1.DeploymentSpec{Replicas: &four}, target{replicas: 4, surge: 1, unavailable: 1, deadline: 600 * time.Second}},
		{"half unavailable", appsv1.DeploymentSpec{Replicas: &four, Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &percent}}},
			target{replicas: 4, surge: 1, unavailable: 2, deadline: 600 * time.Second}},
		{"recreate", appsv1.DeploymentSpec{Replicas: &four, Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}},
			target{replicas: 4, recreate: true, unavailable: 4, deadline: 600 * time.Second}},
	} {
		if diff := cmp.Diff(c.want, targetOf(&appsv1.Deployment{Spec: c.spec}, ""), cmp.AllowUnexported(target{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestBackoffGrowsAndForgives(t *testing.T) {
	t.Parallel()
	b := backoff{first: time.Second, limit: 10 * time.Second, forgive: time.Minute}
	var got []time.Duration
	for _, ran := range []time.Duration{0, time.Second, 0, 0, 0, 0, time.Hour, 0} {
		got = append(got, b.delay(ran)/time.Second)
	}
	if diff := cmp.Diff([]time.Duration{1, 2, 4, 8, 10, 10, 1, 2}, got); diff != "" {
		t.Error(diff)
	}
}
