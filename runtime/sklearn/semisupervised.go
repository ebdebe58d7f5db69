package sklearn

import "context"

func semiSupervisedFamily(class string) maker {
	switch class {
	case "LabelPropagation", "LabelSpreading":
		return labelPropagation
	case "SelfTrainingClassifier":
		return func(a *attrs) *estimator {
			return sameInput(a.child(a.first("estimator_", "base_estimator_")), predict, proba, decision)
		}
	}
	return nil
}

// labelPropagation weighs what the training rows were labelled in the end by how near they are.
func labelPropagation(a *attrs) *estimator {
	rows, shares, classes := a.matrix("X_"), a.matrix("label_distributions_"), a.classes()
	a.expect("label_distributions_", shares.rows, rows.rows)
	a.expect("label_distributions_", shares.cols, classes.len())
	near := &neighbors{rows: rows, measure: distance{kind: "euclidean"}, k: a.integer("n_neighbors", 7)}
	byKernel := kernel{kind: "rbf", gamma: a.number("gamma", 20)}
	kind := a.text("kernel", "")
	switch {
	case kind != "rbf" && kind != "knn":
		a.refuse("a kernel of its own")
	case kind == "knn" && (near.k < 1 || near.k > rows.rows):
		a.fail("n_neighbors", "%d of %d rows", near.k, rows.rows)
	}
	if a.err != nil {
		return nil
	}
	votes := func(ctx context.Context, x *batch) (*batch, error) {
		if kind == "knn" {
			out := dense(x.rows, shares.cols)
			return out, near.each(ctx, x, func(i int, f *found) {
				for _, r := range f.rows {
					for c, v := range shares.row(int(r)) {
						out.row(i)[c] += v
					}
				}
				divideBySum(out.row(i))
			})
		}
		y, err := kernels(ctx, x, rows, byKernel.of)
		if err != nil {
			return nil, err
		}
		y = project(y, shares.transposed(), nil)
		for i := range y.rows {
			divideBySum(y.row(i))
		}
		return y, nil
	}
	e := classifier(classes, op{name: proba, cols: classes.len(), run: votes})
	e.in.cols = rows.cols
	return e
}

// divideBySum gives NaN to a row that is near nothing, as the library does.
func divideBySum(v []float64) {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	for i := range v {
		v[i] /= sum
	}
}
