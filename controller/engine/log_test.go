package engine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestTellingLineIsTheCause(t *testing.T) {
	t.Parallel()
	for want, log := range map[string]string{
		"":                                  "\n \n",
		"bye":                               "hello\nbye\n\n",
		"panic: no model":                   "panic: no model\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:5\n",
		"ValueError: bad shape":             "Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: bad shape\n",
		`{"level":"error","msg":"a"}`:       `{"level":"info","msg":"start"}` + "\n" + `{"level":"error","msg":"a"}` + "\n" + `{"level":"info","msg":"stop"}`,
		"sluice: a.onnx can't be served":    "sluice: a.onnx can't be served\nstopping\n",
		"last, though terrors are no error": "first error\nlast, though terrors are no error",
	} {
		if got := tellingLine([]byte(log)); got != want {
			t.Errorf("%q: %q, want %q", log, got, want)
		}
	}
}

func TestKeepEndKeepsTheReason(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1000) + " reason"
	if got := keepEnd(long); !strings.HasSuffix(got, " reason") || !strings.HasPrefix(got, "…é") || len(got) > 410 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	if got := keepEnd("short"); got != "short" {
		t.Error(got)
	}
}

// A model file stands in a view whose path no user knows; the message names the file of the manifest, and has its end.
func TestCrashNamesTheUsersPathAndTheCause(t *testing.T) {
	t.Parallel()
	file := write(t, "no model", t.TempDir(), "bad.onnx")
	r := newRig(t, nil)
	r.Apply(shell("m", "echo starting; echo \"error: load /mnt/models/bad.onnx failed: $MODEL: Protobuf parsing failed. (it is no ONNX model)\"; echo stopping; exit 1", func(d *appsv1.Deployment) {
		s := &d.Spec.Template.Spec
		s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: file}}}}
		s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/mnt/models/bad.onnx"}}
		s.Containers[0].Env = []corev1.EnvVar{{Name: "MODEL", Value: "/mnt/models/bad.onnx"}}
	}), References{})
	c := r.first("the crash", func(c ContainerState) bool { return c.State == StateWaiting && c.Reason != ReasonContainerCreating })
	want := "load " + file + " failed: " + file + ": Protobuf parsing failed. (it is no ONNX model)"
	if !strings.Contains(c.Message, want) || strings.Contains(c.Message, r.options.Dir) {
		t.Errorf("message %q, want %q", c.Message, want)
	}
}

func TestLogOfTheProcessBeforeIsKeptApart(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	count := filepath.Join(t.TempDir(), "count")
	r.Apply(shell("m", "echo x >> "+count+"; n=$(wc -l < "+count+"); echo run $n; test $n -ge 3 && exec sleep 3600; exit 1", func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].ReadinessProbe = execProbe("sh", "-c", "test $(wc -l < "+count+") -ge 3")
	}), References{})
	first := r.first("the first crash", func(c ContainerState) bool { return c.Reason == ReasonError })
	if first.PreviousLogFile != "" || first.Restarts != 0 {
		t.Errorf("%+v", first)
	}
	c := r.untilReady("m", 1)[0].Containers[0]
	r.poll("the last process's log", func() bool { return logText(c.LogFile) == "run 3\n" })
	if got := logText(c.PreviousLogFile); got != "run 2\n" {
		t.Errorf("previous %q, want that of the second run", got)
	}
}

func logText(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// A pod that is not ready for a moment has requests in flight as before.
func TestUnreadyPodThatHasServedIsDrained(t *testing.T) {
	t.Parallel()
	for _, everReady := range []bool{true, false} {
		gate := filepath.Join(t.TempDir(), "gate")
		drained := make(chan string, 1)
		r := newRig(t, func(o *Options) {
			o.Drain = func(_ context.Context, p Pod) error { drained <- p.Name; return nil }
		})
		if everReady {
			write(t, "", gate)
		}
		r.Apply(newTestDeployment("m", "server", env("GATE", gate), func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[0].ReadinessProbe.FailureThreshold = 1
		}), References{})
		if everReady {
			r.untilReady("m", 1)
			if err := os.Remove(gate); err != nil {
				t.Fatal(err)
			}
		}
		r.first("an unready process", func(c ContainerState) bool { return c.PID != 0 && !c.Ready && strings.Contains(c.Message, "loading") })
		r.Delete(key("m"))
		r.until("nothing", func() bool { return len(r.Pods()) == 0 })
		if got := len(drained) == 1; got != everReady {
			t.Errorf("ever ready %v: drained %v", everReady, got)
		}
	}
}

// Two failures in a row are fewer than failureThreshold: a machine that is busy for a moment loses no replica.
func TestFailedProbesBelowTheThresholdLeaveAPodReady(t *testing.T) {
	t.Parallel()
	count := filepath.Join(t.TempDir(), "count")
	r := newRig(t, nil)
	r.Apply(shell("m", "exec sleep 3600", func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].ReadinessProbe = execProbe("sh", "-c", "echo x >> "+count+"; case $(wc -l < "+count+") in 2|3) exit 1;; esac")
	}), References{})
	since := r.untilReady("m", 1)[0].ReadySince
	r.poll("probes after the failed ones", func() bool { return strings.Count(logText(count), "x") >= 5 })
	if p := r.Pods()[0]; !p.Ready || !p.ReadySince.Equal(since) {
		t.Errorf("the pod was taken out: ready %v since %v, at first since %v", p.Ready, p.ReadySince, since)
	}
}
