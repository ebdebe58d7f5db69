package sklearn

import "math"

// matrix is a fitted attribute of two dimensions, row-major.
type matrix struct {
	rows, cols int
	v          []float64
}

func (m *matrix) row(i int) []float64 { return m.v[i*m.cols : (i+1)*m.cols : (i+1)*m.cols] }

// transposed gives columns as rows.
func (m *matrix) transposed() *matrix {
	t := &matrix{rows: m.cols, cols: m.rows, v: make([]float64, len(m.v))}
	for i := range m.rows {
		for j, v := range m.row(i) {
			t.v[j*t.cols+i] = v
		}
	}
	return t
}

// dot has four sums run side by side, which both the processor and rounding like better than one.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// project gives x·mᵀ + intercept: one column for each row of m. intercept has one value for each, or is nil.
func project(x *batch, m *matrix, intercept []float64) *batch {
	out := dense(x.rows, m.rows)
	for i := range x.rows {
		to := out.row(i)
		if x.sparse != nil {
			indices, values := x.sparse.row(i)
			for k := range to {
				to[k] = sparseDot(indices, values, m.row(k))
			}
		} else {
			from := x.row(i)
			for k := range to {
				to[k] = dot(from, m.row(k))
			}
		}
		for k, v := range intercept {
			to[k] += v
		}
	}
	return out
}

func sparseDot(indices []int32, values, weights []float64) float64 {
	sum := 0.0
	for k, c := range indices {
		sum += values[k] * weights[c]
	}
	return sum
}

// argmax is the first of the largest.
func argmax(v []float64) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}

// softmax changes scores into probabilities in place.
func softmax(v []float64) {
	top := v[argmax(v)]
	sum := 0.0
	for i, x := range v {
		v[i] = math.Exp(x - top)
		sum += v[i]
	}
	for i := range v {
		v[i] /= sum
	}
}

// logSumExp is log Σ exp(v).
func logSumExp(v []float64) float64 {
	top := v[argmax(v)]
	if math.IsInf(top, 0) {
		return top
	}
	sum := 0.0
	for _, x := range v {
		sum += math.Exp(x - top)
	}
	return top + math.Log(sum)
}

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
