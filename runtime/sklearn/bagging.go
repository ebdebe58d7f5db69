package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func baggingFamily(class string) maker {
	switch class {
	case "BaggingClassifier":
		return baggingClassifier
	case "BaggingRegressor":
		return baggingRegressor
	}
	return nil
}

// bag is estimators that see some columns each.
type bag struct {
	members []*estimator
	columns [][]int // nil: all
}

func (a *attrs) bag() *bag {
	b := &bag{members: a.children("estimators_")}
	features := a.integer("n_features_in_", -1)
	for _, v := range a.items("estimators_features_") {
		array, ok := v.(*pickle.Array)
		if !ok {
			a.fail("estimators_features_", "expected arrays of columns")
			return b
		}
		var columns []int
		identical := true
		for i, c := range a.intsOf(array) {
			if c < 0 || int(c) >= features {
				a.fail("estimators_features_", "column %d of %d", c, features)
				return b
			}
			columns = append(columns, int(c))
			identical = identical && int(c) == i
		}
		if identical && len(columns) == features {
			columns = nil
		}
		b.columns = append(b.columns, columns)
	}
	a.expect("estimators_features_", len(b.columns), len(b.members))
	return b
}

// each runs a method of every member on its columns.
func (b *bag) each(ctx context.Context, name string, x *batch, take func(i int, y *batch)) error {
	for i, m := range b.members {
		rows := x
		if b.columns[i] != nil {
			rows = x.pick(b.columns[i])
		}
		y, err := m.call(ctx, name, rows)
		if err != nil {
			return err
		}
		take(i, y)
	}
	return nil
}

func (a *attrs) bagInput(b *bag) input {
	return input{cols: a.integer("n_features_in_", -1), accepts: anything, isSparse: true}
}

func baggingRegressor(a *attrs) *estimator {
	b := a.bag()
	a.demand("estimators_", b.members, predict)
	if a.err != nil {
		return nil
	}
	cols := b.members[0].op(predict).cols
	e := regressor(cols, b.mean(predict, max(1, cols), cols == 0))
	e.in = a.bagInput(b)
	return e
}

// mean is the average of what the members answer.
func (b *bag) mean(name string, cols int, asVector bool) method {
	return func(ctx context.Context, x *batch) (*batch, error) {
		sum := dense(x.rows, cols)
		sum.vector = asVector
		err := b.each(ctx, name, x, func(_ int, y *batch) {
			for i := range sum.dense {
				sum.dense[i] += y.dense[i]
			}
		})
		for i := range sum.dense {
			sum.dense[i] /= float64(len(b.members))
		}
		return sum, err
	}
}

func baggingClassifier(a *attrs) *estimator {
	b, classes := a.bag(), a.classes()
	a.demand("estimators_", b.members, predict)
	maps := make([][]int, len(b.members))
	whole, soft, decides := true, true, true
	for i, m := range b.members {
		if a.err != nil {
			return nil
		}
		maps[i] = a.aligned(m, classes, true)
		whole = whole && len(maps[i]) == classes.len()
		soft, decides = soft && m.has(proba), decides && m.has(decision)
	}
	name := predict
	if soft {
		name = proba
	}
	n := classes.len()
	shares := func(ctx context.Context, x *batch) (*batch, error) {
		sum := dense(x.rows, n)
		err := b.each(ctx, name, x, func(m int, y *batch) {
			for i := range x.rows {
				if !soft {
					sum.row(i)[maps[m][y.codes[i]]]++
					continue
				}
				for k, p := range y.row(i) {
					sum.row(i)[maps[m][k]] += p
				}
			}
		})
		for i := range sum.dense {
			sum.dense[i] /= float64(len(b.members))
		}
		return sum, err
	}
	e := classifier(classes, op{name: proba, cols: n, run: shares})
	if decides && whole {
		cols := scoreCols(n)
		e.ops = append(e.ops, op{name: decision, cols: cols, run: b.mean(decision, max(1, cols), cols == 0)})
	}
	e.in = a.bagInput(b)
	return e
}
