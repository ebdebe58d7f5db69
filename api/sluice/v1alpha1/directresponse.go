package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KindDirectResponse is the kind that an ExtensionRef filter names to have requests answered by the gateway.
const KindDirectResponse = "DirectResponse"

// DirectResponse is an answer that the gateway gives itself, with no backend. An HTTPRoute of the same
// namespace refers to it by a filter of type ExtensionRef: group sluice.dev, kind DirectResponse, its name.
//
// +kubebuilder:object:root=true
type DirectResponse struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec DirectResponseSpec `json:"spec"`
}

// DirectResponseList is a list of DirectResponses.
//
// +kubebuilder:object:root=true
type DirectResponseList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []DirectResponse `json:"items"`
}

// DirectResponseSpec is the answer.
type DirectResponseSpec struct {
	// StatusCode is the HTTP status, 200 to 599.
	//
	// +kubebuilder:validation:Minimum=200
	// +kubebuilder:validation:Maximum=599
	StatusCode int32 `json:"statusCode"`
	// ContentType is the answer's content-type; without one the answer has no such header.
	ContentType string `json:"contentType,omitempty"`
	// Body is the answer's body, at most MaxDirectResponseBody bytes.
	//
	// +kubebuilder:validation:MaxLength=4096
	Body string `json:"body,omitempty"`
}

// MaxDirectResponseBody is the greatest length of a body in bytes: Envoy's default bound for a route's own
// answers (RouteConfiguration.max_direct_response_body_size_bytes).
const MaxDirectResponseBody = 4096
