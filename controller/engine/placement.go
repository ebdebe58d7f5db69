package engine

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

const (
	// AnnotationPlacementPrefix with a container's name says on a pod template what runs that container here: PlacementProcess
	// or PlacementContainer.
	AnnotationPlacementPrefix = "local.sluice.dev/"
	// PlacementProcess runs the container's command as a process of this machine.
	PlacementProcess = "process"
	// PlacementContainer runs the container's image in the container engine.
	PlacementContainer = "container"
	// AnnotationRequirements lists on a pod template the pinned Python packages that its processes need.
	AnnotationRequirements = "sluice.dev/local-requirements"
	// OwnCommand is the command that stands for the sluice binary itself.
	OwnCommand = "sluice"
)

// placementOf says what runs a container. Without an annotation only a command without an image runs as a process: a
// command beside an image is meant for the image's files and does not run on the host unasked.
func placementOf(c *corev1.Container, annotations map[string]string, containerEngine string) (string, error) {
	placement := annotations[AnnotationPlacementPrefix+c.Name]
	switch {
	case placement == PlacementContainer && c.Image == "":
		return "", notRunnable(c, "is to run in a container engine but names no image")
	case placement == PlacementContainer && containerEngine == "":
		return "", notRunnable(c, "needs a container engine, and there is none")
	case placement == PlacementContainer:
		return PlacementContainer, nil
	case placement != "" && placement != PlacementProcess:
		return "", configError("annotation %s%s: %q is not known: use %s or %s", AnnotationPlacementPrefix, c.Name, placement, PlacementProcess, PlacementContainer)
	case len(c.Command) == 0:
		return "", notRunnable(c, "has no command to run as a process")
	case placement == PlacementProcess || c.Image == "":
		return PlacementProcess, nil
	}
	return "", notRunnable(c, "has a command, but it belongs to the image's files")
}

func notRunnable(c *corev1.Container, why string) error {
	image := "no image"
	if c.Image != "" {
		image = "image " + c.Image
	}
	return &reasonError{ReasonImageNotRunnable, fmt.Sprintf("container %s (%s) %s: put podman, docker or nerdctl on PATH, "+
		"or give the container a command that runs on this machine and the annotation sluice.dev/local: process", c.Name, image, why)}
}
