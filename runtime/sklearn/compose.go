package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

func composeFamily(class string) maker {
	switch class {
	case "Pipeline":
		return pipeline
	case "FeatureUnion":
		return featureUnion
	case "ColumnTransformer":
		return columnTransformer
	}
	return nil
}

// named are the pairs of a name and an estimator that compositions hold.
func (a *attrs) named(attribute string) []named {
	var out []named
	for i, v := range a.items(attribute) {
		parts := itemsOf(v)
		if len(parts) < 2 {
			a.fail(attribute, "element %d is no pair of a name and an estimator", i)
			return nil
		}
		n := named{}
		n.name, _ = parts[0].(string)
		text, isText := parts[1].(string)
		switch {
		case isText && text == "drop":
			n.drop = true
		case parts[1] == nil && attribute == "transformer_list":
			n.drop = true
		case (isText && text == "passthrough") || parts[1] == nil:
			n.estimator = identity()
		default:
			n.estimator = a.estimator(attribute+" "+n.name, parts[1])
		}
		if len(parts) > 2 {
			n.columns = parts[2]
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		a.fail(attribute, "there are none")
	}
	return out
}

type named struct {
	name      string
	estimator *estimator
	drop      bool
	columns   pickle.Value
}

// identity gives rows as they are.
func identity() *estimator {
	e := transformer(-1, func(_ context.Context, x *batch) (*batch, error) { return x, nil })
	e.in = input{cols: -1, isMixed: true, accepts: anything}
	return e
}

func pipeline(a *attrs) *estimator {
	steps := a.named("steps")
	if a.err != nil {
		return nil
	}
	for _, step := range steps[:len(steps)-1] {
		if step.drop || !step.estimator.has(transform) {
			a.fail("steps", "step %s doesn't transform", step.name)
			return nil
		}
	}
	if steps[len(steps)-1].drop {
		a.fail("steps", "the last step is none")
		return nil
	}
	introduce(steps)
	return chain(steps)
}

// introduce tells an imputer that looks for NaN whether the encoder behind it was fitted on None: the imputer let those pass.
func introduce(steps []named) {
	for i, step := range steps[:len(steps)-1] {
		im, enc := step.estimator.imputer, steps[i+1].estimator.encoder
		if im == nil || enc == nil || im.marker.none {
			continue
		}
		for _, column := range enc.columns {
			im.passesNone = im.passesNone || column.none
		}
	}
}

// chain runs the transforms of all steps but the last, and what the last can.
func chain(steps []named) *estimator {
	last := steps[len(steps)-1].estimator
	e := &estimator{classes: last.classes, in: steps[0].estimator.in}
	e.in.isMixed, e.in.accepts = true, anything // each step checks for itself
	for _, step := range steps {                // identity says nothing of what comes in
		if step.estimator.in.cols >= 0 {
			e.in = step.estimator.in
			e.in.isMixed, e.in.accepts = true, anything
			break
		}
		if step.estimator.in.names != nil || step.estimator.in.kinds != nil {
			break
		}
	}
	for _, o := range last.ops {
		if o.cols < 0 {
			o.cols = widthOf(steps)
		}
		e.ops = append(e.ops, o.with(func(ctx context.Context, x *batch) (*batch, error) {
			y, err := e.through(ctx, steps[:len(steps)-1], x)
			if err != nil {
				return nil, err
			}
			return last.call(ctx, o.name, y)
		}))
	}
	return e
}

// through runs the transforms of a chain's first steps, once for the same rows.
func (e *estimator) through(ctx context.Context, steps []named, x *batch) (*batch, error) {
	if y, done := x.passed[e]; done {
		return y, nil
	}
	y, err := x, error(nil)
	for _, step := range steps {
		if y, err = step.estimator.call(ctx, transform, y); err != nil {
			return nil, err
		}
	}
	if x.passed != nil {
		x.passed[e] = y
	}
	return y, nil
}

// widthOf is the width that the last transform gives whose width is known.
func widthOf(steps []named) int {
	for i := len(steps) - 1; i >= 0; i-- {
		if w := steps[i].estimator.width(); w >= 0 {
			return w
		}
	}
	return -1
}

func featureUnion(a *attrs) *estimator {
	var parts []named
	cols := 0
	weights := a.weights()
	in := input{cols: -1}
	for _, part := range a.named("transformer_list") {
		if part.drop || a.err != nil {
			continue
		}
		if !part.estimator.has(transform) {
			a.fail("transformer_list", "%s doesn't transform", part.name)
			return nil
		}
		parts = append(parts, part)
		in.merge(part.estimator.in)
	}
	for _, part := range parts {
		w := part.estimator.width()
		if w < 0 {
			w = in.cols
		}
		if w < 0 || cols < 0 {
			cols = -1
		} else {
			cols += w
		}
	}
	in.isMixed, in.accepts = true, anything
	e := transformer(cols, func(ctx context.Context, x *batch) (*batch, error) {
		made := make([]*batch, len(parts))
		for i, part := range parts {
			y, err := part.estimator.call(ctx, transform, x)
			if err != nil {
				return nil, err
			}
			if made[i], err = weighted(y, weights, part.name); err != nil {
				return nil, err
			}
		}
		return beside(x.rows, made)
	})
	e.in = in
	return e
}

// merge takes over what another estimator of the same rows says of them.
func (in *input) merge(other input) {
	if in.cols < 0 {
		in.cols = other.cols
	}
	if in.names == nil {
		in.names = other.names
	}
	if in.kinds == nil {
		in.kinds = other.kinds
	}
}

// weights are those of a composition's parts, nil if it has none.
func (a *attrs) weights() map[string]float64 {
	d, ok := a.value("transformer_weights").(*pickle.Dict)
	if !ok {
		return nil
	}
	out := map[string]float64{}
	for i, key := range d.Keys {
		name, isText := key.(string)
		w, isNumber := pickle.Float(d.Values[i])
		if isText && isNumber {
			out[name] = w
		}
	}
	return out
}

func weighted(y *batch, weights map[string]float64, name string) (*batch, error) {
	w, ok := weights[name]
	if !ok {
		return y, nil
	}
	if y.sparse != nil {
		return y.sparse.scaled(func(_ int32, v float64) float64 { return v * w }).batch(), nil
	}
	y, err := y.numbers()
	if err != nil {
		return nil, err
	}
	out := dense(y.rows, y.cols)
	for i, v := range y.dense {
		out.dense[i] = v * w
	}
	return out, nil
}

// share is a part of a column transformer: the columns it takes and what it does.
type share struct {
	named
	columns []int
}

func columnTransformer(a *attrs) *estimator {
	cols := a.integer("n_features_in_", a.integer("_n_features", -1))
	names := a.texts("feature_names_in_")
	in := input{cols: cols, names: names, isMixed: true, accepts: anything}
	if cols >= 0 {
		in.kinds = make([]tabular.Kind, cols)
		for i := range in.kinds {
			in.kinds[i] = tabular.Any // of what is dropped nobody knows
		}
	}
	var shares []share
	width := 0
	for _, part := range a.named("transformers_") {
		if part.drop || a.err != nil {
			continue
		}
		s := share{named: part, columns: a.columnsOf(part, names, cols)}
		if len(s.columns) == 0 {
			continue
		}
		if !part.estimator.has(transform) {
			a.fail("transformers_", "%s doesn't transform", part.name)
			return nil
		}
		for i, c := range s.columns {
			in.kinds[c] = part.estimator.in.kind(i) // what passes through is taken for numbers, as what follows mostly computes
		}
		w := part.estimator.width()
		if w < 0 && part.estimator.in.cols < 0 {
			w = len(s.columns)
		}
		width += w
		shares = append(shares, s)
	}
	weights := a.weights()
	e := transformer(width, func(ctx context.Context, x *batch) (*batch, error) {
		made := make([]*batch, len(shares))
		for i, s := range shares {
			y, err := s.estimator.call(ctx, transform, x.pick(s.columns))
			if err != nil {
				return nil, err
			}
			if made[i], err = weighted(y, weights, s.name); err != nil {
				return nil, err
			}
		}
		if len(made) == 0 {
			return dense(x.rows, 0), nil
		}
		return beside(x.rows, made)
	})
	e.in = in
	return e
}

// columnsOf gives the numbers of the columns that a part takes.
func (a *attrs) columnsOf(part named, names []string, cols int) []int {
	if d, ok := a.value("_transformer_to_input_indices").(*pickle.Dict); ok {
		if v, ok := d.Get(part.name); ok {
			return a.columnNumbers(part.name, itemsOf(v), names, cols)
		}
	}
	selected := part.columns
	switch v := selected.(type) {
	case string:
		return a.columnNumbers(part.name, []pickle.Value{v}, names, cols)
	case int64:
		return a.columnNumbers(part.name, []pickle.Value{v}, names, cols)
	case *pickle.Array:
		values, err := v.Values()
		if err != nil {
			a.fail("transformers_", "%v", err)
		}
		return a.columnNumbers(part.name, values, names, cols)
	case *pickle.Object:
		return a.columnSlice(part.name, v, names, cols)
	default:
		return a.columnNumbers(part.name, itemsOf(v), names, cols)
	}
}

func (a *attrs) columnNumbers(part string, items []pickle.Value, names []string, cols int) []int {
	var out []int
	for i, item := range items {
		c := -1
		switch v := item.(type) {
		case bool:
			if !v {
				continue
			}
			c = i
		case string:
			for k, name := range names {
				if name == v {
					c = k
				}
			}
		default:
			if n, ok := pickle.Int(v); ok {
				c = int(n)
				if n < 0 {
					c += cols
				}
			}
		}
		if c < 0 || c >= cols {
			a.fail("transformers_", "%s takes a column that isn't among the %d", part, cols)
			return nil
		}
		out = append(out, c)
	}
	return out
}

// columnSlice is for slices of numbers; versions that keep slices of names keep the numbers as well.
func (a *attrs) columnSlice(part string, o *pickle.Object, _ []string, cols int) []int {
	if o.Name != "slice" || len(o.Args) != 3 {
		a.fail("transformers_", "%s takes columns by a %s.%s", part, o.Module, o.Name)
		return nil
	}
	bounds := []int{0, cols, 1}
	for i, v := range o.Args {
		if v == nil {
			continue
		}
		n, ok := pickle.Int(v)
		if !ok {
			a.fail("transformers_", "%s takes a slice that isn't of numbers", part)
			return nil
		}
		bounds[i] = int(n)
		if i < 2 && n < 0 {
			bounds[i] += cols
		}
	}
	var out []int
	for c := bounds[0]; c >= 0 && c < min(bounds[1], cols) && bounds[2] > 0; c += bounds[2] {
		out = append(out, c)
	}
	return out
}
