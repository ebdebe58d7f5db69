package sklearn

import (
	"context"
	"math"
	"sort"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func metaFamily(class string) maker {
	switch class {
	case "AdaBoostClassifier":
		return adaBoostClassifier
	case "AdaBoostRegressor":
		return adaBoostRegressor
	case "BaggingClassifier":
		return baggingClassifier
	case "BaggingRegressor":
		return baggingRegressor
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

func adaBoostClassifier(a *attrs) *estimator {
	members, weights, classes := a.children("estimators_"), a.floats("estimator_weights_"), a.classes()
	n := classes.len()
	real := a.text("algorithm", "SAMME") == "SAMME.R"
	if n < 2 || len(weights) < len(members) {
		a.fail("estimator_weights_", "%d for %d estimators of %d classes", len(weights), len(members), n)
		return nil
	}
	need := predict
	if real {
		need = proba
	}
	a.demand("estimators_", members, need)
	maps := make([][]int, len(members))
	for i, m := range members {
		if a.err == nil {
			maps[i] = a.aligned(m, classes, false)
			if real {
				a.expect("estimators_ (classes)", len(maps[i]), n)
			}
		}
	}
	if a.err != nil {
		return nil
	}
	total := 0.0
	for _, w := range weights {
		total += w
	}
	other := -1 / float64(n-1)
	if a.before(1, 3) {
		other = 0
	}
	decide := func(ctx context.Context, x *batch) (*batch, error) {
		sum := dense(x.rows, n)
		for i, m := range members {
			if err := boostVote(ctx, m, x, sum, maps[i], weights[i], other*weights[i], real); err != nil {
				return nil, err
			}
		}
		for i := range sum.dense {
			sum.dense[i] /= total
		}
		if n > 2 {
			return sum, nil
		}
		out := make([]float64, x.rows)
		for i := range out {
			out[i] = sum.row(i)[1] - sum.row(i)[0]
		}
		return vector(out), nil
	}
	e := classifier(classes, op{name: decision, cols: scoreCols(n), run: decide})
	e.add(op{name: proba, cols: n, run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := decide(ctx, x)
		if err != nil {
			return nil, err
		}
		if n == 2 {
			return bothSides(y.dense, sigmoid), nil
		}
		for i := range y.rows {
			for k := range y.row(i) {
				y.row(i)[k] /= float64(n - 1)
			}
			softmax(y.row(i))
		}
		return y, nil
	}})
	e.in = commonInput(members)
	return e
}

// boostVote adds one member's vote: weight for its class and other for the rest, or, in SAMME.R, what its probabilities say.
func boostVote(ctx context.Context, m *estimator, x, sum *batch, place []int, weight, other float64, real bool) error {
	if !real {
		y, err := m.call(ctx, predict, x)
		if err != nil {
			return err
		}
		for i, code := range y.codes {
			row := sum.row(i)
			for k := range row {
				if k == place[code] {
					row[k] += weight
				} else {
					row[k] += other
				}
			}
		}
		return nil
	}
	y, err := m.call(ctx, proba, x)
	if err != nil {
		return err
	}
	n := float64(y.cols)
	for i := range y.rows {
		mean := 0.0
		row := y.row(i)
		for k, p := range row {
			row[k] = math.Log(max(p, epsilon))
			mean += row[k]
		}
		for k, v := range row {
			sum.row(i)[place[k]] += (n - 1) * (v - (1/n)*mean)
		}
	}
	return nil
}

func adaBoostRegressor(a *attrs) *estimator {
	members, weights := a.children("estimators_"), a.floats("estimator_weights_")
	a.demand("estimators_", members, predict)
	if len(weights) < len(members) {
		a.fail("estimator_weights_", "%d for %d estimators", len(weights), len(members))
	}
	e := regressor(0, func(ctx context.Context, x *batch) (*batch, error) {
		table, err := predictions(ctx, members, x)
		if err != nil {
			return nil, err
		}
		out := make([]float64, x.rows)
		order := make([]int, len(members))
		for i := range out {
			out[i] = weightedMedian(table.row(i), weights, order)
		}
		return vector(out), nil
	})
	e.in = commonInput(members)
	return e
}

// weightedMedian is the first value, from the least, at which half of the weight is reached.
func weightedMedian(values, weights []float64, order []int) float64 {
	total := 0.0
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return values[order[i]] < values[order[j]] })
	for _, i := range order {
		total += weights[i]
	}
	reached := 0.0
	for _, i := range order {
		if reached += weights[i]; reached >= 0.5*total {
			return values[i]
		}
	}
	return values[order[len(order)-1]]
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

func votingFamily(class string) maker {
	switch class {
	case "VotingClassifier":
		return votingClassifier
	case "VotingRegressor":
		return votingRegressor
	}
	return nil
}

// votingWeights are those of the estimators that weren't dropped.
func (a *attrs) votingWeights(n int) []float64 {
	if a.value("weights") == nil {
		return repeated(1, n)
	}
	given := a.floats("weights")
	pairs := a.items("estimators")
	var kept []float64
	for i, w := range given {
		if i < len(pairs) {
			if parts := itemsOf(pairs[i]); len(parts) == 2 && parts[1] == "drop" {
				continue
			}
		}
		kept = append(kept, w)
	}
	a.expect("weights", len(kept), n)
	return kept
}

func votingRegressor(a *attrs) *estimator {
	members := a.children("estimators_")
	weights := a.votingWeights(len(members))
	a.demand("estimators_", members, predict)
	total := 0.0
	for _, w := range weights {
		total += w
	}
	e := regressor(0, func(ctx context.Context, x *batch) (*batch, error) {
		table, err := predictions(ctx, members, x)
		if err != nil {
			return nil, err
		}
		out := make([]float64, x.rows)
		for i := range out {
			for k, v := range table.row(i) {
				out[i] += v * weights[k]
			}
			out[i] /= total
		}
		return vector(out), nil
	})
	e.ops = append(e.ops, op{name: transform, cols: len(members), run: func(ctx context.Context, x *batch) (*batch, error) {
		return predictions(ctx, members, x)
	}})
	e.in = commonInput(members)
	return e
}

func votingClassifier(a *attrs) *estimator {
	members := a.children("estimators_")
	weights := a.votingWeights(len(members))
	classes := a.classes()
	soft := a.text("voting", "hard") == "soft"
	need := predict
	if soft {
		need = proba
	}
	a.demand("estimators_", members, need)
	maps := make([][]int, len(members))
	for i, m := range members {
		if a.err == nil {
			maps[i] = a.aligned(m, classes, true)
		}
	}
	if a.err != nil {
		return nil
	}
	n := classes.len()
	votes := func(ctx context.Context, x *batch) (*batch, error) {
		sum := dense(x.rows, n)
		total := 0.0
		for m, member := range members {
			y, err := member.call(ctx, need, x)
			if err != nil {
				return nil, err
			}
			total += weights[m]
			for i := range x.rows {
				if !soft {
					sum.row(i)[maps[m][y.codes[i]]] += weights[m]
					continue
				}
				for k, p := range y.row(i) {
					sum.row(i)[maps[m][k]] += p * weights[m]
				}
			}
		}
		for i := range sum.dense {
			sum.dense[i] /= total
		}
		return sum, nil
	}
	e := classifier(classes, op{name: proba, cols: n, run: votes})
	if !soft {
		e.ops = e.ops[:1]
	}
	e.ops = append(e.ops, votingTransform(members, maps, need, soft && a.flag("flatten_transform", true), soft, n)...)
	e.in = commonInput(members)
	return e
}

// votingTransform is what each member says, side by side.
func votingTransform(members []*estimator, maps [][]int, need string, flat, soft bool, n int) []op {
	if soft && !flat {
		return nil // a block of three dimensions
	}
	o := op{name: transform, cols: len(members), datatype: oip.Int64}
	if soft {
		o.cols, o.datatype = len(members)*n, ""
	}
	o.run = func(ctx context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, o.cols)
		for m, member := range members {
			y, err := member.call(ctx, need, x)
			if err != nil {
				return nil, err
			}
			for i := range x.rows {
				if soft {
					copy(out.row(i)[m*n:], y.row(i))
				} else {
					out.row(i)[m] = float64(maps[m][y.codes[i]])
				}
			}
		}
		return out, nil
	}
	return []op{o}
}
