package sklearn

import (
	"context"
	"math"
	"sort"
)

func adaBoostFamily(class string) maker {
	switch class {
	case "AdaBoostClassifier":
		return adaBoostClassifier
	case "AdaBoostRegressor":
		return adaBoostRegressor
	}
	return nil
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
