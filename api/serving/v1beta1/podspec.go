package v1beta1

import corev1 "k8s.io/api/core/v1"

// PodSpec is corev1.PodSpec field by field, and converts to it: corev1.PodSpec(spec.PodSpec). It differs only
// in that containers may be absent, since a predictor with a model has none of its own. The meaning of each
// field is that of the Kubernetes API.
type PodSpec struct {
	Volumes                       []corev1.Volume               `json:"volumes,omitempty" patchStrategy:"merge,retainKeys" patchMergeKey:"name"`
	InitContainers                []corev1.Container            `json:"initContainers,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	Containers                    []corev1.Container            `json:"containers,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	EphemeralContainers           []corev1.EphemeralContainer   `json:"ephemeralContainers,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	RestartPolicy                 corev1.RestartPolicy          `json:"restartPolicy,omitempty"`
	TerminationGracePeriodSeconds *int64                        `json:"terminationGracePeriodSeconds,omitempty"`
	ActiveDeadlineSeconds         *int64                        `json:"activeDeadlineSeconds,omitempty"`
	DNSPolicy                     corev1.DNSPolicy              `json:"dnsPolicy,omitempty"`
	NodeSelector                  map[string]string             `json:"nodeSelector,omitempty"`
	ServiceAccountName            string                        `json:"serviceAccountName,omitempty"`
	DeprecatedServiceAccount      string                        `json:"serviceAccount,omitempty"`
	AutomountServiceAccountToken  *bool                         `json:"automountServiceAccountToken,omitempty"`
	NodeName                      string                        `json:"nodeName,omitempty"`
	HostNetwork                   bool                          `json:"hostNetwork,omitempty"`
	HostPID                       bool                          `json:"hostPID,omitempty"`
	HostIPC                       bool                          `json:"hostIPC,omitempty"`
	ShareProcessNamespace         *bool                         `json:"shareProcessNamespace,omitempty"`
	SecurityContext               *corev1.PodSecurityContext    `json:"securityContext,omitempty"`
	ImagePullSecrets              []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	Hostname                      string                        `json:"hostname,omitempty"`
	Subdomain                     string                        `json:"subdomain,omitempty"`
	Affinity                      *corev1.Affinity              `json:"affinity,omitempty"`
	SchedulerName                 string                        `json:"schedulerName,omitempty"`
	Tolerations                   []corev1.Toleration           `json:"tolerations,omitempty"`
	HostAliases                   []corev1.HostAlias            `json:"hostAliases,omitempty" patchStrategy:"merge" patchMergeKey:"ip"`
	PriorityClassName             string                        `json:"priorityClassName,omitempty"`
	Priority                      *int32                        `json:"priority,omitempty"`
	DNSConfig                     *corev1.PodDNSConfig          `json:"dnsConfig,omitempty"`
	ReadinessGates                []corev1.PodReadinessGate     `json:"readinessGates,omitempty"`
	RuntimeClassName              *string                       `json:"runtimeClassName,omitempty"`
	EnableServiceLinks            *bool                         `json:"enableServiceLinks,omitempty"`
	PreemptionPolicy              *corev1.PreemptionPolicy      `json:"preemptionPolicy,omitempty"`
	Overhead                      corev1.ResourceList           `json:"overhead,omitempty"`
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty" patchStrategy:"merge" patchMergeKey:"topologyKey"`
	SetHostnameAsFQDN         *bool                             `json:"setHostnameAsFQDN,omitempty"`
	OS                        *corev1.PodOS                     `json:"os,omitempty"`
	HostUsers                 *bool                             `json:"hostUsers,omitempty"`
	// +listType=map
	// +listMapKey=name
	SchedulingGates []corev1.PodSchedulingGate `json:"schedulingGates,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// +listType=map
	// +listMapKey=name
	ResourceClaims     []corev1.PodResourceClaim    `json:"resourceClaims,omitempty" patchStrategy:"merge,retainKeys" patchMergeKey:"name"`
	Resources          *corev1.ResourceRequirements `json:"resources,omitempty"`
	HostnameOverride   *string                      `json:"hostnameOverride,omitempty"`
	SchedulingGroup    *corev1.PodSchedulingGroup   `json:"schedulingGroup,omitempty"`
	EvictionResponders []corev1.EvictionResponder   `json:"evictionResponders,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
}

// A field that a newer Kubernetes API adds to corev1.PodSpec shows up here as a compile error.
var _ = corev1.PodSpec(PodSpec{})
