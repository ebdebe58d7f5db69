package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// labelFamily is of the transforms of targets, which people also deploy by themselves: one column in.
func labelFamily(class string) maker {
	switch class {
	case "LabelEncoder":
		return labelEncoder
	case "LabelBinarizer":
		return labelBinarizer
	}
	return nil
}

// labelInput is one column of classes.
func labelInput(classes *labels) input {
	in := input{cols: 1, accepts: anything, isMixed: true}
	if classes.datatype == oip.Bytes {
		in.kinds = []tabular.Kind{tabular.Text}
	}
	return in
}

// find gives the class that a row of one column is; false if it is none.
func (l *labels) find(column tabular.Column, row int) (int, bool) {
	if column.Numbers != nil {
		return l.index(column.Numbers[row])
	}
	for i, text := range l.texts {
		if text == column.Texts[row] && (column.Missing == nil || !column.Missing[row]) {
			return i, true
		}
	}
	return 0, false
}

func labelEncoder(a *attrs) *estimator {
	classes := a.classes()
	e := transformer(0, func(_ context.Context, x *batch) (*batch, error) {
		out, column := make([]float64, x.rows), x.column(0)
		for i := range out {
			code, known := classes.find(column, i)
			if !known {
				return nil, invalid("row %d is %s, which is none of the model's %d classes", i, valueText(column, i), classes.len())
			}
			out[i] = float64(code)
		}
		return vector(out), nil
	})
	e.ops[0].datatype, e.in = oip.Int64, labelInput(classes)
	return e
}

// labelBinarizer gives each class a column; of two, the second's only. A label that isn't among the classes has none.
func labelBinarizer(a *attrs) *estimator {
	classes := a.classes()
	off, on := a.number("neg_label", 0), a.number("pos_label", 1)
	if kind := a.text("y_type_", ""); kind != "binary" && kind != "multiclass" {
		a.refuse("targets that are " + kind)
	}
	n := classes.len()
	cols := n
	if n <= 2 {
		cols = 1
	}
	e := transformer(cols, func(_ context.Context, x *batch) (*batch, error) {
		out, column := dense(x.rows, cols), x.column(0)
		for i := range x.rows {
			to := out.row(i)
			for k := range to {
				to[k] = off
			}
			switch code, known := classes.find(column, i); {
			case !known || n == 1:
			case n == 2 && code == 1:
				to[0] = on
			case n > 2:
				to[code] = on
			}
		}
		return out, nil
	})
	e.ops[0].datatype, e.in = oip.Int64, labelInput(classes)
	return e
}
