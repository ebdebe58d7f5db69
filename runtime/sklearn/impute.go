package sklearn

import (
	"context"
	"math"
	"slices"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

func imputeFamily(class string) maker {
	switch class {
	case "SimpleImputer":
		return simpleImputer
	case "IterativeImputer":
		return iterativeImputer
	case "KNNImputer":
		return knnImputer
	case "MissingIndicator":
		return missingIndicator
	}
	return nil
}

// marker says which values count as missing.
type marker struct {
	none   bool    // None, and not NaN
	number float64 // NaN: missing numbers themselves
	text   string
	isText bool
}

func (a *attrs) marker() marker {
	v := a.value("missing_values")
	if isMissing(v) {
		return marker{number: math.NaN(), none: v == nil}
	}
	if text, ok := v.(string); ok {
		return marker{number: math.NaN(), text: text, isText: true}
	}
	return marker{number: a.number("missing_values", math.NaN())}
}

func (m marker) marks(column tabular.Column, i int) bool {
	if column.Numbers != nil {
		v := column.Numbers[i]
		return v == m.number || (math.IsNaN(m.number) && !m.isText && math.IsNaN(v))
	}
	if m.isText {
		return column.Texts[i] == m.text
	}
	return column.Missing != nil && column.Missing[i]
}

// fill is what one column's missing values become.
type fill struct {
	column int
	number float64
	text   string
	isText bool
}

// imputer puts a value into the place of a missing one.
type imputer struct {
	marker    marker
	fills     []fill // of the columns that are kept
	indicated []int  // columns whose marks are added as further columns
	mixed     bool   // some values are texts
	// passesNone says that a text that isn't there is None to the encoder behind, which knows it as a category, and no NaN, which this would fill.
	passesNone bool
}

func simpleImputer(a *attrs) *estimator {
	im := &imputer{marker: a.marker()}
	statistics := a.items("statistics_")
	keep := a.flag("keep_empty_features", false) || a.text("strategy", "mean") == "constant"
	in := input{cols: len(statistics), accepts: anything, isMixed: true}
	for c, v := range statistics {
		text, isText := v.(string)
		n, isNumber := pickle.Float(v)
		switch {
		case isText:
			im.mixed = true
			im.fills = append(im.fills, fill{column: c, text: text, isText: true})
			in.kinds = append(in.kinds, a.textKind())
			continue
		case isMissing(v):
			n = math.NaN()
		case !isNumber:
			a.fail("statistics_", "column %d has neither a number nor a text", c)
		}
		in.kinds = append(in.kinds, a.numberKind())
		if !isMissing(v) || keep {
			im.fills = append(im.fills, fill{column: c, number: n})
		}
	}
	if len(statistics) == 0 {
		a.fail("statistics_", "there are none")
	}
	im.indicated = a.indicated(len(a.items("statistics_")))
	e := transformer(len(im.fills)+len(im.indicated), im.run)
	e.in, e.imputer = in, im
	return e
}

// textKind is that of a column filled with a text: any if other columns show that the rows were objects.
func (a *attrs) textKind() tabular.Kind {
	if a.text("strategy", "") == "constant" {
		return tabular.Any
	}
	return tabular.Text
}

func (a *attrs) numberKind() tabular.Kind {
	if array, ok := a.value("statistics_").(*pickle.Array); ok && array.Type != nil && array.Type.Kind == 'O' {
		return tabular.Any
	}
	return tabular.Number
}

// indicated are the columns of the indicator, if there is one.
func (a *attrs) indicated(cols int) []int {
	if a.value("indicator_") == nil {
		return nil
	}
	inner := a.within("indicator_")
	var out []int
	for _, c := range inner.ints("features_") {
		if c < 0 || int(c) >= cols {
			a.fail("indicator_", "column %d", c)
			return nil
		}
		out = append(out, int(c))
	}
	return out
}

func (im *imputer) run(_ context.Context, x *batch) (*batch, error) {
	if x.columns == nil && !im.mixed {
		return im.numbers(x)
	}
	out := &batch{rows: x.rows, cols: len(im.fills) + len(im.indicated)}
	texts := false
	for _, f := range im.fills {
		column := im.fillColumn(x.column(f.column), f)
		texts = texts || column.Texts != nil
		out.columns = append(out.columns, column)
	}
	for _, c := range im.indicated {
		from, marks := x.column(c), make([]float64, x.rows)
		for i := range marks {
			if im.marker.marks(from, i) {
				marks[i] = 1
			}
		}
		out.columns = append(out.columns, tabular.Column{Numbers: marks})
	}
	if !texts {
		return out.numbers()
	}
	return out, nil
}

func (im *imputer) fillColumn(from tabular.Column, f fill) tabular.Column {
	to := from
	if from.Numbers != nil {
		to.Numbers = slices.Clone(from.Numbers)
		if f.isText { // a column of nothing but missing values may come as numbers
			to.Numbers, to.Texts = nil, make([]string, len(from.Numbers))
			for i := range to.Texts {
				to.Texts[i] = f.text
				if !im.marker.marks(from, i) {
					to.Texts[i] = valueText(from, i)
				}
			}
			return to
		}
		for i := range to.Numbers {
			if im.marker.marks(from, i) {
				to.Numbers[i] = f.number
			}
		}
		return to
	}
	if im.passesNone && !im.marker.isText {
		return from
	}
	to.Texts = slices.Clone(from.Texts)
	to.Missing = nil
	for i := range to.Texts {
		if im.marker.marks(from, i) {
			to.Texts[i] = f.text
		}
	}
	return to
}

func (im *imputer) numbers(x *batch) (*batch, error) {
	x, err := x.numbers()
	if err != nil {
		return nil, err
	}
	if err := x.check(im.tolerates()); err != nil {
		return nil, err
	}
	out := dense(x.rows, len(im.fills)+len(im.indicated))
	marks := func(v float64) bool {
		return v == im.marker.number || (math.IsNaN(im.marker.number) && math.IsNaN(v))
	}
	for i := range x.rows {
		from, to := x.row(i), out.row(i)
		for k, f := range im.fills {
			to[k] = from[f.column]
			if marks(to[k]) {
				to[k] = f.number
			}
		}
		for k, c := range im.indicated {
			if marks(from[c]) {
				to[len(im.fills)+k] = 1
			}
		}
	}
	return out, nil
}

func (im *imputer) tolerates() tolerance {
	if math.IsNaN(im.marker.number) {
		return missing
	}
	return finite
}

func missingIndicator(a *attrs) *estimator {
	mark := a.marker()
	var features []int
	for _, c := range a.ints("features_") {
		features = append(features, int(c))
		if c < 0 || int(c) >= a.integer("n_features_in_", 0) {
			a.fail("features_", "column %d", c)
		}
	}
	e := transformer(len(features), func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, len(features))
		for k, c := range features {
			column := x.column(c)
			for i := range x.rows {
				if mark.marks(column, i) {
					out.row(i)[k] = 1
				}
			}
		}
		return out, nil
	})
	e.ops[0].datatype = oip.Bool
	e.in = input{cols: a.integer("n_features_in_", 0), isMixed: true, accepts: anything}
	return e
}
