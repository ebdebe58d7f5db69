package engine

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func shell(name, script string, change ...func(*appsv1.Deployment)) *appsv1.Deployment {
	return newTestDeployment(name, "", append([]func(*appsv1.Deployment){func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0] = corev1.Container{Name: "main", Command: []string{"sh", "-c", script}}
	}}, change...)...)
}

func execProbe(args ...string) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: args}}, PeriodSeconds: 1, TimeoutSeconds: 5}
}

func TestImageNotRunnable(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*appsv1.Deployment){
		"no command": func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[0] = corev1.Container{Name: "main", Image: "example/server:1"}
		},
		"a command of the image": func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "example/server:1" },
		"no container engine": func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[0].Image = "example/server:1"
			d.Spec.Template.Annotations = map[string]string{"local.sluice.dev/main": "container"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.Apply(newTestDeployment("m", "server", change), References{})
			c := r.first("a reason", func(c ContainerState) bool { return c.Reason == ReasonImageNotRunnable })
			if c.State != StateWaiting || !strings.Contains(c.Message, "example/server:1") || !strings.Contains(c.Message, "podman") {
				t.Errorf("%+v", c)
			}
			r.until("the status", func() bool {
				return condition(r.Status(key("m")), appsv1.DeploymentAvailable).Reason == ReasonImageNotRunnable
			})
		})
	}
}

func TestMissingCommandNamesPath(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "server", func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Command = []string{"no-such-program"} }), References{})
	c := r.first("a reason", func(c ContainerState) bool { return c.Reason == ReasonStartError })
	if !strings.Contains(c.Message, "no-such-program") || !strings.Contains(c.Message, "PATH") {
		t.Errorf("%+v", c)
	}
}

func TestMissingSecretIsTakenWhenItComes(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	d := newTestDeployment("m", "server", func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}}}
	})
	r.Apply(d, References{})
	c := r.first("a reason", func(c ContainerState) bool { return c.Reason == ReasonCreateContainerConfig })
	if !strings.Contains(c.Message, `Secret "s" is missing`) {
		t.Errorf("%+v", c)
	}
	r.Apply(d, References{Secrets: map[string]*corev1.Secret{"s": {Data: map[string][]byte{"KEY": []byte("value")}}}})
	p := r.untilReady("m", 1)[0]
	if !strings.Contains(r.get(p, "/env"), "KEY=value") {
		t.Error("the secret's key is not in the environment")
	}
}

func TestVolumesOfEveryKind(t *testing.T) {
	t.Parallel()
	claim := t.TempDir()
	write(t, "from claim", claim, "sub", "file")
	single := write(t, "from host file", t.TempDir(), "iris.onnx")
	refs := References{
		Claims:     map[string]string{"claim": claim},
		ConfigMaps: map[string]*corev1.ConfigMap{"c": {Data: map[string]string{"a": "from config map"}}},
		Secrets:    map[string]*corev1.Secret{"s": {Data: map[string][]byte{"b": []byte("from secret"), "unused": []byte("x")}}},
	}
	r := newRig(t, nil)
	r.Apply(shell("m", "cat /mnt/claim/file /etc/conf/a /etc/sec/renamed /mnt/models/model.onnx; ls /mnt/models; echo x > /scratch/x && cat /scratch/x; pwd; exec sleep 3600", func(d *appsv1.Deployment) {
		s := &d.Spec.Template.Spec
		s.Containers[0].WorkingDir = "/scratch"
		s.Containers[0].ReadinessProbe = execProbe("true")
		s.Volumes = []corev1.Volume{
			{Name: "claim", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"}}},
			{Name: "conf", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "c"}}}},
			{Name: "sec", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s", Items: []corev1.KeyToPath{{Key: "b", Path: "renamed"}}}}},
			{Name: "file", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: single}}},
			{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		}
		s.Containers[0].VolumeMounts = []corev1.VolumeMount{
			{Name: "claim", MountPath: "/mnt/claim", SubPath: "sub"}, {Name: "conf", MountPath: "/etc/conf"}, {Name: "sec", MountPath: "/etc/sec"},
			{Name: "file", MountPath: "/mnt/models/model.onnx"}, {Name: "scratch", MountPath: "/scratch/"},
		}
	}), refs)
	p := r.untilReady("m", 1)[0]
	var log []byte
	r.poll("all lines", func() bool {
		log, _ = os.ReadFile(p.Containers[0].LogFile)
		return strings.Contains(string(log), "/volumes/scratch")
	})
	for _, want := range []string{"from claim", "from config map", "from secret", "from host file", "model.onnx", "x\n"} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	r.Delete(key("m"))
	r.until("nothing", func() bool { return len(r.Pods()) == 0 })
	if entries, err := os.ReadDir(filepath.Join(r.options.Dir, "pods")); err != nil || len(entries) > 0 {
		t.Errorf("the pod's volumes stay: %v, %v", entries, err)
	}
}

func TestVolumeErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	outside := corev1.VolumeMount{Name: "v", MountPath: "/v", SubPath: "../x"}
	for want, mount := range map[string]struct {
		source corev1.VolumeSource
		mount  corev1.VolumeMount
	}{
		"does not exist on this machine":    {source: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/no/such/model"}}},
		`PersistentVolumeClaim "c" is miss`: {source: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}},
		"can't be had on one machine":       {source: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{}}},
		"leads out of the volume":           {source: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, mount: outside},
	} {
		m := mount.mount
		if m.Name == "" {
			m = corev1.VolumeMount{Name: "v", MountPath: "/v"}
		}
		v := volumes{dir: t.TempDir(), spec: []corev1.Volume{{Name: "v", VolumeSource: mount.source}}}
		_, err := v.mountsOf(&corev1.Container{Name: "c", VolumeMounts: []corev1.VolumeMount{m}}, lookupIn(nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestInitContainersRunInOrderAndSidecarsStay(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	out := filepath.Join(t.TempDir(), "order")
	always := corev1.ContainerRestartPolicyAlways
	r.Apply(shell("m", "echo main >> "+out+"; exec sleep 3600", func(d *appsv1.Deployment) {
		s := &d.Spec.Template.Spec
		s.Containers[0].ReadinessProbe = execProbe("grep", "-q", "main", out)
		s.InitContainers = []corev1.Container{
			{Name: "one", Command: []string{"sh", "-c", "echo one >> " + out + "; test $(wc -l < " + out + ") -ge 2"}}, // fails at first
			{Name: "side", RestartPolicy: &always, Command: []string{"sh", "-c", "echo side >> " + out + "; exec sleep 3600"}, StartupProbe: execProbe("grep", "-q", "side", out)},
			{Name: "two", Command: []string{"sh", "-c", "echo two >> " + out}},
		}
		s.InitContainers[1].ReadinessProbe = execProbe("true")
	}), References{})
	p := r.untilReady("m", 1)[0]
	if got, _ := os.ReadFile(out); string(got) != "one\none\nside\ntwo\nmain\n" {
		t.Errorf("order %q", got)
	}
	for i, want := range []string{StateTerminated, StateRunning, StateTerminated, StateRunning} {
		if p.Containers[i].State != want {
			t.Errorf("%+v, want %s", p.Containers[i], want)
		}
	}
}

// A container that is started anew takes no new requests from the moment that this is decided, and finishes those that it has.
func TestLivenessRestartsTheContainer(t *testing.T) {
	t.Parallel()
	asked, idle := make(chan Pod, 10), make(chan struct{})
	r := newRig(t, func(o *Options) {
		o.Drain = func(ctx context.Context, p Pod) error {
			asked <- p
			select {
			case <-idle:
			case <-ctx.Done():
			}
			return ctx.Err()
		}
	})
	dead := filepath.Join(t.TempDir(), "dead")
	r.Apply(newTestDeployment("m", "server", env("DEAD", dead), func(d *appsv1.Deployment) {
		p := httpProbe("/alive")
		p.FailureThreshold = 1
		d.Spec.Template.Spec.Containers[0].LivenessProbe = p
	}), References{})
	before := r.untilReady("m", 1)[0]
	write(t, "", dead)
	if p := <-asked; p.Ready || p.Terminating || p.Containers[0].PID != before.Containers[0].PID {
		t.Errorf("drained as %+v", p)
	}
	r.until("nobody is sent to it", func() bool {
		p := r.Pods()[0]
		return !p.Ready && strings.Contains(p.Containers[0].Message, "liveness")
	})
	if c := r.Pods()[0].Containers[0]; c.PID != before.Containers[0].PID || strings.Contains(logText(c.LogFile), "told to end") {
		t.Errorf("it was ended before it was idle: %+v", c)
	}
	close(idle)
	c := r.first("the liveness failure", func(c ContainerState) bool {
		return c.State == StateWaiting && strings.Contains(c.Message, "liveness probe failed")
	})
	if !strings.Contains(c.Message, "stuck") || c.State != StateWaiting {
		t.Errorf("%+v", c)
	}
	if err := os.Remove(dead); err != nil {
		t.Fatal(err)
	}
	after := r.untilReady("m", 1)[0]
	if after.Name != before.Name || after.Containers[0].PID == before.Containers[0].PID || after.Containers[0].Restarts == 0 {
		t.Errorf("%+v", after)
	}
}

// A process that hangs has its requests in flight for ever.
func TestLivenessWaitsForNoProcessThatHangs(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Drain = func(ctx context.Context, _ Pod) error { <-ctx.Done(); return ctx.Err() }
	})
	dead := filepath.Join(t.TempDir(), "dead")
	r.Apply(newTestDeployment("m", "server", env("DEAD", dead), func(d *appsv1.Deployment) {
		p, grace := httpProbe("/alive"), int64(1)
		p.FailureThreshold, p.TerminationGracePeriodSeconds = 1, &grace
		d.Spec.Template.Spec.Containers[0].LivenessProbe = p
	}), References{})
	r.untilReady("m", 1)
	write(t, "", dead)
	r.first("the next start", func(c ContainerState) bool { return c.Restarts > 0 })
}

func TestStartupProbeHoldsTheOthersBackAndGivesUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(shell("m", "exec sleep 3600", func(d *appsv1.Deployment) {
		p := execProbe("sh", "-c", "echo not yet; exit 1")
		p.FailureThreshold = 2
		d.Spec.Template.Spec.Containers[0].StartupProbe = p
		d.Spec.Template.Spec.Containers[0].ReadinessProbe = execProbe("true")
	}), References{})
	c := r.first("the startup failure", func(c ContainerState) bool { return strings.Contains(c.Message, "startup probe failed 2 times") })
	if c.Ready || !strings.Contains(c.Message, "not yet") {
		t.Errorf("%+v", c)
	}
}

func TestGRPCProbe(t *testing.T) {
	t.Parallel()
	service := "model"
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "grpc", func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.Ports = []corev1.ContainerPort{{Name: "h2c", ContainerPort: 9000}}
		c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000, Service: &service}}, PeriodSeconds: 1, TimeoutSeconds: 5}
	}), References{})
	r.untilReady("m", 1)
}

func TestWithoutAProbeThePortDecides(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(shell("m", "exec python3 -m http.server --bind 127.0.0.1 $PORT"), References{})
	p := r.untilReady("m", 1)[0]
	if got := r.get(p, "/"); !strings.Contains(got, "Directory listing") {
		t.Error(got)
	}
}

func TestWrongPortIsNoticed(t *testing.T) {
	t.Parallel()
	pool := newPortPool()
	free, err := pool.take([]int32{1})
	if err != nil {
		t.Fatal(err)
	}
	declared := free[1]
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "", func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0] = corev1.Container{
			Name: "main", Command: []string{"python3", "-m", "http.server", "--bind", "127.0.0.1", fmt.Sprint(declared)},
			Ports:          []corev1.ContainerPort{{Name: "http", ContainerPort: declared}},
			ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("http")}}},
		}
	}), References{})
	c := r.first("the wrong port", func(c ContainerState) bool { return c.Reason == ReasonWrongPort })
	real := r.Pods()[0].Ports[declared]
	if want := fmt.Sprintf("listens on %d instead of %d: read PORT", declared, real); !strings.HasPrefix(c.Message, want) || c.Ready {
		t.Errorf("%+v, want %s", c, want)
	}
}

func TestCommandSluiceIsSluiceItself(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Self, _ = os.Executable() })
	r.Apply(newTestDeployment("m", "server", func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.Command, c.Image = []string{"sluice", "serve"}, "sluice"
		d.Spec.Template.Annotations = map[string]string{"local.sluice.dev/main": "process"}
	}), References{})
	r.untilReady("m", 1)
}

func TestContainerEngineIsRunAndItsContainerRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	engine := write(t, "#!/bin/sh\necho \"$@\" >> "+calls+"\ncase $1 in run) exec sleep 3600;; esac\n", dir, "podman")
	if err := os.Chmod(engine, 0o700); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(o *Options) { o.ContainerEngine = engine })
	r.Apply(newTestDeployment("m", "server", func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{"local.sluice.dev/main": "container"}
		d.Spec.Template.Spec.Containers[0] = corev1.Container{Name: "main", Image: "example/server:1", ReadinessProbe: execProbe("true")}
	}), References{})
	p := r.untilReady("m", 1)[0]
	r.Delete(key("m"))
	r.until("nothing", func() bool { return len(r.Pods()) == 0 })
	got, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	name := "sluice-default-" + p.Name + "-main"
	for _, want := range []string{
		fmt.Sprintf("run --rm --name %s -p 127.0.0.1:%d:8080 ", name, p.Ports[8080]), "exec " + name + " true\n", "rm --force " + name + "\n",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("calls lack %q:\n%s", want, got)
		}
	}
}

// A wheel made on the spot is installed by its file URL, so that the test needs no network.
func TestRequirementsAreInstalledOnceAndFirstOnPath(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("SLUICE_CACHE", cache)
	t.Setenv("PIP_NO_INDEX", "1")
	wheel := filepath.Join(t.TempDir(), "sluicetest-1.0-py3-none-any.whl")
	makeWheel(t, wheel)
	requirements := "sluicetest @ file://" + wheel
	r := newRig(t, nil)
	d := shell("m", `test "$(command -v python)" = "$VIRTUAL_ENV/bin/python" && python -c "import sluicetest; print(sluicetest.answer)" && exec sleep 3600`, func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{AnnotationRequirements: requirements}
		d.Spec.Template.Spec.Containers[0].ReadinessProbe = execProbe("true")
	})
	r.Apply(d, References{})
	c := r.first("installing", func(c ContainerState) bool { return c.Reason == ReasonInstallingRequirements })
	if c.State != StateWaiting || !strings.Contains(c.Message, "sluicetest") {
		t.Errorf("%+v", c)
	}
	p := r.untilReady("m", 1)[0]
	r.poll("the package", func() bool {
		log, _ := os.ReadFile(p.Containers[0].LogFile)
		return strings.Contains(string(log), "Successfully installed sluicetest-1.0") && strings.HasSuffix(string(log), "42\n")
	})
	environments, err := newPythonEnvironments(os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	list, err := parseRequirements(requirements)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(wheel); err != nil { // the second time nothing is installed
		t.Fatal(err)
	}
	if _, err := environments.ensure(context.Background(), list, os.Stderr); err != nil {
		t.Error(err)
	}
}

func makeWheel(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for file, text := range map[string]string{
		"sluicetest.py":                     "answer = 42\n",
		"sluicetest-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: sluicetest\nVersion: 1.0\n",
		"sluicetest-1.0.dist-info/WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"sluicetest-1.0.dist-info/RECORD":   "",
	} {
		part, err := w.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLifecycleHooks(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	out := filepath.Join(t.TempDir(), "order")
	hook := func(text string) *corev1.LifecycleHandler {
		return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "echo " + text + " >> " + out}}}
	}
	r.Apply(shell("m", "trap 'echo term >> "+out+"; exit 0' TERM; while :; do sleep 0.05; done", func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.Lifecycle = &corev1.Lifecycle{PostStart: hook("start"), PreStop: hook("stop")}
		c.ReadinessProbe = execProbe("true")
	}), References{})
	r.untilReady("m", 1)
	r.Delete(key("m"))
	r.until("nothing", func() bool { return len(r.Pods()) == 0 })
	if got, _ := os.ReadFile(out); string(got) != "start\nstop\nterm\n" {
		t.Errorf("order %q", got)
	}
	r.Apply(shell("f", "exec sleep 3600", func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"false"}}}}
	}), References{})
	r.first("the hook's failure", func(c ContainerState) bool { return strings.Contains(c.Message, "postStart hook failed") })
}
