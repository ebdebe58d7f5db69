package oip

import (
	"fmt"
	"math"
	"strconv"
)

// DecodeRowsRequest reads a V1 body for a model over rows of features. What the model takes isn't known here; the rows are
// read as they stand:
//   - "instances" (or "inputs") as rows, [[5.1,"a"],…], or as single values, one feature each;
//   - as objects of feature names, whose values are single, or arrays or objects (pandas' {"0":…}) with one value a row;
//   - "inputs" as an object of columns.
//
// Rows of numbers without names make one FP64 tensor [rows,features] without a name. Everything else makes a tensor [rows] for
// each feature, FP64 or BYTES. A null is a missing value: NaN, or marked in Missing.
//
// Without texts, a text is an error that names its place. Errors are *RequestError or a *SyntaxError; all are the client's.
func DecodeRowsRequest(body []byte, texts bool) (*PredictRequest, error) {
	d := rowsDecoder{scanner: scanner{data: body, nulls: true}, texts: texts}
	if err := d.request(); err != nil {
		return nil, err
	}
	if !d.found {
		return nil, &RequestError{Problem: `the request has neither "instances" nor "inputs"`}
	}
	d.out.Inputs = d.grid.tensors()
	return &d.out, nil
}

type rowsDecoder struct {
	scanner
	texts bool // they are taken
	found bool
	grid  grid
	out   PredictRequest
}

func (d *rowsDecoder) request() error {
	err := d.object(func(key string) error {
		switch key {
		case "instances", "inputs":
			if d.found {
				return &RequestError{Problem: `the request has both "instances" and "inputs", or one of them twice; one must go`}
			}
			d.found, d.out.Columns = true, key == "inputs"
			return d.rows(key)
		case "outputs":
			d.out.Outputs = nil
			return d.array(d.outputName)
		default:
			return d.skip()
		}
	})
	if err != nil {
		return err
	}
	return d.end()
}

func (d *rowsDecoder) outputName(index int) error {
	if d.peek() != '"' {
		return &RequestError{Where: "outputs[" + strconv.Itoa(index) + "]", Problem: "expected an output's name, given " + d.given()}
	}
	name, err := d.str()
	d.out.Outputs = append(d.out.Outputs, name)
	return err
}

func (d *rowsDecoder) rows(key string) error {
	if d.peek() == '{' && key == "inputs" {
		return d.named(func() string { return key })
	}
	if d.peek() != '[' {
		return &RequestError{Where: key, Problem: "expected an array with one element a row, given " + d.given()}
	}
	err := d.array(func(index int) error { return d.row(key, index) })
	if err == nil && d.grid.rows == 0 {
		return &RequestError{Where: key, Problem: "the array is empty"}
	}
	return err
}

// row reads one element of "instances".
func (d *rowsDecoder) row(key string, index int) error {
	if d.plain() {
		return nil
	}
	where := func() string { return fmt.Sprintf("%s[%d]", key, index) }
	switch d.peek() {
	case '{':
		return d.named(where)
	case '[':
		if ahead := (scanner{data: d.data, pos: d.pos + 1}); ahead.peek() == '{' {
			return d.array(func(int) error { return d.named(where) })
		}
		return d.unnamed(where)
	}
	if err := d.grid.begin(where); err != nil {
		return err
	}
	if err := d.cell(0, where); err != nil {
		return err
	}
	return d.grid.end(1, where)
}

// plain reads a row of nothing but numbers, as most are, or leaves the scanner where it was.
func (d *rowsDecoder) plain() bool {
	g := &d.grid
	if g.columns != nil || d.peek() != '[' {
		return false
	}
	if g.flat == nil { // a value takes two bytes at least; a small request is one allocation
		g.flat = make([]float64, 0, min((len(d.data)-d.pos)/2, 64))
	}
	start, have := d.pos, len(g.flat)
	d.pos++
	for n := 1; ; n++ {
		if d.peek() == 'n' {
			break
		}
		v, err := d.fp64()
		if err != nil {
			break
		}
		g.flat = append(g.flat, v)
		done, err := d.next(']')
		if err != nil {
			break
		}
		if !done {
			continue
		}
		if g.rows == 0 {
			g.cols = n
		}
		if n != g.cols {
			break
		}
		g.rows++
		return true
	}
	d.pos, g.flat = start, g.flat[:have]
	return false
}

func (d *rowsDecoder) unnamed(where func() string) error {
	if err := d.grid.begin(where); err != nil {
		return err
	}
	n := 0
	err := d.array(func(index int) error {
		n++
		return d.cell(index, where)
	})
	if err != nil {
		return err
	}
	return d.grid.end(n, where)
}

// cell reads one value of an unnamed row.
func (d *rowsDecoder) cell(column int, where func() string) error {
	place := func() string { return fmt.Sprintf("%s[%d]", where(), column) }
	value, text, kind, err := d.value(place)
	if err != nil {
		return err
	}
	return d.grid.add(column, value, text, kind, place)
}

// value reads a single value.
func (d *rowsDecoder) value(where func() string) (number float64, text string, kind cellKind, err error) {
	switch c := d.peek(); {
	case c == '"':
		if text, err = d.str(); err == nil && !d.texts {
			err = &RequestError{Where: where(), Problem: fmt.Sprintf("expected a number, given the text %q", clip(text))}
		}
		return 0, text, textCell, err
	case c == 'n' && d.literal("null"):
		return math.NaN(), "", nullCell, nil
	case c == 't' && d.literal("true"):
		return 1, "", numberCell, nil
	case c == 'f' && d.literal("false"):
		return 0, "", numberCell, nil
	case c == '[' || c == '{':
		return 0, "", nullCell, &RequestError{Where: where(), Problem: "expected a number or a text, given " + d.given()}
	}
	number, err = d.fp64()
	if wrong, ok := err.(*mismatch); ok { //nolint:errorlint // numberOr gives it as it is
		err = &RequestError{Where: where(), Problem: "expected a number, " + wrong.Error()}
	}
	return number, "", numberCell, err
}

// named reads an object of features: one row, or several where its values are arrays or objects.
func (d *rowsDecoder) named(where func() string) error {
	if err := d.grid.beginNamed(where); err != nil {
		return err
	}
	start, first := d.grid.rows, d.grid.rows == 0
	count, seen := -1, 0
	err := d.object(func(key string) error {
		column, err := d.grid.columnOf(key, seen, start, first, where)
		if err != nil {
			return err
		}
		seen++
		n, err := d.values(column, func() string { return where() + "." + key })
		switch {
		case err != nil:
			return err
		case count >= 0 && n != count:
			return &RequestError{Where: where(), Problem: fmt.Sprintf("feature %q has %d values, and those before it have %d", key, n, count)}
		}
		count = n
		return nil
	})
	if err != nil {
		return err
	}
	return d.grid.endNamed(start, max(count, 0), seen, where)
}

// values reads what stands behind a feature's name and counts it.
func (d *rowsDecoder) values(column int, where func() string) (n int, err error) {
	one := func() error {
		value, text, kind, err := d.value(where)
		if err != nil {
			return err
		}
		n++
		return d.grid.columns[column].add(value, text, kind, func() string { return fmt.Sprintf("%s (value %d)", where(), n-1) })
	}
	switch d.peek() {
	case '[':
		err = d.array(func(int) error {
			if d.peek() == '[' { // a column of [rows,1]
				return d.array(func(int) error { return one() })
			}
			return one()
		})
	case '{':
		err = d.object(func(string) error { return one() })
	default:
		err = one()
	}
	return n, err
}
