package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// RouterPaths are the ways that requests come to a model: by Gateway and route, or by Ingress.
type RouterPaths struct {
	// Route is the HTTPRoute; an empty one is made by the controller.
	Route *GatewayRoutesSpec `json:"route,omitempty"`
	// Gateway is the Gateway of the route; an empty one is the cluster's default.
	Gateway *GatewaySpec `json:"gateway,omitempty"`
	// Ingress instead of Gateway and route; an empty one is made by the controller.
	Ingress *IngressSpec `json:"ingress,omitempty"`
}

// GatewayRoutesSpec is a model's route, and its share among those of a group.
type GatewayRoutesSpec struct {
	// HTTP is the HTTPRoute.
	HTTP *HTTPRouteSpec `json:"http,omitempty"`
	// Group names the models that share one route's requests by weight.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	Group *string `json:"group,omitempty"`
	// Weight is the model's share beside those of its group; only their proportion counts.
	//
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Weight *int32 `json:"weight,omitempty"`
}

// HTTPRouteSpec is an HTTPRoute: one's own by name, or one that the controller makes.
type HTTPRouteSpec struct {
	// Refs name HTTPRoutes of one's own, which are left as they are.
	Refs []corev1.LocalObjectReference `json:"refs,omitempty"`
	// Spec of the HTTPRoute that the controller makes.
	Spec *gatewayv1.HTTPRouteSpec `json:"spec,omitempty"`
}

// GatewaySpec is the Gateway of a model's route.
type GatewaySpec struct {
	// Refs name Gateways of one's own; without them it is the cluster's default.
	Refs []GatewayObjectReference `json:"refs,omitempty"`
}

// IngressSpec is the Ingress of a model.
type IngressSpec struct {
	// Refs name Ingresses of one's own, which are left as they are.
	Refs []UntypedObjectReference `json:"refs,omitempty"`
}

// UntypedObjectReference names an object whose kind is plain.
type UntypedObjectReference struct {
	// Name of the object.
	Name gatewayv1.ObjectName `json:"name,omitempty"`
	// Namespace of the object.
	Namespace gatewayv1.Namespace `json:"namespace,omitempty"`
}

// GatewayObjectReference names a Gateway, or one of its listeners.
type GatewayObjectReference struct {
	UntypedObjectReference `json:",inline"`

	// SectionName is the listener; without it, all that take routes of the kind.
	SectionName *gatewayv1.SectionName `json:"sectionName,omitempty"`
}

// SchedulerSettings are the endpoint picker, which chooses the pod for each request.
type SchedulerSettings struct {
	// Labels of the picker's pods.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations of the picker's pods.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Template is the picker's pod. What it leaves out comes from the configs.
	Template *corev1.PodSpec `json:"template,omitempty"`
	// Config is the picker's configuration.
	Config *SchedulerConfigSpec `json:"config,omitempty"`
	// Replicas is the number of the picker's pods.
	Replicas *int32 `json:"replicas,omitempty"`
	// Tokenizer changes the pods that tell the picker how prompts are cut into tokens.
	Tokenizer *TokenizerSpec `json:"tokenizer,omitempty"`
}

// TokenizerSpec is the pods that tell the picker how prompts are cut into tokens.
type TokenizerSpec struct {
	// Template is the tokenizer's pod. What it leaves out comes from the configs.
	Template *corev1.PodSpec `json:"template,omitempty"`
}

// SchedulerConfigSpec is an EndpointPickerConfig: exactly one of its fields is set.
type SchedulerConfigSpec struct {
	// Inline is the configuration itself.
	Inline *runtime.RawExtension `json:"inline,omitempty"`
	// Ref is a key of a ConfigMap that has it.
	Ref *corev1.ConfigMapKeySelector `json:"ref,omitempty"`
}

// ObservedGateway is a Gateway that a model's routes are attached to.
type ObservedGateway struct {
	gatewayv1.ObjectReference `json:",inline"`

	// Listeners that took the routes; none stands for all.
	//
	// +listType=atomic
	Listeners []gatewayv1.SectionName `json:"listeners,omitempty"`
	// HTTPRoutes that are attached.
	//
	// +listType=atomic
	HTTPRoutes []gatewayv1.ObjectReference `json:"httpRoutes,omitempty"`
}

// ObservedSchedulerStatus is a model's endpoint picker as it was found.
type ObservedSchedulerStatus struct {
	// InferencePool in force.
	InferencePool *gatewayv1.ObjectReference `json:"inferencePool,omitempty"`
	// Service of the picker.
	Service *gatewayv1.ObjectReference `json:"service,omitempty"`
}
