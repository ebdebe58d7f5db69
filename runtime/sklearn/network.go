package sklearn

import (
	"context"
	"math"
)

// network is a multilayer perceptron.
type network struct {
	weights []*matrix // of each layer: [outputs, inputs]
	biases  [][]float64
	hidden  func([]float64) // changes one row in place
	output  func([]float64)
}

func networkFamily(class string) maker {
	switch class {
	case "MLPClassifier":
		return networkClassifier
	case "MLPRegressor":
		return networkRegressor
	}
	return nil
}

func (a *attrs) network() *network {
	n := &network{}
	for _, w := range a.matrices("coefs_") {
		n.weights = append(n.weights, w.transposed())
	}
	items := a.items("intercepts_")
	a.expect("intercepts_", len(items), len(n.weights))
	if a.err != nil || len(items) == 0 {
		a.fail("coefs_", "no layers")
		return n
	}
	for i, item := range items {
		bias := a.floatsOf("intercepts_", item)
		n.biases = append(n.biases, bias)
		a.expect("intercepts_", len(bias), n.weights[i].rows)
		if i > 0 {
			a.expect("coefs_", n.weights[i].cols, n.weights[i-1].rows)
		}
	}
	n.hidden, n.output = a.activation("activation"), a.activation("out_activation_")
	return n
}

func (a *attrs) activation(name string) func([]float64) {
	each := func(f func(float64) float64) func([]float64) {
		return func(v []float64) {
			for i, x := range v {
				v[i] = f(x)
			}
		}
	}
	switch kind := a.text(name, ""); kind {
	case "identity":
		return func([]float64) {}
	case "logistic":
		return each(sigmoid)
	case "tanh":
		return each(math.Tanh)
	case "relu":
		return each(func(x float64) float64 { return max(x, 0) })
	case "exp":
		return each(math.Exp)
	case "softmax":
		return softmax
	default:
		a.refuse("activation " + kind)
		return nil
	}
}

func (n *network) run(ctx context.Context, x *batch) (*batch, error) {
	for i, w := range n.weights {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x = project(x, w, n.biases[i])
		activate := n.hidden
		if i == len(n.weights)-1 {
			activate = n.output
		}
		for r := range x.rows {
			activate(x.row(r))
		}
	}
	return x, nil
}

func (n *network) in() input { return input{cols: n.weights[0].cols, isSparse: true} }

func networkClassifier(a *attrs) *estimator {
	n, classes := a.network(), a.classes()
	if a.err != nil {
		return nil
	}
	last := n.weights[len(n.weights)-1].rows
	binarizer := a.within("_label_binarizer")
	if binarizer.text("y_type_", "") == "multilabel-indicator" {
		a.refuse("several labels for each row")
	}
	if last == 1 && classes.len() == 2 {
		e := classifier(classes, op{name: proba, cols: 2, run: func(ctx context.Context, x *batch) (*batch, error) {
			y, err := n.run(ctx, x)
			if err != nil {
				return nil, err
			}
			return bothSides(y.dense, func(p float64) float64 { return p }), nil
		}})
		e.in = n.in()
		return e
	}
	a.expect("coefs_ (outputs)", last, classes.len())
	e := classifier(classes, op{name: proba, cols: last, run: n.run})
	e.in = n.in()
	return e
}

func networkRegressor(a *attrs) *estimator {
	n := a.network()
	if a.err != nil {
		return nil
	}
	cols := n.weights[len(n.weights)-1].rows
	if cols == 1 {
		cols = 0
	}
	e := regressor(cols, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := n.run(ctx, x)
		if err != nil {
			return nil, err
		}
		return asVector(y), nil
	})
	e.in = n.in()
	return e
}
