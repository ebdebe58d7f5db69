package engine

import (
	"context"
	"encoding/json"
	"log/slog"

	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/host/bootid"
)

// killedHost is an engine in a process of its own, which is killed.
type killedHost struct {
	*testing.T
	dir string
	cmd *exec.Cmd
}

// runHost runs an engine over dir that applies the Deployments and deletes those named once they are ready.
func runHost(t *testing.T, dir, deletes string, deployments ...*appsv1.Deployment) *killedHost {
	t.Helper()
	data, err := json.Marshal(deployments)
	if err != nil {
		t.Fatal(err)
	}
	apply := write(t, string(data), t.TempDir(), "apply.json")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"=host", "STATE="+dir, "APPLY="+apply, "DELETE="+deletes)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &killedHost{t, dir, cmd}
}

// kill kills the engine when what it has recorded is as wished, and gives the records by Deployment.
func (h *killedHost) kill(what string, holds func(map[string]podRecord) bool) map[string]podRecord {
	h.Helper()
	deadline := time.Now().Add(patience)
	for !holds(h.recorded()) {
		if time.Now().After(deadline) {
			_ = h.cmd.Process.Kill()
			h.Fatalf("never: %s: %+v", what, h.recorded())
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := h.cmd.Process.Kill(); err != nil {
		h.Fatal(err)
	}
	_ = h.cmd.Wait()
	return h.recorded()
}

func (h *killedHost) recorded() map[string]podRecord {
	records := testRecords(h.T, h.dir)
	_, pods, err := records.load()
	if err != nil {
		h.Fatal(err)
	}
	out := map[string]podRecord{}
	for _, p := range pods {
		out[p.State.Deployment] = p
	}
	return out
}

func testRecords(t *testing.T, dir string) *records {
	t.Helper()
	boot, err := bootid.Read()
	if err != nil {
		t.Fatal(err)
	}
	return newRecords(dir, boot, slog.New(slog.DiscardHandler))
}

func allRecordedReady(n int) func(map[string]podRecord) bool {
	return func(pods map[string]podRecord) bool {
		for _, p := range pods {
			if !p.State.Ready {
				return false
			}
		}
		return len(pods) == n
	}
}

func ofDeployment(r *rig, name string) []Pod {
	var out []Pod
	for _, p := range r.Pods() {
		if p.Deployment == name {
			out = append(out, p)
		}
	}
	return out
}

// resume starts an engine over what a killed one left.
func resume(t *testing.T, dir string, set func(*Options)) *rig {
	t.Helper()
	return newRig(t, func(o *Options) {
		o.Dir = dir
		if set != nil {
			set(o)
		}
	})
}

// TestPodsOfAKilledRunAreAdopted kills two engines in a row and goes on with the pods of the first: nothing is restarted,
// what was ready stays ready, and what nobody applies goes.
func TestPodsOfAKilledRunAreAdopted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := []string{"server", "daemon", "abandoned"}
	deployments := []*appsv1.Deployment{newTestDeployment("server", "server"), newTestDeployment("daemon", "daemon"), newTestDeployment("abandoned", "server")}
	before := runHost(t, dir, "", deployments...).kill("all ready", allRecordedReady(3))
	again := runHost(t, dir, "", deployments...)
	between := again.kill("adopted once", allRecordedReady(3))

	r := resume(t, dir, nil)
	for _, name := range names {
		pods := ofDeployment(r, name)
		if len(pods) != 1 {
			t.Fatalf("%d pods of %s%s", len(pods), name, r.describe())
		}
		p, was := pods[0], before[name].State
		c := p.Containers[0]
		if p.Name != was.Name || !p.Ready || c.PID != was.Containers[0].PID || c.Restarts != 0 || c.State != StateRunning || c.Reason != "" ||
			!c.StartedAt.Equal(was.Containers[0].StartedAt) || !p.CreatedAt.Equal(was.CreatedAt) || !p.ReadySince.Equal(was.ReadySince) {
			t.Errorf("%s: %+v, before %+v", name, p, was)
		}
		if between[name].UID != before[name].UID {
			t.Errorf("%s has another uid", name)
		}
		if s := r.Status(key(name)); s.AvailableReplicas != 1 || s.UpdatedReplicas != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	r.Apply(newTestDeployment("server", "server"), References{})
	r.Apply(newTestDeployment("daemon", "daemon"), References{})
	for _, name := range names[:2] {
		if pods := ofDeployment(r, name); len(pods) != 1 || pods[0].Terminating || pods[0].Name != before[name].State.Name {
			t.Errorf("an unchanged %s is touched: %+v", name, pods)
		}
	}
	r.Retire()
	r.until("the abandoned one gone", func() bool { return len(ofDeployment(r, "abandoned")) == 0 })
	if _, err := readStat(before["abandoned"].State.Containers[0].PID); err == nil && len(running(inGroup(before["abandoned"].State.Containers[0].PID))) > 0 {
		t.Error("the abandoned process runs")
	}
	if ready := r.untilReady("server", 1); ready[0].Name != before["server"].State.Name {
		t.Error("another server is ready")
	}

	// An adopted process that ends is started again, as any other.
	if err := syscall.Kill(before["server"].State.Containers[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.until("a restart", func() bool {
		c := ofDeployment(r, "server")[0].Containers[0]
		return c.Restarts == 1 && c.Ready && c.PreviousLogFile != ""
	})
	// One whose template changes is rolled out.
	r.Apply(newTestDeployment("daemon", "daemon", env("NEW", "1")), References{})
	r.until("the changed one rolled out", func() bool {
		pods := ofDeployment(r, "daemon")
		return len(pods) == 1 && pods[0].Ready && pods[0].Name != before["daemon"].State.Name
	})
}

// TestAdoptedPodStaysReady watches that a pod that was ready is never seen unready while its probes begin anew.
func TestAdoptedPodStaysReady(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate := write(t, "", t.TempDir(), "gate")
	slow := newTestDeployment("slow", "server", env("GATE", gate), func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.ReadinessProbe.InitialDelaySeconds, c.ReadinessProbe.SuccessThreshold, c.ReadinessProbe.FailureThreshold = 1, 2, 2
		c.StartupProbe, c.LivenessProbe = httpProbe("/ready"), httpProbe("/alive")
	})
	before := runHost(t, dir, "", slow).kill("ready", allRecordedReady(1))
	r := &rig{T: t, news: make(chan struct{})}
	r.options = Options{Dir: dir, Changed: r.changed}
	r.start()
	t.Cleanup(r.stop)
	r.Apply(slow, References{})
	deadline := time.Now().Add(3 * time.Second) // longer than two periods and the initial delay
	for time.Now().Before(deadline) {
		if len(r.ready("slow")) != 1 {
			t.Fatalf("it was not ready for a moment:%s", r.describe())
		}
		time.Sleep(time.Millisecond)
	}
	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	c := r.first("unready", func(c ContainerState) bool { return !c.Ready })
	if c.PID != before["slow"].State.Containers[0].PID || c.Reason != ReasonNotReady || !strings.Contains(c.Message, "503") {
		t.Errorf("%+v", c)
	}
}

// TestProcessThatDiedMeanwhileIsRestarted ends one process of two while no engine runs.
func TestProcessThatDiedMeanwhileIsRestarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	two := newTestDeployment("two", "server", func(d *appsv1.Deployment) {
		second := d.Spec.Template.Spec.Containers[0]
		second.Name, second.Env = "second", []corev1.EnvVar{{Name: programVariable, Value: "stubborn"}}
		second.ReadinessProbe = nil
		d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, second)
		d.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "once", Command: []string{"sh", "-c", "echo ran >> $HOME/ran"}, Env: []corev1.EnvVar{{Name: "HOME", Value: dir}}}}
	})
	host := runHost(t, dir, "", two)
	pid := 0
	before := host.kill("both run", func(pods map[string]podRecord) bool {
		if !pods["two"].State.Ready {
			return false
		}
		pid = pods["two"].State.Containers[2].PID
		return len(running(inGroup(pid))) == 2
	})
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, pid)
	r := resume(t, dir, nil)
	if left := running(inGroup(pid)); len(left) > 0 {
		t.Errorf("what the dead one left in its group runs: %+v", left)
	}
	pod := r.Pods()[0]
	if main, second := pod.Containers[1], pod.Containers[2]; !main.Ready || main.PID != before["two"].State.Containers[1].PID || second.PID != 0 || second.Reason != ReasonError || pod.Ready {
		t.Errorf("adopted: %+v", pod)
	}
	r.Apply(two, References{})
	again := r.untilReady("two", 1)[0]
	if again.Name != pod.Name || again.Containers[1].PID != pod.Containers[1].PID || again.Containers[2].Restarts != 1 {
		t.Errorf("restarted: %+v", again)
	}
	if ran, err := os.ReadFile(filepath.Join(dir, "ran")); err != nil || string(ran) != "ran\n" {
		t.Errorf("the init container ran: %q, %v", ran, err)
	}
}

// awaitEnd waits until a process that was killed has ended: on a busy machine it lives on for a while, and would be adopted.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		stat, err := readStat(pid)
		if err != nil || stat.gone() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d does not end", pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestPodCaughtWhileStartingIsMadeAnew kills the engine while an init container runs.
func TestPodCaughtWhileStartingIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate := filepath.Join(t.TempDir(), "gate")
	d := newTestDeployment("initial", "server", func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "wait", Command: []string{"sh", "-c", "until [ -e " + gate + " ]; do sleep 0.02; done"}}}
	})
	before := runHost(t, dir, "", d).kill("the init container runs", func(pods map[string]podRecord) bool {
		p, ok := pods["initial"]
		return ok && p.State.Containers[0].PID != 0
	})
	r := resume(t, dir, nil)
	if pods := r.Pods(); len(pods) != 0 {
		t.Errorf("adopted: %+v", pods)
	}
	if left := running(inGroup(before["initial"].State.Containers[0].PID)); len(left) > 0 {
		t.Errorf("the init container runs: %+v", left)
	}
	write(t, "", gate)
	r.Apply(d, References{})
	if pod := r.untilReady("initial", 1)[0]; pod.Name == before["initial"].State.Name || len(r.Pods()) != 1 {
		t.Errorf("pods: %+v", r.Pods())
	}
}

// TestTerminatingPodGoesOnDraining kills the engine while a pod is drained.
func TestTerminatingPodGoesOnDraining(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := runHost(t, dir, "leaving", newTestDeployment("leaving", "server")).kill("it is drained", func(pods map[string]podRecord) bool {
		return pods["leaving"].State.Terminating
	})
	drains, drained := make(chan Pod, 1), make(chan struct{})
	r := resume(t, dir, func(o *Options) {
		o.Drain = func(ctx context.Context, p Pod) error {
			drains <- p
			select {
			case <-drained:
			case <-ctx.Done():
			}
			return nil
		}
	})
	p := <-drains
	if now := r.Pods(); len(now) != 1 || !now[0].Terminating || !now[0].Ready || !p.Terminating || p.Name != before["leaving"].State.Name {
		t.Errorf("drained: %+v, pods %+v", p, now)
	}
	// The same Deployment, wanted again, has a new pod beside the one that goes.
	r.Apply(newTestDeployment("leaving", "server"), References{})
	next := r.untilReady("leaving", 1)[0]
	if next.Name == p.Name || next.Ports[8080] == p.Ports[8080] {
		t.Errorf("the next one: %+v", next)
	}
	close(drained)
	r.until("one pod", func() bool { return len(r.Pods()) == 1 })
}

// TestRecordsThatCanNotBeUsed has records spoilt while no engine runs: what they name is ended and made anew, and nothing else
// is touched.
func TestRecordsThatCanNotBeUsed(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"pod record cut off": func(t *testing.T, dir string) {
			file := only(t, dir, "replicas")
			if err := os.Truncate(file, 40); err != nil {
				t.Fatal(err)
			}
		},
		"Deployment's record empty": func(t *testing.T, dir string) { write(t, "", only(t, dir, "deployments")) },
		"another format":            func(t *testing.T, dir string) { replaceIn(t, only(t, dir, "replicas"), `"format":1`, `"format":99`) },
		"another boot": func(t *testing.T, dir string) {
			boot, err := bootid.Read()
			if err != nil {
				t.Fatal(err)
			}
			replaceIn(t, only(t, dir, "replicas"), boot, "earlier")
			replaceIn(t, only(t, dir, "processes"), boot, "earlier")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := newTestDeployment("server", "server")
			before := runHost(t, dir, "", d).kill("ready", allRecordedReady(1))["server"].State
			spoil(t, dir)
			r := resume(t, dir, nil)
			if pods := r.Pods(); len(pods) != 0 {
				t.Errorf("adopted: %+v", pods)
			}
			if left := running(inGroup(before.Containers[0].PID)); len(left) > 0 {
				t.Errorf("it runs on: %+v", left)
			}
			r.Apply(d, References{})
			if pod := r.untilReady("server", 1)[0]; pod.Name == before.Name {
				t.Errorf("the same pod: %+v", pod)
			}
		})
	}
}

// TestReusedPidIsNotTouched has a pod's record name this test's own child, as if the pod's process had ended and its pid had
// been given away.
func TestReusedPidIsNotTouched(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*entry){
		"another start":   func(e *entry) { e.Start++ },
		"another boot":    func(e *entry) { e.Boot = "earlier" },
		"not of this run": func(e *entry) { e.Pod = "nobody"; e.Start++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := newTestDeployment("server", "server")
			before := runHost(t, dir, "", d).kill("ready", allRecordedReady(1))["server"].State
			if err := syscall.Kill(before.Containers[0].PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			stranger := exec.Command("sleep", "3600")
			stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := stranger.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = stranger.Process.Kill()
				_ = stranger.Wait()
			}()
			file := only(t, dir, "processes")
			var e entry
			data, err := os.ReadFile(file)
			if err == nil {
				err = json.Unmarshal(data, &e)
			}
			if err != nil {
				t.Fatal(err)
			}
			stat, err := readStat(stranger.Process.Pid)
			if err != nil {
				t.Fatal(err)
			}
			e.PID, e.Start = stat.pid, stat.start
			change(&e)
			data, err = json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			write(t, string(data), dir, "processes", strconv.Itoa(e.PID)+".json")
			write(t, "{not json", dir, "processes", "7.json")
			r := resume(t, dir, nil)
			r.Apply(d, References{})
			if pod := r.untilReady("server", 1)[0]; pod.Name != before.Name || pod.Containers[0].Restarts != 1 || pod.Containers[0].PID == stat.pid {
				t.Errorf("%+v", pod)
			}
			if now, err := readStat(stat.pid); err != nil || now.gone() || now.start != stat.start {
				t.Errorf("the stranger was ended: %+v, %v", now, err)
			}
		})
	}
}

// TestAdoptedProbeHasTheProcessEnvironment probes by a command that needs a value of a Secret, which nobody has given to the
// engine that adopts; it is kept out of messages all the same.
func TestAdoptedProbeHasTheProcessEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate := write(t, "", t.TempDir(), "gate")
	d := newTestDeployment("secretive", "sleep", env("GATE", gate), func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.Env = append(c.Env, corev1.EnvVar{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "secret"}, Key: "token"}}})
		c.ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 1, TimeoutSeconds: 30, ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{
			Command: []string{"sh", "-c", `[ "$TOKEN" = xyzzy-token ] && [ -e "$GATE" ] || { echo "$TOKEN stays out"; exit 1; }`},
		}}}
		short := int64(0)
		d.Spec.Template.Spec.TerminationGracePeriodSeconds = &short
	})
	runHost(t, dir, "", d).kill("ready", allRecordedReady(1))
	for _, sub := range []string{"deployments", "replicas", "processes"} {
		if data, err := os.ReadFile(only(t, dir, sub)); err != nil || strings.Contains(string(data), "= xyzzy") == (sub == "processes") || strings.Contains(string(data), `"xyzzy-token"`) {
			t.Errorf("%s holds %s, %v", sub, data, err)
		}
	}
	r := resume(t, dir, nil)
	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	c := r.first("unready", func(c ContainerState) bool { return !c.Ready && c.Message != "" })
	if !strings.Contains(c.Message, "[redacted] stays out") {
		t.Errorf("message %q", c.Message)
	}
	write(t, "", gate)
	r.first("ready", func(c ContainerState) bool { return c.Ready })
}

// TestProcessWithATitleIsAdopted has a process overwrite its environment, as gunicorn, nginx and vLLM do: it is known all the
// same, and its probes have what it was started with.
func TestProcessWithATitleIsAdopted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := newTestDeployment("titled", "titled", env("WORD", "hello"), func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.Env = append(c.Env, corev1.EnvVar{Name: "TOKEN", ValueFrom: secretRef("secret", "token", nil)})
		c.LivenessProbe = &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 1, TimeoutSeconds: 30, ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{
			Command: []string{"sh", "-c", `[ "$WORD" = hello ] && [ -z "$DEAD" -o ! -e "$DEAD" ] || { echo "$WORD and $TOKEN"; exit 1; }`},
		}}}
	}, env("DEAD", filepath.Join(dir, "dead")))
	before := runHost(t, dir, "", d).kill("ready", allRecordedReady(1))["titled"].State
	if marked(podVariable + "=" + dir + "#default/" + before.Name)(procStat{pid: before.Containers[0].PID}) {
		t.Fatal("the process has not overwritten its environment")
	}
	r := resume(t, dir, nil)
	if pods := r.Pods(); len(pods) != 1 || pods[0].Name != before.Name || pods[0].Containers[0].PID != before.Containers[0].PID || !pods[0].Ready {
		t.Fatalf("not adopted:%s", r.describe())
	}
	write(t, "", dir, "dead")
	c := r.first("the liveness failure", func(c ContainerState) bool { return strings.Contains(c.Message, "liveness probe failed") })
	if !strings.Contains(c.Message, "hello and [redacted]") {
		t.Errorf("message %q", c.Message)
	}
	r.first("its end", func(c ContainerState) bool { return c.PID != before.Containers[0].PID })
}

// TestStartThatWasNotRecordedIsEnded has a container's second process be one that runs and that nobody has recorded, as when
// the engine is killed right after it was started.
func TestStartThatWasNotRecordedIsEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := newTestDeployment("server", "server")
	before := runHost(t, dir, "", d).kill("ready", allRecordedReady(1))["server"].State
	// The process is there, its record is not, and a start was announced.
	file := only(t, dir, "processes")
	if err := os.Rename(file, filepath.Join(dir, "processes", "default_"+before.Name+"_main"+announced)); err != nil {
		t.Fatal(err)
	}
	r := resume(t, dir, nil)
	if pods := r.Pods(); len(pods) != 0 {
		t.Errorf("adopted: %+v", pods)
	}
	if left := running(inGroup(before.Containers[0].PID)); len(left) > 0 {
		t.Errorf("it runs on: %+v", left)
	}
	r.Apply(d, References{})
	r.untilReady("server", 1)
	if files, err := filepath.Glob(filepath.Join(dir, "processes", "*")); err != nil || len(files) != 1 {
		t.Errorf("records: %v, %v", files, err)
	}
}

// TestPodsOfAStopThatWasKilledGo kills an engine that waits for a process to end: that one is on its way out, so that another
// pod takes its place.
func TestPodsOfAStopThatWasKilledGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := newTestDeployment("stubborn", "stubborn", func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].ReadinessProbe = nil })
	before := runHost(t, dir, "stop", d).kill("being ended", func(pods map[string]podRecord) bool { return pods["stubborn"].State.Terminating })
	r := resume(t, dir, nil)
	r.Apply(d, References{})
	r.until("another pod alone", func() bool {
		pods := r.Pods()
		return len(pods) == 1 && pods[0].Name != before["stubborn"].State.Name && pods[0].Containers[0].PID != 0
	})
}

// TestContainerIsAdoptedWithItsClient has a container engine's client outlive the engine of ours, and another's not.
func TestContainerIsAdoptedWithItsClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	podman := write(t, "#!/bin/sh\necho \"$@\" >> "+calls+"\ncase $1 in run) exec sleep 3600;; esac\n", dir, "podman")
	if err := os.Chmod(podman, 0o700); err != nil {
		t.Fatal(err)
	}
	contained := func(name string) *appsv1.Deployment {
		return newTestDeployment(name, "server", func(d *appsv1.Deployment) {
			d.Spec.Template.Annotations = map[string]string{"local.sluice.dev/main": "container"}
			probe := execProbe("true")
			probe.PeriodSeconds = 1
			d.Spec.Template.Spec.Containers[0] = corev1.Container{Name: "main", Image: "example/server:1", ReadinessProbe: probe}
		})
	}
	before := runHost(t, dir, "", contained("lives"), contained("dies")).kill("ready", allRecordedReady(2))
	lives, dies := before["lives"].State, before["dies"].State
	if err := syscall.Kill(dies.Containers[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	write(t, "", calls)
	r := resume(t, dir, func(o *Options) { o.ContainerEngine = podman })
	r.Apply(contained("lives"), References{})
	r.Apply(contained("dies"), References{})
	called := func(line string) bool {
		got, err := os.ReadFile(calls)
		return err == nil && strings.Contains(string(got), line)
	}
	r.poll("a probe in the adopted container", func() bool { return called("exec sluice-default-" + lives.Name + "-main true\n") })
	if p := r.ready("lives"); len(p) != 1 || p[0].Containers[0].PID != lives.Containers[0].PID || called("run --rm --name sluice-default-"+lives.Name) {
		t.Errorf("adopted: %+v", p)
	}
	r.until("the other one again", func() bool { p := r.ready("dies"); return len(p) == 1 && p[0].Containers[0].Restarts == 1 })
	if !called("rm --force sluice-default-" + dies.Name + "-main\n") {
		t.Error("the container whose client had died was not removed before it was started again")
	}
}

// TestAdoptedGroupIsSignalledWithoutTheKernelsHelp ends a group member by member, as on kernels before 6.9.
func TestAdoptedGroupIsSignalledWithoutTheKernelsHelp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	records, err := openLedger(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	mark := podVariable + "=" + dir + "#default/p"
	cmd := exec.Command("sh", "-c", "sleep 3600 & sleep 3600 & wait")
	cmd.Env = append(os.Environ(), mark)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ours := marked(mark)
	for len(running(ours)) < 3 {
		time.Sleep(10 * time.Millisecond)
	}
	stat, err := readStat(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	p := records.adopt(entry{PID: stat.pid, Start: stat.start, Boot: records.boot, Mark: mark}, mark)
	if p == nil {
		t.Fatal("it is not adopted")
	}
	p.signalMembers(syscall.SIGTERM)
	_ = cmd.Wait()
	<-p.exited
	waitNone(ours, patience, nil)
	if left := running(ours); len(left) > 0 || !strings.Contains(p.exit.String(), "not known") {
		t.Errorf("left %+v, exit %v", left, p.exit)
	}
}

func TestRecordsOfAnEndedPodAreRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(newTestDeployment("server", "server"), References{})
	r.untilReady("server", 1)
	for _, sub := range []string{"deployments", "replicas", "processes"} {
		only(t, r.options.Dir, sub)
	}
	r.Delete(key("server"))
	r.until("gone", func() bool { return len(r.Pods()) == 0 })
	for _, sub := range []string{"deployments", "replicas", "processes", "pods"} {
		if files, err := os.ReadDir(filepath.Join(r.options.Dir, sub)); err != nil || len(files) > 0 {
			t.Errorf("%s: %v, %v", sub, files, err)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte(`{"format":1,"template":{"spec":{"containers":[{"name":"c"}]}},"state":{"Name":"p","Deployment":"d","Containers":[{"Name":"c","PID":1}]}}`))
	f.Add([]byte(`{"format":1,"spec":{"metadata":{"name":"d"}},"hash":"h"}`))
	f.Add([]byte(`{"format":1,"template":null,"state":{"Containers":[{"Init":true}]}}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		d, err := parseDeploymentRecord(data)
		_ = err
		if p, err := parsePodRecord(data); err == nil {
			d.Spec = &appsv1.Deployment{}
			survey(nil, []podRecord{p}, nil, nil)
			remains{record: p}.adoptable()
		}
	})
}

// only gives the only file of a folder of the state directory.
func only(t *testing.T, dir, sub string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, sub, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files in %s: %v, %v", sub, files, err)
	}
	return files[0]
}

func replaceIn(t *testing.T, file, old, text string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(data), old) {
		t.Fatalf("no %q in %s: %v", old, data, err)
	}
	write(t, strings.ReplaceAll(string(data), old, text), file)
}
