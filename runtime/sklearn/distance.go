package sklearn

import "math"

// distance is a metric between rows, by scikit-learn's name.
type distance struct {
	kind string
	p    float64 // of minkowski
}

// distanceOf reads a metric's name; false if it isn't computed here.
func distanceOf(kind string, p float64) (distance, bool) {
	switch kind {
	case "euclidean", "l2":
		return distance{kind: "euclidean"}, true
	case "manhattan", "cityblock", "l1":
		return distance{kind: "manhattan"}, true
	case "chebyshev", "infinity", "sqeuclidean", "cosine", "hamming", "canberra", "braycurtis":
		return distance{kind: kind}, true
	case "minkowski", "p":
		switch {
		case p == 1:
			return distance{kind: "manhattan"}, true
		case p == 2:
			return distance{kind: "euclidean"}, true
		case math.IsInf(p, 1):
			return distance{kind: "chebyshev"}, true
		}
		return distance{kind: "minkowski", p: p}, p > 0
	}
	return distance{}, false
}

// reduced orders as the distance does and costs less.
func (d distance) reduced(a, b []float64) float64 {
	b = b[:len(a)]
	switch d.kind {
	case "euclidean", "sqeuclidean":
		return squared(a, b)
	case "manhattan":
		sum := 0.0
		for i, v := range a {
			sum += math.Abs(v - b[i])
		}
		return sum
	case "chebyshev":
		top := 0.0
		for i, v := range a {
			top = max(top, math.Abs(v-b[i]))
		}
		return top
	case "minkowski":
		sum := 0.0
		for i, v := range a {
			sum += math.Pow(math.Abs(v-b[i]), d.p)
		}
		return sum
	case "cosine":
		norms := math.Sqrt(dot(a, a)) * math.Sqrt(dot(b, b))
		if norms == 0 {
			return 1
		}
		return min(2, max(0, 1-dot(a, b)/norms))
	default:
		return d.rare(a, b)
	}
}

func (d distance) rare(a, b []float64) float64 {
	above, below := 0.0, 0.0
	for i, v := range a {
		switch d.kind {
		case "hamming":
			if v != b[i] {
				above++
			}
			below++
		case "canberra":
			if s := math.Abs(v) + math.Abs(b[i]); s > 0 {
				above += math.Abs(v-b[i]) / s
			}
			below = 1
		default:
			above += math.Abs(v - b[i])
			below += math.Abs(v + b[i])
		}
	}
	if below == 0 {
		return 0
	}
	return above / below
}

// full gives the distance of its reduced form.
func (d distance) full(reduced float64) float64 {
	switch d.kind {
	case "euclidean":
		return math.Sqrt(reduced)
	case "minkowski":
		return math.Pow(reduced, 1/d.p)
	default:
		return reduced
	}
}

func squared(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1 float64
	i := 0
	for ; i+2 <= len(a); i += 2 {
		d0, d1 := a[i]-b[i], a[i+1]-b[i+1]
		s0 += d0 * d0
		s1 += d1 * d1
	}
	if i < len(a) {
		d := a[i] - b[i]
		s0 += d * d
	}
	return s0 + s1
}
