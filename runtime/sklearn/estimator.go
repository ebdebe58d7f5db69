package sklearn

import (
	"context"
	"strconv"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// The methods of scikit-learn that are served, as its estimators name them.
const (
	predict   = "predict"
	proba     = "predict_proba"
	decision  = "decision_function"
	transform = "transform"
	scoring   = "score_samples"
)

// probaOf names the probabilities of one of several outputs.
func probaOf(output int) string { return proba + "_" + strconv.Itoa(output) }

// estimator is a fitted one: what it takes and what it can compute.
type estimator struct {
	in  input
	ops []op
	// classes are a classifier's, nil of any other; one for each output of those that predict several.
	classes []*labels
	// imputer and encoder are set of those that need to know of each other in a pipeline.
	imputer *imputer
	encoder *encoder
}

// input is the rows that an estimator takes.
type input struct {
	cols     int            // -1: any number
	kinds    []tabular.Kind // one for each column; nil if all are numbers
	names    []string       // nil if it was trained without
	accepts  tolerance
	isSparse bool // it computes on sparse rows as they are
	isMixed  bool // it takes columns as they are
}

// op is a method of an estimator.
type op struct {
	name string
	cols int // of the answer: 0 is one value for each row, -1 a width that isn't known
	// datatype is that of numbers which aren't float64 in the library; "" if they are.
	datatype oip.Datatype
	labels   *labels
	run      func(ctx context.Context, x *batch) (*batch, error)
}

// has says whether the estimator has a method.
func (e *estimator) has(name string) bool { return e.op(name) != nil }

func (e *estimator) op(name string) *op {
	for i := range e.ops {
		if e.ops[i].name == name {
			return &e.ops[i]
		}
	}
	return nil
}

// call runs a method that the estimator has.
func (e *estimator) call(ctx context.Context, name string, x *batch) (*batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x, err := e.in.prepare(x)
	if err != nil {
		return nil, err
	}
	return e.op(name).run(ctx, x)
}

// prepare gives rows in the form that the estimator computes on.
func (in *input) prepare(x *batch) (*batch, error) {
	if in.cols >= 0 && x.cols != in.cols {
		return nil, invalid("rows have %d columns, and the model takes %d", x.cols, in.cols)
	}
	switch {
	case in.isMixed:
		return x, nil
	case x.sparse != nil && in.isSparse:
	default:
		var err error
		if x, err = x.numbers(); err != nil {
			return nil, err
		}
	}
	return x, x.check(in.accepts)
}

// with is the method with another way to compute it.
func (o op) with(run method) op {
	o.run = run
	return o
}

// width is how many columns an estimator's transform gives; -1 if that isn't known.
func (e *estimator) width() int {
	if t := e.op(transform); t != nil {
		return t.cols
	}
	return -1
}

// kind is what values a column holds.
func (in *input) kind(column int) tabular.Kind {
	if column < len(in.kinds) {
		return in.kinds[column]
	}
	return tabular.Number
}
