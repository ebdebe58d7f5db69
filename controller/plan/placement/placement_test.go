package placement

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	image := corev1.Container{Name: "c", Image: "example/c", Args: []string{"--x"}}
	both := corev1.Container{Name: "c", Image: "example/c", Command: []string{"run"}}
	command := corev1.Container{Name: "c", Command: []string{"run"}}
	local := map[string]string{AnnotationLocalCommand: "python -m serve", AnnotationLocalRequirements: "serve==1"}
	process := map[string]string{AnnotationLocal: Process}
	cases := map[string]struct {
		request Request
		how     string
		command []string
		refusal string
	}{
		"bundled":                       {Request{Container: image, Bundled: true, Engine: "docker"}, Process, []string{"sluice", "serve"}, ""},
		"bundled before local command":  {Request{Container: image, Bundled: true, Serving: true, Annotations: local}, Process, []string{"sluice", "serve"}, ""},
		"local command in words":        {Request{Container: image, Serving: true, Annotations: local, Engine: "docker"}, Process, []string{"python", "-m", "serve"}, ""},
		"local command as JSON":         {Request{Container: image, Serving: true, Annotations: map[string]string{AnnotationLocalCommand: `["a b", "c"]`}}, Process, []string{"a b", "c"}, ""},
		"local command that is no JSON": {Request{Container: image, Serving: true, Annotations: map[string]string{AnnotationLocalCommand: `["a`}}, "", nil, "no JSON array"},
		"local command of another":      {Request{Container: image, Annotations: local, Engine: "docker"}, Container, nil, ""},
		"command without image":         {Request{Container: command, Engine: "docker"}, Process, []string{"run"}, ""},
		"command beside image, unasked": {Request{Container: both}, "", nil, "runs image \"example/c\""},
		"command beside image, asked":   {Request{Container: both, Annotations: process, Engine: "docker"}, Process, []string{"run"}, ""},
		"asked without command":         {Request{Container: image, Annotations: process, Engine: "docker"}, "", nil, "has no command"},
		"engine":                        {Request{Container: both, Engine: "podman"}, Container, []string{"run"}, ""},
		"nothing":                       {Request{Container: image}, "", nil, "install podman, docker or nerdctl"},
		"neither image nor command":     {Request{Container: corev1.Container{Name: "c"}, Engine: "podman"}, "", nil, "neither an image nor a command"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Place(c.request)
			if c.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), c.refusal) {
					t.Fatalf("got %+v, %v; want %q", got, err, c.refusal)
				}
				return
			}
			if err != nil || got.How != c.how || !slices.Equal(got.Command, c.command) || !slices.Equal(got.Args, c.request.Container.Args) {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}
}
