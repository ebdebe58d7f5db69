package sklearn

import (
	"context"
	"math"
	"strings"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func functionFamily(class string) maker {
	if class == "FunctionTransformer" {
		return functionTransformer
	}
	return nil
}

// functionTransformer applies one of numpy's functions of a number; a function of the user's own isn't in the file at all, only its name.
func functionTransformer(a *attrs) *estimator {
	cols := a.integer("n_features_in_", -1)
	if a.value("func") == nil {
		e := identity()
		e.in.cols = cols
		e.ops[0].cols = cols
		return e
	}
	name := a.refersTo("func")
	if partial, ok := a.value("func").(*pickle.Object); ok && partial.Name == "partial" && len(partial.Args) > 0 {
		if g, ok := partial.Args[0].(*pickle.Global); ok {
			name = g.String()
		}
	}
	if name == "sklearn.utils.validation.check_array" { // what HistGradientBoosting keeps numbers as they are with
		e := columnwise(cols, anything, func(_ int, v float64) float64 { return v })
		return e
	}
	f := elementwise(strings.TrimPrefix(strings.TrimPrefix(name, "numpy._core._multiarray_umath."), "numpy."))
	if f == nil || !strings.HasPrefix(name, "numpy") {
		if name == "" {
			name = "a function"
		}
		a.refuse(name)
	}
	e := transformer(cols, func(_ context.Context, x *batch) (*batch, error) {
		if x.sparse != nil {
			x = x.sparse.dense()
		}
		out := dense(x.rows, x.cols)
		for i, v := range x.dense {
			out.dense[i] = f(v)
		}
		return out, nil
	})
	e.in = input{cols: cols, accepts: anything, isSparse: true}
	return e
}

func elementwise(name string) func(float64) float64 {
	return map[string]func(float64) float64{
		"log1p": math.Log1p, "log": math.Log, "log2": math.Log2, "log10": math.Log10, "exp": math.Exp, "expm1": math.Expm1, "exp2": math.Exp2,
		"sqrt": math.Sqrt, "cbrt": math.Cbrt, "abs": math.Abs, "absolute": math.Abs, "fabs": math.Abs,
		"square": func(x float64) float64 { return x * x }, "reciprocal": func(x float64) float64 { return 1 / x },
		"negative": func(x float64) float64 { return -x }, "positive": func(x float64) float64 { return x },
		"sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "arcsin": math.Asin, "arccos": math.Acos, "arctan": math.Atan,
		"sinh": math.Sinh, "cosh": math.Cosh, "tanh": math.Tanh, "arcsinh": math.Asinh, "arccosh": math.Acosh, "arctanh": math.Atanh,
		"floor": math.Floor, "ceil": math.Ceil, "trunc": math.Trunc, "rint": math.RoundToEven, "sign": sign,
		"deg2rad": func(x float64) float64 { return x * (math.Pi / 180) }, "rad2deg": func(x float64) float64 { return x * (180 / math.Pi) },
		"radians": func(x float64) float64 { return x * (math.Pi / 180) }, "degrees": func(x float64) float64 { return x * (180 / math.Pi) },
		"nan_to_num": func(x float64) float64 {
			switch {
			case math.IsNaN(x):
				return 0
			case math.IsInf(x, 0):
				return math.Copysign(math.MaxFloat64, x)
			}
			return x
		},
	}[name]
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	default:
		return x // zero, or NaN
	}
}
