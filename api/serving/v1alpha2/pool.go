package v1alpha2

import gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

// PoolSpec is an InferencePool, group inference.networking.k8s.io, version v1.
type PoolSpec struct {
	// Selector of the pods.
	Selector PoolSelector `json:"selector"`
	// TargetPorts are the pods' ports, each of them an endpoint.
	//
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(p1, self.exists_one(p2, p1.number==p2.number))",message="a port stands twice"
	TargetPorts []PoolPort `json:"targetPorts"`
	// AppProtocol is what the pods speak.
	//
	// +kubebuilder:default=http
	AppProtocol PoolAppProtocol `json:"appProtocol,omitempty"`
	// EndpointPickerRef is the endpoint picker's Service.
	EndpointPickerRef PoolEndpointPicker `json:"endpointPickerRef"`
}

// PoolSelector is the labels of a pool's pods.
type PoolSelector struct {
	// MatchLabels that a pod has, all of them.
	//
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=64
	MatchLabels map[string]PoolLabelValue `json:"matchLabels"`
}

// PoolLabelValue is the value of a label.
//
// +kubebuilder:validation:MinLength=0
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
type PoolLabelValue string

// PoolAppProtocol is what a pool's pods speak.
//
// +kubebuilder:validation:Enum=http;kubernetes.io/h2c
type PoolAppProtocol string

// What a pool's pods may speak.
const (
	PoolHTTP PoolAppProtocol = "http"
	PoolH2C  PoolAppProtocol = "kubernetes.io/h2c"
)

// PoolPort is a port.
type PoolPort struct {
	// Number of the port.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Number int32 `json:"number"`
}

// PoolEndpointPicker is the endpoint picker's Service.
//
// +kubebuilder:validation:XValidation:rule="self.kind != 'Service' || has(self.port)",message="a Service needs its port"
type PoolEndpointPicker struct {
	// Group of the Service.
	//
	// +kubebuilder:default=""
	Group *gatewayv1.Group `json:"group,omitempty"`
	// Kind of the object.
	//
	// +kubebuilder:default=Service
	Kind gatewayv1.Kind `json:"kind,omitempty"`
	// Name of the Service.
	Name gatewayv1.ObjectName `json:"name"`
	// Port of the Service.
	Port *PoolPort `json:"port,omitempty"`
	// FailureMode says what becomes of requests while the picker does not answer.
	//
	// +kubebuilder:default=FailClose
	FailureMode PoolFailureMode `json:"failureMode,omitempty"`
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
