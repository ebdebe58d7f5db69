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

// Opener loads a model; ctx ends when nobody waits for it any more.
type Opener func(ctx context.Context) (Predictor, error)
