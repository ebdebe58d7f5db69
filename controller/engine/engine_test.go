package engine

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestReadinessGatesThePod(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	gate := filepath.Join(t.TempDir(), "gate")
	r.Apply(newTestDeployment("m", "server", env("GATE", gate)), References{})
	c := r.first("the probe's answer in the state", func(c ContainerState) bool { return strings.Contains(c.Message, "model is loading") })
	if c.State != StateRunning || c.Reason != ReasonNotReady || c.PID == 0 {
		t.Errorf("%+v", c)
	}
	if s := r.Status(key("m")); s.ReadyReplicas != 0 || condition(s, appsv1.DeploymentAvailable).Reason != ReasonNotReady {
		t.Errorf("%+v", s)
	}
	write(t, "", gate)
	p := r.untilReady("m", 1)[0]
	if p.Ports[8080] == 0 || p.Ports[8080] == 8080 || p.Address != "127.0.0.1" {
		t.Errorf("%+v", p)
	}
	r.until("status", func() bool {
		return condition(r.Status(key("m")), appsv1.DeploymentAvailable).Status == corev1.ConditionTrue
	})
	os.Remove(gate)
	r.until("not ready again", func() bool { return len(r.ready("m")) == 0 })
}

func condition(s appsv1.DeploymentStatus, kind appsv1.DeploymentConditionType) appsv1.DeploymentCondition {
	for _, c := range s.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return appsv1.DeploymentCondition{}
}

func TestCrashBacksOffAndTellsTheLastLineWithoutSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	d := newTestDeployment("m", "crash")
	c := &d.Spec.Template.Spec.Containers[0]
	c.Env = append(c.Env, corev1.EnvVar{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "token",
	}}})
	r.Apply(d, References{Secrets: map[string]*corev1.Secret{"s": {Data: map[string][]byte{"token": []byte("hunter2")}}}})
	state := r.first("three restarts", func(c ContainerState) bool { return c.Restarts >= 3 && c.Reason == ReasonCrashLoopBackOff })
	for _, part := range []string{"exit code 3", "the token is [redacted]", "next try in"} {
		if !strings.Contains(state.Message, part) {
			t.Errorf("%q lacks %q", state.Message, part)
		}
	}
	if strings.Contains(state.Message, "hunter2") || state.State != StateWaiting {
		t.Errorf("%+v", state)
	}
	for _, name := range []string{state.LogFile, state.PreviousLogFile} {
		if log, err := os.ReadFile(name); err != nil || strings.Count(string(log), "the token is") != 1 {
			t.Errorf("log %q, %v", log, err)
		}
	}
	if got := condition(r.Status(key("m")), appsv1.DeploymentAvailable); got.Reason != ReasonCrashLoopBackOff {
		t.Errorf("%+v", got)
	}
}

func TestTwoPodsOnOnePortAndOneMountPath(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for _, name := range []string{"a", "b"} {
		dir := t.TempDir()
		write(t, "model "+name, dir, "name")
		r.Apply(newTestDeployment(name, "server", func(d *appsv1.Deployment) {
			s := &d.Spec.Template.Spec
			s.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: dir}}}}
			s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "model", MountPath: "/mnt/models", ReadOnly: true}}
			s.Containers[0].Args = []string{"--http_port=8080", "--model_dir", "/mnt/models"}
			s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8080}}
		}), References{})
	}
	for _, name := range []string{"a", "b"} {
		p := r.untilReady(name, 1)[0]
		if got := r.get(p, "/model"); got != "model "+name {
			t.Errorf("%s serves %q", name, got)
		}
	}
}

func TestProcessGetsASmallEnvironment(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "leak")
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "server", env("HTTP_PORT", "7")), References{})
	got := strings.Split(r.get(r.untilReady("m", 1)[0], "/env"), "\n")
	for _, line := range got {
		if strings.Contains(line, "leak") {
			t.Errorf("sluice's own environment leaks: %s", line)
		}
	}
	if !slices.Contains(got, "HTTP_PORT=7") {
		t.Errorf("the pod's own value is not kept: %q", got)
	}
	if !slices.Contains(got, "SLUICE_LISTEN_ADDRESS=127.0.0.1") {
		t.Errorf("the process isn't told to listen where its pod is reached: %q", got)
	}
}

func TestAProcessMayBeToldToListenElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "server", env("SLUICE_LISTEN_ADDRESS", "0.0.0.0")), References{})
	got := strings.Split(r.get(r.untilReady("m", 1)[0], "/env"), "\n")
	if !slices.Contains(got, "SLUICE_LISTEN_ADDRESS=0.0.0.0") || slices.Contains(got, "SLUICE_LISTEN_ADDRESS=127.0.0.1") {
		t.Errorf("the pod's own value is not kept: %q", got)
	}
}

func TestRollingUpdateKeepsServingAndDrainsInOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	drained := map[string]bool{}
	allow := make(chan struct{})
	var r *rig
	r = newRig(t, func(o *Options) {
		o.Drain = func(ctx context.Context, p Pod) error {
			if !p.Terminating || !p.Ready {
				t.Errorf("drain of %+v", p)
			}
			if !slices.ContainsFunc(r.Pods(), func(seen Pod) bool { return seen.Name == p.Name && seen.Terminating }) {
				t.Errorf("%s is drained before readers see it terminating", p.Name)
			}
			select {
			case <-allow:
			case <-ctx.Done():
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			drained[p.Name] = true
			return nil
		}
	})
	r.Apply(newTestDeployment("m", "server", replicas(2), env("VERSION", "1")), References{})
	old := r.untilReady("m", 2)
	oldHash := old[0].TemplateHash

	// A template that never gets ready leaves the old pods serving.
	gate := filepath.Join(t.TempDir(), "gate")
	r.Apply(newTestDeployment("m", "server", replicas(2), env("VERSION", "2"), env("GATE", gate)), References{})
	r.until("a new pod that is not ready", func() bool { return len(r.Pods()) == 3 })
	if got := r.ready("m"); len(got) != 2 || got[0].TemplateHash != oldHash || got[1].TemplateHash != oldHash {
		t.Errorf("%v serve", got)
	}
	for _, p := range old {
		r.get(p, "/ready")
	}

	// It gets ready: old pods are published as terminating, drained, and only then ended.
	write(t, "", gate)
	r.until("an old pod that is terminating", func() bool {
		return slices.ContainsFunc(r.Pods(), func(p Pod) bool { return p.Terminating && p.Ready })
	})
	for _, p := range r.Pods() {
		if p.Terminating && (p.TemplateHash != oldHash || p.Containers[0].PID == 0) {
			t.Errorf("%+v goes", p)
		}
		if p.Terminating {
			r.get(p, "/ready") // still answers while it is drained
		}
	}
	close(allow)
	r.until("the new template alone", func() bool {
		pods := r.Pods()
		if len(r.ready("m")) < 2 {
			t.Error("fewer than two pods served during the rollout")
		}
		return len(pods) == 2 && pods[0].TemplateHash != oldHash && pods[1].TemplateHash != oldHash
	})
	mu.Lock()
	defer mu.Unlock()
	for _, p := range old {
		if !drained[p.Name] {
			t.Errorf("%s was not drained", p.Name)
		}
		if log, err := os.ReadFile(p.Containers[0].LogFile); err != nil || !strings.Contains(string(log), "told to end") {
			t.Errorf("%s was not asked to end: %q, %v", p.Name, log, err)
		}
	}
	if s := r.Status(key("m")); s.UpdatedReplicas != 2 || condition(s, appsv1.DeploymentProgressing).Reason != reasonComplete {
		t.Errorf("%+v", s)
	}
}

func TestUnchangedTemplateRestartsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "server"), References{})
	before := r.untilReady("m", 1)[0]
	r.Apply(newTestDeployment("m", "server", replicas(2), func(d *appsv1.Deployment) { d.Labels = map[string]string{"a": "b"} }), References{})
	after := r.untilReady("m", 2)
	if !slices.ContainsFunc(after, func(p Pod) bool { return p.Name == before.Name && p.Containers[0].PID == before.Containers[0].PID }) {
		t.Errorf("%+v is not among %+v", before, after)
	}
	r.Apply(newTestDeployment("m", "server", replicas(1)), References{})
	r.until("one pod", func() bool { return len(r.Pods()) == 1 })
	if got := r.Pods()[0]; got.Name != before.Name {
		t.Errorf("the older pod went: %s stays, not %s", got.Name, before.Name)
	}
}

func TestRecreateEndsTheOldFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	recreate := func(d *appsv1.Deployment) { d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType }
	r.Apply(newTestDeployment("m", "server", recreate), References{})
	old := r.untilReady("m", 1)[0]
	r.Apply(newTestDeployment("m", "server", recreate, env("VERSION", "2")), References{})
	r.until("the new pod", func() bool {
		pods := r.Pods()
		if len(pods) > 1 {
			t.Errorf("old and new at once: %s", r.describe())
		}
		return len(pods) == 1 && pods[0].Name != old.Name && pods[0].Ready
	})
}

func TestAPausedDeploymentScalesWithTheTemplateThatItHad(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	paused := func(d *appsv1.Deployment) { d.Spec.Paused = true }
	r.Apply(newTestDeployment("m", "server", paused), References{})
	if s := r.Status(key("m")); len(r.Pods()) != 0 || condition(s, appsv1.DeploymentProgressing).Reason != reasonPaused {
		t.Fatalf("%+v, pods %s", s, r.describe())
	}
	r.Apply(newTestDeployment("m", "server"), References{})
	first := r.untilReady("m", 1)[0]
	r.Apply(newTestDeployment("m", "server", paused, replicas(2), env("VERSION", "2")), References{})
	for _, p := range r.untilReady("m", 2) {
		if p.TemplateHash != first.TemplateHash {
			t.Errorf("%s has the template that was to wait", p.Name)
		}
	}
	if s := r.Status(key("m")); s.UpdatedReplicas != 0 || s.AvailableReplicas != 2 || condition(s, appsv1.DeploymentProgressing).Status != corev1.ConditionUnknown {
		t.Errorf("%+v", s)
	}
	r.Apply(newTestDeployment("m", "server", replicas(2), env("VERSION", "2")), References{})
	r.until("the newer template", func() bool {
		ready := r.ready("m")
		return len(r.Pods()) == 2 && len(ready) == 2 && ready[0].TemplateHash != first.TemplateHash && ready[1].TemplateHash != first.TemplateHash
	})
	r.until("a complete status", func() bool {
		s := r.Status(key("m"))
		return s.UpdatedReplicas == 2 && condition(s, appsv1.DeploymentProgressing).Reason == reasonComplete
	})
}

func TestDeleteDrainsAndEnds(t *testing.T) {
	t.Parallel()
	drains := make(chan string, 1)
	r := newRig(t, func(o *Options) {
		o.Drain = func(_ context.Context, p Pod) error { drains <- p.Name; return nil }
	})
	r.Apply(newTestDeployment("m", "daemon"), References{})
	p := r.untilReady("m", 1)[0]
	mark := podVariable + "=" + r.options.Dir + "#default/" + p.Name
	if n := len(running(marked(mark))); n != 2 {
		t.Fatalf("%d processes, want the server and its daemon", n)
	}
	r.Delete(key("m"))
	r.until("nothing", func() bool { return len(r.Pods()) == 0 })
	select {
	case got := <-drains:
		if got != p.Name {
			t.Errorf("drained %s", got)
		}
	default:
		t.Error("ended without a drain")
	}
	if left := running(marked(mark)); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	if _, err := os.Stat(p.Containers[0].LogFile); err != nil {
		t.Errorf("the log is gone with the pod: %v", err)
	}
	if s := r.Status(key("m")); len(s.Conditions) != 0 {
		t.Errorf("a deleted Deployment has a status: %+v", s)
	}
}

func TestDeletedAndAppliedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	d := newTestDeployment("m", "server")
	r.Apply(d, References{})
	old := r.untilReady("m", 1)[0]
	r.Delete(key("m"))
	r.Apply(d, References{})
	r.until("another pod", func() bool {
		ready := r.ready("m")
		return len(r.Pods()) == 1 && len(ready) == 1 && ready[0].Name != old.Name
	})
}

func TestCrashLeavesNothingOfItsGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "stubborn"), References{})
	c := r.first("running", func(c ContainerState) bool { return c.PID != 0 })
	group := running(inGroup(c.PID))
	r.poll("its child", func() bool { group = running(inGroup(c.PID)); return len(group) == 2 })
	if err := syscall.Kill(c.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.first("the crash", func(c ContainerState) bool { return strings.Contains(c.Message, "killed by signal 9") })
	for _, s := range group {
		if now, err := readStat(s.pid); err == nil && !now.gone() && now.start == s.start {
			t.Errorf("%+v is left when the container has ended", now)
		}
	}
}

func TestStopCutsDrainAndGraceShort(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Drain = func(ctx context.Context, _ Pod) error { <-ctx.Done(); return ctx.Err() }
	})
	long := func(d *appsv1.Deployment) {
		grace := int64(3600)
		d.Spec.Template.Spec.TerminationGracePeriodSeconds = &grace
	}
	r.Apply(newTestDeployment("s", "stubborn", long), References{})
	r.Apply(newTestDeployment("m", "server", long), References{})
	r.untilReady("m", 1)
	r.until("the stubborn one runs", func() bool {
		return slices.ContainsFunc(r.Pods(), func(p Pod) bool { return p.Deployment == "s" && p.Containers[0].PID != 0 })
	})
	r.Delete(key("m"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := r.Engine.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if left := running(markedPrefix(podVariable + "=" + r.options.Dir + "#")); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	if pods := r.Pods(); len(pods) != 0 {
		t.Errorf("%+v", pods)
	}
}

// Drains that never finish by themselves end with the engine, of a Deployment that is deleted, scaled and rolled out alike.
func TestStopEndsDrainsThatHang(t *testing.T) {
	t.Parallel()
	var begun, ended atomic.Int32
	r := newRig(t, func(o *Options) {
		o.Drain = func(ctx context.Context, _ Pod) error {
			begun.Add(1)
			defer ended.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}
	})
	for _, name := range []string{"deleted", "scaled", "rolled"} {
		r.Apply(newTestDeployment(name, "server", replicas(2)), References{})
	}
	for _, name := range []string{"deleted", "scaled", "rolled"} {
		r.untilReady(name, 2)
	}
	r.Delete(key("deleted"))
	r.Apply(newTestDeployment("scaled", "server", replicas(0)), References{})
	r.Apply(newTestDeployment("rolled", "server", replicas(2), env("VERSION", "2")), References{})
	r.poll("five drains at least", func() bool { return begun.Load() >= 5 })
	r.Apply(newTestDeployment("scaled", "server", replicas(1)), References{}) // beside the two that hang
	r.untilReady("scaled", 1)
	if n := ended.Load(); n != 0 {
		t.Errorf("%d drains ended before the engine", n)
	}
	if err := r.Engine.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, e := begun.Load(), ended.Load(); b != e {
		t.Errorf("%d of %d drains ended with the engine", e, b)
	}
	if pods := r.Pods(); len(pods) != 0 {
		t.Errorf("%+v", pods)
	}
}

func TestStopWithAnExpiredContextKillsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Drain = func(ctx context.Context, _ Pod) error { <-ctx.Done(); return ctx.Err() }
	})
	patient := func(d *appsv1.Deployment) {
		grace := int64(3600)
		d.Spec.Template.Spec.TerminationGracePeriodSeconds = &grace
	}
	hook := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3600}}}
	}
	starting := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "init", Command: []string{"sleep", "3600"}}}
	}
	r.Apply(newTestDeployment("stubborn", "stubborn", patient), References{})
	r.Apply(newTestDeployment("daemon", "daemon", patient, hook), References{})
	r.Apply(newTestDeployment("starting", "server", patient, starting), References{})
	r.Apply(newTestDeployment("draining", "server", patient), References{})
	ours := markedPrefix(podVariable + "=" + r.options.Dir + "#")
	r.untilReady("daemon", 1)
	r.untilReady("draining", 1)
	r.Delete(key("draining"))
	r.poll("six processes", func() bool { return len(running(ours)) == 6 })
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if err := r.Engine.Stop(expired); err != nil {
		t.Fatal(err)
	}
	if left := running(ours); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestOneEngineADirectory(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if _, err := New(Options{Dir: r.options.Dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("%v", err)
	}
}
