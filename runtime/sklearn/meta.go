package sklearn

import (
	"context"
)

func searchFamily(class string) maker {
	switch class {
	case "GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV":
		return func(a *attrs) *estimator {
			return sameInput(a.child("best_estimator_"), predict, proba, decision, transform, scoring)
		}
	}
	return nil
}

// commonInput is that of estimators which all see the same rows.
func commonInput(all []*estimator) input {
	in := input{cols: -1}
	if len(all) > 0 {
		in = all[0].in
		in.isMixed, in.accepts = true, anything
	}
	return in
}

// demand says that each of some estimators has a method.
func (a *attrs) demand(attribute string, all []*estimator, methods ...string) {
	for i, e := range all {
		found := false
		for _, name := range methods {
			found = found || e.has(name)
		}
		if !found && a.err == nil {
			a.fail(attribute, "estimator %d has none of %v", i, methods)
		}
	}
}

// aligned gives the places of an inner classifier's classes among the outer's. If the inner was fitted on the outer's numbers of classes, it is
// those.
func (a *attrs) aligned(inner *estimator, outer *labels, encoded bool) []int {
	if len(inner.classes) != 1 {
		a.fail("estimators_", "an estimator that isn't a classifier of one output")
		return nil
	}
	from := inner.classes[0]
	out := make([]int, from.len())
	for i := range out {
		out[i] = -1
		if encoded {
			if v, ok := from.number(i); ok && v >= 0 && v < float64(outer.len()) {
				out[i] = int(v)
			}
			continue
		}
		if v, ok := from.number(i); ok {
			if at, ok := outer.index(v); ok {
				out[i] = at
			}
			continue
		}
		for k, text := range outer.texts {
			if text == from.texts[i] {
				out[i] = k
			}
		}
	}
	for i, at := range out {
		if at < 0 {
			a.fail("estimators_", "class %d of an estimator is none of the whole's", i)
			out[i] = 0
		}
	}
	return out
}

// predictions has a column for each estimator; a class counts as its number in its own estimator's classes.
func predictions(ctx context.Context, members []*estimator, x *batch) (*batch, error) {
	table := dense(x.rows, len(members))
	for k, m := range members {
		y, err := m.call(ctx, predict, x)
		if err != nil {
			return nil, err
		}
		if y, err = y.numbers(); err != nil {
			return nil, err
		}
		for i := range x.rows {
			table.row(i)[k] = y.dense[i*y.cols]
		}
	}
	return table, nil
}
