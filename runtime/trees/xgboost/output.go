package xgboost

import (
	"fmt"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees/classes"
)

// output is one of the things that a model answers, made from the margins of all rows, which it may overwrite.
type output struct {
	tabular.Output
	compute func(margins []float32, rows int) oip.Tensor
}

// outputsFor gives the outputs of the interface.
func (e *estimator) outputsFor(o Options) ([]output, error) {
	if o.Interface != Classifier {
		return []output{e.predict()}, nil
	}
	if !e.objective.classes {
		return nil, fmt.Errorf("it is opened as a classifier, but its objective predicts no classes")
	}
	count := max(e.groups, 2)
	label, err := classes.Of(o.Classes, count)
	if err != nil {
		return nil, err
	}
	probabilities := output{Output: tabular.Output{Name: "predict_proba", Datatype: oip.FP32, Cols: count}, compute: func(margins []float32, rows int) oip.Tensor {
		return oip.NewTensor("", oip.FP32, []int64{int64(rows), int64(count)}, e.probabilities(margins))
	}}
	labels := output{Output: tabular.Output{Name: "predict", Datatype: label.Datatype}, compute: func(margins []float32, rows int) oip.Tensor {
		return label.Tensor(e.chosen(margins))
	}}
	return []output{labels, probabilities}, nil
}

// predict is Booster.predict.
func (e *estimator) predict() output {
	cols := e.groups
	if cols == 1 || e.objective.argmax {
		cols = 0
	}
	return output{Output: tabular.Output{Name: "predict", Datatype: oip.FP32, Cols: cols}, compute: func(margins []float32, rows int) oip.Tensor {
		values := margins
		shape := []int64{int64(rows), int64(e.groups)}
		switch {
		case e.objective.argmax:
			values, shape = make([]float32, rows), shape[:1]
			for row := range values {
				values[row] = float32(greatest(margins[row*e.groups:][:e.groups]))
			}
		case e.groups == 1:
			e.transform(values)
			shape = shape[:1]
		default:
			e.transform(values)
		}
		return oip.NewTensor("", oip.FP32, shape, values)
	}}
}

func (e *estimator) transform(margins []float32) {
	if e.objective.transform == nil {
		return
	}
	for i := 0; i < len(margins); i += e.groups {
		e.objective.transform(margins[i:][:e.groups])
	}
}

// probabilities is XGBClassifier.predict_proba: one for each class, also of two, and of a model that predicts classes alone.
func (e *estimator) probabilities(margins []float32) []float32 {
	if e.groups > 1 {
		if e.objective.argmax {
			for i := 0; i < len(margins); i += e.groups {
				softmax(margins[i:][:e.groups])
			}
			return margins
		}
		e.transform(margins)
		return margins
	}
	e.transform(margins)
	both := make([]float32, 0, 2*len(margins))
	for _, p := range margins {
		both = append(both, 1-p, p)
	}
	return both
}

// chosen is the number of each row's class as XGBClassifier.predict has it.
func (e *estimator) chosen(margins []float32) []int {
	chosen := make([]int, len(margins)/e.groups)
	e.transform(margins)
	for row := range chosen {
		if e.groups > 1 {
			chosen[row] = greatest(margins[row*e.groups:][:e.groups])
		} else if margins[row] > 0.5 {
			chosen[row] = 1
		}
	}
	return chosen
}
