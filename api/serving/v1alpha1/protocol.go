package v1alpha1

// Protocol is an inference protocol that a model server speaks.
type Protocol string

// The protocols that KServe names.
const (
	// ProtocolV1 is KServe's first protocol, the one of TensorFlow Serving's REST API: /v1/models/NAME:predict.
	ProtocolV1 Protocol = "v1"
	// ProtocolV2 is the Open Inference Protocol over HTTP: /v2/models/NAME/infer.
	ProtocolV2 Protocol = "v2"
	// ProtocolGRPCV1 is TensorFlow Serving's gRPC API.
	ProtocolGRPCV1 Protocol = "grpc-v1"
	// ProtocolGRPCV2 is the Open Inference Protocol over gRPC.
	ProtocolGRPCV2 Protocol = "grpc-v2"
)
