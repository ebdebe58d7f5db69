package sklearn

import (
	"context"
	"math"
)

func decomposeFamily(class string) maker {
	switch class {
	case "PCA", "IncrementalPCA":
		return principal
	case "LatentDirichletAllocation":
		return topicModel
	case "FactorAnalysis":
		return factorAnalysis
	case "SparsePCA", "MiniBatchSparsePCA":
		return sparsePrincipal
	case "BernoulliRBM":
		return boltzmann
	case "NMF":
		return nonNegative
	case "TruncatedSVD", "NeighborhoodComponentsAnalysis":
		return func(a *attrs) *estimator { return a.projection("components_", "") }
	case "FastICA":
		return func(a *attrs) *estimator {
			if a.text("whiten", "on") == "on" && !a.flag("whiten", true) {
				return a.projection("components_", "")
			}
			return a.projection("components_", "mean_")
		}
	case "GaussianRandomProjection", "SparseRandomProjection":
		return func(a *attrs) *estimator { return a.projection("components_", "") }
	}
	return nil
}

// projection is (x - center)·componentsᵀ.
func (a *attrs) projection(components, center string) *estimator {
	m := a.matrix(components)
	offset := a.centered(m, center)
	e := transformer(m.rows, func(_ context.Context, x *batch) (*batch, error) { return project(x, m, offset), nil })
	e.in = input{cols: m.cols, isSparse: true}
	return e
}

// centered is what a center adds to each component: -center·componentᵀ, nil without a center.
func (a *attrs) centered(m *matrix, center string) []float64 {
	if center == "" || a.value(center) == nil {
		return nil
	}
	mean := a.floats(center)
	a.expect(center, len(mean), m.cols)
	if a.err != nil {
		return nil
	}
	offset := make([]float64, m.rows)
	for k := range offset {
		offset[k] = -dot(mean, m.row(k))
	}
	return offset
}

func principal(a *attrs) *estimator {
	m := a.matrix("components_")
	mean := a.floats("mean_")
	a.expect("mean_", len(mean), m.cols)
	var scales []float64
	if a.flag("whiten", false) {
		variances := a.floats("explained_variance_")
		a.expect("explained_variance_", len(variances), m.rows)
		for _, v := range variances {
			scales = append(scales, max(math.Sqrt(v), epsilon))
		}
	}
	e := transformer(m.rows, func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, m.rows)
		centered := make([]float64, m.cols)
		for i := range x.rows {
			for c, v := range x.row(i) {
				centered[c] = v - mean[c]
			}
			to := out.row(i)
			for k := range to {
				to[k] = dot(centered, m.row(k))
			}
			for k, s := range scales {
				to[k] /= s
			}
		}
		return out, nil
	})
	e.in = input{cols: m.cols}
	return e
}

// epsilon is the difference of 1 and the next float64.
const epsilon = 0x1p-52
