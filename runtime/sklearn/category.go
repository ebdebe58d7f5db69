package sklearn

import (
	"math"
	"strings"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
)

// categories are the values of one column that an encoder was fitted on, with their numbers.
type categories struct {
	count   int
	numbers map[float64]int32
	texts   map[string]int32
	missing int32 // -1 if none of them is a missing value
	none    bool  // the missing value is None
	// ordinary says that an ordinal encoder numbers a missing value as any other.
	ordinary bool
}

const unknown = int32(-1)

// categoriesOf reads the categories of a column.
func (a *attrs) categoriesOf(name string, v pickle.Value) *categories {
	c := &categories{numbers: map[float64]int32{}, texts: map[string]int32{}, missing: unknown}
	array, ok := v.(*pickle.Array)
	if !ok {
		a.fail(name, "expected an array for each column")
		return c
	}
	values, err := array.Values()
	if err != nil {
		a.fail(name, "%v", err)
	}
	c.count = len(values)
	for i, v := range values {
		code := int32(i)
		if raw, ok := v.([]byte); ok {
			v = string(raw)
		}
		if text, ok := v.(string); ok {
			c.texts[text] = code
			continue
		}
		n, isNumber := pickle.Float(v)
		switch {
		case isMissing(v):
			c.missing, c.none = code, v == nil
		case isNumber:
			c.numbers[n] = code
		default:
			a.fail(name, "category %d is neither a number nor a text", i)
		}
	}
	return c
}

// isMissing knows None, NaN and pandas' NA.
func isMissing(v pickle.Value) bool {
	if v == nil {
		return true
	}
	switch v := v.(type) {
	case *pickle.Object:
		return v.Name == "NAType"
	case *pickle.Global:
		return v.Name == "NA"
	case string:
		return strings.HasPrefix(v, "\x00NA")
	}
	f, ok := pickle.Float(v)
	return ok && math.IsNaN(f)
}

// kind is what values the column has.
func (c *categories) kind() tabular.Kind {
	switch {
	case len(c.texts) == 0 && (len(c.numbers) > 0 || c.count == 0):
		return tabular.Number
	case len(c.numbers) == 0 && len(c.texts) > 0:
		return tabular.Text
	default:
		return tabular.Any
	}
}

// codes gives each row's number, unknown where there is none.
func (c *categories) codes(column tabular.Column, rows int, to []int32) {
	for i := range rows {
		to[i] = c.code(column, i)
	}
}

func (c *categories) code(column tabular.Column, i int) int32 {
	if column.Numbers != nil {
		v := column.Numbers[i]
		if math.IsNaN(v) {
			return c.missing
		}
		if code, ok := c.numbers[v]; ok {
			return code
		}
		return unknown
	}
	if column.Missing != nil && column.Missing[i] {
		return c.missing
	}
	if code, ok := c.texts[column.Texts[i]]; ok {
		return code
	}
	return unknown
}

// encoder is what encoders of categories share.
type encoder struct {
	columns []*categories
	// grouped maps a column's codes to those left once rare categories are one; nil if none is.
	grouped [][]int64
	refuses bool // an unknown category is the client's mistake
	names   []string
}

func (a *attrs) encoder() *encoder {
	e := &encoder{names: a.texts("feature_names_in_")}
	for _, v := range a.items("categories_") {
		e.columns = append(e.columns, a.categoriesOf("categories_", v))
	}
	if len(e.columns) == 0 {
		a.fail("categories_", "there are none")
	}
	e.grouped = make([][]int64, len(e.columns))
	if maps := a.items("_default_to_infrequent_mappings"); a.flag("_infrequent_enabled", false) && len(maps) == len(e.columns) {
		for i, v := range maps {
			array, ok := v.(*pickle.Array)
			if !ok {
				continue
			}
			e.grouped[i] = a.intsOf(array)
			counted := e.columns[i].count
			if len(e.grouped[i]) == counted-1 && int(e.columns[i].missing) == counted-1 {
				counted-- // an ordinal encoder's missing value is beside the others
			}
			a.expect("_default_to_infrequent_mappings", len(e.grouped[i]), counted)
		}
	}
	e.refuses = a.text("handle_unknown", "error") == "error"
	return e
}

// width is how many codes a column has.
func (e *encoder) width(column int) int {
	if e.grouped[column] == nil {
		return e.columns[column].count
	}
	top := int64(-1)
	for _, v := range e.grouped[column] {
		top = max(top, v)
	}
	return int(top + 1)
}

// infrequent is the code of a column's rare categories; unknown if none is rare.
func (e *encoder) infrequent(column int) int32 {
	if e.grouped[column] == nil {
		return unknown
	}
	return int32(e.width(column) - 1)
}

func (e *encoder) input() input {
	in := input{cols: len(e.columns), isMixed: true, accepts: anything}
	for _, c := range e.columns {
		in.kinds = append(in.kinds, c.kind())
	}
	return in
}

// encode fills in the codes of one column.
func (e *encoder) encode(x *batch, column int, to []int32) error {
	values := x.column(column)
	e.columns[column].codes(values, x.rows, to)
	if !e.refuses {
		return nil
	}
	for i, code := range to {
		if code == unknown {
			return invalid("row %d has %s in %s, which the model was not trained on", i, valueText(values, i), e.columnName(values, column))
		}
	}
	return nil
}

func (e *encoder) columnName(column tabular.Column, i int) string {
	if column.Name == "" && i < len(e.names) {
		column.Name = e.names[i]
	}
	return columnName(column, i)
}
