package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KindInferenceService is the kind of InferenceService.
const KindInferenceService = "InferenceService"

// InferenceService is a model and how it is served.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=inferenceservices,shortName=isvc
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=='Ready')].status`
// +kubebuilder:printcolumn:name="Prev",type=integer,JSONPath=`.status.components.predictor.traffic[?(@.tag=='prev')].percent`
// +kubebuilder:printcolumn:name="Latest",type=integer,JSONPath=`.status.components.predictor.traffic[?(@.latestRevision==true)].percent`
// +kubebuilder:printcolumn:name="PrevRolledoutRevision",type=string,JSONPath=`.status.components.predictor.traffic[?(@.tag=='prev')].revisionName`
// +kubebuilder:printcolumn:name="LatestReadyRevision",type=string,JSONPath=`.status.components.predictor.traffic[?(@.latestRevision==true)].revisionName`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type InferenceService struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec InferenceServiceSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	Status InferenceServiceStatus `json:"status,omitzero"`
}

// InferenceServiceList is a list of InferenceServices.
//
// +kubebuilder:object:root=true
type InferenceServiceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []InferenceService `json:"items"`
}

// InferenceServiceSpec is the components of a service.
type InferenceServiceSpec struct {
	// Predictor runs the model.
	Predictor PredictorSpec `json:"predictor"`
	// Explainer answers :explain requests.
	Explainer *ExplainerSpec `json:"explainer,omitempty"`
	// Transformer stands before the predictor.
	Transformer *TransformerSpec `json:"transformer,omitempty"`
	// Canary are further predictors that take a part of the stable one's traffic.
	//
	// +listType=atomic
	Canary []CanarySpec `json:"canary,omitempty"`
}

// CanarySpec is a predictor that takes a part of the stable one's traffic.
type CanarySpec struct {
	// Predictor is laid over the stable predictor: what it does not set, it takes from there. Its name is required.
	Predictor PredictorSpec `json:"predictor"`
	// TrafficPercent is its share, 0 to 100; the stable predictor takes what is left.
	//
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	TrafficPercent int32 `json:"trafficPercent"`
}
