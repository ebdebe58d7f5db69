package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TrainedModel is a model that a multi-model InferenceService loads beside others.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=trainedmodels,shortName=tm
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=='Ready')].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type TrainedModel struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec TrainedModelSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	Status TrainedModelStatus `json:"status,omitzero"`
}

// TrainedModelList is a list of TrainedModels.
//
// +kubebuilder:object:root=true
type TrainedModelList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []TrainedModel `json:"items"`
}

// TrainedModelSpec is a model and the service that loads it.
type TrainedModelSpec struct {
	// InferenceService of the same namespace that loads the model.
	InferenceService string `json:"inferenceService"`
	// Model to load.
	Model ModelSpec `json:"model"`
}

// ModelSpec is a model of a multi-model server.
type ModelSpec struct {
	// StorageURI is where the model's files are.
	StorageURI string `json:"storageUri"`
	// Framework is the model's format, such as sklearn.
	Framework string `json:"framework"`
	// Memory that the loaded model takes.
	Memory resource.Quantity `json:"memory"`
}

// TrainedModelStatus is what became of a model.
type TrainedModelStatus struct {
	Status `json:",inline"`

	// URL is where the model is reached.
	URL string `json:"url,omitempty"`
	// Address is where the model is reached from inside the cluster.
	Address *Addressable `json:"address,omitempty"`
}
