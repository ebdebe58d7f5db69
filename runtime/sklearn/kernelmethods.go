package sklearn

import (
	"context"
	"math"
)

func kernelFamily(class string) maker {
	switch class {
	case "KernelRidge":
		return kernelRidge
	case "Nystroem":
		return nystroem
	case "KernelPCA":
		return kernelPrincipal
	case "RBFSampler":
		return randomFourier
	}
	return nil
}

// of is the kernel of two rows.
func (k kernel) of(a, b []float64) float64 {
	switch k.kind {
	case "rbf":
		return math.Exp(-k.gamma * squared(a, b))
	case "laplacian":
		return math.Exp(-k.gamma * distance{kind: "manhattan"}.reduced(a, b))
	case "linear":
		return dot(a, b)
	case "cosine":
		if norms := math.Sqrt(dot(a, a)) * math.Sqrt(dot(b, b)); norms > 0 {
			return dot(a, b) / norms
		}
		return 0
	case "poly", "polynomial":
		return power(k.gamma*dot(a, b)+k.offset, k.degree)
	default:
		return math.Tanh(k.gamma*dot(a, b) + k.offset)
	}
}

// pairwiseKernel reads a kernel with the defaults of sklearn.metrics.pairwise: gamma is one over the number of columns where there is none.
func (a *attrs) pairwiseKernel(name, gamma string, cols int) kernel {
	k := kernel{kind: a.text(name, ""), gamma: a.number(gamma, 1/float64(max(cols, 1))), offset: a.number("coef0", 1), degree: a.integer("degree", 3)}
	switch k.kind {
	case "linear", "rbf", "laplacian", "poly", "polynomial", "sigmoid", "cosine":
	default:
		a.refuse("kernel " + k.kind)
	}
	if float64(k.degree) != a.number("degree", 3) || k.degree < 0 {
		a.refuse("a degree that is no integer")
	}
	if a.value("kernel_params") != nil {
		a.refuse("kernel_params")
	}
	return k
}

// kernels is the matrix of a batch's kernels with some rows.
func kernels(ctx context.Context, x *batch, rows *matrix, of func(a, b []float64) float64) (*batch, error) {
	out := dense(x.rows, rows.rows)
	for i := range x.rows {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for k := range rows.rows {
			out.row(i)[k] = of(x.row(i), rows.row(k))
		}
	}
	return out, nil
}

func kernelRidge(a *attrs) *estimator {
	rows := a.matrix("X_fit_")
	k := a.pairwiseKernel("kernel", "gamma", rows.cols)
	coef, width := a.dual("dual_coef_", rows)
	e := regressor(width, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := kernels(ctx, x, rows, k.of)
		if err != nil {
			return nil, err
		}
		y = project(y, coef, nil)
		y.vector = width == 0
		return y, nil
	})
	e.in.cols = rows.cols
	return e
}

// dual reads a weight of each training row for each output, as [outputs, rows], and the width of the answer.
func (a *attrs) dual(name string, rows *matrix) (*matrix, int) {
	shape, values := a.shaped(name)
	m, width := &matrix{rows: len(values), cols: 1, v: values}, 0
	if len(shape) == 2 {
		m.rows, m.cols, width = shape[0], shape[1], shape[1]
	}
	a.expect(name, m.rows, rows.rows)
	return m.transposed(), width
}

func nystroem(a *attrs) *estimator {
	rows, weights := a.matrix("components_"), a.matrix("normalization_")
	k := a.pairwiseKernel("kernel", "gamma", rows.cols)
	a.expect("normalization_", weights.cols, rows.rows)
	e := transformer(weights.rows, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := kernels(ctx, x, rows, k.of)
		if err != nil {
			return nil, err
		}
		return project(y, weights, nil), nil
	})
	e.in.cols = rows.cols
	return e
}

func kernelPrincipal(a *attrs) *estimator {
	rows := a.matrix("X_fit_")
	k := a.pairwiseKernel("kernel", a.first("gamma_", "gamma"), rows.cols)
	values, vectors := a.floats(a.first("eigenvalues_", "lambdas_")), a.matrix(a.first("eigenvectors_", "alphas_")).transposed()
	center := a.within("_centerer")
	means, mean := center.floats("K_fit_rows_"), center.number("K_fit_all_", 0)
	if a.err == nil {
		a.err = center.err
	}
	a.expect("eigenvalues_", len(values), vectors.rows)
	a.expect("eigenvectors_", vectors.cols, rows.rows)
	a.expect("K_fit_rows_", len(means), rows.rows)
	if a.err != nil {
		return nil
	}
	for i, v := range values {
		for c := range vectors.row(i) {
			if v != 0 {
				vectors.row(i)[c] /= math.Sqrt(v)
			} else {
				vectors.row(i)[c] = 0
			}
		}
	}
	e := transformer(vectors.rows, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := kernels(ctx, x, rows, k.of)
		if err != nil {
			return nil, err
		}
		for i := range y.rows {
			own := 0.0
			for _, v := range y.row(i) {
				own += v
			}
			own /= float64(y.cols)
			for c := range y.row(i) {
				y.row(i)[c] += mean - means[c] - own
			}
		}
		return project(y, vectors, nil), nil
	})
	e.in.cols = rows.cols
	return e
}

// randomFourier is the map of Rahimi and Recht (2007).
func randomFourier(a *attrs) *estimator {
	weights, offsets := a.matrix("random_weights_").transposed(), a.floats("random_offset_")
	a.expect("random_offset_", len(offsets), weights.rows)
	factor := math.Sqrt(2 / float64(max(weights.rows, 1)))
	e := transformer(weights.rows, func(_ context.Context, x *batch) (*batch, error) {
		y := project(x, weights, offsets)
		for i, v := range y.dense {
			y.dense[i] = math.Cos(v) * factor
		}
		return y, nil
	})
	e.in = input{cols: weights.cols, isSparse: true}
	return e
}
