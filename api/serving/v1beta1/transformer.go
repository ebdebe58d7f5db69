package v1beta1

// TransformerSpec is the component that stands before the predictor: a custom container.
type TransformerSpec struct {
	PodSpec                `json:",inline"`
	ComponentExtensionSpec `json:",inline"`

	// StorageURIs are places to fetch files from.
	//
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	StorageURIs []StorageURI `json:"storageUris,omitempty"`
}
