package oip

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// cellKind is what stands in one place of a table.
type cellKind int

const (
	nullCell cellKind = iota
	numberCell
	textCell
)

// grid collects a table's cells. They are one row-major block of numbers until a text or a name comes, then columns.
type grid struct {
	rows, cols int
	flat       []float64
	columns    []gridColumn
	isNamed    bool
}

// gridColumn is one column. It is of numbers or of texts from the first value on that isn't null.
type gridColumn struct {
	name    string
	kind    cellKind // nullCell: all are null so far
	numbers []float64
	texts   []string
	missing []bool // of texts; nil if none is
}

func (g *grid) begin(where func() string) error {
	if g.isNamed {
		return &RequestError{Where: where(), Problem: "expected an object of feature names, as before"}
	}
	return nil
}

func (g *grid) add(column int, number float64, text string, kind cellKind, where func() string) error {
	switch {
	case g.rows == 0:
		g.cols = max(g.cols, column+1)
	case column >= g.cols:
		return nil // end says what is wrong with the whole row
	}
	if g.columns == nil {
		if kind != textCell {
			g.flat = append(g.flat, number)
			return nil
		}
		g.split()
	}
	if column == len(g.columns) {
		g.columns = append(g.columns, gridColumn{})
	}
	return g.columns[column].add(number, text, kind, where)
}

func (g *grid) end(n int, where func() string) error {
	if g.rows == 0 {
		g.cols = n
	}
	if n != g.cols {
		return &RequestError{Where: where(), Problem: fmt.Sprintf("the row has %d values, and those before it have %d", n, g.cols)}
	}
	g.rows++
	return nil
}

// split makes columns of the block, the row that has begun included.
func (g *grid) split() {
	g.columns = make([]gridColumn, g.cols)
	if g.rows == 0 {
		g.columns = make([]gridColumn, len(g.flat), len(g.flat)+1)
	}
	for i, v := range g.flat {
		c := &g.columns[i%g.cols]
		c.numbers = append(c.numbers, v)
		if !math.IsNaN(v) {
			c.kind = numberCell
		}
	}
	g.flat = nil
}

func (g *grid) beginNamed(where func() string) error {
	if g.rows > 0 && !g.isNamed {
		return &RequestError{Where: where(), Problem: "expected a row of values without names, as before"}
	}
	g.isNamed = true
	return nil
}

// columnOf finds a feature by its name; the first row's names are those of all. It is most likely at the place that it is expected at.
func (g *grid) columnOf(name string, expected, start int, first bool, where func() string) (int, error) {
	i := expected
	if i >= len(g.columns) || g.columns[i].name != name {
		i = slices.IndexFunc(g.columns, func(c gridColumn) bool { return c.name == name })
	}
	switch {
	case i < 0 && first:
		g.columns = append(g.columns, gridColumn{name: strings.Clone(name)})
		return len(g.columns) - 1, nil
	case i < 0:
		return 0, &RequestError{Where: where(), Problem: fmt.Sprintf("feature %q is not in the rows before, which have %s", name, g.names())}
	case g.columns[i].len() > start:
		return 0, &RequestError{Where: where(), Problem: fmt.Sprintf("feature %q is given twice", name)}
	}
	return i, nil
}

func (g *grid) endNamed(start, rows, seen int, where func() string) error {
	if seen < len(g.columns) {
		for _, c := range g.columns {
			if c.len() == start {
				return &RequestError{Where: where(), Problem: fmt.Sprintf("feature %q is missing; the rows before have %s", c.name, g.names())}
			}
		}
	}
	g.rows += rows
	return nil
}

func (g *grid) names() string {
	names := make([]string, len(g.columns))
	for i, c := range g.columns {
		names[i] = fmt.Sprintf("%q", c.name)
	}
	return strings.Join(names, ", ")
}

func (c *gridColumn) len() int { return max(len(c.numbers), len(c.texts)) }

func (c *gridColumn) add(number float64, text string, kind cellKind, where func() string) error {
	if kind == nullCell {
		if c.kind != textCell {
			c.numbers = append(c.numbers, number)
			return nil
		}
		if c.missing == nil {
			c.missing = make([]bool, len(c.texts))
		}
	}
	switch {
	case c.kind == nullCell && kind == textCell:
		if n := len(c.numbers); n > 0 { // nulls alone so far
			c.texts, c.missing, c.numbers = make([]string, n), make([]bool, n), nil
			for i := range c.missing {
				c.missing[i] = true
			}
		}
		c.kind = textCell
	case c.kind == nullCell:
		c.kind = kind
	case kind != nullCell && kind != c.kind:
		return c.mixed(number, text, kind, where)
	}
	if c.kind == numberCell {
		c.numbers = append(c.numbers, number)
		return nil
	}
	c.texts = append(c.texts, text)
	if c.missing != nil {
		c.missing = append(c.missing, kind == nullCell)
	}
	return nil
}

func (c *gridColumn) mixed(number float64, text string, kind cellKind, where func() string) error {
	if kind == textCell {
		return &RequestError{Where: where(), Problem: fmt.Sprintf("expected a number, as in the rows before, given the text %q", clip(text))}
	}
	return &RequestError{Where: where(), Problem: fmt.Sprintf("expected a text, as in the rows before, given %s", formatFloat(number, 64))}
}

// clip keeps a message short, whatever a client sent.
func clip(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

func (g *grid) tensors() []Tensor {
	if g.columns == nil {
		return []Tensor{NewTensor("", FP64, []int64{int64(g.rows), int64(g.cols)}, g.flat)}
	}
	out := make([]Tensor, len(g.columns))
	for i, c := range g.columns {
		if c.kind == textCell {
			out[i] = Tensor{Name: c.name, Datatype: Bytes, Shape: []int64{int64(g.rows)}, Strings: c.texts, Missing: c.missing}
		} else {
			out[i] = NewTensor(c.name, FP64, []int64{int64(g.rows)}, c.numbers)
		}
	}
	return out
}
