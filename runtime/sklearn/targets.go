package sklearn

import (
	"context"
	"strings"
)

func targetFamily(class string) maker {
	if class == "TransformedTargetRegressor" {
		return transformedTarget
	}
	return nil
}

// transformedTarget undoes, after a prediction, what was done to the target before the fit.
func transformedTarget(a *attrs) *estimator {
	inner := a.child("regressor_")
	undo := a.within("transformer_")
	if a.err != nil {
		return nil
	}
	if a.demand("regressor_", []*estimator{inner}, predict); a.err != nil {
		return nil
	}
	back := undo.inverse(max(1, inner.op(predict).cols))
	if a.err == nil {
		a.err = undo.err
	}
	if a.err != nil {
		return nil
	}
	cols := inner.op(predict).cols
	if a.integer("_training_dim", 1) == 1 && cols == 1 {
		cols = 0
	}
	e := regressor(cols, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := inner.call(ctx, predict, x)
		if err != nil {
			return nil, err
		}
		out := dense(y.rows, y.cols)
		out.vector = cols == 0
		for i, v := range y.dense {
			out.dense[i] = back(i%y.cols, v)
		}
		return out, nil
	})
	e.in = inner.in
	e.in.isMixed, e.in.accepts = true, anything
	return e
}

// inverse undoes a transform of targets of so many columns, a number of a column at a time.
func (a *attrs) inverse(cols int) func(column int, v float64) float64 {
	switch a.class {
	case "FunctionTransformer":
		if a.value("inverse_func") == nil {
			return func(_ int, v float64) float64 { return v }
		}
		name := a.refersTo("inverse_func")
		f := elementwise(strings.TrimPrefix(strings.TrimPrefix(name, "numpy._core._multiarray_umath."), "numpy."))
		if f == nil || !strings.HasPrefix(name, "numpy") {
			a.refuse("inverse_func " + name)
		}
		return func(_ int, v float64) float64 { return f(v) }
	case "StandardScaler":
		return a.unscaled("mean_", "with_mean", "scale_", "with_std", cols)
	case "RobustScaler":
		return a.unscaled("center_", "with_centering", "scale_", "with_scaling", cols)
	case "MaxAbsScaler":
		return a.unscaled("", "", "scale_", "", cols)
	case "MinMaxScaler":
		scales, offsets := a.floats("scale_"), a.floats("min_")
		a.expect("scale_", len(scales), cols)
		a.expect("min_", len(offsets), cols)
		return func(c int, v float64) float64 { return (v - offsets[c]) / scales[c] }
	}
	a.refuse("this as the transformer of targets")
	return nil
}

func (a *attrs) unscaled(center, withCenter, scale, withScale string, cols int) func(int, float64) float64 {
	var centers, scales []float64
	if (withScale == "" || a.flag(withScale, true)) && a.value(scale) != nil {
		scales = a.floats(scale)
		a.expect(scale, len(scales), cols)
	}
	if center != "" && a.flag(withCenter, true) && a.value(center) != nil {
		centers = a.floats(center)
		a.expect(center, len(centers), cols)
	}
	return func(c int, v float64) float64 {
		if scales != nil {
			v *= scales[c]
		}
		if centers != nil {
			v = float64(v) + centers[c]
		}
		return v
	}
}
