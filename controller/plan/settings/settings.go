// Package settings holds what an installation decides for all its services, as typed values: what
// KServe keeps as strings in the ConfigMap inferenceservice-config is parsed here, once, at the edge.
package settings

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
)

// Settings steers the plan of every InferenceService. Make one with [Cluster] or [Standalone]; each field is complete
// and a zero means zero.
type Settings struct {
	Ingress Ingress
	// Unavailable makes the route of a target that isn't ready answer 503 with the reason, in place of
	// forwarding to a Service without endpoints.
	Unavailable bool
	// ReasonsAlone leaves out of such an answer what goes with the reason, which may quote a server's log: for who calls from
	// another machine.
	ReasonsAlone bool
	// DisallowedAnnotations are exact annotation keys that never reach a child (KServe's list and the installation's).
	DisallowedAnnotations []string
	// DisallowedLabels are exact label keys that never reach a child.
	DisallowedLabels []string
	// Resources are those that defaulting completes containers with; where a container has just these, they are nobody's wish.
	Resources corev1.ResourceRequirements
	// Local is nil on a cluster.
	Local *Local
}

// Ingress says how services are reached from outside.
type Ingress struct {
	// Gateway is the Gateway that every route attaches to.
	Gateway types.NamespacedName
	// Domain is the last part of every host, for example example.com.
	Domain string
	// AdditionalDomains give the top-level route more hosts.
	AdditionalDomains []string
	// HostTemplate makes a host from a service's name and namespace.
	HostTemplate HostTemplate
	// URLScheme is http or https, for status.url alone.
	URLScheme string
	// Port is appended to status.url where clients don't reach the Gateway at the scheme's own; 0 appends nothing.
	Port int32
	// DisableTimeouts leaves timeouts off every rule, even where a component sets one.
	DisableTimeouts bool
	// DisableCreation makes no routes at all.
	DisableCreation bool
}

// Local describes the one machine that standalone mode runs containers on.
type Local struct {
	// ContainerEngine is the podman, docker or nerdctl that runs images, or empty when there is none.
	ContainerEngine string
	// BundledFormats are the model formats that the bundled runtime serves, for example onnx.
	BundledFormats []string
	// FileURIs says what stands at the absolute path of each file:// storage URI; a path that it lacks is [Missing].
	FileURIs map[string]FileKind
	// ModelDigests tells versions of the model files at such a path apart; a path that it lacks has one version.
	ModelDigests map[string]string
}

// FileKind is what stands at a path of this machine.
type FileKind string

// The kinds that a mounted model may have.
const (
	// Missing: nothing is there.
	Missing FileKind = ""
	// Directory is also a path that can't be looked at: whoever mounts it says why.
	Directory FileKind = "directory"
	// Regular is a file.
	Regular FileKind = "file"
)

// Bundles says whether the bundled runtime serves a model format. A nil Local bundles nothing.
func (l *Local) Bundles(format string) bool {
	if l == nil {
		return false
	}
	for _, f := range l.BundledFormats {
		if strings.EqualFold(f, format) {
			return true
		}
	}
	return false
}

// Cluster gives KServe's defaults for an installation whose hosts end in domain.
func Cluster(domain string) Settings {
	each := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("2Gi")}
	return Settings{
		Resources: corev1.ResourceRequirements{Requests: each, Limits: each.DeepCopy()},
		Ingress: Ingress{
			Gateway:      types.NamespacedName{Namespace: "kserve", Name: "kserve-ingress-gateway"},
			Domain:       domain,
			HostTemplate: DefaultHostTemplate(),
			URLScheme:    "http",
		},
		DisallowedAnnotations: []string{
			"autoscaling.knative.dev/min-scale",
			"autoscaling.knative.dev/max-scale",
			"internal.serving.kserve.io/storage-initializer-sourceuri",
			"kubectl.kubernetes.io/last-applied-configuration",
			"modelFormat",
		},
	}
}

// Standalone gives the settings of one machine: domain localhost, the Gateway at port, and reasons in the answers of
// what isn't ready.
func Standalone(local Local, port int32) Settings {
	s := Cluster("localhost")
	s.Unavailable = true
	s.Local = &local
	s.Ingress.Port = port
	return s
}
