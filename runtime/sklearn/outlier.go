package sklearn

import (
	"context"
	"math"
)

func outlierFamily(class string) maker {
	if class == "EllipticEnvelope" {
		return ellipticEnvelope
	}
	return nil
}

// shifted makes a detector of scores that are compared with an offset.
func shifted(scores method, offset float64) *estimator {
	return outliers(op{name: decision, run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := scores(ctx, x)
		if err != nil {
			return nil, err
		}
		for i := range y.dense {
			y.dense[i] -= offset
		}
		return y, nil
	}}, op{name: scoring, run: scores})
}

// ellipticEnvelope scores a row by its squared Mahalanobis distance from the middle.
func ellipticEnvelope(a *attrs) *estimator {
	center, precision := a.floats("location_"), a.matrix("precision_")
	a.expect("precision_", precision.rows, len(center))
	a.expect("precision_", precision.cols, len(center))
	offset := a.number("offset_", 0)
	if a.err != nil {
		return nil
	}
	e := shifted(func(_ context.Context, x *batch) (*batch, error) {
		out, d := make([]float64, x.rows), make([]float64, len(center))
		for i := range out {
			for c, v := range x.row(i) {
				d[c] = v - center[c]
			}
			for c := range d {
				out[i] -= d[c] * dot(d, precision.row(c))
			}
		}
		return vector(out), nil
	}, offset)
	e.in.cols = len(center)
	return e
}

// localOutlierFactor compares how dense the rows stand around a new one with how dense they stand around its neighbours. It needs novelty=True,
// without which the library has no method for new rows.
func localOutlierFactor(a *attrs) *estimator {
	if !a.flag("novelty", false) {
		a.refuse("novelty=False, which predicts for its training rows only")
	}
	n, densities, reaches := a.neighbors(), a.floats("_lrd"), a.matrix("_distances_fit_X_")
	a.expect("_lrd", len(densities), n.rows.rows)
	a.expect("_distances_fit_X_", reaches.rows, n.rows.rows)
	offset := a.number("offset_", 0)
	if a.err == nil && reaches.cols < n.k {
		a.expect("_distances_fit_X_", reaches.cols, n.k)
	}
	if a.err != nil {
		return nil
	}
	e := shifted(func(ctx context.Context, x *batch) (*batch, error) {
		out := make([]float64, x.rows)
		f := &found{distances: make([]float64, n.k), rows: make([]int32, n.k)}
		for i := range out {
			if i%64 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			n.find(x.row(i), f)
			reach, around := 0.0, 0.0
			for k, r := range f.rows {
				reach += math.Max(f.distances[k], reaches.row(int(r))[n.k-1])
				around += densities[r]
			}
			k := float64(n.k)
			out[i] = -around / k * (reach/k + 1e-10)
		}
		return vector(out), nil
	}, offset)
	e.in.cols = n.rows.cols
	return e
}
