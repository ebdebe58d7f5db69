package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/api/oip"
)

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
