package sklearn

import (
	"context"
	"slices"

	"github.com/sluice-serving/sluice/api/oip"
)

type method = func(ctx context.Context, x *batch) (*batch, error)

// classifier makes an estimator that predicts classes. score is predict_proba or decision_function, and predict takes the class of the largest: of a
// score with one column, the second class where it is above zero.
func classifier(classes *labels, ops ...op) *estimator {
	score := ops[0].run
	predicted := op{name: predict, labels: classes, run: func(ctx context.Context, x *batch) (*batch, error) {
		scores, err := score(ctx, x)
		if err != nil {
			return nil, err
		}
		return choose(scores, classes), nil
	}}
	return &estimator{ops: append([]op{predicted}, ops...), classes: []*labels{classes}}
}

// choose gives each row the class with the largest score.
func choose(scores *batch, classes *labels) *batch {
	codes := make([]int32, scores.rows)
	for i := range codes {
		if scores.cols > 1 {
			codes[i] = int32(argmax(scores.row(i)))
		} else if scores.dense[i] > 0 && classes.len() > 1 {
			codes[i] = 1
		}
	}
	return &batch{rows: scores.rows, cols: 1, vector: true, codes: codes, labels: []*labels{classes}}
}

// regressor makes an estimator that predicts numbers: cols of each row, 0 for a single one.
func regressor(cols int, run method) *estimator {
	return &estimator{ops: []op{{name: predict, cols: cols, run: run}}}
}

// transformer makes an estimator that changes rows into ones of cols columns.
func transformer(cols int, run method) *estimator {
	return &estimator{ops: []op{{name: transform, cols: cols, run: run}}}
}

// scoreCols is the width of a decision function of n classes.
func scoreCols(n int) int {
	if n <= 2 {
		return 0
	}
	return n
}

// asVector gives a matrix of one column as a vector.
func asVector(b *batch) *batch {
	if b.cols == 1 {
		b.vector = true
	}
	return b
}

// sameInput gives an estimator that forwards some methods of another, under its own names and width.
func sameInput(inner *estimator, methods ...string) *estimator {
	e := &estimator{in: inner.in, classes: inner.classes}
	if slices.Contains(methods, proba) { // of several outputs, one each
		for k := range inner.classes {
			methods = append(methods, probaOf(k))
		}
	}
	for _, name := range methods {
		if o := inner.op(name); o != nil {
			e.ops = append(e.ops, o.with(func(ctx context.Context, x *batch) (*batch, error) { return inner.call(ctx, name, x) }))
		}
	}
	return e
}

// outliers makes a detector: 1 where its decision function isn't below zero, else -1.
func outliers(decide op, more ...op) *estimator {
	sides := &labels{datatype: oip.Int64, ints: []int64{-1, 1}}
	predicted := op{name: predict, labels: sides, run: func(ctx context.Context, x *batch) (*batch, error) {
		scores, err := decide.run(ctx, x)
		if err != nil {
			return nil, err
		}
		codes := make([]int32, scores.rows)
		for i, s := range scores.dense {
			if s >= 0 {
				codes[i] = 1
			}
		}
		return &batch{rows: scores.rows, cols: 1, vector: true, codes: codes, labels: []*labels{sides}}, nil
	}}
	return &estimator{ops: append([]op{predicted, decide}, more...)}
}
