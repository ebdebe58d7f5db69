package sklearn

import (
	"context"
	"math"
	"slices"
)

// neighborImputer fills a missing value with the mean of those of the nearest training rows that have one.
type neighborImputer struct {
	rows      *matrix
	k         int
	weighted  bool
	kept      []int // columns that had any value
	means     []float64
	indicated []int
}

func knnImputer(a *attrs) *estimator {
	im := &neighborImputer{rows: a.matrix("_fit_X"), k: a.integer("n_neighbors", 5)}
	switch v := a.value("weights"); v {
	case nil, "uniform":
	case "distance":
		im.weighted = true
	default:
		a.refuse("a function of its own for weights")
	}
	if metric := a.text("metric", "nan_euclidean"); metric != "nan_euclidean" || !isMissing(a.value("missing_values")) {
		a.refuse("metric " + metric + " or values other than NaN as missing")
	}
	if im.k < 1 {
		a.fail("n_neighbors", "%d", im.k)
	}
	if a.err != nil {
		return nil
	}
	im.means = make([]float64, im.rows.cols)
	for c := range im.means {
		known := false
		if im.means[c], known = im.mean(c); known || a.flag("keep_empty_features", false) {
			im.kept = append(im.kept, c)
		}
	}
	if im.indicated = a.indicated(im.rows.cols); a.err != nil {
		return nil
	}
	e := transformer(len(im.kept)+len(im.indicated), im.run)
	e.in = input{cols: im.rows.cols, accepts: missing}
	return e
}

// mean is of a column's values; 0 and false if it has none.
func (im *neighborImputer) mean(column int) (float64, bool) {
	sum, n := 0.0, 0.0
	for r := range im.rows.rows {
		if v := im.rows.row(r)[column]; !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return sum / n, true
}

func (im *neighborImputer) run(ctx context.Context, x *batch) (*batch, error) {
	out := dense(x.rows, len(im.kept)+len(im.indicated))
	distances := make([]float64, im.rows.rows)
	donors := make([]int, 0, im.rows.rows)
	for i := range x.rows {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		from, to := x.row(i), out.row(i)
		measured := false
		for k, c := range im.kept {
			to[k] = from[c]
			if !math.IsNaN(from[c]) {
				continue
			}
			if !measured {
				im.measure(from, distances)
				measured = true
			}
			to[k] = im.fill(c, distances, donors[:0])
		}
		for k, c := range im.indicated {
			if math.IsNaN(from[c]) {
				to[len(im.kept)+k] = 1
			}
		}
	}
	return out, nil
}

// measure fills in the distances to all training rows, over the columns that both have; NaN if they share none.
func (im *neighborImputer) measure(x, to []float64) {
	for r := range to {
		sum, shared := 0.0, 0.0
		row := im.rows.row(r)
		for c, v := range x {
			if d := v - row[c]; !math.IsNaN(d) {
				sum += d * d
				shared++
			}
		}
		to[r] = math.Sqrt(sum / shared * float64(len(x)))
	}
}

func (im *neighborImputer) fill(column int, distances []float64, donors []int) float64 {
	for r, d := range distances {
		if !math.IsNaN(d) && !math.IsNaN(im.rows.row(r)[column]) {
			donors = append(donors, r)
		}
	}
	if len(donors) == 0 {
		return im.means[column]
	}
	slices.SortStableFunc(donors, func(a, b int) int {
		switch {
		case distances[a] < distances[b]:
			return -1
		case distances[a] > distances[b]:
			return 1
		}
		return 0
	})
	donors = donors[:min(im.k, len(donors))]
	exact := distances[donors[0]] == 0
	sum, total := 0.0, 0.0
	for _, r := range donors {
		w := 1.0
		switch {
		case im.weighted && exact && distances[r] != 0:
			w = 0
		case im.weighted && !exact:
			w = 1 / distances[r]
		}
		sum += w * im.rows.row(r)[column]
		total += w
	}
	return sum / total
}
