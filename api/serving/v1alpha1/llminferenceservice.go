package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// LLMInferenceService is a large language model and how it is served. v1alpha2 is its present version.
//
// +kubebuilder:object:root=true
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

// LLMInferenceServiceConfig is a part of an LLMInferenceService that others take over by name. v1alpha2 is its present version.
//
// +kubebuilder:object:root=true
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
	StorageInitializer *StorageInitializerSpec `json:"storageInitializer,omitempty"`

	// WorkloadSpec is the pods that answer; beside Prefill, those that decode.
	WorkloadSpec `json:",inline"`

	// Router is the way that requests come to the pods.
	Router *RouterSpec `json:"router,omitempty"`
	// Prefill are pods of their own for the prompts.
	Prefill *WorkloadSpec `json:"prefill,omitempty"`
	// Tracing turns tracing on.
	Tracing *TracingSpec `json:"tracing,omitempty"`
	// BaseRefs name configs that this one is laid over, each over those before it.
	BaseRefs []corev1.LocalObjectReference `json:"baseRefs,omitempty"`
}

// LLMModelSpec is a model, or an adapter of one.
type LLMModelSpec struct {
	// URI is where the files are.
	URI string `json:"uri"`
	// Name by which requests ask for the model; the object's if unset.
	Name *string `json:"name,omitempty"`
	// Criticality is which requests are shed last.
	Criticality *Criticality `json:"criticality,omitempty"`
	// LoRA are the model's adapters.
	LoRA *LoRASpec `json:"lora,omitempty"`
}

// Criticality is how late the requests of a model are shed.
//
// +kubebuilder:validation:Enum=Critical;Standard;Sheddable
type Criticality string

// How late requests may be shed.
const (
	CriticalityCritical  Criticality = "Critical"
	CriticalityStandard  Criticality = "Standard"
	CriticalitySheddable Criticality = "Sheddable"
)

// LoRASpec are the adapters of a model.
type LoRASpec struct {
	// Adapters to load; each has a name of its own. The schema leaves them open, since the type contains itself.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	Adapters []LLMModelSpec `json:"adapters,omitempty"`

	LoRALimits `json:",inline"`
}

// LoRALimits bound a model's adapters.
type LoRALimits struct {
	// MaxRank is the greatest rank of an adapter.
	//
	// +kubebuilder:validation:Minimum=1
	MaxRank *int32 `json:"maxRank,omitempty"`
	// MaxAdapters is the number of adapters on the GPU at once; that of the adapters if unset.
	//
	// +kubebuilder:validation:Minimum=1
	MaxAdapters *int32 `json:"maxAdapters,omitempty"`
	// MaxCPUAdapters is the number of adapters in memory at once; that of the adapters if unset.
	//
	// +kubebuilder:validation:Minimum=1
	MaxCPUAdapters *int32 `json:"maxCpuAdapters,omitempty"`
}

// RouterSpec is the way that requests come to the pods.
type RouterSpec struct {
	RouterPaths `json:",inline"`

	// Scheduler chooses the pod for each request.
	Scheduler *SchedulerSpec `json:"scheduler,omitempty"`
}

// SchedulerSpec is the endpoint picker, and the pool that it picks from.
type SchedulerSpec struct {
	// Pool of endpoints.
	Pool *InferencePoolSpec `json:"pool,omitempty"`

	SchedulerSettings `json:",inline"`
}

// InferencePoolSpec is an InferencePool: one's own by name, or one that the controller makes.
type InferencePoolSpec struct {
	// Spec of the InferencePool that the controller makes.
	Spec *PoolSpec `json:"spec,omitempty"`
	// Ref names an InferencePool of one's own.
	Ref *corev1.LocalObjectReference `json:"ref,omitempty"`
}

// PoolSpec is an InferencePool in its old form, group inference.networking.x-k8s.io.
type PoolSpec struct {
	// Selector of the pods.
	Selector map[string]PoolLabelValue `json:"selector"`
	// TargetPortNumber is the pods' port.
	TargetPortNumber int32 `json:"targetPortNumber"`
	// ExtensionRef is the endpoint picker's Service.
	//
	// +optional
	ExtensionRef PoolExtension `json:"extensionRef,omitzero"`
}

// PoolLabelValue is the value of a label.
//
// +kubebuilder:validation:MinLength=0
// +kubebuilder:validation:MaxLength=63
type PoolLabelValue string

// PoolExtension is the endpoint picker's Service.
type PoolExtension struct {
	// Group of the Service.
	Group *gatewayv1.Group `json:"group,omitempty"`
	// Kind is Service if unset.
	Kind *gatewayv1.Kind `json:"kind,omitempty"`
	// Name of the Service.
	Name gatewayv1.ObjectName `json:"name"`
	// PortNumber of the Service.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	PortNumber *int32 `json:"portNumber,omitempty"`
	// FailureMode says what becomes of requests while the picker does not answer.
	FailureMode PoolFailureMode `json:"failureMode"`
}

// PoolFailureMode says what becomes of requests while the endpoint picker does not answer.
//
// +kubebuilder:validation:Enum=FailOpen;FailClose
type PoolFailureMode string

// What may become of requests.
const (
	// PoolFailOpen sends them to any pod.
	PoolFailOpen PoolFailureMode = "FailOpen"
	// PoolFailClose refuses them.
	PoolFailClose PoolFailureMode = "FailClose"
)

// LLMInferenceServiceConfigStatus is what became of a config.
type LLMInferenceServiceConfigStatus struct {
	Status `json:",inline"`
}

// LLMInferenceServiceStatus is what became of a model.
type LLMInferenceServiceStatus struct {
	// URL is where the model is reached.
	URL string `json:"url,omitempty"`

	Status `json:",inline"`

	// Address is where the model is reached from inside the cluster.
	Address *Addressable `json:"address,omitempty"`
	// Addresses are all places where the model is reached.
	Addresses []Addressable `json:"addresses,omitempty"`
	// Router is what was found of the way to the pods.
	Router *RouterStatus `json:"router,omitempty"`
}

// RouterStatus is what was found of the way to the pods.
type RouterStatus struct {
	// Gateways that the routes are attached to.
	//
	// +listType=atomic
	Gateways []ObservedGateway `json:"gateways,omitempty"`
	// Scheduler is the endpoint picker.
	Scheduler *ObservedSchedulerStatus `json:"scheduler,omitempty"`
}
