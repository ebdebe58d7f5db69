package v1beta1

// StorageURI is one place to fetch from and where it appears in the container.
type StorageURI struct {
	// URI to fetch.
	//
	// +kubebuilder:validation:MinLength=1
	URI string `json:"uri"`
	// MountPath is an absolute path in the container, /mnt/models if unset.
	//
	// +kubebuilder:default="/mnt/models"
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^/.*`
	MountPath string `json:"mountPath,omitempty"`
}

// StorageSpec is a place by a key of the storage-config secret.
type StorageSpec struct {
	// Path within the bucket.
	Path *string `json:"path,omitempty"`
	// Parameters replace or add to what the secret says.
	Parameters *map[string]string `json:"parameters,omitempty"`
	// StorageKey is the key of the secret.
	StorageKey *string `json:"key,omitempty"`
}

// ModelStorageSpec is where a model's files are.
type ModelStorageSpec struct {
	StorageSpec `json:",inline"`

	// SchemaPath is the path of the model's schema file within the bucket.
	SchemaPath *string `json:"schemaPath,omitempty"`
}
