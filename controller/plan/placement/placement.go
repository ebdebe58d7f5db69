// Package placement decides what runs a container on one machine, where there is no kubelet to pull its image.
package placement

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Annotations that steer the decision, on a runtime or a component, and that carry it on a pod template.
const (
	// AnnotationLocalCommand on a runtime is the command that serves its models as a process: a JSON array of strings, or words.
	AnnotationLocalCommand = "sluice.dev/local-command"
	// AnnotationLocalRequirements on a runtime are the pinned Python packages that the command needs.
	AnnotationLocalRequirements = "sluice.dev/local-requirements"
	// AnnotationLocal with the value "process" on a component or runtime lets the commands of its containers run on the host.
	AnnotationLocal = "sluice.dev/local"
	// AnnotationPrefix and a container's name make the pod template's annotation that says how it runs: [Process] or [Container].
	AnnotationPrefix = "local.sluice.dev/"
)

// ReasonImageNotRunnable is the condition's reason when nothing on this machine runs a container.
const ReasonImageNotRunnable = "ImageNotRunnable"

// How a container runs, as the pod template's annotation says it.
const (
	Process   = "process"
	Container = "container"
)

// Request is one container and what is known of its surroundings.
type Request struct {
	// Container is merged and complete.
	Container corev1.Container
	// Bundled says that it is the bundled runtime's serving container.
	Bundled bool
	// Annotations are the runtime's, with the component's above them.
	Annotations map[string]string
	// Serving says that it is the container that the runtime's local command stands for.
	Serving bool
	// Engine is the container engine on PATH, empty for none.
	Engine string
	// Instead is what else would serve the same, as a remedy that is named first; empty for nothing.
	Instead string
}

// Placed is how a container runs.
type Placed struct {
	// How is [Process] or [Container].
	How string
	// Command and Args replace the container's.
	Command, Args []string
	// Requirements are the Python packages that the command needs, empty for none.
	Requirements string
}

// Refusal says that nothing on this machine runs the container.
type Refusal struct{ Message string }

// Error gives the message.
func (r *Refusal) Error() string { return r.Message }

// Place decides; the first rule that matches wins (DESIGN section 4). Its error is a [*Refusal] that names the image and remedies.
func Place(r Request) (Placed, error) {
	c := r.Container
	if r.Bundled {
		return Placed{How: Process, Command: []string{"sluice", "serve"}, Args: c.Args}, nil
	}
	if text := r.Annotations[AnnotationLocalCommand]; text != "" && r.Serving {
		command, err := words(text)
		if err != nil {
			return Placed{}, &Refusal{fmt.Sprintf("annotation %s: %v", AnnotationLocalCommand, err)}
		}
		return Placed{How: Process, Command: command, Args: c.Args, Requirements: r.Annotations[AnnotationLocalRequirements]}, nil
	}
	asked := r.Annotations[AnnotationLocal] == Process
	switch {
	case len(c.Command) > 0 && (c.Image == "" || asked):
		return Placed{How: Process, Command: c.Command, Args: c.Args}, nil
	case asked:
		return Placed{}, &Refusal{fmt.Sprintf("container %q is annotated %s: process but has no command: give it the command that starts it on this machine", c.Name, AnnotationLocal)}
	case c.Image != "" && r.Engine != "":
		return Placed{How: Container, Command: c.Command, Args: c.Args}, nil
	case c.Image == "":
		return Placed{}, &Refusal{fmt.Sprintf("container %q has neither an image nor a command: give it a command", c.Name)}
	}
	return Placed{}, &Refusal{notRunnable(c, r.Instead)}
}

func notRunnable(c corev1.Container, instead string) string {
	var remedies []string
	if instead != "" {
		remedies = append(remedies, instead)
	}
	remedies = append(remedies,
		"install podman, docker or nerdctl (one on PATH whose daemon does not answer counts as none)",
		fmt.Sprintf("annotate its runtime or InferenceService with %s: the command that serves on this machine", AnnotationLocalCommand),
	)
	if len(c.Command) > 0 {
		remedies = append(remedies, fmt.Sprintf("annotate the InferenceService with %s: process to run its command on the host", AnnotationLocal))
	} else {
		remedies = append(remedies, "replace the image by a command")
	}
	return fmt.Sprintf("nothing on this machine runs image %q of container %q: %s", c.Image, c.Name, strings.Join(remedies, ", or "))
}

func words(text string) ([]string, error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "[") {
		out := strings.Fields(text)
		if len(out) == 0 {
			return nil, fmt.Errorf("it is empty: give a command")
		}
		return out, nil
	}
	var out []string
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("%q is no JSON array of strings: %w", text, err)
	}
	if len(out) == 0 || out[0] == "" {
		return nil, fmt.Errorf("the array has no command")
	}
	return out, nil
}
