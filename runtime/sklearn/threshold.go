package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func thresholdFamily(class string) maker {
	switch class {
	case "FixedThresholdClassifier", "TunedThresholdClassifierCV":
		return thresholdClassifier
	case "FrozenEstimator":
		return func(a *attrs) *estimator {
			return sameInput(a.child("estimator"), predict, proba, decision, transform, scoring)
		}
	}
	return nil
}

// thresholdClassifier tells two classes apart by a score and a threshold of its own.
func thresholdClassifier(a *attrs) *estimator {
	inner := a.child(a.first("estimator_", "estimator"))
	if a.err == nil && (len(inner.classes) != 1 || inner.classes[0].len() != 2) {
		a.fail("estimator_", "it doesn't tell two classes apart")
	}
	if a.err != nil {
		return nil
	}
	method := a.text("response_method", "auto")
	if method == "auto" {
		if method = proba; !inner.has(proba) {
			method = decision
		}
	}
	a.demand("estimator_", []*estimator{inner}, method)
	classes, positive := inner.classes[0], a.positiveClass(inner.classes[0])
	limit := a.thresholdOf(method)
	if a.err != nil {
		return nil
	}
	e := sameInput(inner, proba, decision)
	predicted := op{name: predict, labels: classes, run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := inner.call(ctx, method, x)
		if err != nil {
			return nil, err
		}
		codes := make([]int32, x.rows)
		for i := range codes {
			score := y.row(i)[y.cols-1]
			switch {
			case positive == 1:
			case y.cols == 2:
				score = y.row(i)[0]
			default:
				score = -score
			}
			if codes[i] = int32(1 - positive); score >= limit {
				codes[i] = int32(positive)
			}
		}
		return &batch{rows: x.rows, cols: 1, vector: true, codes: codes, labels: []*labels{classes}}, nil
	}}
	e.ops = append([]op{predicted}, e.ops...)
	return e
}

func (a *attrs) thresholdOf(method string) float64 {
	if a.class == "TunedThresholdClassifierCV" {
		a.need("best_threshold_")
		return a.number("best_threshold_", 0.5)
	}
	if a.text("threshold", "") != "auto" {
		return a.number("threshold", 0.5)
	}
	if method == proba {
		return 0.5
	}
	return 0
}

// positiveClass is the number of the class that the score is for: the second, unless the file says another.
func (a *attrs) positiveClass(classes *labels) int {
	label := a.value("pos_label")
	if scorer, ok := a.value("_curve_scorer").(*pickle.Object); ok {
		if options, ok := scorer.Attr("_kwargs"); ok {
			if d, ok := options.(*pickle.Dict); ok {
				label, _ = d.Get("pos_label")
			}
		}
		// Metrics as f1_score take 1 for the positive class where they aren't told.
		if first, ok := classes.number(0); label == nil && ok && first == 1 {
			a.refuse("a metric whose positive class isn't said")
		}
	}
	if label == nil {
		return 1
	}
	if scalar, ok := label.(*pickle.Scalar); ok {
		label = scalar.Value
	}
	text, isText := label.(string)
	number, isNumber := pickle.Float(label)
	for i := range 2 {
		v, counted := classes.number(i)
		if isText && classes.texts != nil && classes.texts[i] == text || isNumber && counted && v == number {
			return i
		}
	}
	a.fail("pos_label", "it is none of the classes")
	return 1
}
