package oip

// TensorSpec is what a model says of one of its inputs or outputs.
type TensorSpec struct {
	Name     string   `json:"name"`
	Datatype Datatype `json:"datatype"`
	// Shape has -1 for a dimension that takes any size; it is empty, not nil,
	// for a scalar.
	Shape []int64 `json:"shape"`
	// AnyRank says that the model does not even fix the number of dimensions;
	// Shape is then [-1], the nearest that the protocol can say.
	AnyRank bool `json:"-"`
	// Vector says of an output of shape [-1,1] that it is one value for each row, which V1 answers without the array around each.
	Vector bool `json:"-"`
}

// Fits says whether a tensor of this shape may stand for the spec.
func (s TensorSpec) Fits(shape []int64) bool {
	if s.AnyRank {
		return true
	}
	if len(shape) != len(s.Shape) {
		return false
	}
	for i, dim := range s.Shape {
		if dim >= 0 && dim != shape[i] {
			return false
		}
	}
	return true
}

// ModelMetadata is V2's answer to GET /v2/models/NAME.
type ModelMetadata struct {
	Name     string       `json:"name"`
	Versions []string     `json:"versions,omitempty"`
	Platform string       `json:"platform"`
	Inputs   []TensorSpec `json:"inputs"`
	Outputs  []TensorSpec `json:"outputs"`
}

// ServerMetadata is V2's answer to GET /v2.
type ServerMetadata struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Extensions []string `json:"extensions"`
}

// ModelStatus is V1's answer to GET /v1/models/NAME and V2's to …/ready.
type ModelStatus struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
}

// IndexEntry is one model of V2's repository index.
type IndexEntry struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
}
