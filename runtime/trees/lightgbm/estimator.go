package lightgbm

import (
	"context"
	"errors"
	"slices"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees"
	"github.com/sluice-serving/sluice/runtime/trees/categories"
	"github.com/sluice-serving/sluice/runtime/trees/classes"
)

// estimator is a loaded model.
type estimator struct {
	rows      *categories.Encoder
	groups    int
	divisor   float64 // of the sums: a random forest's iterations, else 1
	objective objective
	ensemble  *trees.Ensemble
	outputs   []output
}

// output is one of the things that a model answers, made from the predictions of all rows.
type output struct {
	tabular.Output
	compute func(predictions []float64, rows int) oip.Tensor
}

var _ tabular.Estimator = (*estimator)(nil)

func newEstimator(b *booster, o Options) (*estimator, error) {
	objective, err := parseObjective(b.objective)
	if err != nil {
		return nil, err
	}
	e := &estimator{groups: b.groups, objective: objective, divisor: 1}
	if e.rows, err = b.encoder(); err != nil {
		return nil, err
	}
	if e.outputs, err = e.outputsFor(o); err != nil {
		return nil, err
	}
	used := b.trees
	if o.Iterations > 0 && o.Iterations < len(used)/b.groups {
		used = used[:o.Iterations*b.groups]
	}
	if iterations := len(used) / b.groups; b.average && iterations > 0 {
		e.divisor = float64(iterations)
	}
	forest := trees.Forest{Features: len(b.names), Groups: b.groups, Input: trees.Double, Output: trees.Double, Trees: used}
	e.ensemble, err = trees.Build(forest, trees.Options{Threads: o.Threads})
	return e, err
}

func (e *estimator) outputsFor(o Options) ([]output, error) {
	if !o.Classifier {
		cols := e.groups
		if cols == 1 {
			cols = 0
		}
		return []output{{Output: tabular.Output{Name: "predict", Datatype: oip.FP64, Cols: cols}, compute: e.predict}}, nil
	}
	if !e.objective.classes {
		return nil, errors.New("it is opened as a classifier, but its objective predicts no classes")
	}
	count := max(e.groups, 2)
	labels, err := classes.Of(o.Classes, count)
	if err != nil {
		return nil, err
	}
	return []output{
		{Output: tabular.Output{Name: "predict", Datatype: labels.Datatype}, compute: func(predictions []float64, _ int) oip.Tensor {
			return labels.Tensor(e.chosen(predictions))
		}},
		{Output: tabular.Output{Name: "predict_proba", Datatype: oip.FP64, Cols: count}, compute: func(predictions []float64, rows int) oip.Tensor {
			return oip.NewTensor("", oip.FP64, []int64{int64(rows), int64(count)}, e.probabilities(predictions))
		}},
	}, nil
}

func (e *estimator) Features() []tabular.Feature { return e.rows.Features() }

func (e *estimator) Outputs() []tabular.Output {
	described := make([]tabular.Output, len(e.outputs))
	for i, o := range e.outputs {
		described[i] = o.Output
	}
	return described
}

// Compute takes any number for a value; the columns of a data frame have categories where the model has kept some. As in LightGBM,
// a value that is none of them is missing.
func (e *estimator) Compute(ctx context.Context, frame *tabular.Frame, outputs []int) ([]oip.Tensor, error) {
	rows, err := e.rows.Matrix(frame)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sums := make([]float64, rows.Rows*e.groups)
	e.ensemble.Sum(rows, sums)
	for i := 0; i < len(sums); i += e.groups {
		row := sums[i:][:e.groups]
		for k := range row {
			row[k] /= e.divisor
		}
		if e.objective.transform != nil {
			e.objective.transform(row)
		}
	}
	answers := make([]oip.Tensor, len(outputs))
	for i, number := range outputs {
		o := e.outputs[number]
		answers[i] = o.compute(sums, frame.Rows)
		answers[i].Name = o.Name
	}
	return answers, nil
}

// predict is Booster.predict.
func (e *estimator) predict(predictions []float64, rows int) oip.Tensor {
	shape := []int64{int64(rows), int64(e.groups)}
	if e.groups == 1 {
		shape = shape[:1]
	}
	return oip.NewTensor("", oip.FP64, shape, slices.Clone(predictions))
}

// probabilities is LGBMClassifier.predict_proba.
func (e *estimator) probabilities(predictions []float64) []float64 {
	if e.groups > 1 {
		return slices.Clone(predictions)
	}
	both := make([]float64, 0, 2*len(predictions))
	for _, p := range predictions {
		both = append(both, 1-p, p)
	}
	return both
}

// chosen is the number of each row's class: that of the first greatest probability.
func (e *estimator) chosen(predictions []float64) []int {
	count := max(e.groups, 2)
	probabilities := e.probabilities(predictions)
	chosen := make([]int, len(probabilities)/count)
	for i := range chosen {
		row := probabilities[i*count:][:count]
		for class, p := range row {
			if p > row[chosen[i]] {
				chosen[i] = class
			}
		}
	}
	return chosen
}
