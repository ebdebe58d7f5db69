package v1beta1

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// Protocol is an inference protocol that a model server speaks.
type Protocol = v1alpha1.Protocol

// The protocols that KServe names.
const (
	ProtocolV1     = v1alpha1.ProtocolV1
	ProtocolV2     = v1alpha1.ProtocolV2
	ProtocolGRPCV1 = v1alpha1.ProtocolGRPCV1
	ProtocolGRPCV2 = v1alpha1.ProtocolGRPCV2
)

// PredictorSpec is the component that runs the model. Exactly one of model, the framework fields and
// containers says what runs; containers beside a model are further containers of its pod.
type PredictorSpec struct {
	// Name becomes part of the children's names, and sets a canary apart from the stable predictor.
	//
	// +kubebuilder:validation:Pattern=`^[a-z]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// SKLearn is an old spelling of a model of format sklearn. Default turns it and its siblings into Model.
	SKLearn *PredictorExtensionSpec `json:"sklearn,omitempty"`
	// XGBoost is an old spelling of a model of format xgboost.
	XGBoost *PredictorExtensionSpec `json:"xgboost,omitempty"`
	// Tensorflow is an old spelling of a model of format tensorflow.
	Tensorflow *PredictorExtensionSpec `json:"tensorflow,omitempty"`
	// PyTorch is an old spelling of a model of format pytorch.
	PyTorch *PredictorExtensionSpec `json:"pytorch,omitempty"`
	// Triton is an old spelling of a model of format triton.
	Triton *PredictorExtensionSpec `json:"triton,omitempty"`
	// ONNX is an old spelling of a model of format onnx.
	ONNX *PredictorExtensionSpec `json:"onnx,omitempty"`
	// HuggingFace is an old spelling of a model of format huggingface.
	HuggingFace *PredictorExtensionSpec `json:"huggingface,omitempty"`
	// PMML is an old spelling of a model of format pmml.
	PMML *PredictorExtensionSpec `json:"pmml,omitempty"`
	// LightGBM is an old spelling of a model of format lightgbm.
	LightGBM *PredictorExtensionSpec `json:"lightgbm,omitempty"`
	// Paddle is an old spelling of a model of format paddle.
	Paddle *PredictorExtensionSpec `json:"paddle,omitempty"`

	// Model is what runs, by its format and where its files are.
	Model *ModelSpec `json:"model,omitempty"`
	// StorageURIs are several places to fetch from, instead of the model's storageUri.
	//
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	StorageURIs []StorageURI `json:"storageUris,omitempty"`
	// StorageContainerName names the ClusterStorageContainer to fetch with.
	StorageContainerName *string `json:"storageContainerName,omitempty"`
	// WorkerSpec spreads the model over several nodes.
	WorkerSpec *WorkerSpec `json:"workerSpec,omitempty"`

	PodSpec                `json:",inline"`
	ComponentExtensionSpec `json:",inline"`
}

// ModelSpec is a model by its format.
type ModelSpec struct {
	// ModelFormat is what the files are.
	//
	// +optional
	ModelFormat ModelFormat `json:"modelFormat,omitzero"`
	// Runtime names the ServingRuntime or ClusterServingRuntime; unset, it is chosen by the format.
	Runtime *string `json:"runtime,omitempty"`

	PredictorExtensionSpec `json:",inline"`
}

// ModelFormat is a format of model files.
type ModelFormat struct {
	// Name of the format, such as onnx.
	Name string `json:"name"`
	// Version of the format, such as "1".
	Version *string `json:"version,omitempty"`
}

// PredictorExtensionSpec is what a model has beside its format: where its files are, and what it changes in the
// runtime's serving container.
type PredictorExtensionSpec struct {
	// StorageURI is where the model's files are.
	StorageURI *string `json:"storageUri,omitempty"`
	// RuntimeVersion replaces the tag of the runtime's image.
	RuntimeVersion *string `json:"runtimeVersion,omitempty"`
	// ProtocolVersion is the protocol that the runtime shall speak.
	ProtocolVersion *Protocol `json:"protocolVersion,omitempty"`

	// Container is laid over the runtime's kserve-container. Its name must not be set.
	corev1.Container `json:",inline"`

	// Storage says where the files are by a key of the storage-config secret.
	Storage *ModelStorageSpec `json:"storage,omitempty"`
	// Confidential decrypts the files inside a trusted execution environment.
	Confidential *ConfidentialSpec `json:"confidential,omitempty"`
}

// WorkerSpec is the pod of a multi-node model's other nodes, laid over the runtime's.
type WorkerSpec struct {
	PodSpec `json:",inline"`

	// PipelineParallelSize is the number of stages that the model's layers are divided into.
	PipelineParallelSize *int `json:"pipelineParallelSize,omitempty"`
	// TensorParallelSize is the number of GPUs that share each layer.
	TensorParallelSize *int `json:"tensorParallelSize,omitempty"`
}

// ConfidentialSpec decrypts a model's files inside a trusted execution environment.
type ConfidentialSpec struct {
	// Enabled turns it on.
	Enabled bool `json:"enabled"`
	// ResourceID names the key at the key broker.
	ResourceID *string `json:"resourceId,omitempty"`
}
