package model

import (
	"context"

	"github.com/sluice-serving/sluice/api/oip"
)

// Predictor is a loaded model of some format. Each format is a package that
// makes one from a file.
type Predictor interface {
	// Signature is what Predict takes and gives; it never changes.
	Signature() Signature
	// Predict computes every output of the signature, in its order, from one
	// tensor for each input, in its order; the inputs have passed
	// Signature.Arrange. Many goroutines may call it at once. It gives ctx's
	// error when ctx ends first, and an *InvalidInputError where the model
	// refuses the values themselves.
	Predict(ctx context.Context, inputs []oip.Tensor) ([]oip.Tensor, error)
	// Close frees the model. No Predict may be under way.
	Close() error
}

// Selective is a Predictor that reads requests in more shapes than its signature says, and computes the outputs that are asked for
// alone. Model asks it by these methods instead of Predict.
type Selective interface {
	Predictor
	// Arrange makes of a request's tensors those that PredictSome takes. Requests whose tensors agree in number, datatypes and all
	// dimensions but the first can be joined. An error is an *oip.TensorError.
	Arrange(given []oip.Tensor) ([]oip.Tensor, error)
	// Choose gives the indices of the outputs named, in that order; of what is answered to a request that names none. An error is an
	// *oip.TensorError.
	Choose(names []string) ([]int, error)
	// PredictSome computes the outputs of the indices given, in that order; its errors are Predict's.
	PredictSome(ctx context.Context, inputs []oip.Tensor, outputs []int) ([]oip.Tensor, error)
}

// Opener loads a model; ctx ends when nobody waits for it any more.
type Opener func(ctx context.Context) (Predictor, error)
