package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestContainerRunArguments(t *testing.T) {
	t.Parallel()
	user := int64(1000)
	r := containerRun{
		engine: "/usr/bin/podman", name: "sluice-default-p-c", address: "127.0.0.1",
		ports:     portMap{8080: 21001, 9000: 21002},
		mounts:    []mount{{path: "/mnt/models", real: "/home/me/iris", readOnly: true}, {path: "/cache", real: "/tmp/c"}},
		variables: map[string]string{"TOKEN": "hunter2", "PATH": "/opt/bin", "LANG": "C"},
		client:    map[string]string{"PATH": "/usr/bin", "LANG": "C", "HOME": "/home/me"},
		command:   []string{"serve", "--fast"}, args: []string{"--port=8080"},
		container: &corev1.Container{
			Name: "c", Image: "example/server:1", WorkingDir: "/app", ImagePullPolicy: corev1.PullAlways,
			SecurityContext: &corev1.SecurityContext{RunAsUser: &user},
			Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{
				"cpu": resource.MustParse("1500m"), "memory": resource.MustParse("1Gi"), "nvidia.com/gpu": resource.MustParse("1"),
			}},
		},
	}
	want := "run --rm --name sluice-default-p-c -p 127.0.0.1:21001:8080 -p 127.0.0.1:21002:9000 -v /home/me/iris:/mnt/models:ro -v /tmp/c:/cache " +
		"--env LANG --env PATH=/opt/bin --env TOKEN --workdir /app --pull always --cpus 1.5 --memory 1073741824 --gpus 1 --user 1000 " +
		"--entrypoint serve example/server:1 --fast --port=8080"
	if diff := cmp.Diff(want, strings.Join(r.arguments(), " ")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"TOKEN": "hunter2", "PATH": "/usr/bin", "LANG": "C", "HOME": "/home/me"}, r.environment()); diff != "" {
		t.Errorf("client's environment (-want +got):\n%s", diff)
	}
}

func TestContainerRunKeepsTheImagesOwnCommand(t *testing.T) {
	t.Parallel()
	r := containerRun{name: "n", args: []string{"--x"}, container: &corev1.Container{Image: "i"}}
	if diff := cmp.Diff("run --rm --name n i --x", strings.Join(r.arguments(), " ")); diff != "" {
		t.Error(diff)
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	command := []string{"serve"}
	for _, c := range []struct {
		name, annotation, engine string
		container                corev1.Container
		want                     string
		reason                   string
	}{
		{"command without image", "", "", corev1.Container{Command: command}, PlacementProcess, ""},
		{"command beside image", "", "", corev1.Container{Command: command, Image: "i"}, "", ReasonImageNotRunnable},
		{"asked for", "process", "", corev1.Container{Command: command, Image: "i"}, PlacementProcess, ""},
		{"asked for without command", "process", "", corev1.Container{Image: "i"}, "", ReasonImageNotRunnable},
		{"engine", "container", "podman", corev1.Container{Image: "i"}, PlacementContainer, ""},
		{"engine missing", "container", "", corev1.Container{Image: "i"}, "", ReasonImageNotRunnable},
		{"image missing", "container", "podman", corev1.Container{Command: command}, "", ReasonImageNotRunnable},
		{"unknown", "vm", "podman", corev1.Container{Command: command}, "", ReasonCreateContainerConfig},
	} {
		c.container.Name = "c"
		annotations := map[string]string{}
		if c.annotation != "" {
			annotations["local.sluice.dev/c"] = c.annotation
		}
		got, err := placementOf(&c.container, annotations, c.engine)
		reason := ""
		if err != nil {
			reason = failed(err).reason
		}
		if got != c.want || reason != c.reason {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}
