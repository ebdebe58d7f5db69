package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// within visits every row with its neighbours within a radius and their weights; of a row that has none, with none.
func (n *neighbors) within(ctx context.Context, x *batch, radius float64, visit func(i int, f *found) error) error {
	f := &found{}
	for i := range x.rows {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		f.distances, f.rows = f.distances[:0], f.rows[:0]
		for r := range n.rows.rows {
			if d := n.measure.full(n.measure.reduced(x.row(i), n.rows.row(r))); d <= radius {
				f.distances, f.rows = append(f.distances, d), append(f.rows, int32(r))
			}
		}
		weigh(f, n.weighted)
		if err := visit(i, f); err != nil {
			return err
		}
	}
	return nil
}

func radiusClassifier(a *attrs) *estimator {
	n, radius := a.neighbors(), a.number("radius", 1)
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
	answers, lonely := a.lonelyClass(classes)
	if a.err != nil {
		return nil
	}
	votes := func(ctx context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, classes.len())
		return out, n.within(ctx, x, radius, func(i int, f *found) error {
			to := out.row(i)
			for k, r := range f.rows {
				to[codes[r]] += f.distances[k]
			}
			switch {
			case len(f.rows) > 0:
				normalize(to)
			case lonely < 0:
				return invalid("row %d has no neighbour within the model's radius of %v, and the model has no outlier_label", i, radius)
			case lonely < classes.len():
				to[lonely] = 1
			}
			return nil
		})
	}
	return &estimator{in: input{cols: n.rows.cols}, classes: []*labels{answers}, ops: []op{
		{name: predict, labels: answers, run: func(ctx context.Context, x *batch) (*batch, error) {
			y, err := votes(ctx, x)
			if err != nil {
				return nil, err
			}
			chosen := choose(y, answers)
			for i, code := range chosen.codes {
				if y.row(i)[code] == 0 {
					chosen.codes[i] = int32(lonely)
				}
			}
			return chosen, nil
		}},
		{name: proba, cols: classes.len(), run: votes},
	}}
}

// lonelyClass gives the number of the class of a row without neighbours, -1 if there is none, and the classes with it: it need not be among those
// that were trained.
func (a *attrs) lonelyClass(classes *labels) (*labels, int) {
	items := a.items("outlier_label_")
	if len(items) == 0 {
		return classes, -1
	}
	label := items[0]
	if scalar, ok := label.(*pickle.Scalar); ok {
		label = scalar.Value
	}
	more := &labels{datatype: classes.datatype, ints: append([]int64(nil), classes.ints...), floats: append([]float64(nil), classes.floats...), texts: append([]string(nil), classes.texts...)}
	if err := more.add(label); err != nil {
		a.fail("outlier_label_", "%v", err)
		return classes, -1
	}
	for i := range classes.len() {
		v, isNumber := classes.number(i)
		last, _ := more.number(classes.len())
		if isNumber && v == last || classes.datatype == oip.Bytes && classes.texts[i] == more.texts[classes.len()] {
			return classes, i
		}
	}
	return more, classes.len()
}

func radiusRegressor(a *attrs) *estimator {
	n, radius := a.neighbors(), a.number("radius", 1)
	targets := a.neighborTargets(n)
	if a.err != nil {
		return nil
	}
	e := regressor(targets.width, func(ctx context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, targets.cols)
		out.vector = targets.width == 0
		return out, n.within(ctx, x, radius, func(i int, f *found) error {
			targets.mean(f, out.row(i)) // no neighbour gives NaN, as in the library
			return nil
		})
	})
	e.in.cols = n.rows.cols
	return e
}
