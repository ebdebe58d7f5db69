package sklearn

import (
	"context"
	"math"
)

// linear is y = X·coefᵀ + intercept.
type linear struct {
	coef      *matrix // [outputs, features]
	intercept []float64
	// single says that there is one output and it is a vector.
	single bool
}

func (a *attrs) linear() *linear {
	l := &linear{coef: a.matrix("coef_")}
	intercept := a.floats("intercept_")
	if a.err != nil {
		return l
	}
	if len(intercept) == 1 && l.coef.rows > 1 {
		intercept = repeated(intercept[0], l.coef.rows)
	}
	a.expect("intercept_", len(intercept), l.coef.rows)
	coefShape, _ := a.shapeOnly("coef_")
	l.intercept, l.single = intercept, len(coefShape) == 1
	return l
}

func repeated(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func (l *linear) scores(_ context.Context, x *batch) (*batch, error) {
	return project(x, l.coef, l.intercept), nil
}

// decide gives the scores as a classifier's decision function does: a vector for two classes.
func (l *linear) decide(ctx context.Context, x *batch) (*batch, error) {
	y, err := l.scores(ctx, x)
	if err != nil {
		return nil, err
	}
	return asVector(y), nil
}

func linearFamily(class string) maker {
	switch class {
	case "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV",
		"MultiTaskElasticNet", "MultiTaskElasticNetCV", "SGDRegressor", "PassiveAggressiveRegressor", "LinearSVR", "HuberRegressor",
		"BayesianRidge", "ARDRegression", "Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC", "OrthogonalMatchingPursuit",
		"OrthogonalMatchingPursuitCV", "QuantileRegressor", "TheilSenRegressor":
		return linearRegressor
	case "PoissonRegressor", "GammaRegressor", "TweedieRegressor":
		return generalizedRegressor
	case "RANSACRegressor":
		return func(a *attrs) *estimator { return sameInput(a.child("estimator_"), predict) }
	case "LogisticRegression", "LogisticRegressionCV":
		return logistic
	case "SGDClassifier", "Perceptron", "PassiveAggressiveClassifier", "LinearSVC", "RidgeClassifier", "RidgeClassifierCV":
		return linearClassifier
	case "SGDOneClassSVM":
		return sgdOneClass
	}
	return nil
}

func (a *attrs) linearInput(l *linear) input { return input{cols: l.coef.cols, isSparse: true} }

func linearRegressor(a *attrs) *estimator {
	l := a.linear()
	e := regressor(l.cols(), l.regress)
	e.in = a.linearInput(l)
	return e
}

// cols is the width of the answer.
func (l *linear) cols() int {
	if l.single {
		return 0
	}
	return l.coef.rows
}

func (l *linear) regress(ctx context.Context, x *batch) (*batch, error) {
	y, err := l.scores(ctx, x)
	if err == nil && l.single {
		y.vector = true
	}
	return y, err
}

// generalizedRegressor has a link between the linear score and what it predicts.
func generalizedRegressor(a *attrs) *estimator {
	l := a.linear()
	e := regressor(0, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := l.regress(ctx, x)
		if err != nil {
			return nil, err
		}
		for i, v := range y.dense {
			y.dense[i] = math.Exp(v)
		}
		return y, nil
	})
	if a.class == "TweedieRegressor" {
		link := a.text("link", "auto")
		if link == "identity" || (link == "auto" && a.number("power", 0) <= 0) {
			e = regressor(0, l.regress)
		}
	}
	e.in = a.linearInput(l)
	return e
}

func (a *attrs) linearClasses(l *linear) *labels {
	var classes *labels
	if binarizer := a.value("_label_binarizer"); binarizer != nil && a.value("classes_") == nil {
		inner := a.within("_label_binarizer")
		classes = inner.classes()
		if a.err == nil {
			a.err = inner.err
		}
		if inner.text("y_type_", "") == "multilabel-indicator" {
			a.refuse("several labels for each row")
		}
	} else {
		classes = a.classes()
	}
	rows := classes.len()
	if rows == 2 {
		rows = 1
	}
	if a.err == nil && l.coef.rows != rows && !(classes.len() == 2 && l.coef.rows == 2) {
		a.expect("coef_ (rows)", l.coef.rows, rows)
	}
	return classes
}

func linearClassifier(a *attrs) *estimator {
	l := a.linear()
	classes := a.linearClasses(l)
	decide := op{name: decision, cols: scoreCols(classes.len()), run: l.decide}
	e := classifier(classes, decide)
	if a.class == "SGDClassifier" {
		switch a.text("loss", "hinge") {
		case "log_loss", "log":
			e.add(op{name: proba, cols: classes.len(), run: oneVersusRest(l.decide)})
		case "modified_huber":
			e.add(op{name: proba, cols: classes.len(), run: modifiedHuber(l.decide)})
		}
	}
	e.in = a.linearInput(l)
	return e
}

func logistic(a *attrs) *estimator {
	l := a.linear()
	classes := a.linearClasses(l)
	multi, solver := a.text("multi_class", "auto"), a.text("solver", "lbfgs")
	ovr := multi == "ovr" || multi == "warn" || (multi != "multinomial" && (classes.len() <= 2 || solver == "liblinear"))
	e := classifier(classes, op{name: decision, cols: scoreCols(classes.len()), run: l.decide})
	run := multinomial(l.decide)
	if ovr {
		run = oneVersusRest(l.decide)
	}
	e.add(op{name: proba, cols: classes.len(), run: run})
	e.in = a.linearInput(l)
	return e
}

// add puts an output after predict, so that outputs stand as in scikit-learn's documentation: predict, predict_proba, decision_function.
func (e *estimator) add(o op) {
	ops := append([]op{}, e.ops[0], o)
	e.ops = append(ops, e.ops[1:]...)
}

// oneVersusRest makes probabilities of scores of which each is a logit of its own.
func oneVersusRest(decide method) method {
	return func(ctx context.Context, x *batch) (*batch, error) {
		scores, err := decide(ctx, x)
		if err != nil {
			return nil, err
		}
		if scores.cols == 1 {
			return bothSides(scores.dense, sigmoid), nil
		}
		for i := range scores.rows {
			row := scores.row(i)
			sum := 0.0
			for k, v := range row {
				row[k] = sigmoid(v)
				sum += row[k]
			}
			for k := range row {
				row[k] /= sum
			}
		}
		return scores, nil
	}
}

// bothSides gives the probabilities of two classes from the score of the second.
func bothSides(scores []float64, second func(float64) float64) *batch {
	out := dense(len(scores), 2)
	for i, s := range scores {
		p := second(s)
		out.dense[2*i], out.dense[2*i+1] = 1-p, p
	}
	return out
}

// multinomial makes probabilities of scores by softmax; a single score s stands for the pair (-s, s).
func multinomial(decide method) method {
	return func(ctx context.Context, x *batch) (*batch, error) {
		scores, err := decide(ctx, x)
		if err != nil {
			return nil, err
		}
		if scores.cols == 1 {
			return bothSides(scores.dense, func(s float64) float64 { return sigmoid(2 * s) }), nil
		}
		for i := range scores.rows {
			softmax(scores.row(i))
		}
		return scores, nil
	}
}

// modifiedHuber is the probability that this loss implies (Zhang 2004).
func modifiedHuber(decide method) method {
	clip := func(s float64) float64 { return (math.Max(-1, math.Min(1, s)) + 1) / 2 }
	return func(ctx context.Context, x *batch) (*batch, error) {
		scores, err := decide(ctx, x)
		if err != nil {
			return nil, err
		}
		if scores.cols == 1 {
			return bothSides(scores.dense, clip), nil
		}
		for i := range scores.rows {
			row := scores.row(i)
			sum := 0.0
			for k, v := range row {
				row[k] = clip(v)
				sum += row[k]
			}
			for k := range row {
				if sum == 0 {
					row[k] = 1 / float64(len(row))
				} else {
					row[k] /= sum
				}
			}
		}
		return scores, nil
	}
}

func sgdOneClass(a *attrs) *estimator {
	coef, offset := a.matrix("coef_"), a.number("offset_", 0)
	l := &linear{coef: coef, intercept: repeated(-offset, coef.rows), single: true}
	e := outliers(op{name: decision, run: l.decide})
	e.in = a.linearInput(l)
	return e
}
