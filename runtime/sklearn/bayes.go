package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func bayesFamily(class string) maker {
	switch class {
	case "GaussianNB":
		return gaussianBayes
	case "MultinomialNB", "ComplementNB":
		return countBayes
	case "BernoulliNB":
		return bernoulliBayes
	case "CategoricalNB":
		return categoricalBayes
	}
	return nil
}

// bayes makes a classifier of joint log-likelihoods: [rows, classes].
func bayes(classes *labels, joint method) *estimator {
	normalized := func(ctx context.Context, x *batch) (*batch, error) {
		y, err := joint(ctx, x)
		if err != nil {
			return nil, err
		}
		for i := range y.rows {
			row := y.row(i)
			total := logSumExp(row)
			for k, v := range row {
				row[k] = math.Exp(v - total)
			}
		}
		return y, nil
	}
	e := classifier(classes, op{name: proba, cols: classes.len(), run: joint})
	e.ops[1].run = normalized // predict compares before it is normalized, as the library does
	return e
}

func gaussianBayes(a *attrs) *estimator {
	classes, means := a.classes(), a.matrix("theta_")
	variances, priors := a.matrix(a.first("var_", "sigma_")), a.floats("class_prior_")
	a.expect("theta_", means.rows, classes.len())
	a.expect("var_", len(variances.v), len(means.v))
	a.expect("class_prior_", len(priors), classes.len())
	if a.err != nil {
		return nil
	}
	constant := make([]float64, classes.len())
	for k := range constant {
		sum := 0.0
		for _, v := range variances.row(k) {
			sum += math.Log(2 * math.Pi * v)
		}
		constant[k] = math.Log(priors[k]) - 0.5*sum
	}
	e := bayes(classes, func(_ context.Context, x *batch) (*batch, error) {
		y := dense(x.rows, len(constant))
		for i := range x.rows {
			row, to := x.row(i), y.row(i)
			for k, c := range constant {
				mean, variance := means.row(k), variances.row(k)
				sum := 0.0
				for j, v := range row {
					d := v - mean[j]
					sum += d * d / variance[j]
				}
				to[k] = c - 0.5*sum
			}
		}
		return y, nil
	})
	e.in.cols = means.cols
	return e
}

// countBayes has scores that are linear in counts.
func countBayes(a *attrs) *estimator {
	classes, weights := a.classes(), a.matrix("feature_log_prob_")
	priors := a.floats("class_log_prior_")
	a.expect("feature_log_prob_", weights.rows, classes.len())
	a.expect("class_log_prior_", len(priors), classes.len())
	if a.err != nil {
		return nil
	}
	if a.class == "ComplementNB" && classes.len() > 1 {
		priors = nil
	}
	e := bayes(classes, func(_ context.Context, x *batch) (*batch, error) { return project(x, weights, priors), nil })
	e.in = input{cols: weights.cols, isSparse: true}
	return e
}

func bernoulliBayes(a *attrs) *estimator {
	classes, logs := a.classes(), a.matrix("feature_log_prob_")
	priors := a.floats("class_log_prior_")
	a.expect("feature_log_prob_", logs.rows, classes.len())
	a.expect("class_log_prior_", len(priors), classes.len())
	if a.err != nil {
		return nil
	}
	weights := &matrix{rows: logs.rows, cols: logs.cols, v: make([]float64, len(logs.v))}
	offsets := make([]float64, logs.rows)
	for k := range logs.rows {
		for j, v := range logs.row(k) {
			absent := math.Log(1 - math.Exp(v))
			weights.row(k)[j] = v - absent
			offsets[k] += absent
		}
		offsets[k] += priors[k]
	}
	binary, threshold := a.value("binarize") != nil, a.number("binarize", 0)
	e := bayes(classes, func(_ context.Context, x *batch) (*batch, error) {
		if binary {
			x = binarized(x, threshold)
		}
		return project(x, weights, offsets), nil
	})
	e.in = input{cols: logs.cols, isSparse: true}
	return e
}

// binarized gives 1 where a value is above the threshold, else 0.
func binarized(x *batch, threshold float64) *batch {
	step := func(v float64) float64 {
		if v > threshold {
			return 1
		}
		return 0
	}
	if x.sparse != nil && threshold >= 0 {
		return x.sparse.scaled(func(_ int32, v float64) float64 { return step(v) }).batch()
	}
	if x.sparse != nil {
		x = x.sparse.dense()
	}
	out := dense(x.rows, x.cols)
	for i, v := range x.dense {
		out.dense[i] = step(v)
	}
	return out
}

func categoricalBayes(a *attrs) *estimator {
	classes, priors := a.classes(), a.floats("class_log_prior_")
	a.expect("class_log_prior_", len(priors), classes.len())
	var tables []*matrix // for each feature: [classes, categories]
	for _, v := range a.items("feature_log_prob_") {
		array, ok := v.(*pickle.Array)
		if !ok || len(array.Shape) != 2 || array.Shape[0] != len(priors) {
			a.fail("feature_log_prob_", "expected a matrix for each feature")
			return nil
		}
		values, err := array.Floats()
		if err != nil {
			a.fail("feature_log_prob_", "%v", err)
			return nil
		}
		tables = append(tables, &matrix{rows: array.Shape[0], cols: array.Shape[1], v: values})
	}
	e := bayes(classes, func(_ context.Context, x *batch) (*batch, error) {
		y := dense(x.rows, len(priors))
		for i := range x.rows {
			to := y.row(i)
			copy(to, priors)
			for j, v := range x.row(i) {
				category := int(v)
				if v < 0 || category >= tables[j].cols {
					return nil, invalid("row %d has category %v in column %d, and the model was trained on 0 to %d", i, v, j, tables[j].cols-1)
				}
				for k := range to {
					to[k] += tables[j].row(k)[category]
				}
			}
		}
		return y, nil
	})
	e.in.cols = len(tables)
	return e
}
