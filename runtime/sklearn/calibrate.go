package sklearn

import (
	"context"
	"math"
	"sort"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func calibrateFamily(class string) maker {
	switch class {
	case "CalibratedClassifierCV":
		return calibrated
	case "IsotonicRegression":
		return func(a *attrs) *estimator {
			f := a.calibrator()
			e := regressor(0, func(_ context.Context, x *batch) (*batch, error) {
				out := make([]float64, x.rows)
				for i := range out {
					out[i] = f(x.row(i)[0])
				}
				return vector(out), nil
			})
			e.in.cols = 1
			return e
		}
	}
	return nil
}

// calibratedPart is a classifier with a curve for each class, or one for two classes.
type calibratedPart struct {
	inner  *estimator
	method string
	curves []func(float64) float64
	place  []int // of each curve's class; nil for two classes
}

func calibrated(a *attrs) *estimator {
	classes := a.classes()
	n := classes.len()
	var parts []*calibratedPart
	for i, v := range a.items("calibrated_classifiers_") {
		o, ok := v.(*pickle.Object)
		if !ok {
			a.fail("calibrated_classifiers_", "element %d is no classifier", i)
			return nil
		}
		inner := &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
		parts = append(parts, inner.calibratedPart(classes))
		if inner.err != nil {
			a.err = inner.err
			return nil
		}
	}
	if a.err != nil || len(parts) == 0 {
		a.fail("calibrated_classifiers_", "there are none")
		return nil
	}
	e := classifier(classes, op{name: proba, cols: n, run: func(ctx context.Context, x *batch) (*batch, error) {
		sum := dense(x.rows, n)
		for _, part := range parts {
			if err := part.add(ctx, x, sum); err != nil {
				return nil, err
			}
		}
		for i := range sum.dense {
			sum.dense[i] /= float64(len(parts))
		}
		return sum, nil
	}})
	e.in = parts[0].inner.in
	e.in.isMixed, e.in.accepts = true, anything
	return e
}

func (a *attrs) calibratedPart(classes *labels) *calibratedPart {
	p := &calibratedPart{inner: a.child(a.first("estimator", "base_estimator")), method: decision}
	if a.err != nil {
		return p
	}
	if !p.inner.has(decision) {
		p.method = proba
	}
	a.demand("estimator", []*estimator{p.inner}, p.method)
	for _, v := range a.items("calibrators") {
		o, ok := v.(*pickle.Object)
		if !ok {
			a.fail("calibrators", "expected curves")
			return p
		}
		inner := &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
		p.curves = append(p.curves, inner.calibrator())
		if inner.err != nil {
			a.err = inner.err
			return p
		}
	}
	if classes.len() == 2 {
		a.expect("calibrators", len(p.curves), 1)
		return p
	}
	p.place = a.aligned(p.inner, classes, false)
	a.expect("calibrators", len(p.curves), len(p.place))
	return p
}

// calibrator is a curve: Platt's sigmoid, or steps between thresholds.
func (a *attrs) calibrator() func(float64) float64 {
	switch a.class {
	case "_SigmoidCalibration":
		slope, offset := a.number("a_", 0), a.number("b_", 0)
		return func(v float64) float64 { return sigmoid(-(slope*v + offset)) }
	case "IsotonicRegression":
		at, values := a.floats("X_thresholds_"), a.floats("y_thresholds_")
		a.expect("y_thresholds_", len(values), len(at))
		if len(at) == 0 || a.err != nil {
			a.fail("X_thresholds_", "there are none")
			return nil
		}
		clip := a.text("out_of_bounds", "nan") == "clip"
		return func(v float64) float64 {
			if !clip && len(at) > 1 && (v < at[0] || v > at[len(at)-1]) {
				return math.NaN()
			}
			return interpolateSteps(v, at, values)
		}
	}
	a.refuse("this way of calibration")
	return nil
}

// interpolateSteps is linear between points, and constant beyond them.
func interpolateSteps(x float64, at, values []float64) float64 {
	n := len(at)
	i := sort.SearchFloat64s(at, x)
	switch {
	case i == 0:
		return values[0]
	case i == n:
		return values[n-1]
	}
	slope := (values[i] - values[i-1]) / (at[i] - at[i-1])
	return slope*(x-at[i-1]) + values[i-1]
}

func (p *calibratedPart) add(ctx context.Context, x, sum *batch) error {
	y, err := p.inner.call(ctx, p.method, x)
	if err != nil {
		return err
	}
	row := make([]float64, sum.cols)
	for i := range x.rows {
		if p.place == nil {
			v := p.curves[0](y.row(i)[y.cols-1])
			sum.row(i)[0] += 1 - v
			sum.row(i)[1] += v
			continue
		}
		clear(row)
		total := 0.0
		for k, curve := range p.curves {
			row[p.place[k]] = curve(y.row(i)[min(k, y.cols-1)])
			total += row[p.place[k]]
		}
		for k, v := range row {
			if total == 0 {
				v = 1 / float64(len(row))
			} else {
				v /= total
			}
			if v > 1 && v <= 1+1e-5 {
				v = 1
			}
			sum.row(i)[k] += v
		}
	}
	return nil
}
