package v1alpha2

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// KVCacheOffloadingSpec keeps what was computed of prompts outside the GPUs' memory.
type KVCacheOffloadingSpec struct {
	// CPU is the memory for it.
	CPU resource.Quantity `json:"cpu"`
	// EvictionPolicy chooses what leaves a full memory.
	//
	// +kubebuilder:default=lru
	// +kubebuilder:validation:Enum=lru;arc
	EvictionPolicy string `json:"evictionPolicy,omitempty"`
	// Secondary are further places, asked in their order.
	Secondary []SecondaryTierSpec `json:"secondary,omitempty"`
}

// SecondaryTierSpec is one further place.
type SecondaryTierSpec struct {
	// FileSystem is a directory.
	FileSystem *FileSystemTierSpec `json:"fileSystem,omitempty"`
}

// FileSystemTierSpec is a directory: exactly one of its fields is set.
type FileSystemTierSpec struct {
	// EmptyDir is a directory of the pod's own, which goes with it.
	EmptyDir *EmptyDirTierSpec `json:"emptyDir,omitempty"`
	// PVC is a volume.
	PVC *PVCTierSpec `json:"pvc,omitempty"`
}

// EmptyDirTierSpec is a directory of the pod's own.
type EmptyDirTierSpec struct {
	// Size that it may have.
	Size resource.Quantity `json:"size"`
}

// PVCTierSpec is a volume: exactly one of its fields is set.
type PVCTierSpec struct {
	// Spec of a claim that each pod gets, and that goes with it.
	Spec *corev1.PersistentVolumeClaimSpec `json:"spec,omitempty"`
	// Ref names a claim of one's own.
	Ref *PVCRefTierSpec `json:"ref,omitempty"`
}

// PVCRefTierSpec names a claim of one's own.
type PVCRefTierSpec struct {
	// Name of the claim.
	Name string `json:"name"`
	// Path of a directory in the volume.
	Path string `json:"path,omitempty"`
}
