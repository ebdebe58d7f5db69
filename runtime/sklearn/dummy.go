package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func dummyFamily(class string) maker {
	switch class {
	case "DummyClassifier":
		return dummyClassifier
	case "DummyRegressor":
		return dummyRegressor
	}
	return nil
}

// anyRows are what an estimator takes that doesn't look at them.
func (a *attrs) anyRows() input {
	return input{cols: a.integer("n_features_in_", -1), isMixed: true, accepts: anything}
}

// always answers each row alike.
func always(row []float64, asVector bool) method {
	return func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, len(row))
		for i := range x.rows {
			copy(out.row(i), row)
		}
		out.vector = asVector
		return out, nil
	}
}

func dummyClassifier(a *attrs) *estimator {
	strategy := a.text(a.first("_strategy", "strategy"), "prior")
	if a.integer("n_outputs_", 1) != 1 {
		a.refuse("several outputs")
		return nil
	}
	classes, priors := a.classes(), a.floats("class_prior_")
	a.expect("class_prior_", len(priors), classes.len())
	if a.err != nil || len(priors) == 0 {
		return nil
	}
	row := make([]float64, len(priors))
	switch strategy {
	case "prior":
		copy(row, priors)
	case "most_frequent":
		row[argmax(priors)] = 1
	case "constant":
		row[a.constantClass(classes)] = 1
	default:
		a.refuse("strategy " + strategy + ", which answers at random")
		return nil
	}
	e := classifier(classes, op{name: proba, cols: len(row), run: always(row, false)})
	e.in = a.anyRows()
	return e
}

// constantClass finds the class that a dummy always answers.
func (a *attrs) constantClass(classes *labels) int {
	v := a.value("constant")
	if s, ok := v.(*pickle.Scalar); ok {
		v = s.Value
	}
	for i, text := range classes.texts {
		if text == v {
			return i
		}
	}
	if f, ok := pickle.Float(v); ok {
		if i, ok := classes.index(f); ok {
			return i
		}
	}
	a.fail("constant", "it is none of the classes")
	return 0
}

func dummyRegressor(a *attrs) *estimator {
	row := a.floats("constant_")
	if len(row) == 0 {
		a.fail("constant_", "it is empty")
		return nil
	}
	cols := len(row)
	if cols == 1 {
		cols = 0
	}
	e := regressor(cols, always(row, cols == 0))
	e.in = a.anyRows()
	return e
}
