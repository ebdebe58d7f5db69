package engine

import (
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// A process's environment, which may hold Secrets, is kept for what a later run may go on with, and while that runs.
func TestEnvironmentIsKeptForWhatCanBeAdopted(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	r := newRig(t, nil)
	r.Apply(shell("kept", "until [ -e "+gate+" ]; do sleep 0.02; done; exit 1", func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "fetch", Command: []string{"true"}}}
	}), References{})
	r.until("it runs", func() bool { return len(r.Pods()) == 1 && r.Pods()[0].Containers[1].State == StateRunning })
	kept := func() []string {
		files, err := filepath.Glob(filepath.Join(r.options.Dir, "pods", "*", "environment", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	if files := kept(); len(files) != 1 || filepath.Base(files[0]) != "main" {
		t.Errorf("while it runs there are %v", files)
	}
	write(t, "", gate)
	r.poll("none while it waits to be started again", func() bool { return len(kept()) == 0 })
}
