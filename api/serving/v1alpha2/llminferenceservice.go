package v1alpha2

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// The kinds of this package.
const (
	KindLLMInferenceService       = "LLMInferenceService"
	KindLLMInferenceServiceConfig = "LLMInferenceServiceConfig"
)

// LLMInferenceService is a large language model and how it is served.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=llminferenceservices,shortName=llmisvc
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=='Ready')].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=='Ready')].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="URLs",type=string,priority=1,JSONPath=`.status.addresses[*].url`
type LLMInferenceService struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec LLMInferenceServiceSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	Status LLMInferenceServiceStatus `json:"status,omitzero"`
}

// LLMInferenceServiceList is a list of LLMInferenceServices.
//
// +kubebuilder:object:root=true
type LLMInferenceServiceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LLMInferenceService `json:"items"`
}

// LLMInferenceServiceConfig is a part of an LLMInferenceService that others take over by name.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=llminferenceserviceconfigs
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=='Ready')].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=='Ready')].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type LLMInferenceServiceConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec LLMInferenceServiceSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	Status LLMInferenceServiceConfigStatus `json:"status,omitzero"`
}

// LLMInferenceServiceConfigList is a list of LLMInferenceServiceConfigs.
//
// +kubebuilder:object:root=true
type LLMInferenceServiceConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LLMInferenceServiceConfig `json:"items"`
}

// LLMInferenceServiceSpec is a model, its pods and the way to it.
type LLMInferenceServiceSpec struct {
	// Model to serve. A config, and a service whose configs have it, may leave it out.
	//
	// +optional
	Model LLMModelSpec `json:"model,omitzero"`
	// StorageInitializer fetches the model.
	StorageInitializer *v1alpha1.StorageInitializerSpec `json:"storageInitializer,omitempty"`

	// WorkloadSpec is the pods that answer; beside Prefill, those that decode.
	WorkloadSpec `json:",inline"`

	// Router is the way that requests come to the pods.
	Router *RouterSpec `json:"router,omitempty"`
	// Prefill are pods of their own for the prompts.
	Prefill *WorkloadSpec `json:"prefill,omitempty"`
	// Tracing turns tracing on.
	Tracing *v1alpha1.TracingSpec `json:"tracing,omitempty"`
	// BaseRefs name configs that this one is laid over, each over those before it.
	BaseRefs []corev1.LocalObjectReference `json:"baseRefs,omitempty"`
}

// LLMModelSpec is a model, or an adapter of one.
type LLMModelSpec struct {
	// URI is where the files are.
	URI string `json:"uri"`
	// Name by which requests ask for the model; the object's if unset.
	Name *string `json:"name,omitempty"`
	// LoRA are the model's adapters.
	LoRA *LoRASpec `json:"lora,omitempty"`
	// Confidential decrypts the files inside a trusted execution environment.
	Confidential *ConfidentialSpec `json:"confidential,omitempty"`
}

// ConfidentialSpec decrypts a model's files inside a trusted execution environment.
type ConfidentialSpec struct {
	// Enabled turns it on.
	Enabled bool `json:"enabled"`
	// ResourceID names the key at the key broker, as kbs:///REPOSITORY/TYPE/TAG.
	ResourceID *string `json:"resourceId,omitempty"`
}

// LoRASpec are the adapters of a model.
type LoRASpec struct {
	// Adapters to load; each has a name of its own. The schema leaves them open, since the type contains itself.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Adapters []LLMModelSpec `json:"adapters,omitempty"`

	v1alpha1.LoRALimits `json:",inline"`
}

// WorkloadSpec is the pods that run a model, or one of its two phases.
type WorkloadSpec struct {
	v1alpha1.WorkloadSpec `json:",inline"`

	// KVCacheOffloading keeps what was computed of prompts outside the GPUs' memory.
	KVCacheOffloading *KVCacheOffloadingSpec `json:"kvCacheOffloading,omitempty"`
}

// RouterSpec is the way that requests come to the pods.
type RouterSpec struct {
	v1alpha1.RouterPaths `json:",inline"`

	// Scheduler chooses the pod for each request.
	Scheduler *SchedulerSpec `json:"scheduler,omitempty"`
}

// SchedulerSpec is the endpoint picker, and the pool that it picks from.
type SchedulerSpec struct {
	// Pool of endpoints.
	Pool *InferencePoolSpec `json:"pool,omitempty"`

	v1alpha1.SchedulerSettings `json:",inline"`
}

// InferencePoolSpec is an InferencePool: one's own by name, or one that the controller makes.
type InferencePoolSpec struct {
	// Spec of the InferencePool that the controller makes.
	Spec *PoolSpec `json:"spec,omitempty"`
	// Ref names an InferencePool of one's own.
	Ref *corev1.LocalObjectReference `json:"ref,omitempty"`
}
