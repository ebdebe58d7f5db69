package engine

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// target is what a Deployment asks for, with defaults resolved.
type target struct {
	// hash is the wanted template's, empty while a paused Deployment has none in force; replicas is 0 for a deleted Deployment.
	hash     string
	replicas int
	// paused rolls nothing out; held says that the newest template waits for that to end.
	paused, held bool
	// recreate ends every old pod before a new one is started.
	recreate bool
	// surge and unavailable bound a rolling update, in pods.
	surge, unavailable int
	// minReady is how long a pod has to be ready before it counts as available.
	minReady time.Duration
	// deadline is how long a rollout may go without progress.
	deadline time.Duration
}

// replica is what a decision needs to know of one pod.
type replica struct {
	name, hash  string
	created     time.Time
	readySince  time.Time // zero while it is not ready
	terminating bool
}

// actions is a decision: how many pods to start from the wanted template, and which to stop.
type actions struct {
	start int
	stop  []string
}

// targetOf resolves the defaults that the API server would have set (25 % surge, 25 % unavailable, 600 s to progress).
func targetOf(d *appsv1.Deployment, hash string) target {
	t := target{hash: hash, replicas: 1, paused: d.Spec.Paused, deadline: 600 * time.Second}
	if d.Spec.Replicas != nil {
		t.replicas = int(*d.Spec.Replicas)
	}
	t.minReady = time.Duration(d.Spec.MinReadySeconds) * time.Second
	if d.Spec.ProgressDeadlineSeconds != nil {
		t.deadline = time.Duration(*d.Spec.ProgressDeadlineSeconds) * time.Second
	}
	t.recreate = d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType
	surge, unavailable := intstr.FromString("25%"), intstr.FromString("25%")
	if r := d.Spec.Strategy.RollingUpdate; r != nil {
		surge, unavailable = *intstr.ValueOrDefault(r.MaxSurge, surge), *intstr.ValueOrDefault(r.MaxUnavailable, unavailable)
	}
	t.surge, t.unavailable = rolloutBounds(surge, unavailable, t.replicas)
	if t.recreate {
		t.surge, t.unavailable = 0, t.replicas
	}
	return t
}

// rolloutBounds rounds surge up and unavailable down; both zero would never move, so one may then be unavailable.
// A percentage that cannot be read counts as zero, as in Kubernetes' deployment controller.
func rolloutBounds(surge, unavailable intstr.IntOrString, replicas int) (int, int) {
	up, err := intstr.GetScaledValueFromIntOrPercent(&surge, replicas, true)
	if err != nil {
		up = 0
	}
	down, err := intstr.GetScaledValueFromIntOrPercent(&unavailable, replicas, false)
	if err != nil {
		down = 0
	}
	if up <= 0 && down <= 0 {
		return 0, 1
	}
	return max(up, 0), min(max(down, 0), replicas)
}

// decide says what to start and stop now. Terminating pods are as good as gone, save for Recreate, which waits for them.
// wake is when a pod that is ready becomes available, zero if none will by itself.
func decide(t target, pods []replica, now time.Time) (act actions, wake time.Time) {
	var fresh, old []replica
	leaving := 0
	for _, p := range pods {
		switch {
		case p.terminating:
			leaving++
		case p.hash == t.hash:
			fresh = append(fresh, p)
		default:
			old = append(old, p)
		}
	}
	sortForRemoval(fresh)
	sortForRemoval(old)
	wake = nextAvailable(t, append(slices.Clone(fresh), old...), now)
	if t.paused {
		return holdStill(t, fresh, old), wake
	}
	if excess := len(fresh) - t.replicas; excess > 0 {
		act.stop = names(fresh[:excess])
		fresh = fresh[excess:]
	}
	if t.recreate {
		act.stop = append(act.stop, names(old)...)
		if len(old) == 0 && leaving == 0 {
			act.start = t.replicas - len(fresh)
		}
		return act, wake
	}
	room := t.replicas + t.surge - len(fresh) - len(old)
	act.start = max(0, min(t.replicas-len(fresh), room))
	act.stop = append(act.stop, retire(t, fresh, old, now)...)
	return act, wake
}

// holdStill keeps up a paused Deployment's number of pods and moves none from one template to another. One that was paused
// in the middle of a rollout keeps its surge, so that neither side loses what the rollout would have had to replace.
func holdStill(t target, fresh, old []replica) (act actions) {
	all := slices.Concat(fresh, old)
	sortForRemoval(all)
	most := t.replicas
	if len(fresh) > 0 && len(old) > 0 {
		most += t.surge
	}
	if excess := len(all) - most; excess > 0 {
		act.stop = names(all[:excess])
	}
	if t.hash != "" {
		act.start = max(0, t.replicas-len(all))
	}
	return act
}

// retire picks the old pods that may go: unready ones first, then available ones as far as enough others are available.
// New pods that are not available yet count for nothing, so a template that never gets ready leaves the old pods serving.
func retire(t target, fresh, old []replica, now time.Time) []string {
	if t.replicas == 0 {
		return names(old)
	}
	floor := t.replicas - t.unavailable
	freshAvailable := countAvailable(t, fresh, now)
	budget := len(old) + freshAvailable - floor
	var stop []string
	available := freshAvailable + countAvailable(t, old, now)
	for _, p := range old {
		if budget <= 0 {
			break
		}
		if p.available(t, now) {
			if available <= floor {
				break
			}
			available--
		}
		stop = append(stop, p.name)
		budget--
	}
	return stop
}

func (p replica) available(t target, now time.Time) bool {
	return !p.terminating && !p.readySince.IsZero() && now.Sub(p.readySince) >= t.minReady
}

func countAvailable(t target, pods []replica, now time.Time) int {
	n := 0
	for _, p := range pods {
		if p.available(t, now) {
			n++
		}
	}
	return n
}

func nextAvailable(t target, pods []replica, now time.Time) time.Time {
	var wake time.Time
	for _, p := range pods {
		at := p.readySince.Add(t.minReady)
		if !p.readySince.IsZero() && at.After(now) && (wake.IsZero() || at.Before(wake)) {
			wake = at
		}
	}
	return wake
}

// sortForRemoval puts first the pods that are missed least: not ready before ready, then the younger, which have served
// less and have less warm in their caches.
func sortForRemoval(pods []replica) {
	slices.SortStableFunc(pods, func(a, b replica) int {
		if ar, br := a.readySince.IsZero(), b.readySince.IsZero(); ar != br {
			if ar {
				return -1
			}
			return 1
		}
		return cmp.Or(b.created.Compare(a.created), cmp.Compare(a.name, b.name))
	})
}

func names(pods []replica) []string {
	out := make([]string, 0, len(pods))
	for _, p := range pods {
		out = append(out, p.name)
	}
	return out
}
