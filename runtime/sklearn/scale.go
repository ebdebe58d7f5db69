package sklearn

import (
	"context"
	"math"
)

func scaleFamily(class string) maker {
	switch class {
	case "StandardScaler":
		return func(a *attrs) *estimator { return a.affine("mean_", "scale_", "with_mean", "with_std") }
	case "RobustScaler":
		return func(a *attrs) *estimator { return a.affine("center_", "scale_", "with_centering", "with_scaling") }
	case "MaxAbsScaler":
		return func(a *attrs) *estimator {
			if a.flag("clip", false) {
				return clipped(a.affine("", "scale_", "", ""), -1, 1)
			}
			return a.affine("", "scale_", "", "")
		}
	case "MinMaxScaler":
		return minMax
	case "Normalizer":
		return normalizer
	case "Binarizer":
		return binarizer
	}
	return nil
}

// affine is (x - center) / scale by column; either may be off or absent.
func (a *attrs) affine(center, scale, withCenter, withScale string) *estimator {
	var centers, scales []float64
	if center != "" && a.flag(withCenter, true) && a.value(center) != nil {
		centers = a.floats(center)
	}
	if (withScale == "" || a.flag(withScale, true)) && a.value(scale) != nil {
		scales = a.floats(scale)
	}
	cols := a.integer("n_features_in_", max(len(centers), len(scales)))
	if centers != nil {
		a.expect(center, len(centers), cols)
	}
	if scales != nil {
		a.expect(scale, len(scales), cols)
	}
	e := transformer(cols, func(_ context.Context, x *batch) (*batch, error) {
		if x.sparse != nil && centers == nil {
			return x.sparse.scaled(func(c int32, v float64) float64 {
				if scales != nil {
					v /= scales[c]
				}
				return v
			}).batch(), nil
		}
		if x.sparse != nil {
			x = x.sparse.dense()
		}
		return scaled(x, centers, scales), nil
	})
	e.in = input{cols: cols, accepts: missing, isSparse: true}
	return e
}

func scaled(x *batch, centers, scales []float64) *batch {
	out := dense(x.rows, x.cols)
	for i := range x.rows {
		from, to := x.row(i), out.row(i)
		copy(to, from)
		for c, v := range centers {
			to[c] -= v
		}
		for c, v := range scales {
			to[c] /= v
		}
	}
	return out
}

func minMax(a *attrs) *estimator {
	scales, offsets := a.floats("scale_"), a.floats("min_")
	a.expect("min_", len(offsets), len(scales))
	e := transformer(len(scales), func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, x.cols)
		for i := range x.rows {
			to := out.row(i)
			for c, v := range x.row(i) {
				// The product is rounded before the sum, as numpy does it in two steps.
				to[c] = float64(v*scales[c]) + offsets[c]
			}
		}
		return out, nil
	})
	e.in = input{cols: len(scales), accepts: missing}
	if limits := a.items("feature_range"); a.flag("clip", false) && len(limits) == 2 {
		_, pair := a.listed("feature_range", limits)
		return clipped(e, pair[0], pair[1])
	}
	return e
}

// clipped holds a transform's values to a range.
func clipped(e *estimator, low, high float64) *estimator {
	run := e.ops[0].run
	e.ops[0].run = func(ctx context.Context, x *batch) (*batch, error) {
		y, err := run(ctx, x)
		if err != nil {
			return nil, err
		}
		values := y.dense
		if y.sparse != nil {
			values = y.sparse.values
		}
		for i, v := range values {
			if v < low {
				values[i] = low
			} else if v > high {
				values[i] = high
			}
		}
		return y, nil
	}
	return e
}

func normalizer(a *attrs) *estimator {
	norm := a.text("norm", "l2")
	length, known := map[string]func([]float64) float64{
		"l1": func(v []float64) float64 {
			sum := 0.0
			for _, x := range v {
				sum += math.Abs(x)
			}
			return sum
		},
		"l2": func(v []float64) float64 { return math.Sqrt(dot(v, v)) },
		"max": func(v []float64) float64 {
			top := 0.0
			for _, x := range v {
				top = max(top, math.Abs(x))
			}
			return top
		},
	}[norm]
	if !known {
		a.refuse("norm " + norm)
	}
	e := transformer(a.integer("n_features_in_", -1), func(_ context.Context, x *batch) (*batch, error) {
		return normalizedRows(x, length), nil
	})
	e.in = input{cols: a.integer("n_features_in_", -1), isSparse: true}
	return e
}

// normalizedRows divides each row by its length, unless that is zero.
func normalizedRows(x *batch, length func([]float64) float64) *batch {
	divide := func(v []float64) {
		if n := length(v); n != 0 {
			for i := range v {
				v[i] /= n
			}
		}
	}
	if x.sparse != nil {
		out := x.sparse.scaled(func(_ int32, v float64) float64 { return v })
		for i := range out.rows {
			_, values := out.row(i)
			divide(values)
		}
		return out.batch()
	}
	out := dense(x.rows, x.cols)
	copy(out.dense, x.dense)
	for i := range out.rows {
		divide(out.row(i))
	}
	return out
}

func binarizer(a *attrs) *estimator {
	threshold := a.number("threshold", 0)
	e := transformer(a.integer("n_features_in_", -1), func(_ context.Context, x *batch) (*batch, error) {
		return binarized(x, threshold), nil
	})
	e.in = input{cols: a.integer("n_features_in_", -1), isSparse: true}
	return e
}
