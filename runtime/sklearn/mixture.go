package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/api/oip"
)

// component is one Gaussian of a mixture.
type component struct {
	mean     []float64
	root     *matrix // rows of the transposed Cholesky factor of its precision; nil if diagonal is set
	diagonal []float64
	constant float64 // log weight + log determinant - d/2 log 2π
}

func gaussianMixture(a *attrs) *estimator {
	means := a.matrix("means_")
	offsets := a.mixtureOffsets(means)
	parts := make([]component, means.rows)
	for k := range parts {
		if a.err != nil {
			return nil
		}
		parts[k] = a.component(k, means)
		if a.err == nil {
			parts[k].constant += offsets[k] - 0.5*float64(means.cols)*math.Log(2*math.Pi)
		}
	}
	joint := func(_ context.Context, x *batch) (*batch, error) { return mixtureScores(x, parts), nil }
	e := bayes(count(len(parts), oip.Int64), joint)
	e.classes = nil
	e.ops = append(e.ops, op{name: scoring, run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := joint(ctx, x)
		if err != nil {
			return nil, err
		}
		out := make([]float64, y.rows)
		for i := range out {
			out[i] = logSumExp(y.row(i))
		}
		return vector(out), nil
	}})
	e.in.cols = means.cols
	return e
}

// mixtureOffsets is what is added to each component's log-density: the logarithm of its weight, in a Bayesian mixture as is expected.
func (a *attrs) mixtureOffsets(means *matrix) []float64 {
	if a.class == "BayesianGaussianMixture" {
		return a.bayesianOffsets(means)
	}
	weights := a.floats("weights_")
	a.expect("weights_", len(weights), means.rows)
	for k, w := range weights {
		weights[k] = math.Log(w)
	}
	return weights
}

// component reads the k-th Gaussian in the form that covariance_type says.
func (a *attrs) component(k int, means *matrix) component {
	shape, roots := a.shaped("precisions_cholesky_")
	d := means.cols
	c := component{mean: means.row(k)}
	kind := a.text("covariance_type", "full")
	want := map[string]int{"full": means.rows * d * d, "tied": d * d, "diag": means.rows * d, "spherical": means.rows}[kind]
	if len(roots) != want || a.err != nil {
		a.fail("precisions_cholesky_", "shape %v of a %s mixture of %d in %d dimensions", shape, kind, means.rows, d)
		return c
	}
	switch kind {
	case "diag":
		c.diagonal = roots[k*d : (k+1)*d]
	case "spherical":
		c.diagonal = repeated(roots[k], d)
	case "full":
		c.root = (&matrix{rows: d, cols: d, v: roots[k*d*d : (k+1)*d*d]}).transposed()
	default:
		c.root = (&matrix{rows: d, cols: d, v: roots}).transposed()
	}
	for j := range d {
		if c.diagonal != nil {
			c.constant += math.Log(c.diagonal[j])
		} else {
			c.constant += math.Log(c.root.row(j)[j])
		}
	}
	return c
}

func mixtureScores(x *batch, parts []component) *batch {
	out := dense(x.rows, len(parts))
	centered := make([]float64, x.cols)
	for i := range x.rows {
		for k, p := range parts {
			for j, v := range x.row(i) {
				centered[j] = v - p.mean[j]
			}
			sum := 0.0
			for j, v := range centered {
				if p.diagonal != nil {
					v *= p.diagonal[j]
				} else {
					v = dot(centered, p.root.row(j))
				}
				sum += v * v
			}
			out.row(i)[k] = p.constant - 0.5*sum
		}
	}
	return out
}
