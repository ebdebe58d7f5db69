package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ServingRuntime is a model server for the InferenceServices of its namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=servingruntimes
// +kubebuilder:printcolumn:name="Disabled",type=boolean,JSONPath=`.spec.disabled`
// +kubebuilder:printcolumn:name="ModelType",type=string,JSONPath=`.spec.supportedModelFormats[*].name`
// +kubebuilder:printcolumn:name="Containers",type=string,JSONPath=`.spec.containers[*].name`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ServingRuntime struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec ServingRuntimeSpec `json:"spec,omitempty"`
	// Status is empty.
	//
	// +optional
	Status ServingRuntimeStatus `json:"status,omitzero"`
}

// ServingRuntimeList is a list of ServingRuntimes.
//
// +kubebuilder:object:root=true
type ServingRuntimeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ServingRuntime `json:"items"`
}

// ClusterServingRuntime is a model server for the InferenceServices of all namespaces. One of a namespace goes
// before it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=clusterservingruntimes,scope=Cluster
// +kubebuilder:printcolumn:name="Disabled",type=boolean,JSONPath=`.spec.disabled`
// +kubebuilder:printcolumn:name="ModelType",type=string,JSONPath=`.spec.supportedModelFormats[*].name`
// +kubebuilder:printcolumn:name="Containers",type=string,JSONPath=`.spec.containers[*].name`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ClusterServingRuntime struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec ServingRuntimeSpec `json:"spec,omitempty"`
	// Status is empty.
	//
	// +optional
	Status ServingRuntimeStatus `json:"status,omitzero"`
}

// ClusterServingRuntimeList is a list of ClusterServingRuntimes.
//
// +kubebuilder:object:root=true
type ClusterServingRuntimeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterServingRuntime `json:"items"`
}

// ServingRuntimeSpec says what a runtime serves and with which pod.
type ServingRuntimeSpec struct {
	// SupportedModelFormats are the formats, and versions of them, that the runtime serves.
	SupportedModelFormats []SupportedModelFormat `json:"supportedModelFormats,omitempty"`
	// MultiModel is true for a runtime that serves several models in one pod.
	MultiModel *bool `json:"multiModel,omitempty"`
	// Disabled is true for a runtime that no InferenceService may use.
	Disabled *bool `json:"disabled,omitempty"`
	// ProtocolVersions are the protocols that the runtime speaks; empty stands for all.
	ProtocolVersions []Protocol `json:"protocolVersions,omitempty"`
	// WorkerSpec is the pod of the other nodes of a model that runs on several.
	WorkerSpec *WorkerSpec `json:"workerSpec,omitempty"`

	ServingRuntimePodSpec `json:",inline"`

	// GrpcMultiModelManagementEndpoint is where a multi-model runtime is told to load and unload.
	GrpcMultiModelManagementEndpoint *string `json:"grpcEndpoint,omitempty"`
	// GrpcDataEndpoint is where a multi-model runtime takes gRPC inference requests.
	GrpcDataEndpoint *string `json:"grpcDataEndpoint,omitempty"`
	// HTTPDataEndpoint is where a multi-model runtime takes HTTP inference requests.
	HTTPDataEndpoint *string `json:"httpDataEndpoint,omitempty"`
	// Replicas is the number of pods of a multi-model runtime.
	Replicas *uint16 `json:"replicas,omitempty"`
	// StorageHelper configures how a multi-model runtime's models are fetched.
	StorageHelper *StorageHelper `json:"storageHelper,omitempty"`
	// BuiltInAdapter is the adapter that a multi-model runtime is managed through.
	BuiltInAdapter *BuiltInAdapter `json:"builtInAdapter,omitempty"`
}

// SupportedModelFormat is one format, in one version or in all, that a runtime serves.
type SupportedModelFormat struct {
	// Name of the format, such as onnx.
	Name string `json:"name"`
	// Version of the format; unset stands for all.
	Version *string `json:"version,omitempty"`
	// AutoSelect lets the runtime be chosen for an InferenceService that names none.
	AutoSelect *bool `json:"autoSelect,omitempty"`
	// Priority among the runtimes that could be chosen; the highest is taken, those without one come last.
	//
	// +kubebuilder:validation:Minimum=1
	Priority *int32 `json:"priority,omitempty"`
}

// ServingRuntimePodSpec is the part of a pod that a runtime may bring.
type ServingRuntimePodSpec struct {
	// Containers of the pod; the one that serves is called kserve-container.
	Containers []corev1.Container `json:"containers" patchStrategy:"merge" patchMergeKey:"name"`
	// Volumes that the containers mount.
	Volumes []corev1.Volume `json:"volumes,omitempty" patchStrategy:"merge,retainKeys" patchMergeKey:"name"`
	// NodeSelector restricts the nodes by their labels.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Affinity restricts or prefers nodes and neighbours.
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Tolerations let the pod onto tainted nodes.
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// Labels of the pod, below those of the InferenceService.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations of the pod, below those of the InferenceService.
	Annotations map[string]string `json:"annotations,omitempty"`
	// ImagePullSecrets for the containers' images.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
	// HostIPC shares the node's IPC namespace.
	HostIPC bool `json:"hostIPC,omitempty"`
	// SchedulerName is the scheduler that places the pod.
	SchedulerName string `json:"schedulerName,omitempty"`
	// ResourceClaims that the containers may use.
	//
	// +listType=map
	// +listMapKey=name
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims,omitempty" patchStrategy:"merge,retainKeys" patchMergeKey:"name"`
}

// WorkerSpec is the pod of the other nodes of a model that runs on several.
type WorkerSpec struct {
	ServingRuntimePodSpec `json:",inline"`

	// PipelineParallelSize is the number of stages that the model's layers are divided into.
	PipelineParallelSize *int `json:"pipelineParallelSize,omitempty"`
	// TensorParallelSize is the number of GPUs that share each layer.
	TensorParallelSize *int `json:"tensorParallelSize,omitempty"`
}

// StorageHelper configures how a multi-model runtime's models are fetched.
type StorageHelper struct {
	// Disabled leaves the fetching to the runtime.
	Disabled bool `json:"disabled,omitempty"`
}

// ServerType is a multi-model server that KServe has an adapter for.
type ServerType string

// The servers with an adapter.
const (
	ServerTriton   ServerType = "triton"
	ServerMLServer ServerType = "mlserver"
	ServerOVMS     ServerType = "ovms"
)

// BuiltInAdapter is the adapter that a multi-model runtime is managed through.
type BuiltInAdapter struct {
	// ServerType is the server behind the adapter.
	ServerType ServerType `json:"serverType,omitempty"`
	// RuntimeManagementPort is the port that the server is managed by.
	RuntimeManagementPort int `json:"runtimeManagementPort,omitempty"`
	// MemBufferBytes is the memory kept free of models, in bytes.
	MemBufferBytes int `json:"memBufferBytes,omitempty"`
	// ModelLoadingTimeoutMillis bounds the loading of a model, in milliseconds.
	ModelLoadingTimeoutMillis int `json:"modelLoadingTimeoutMillis,omitempty"`
	// Env is the adapter's environment.
	Env []corev1.EnvVar `json:"env,omitempty" patchStrategy:"merge" patchMergeKey:"name"`
}

// ServingRuntimeStatus is empty: a runtime has no state of its own.
type ServingRuntimeStatus struct{}
