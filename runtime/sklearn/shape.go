package sklearn

import (
	"context"
	"math"
	"slices"
	"sort"
)

func shapeFamily(class string) maker {
	switch class {
	case "PowerTransformer":
		return powerTransformer
	case "QuantileTransformer":
		return quantileTransformer
	case "KBinsDiscretizer":
		return bins
	case "PolynomialFeatures":
		return polynomial
	case "SplineTransformer":
		return splineTransformer
	}
	return nil
}

// columnwise makes a transform that changes each number by its column.
func columnwise(cols int, accepts tolerance, change func(column int, v float64) float64) *estimator {
	e := transformer(cols, func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, x.cols)
		for i := range x.rows {
			to := out.row(i)
			for c, v := range x.row(i) {
				to[c] = change(c, v)
			}
		}
		return out, nil
	})
	e.in = input{cols: cols, accepts: accepts}
	return e
}

func powerTransformer(a *attrs) *estimator {
	lambdas := a.floats("lambdas_")
	if len(lambdas) == 0 {
		a.fail("lambdas_", "there are none")
		return nil
	}
	method := yeoJohnson
	if a.text("method", "yeo-johnson") == "box-cox" {
		method = boxCox
	}
	e := columnwise(len(lambdas), missing, func(c int, v float64) float64 { return method(v, lambdas[c]) })
	if !a.flag("standardize", true) || a.value("_scaler") == nil {
		return e
	}
	scaler := a.child("_scaler")
	if a.err != nil || !scaler.has(transform) {
		a.fail("_scaler", "it doesn't transform")
		return nil
	}
	return chain([]named{{name: "power", estimator: e}, {name: "scaler", estimator: scaler}})
}

// yeoJohnson is the transform of Yeo and Johnson (2000).
func yeoJohnson(v, lambda float64) float64 {
	switch {
	case v >= 0 && math.Abs(lambda) < epsilon:
		return math.Log1p(v)
	case v >= 0:
		return (math.Pow(v+1, lambda) - 1) / lambda
	case math.Abs(lambda-2) > epsilon:
		return -(math.Pow(1-v, 2-lambda) - 1) / (2 - lambda)
	default: // a NaN stays one
		return -math.Log1p(-v)
	}
}

func boxCox(v, lambda float64) float64 {
	if lambda == 0 {
		return math.Log(v)
	}
	return math.Expm1(lambda*math.Log(v)) / lambda
}

func quantileTransformer(a *attrs) *estimator {
	quantiles, references := a.matrix("quantiles_").transposed(), a.floats("references_")
	a.expect("references_", len(references), quantiles.cols)
	if a.err != nil || quantiles.cols == 0 {
		a.fail("quantiles_", "there are none")
		return nil
	}
	backwards := &matrix{rows: quantiles.rows, cols: quantiles.cols}
	for _, v := range quantiles.v {
		backwards.v = append(backwards.v, -v)
	}
	for c := range backwards.rows {
		slices.Reverse(backwards.row(c))
	}
	reversed := make([]float64, len(references))
	for i, v := range references {
		reversed[len(reversed)-1-i] = -v
	}
	normal := a.text("output_distribution", "uniform") == "normal"
	e := columnwise(quantiles.rows, missing, func(c int, v float64) float64 {
		if math.IsNaN(v) {
			return v
		}
		q := quantiles.row(c)
		low, high := v == q[0], v == q[len(q)-1]
		if normal {
			low, high = v-boundsThreshold < q[0], v+boundsThreshold > q[len(q)-1]
		}
		// Both ways and their mean, for values that are several quantiles at once.
		y := 0.5 * (interpolate(v, q, references) - interpolate(-v, backwards.row(c), reversed))
		switch {
		case low:
			y = 0
		case high:
			y = 1
		}
		if normal {
			return min(max(normalQuantile(y), normalQuantile(boundsThreshold-epsilon)), normalQuantile(1-(boundsThreshold-epsilon)))
		}
		return y
	})
	return e
}

const boundsThreshold = 1e-7

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// interpolate is numpy.interp: linear between points, constant beyond them.
func interpolate(x float64, at, values []float64) float64 {
	n := len(at)
	switch i := sort.Search(n, func(i int) bool { return at[i] > x }) - 1; {
	case i < 0:
		return values[0]
	case i >= n-1:
		return values[n-1]
	case at[i] == x:
		return values[i]
	default:
		slope := (values[i+1] - values[i]) / (at[i+1] - at[i])
		return slope*(x-at[i]) + values[i]
	}
}

func bins(a *attrs) *estimator {
	var edges [][]float64
	for _, v := range a.items("bin_edges_") {
		e := a.floatsOf("bin_edges_", v)
		if len(e) < 2 {
			a.fail("bin_edges_", "a column with %d edges", len(e))
			return nil
		}
		edges = append(edges, e[1:len(e)-1])
	}
	if len(edges) == 0 {
		a.fail("bin_edges_", "there are none")
		return nil
	}
	// Version 1.0 counts a value as above an edge that it is just below.
	near := a.before(1, 1)
	e := columnwise(len(edges), finite, func(c int, v float64) float64 {
		if near {
			v += 1e-8 + 1e-5*math.Abs(v)
		}
		return float64(sort.Search(len(edges[c]), func(i int) bool { return edges[c][i] > v }))
	})
	if a.text("encode", "onehot") == "ordinal" {
		return e
	}
	encoder := a.child("_encoder")
	if a.err != nil || !encoder.has(transform) {
		a.fail("_encoder", "it doesn't transform")
		return nil
	}
	return chain([]named{{name: "bins", estimator: e}, {name: "encoder", estimator: encoder}})
}

func polynomial(a *attrs) *estimator {
	cols := a.integer("n_features_in_", a.integer("n_input_features_", 0))
	low, high := 0, 0
	if pair := a.items("degree"); len(pair) == 2 {
		_, bounds := a.listed("degree", pair)
		low, high = int(bounds[0]), int(bounds[1])
	} else {
		high = a.integer("degree", 2)
	}
	low, high = a.integer("_min_degree", low), a.integer("_max_degree", high)
	terms := combinations(cols, low, high, a.flag("interaction_only", false), a.flag("include_bias", true))
	if terms == nil {
		a.refuse("more than a million terms")
		return nil
	}
	e := transformer(len(terms), func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, len(terms))
		for i := range x.rows {
			from, to := x.row(i), out.row(i)
			for k, term := range terms {
				product := 1.0
				for _, c := range term {
					product *= from[c]
				}
				to[k] = product
			}
		}
		return out, nil
	})
	e.in = input{cols: cols}
	return e
}

const maxTerms = 1_000_000

// combinations are the columns that each term multiplies, in the library's order; nil if they are too many.
func combinations(cols, low, high int, once, bias bool) [][]int32 {
	terms := [][]int32{}
	if bias {
		terms = append(terms, nil)
	}
	for degree := max(low, 1); degree <= high; degree++ {
		term := make([]int32, 0, degree)
		var extend func(from int) bool
		extend = func(from int) bool {
			if len(term) == degree {
				terms = append(terms, slices.Clone(term))
				return len(terms) <= maxTerms
			}
			for c := from; c < cols; c++ {
				term = append(term, int32(c))
				next := c
				if once {
					next++
				}
				if !extend(next) {
					return false
				}
				term = term[:len(term)-1]
			}
			return true
		}
		if degree > 64 || !extend(0) {
			return nil
		}
	}
	return terms
}
