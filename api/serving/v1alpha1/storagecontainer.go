package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ClusterStorageContainer is a container that fetches the model files of some kinds of URI.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=clusterstoragecontainers,scope=Cluster
type ClusterStorageContainer struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec StorageContainerSpec `json:"spec,omitempty"`
	// Disabled is true for one that is not used. It stands beside spec, as in KServe.
	Disabled *bool `json:"disabled,omitempty"`
}

// ClusterStorageContainerList is a list of ClusterStorageContainers.
//
// +kubebuilder:object:root=true
type ClusterStorageContainerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterStorageContainer `json:"items"`
}

// StorageContainerSpec is the container and the URIs that it fetches.
type StorageContainerSpec struct {
	// Container that fetches.
	Container corev1.Container `json:"container"`
	// SupportedURIFormats are the URIs that it fetches; one that matches is enough.
	SupportedURIFormats []SupportedURIFormat `json:"supportedUriFormats"`
	// WorkloadType is where the container runs, initContainer if empty.
	//
	// +kubebuilder:default=initContainer
	WorkloadType WorkloadType `json:"workloadType,omitempty"`
	// SupportsMultiModelDownload is true if one run may fetch several URIs.
	//
	// +kubebuilder:default=false
	SupportsMultiModelDownload *bool `json:"supportsMultiModelDownload,omitempty"`
}

// SupportedURIFormat matches URIs by exactly one of its fields.
type SupportedURIFormat struct {
	// Prefix that the URI begins with.
	Prefix string `json:"prefix,omitempty"`
	// Regex that the URI matches.
	Regex string `json:"regex,omitempty"`
}

// WorkloadType is where a storage container runs.
type WorkloadType string

// The places where a storage container runs.
const (
	WorkloadInitContainer         WorkloadType = "initContainer"
	WorkloadLocalModelDownloadJob WorkloadType = "localModelDownloadJob"
)
