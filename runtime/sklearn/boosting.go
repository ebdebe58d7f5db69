package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees"
)

func boostingFamily(class string) maker {
	switch class {
	case "GradientBoostingClassifier", "GradientBoostingRegressor":
		return gradientBoosting
	case "HistGradientBoostingClassifier", "HistGradientBoostingRegressor":
		return histogramBoosting
	}
	return nil
}

// boosted is a sum of trees on top of what a first estimator says.
type boosted struct {
	kernel *trees.Ensemble
	width  int
	// start gives the sums' beginnings; constant is what they are where the first estimator doesn't look at the row.
	start    func(ctx context.Context, x *batch, out *batch) error
	constant []float64
}

func (b *boosted) raw(ctx context.Context, x *batch) (*batch, error) {
	out := dense(x.rows, b.width)
	if b.start != nil {
		if err := b.start(ctx, x, out); err != nil {
			return nil, err
		}
	} else {
		for i := range x.rows {
			copy(out.row(i), b.constant)
		}
	}
	b.kernel.Sum(tabular.Matrix{Rows: x.rows, Cols: x.cols, F64: x.dense}, out.dense)
	return asVector(out), nil
}

// classifier makes probabilities of raw sums; the logit of two classes is times the sum.
func (b *boosted) classifier(classes *labels, times float64) *estimator {
	e := classifier(classes, op{name: decision, cols: scoreCols(classes.len()), run: b.raw})
	e.add(op{name: proba, cols: classes.len(), run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := b.raw(ctx, x)
		if err != nil {
			return nil, err
		}
		if y.cols == 1 {
			return bothSides(y.dense, func(s float64) float64 { return sigmoid(times * s) }), nil
		}
		y.vector = false
		for i := range y.rows {
			softmax(y.row(i))
		}
		return y, nil
	}})
	return e
}

// severalClasses refuses a boosted classifier of one class, which scikit-learn doesn't fit: its one sum stands for two.
func (a *attrs) severalClasses(classes *labels) {
	if a.err == nil && classes.len() < 2 {
		a.fail("classes_", "expected several, found %d", classes.len())
	}
}

func gradientBoosting(a *attrs) *estimator {
	rate := a.number("learning_rate", 0.1)
	stages, ok := a.need("estimators_").(*pickle.Array)
	if !ok || len(stages.Shape) != 2 || stages.Shape[1] < 1 {
		a.fail("estimators_", "expected a table of trees")
		return nil
	}
	b := &boosted{width: stages.Shape[1]}
	forest := trees.Forest{Features: a.integer("n_features_in_", 0), Groups: b.width, Input: trees.Single, Output: trees.Double}
	for i, member := range a.members() {
		t := member.tree()
		if member.err == nil && len(t.values) != len(t.left) {
			member.fail("tree_", "it has %d values for %d nodes", len(t.values), len(t.left))
		}
		if member.err != nil {
			a.err = member.err
			return nil
		}
		for k := range t.values {
			t.values[k] *= rate
		}
		forest.Trees = append(forest.Trees, trees.Tree{Nodes: t.nodes(nil), Group: i % b.width, Leaves: t.values})
	}
	if a.err != nil {
		return nil
	}
	built := a.build(forest, 1)
	if a.err != nil {
		return nil
	}
	b.kernel = built.kernel
	var e *estimator
	if a.class == "GradientBoostingRegressor" {
		a.startOfRegression(b)
		e = regressor(0, b.raw)
	} else {
		classes, times := a.classes(), 1.0
		if a.text("loss", "") == "exponential" {
			times = 2
		}
		a.severalClasses(classes)
		a.expect("estimators_ (columns)", b.width, max(1, scoreCols(classes.len())))
		a.startOfClasses(b, 1/times)
		e = b.classifier(classes, times)
	}
	e.in = input{cols: forest.Features}
	return e
}

// rounded has the numbers in single precision, as the library shows them to init_.
func rounded(x *batch) *batch {
	out := dense(x.rows, x.cols)
	for i, v := range x.dense {
		out.dense[i] = float64(float32(v))
	}
	return out
}

// startOfRegression is what init_ predicts.
func (a *attrs) startOfRegression(b *boosted) {
	if a.text("init_", "") == "zero" {
		b.constant = []float64{0}
		return
	}
	first := a.child("init_")
	if a.err == nil && !first.has(predict) {
		a.fail("init_", "it doesn't predict")
	}
	b.start = func(ctx context.Context, x *batch, out *batch) error {
		y, err := first.call(ctx, predict, rounded(x))
		if err == nil {
			copy(out.dense, y.dense)
		}
		return err
	}
}

// startOfClasses is the link of what init_ gives for probabilities: the logit, or logarithms, which since 1.4 have a mean of zero.
func (a *attrs) startOfClasses(b *boosted, share float64) {
	if a.text("init_", "") == "zero" {
		b.constant = make([]float64, b.width)
		return
	}
	first := a.child("init_")
	if a.err == nil && !first.has(proba) {
		a.fail("init_", "it gives no probabilities")
	}
	old := a.before(1, 4)
	margin := epsilon
	if a.before(1, 8) {
		margin = 0x1p-23
	}
	b.start = func(ctx context.Context, x *batch, out *batch) error {
		y, err := first.call(ctx, proba, rounded(x))
		if err != nil {
			return err
		}
		for i := range y.rows {
			row, to := y.row(i), out.row(i)
			if len(to) == 1 {
				p := min(max(row[len(row)-1], margin), 1-margin)
				to[0] = share * math.Log(p/(1-p))
				continue
			}
			mean := 0.0
			for k := range to {
				to[k] = math.Log(min(max(row[k], margin), 1-margin))
				mean += to[k] / float64(len(to))
			}
			for k := range to {
				if !old {
					to[k] -= mean
				}
			}
		}
		return nil
	}
}
