package lightgbm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees"
	"github.com/sluice-serving/sluice/runtime/trees/classes"
)

// estimator is a loaded model.
type estimator struct {
	features  []tabular.Feature
	codes     []map[string]float64 // for each feature, the codes of its categories' texts; nil: it has none
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
	e.describeFeatures(b)
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

func (e *estimator) describeFeatures(b *booster) {
	e.features = make([]tabular.Feature, len(b.names))
	e.codes = make([]map[string]float64, len(b.names))
	for i, name := range b.names {
		e.features[i].Name = name
		if b.labels == nil || b.labels[i] == nil {
			continue
		}
		e.features[i].Kind = tabular.Any
		e.codes[i] = make(map[string]float64, len(b.labels[i]))
		for code, label := range b.labels[i] {
			e.codes[i][label] = float64(code)
		}
	}
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

func (e *estimator) Features() []tabular.Feature { return e.features }

func (e *estimator) Outputs() []tabular.Output {
	described := make([]tabular.Output, len(e.outputs))
	for i, o := range e.outputs {
		described[i] = o.Output
	}
	return described
}

// Compute takes any number for a value; texts only for a feature whose categories the model has kept. As in LightGBM, a text
// that is none of them is a missing value.
func (e *estimator) Compute(ctx context.Context, frame *tabular.Frame, outputs []int) ([]oip.Tensor, error) {
	rows, err := e.matrix(frame)
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

// matrix gives the frame's numbers, categories as their codes.
func (e *estimator) matrix(frame *tabular.Frame) (tabular.Matrix, error) {
	if frame.Numbers != nil {
		return *frame.Numbers, nil
	}
	m := tabular.Matrix{Rows: frame.Rows, Cols: len(frame.Columns), F64: make([]float64, frame.Rows*len(frame.Columns))}
	for i := range frame.Columns {
		c := &frame.Columns[i]
		for row := range frame.Rows {
			value := math.NaN()
			switch {
			case c.Texts == nil:
				value = c.Numbers[row]
			case c.Missing != nil && c.Missing[row]:
			case e.codes[i] == nil:
				return m, &model.InvalidInputError{Problem: fmt.Sprintf("row %d: feature %s is %q; the model takes numbers there", row, strconv.Quote(e.features[i].Name), c.Texts[row])}
			default:
				if code, known := e.codes[i][c.Texts[row]]; known {
					value = code
				}
			}
			m.F64[row*m.Cols+i] = value
		}
	}
	return m, nil
}
