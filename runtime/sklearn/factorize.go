package sklearn

import (
	"context"
	"math"
)

// factorization is a non-negative matrix factorization whose components are fixed: a row is a sum of them.
type factorization struct {
	components *matrix // [components, features]
	products   *matrix // of the components with each other, with the regularization on the diagonal
	l1         float64
	rounds     int
	tolerance  float64
}

// nonNegative is NMF by coordinate descent. Each row goes on until it has converged itself: the library stops when the sum over all rows of a
// request changes little, so that its answer for a row depends on the rows beside it.
func nonNegative(a *attrs) *estimator {
	if solver := a.text("solver", "cd"); solver != "cd" {
		a.refuse("multiplicative updates")
	}
	if a.flag("shuffle", false) {
		a.refuse("shuffle, which makes its answers random")
	}
	if old := a.value("alpha"); old != nil && old != "deprecated" && a.number("alpha", 0) != 0 {
		a.refuse("the regularization alpha of scikit-learn 1.1 and before")
	}
	f := &factorization{components: a.matrix("components_"), rounds: a.integer("max_iter", 200), tolerance: a.number("tol", 1e-4)}
	n, features := f.components.rows, float64(f.components.cols)
	alpha, ratio := a.number("alpha_W", 0), a.number("l1_ratio", 0)
	f.l1 = features * alpha * ratio
	f.products = &matrix{rows: n, cols: n, v: make([]float64, n*n)}
	for i := range n {
		for j := range n {
			f.products.row(i)[j] = dot(f.components.row(i), f.components.row(j))
		}
		f.products.row(i)[i] += features * alpha * (1 - ratio)
	}
	e := transformer(n, func(ctx context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, n)
		for i := range x.rows {
			if i%64 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			for c, v := range x.row(i) {
				if v < 0 {
					return nil, invalid("row %d has a negative value in column %d, which the model doesn't take", i, c)
				}
			}
			f.fit(x.row(i), out.row(i))
		}
		return out, nil
	})
	e.in.cols = f.components.cols
	return e
}

// fit finds the weights of one row by projected Newton steps, a weight at a time (Cichocki and Phan, 2009).
func (f *factorization) fit(x, w []float64) {
	targets := make([]float64, len(w))
	for k := range targets {
		targets[k] = dot(x, f.components.row(k)) - f.l1
	}
	first := 0.0
	for round := range f.rounds {
		violation := 0.0
		for t := range w {
			slope := -targets[t]
			for r, v := range w {
				slope += f.products.row(t)[r] * v
			}
			if w[t] == 0 {
				violation += math.Abs(math.Min(0, slope))
			} else {
				violation += math.Abs(slope)
			}
			if curve := f.products.row(t)[t]; curve != 0 {
				w[t] = math.Max(w[t]-slope/curve, 0)
			}
		}
		if round == 0 {
			first = violation
		}
		if first == 0 || violation/first <= f.tolerance {
			return
		}
	}
}
