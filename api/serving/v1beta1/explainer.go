package v1beta1

import corev1 "k8s.io/api/core/v1"

// ExplainerSpec is the component that answers :explain requests: exactly one of art and containers.
type ExplainerSpec struct {
	// ART is an explainer of the Adversarial Robustness Toolbox.
	ART *ARTExplainerSpec `json:"art,omitempty"`

	PodSpec                `json:",inline"`
	ComponentExtensionSpec `json:",inline"`

	// StorageURIs are places to fetch files from.
	//
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	StorageURIs []StorageURI `json:"storageUris,omitempty"`
}

// ARTExplainerType is an attack of the Adversarial Robustness Toolbox.
//
// +kubebuilder:validation:Enum=SquareAttack
type ARTExplainerType string

// ARTSquareAttack is the one attack that KServe knows.
const ARTSquareAttack ARTExplainerType = "SquareAttack"

// ARTExplainerSpec is an explainer of the Adversarial Robustness Toolbox.
type ARTExplainerSpec struct {
	// Type of the attack.
	Type ARTExplainerType `json:"type"`

	ExplainerExtensionSpec `json:",inline"`
}

// ExplainerExtensionSpec is what a built-in explainer has beside its type.
type ExplainerExtensionSpec struct {
	// StorageURI is where the explanation model's files are.
	StorageURI string `json:"storageUri,omitempty"`
	// RuntimeVersion is the image's tag.
	RuntimeVersion *string `json:"runtimeVersion,omitempty"`
	// Config becomes arguments, --key value.
	Config map[string]string `json:"config,omitempty"`

	corev1.Container `json:",inline"`

	// Storage says where the files are by a key of the storage-config secret.
	Storage *ModelStorageSpec `json:"storage,omitempty"`
}
