package sklearn

import (
	"context"
	"math"
)

// plattScaling adds predict_proba to a support vector classifier that was fitted with probability=True: a sigmoid for each pair of classes, and
// the pairs coupled by the second method of Wu, Lin and Weng (2004), as libsvm does.
func (a *attrs) plattScaling(e *estimator, s *svm, n int) {
	slopeName, offsetName := a.first("_probA", "probA_"), a.first("_probB", "probB_")
	if a.value(slopeName) == nil || a.value(offsetName) == nil {
		return
	}
	slopes, offsets := a.floats(slopeName), a.floats(offsetName)
	if len(slopes) == 0 || a.err != nil {
		return
	}
	a.expect(slopeName, len(slopes), len(s.intercept))
	a.expect(offsetName, len(offsets), len(s.intercept))
	e.add(op{name: proba, cols: n, run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := s.pairwise(ctx, x)
		if err != nil {
			return nil, err
		}
		return plattRows(y, n, slopes, offsets), nil
	}})
}

const leastProbability = 1e-7 // libsvm keeps a pair's probability this far from 0 and 1

func plattRows(y *batch, n int, slopes, offsets []float64) *batch {
	out := dense(y.rows, n)
	c := newCoupling(n)
	for r := range y.rows {
		pair := 0
		for i := range n {
			for j := i + 1; j < n; j++ {
				p := sigmoid(-(y.row(r)[pair]*slopes[pair] + offsets[pair]))
				p = min(max(p, leastProbability), 1-leastProbability)
				c.pairs[i*n+j], c.pairs[j*n+i] = p, 1-p
				pair++
			}
		}
		c.solve(out.row(r))
	}
	return out
}

// coupling finds the probabilities of n classes that suit the pairs' best. pairs[i*n+j] is that of i against j.
type coupling struct {
	n            int
	pairs, q, qp []float64
}

func newCoupling(n int) *coupling {
	return &coupling{n: n, pairs: make([]float64, n*n), q: make([]float64, n*n), qp: make([]float64, n)}
}

// solve iterates with libsvm's own bounds, so that it stops where libsvm does.
func (c *coupling) solve(p []float64) {
	n := c.n
	tolerance := 0.005 / float64(n)
	for t := range n {
		p[t] = 1 / float64(n)
		c.q[t*n+t] = 0
		for j := range n {
			if j != t {
				c.q[t*n+t] += c.pairs[j*n+t] * c.pairs[j*n+t]
				c.q[t*n+j] = -c.pairs[j*n+t] * c.pairs[t*n+j]
			}
		}
	}
	for range max(100, n) {
		total := 0.0
		for t := range n {
			c.qp[t] = 0
			for j := range n {
				c.qp[t] += c.q[t*n+j] * p[j]
			}
			total += p[t] * c.qp[t]
		}
		worst := 0.0
		for t := range n {
			worst = max(worst, math.Abs(c.qp[t]-total))
		}
		if worst < tolerance {
			return
		}
		for t := range n {
			diff := (-c.qp[t] + total) / c.q[t*n+t]
			p[t] += diff
			total = (total + diff*(diff*c.q[t*n+t]+2*c.qp[t])) / (1 + diff) / (1 + diff)
			for j := range n {
				c.qp[j] = (c.qp[j] + diff*c.q[t*n+j]) / (1 + diff)
				p[j] /= 1 + diff
			}
		}
	}
}
