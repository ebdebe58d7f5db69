package v1beta1

// LoggerType is what is logged.
//
// +kubebuilder:validation:Enum=all;request;response
type LoggerType string

// What may be logged.
const (
	LogAll      LoggerType = "all"
	LogRequest  LoggerType = "request"
	LogResponse LoggerType = "response"
)

// LoggerSpec sends requests and answers somewhere.
type LoggerSpec struct {
	// URL to send to.
	URL *string `json:"url,omitempty"`
	// Mode is what is logged.
	Mode LoggerType `json:"mode,omitempty"`
	// MetadataHeaders are request headers to send along.
	MetadataHeaders []string `json:"metadataHeaders,omitempty"`
	// MetadataAnnotations are annotations of the service to send along.
	MetadataAnnotations []string `json:"metadataAnnotations,omitempty"`
	// Storage is a bucket to write to instead of URL.
	Storage *LoggerStorageSpec `json:"storage,omitempty"`
	// MarshallerURL is a service that gives the form in which to write.
	MarshallerURL *string `json:"marshallerUrl,omitempty"`
	// BatchSize is the number of records that are written at once.
	BatchSize *int `json:"batchSize,omitempty"`
	// BatchInterval is how long records wait to be written, as a duration such as 5s.
	BatchInterval *string `json:"batchInterval,omitempty"`
}

// LoggerStorageSpec is a bucket to log to.
type LoggerStorageSpec struct {
	StorageSpec `json:",inline"`

	// ServiceAccountName whose credentials write.
	ServiceAccountName *string `json:"serviceAccountName,omitempty"`
}
