package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LocalModelNodeGroup is a group of nodes that keep models, and the room that each has for them.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=localmodelnodegroups,scope=Cluster
type LocalModelNodeGroup struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec LocalModelNodeGroupSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the controller.
	//
	// +optional
	Status LocalModelNodeGroupStatus `json:"status,omitzero"`
}

// LocalModelNodeGroupList is a list of LocalModelNodeGroups.
//
// +kubebuilder:object:root=true
type LocalModelNodeGroupList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LocalModelNodeGroup `json:"items"`
}

// LocalModelNodeGroupSpec is the room for models on each node of a group.
type LocalModelNodeGroupSpec struct {
	// StorageLimit is the greatest size of all models on one node.
	StorageLimit resource.Quantity `json:"storageLimit"`
	// PersistentVolumeSpec is the volume that the files are kept in, and that InferenceServices mount.
	PersistentVolumeSpec corev1.PersistentVolumeSpec `json:"persistentVolumeSpec"`
	// PersistentVolumeClaimSpec claims that volume.
	PersistentVolumeClaimSpec corev1.PersistentVolumeClaimSpec `json:"persistentVolumeClaimSpec"`
}

// LocalModelNodeGroupStatus is how full the nodes of a group are.
type LocalModelNodeGroupStatus struct {
	// Used is the greatest size in use on a node.
	//
	// +optional
	Used resource.Quantity `json:"used,omitempty"`
	// Available is the greatest size that is free on a node.
	//
	// +optional
	Available resource.Quantity `json:"available,omitempty"`
}

// LocalModelNode lists the models that one node keeps. KServe's controller writes it for its agent on the node.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=localmodelnodes,scope=Cluster
type LocalModelNode struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec LocalModelNodeSpec `json:"spec,omitempty"`
	// Status is what became of it, written by the agent.
	//
	// +optional
	Status LocalModelNodeStatus `json:"status,omitzero"`
}

// LocalModelNodeList is a list of LocalModelNodes.
//
// +kubebuilder:object:root=true
type LocalModelNodeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LocalModelNode `json:"items"`
}

// LocalModelNodeSpec is the models that a node keeps.
type LocalModelNodeSpec struct {
	// LocalModels to keep.
	LocalModels []LocalModelInfo `json:"localModels"`
}

// LocalModelInfo is one model that a node keeps.
type LocalModelInfo struct {
	// SourceModelURI is where the files are fetched from.
	SourceModelURI string `json:"sourceModelUri"`
	// ModelName is the cache's name.
	ModelName string `json:"modelName"`
	// Namespace of a LocalModelNamespaceCache; empty for a LocalModelCache.
	Namespace string `json:"namespace,omitempty"`
	// NodeGroup that the node keeps the model for.
	NodeGroup string `json:"nodeGroup,omitempty"`
	// ServiceAccountName whose credentials fetch.
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// Storage says what fetches beside the service account's credentials.
	Storage *LocalModelStorageSpec `json:"storage,omitempty"`
}

// LocalModelNodeStatus is how far each model is on a node.
type LocalModelNodeStatus struct {
	// ModelStatus by model: its name, after its namespace and a slash where it has one.
	ModelStatus map[string]ModelStatus `json:"modelStatus,omitempty"`
}

// ModelStatus is how far a model is on a node.
//
// +kubebuilder:validation:Enum="";ModelDownloadPending;ModelDownloading;ModelDownloaded;ModelDownloadError
type ModelStatus string

// How far a model may be on a node.
const (
	ModelDownloadPending ModelStatus = "ModelDownloadPending"
	ModelDownloading     ModelStatus = "ModelDownloading"
	ModelDownloaded      ModelStatus = "ModelDownloaded"
	ModelDownloadError   ModelStatus = "ModelDownloadError"
)
