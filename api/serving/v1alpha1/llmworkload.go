package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// WorkloadSpec is the pods that run a large language model, or one of its two phases.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.replicas) && has(self.scaling))",message="replicas and scaling exclude each other: keep scaling for a number that changes, replicas for one that does not"
type WorkloadSpec struct {
	// Replicas is a fixed number of replicas, each of one pod or of one pod on each of several nodes.
	//
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`
	// Scaling lets the number of replicas follow the load. It excludes Replicas.
	Scaling *ScalingSpec `json:"scaling,omitempty"`
	// Parallelism is how the model is spread over GPUs and nodes.
	Parallelism *ParallelismSpec `json:"parallelism,omitempty"`
	// Labels of the pods.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations of the pods.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Template is the pod that answers; on several nodes, that of the first node. What it leaves out comes from the configs.
	Template *corev1.PodSpec `json:"template,omitempty"`
	// Worker is the pod of the other nodes; its presence asks for several.
	Worker *corev1.PodSpec `json:"worker,omitempty"`
	// RolloutStrategy bounds how many replicas a change replaces at once.
	RolloutStrategy *RolloutStrategy `json:"rolloutStrategy,omitempty"`
}

// RolloutStrategy bounds how many replicas a change replaces at once.
type RolloutStrategy struct {
	// MaxUnavailable is how many replicas may be missing, as a number or a percentage.
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	// MaxSurge is how many replicas may be there beyond those asked for, as a number or a percentage.
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`
}

// ParallelismSpec is how a model is spread over GPUs and nodes.
type ParallelismSpec struct {
	// Tensor is the number of GPUs that share each layer.
	//
	// +kubebuilder:validation:Minimum=1
	Tensor *int32 `json:"tensor,omitempty"`
	// Pipeline is the number of stages that the layers are divided into.
	//
	// +kubebuilder:validation:Minimum=1
	Pipeline *int32 `json:"pipeline,omitempty"`
	// Data is the number of copies that share the requests.
	//
	// +kubebuilder:validation:Minimum=1
	Data *int32 `json:"data,omitempty"`
	// DataLocal is the number of those copies on one node.
	//
	// +kubebuilder:validation:Minimum=1
	DataLocal *int32 `json:"dataLocal,omitempty"`
	// DataRPCPort is the port by which the copies talk.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	DataRPCPort *int32 `json:"dataRPCPort,omitempty"`
	// Expert divides the experts of a mixture among the GPUs.
	Expert bool `json:"expert,omitempty"`
}

// Nodes gives the number of pods of one replica: those that its copies or its stages take.
func (p *ParallelismSpec) Nodes() int32 {
	switch {
	case p == nil:
		return 1
	case above(p.Data, 0), above(p.DataLocal, 0):
		return max(atLeastOne(p.Data)/atLeastOne(p.DataLocal), 1)
	default:
		return atLeastOne(p.Pipeline)
	}
}

func above(n *int32, bound int32) bool { return n != nil && *n > bound }

func atLeastOne(n *int32) int32 {
	if above(n, 1) {
		return *n
	}
	return 1
}

// StorageInitializerSpec is the init container that fetches the model.
type StorageInitializerSpec struct {
	// Enabled false leaves the fetching to something else; unset, it is there.
	Enabled *bool `json:"enabled,omitempty"`
}

// TracingSpec turns tracing on; what it leaves out is KServe's default.
type TracingSpec struct {
	// ExporterEndpoint is where spans are sent, by OTLP.
	ExporterEndpoint *string `json:"exporterEndpoint,omitempty"`
	// Sampler chooses the requests that are traced, by OpenTelemetry's names.
	Sampler *string `json:"sampler,omitempty"`
	// SamplerArg is the sampler's argument, such as a ratio.
	SamplerArg *string `json:"samplerArg,omitempty"`
	// Exporter of the spans, by OpenTelemetry's names.
	Exporter *string `json:"exporter,omitempty"`
}
