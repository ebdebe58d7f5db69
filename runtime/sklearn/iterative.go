package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// round predicts one column's missing values from the others.
type round struct {
	column    int
	others    []int
	estimator *estimator
	low, high float64
}

// iterativeImputer fills in what a simple imputer does, and makes it better column by column. (The library leaves a request at the simple fill if no
// row of it has any value; here that row is treated as it is in company.)
func iterativeImputer(a *attrs) *estimator {
	first, cols := a.child("initial_imputer_"), a.integer("n_features_in_", 0)
	if a.flag("sample_posterior", false) {
		a.refuse("sample_posterior, which makes its answers random")
	}
	if !isMissing(a.value("missing_values")) {
		a.refuse("values other than NaN as missing")
	}
	if a.err == nil && (!first.has(transform) || first.width() != cols) {
		a.refuse("a column that has no values at all")
	}
	low, high := a.floats("_min_value"), a.floats("_max_value")
	a.expect("_min_value", len(low), cols)
	a.expect("_max_value", len(high), cols)
	var rounds []round
	for _, v := range a.items("imputation_sequence_") {
		if a.err != nil {
			return nil
		}
		rounds = append(rounds, a.round(v, cols))
		if last := &rounds[len(rounds)-1]; a.err == nil {
			last.low, last.high = low[last.column], high[last.column]
		}
	}
	if a.integer("n_iter_", 0) == 0 {
		rounds = nil
	}
	indicated := a.indicated(cols)
	if a.err != nil {
		return nil
	}
	e := transformer(cols+len(indicated), func(ctx context.Context, x *batch) (*batch, error) {
		filled, err := first.call(ctx, transform, x)
		if err != nil {
			return nil, err
		}
		y := dense(x.rows, cols)
		copy(y.dense, filled.dense)
		for _, r := range rounds {
			if err := r.improve(ctx, x, y); err != nil {
				return nil, err
			}
		}
		return withIndicator(x, y, indicated), nil
	})
	e.in = input{cols: cols, accepts: missing}
	return e
}

// round reads an element of imputation_sequence_, a named tuple.
func (a *attrs) round(v pickle.Value, cols int) round {
	var parts []pickle.Value
	if o, ok := v.(*pickle.Object); ok {
		parts = o.Args
	} else {
		parts = itemsOf(v)
	}
	if len(parts) != 3 {
		a.fail("imputation_sequence_", "expected triplets")
		return round{}
	}
	column, ok := pickle.Int(parts[0])
	others, isArray := parts[1].(*pickle.Array)
	if !ok || !isArray || column < 0 || int(column) >= cols {
		a.fail("imputation_sequence_", "expected a column and the others")
		return round{}
	}
	r := round{column: int(column), estimator: a.estimator("imputation_sequence_", parts[2])}
	for _, c := range a.intsOf(others) {
		if c < 0 || int(c) >= cols {
			a.fail("imputation_sequence_", "column %d of %d", c, cols)
			return r
		}
		r.others = append(r.others, int(c))
	}
	if a.err == nil {
		a.demand("imputation_sequence_", []*estimator{r.estimator}, predict)
	}
	return r
}

// improve replaces a column's fills, of rows that lack it.
func (r round) improve(ctx context.Context, x, y *batch) error {
	var rows []int
	for i := range x.rows {
		if math.IsNaN(x.row(i)[r.column]) {
			rows = append(rows, i)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	part := dense(len(rows), len(r.others))
	for k, i := range rows {
		for c, from := range r.others {
			part.row(k)[c] = y.row(i)[from]
		}
	}
	predicted, err := r.estimator.call(ctx, predict, part)
	if err != nil {
		return err
	}
	if predicted, err = predicted.numbers(); err != nil {
		return err
	}
	for k, i := range rows {
		y.row(i)[r.column] = min(max(predicted.dense[k*predicted.cols], r.low), r.high)
	}
	return nil
}

// withIndicator puts a column behind the others for each that is said to be missing or not.
func withIndicator(x, y *batch, indicated []int) *batch {
	if len(indicated) == 0 {
		return y
	}
	out := dense(y.rows, y.cols+len(indicated))
	for i := range y.rows {
		copy(out.row(i), y.row(i))
		for k, c := range indicated {
			if math.IsNaN(x.row(i)[c]) {
				out.row(i)[y.cols+k] = 1
			}
		}
	}
	return out
}
