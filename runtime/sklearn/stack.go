package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

func stackFamily(class string) maker {
	switch class {
	case "StackingClassifier", "StackingRegressor":
		return stacking
	}
	return nil
}

// stacking feeds a last estimator with what the others answer.
func stacking(a *attrs) *estimator {
	members, last := a.children("estimators_"), a.child("final_estimator_")
	methods := a.texts("stack_method_")
	a.expect("stack_method_", len(methods), len(members))
	pass := a.flag("passthrough", false)
	var classes *labels
	if a.class == "StackingClassifier" {
		if _, isList := a.value("classes_").(*pickle.List); isList {
			a.refuse("several outputs")
		}
		classes = a.classes()
	}
	cols := 0
	for i, m := range members {
		if a.err != nil {
			return nil
		}
		o := m.op(methods[i])
		if o == nil {
			a.fail("stack_method_", "estimator %d has no %s", i, methods[i])
			return nil
		}
		cols += stackWidth(o)
	}
	if a.err != nil {
		return nil
	}
	stacked := func(ctx context.Context, x *batch) (*batch, error) {
		var parts []*batch
		for i, m := range members {
			y, err := m.call(ctx, methods[i], x)
			if err != nil {
				return nil, err
			}
			if parts, err = appendStacked(parts, y, methods[i]); err != nil {
				return nil, err
			}
		}
		if pass {
			parts = append(parts, x)
		}
		return beside(x.rows, parts)
	}
	in := commonInput(members)
	if pass {
		cols += max(in.cols, 0)
	}
	e := &estimator{in: in}
	for _, o := range last.ops {
		if o.name == transform {
			continue
		}
		e.ops = append(e.ops, a.finalOp(o, last, stacked, classes, e))
	}
	e.ops = append(e.ops, op{name: transform, cols: cols, run: stacked})
	return e
}

// finalOp runs the last estimator on what the others gave. It was fitted on the numbers of classes.
func (a *attrs) finalOp(o op, last *estimator, stacked method, classes *labels, e *estimator) op {
	var place []int
	if o.name == predict && classes != nil {
		place = a.aligned(last, classes, true)
		o.labels = classes
		e.classes = []*labels{classes}
	}
	name := o.name
	return o.with(func(ctx context.Context, x *batch) (*batch, error) {
		y, err := stacked(ctx, x)
		if err != nil {
			return nil, err
		}
		if y, err = last.call(ctx, name, y); err != nil || place == nil {
			return y, err
		}
		codes := make([]int32, len(y.codes))
		for i, c := range y.codes {
			codes[i] = int32(place[c])
		}
		return &batch{rows: y.rows, cols: 1, vector: true, codes: codes, labels: []*labels{classes}}, nil
	})
}

// stackWidth is how many columns an estimator adds: of two probabilities, one.
func stackWidth(o *op) int {
	if o.name == proba && o.cols == 2 {
		return 1
	}
	return max(1, o.cols)
}

func appendStacked(parts []*batch, y *batch, method string) ([]*batch, error) {
	y, err := y.numbers()
	if err != nil {
		return nil, err
	}
	if method == proba && y.cols == 2 {
		y = y.pick([]int{1})
	}
	return append(parts, y), nil
}
