package sklearn

import (
	"context"
	"fmt"
	"math"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

func encodeFamily(class string) maker {
	switch class {
	case "OneHotEncoder":
		return oneHot
	case "OrdinalEncoder":
		return ordinal
	case "TargetEncoder":
		return target
	}
	return nil
}

// columnName says which column a message is about.
func columnName(column tabular.Column, i int) string {
	if column.Name != "" {
		return fmt.Sprintf("column %q", column.Name)
	}
	return fmt.Sprintf("column %d", i)
}

func valueText(column tabular.Column, i int) string {
	switch {
	case column.Numbers != nil && math.IsNaN(column.Numbers[i]), column.Missing != nil && column.Missing[i]:
		return "no value"
	case column.Numbers != nil:
		return fmt.Sprint(column.Numbers[i])
	default:
		return fmt.Sprintf("%q", column.Texts[i])
	}
}

// onehot gives each category a column of its own.
type onehot struct {
	*encoder
	starts  []int   // the first column of each feature's
	dropped []int32 // the code that has no column; unknown if all have
	rescue  bool    // an unknown category counts as a rare one
}

func oneHot(a *attrs) *estimator {
	o := &onehot{encoder: a.encoder(), starts: []int{0}}
	handling := a.text("handle_unknown", "error")
	o.rescue = handling == "infrequent_if_exist" || handling == "warn"
	drops := a.items(a.first("_drop_idx_after_grouping", "drop_idx_"))
	for i := range o.columns {
		drop, width := unknown, o.width(i)
		if i < len(drops) && drops[i] != nil {
			n, ok := pickle.Int(drops[i])
			if !ok || n < 0 || int(n) >= width {
				a.fail("drop_idx_", "category %v of %d", drops[i], width)
			}
			drop = int32(n)
			width--
		}
		o.dropped = append(o.dropped, drop)
		o.starts = append(o.starts, o.starts[i]+width)
	}
	e := transformer(o.starts[len(o.columns)], o.run)
	e.in, e.encoder = o.input(), o.encoder
	return e
}

func (o *onehot) run(_ context.Context, x *batch) (*batch, error) {
	features := len(o.columns)
	codes := make([]int32, features*x.rows) // by feature
	for c := range features {
		part := codes[c*x.rows : (c+1)*x.rows]
		if err := o.encode(x, c, part); err != nil {
			return nil, err
		}
		for i, code := range part {
			part[i] = o.place(c, code)
		}
	}
	out := &sparse{rows: x.rows, cols: o.starts[features], starts: make([]int, 1, x.rows+1),
		indices: make([]int32, 0, len(codes)), values: make([]float64, 0, len(codes))}
	for i := range x.rows {
		for c := range features {
			if at := codes[c*x.rows+i]; at >= 0 {
				out.indices = append(out.indices, at)
				out.values = append(out.values, 1)
			}
		}
		out.starts = append(out.starts, len(out.indices))
	}
	return out.batch(), nil
}

// place is the column of a category, unknown if it has none.
func (o *onehot) place(c int, code int32) int32 {
	switch {
	case code == unknown && o.rescue:
		code = o.infrequent(c)
	case code != unknown && o.grouped[c] != nil:
		code = int32(o.grouped[c][code])
	}
	drop := o.dropped[c]
	switch {
	case code == unknown || code == drop:
		return unknown
	case drop != unknown && code > drop:
		code--
	}
	return int32(o.starts[c]) + code
}

func ordinal(a *attrs) *estimator {
	enc := a.encoder()
	a.dropMissing(enc)
	unknownValue, missingValue := a.number("unknown_value", math.NaN()), a.number("encoded_missing_value", math.NaN())
	e := transformer(len(enc.columns), func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, x.cols)
		codes := make([]int32, x.rows)
		for c, known := range enc.columns {
			if err := enc.encode(x, c, codes); err != nil {
				return nil, err
			}
			for i, code := range codes {
				v := float64(code)
				switch {
				case code == unknown:
					v = unknownValue
				case code == known.missing && !known.ordinary:
					v = missingValue
				case enc.grouped[c] != nil:
					v = float64(enc.grouped[c][code])
				}
				out.dense[i*x.cols+c] = v
			}
		}
		return out, nil
	})
	e.in, e.encoder = enc.input(), enc
	return e
}

// dropMissing makes an ordinary category of a missing value in columns that _missing_indices doesn't name, as None is before 1.3.
func (a *attrs) dropMissing(enc *encoder) {
	named, ok := a.value("_missing_indices").(*pickle.Dict)
	if !ok {
		return
	}
	for c, known := range enc.columns {
		counted := true
		for _, key := range named.Keys {
			if at, ok := pickle.Int(key); ok && int(at) == c {
				counted = false
			}
		}
		known.ordinary = counted
	}
}

// target replaces a category by the mean of the target among its rows.
func target(a *attrs) *estimator {
	enc := a.encoder()
	enc.refuses = false
	mean := a.floats("target_mean_")
	groups := 1
	if a.text("target_type_", "") == "multiclass" {
		groups = len(mean)
	}
	if groups == 0 {
		a.fail("target_mean_", "there are none")
		return nil
	}
	var tables [][]float64 // by feature, then group
	for i, v := range a.items("encodings_") {
		table := a.floatsOf("encodings_", v)
		if a.err == nil {
			a.expect("encodings_", len(table), enc.columns[min(i/groups, len(enc.columns)-1)].count)
		}
		tables = append(tables, table)
	}
	a.expect("encodings_", len(tables), len(enc.columns)*groups)
	a.expect("target_mean_", len(mean), groups)
	if a.err != nil {
		return nil
	}
	e := transformer(len(tables), func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, len(tables))
		codes := make([]int32, x.rows)
		for c := range enc.columns {
			if err := enc.encode(x, c, codes); err != nil {
				return nil, err
			}
			for i, code := range codes {
				for g := range groups {
					v := mean[g]
					if code != unknown {
						v = tables[c*groups+g][code]
					}
					out.row(i)[c*groups+g] = v
				}
			}
		}
		return out, nil
	})
	e.in = enc.input()
	return e
}
