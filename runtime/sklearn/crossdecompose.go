package sklearn

import "context"

func crossDecomposeFamily(class string) maker {
	switch class {
	case "PLSRegression", "PLSCanonical", "CCA":
		return partialLeastSquares
	case "PLSSVD":
		return func(a *attrs) *estimator {
			x := a.standardized()
			e := transformer(0, nil)
			a.rotated(e, x, "x_weights_")
			return e
		}
	}
	return nil
}

// standardized is how partial least squares center and scale rows.
type standardized struct{ mean, scale []float64 }

func (a *attrs) standardized() standardized {
	s := standardized{a.floats("_x_mean"), a.floats("_x_std")}
	a.expect("_x_std", len(s.scale), len(s.mean))
	return s
}

// rotated completes a transform by a matrix [features, components].
func (a *attrs) rotated(e *estimator, s standardized, attribute string) *matrix {
	m := a.matrix(attribute).transposed()
	a.expect(attribute, m.cols, len(s.mean))
	o := e.op(transform)
	o.cols = m.rows
	o.run = func(_ context.Context, x *batch) (*batch, error) {
		return project(scaled(x, s.mean, s.scale), m, nil), nil
	}
	e.in = input{cols: len(s.mean)}
	return m
}

// partialLeastSquares predicts by its components rather than by coef_, whose shape and scale differ between versions.
func partialLeastSquares(a *attrs) *estimator {
	x := a.standardized()
	e := &estimator{ops: []op{{name: predict}, {name: transform}}}
	rotations := a.rotated(e, x, "x_rotations_")
	loadings, scale, mean := a.matrix("y_loadings_"), a.floats(a.first("_y_std", "y_std_")), a.floats(a.first("_y_mean", "y_mean_"))
	a.expect("y_loadings_", loadings.cols, rotations.rows)
	a.expect("_y_std", len(scale), loadings.rows)
	a.expect("_y_mean", len(mean), loadings.rows)
	if a.err != nil {
		return nil
	}
	single := a.flag("_predict_1d", false) && loadings.rows == 1
	o := e.op(predict)
	if o.cols = loadings.rows; single {
		o.cols = 0
	}
	o.run = func(ctx context.Context, rows *batch) (*batch, error) {
		components, err := e.op(transform).run(ctx, rows)
		if err != nil {
			return nil, err
		}
		y := project(components, loadings, nil)
		for i := range y.dense {
			y.dense[i] = float64(y.dense[i]*scale[i%y.cols]) + mean[i%y.cols]
		}
		y.vector = single
		return y, nil
	}
	return e
}
