package sklearn

import (
	"context"
	"math"
)

func multiFamily(class string) maker {
	switch class {
	case "OneVsRestClassifier":
		return oneVersusRestClassifier
	case "OneVsOneClassifier":
		return oneVersusOneClassifier
	case "_ConstantPredictor":
		return constantPredictor
	case "OutputCodeClassifier":
		return outputCodes
	case "MultiOutputRegressor":
		return multiOutputRegressor
	case "MultiOutputClassifier":
		return multiOutputClassifier
	case "RegressorChain", "ClassifierChain":
		return outputChain
	}
	return nil
}

// binaryScore is how sure a classifier of two classes is of the second: its decision function, or its probability.
func binaryScore(ctx context.Context, e *estimator, x *batch) ([]float64, error) {
	if e.has(decision) {
		y, err := e.call(ctx, decision, x)
		if err != nil {
			return nil, err
		}
		return y.dense, nil
	}
	y, err := e.call(ctx, proba, x)
	if err != nil {
		return nil, err
	}
	return y.pick([]int{y.cols - 1}).dense, nil
}

// threshold is where a score speaks for the second class.
func threshold(e *estimator) float64 {
	if e.has(decision) {
		return 0
	}
	return 0.5
}

// twoClasses says that each estimator tells two classes apart.
func (a *attrs) twoClasses(members []*estimator) {
	a.demand("estimators_", members, decision, proba)
	for i, m := range members {
		if a.err == nil && (len(m.classes) != 1 || m.classes[0].len() != 2) {
			a.fail("estimators_", "estimator %d doesn't tell two classes apart", i)
		}
	}
}

func oneVersusRestClassifier(a *attrs) *estimator {
	binarizer := a.within("label_binarizer_")
	classes := binarizer.classes()
	if a.err == nil {
		a.err = binarizer.err
	}
	if binarizer.text("y_type_", "") == "multilabel-indicator" {
		a.refuse("several labels for each row")
	}
	members := a.children("estimators_")
	a.twoClasses(members)
	n := classes.len()
	if n == 2 {
		a.expect("estimators_", len(members), 1)
	} else {
		a.expect("estimators_", len(members), n)
	}
	if a.err != nil {
		return nil
	}
	scores := func(ctx context.Context, x *batch) (*batch, error) { return scoresOf(ctx, members, x, binaryScore) }
	predicted := op{name: predict, labels: classes, run: func(ctx context.Context, x *batch) (*batch, error) {
		y, err := scores(ctx, x)
		if err != nil {
			return nil, err
		}
		return chooseLast(y, classes, threshold(members[0])), nil
	}}
	e := &estimator{in: commonInput(members), ops: []op{predicted}, classes: []*labels{classes}}
	if members[0].has(proba) {
		e.ops = append(e.ops, op{name: proba, cols: n, run: func(ctx context.Context, x *batch) (*batch, error) {
			y, err := scoresOf(ctx, members, x, secondProbability)
			if err != nil {
				return nil, err
			}
			if n == 2 {
				return bothSides(y.dense, func(p float64) float64 { return p }), nil
			}
			for i := range y.rows {
				normalize(y.row(i))
			}
			return y, nil
		}})
	}
	if members[0].has(decision) {
		e.ops = append(e.ops, op{name: decision, cols: scoreCols(n), run: scores})
	}
	return e
}

func secondProbability(ctx context.Context, e *estimator, x *batch) ([]float64, error) {
	y, err := e.call(ctx, proba, x)
	if err != nil {
		return nil, err
	}
	return y.pick([]int{1}).dense, nil
}

// scoresOf has a column for each estimator.
func scoresOf(ctx context.Context, members []*estimator, x *batch, score func(context.Context, *estimator, *batch) ([]float64, error)) (*batch, error) {
	out := dense(x.rows, len(members))
	for k, m := range members {
		column, err := score(ctx, m, x)
		if err != nil {
			return nil, err
		}
		for i, v := range column {
			out.dense[i*out.cols+k] = v
		}
	}
	return asVector(out), nil
}

// chooseLast gives each row the class with the largest score, the last of equal ones.
func chooseLast(y *batch, classes *labels, threshold float64) *batch {
	codes := make([]int32, y.rows)
	for i := range codes {
		row := y.row(i)
		if len(row) == 1 {
			if row[0] > threshold {
				codes[i] = 1
			}
			continue
		}
		top := math.Inf(-1)
		for k, v := range row {
			if v >= top {
				top, codes[i] = v, int32(k)
			}
		}
	}
	return &batch{rows: y.rows, cols: 1, vector: true, codes: codes, labels: []*labels{classes}}
}

func oneVersusOneClassifier(a *attrs) *estimator {
	members, classes := a.children("estimators_"), a.classes()
	a.twoClasses(members)
	n := classes.len()
	a.expect("estimators_", len(members), n*(n-1)/2)
	if a.value("pairwise_indices_") != nil {
		a.refuse("a kernel that is precomputed")
	}
	if a.err != nil {
		return nil
	}
	limit := threshold(members[0])
	decide := func(ctx context.Context, x *batch) (*batch, error) {
		y, err := scoresOf(ctx, members, x, binaryScore)
		if err != nil {
			return nil, err
		}
		votes := pairVotes(y, n, limit)
		if n == 2 {
			return asVector(votes.pick([]int{1})), nil
		}
		return votes, nil
	}
	e := &estimator{in: commonInput(members), classes: []*labels{classes}, ops: []op{
		{name: predict, labels: classes, run: func(ctx context.Context, x *batch) (*batch, error) {
			y, err := decide(ctx, x)
			if err != nil {
				return nil, err
			}
			if n > 2 {
				return choose(y, classes), nil
			}
			return chooseLast(y, classes, limit), nil
		}},
		{name: decision, cols: scoreCols(n), run: decide},
	}}
	return e
}

// pairVotes sums up classifiers of pairs, each of which is for its second class above the limit.
func pairVotes(y *batch, n int, limit float64) *batch {
	out := dense(y.rows, n)
	confidence := make([]float64, n)
	for r := range y.rows {
		clear(confidence)
		to, pair := out.row(r), 0
		for i := range n {
			for j := i + 1; j < n; j++ {
				v := y.row(r)[pair]
				confidence[i] -= v
				confidence[j] += v
				if v > limit {
					to[j]++
				} else {
					to[i]++
				}
				pair++
			}
		}
		for k, c := range confidence {
			to[k] += c / (3 * (math.Abs(c) + 1))
		}
	}
	return out
}

func multiOutputRegressor(a *attrs) *estimator {
	members := a.children("estimators_")
	a.demand("estimators_", members, predict)
	e := regressor(len(members), func(ctx context.Context, x *batch) (*batch, error) { return predictions(ctx, members, x) })
	e.in = commonInput(members)
	return e
}

func multiOutputClassifier(a *attrs) *estimator {
	members := a.children("estimators_")
	a.demand("estimators_", members, predict)
	var all []*labels
	for _, m := range members {
		if len(m.classes) != 1 {
			a.fail("estimators_", "an estimator that isn't a classifier of one output")
			return nil
		}
		all = append(all, m.classes[0])
	}
	if a.err != nil {
		return nil
	}
	var shares []op
	if allHave(members, proba) {
		shares = probabilitiesOf(all, func(ctx context.Context, output int, x *batch) (*batch, error) {
			return members[output].call(ctx, proba, x)
		})
	}
	predicted := op{name: predict, cols: len(all), labels: sharedLabels(all),
		run: func(ctx context.Context, x *batch) (*batch, error) {
			out := &batch{rows: x.rows, cols: len(all), codes: make([]int32, x.rows*len(all)), labels: all}
			for k, m := range members {
				y, err := m.call(ctx, predict, x)
				if err != nil {
					return nil, err
				}
				for i, c := range y.codes {
					out.codes[i*out.cols+k] = c
				}
			}
			return out, nil
		}}
	return &estimator{in: commonInput(members), classes: all, ops: append([]op{predicted}, shares...)}
}

func allHave(members []*estimator, method string) bool {
	for _, m := range members {
		if !m.has(method) {
			return false
		}
	}
	return true
}

// outputChain predicts one output after another, and shows each estimator what those before it predicted.
func outputChain(a *attrs) *estimator {
	members, order := a.children("estimators_"), a.ints("order_")
	a.expect("order_", len(order), len(members))
	a.demand("estimators_", members, predict)
	seen := map[int64]bool{}
	for _, place := range order {
		if place < 0 || int(place) >= len(members) || seen[place] {
			a.fail("order_", "output %d twice or of %d", place, len(members))
		}
		seen[place] = true
	}
	if method := a.text("chain_method_", predict); method != predict {
		a.refuse("chain_method " + method)
	}
	if a.err != nil {
		return nil
	}
	in := commonInput(members)
	in.isMixed, in.accepts = false, finite
	run := func(name string) method {
		return func(ctx context.Context, x *batch) (*batch, error) { return runChain(ctx, members, order, name, x) }
	}
	e := &estimator{in: in, ops: []op{{name: predict, cols: len(members), run: run(predict)}}}
	if a.class == "ClassifierChain" {
		for _, name := range []string{proba, decision} {
			if allHave(members, name) {
				e.ops = append(e.ops, op{name: name, cols: len(members), run: run(name)})
			}
		}
	}
	return e
}

func runChain(ctx context.Context, members []*estimator, order []int64, name string, x *batch) (*batch, error) {
	out := dense(x.rows, len(members))
	wide := dense(x.rows, x.cols+len(members))
	for i := range x.rows {
		copy(wide.row(i), x.row(i))
	}
	for k, m := range members {
		columns := make([]int, x.cols+k)
		for c := range columns {
			columns[c] = c
		}
		rows := wide.pick(columns)
		y, err := m.call(ctx, predict, rows)
		if err != nil {
			return nil, err
		}
		if y, err = y.numbers(); err != nil {
			return nil, err
		}
		answer := y
		if name != predict {
			if answer, err = m.call(ctx, name, rows); err != nil {
				return nil, err
			}
		}
		for i := range x.rows {
			wide.row(i)[x.cols+k] = y.dense[i*y.cols]
			out.row(i)[order[k]] = answer.row(i)[answer.cols-1]
		}
	}
	return out, nil
}
