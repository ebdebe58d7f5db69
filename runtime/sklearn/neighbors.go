package sklearn

import (
	"context"
	"strings"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// neighbors finds the rows of the training data that are closest. It looks at all of them, whatever index the library built.
type neighbors struct {
	rows     *matrix
	measure  distance
	k        int
	weighted bool // by the inverse of the distance
}

func neighborsFamily(class string) maker {
	switch class {
	case "KNeighborsClassifier":
		return neighborsClassifier
	case "KNeighborsRegressor":
		return neighborsRegressor
	case "RadiusNeighborsClassifier":
		return radiusClassifier
	case "RadiusNeighborsRegressor":
		return radiusRegressor
	case "LocalOutlierFactor":
		return localOutlierFactor
	}
	return nil
}

func (a *attrs) neighbors() *neighbors {
	n := &neighbors{rows: a.matrix("_fit_X"), k: a.integer(a.first("n_neighbors_", "n_neighbors"), 5)}
	p := a.number("p", 2)
	if params, ok := a.value("effective_metric_params_").(*pickle.Dict); ok {
		if v, ok := params.Get("p"); ok {
			if given, ok := pickle.Float(v); ok {
				p = given
			}
		}
		for i, key := range params.Keys {
			if key != "p" && params.Values[i] != nil {
				a.refuse("parameters of its metric")
			}
		}
	}
	name := a.text("effective_metric_", a.text("metric", ""))
	known := false
	if n.measure, known = distanceOf(name, p); !known {
		a.refuse("metric " + name)
	}
	switch v := a.value("weights"); v {
	case nil, "uniform":
	case "distance":
		n.weighted = true
	default:
		a.refuse("a function of its own for weights")
	}
	if !strings.HasPrefix(a.class, "Radius") && (n.k < 1 || n.k > n.rows.rows) {
		a.fail("n_neighbors", "%d of %d rows", n.k, n.rows.rows)
	}
	return n
}

// found is one row's neighbours: a heap with the farthest first, then sorted.
type found struct {
	distances []float64
	rows      []int32
}

// after says whether one neighbour comes after another: ties go by their place in the training data.
func (f *found) after(i, j int) bool {
	return f.distances[i] > f.distances[j] || (f.distances[i] == f.distances[j] && f.rows[i] > f.rows[j])
}

func (f *found) swap(i, j int) {
	f.distances[i], f.distances[j] = f.distances[j], f.distances[i]
	f.rows[i], f.rows[j] = f.rows[j], f.rows[i]
}

func (f *found) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(f.rows) {
			return
		}
		if child+1 < len(f.rows) && f.after(child+1, child) {
			child++
		}
		if !f.after(child, i) {
			return
		}
		f.swap(i, child)
		i = child
	}
}

func (n *neighbors) find(x []float64, f *found) {
	f.distances, f.rows = f.distances[:n.k], f.rows[:n.k]
	for i := range n.k {
		f.distances[i], f.rows[i] = n.measure.reduced(x, n.rows.row(i)), int32(i)
	}
	for i := n.k/2 - 1; i >= 0; i-- {
		f.down(i)
	}
	for i := n.k; i < n.rows.rows; i++ {
		if d := n.measure.reduced(x, n.rows.row(i)); d < f.distances[0] {
			f.distances[0], f.rows[0] = d, int32(i)
			f.down(0)
		}
	}
	for i, d := range f.distances {
		f.distances[i] = n.measure.full(d)
	}
}

// weigh turns distances into weights in place.
func weigh(f *found, weighted bool) {
	exact := false
	for _, d := range f.distances {
		exact = exact || d == 0
	}
	for i, d := range f.distances {
		switch {
		case !weighted:
			f.distances[i] = 1
		case !exact:
			f.distances[i] = 1 / d
		case d == 0:
			f.distances[i] = 1
		default:
			f.distances[i] = 0
		}
	}
}

// each visits every row with its neighbours and their weights.
func (n *neighbors) each(ctx context.Context, x *batch, visit func(i int, f *found)) error {
	f := &found{distances: make([]float64, n.k), rows: make([]int32, n.k)}
	for i := range x.rows {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n.find(x.row(i), f)
		weigh(f, n.weighted)
		visit(i, f)
	}
	return nil
}

func neighborsClassifier(a *attrs) *estimator {
	n := a.neighbors()
	if a.flag("outputs_2d_", false) {
		a.refuse("several outputs")
	}
	classes, codes := a.classes(), a.ints("_y")
	a.expect("_y", len(codes), n.rows.rows)
	for _, c := range codes {
		if c < 0 || int(c) >= classes.len() {
			a.fail("_y", "class %d of %d", c, classes.len())
		}
	}
	votes := func(ctx context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, classes.len())
		return out, n.each(ctx, x, func(i int, f *found) {
			to := out.row(i)
			for k, r := range f.rows {
				to[codes[r]] += f.distances[k]
			}
			normalize(to)
		})
	}
	e := classifier(classes, op{name: proba, cols: classes.len(), run: votes})
	e.in.cols = n.rows.cols
	return e
}

func normalize(v []float64) {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	if sum == 0 {
		sum = 1
	}
	for i := range v {
		v[i] /= sum
	}
}

// neighborTargets are what the training rows had for targets.
type neighborTargets struct {
	values []float64
	cols   int
	width  int // of the answer: 0 is a vector
}

func (a *attrs) neighborTargets(n *neighbors) *neighborTargets {
	shape, values := a.shaped("_y")
	t := &neighborTargets{values: values, cols: 1}
	if len(shape) == 2 {
		t.cols, t.width = shape[1], shape[1]
	}
	a.expect("_y", len(values), n.rows.rows*t.cols)
	return t
}

// mean is the targets' of some neighbours, by weight.
func (t *neighborTargets) mean(f *found, to []float64) {
	total := 0.0
	for k, r := range f.rows {
		total += f.distances[k]
		for c := range to {
			to[c] += f.distances[k] * t.values[int(r)*t.cols+c]
		}
	}
	for c := range to {
		to[c] /= total
	}
}

func neighborsRegressor(a *attrs) *estimator {
	n := a.neighbors()
	targets := a.neighborTargets(n)
	e := regressor(targets.width, func(ctx context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, targets.cols)
		out.vector = targets.width == 0
		return out, n.each(ctx, x, func(i int, f *found) { targets.mean(f, out.row(i)) })
	})
	e.in.cols = n.rows.cols
	return e
}
