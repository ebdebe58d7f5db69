package lightgbm

import (
	"fmt"
	"os"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Options say how a model is opened. The zero value is what Booster.predict gives for a file.
type Options struct {
	// Threads is how many goroutines share a big batch; 0: GOMAXPROCS.
	Threads int
	// Classifier asks for what LGBMClassifier gives: classes, with their probabilities beside.
	Classifier bool
	// Classes are a Classifier's labels in the order of the model's classes: []int64, []float64, []bool or []string; nil: 0, 1, ….
	Classes any
	// Iterations is how many are used; 0: all. A pickle holds all, and the best iteration beside, which predict then uses; a
	// file holds those up to the best alone.
	Iterations int
}

// Open reads a model file.
func Open(path string, o Options) (tabular.Estimator, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e, err := FromBytes(data, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// FromBytes reads a model from the text that a file holds, and that a pickled Booster has as its handle.
func FromBytes(data []byte, o Options) (tabular.Estimator, error) {
	b, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("it can't be read as a LightGBM model: %w", err)
	}
	e, err := newEstimator(b, o)
	if err != nil {
		return nil, fmt.Errorf("it can't be served as a LightGBM model: %w", err)
	}
	return e, nil
}
