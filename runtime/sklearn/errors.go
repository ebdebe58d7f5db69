package sklearn

import (
	"fmt"

	"github.com/sluice-serving/sluice/runtime/model"
)

// UnsupportedError says that a file holds something that isn't served natively, and what to do.
type UnsupportedError struct {
	Class   string // with its module, and the option that isn't supported if it isn't the class itself
	Version string // of scikit-learn that wrote the file, "" if it doesn't say
	Remedy  string
}

func (e *UnsupportedError) Error() string {
	by := ""
	if e.Version != "" {
		by = " (written by scikit-learn " + e.Version + ")"
	}
	return fmt.Sprintf("%s%s can't be served natively: %s", e.Class, by, e.Remedy)
}

// remedy is what a user can do about any model that isn't known here.
const remedy = "serve it by its own server (name a ServingRuntime in the InferenceService's model.runtime), or convert it to ONNX and serve that"

// BrokenError says that an estimator in the file lacks what a fitted one has.
type BrokenError struct {
	Class, Version, Attribute, Problem string
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("%s of scikit-learn %s, attribute %s: %s", e.Class, e.Version, e.Attribute, e.Problem)
}

func invalid(format string, args ...any) error {
	return &model.InvalidInputError{Problem: fmt.Sprintf(format, args...)}
}
