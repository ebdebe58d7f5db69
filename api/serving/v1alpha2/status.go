package v1alpha2

import (
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// LLMInferenceServiceConfigStatus is what became of a config.
type LLMInferenceServiceConfigStatus struct {
	v1alpha1.Status `json:",inline"`

	// ReferencedBy are the services that are laid over the config.
	//
	// +listType=atomic
	ReferencedBy []v1alpha1.UntypedObjectReference `json:"referencedBy,omitempty"`
}

// LLMInferenceServiceStatus is what became of a model.
type LLMInferenceServiceStatus struct {
	// URL is where the model is reached: from outside if it can be.
	URL string `json:"url,omitempty"`

	v1alpha1.Status `json:",inline"`

	// Address is an old form of Addresses and never set.
	Address *v1alpha1.Addressable `json:"address,omitempty"`
	// Addresses are all places where the model is reached.
	//
	// +listType=atomic
	Addresses []SourcedAddress `json:"addresses,omitempty"`
	// Router is what was found of the way to the pods.
	Router *RouterStatus `json:"router,omitempty"`
	// Workloads is what was found of the pods.
	Workloads *WorkloadStatus `json:"workloads,omitempty"`
	// AppliedConfigRefs are the configs that the service is laid over, each over those before it.
	//
	// +listType=atomic
	AppliedConfigRefs []AppliedConfigRef `json:"appliedConfigs,omitempty"`
}

// SourcedAddress is a place where a model is reached, and the object that made it.
type SourcedAddress struct {
	v1alpha1.Addressable `json:",inline"`

	// Origin is the object that made the address, such as a Gateway.
	Origin *gatewayv1.ObjectReference `json:"origin,omitempty"`
	// Models that are reached there.
	Models []ModelSourcedAddressStatus `json:"models,omitempty"`
}

// ModelSourcedAddressStatus is a model that is reached at an address.
type ModelSourcedAddressStatus struct {
	// Name by which requests ask for it.
	Name string `json:"name"`
}

// RouterStatus is what was found of the way to the pods.
type RouterStatus struct {
	// Gateways that the routes are attached to.
	//
	// +listType=atomic
	Gateways []v1alpha1.ObservedGateway `json:"gateways,omitempty"`
	// Scheduler is the endpoint picker.
	Scheduler *v1alpha1.ObservedSchedulerStatus `json:"scheduler,omitempty"`
	// Group is the model's group.
	Group *GroupStatus `json:"group,omitempty"`
}

// GroupStatus is the models that share one route's requests.
type GroupStatus struct {
	// Name of the group.
	Name string `json:"name"`
	// Members with their shares.
	//
	// +listType=map
	// +listMapKey=name
	Members []GroupMemberStatus `json:"members,omitempty"`
}

// GroupMemberStatus is a model's share of its group's requests.
type GroupMemberStatus struct {
	// Name of the LLMInferenceService.
	Name string `json:"name"`
	// Weight in force.
	Weight int32 `json:"weight"`
	// Stopped is true for a member that takes no requests because it is stopped.
	Stopped bool `json:"stopped,omitempty"`
	// BackendRef is its InferencePool or Service.
	BackendRef *gatewayv1.BackendObjectReference `json:"backendRef,omitempty"`
}

// WorkloadStatus is what was found of the pods.
type WorkloadStatus struct {
	// Primary are the pods that answer; beside Prefill, those that decode.
	Primary *ObservedWorkloadStatus `json:"primary,omitempty"`
	// Prefill are the pods for the prompts.
	Prefill *ObservedWorkloadStatus `json:"prefill,omitempty"`
	// Service before the pods that answer.
	Service *corev1.TypedLocalObjectReference `json:"service,omitempty"`
	// Scheduler are the endpoint picker's pods.
	Scheduler *ObservedWorkloadStatus `json:"scheduler,omitempty"`
}

// ObservedWorkloadStatus is an object that keeps pods, and how many are ready.
type ObservedWorkloadStatus struct {
	corev1.TypedLocalObjectReference `json:",inline"`

	// ReadyReplicas is the number of replicas that answer.
	ReadyReplicas *int32 `json:"readyReplicas,omitempty"`
}

// AppliedConfigRef is a config that a service is laid over.
type AppliedConfigRef struct {
	// Name of the config.
	//
	// +required
	Name gatewayv1.ObjectName `json:"name"`
	// Namespace of the config.
	Namespace gatewayv1.Namespace `json:"namespace"`
	// Source is why it was taken.
	Source AppliedConfigSource `json:"source"`
}

// AppliedConfigSource is why a config was taken.
//
// +kubebuilder:validation:Enum=Preset;UserRef
type AppliedConfigSource string

// Why a config may be taken.
const (
	// AppliedConfigPreset is one that fits how the service is deployed.
	AppliedConfigPreset AppliedConfigSource = "Preset"
	// AppliedConfigUserRef is one that the service names.
	AppliedConfigUserRef AppliedConfigSource = "UserRef"
)
