package engine

import (
	"maps"
	"slices"
	"time"
)

// States of a container, as Kubernetes names them.
const (
	StateWaiting    = "Waiting"
	StateRunning    = "Running"
	StateTerminated = "Terminated"
)

// Reasons that a [ContainerState] gives. Those that Kubernetes has are spelled as there.
const (
	// ReasonContainerCreating: about to be started.
	ReasonContainerCreating = "ContainerCreating"
	// ReasonPodInitializing: waits for the init containers.
	ReasonPodInitializing = "PodInitializing"
	// ReasonCrashLoopBackOff: has ended again and again, and waits to be started.
	ReasonCrashLoopBackOff = "CrashLoopBackOff"
	// ReasonCreateContainerConfig: refers to something that is missing, or can't be had.
	ReasonCreateContainerConfig = "CreateContainerConfigError"
	// ReasonStartError: the program could not be started.
	ReasonStartError = "StartError"
	// ReasonCompleted and ReasonError: has ended for good, well or not. A container that waits with ReasonError has ended once and
	// is about to be started again.
	ReasonCompleted = "Completed"
	ReasonError     = "Error"
	// ReasonImageNotRunnable: nothing here can run the image.
	ReasonImageNotRunnable = "ImageNotRunnable"
	// ReasonInstallingRequirements: its Python packages are being installed.
	ReasonInstallingRequirements = "InstallingRequirements"
	// ReasonRequirementsNotInstalled: they could not be.
	ReasonRequirementsNotInstalled = "RequirementsNotInstalled"
	// ReasonModelDownload: fetches a model; the message says how far it is. ReasonModelDownloadFailed: it could not be.
	ReasonModelDownload       = "ModelDownload"
	ReasonModelDownloadFailed = "ModelDownloadFailed"
	// ReasonNotReady: runs, and its startup or readiness probe has not passed.
	ReasonNotReady = "NotReady"
	// ReasonWrongPort: runs, and listens on another port than the one it was given.
	ReasonWrongPort = "WrongPort"
)

// Pod is a snapshot of one replica. It shares nothing with the engine: readers may keep it.
type Pod struct {
	Name, Namespace string
	// Deployment is the name of the Deployment that the pod belongs to, in the same namespace.
	Deployment string
	// Labels are those of the pod template.
	Labels map[string]string
	// TemplateHash tells pod templates apart; equal templates have equal hashes.
	TemplateHash string
	// Ready is true while every container is ready. It stays so while a terminating pod is drained.
	Ready bool
	// Terminating is true from the moment that the pod is to go.
	Terminating bool
	// Address is the IP address at which the pod listens.
	Address string
	// Ports maps each declared containerPort to the TCP port at which it is reached; 8080 if none is declared.
	Ports map[int32]int32
	// Containers are the init containers, then the containers, in the template's order.
	Containers []ContainerState
	// CreatedAt is when the pod was made; ReadySince when it last became ready (zero while it is not).
	CreatedAt, ReadySince time.Time
}

// ContainerState is a snapshot of one container of a [Pod].
type ContainerState struct {
	Name string
	// Init is true for a container that runs before the others.
	Init bool
	// PID is the process group's leader, 0 while none runs.
	PID int
	// State is StateWaiting, StateRunning or StateTerminated; Reason and Message say why, for a user to act on.
	State, Reason, Message string
	// Ready is true once its readiness probe (or its first port, if it has no probe) answers.
	Ready bool
	// Restarts counts the starts after the first.
	Restarts int
	// StartedAt is when the present process was started, zero while none runs.
	StartedAt time.Time
	// LogFile holds what the present process wrote to its standard output and error, or the last one while none runs.
	LogFile string
	// PreviousLogFile holds what the process before that one wrote, empty if there was none.
	PreviousLogFile string
}

// clone copies a pod so that the copy can be given to readers.
func (p Pod) clone() Pod {
	p.Labels = maps.Clone(p.Labels)
	p.Ports = maps.Clone(p.Ports)
	p.Containers = slices.Clone(p.Containers)
	return p
}

// reasonError is a failure that a container's state shows: a short reason and a message with the remedy.
type reasonError struct{ reason, message string }

func (e *reasonError) Error() string { return e.message }
