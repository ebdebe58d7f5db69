package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/api/oip"
)

// outputCodes predicts the class whose code is nearest to what its estimators answer.
func outputCodes(a *attrs) *estimator {
	members, codes, classes := a.children("estimators_"), a.matrix("code_book_"), a.classes()
	a.twoClasses(members)
	a.expect("code_book_", codes.rows, classes.len())
	a.expect("code_book_", codes.cols, len(members))
	if a.err != nil {
		return nil
	}
	return &estimator{in: commonInput(members), classes: []*labels{classes}, ops: []op{{name: predict, labels: classes,
		run: func(ctx context.Context, x *batch) (*batch, error) {
			y, err := scoresOf(ctx, members, x, binaryScore)
			if err != nil {
				return nil, err
			}
			return nearest(y, codes, distance{kind: "euclidean"}, classes), nil
		}}}}
}

// probabilitiesOf are the outputs of a classifier of several outputs: its probabilities are a list of tables in the library, one for each output,
// and here a tensor each, predict_proba_0 and on.
func probabilitiesOf(all []*labels, run func(ctx context.Context, output int, x *batch) (*batch, error)) []op {
	ops := make([]op, len(all))
	for k, l := range all {
		ops[k] = op{name: probaOf(k), cols: l.len(), datatype: oip.FP64, run: func(ctx context.Context, x *batch) (*batch, error) { return run(ctx, k, x) }}
	}
	return ops
}

// constantPredictor stands for a class that all rows of the training had, or none.
func constantPredictor(a *attrs) *estimator {
	answer := a.floats("y_")
	if len(answer) != 1 {
		a.fail("y_", "%d values", len(answer))
		return nil
	}
	e := classifier(count(2, oip.Int64), op{name: decision, run: func(_ context.Context, x *batch) (*batch, error) {
		return vector(repeated(answer[0], x.rows)), nil
	}})
	e.ops = append(e.ops, op{name: proba, cols: 2, run: func(_ context.Context, x *batch) (*batch, error) {
		return bothSides(repeated(answer[0], x.rows), func(p float64) float64 { return p }), nil
	}})
	e.in = input{cols: a.integer("n_features_in_", -1), isMixed: true, accepts: anything}
	return e
}
