package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func processFamily(class string) maker {
	if class == "GaussianProcessRegressor" {
		return gaussianProcess
	}
	return nil
}

// covariance is a Gaussian process's kernel of two rows.
type covariance func(a, b []float64) float64

func gaussianProcess(a *attrs) *estimator {
	rows := a.matrix("X_train_")
	of := a.covariance(a.need(a.first("kernel_", "kernel")), rows.cols, 0)
	weights, width := a.dual("alpha_", rows)
	means, scales := a.perOutput("_y_train_mean", weights.rows, 0), a.perOutput("_y_train_std", weights.rows, 1)
	if a.err != nil {
		return nil
	}
	e := regressor(width, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := kernels(ctx, x, rows, of)
		if err != nil {
			return nil, err
		}
		y = project(y, weights, nil)
		for i := range y.dense {
			y.dense[i] = float64(y.dense[i]*scales[i%y.cols]) + means[i%y.cols]
		}
		y.vector = width == 0
		return y, nil
	})
	e.in.cols = rows.cols
	return e
}

// perOutput is a number for each output; a single one counts for all.
func (a *attrs) perOutput(name string, outputs int, otherwise float64) []float64 {
	values := []float64{otherwise}
	if _, isArray := a.value(name).(*pickle.Array); isArray {
		values = a.floats(name)
	} else {
		values[0] = a.number(name, otherwise)
	}
	if len(values) == 1 {
		return repeated(values[0], outputs)
	}
	a.expect(name, len(values), outputs)
	return values
}

// covariance reads a kernel of sklearn.gaussian_process, which is a sum or product of others or one of the simple ones.
func (a *attrs) covariance(v pickle.Value, cols, depth int) covariance {
	none := func(_, _ []float64) float64 { return 0 }
	o, ok := v.(*pickle.Object)
	if !ok || depth > maxDepth {
		a.fail("kernel_", "expected a kernel")
		return none
	}
	k := &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
	var of covariance
	switch o.Name {
	case "Sum":
		first, second := k.covariance(k.need("k1"), cols, depth+1), k.covariance(k.need("k2"), cols, depth+1)
		of = func(a, b []float64) float64 { return first(a, b) + second(a, b) }
	case "Product":
		first, second := k.covariance(k.need("k1"), cols, depth+1), k.covariance(k.need("k2"), cols, depth+1)
		of = func(a, b []float64) float64 { return first(a, b) * second(a, b) }
	case "Exponentiation":
		inner, exponent := k.covariance(k.need("kernel"), cols, depth+1), k.number("exponent", 1)
		of = func(a, b []float64) float64 { return math.Pow(inner(a, b), exponent) }
	default:
		of = k.simpleCovariance(cols)
	}
	if a.err == nil {
		a.err = k.err
	}
	return of
}

func (a *attrs) simpleCovariance(cols int) covariance {
	switch a.class {
	case "ConstantKernel":
		value := a.number("constant_value", 1)
		return func(_, _ []float64) float64 { return value }
	case "WhiteKernel": // noise, which no two rows share
		return func(_, _ []float64) float64 { return 0 }
	case "DotProduct":
		square := a.number("sigma_0", 1) * a.number("sigma_0", 1)
		return func(x, y []float64) float64 { return dot(x, y) + square }
	case "RBF":
		return a.stationary(cols, func(d float64) float64 { return math.Exp(-0.5 * d * d) })
	case "RationalQuadratic":
		alpha := a.number("alpha", 1)
		return a.stationary(cols, func(d float64) float64 { return math.Pow(1+d*d/(2*alpha), -alpha) })
	case "ExpSineSquared":
		length, period := a.number("length_scale", 1), a.number("periodicity", 1)
		return func(x, y []float64) float64 {
			s := math.Sin(math.Pi/period*math.Sqrt(squared(x, y))) / length
			return math.Exp(-2 * s * s)
		}
	case "Matern":
		return a.matern(cols)
	}
	a.refuse("this as a Gaussian process's kernel")
	return nil
}

// stationary depends on the distance of two rows alone, in lengths that may differ by column.
func (a *attrs) stationary(cols int, of func(d float64) float64) covariance {
	lengths := a.perOutput("length_scale", cols, 1)
	return func(x, y []float64) float64 {
		sum := 0.0
		for c, v := range x {
			d := v/lengths[c] - y[c]/lengths[c]
			sum += d * d
		}
		return of(math.Sqrt(sum))
	}
}

func (a *attrs) matern(cols int) covariance {
	switch nu := a.number("nu", 1.5); {
	case nu == 0.5:
		return a.stationary(cols, func(d float64) float64 { return math.Exp(-d) })
	case nu == 1.5:
		return a.stationary(cols, func(d float64) float64 { d *= math.Sqrt(3); return (1 + d) * math.Exp(-d) })
	case nu == 2.5:
		return a.stationary(cols, func(d float64) float64 { d *= math.Sqrt(5); return (1 + d + d*d/3) * math.Exp(-d) })
	case math.IsInf(nu, 1):
		return a.stationary(cols, func(d float64) float64 { return math.Exp(-d * d / 2) })
	}
	a.refuse("a nu other than 0.5, 1.5, 2.5 and inf")
	return nil
}
