package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func discriminantFamily(class string) maker {
	switch class {
	case "LinearDiscriminantAnalysis":
		return linearDiscriminant
	case "QuadraticDiscriminantAnalysis":
		return quadraticDiscriminant
	case "NearestCentroid":
		return nearestCentroid
	}
	return nil
}

func linearDiscriminant(a *attrs) *estimator {
	l := a.linear()
	classes := a.linearClasses(l)
	e := classifier(classes, op{name: decision, cols: scoreCols(classes.len()), run: l.decide})
	run := multinomial(l.decide)
	if classes.len() == 2 {
		run = oneVersusRest(l.decide)
	}
	e.add(op{name: proba, cols: classes.len(), run: run})
	if solver := a.text("solver", "svd"); solver != "lsqr" && a.err == nil {
		a.discriminantTransform(e, solver)
	}
	e.in.cols = l.coef.cols
	return e
}

func (a *attrs) discriminantTransform(e *estimator, solver string) {
	scalings := a.matrix("scalings_").transposed()
	scalings.rows = min(scalings.rows, a.integer("_max_components", scalings.rows))
	var offset []float64
	if solver == "svd" {
		center := a.floats("xbar_")
		a.expect("xbar_", len(center), scalings.cols)
		if a.err != nil {
			return
		}
		offset = make([]float64, scalings.rows)
		for k := range offset {
			offset[k] = -dot(center, scalings.row(k))
		}
	}
	e.ops = append(e.ops, op{name: transform, cols: scalings.rows, run: func(_ context.Context, x *batch) (*batch, error) {
		return project(x, scalings, offset), nil
	}})
}

// quadratic is one class of a quadratic discriminant: its mean, the directions of its covariance over their deviations, and the constant.
type quadratic struct {
	mean     []float64
	axes     *matrix // [directions, features]
	constant float64
}

func quadraticDiscriminant(a *attrs) *estimator {
	classes, means, priors := a.classes(), a.matrix("means_"), a.floats("priors_")
	rotations, scalings := a.matrices("rotations_"), a.items("scalings_")
	a.expect("means_", means.rows, classes.len())
	a.expect("priors_", len(priors), classes.len())
	a.expect("rotations_", len(rotations), classes.len())
	a.expect("scalings_", len(scalings), classes.len())
	if a.err != nil {
		return nil
	}
	parts := make([]quadratic, len(rotations))
	for k, rotation := range rotations {
		parts[k] = quadratic{mean: means.row(k), axes: rotation.transposed(), constant: math.Log(priors[k])}
		scale, ok := scalings[k].(*pickle.Array)
		if !ok || scale.Len() != parts[k].axes.rows || parts[k].axes.cols != means.cols {
			a.fail("scalings_", "class %d has other sizes than its rotation", k)
			return nil
		}
		values, err := scale.Floats()
		if err != nil {
			a.fail("scalings_", "%v", err)
			return nil
		}
		for d, s := range values {
			parts[k].constant -= 0.5 * math.Log(s)
			for j := range parts[k].axes.row(d) {
				parts[k].axes.row(d)[j] *= math.Pow(s, -0.5)
			}
		}
	}
	joint := func(_ context.Context, x *batch) (*batch, error) { return quadraticScores(x, parts), nil }
	e := bayes(classes, joint)
	e.ops = append(e.ops, op{name: decision, cols: scoreCols(classes.len()), run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := joint(ctx, x)
		if err != nil || len(parts) != 2 {
			return y, err
		}
		difference := make([]float64, y.rows)
		for i := range difference {
			difference[i] = y.row(i)[1] - y.row(i)[0]
		}
		return vector(difference), nil
	}})
	e.in.cols = means.cols
	return e
}

func quadraticScores(x *batch, parts []quadratic) *batch {
	y := dense(x.rows, len(parts))
	centered := make([]float64, x.cols)
	for i := range x.rows {
		for k, p := range parts {
			for j, v := range x.row(i) {
				centered[j] = v - p.mean[j]
			}
			norm := 0.0
			for d := range p.axes.rows {
				v := dot(centered, p.axes.row(d))
				norm += v * v
			}
			y.row(i)[k] = -0.5*norm + p.constant
		}
	}
	return y
}

// matrices reads a list of two-dimensional arrays.
func (a *attrs) matrices(name string) []*matrix {
	var out []*matrix
	for i, v := range a.items(name) {
		array, ok := v.(*pickle.Array)
		if !ok || len(array.Shape) != 2 {
			a.fail(name, "element %d is no matrix", i)
			return nil
		}
		values, err := array.Floats()
		if err != nil {
			a.fail(name, "element %d: %v", i, err)
			return nil
		}
		out = append(out, &matrix{rows: array.Shape[0], cols: array.Shape[1], v: values})
	}
	return out
}

func nearestCentroid(a *attrs) *estimator {
	classes, centroids := a.classes(), a.matrix("centroids_")
	a.expect("centroids_", centroids.rows, classes.len())
	metric := a.text("metric", "euclidean")
	if metric != "euclidean" && metric != "manhattan" {
		a.refuse("metric " + metric)
	}
	if a.value("priors") == "empirical" || (a.value("class_prior_") != nil && !uniform(a.floats("class_prior_"))) {
		a.refuse("priors that aren't uniform")
	}
	measure := distance{kind: metric}
	e := &estimator{in: input{cols: centroids.cols}, classes: []*labels{classes}, ops: []op{{name: predict, labels: classes,
		run: func(_ context.Context, x *batch) (*batch, error) {
			return nearest(x, centroids, measure, classes), nil
		}}}}
	return e
}

func uniform(v []float64) bool {
	for _, p := range v {
		if math.Abs(p-v[0]) > 1e-15 {
			return false
		}
	}
	return true
}

// nearest gives each row the index of the closest center.
func nearest(x *batch, centers *matrix, measure distance, classes *labels) *batch {
	codes := make([]int32, x.rows)
	for i := range codes {
		best := math.Inf(1)
		for k := range centers.rows {
			if d := measure.reduced(x.row(i), centers.row(k)); d < best {
				best, codes[i] = d, int32(k)
			}
		}
	}
	return &batch{rows: x.rows, cols: 1, vector: true, codes: codes, labels: []*labels{classes}}
}
