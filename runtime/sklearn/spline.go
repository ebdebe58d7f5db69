package sklearn

import (
	"context"
	"math"
	"sort"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// spline is one column's basis of B-splines: scipy's knots and coefficients.
type spline struct {
	knots  []float64
	coef   *matrix // [basis functions of the knots, columns of the answer]
	degree int
	edge   int // how many knots from either end lie beyond what the spline was fitted on: its degree, but for splineEdges
}

// extrapolation is what a spline gives beyond its knots.
type extrapolation string

const (
	constantBeyond extrapolation = "constant"
	linearBeyond   extrapolation = "linear"
	periodicBeyond extrapolation = "periodic"
	refusedBeyond  extrapolation = "error"
)

func splineTransformer(a *attrs) *estimator {
	beyond := extrapolation(a.text("extrapolation", "constant"))
	var columns []*spline
	for _, v := range a.items("bsplines_") {
		columns = append(columns, a.spline(v))
	}
	if len(columns) == 0 {
		a.fail("bsplines_", "there are none")
	}
	if a.err != nil {
		return nil
	}
	splineEdges(columns, beyond)
	width := columns[0].coef.cols
	kept := width
	if !a.flag("include_bias", true) {
		kept--
	}
	for _, s := range columns {
		a.expect("bsplines_", s.coef.cols, width)
		if len(s.knots) < 2*s.edge+2 {
			a.fail("bsplines_", "%d knots of degree %d", len(s.knots), s.degree)
		}
	}
	e := transformer(kept*len(columns), func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, kept*len(columns))
		to, work := make([]float64, width), columns[0].work()
		for i := range x.rows {
			for c, v := range x.row(i) {
				clear(to)
				if !math.IsNaN(v) {
					if err := columns[c].fill(v, beyond, to, work); err != nil {
						return nil, err
					}
				}
				copy(out.row(i)[c*kept:(c+1)*kept], to)
			}
		}
		return out, nil
	})
	e.in = input{cols: len(columns)}
	if a.text("handle_missing", "error") == "zeros" {
		e.in.accepts = missing
	}
	return e
}

// spline reads scipy.interpolate.BSpline, whose attributes had other names in some versions.
func (a *attrs) spline(v pickle.Value) *spline {
	o, ok := v.(*pickle.Object)
	if !ok {
		a.fail("bsplines_", "expected splines")
		return &spline{coef: &matrix{}}
	}
	inner := &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
	s := &spline{knots: inner.floats(inner.first("t", "_t")), coef: inner.matrix(inner.first("c", "_c")), degree: inner.integer("k", 3)}
	if inner.err != nil {
		a.err = inner.err
		return s
	}
	if s.degree < 0 || s.degree > 64 || len(s.knots) < 2*s.degree+2 || s.coef.rows < len(s.knots)-s.degree-1 || s.coef.cols <= s.degree {
		a.fail("bsplines_", "%d knots and %d coefficients of degree %d", len(s.knots), s.coef.rows, s.degree)
	}
	return s
}

// splineEdges sets where each column's bounds are. Of a degree below 2, the library's linear continuation counts the degree up by one from column to
// column until it is 2, in all versions to 1.9: it answers by it, and so does this.
func splineEdges(columns []*spline, beyond extrapolation) {
	edge := columns[0].degree
	for _, s := range columns {
		s.edge = edge
		if beyond == linearBeyond && edge <= 1 {
			edge++
		}
	}
}

// work is room for the basis functions of one interval, twice.
func (s *spline) work() [2][]float64 {
	return [2][]float64{make([]float64, s.degree+1), make([]float64, s.degree+1)}
}

// bounds are the ends of what the spline was fitted on.
func (s *spline) bounds() (low, high float64) {
	return s.knots[s.edge], s.knots[len(s.knots)-s.edge-1]
}

// fill writes a value's basis.
func (s *spline) fill(v float64, beyond extrapolation, to []float64, work [2][]float64) error {
	low, high := s.bounds()
	inside := v >= low && v <= high
	switch {
	case beyond == periodicBeyond:
		if high <= low {
			v = 0
		} else {
			over := math.Mod(v-low, high-low)
			if over < 0 {
				over += high - low
			}
			v = low + over
		}
	case inside:
	case beyond == refusedBeyond:
		return invalid("%v is beyond the knots of the model's spline, %v to %v", v, low, high)
	case beyond == constantBeyond || beyond == linearBeyond:
		s.continued(v, beyond, to, work)
		return nil
	}
	s.sum(s.interval(v), s.basis(v, 0, work), to)
	return nil
}

// continued goes on from the nearer bound: the functions that aren't zero there keep their value, or their slope.
func (s *spline) continued(v float64, beyond extrapolation, to []float64, work [2][]float64) {
	low, high := s.bounds()
	at, n := high, len(to)
	if v < low {
		at = low
	}
	at0 := make([]float64, n)
	s.sum(s.interval(at), s.basis(at, 0, work), at0)
	slopes, reach := make([]float64, n), s.edge
	if beyond == linearBeyond {
		s.sum(s.interval(at), s.basis(at, 1, work), slopes)
		if reach <= 1 {
			reach++
		}
	}
	for j := range min(reach, n) {
		k := j
		if v > high {
			k = n - 1 - j
		}
		to[k] = at0[k] + (v-at)*slopes[k]
	}
}

// interval is the last knot at or before a value, among those that have a full set of functions.
func (s *spline) interval(v float64) int {
	last := len(s.knots) - s.degree - 2
	at := sort.Search(len(s.knots), func(i int) bool { return s.knots[i] > v }) - 1
	return min(max(at, s.degree), last)
}

// basis is de Boor's recursion for the functions of a value's interval, or for their slopes; the result is good until the next call.
func (s *spline) basis(v float64, derivative int, work [2][]float64) []float64 {
	at, h, before := s.interval(v), work[0], work[1]
	clear(h)
	h[0] = 1
	for j := 1; j <= s.degree; j++ {
		slope := j > s.degree-derivative
		copy(before[:j], h[:j])
		h[0] = 0
		for n := 1; n <= j; n++ {
			right, left := s.knots[at+n], s.knots[at+n-j]
			switch {
			case right == left:
				h[n] = 0
			case slope:
				w := float64(j) * before[n-1] / (right - left)
				h[n-1] -= w
				h[n] = w
			default:
				w := before[n-1] / (right - left)
				h[n-1] += w * (right - v)
				h[n] = w * (v - left)
			}
		}
	}
	if derivative > s.degree {
		clear(h)
	}
	return h
}

// sum adds the functions of an interval by their coefficients.
func (s *spline) sum(at int, h, to []float64) {
	for k, w := range h {
		for c, v := range s.coef.row(at - s.degree + k) {
			to[c] += w * v
		}
	}
}
