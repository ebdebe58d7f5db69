package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LocalModelCache keeps a model's files on the disks of some nodes, for the InferenceServices of all namespaces.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=localmodelcaches,scope=Cluster
type LocalModelCache struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec LocalModelCacheSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	Status LocalModelCacheStatus `json:"status,omitzero"`
}

// LocalModelCacheList is a list of LocalModelCaches.
//
// +kubebuilder:object:root=true
type LocalModelCacheList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LocalModelCache `json:"items"`
}

// LocalModelNamespaceCache keeps a model's files on the disks of some nodes, for the InferenceServices of its namespace. It goes before a
// LocalModelCache of the same files.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=localmodelnamespacecaches
type LocalModelNamespaceCache struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec LocalModelCacheSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	Status LocalModelCacheStatus `json:"status,omitzero"`
}

// LocalModelNamespaceCacheList is a list of LocalModelNamespaceCaches.
//
// +kubebuilder:object:root=true
type LocalModelNamespaceCacheList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LocalModelNamespaceCache `json:"items"`
}

// LocalModelCacheSpec is the files to keep and the nodes that keep them.
type LocalModelCacheSpec struct {
	// SourceModelURI is where the files are fetched from; it can't change.
	//
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="sourceModelUri can't change"
	SourceModelURI string `json:"sourceModelUri"`
	// ModelSize is the size of the files, held against what the node groups keep free for models.
	ModelSize resource.Quantity `json:"modelSize"`
	// NodeGroups are the LocalModelNodeGroups whose nodes keep the files.
	//
	// +kubebuilder:validation:MinItems=1
	NodeGroups []string `json:"nodeGroups"`
	// ServiceAccountName whose credentials fetch.
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// Storage says what fetches beside the service account's credentials.
	Storage *LocalModelStorageSpec `json:"storage,omitempty"`
}

// LocalModelStorageSpec is a place by a key of the storage-config secret.
type LocalModelStorageSpec struct {
	// StorageKey is the key of the secret.
	StorageKey *string `json:"key,omitempty"`
	// Parameters replace or add to what the secret says.
	Parameters *map[string]string `json:"parameters,omitempty"`
}

// LocalModelCacheStatus is how far the files are on the nodes, and who uses them.
type LocalModelCacheStatus struct {
	// NodeStatus is how far the files are, by node.
	NodeStatus map[string]NodeStatus `json:"nodeStatus,omitempty"`
	// ModelCopies counts the nodes.
	ModelCopies *ModelCopies `json:"copies,omitempty"`
	// InferenceServices that use the files.
	InferenceServices []NamespacedName `json:"inferenceServices,omitempty"`
	// LLMInferenceServices that use the files.
	LLMInferenceServices []NamespacedName `json:"llmInferenceServices,omitempty"`
}

// NamespacedName is an object's namespace and name.
type NamespacedName struct {
	// Namespace of the object.
	Namespace string `json:"namespace,omitempty"`
	// Name of the object.
	Name string `json:"name,omitempty"`
}

// NodeStatus is how far a model's files are on a node.
//
// +kubebuilder:validation:Enum="";NodeNotReady;NodeDownloadPending;NodeDownloading;NodeDownloaded;NodeDownloadError
type NodeStatus string

// How far a model's files may be on a node.
const (
	NodeNotReady        NodeStatus = "NodeNotReady"
	NodeDownloadPending NodeStatus = "NodeDownloadPending"
	NodeDownloading     NodeStatus = "NodeDownloading"
	NodeDownloaded      NodeStatus = "NodeDownloaded"
	NodeDownloadError   NodeStatus = "NodeDownloadError"
)

// ModelCopies counts the nodes that keep a model.
type ModelCopies struct {
	// Available are those that have the files.
	Available int `json:"available,omitempty"`
	// Total are all that shall have them, those that are not ready among them.
	Total int `json:"total,omitempty"`
	// Failed are those that could not fetch them.
	Failed int `json:"failed,omitempty"`
}
