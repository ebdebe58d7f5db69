package tabular

import (
	"context"

	"github.com/sluice-serving/sluice/api/oip"
)

// Kind is what values a feature has.
type Kind int

// The kinds of feature.
const (
	Number Kind = iota
	Text
	// Any takes numbers and texts, as an encoder of categories does.
	Any
	// Category takes numbers that stand for categories. Where the client names the columns they are values, as in a data frame, and
	// reach the estimator as columns; in a matrix they are what the model computes with.
	Category
	// AnyCategory is Category with texts among the values.
	AnyCategory
)

// isNumber says whether only numbers are taken.
func (k Kind) isNumber() bool { return k == Number || k == Category }

func (k Kind) isCategory() bool { return k == Category || k == AnyCategory }

// Feature is one column of what a model takes.
type Feature struct {
	Name string // "" if the model knows no names
	Kind Kind
}

// Output is something that a model computes for each row.
type Output struct {
	Name     string // scikit-learn's method: "predict", "predict_proba", "transform"
	Datatype oip.Datatype
	// Cols is the number of values for each row: 0 is a single one that makes a vector, n a matrix [rows,n], -1 a matrix whose width isn't fixed.
	Cols int
}

// Estimator is a loaded model over rows. Its methods may be called from any goroutine.
type Estimator interface {
	// Features are the model's, in its order; nil if it takes rows of any width.
	Features() []Feature
	// Outputs are what it can compute; the first is answered when nothing is asked for.
	Outputs() []Output
	// Compute gives the outputs of the indices asked, each with the frame's rows as its first dimension. The frame has the
	// model's features in the model's order and stays as it is. It gives ctx's error when ctx ends first, and a
	// *model.InvalidInputError where the model refuses the values themselves.
	Compute(ctx context.Context, frame *Frame, outputs []int) ([]oip.Tensor, error)
}
