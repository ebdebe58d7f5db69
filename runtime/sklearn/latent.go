package sklearn

import (
	"context"
	"math"
)

// leastSquares is the map (M·Mᵀ·s + r·I)⁻¹·M·s of a row onto components M, s a scale of each column.
func (a *attrs) leastSquares(m *matrix, scale []float64, ridge float64) *matrix {
	n := m.rows
	left := &matrix{rows: m.rows, cols: m.cols, v: append([]float64(nil), m.v...)}
	for i := range n {
		for c := range m.cols {
			if scale != nil {
				left.row(i)[c] /= scale[c]
			}
		}
	}
	square := &matrix{rows: n, cols: n, v: make([]float64, n*n)}
	for i := range n {
		for j := range n {
			square.row(i)[j] = dot(left.row(i), m.row(j))
		}
		square.row(i)[i] += ridge
	}
	if !solve(square, left) {
		a.fail("components_", "they are singular")
	}
	return left
}

// solve replaces b by the solution of m·x = b, and m by what is left of it; false if m is singular.
func solve(m, b *matrix) bool {
	for k := range m.rows {
		pivot := k
		for i := k + 1; i < m.rows; i++ {
			if math.Abs(m.row(i)[k]) > math.Abs(m.row(pivot)[k]) {
				pivot = i
			}
		}
		if p := m.row(pivot)[k]; p == 0 || math.IsNaN(p) {
			return false
		}
		for c := range m.cols {
			m.row(k)[c], m.row(pivot)[c] = m.row(pivot)[c], m.row(k)[c]
		}
		for c := range b.cols {
			b.row(k)[c], b.row(pivot)[c] = b.row(pivot)[c], b.row(k)[c]
		}
		for i := range m.rows {
			if i == k {
				continue
			}
			f := m.row(i)[k] / m.row(k)[k]
			for c := range m.cols {
				m.row(i)[c] -= f * m.row(k)[c]
			}
			for c := range b.cols {
				b.row(i)[c] -= f * b.row(k)[c]
			}
		}
	}
	for k := range m.rows {
		for c := range b.cols {
			b.row(k)[c] /= m.row(k)[k]
		}
	}
	return true
}

// centeredProjection is (x - mean)·mᵀ.
func (a *attrs) centeredProjection(m *matrix) *estimator {
	mean := a.floats("mean_")
	a.expect("mean_", len(mean), m.cols)
	e := transformer(m.rows, func(_ context.Context, x *batch) (*batch, error) { return project(scaled(x, mean, nil), m, nil), nil })
	e.in = input{cols: m.cols}
	return e
}

func factorAnalysis(a *attrs) *estimator {
	m, noise := a.matrix("components_"), a.floats("noise_variance_")
	a.expect("noise_variance_", len(noise), m.cols)
	if a.err != nil {
		return nil
	}
	return a.centeredProjection(a.leastSquares(m, noise, 1))
}

func sparsePrincipal(a *attrs) *estimator {
	m := a.matrix("components_")
	if a.err != nil {
		return nil
	}
	return a.centeredProjection(a.leastSquares(m, nil, a.number("ridge_alpha", 0.01)))
}

// boltzmann is a restricted Boltzmann machine: how likely each hidden unit is on.
func boltzmann(a *attrs) *estimator {
	m, offsets := a.matrix("components_"), a.floats("intercept_hidden_")
	a.expect("intercept_hidden_", len(offsets), m.rows)
	e := transformer(m.rows, func(_ context.Context, x *batch) (*batch, error) {
		y := project(x, m, offsets)
		for i, v := range y.dense {
			y.dense[i] = sigmoid(v)
		}
		return y, nil
	})
	e.in = input{cols: m.cols, isSparse: true}
	return e
}
