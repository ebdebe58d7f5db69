package sklearn

import (
	"math"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// batch is rows on their way through a model: what an estimator takes, and what it gives. One of dense, sparse, columns and codes holds the values.
type batch struct {
	rows, cols int
	vector     bool      // one value for each row, cols is 1
	dense      []float64 // row-major
	sparse     *sparse
	columns    []tabular.Column // not all numbers
	codes      []int32          // row-major: indices into labels, one of them for each column
	labels     []*labels
	// passed is what chains made of these rows, kept while several outputs of them are computed; nil if it isn't kept.
	passed map[*estimator]*batch
}

func dense(rows, cols int) *batch {
	return &batch{rows: rows, cols: cols, dense: make([]float64, rows*cols)}
}

func vector(values []float64) *batch {
	return &batch{rows: len(values), cols: 1, vector: true, dense: values}
}

func (b *batch) row(i int) []float64 {
	return b.dense[i*b.cols : (i+1)*b.cols : (i+1)*b.cols]
}

// batchOf takes a frame over, without a copy where it holds float64.
func batchOf(f *tabular.Frame) *batch {
	if f.Numbers != nil {
		return &batch{rows: f.Rows, cols: f.Numbers.Cols, dense: f.Numbers.Float64()}
	}
	return &batch{rows: f.Rows, cols: len(f.Columns), columns: f.Columns}
}

// numbers gives the batch with all values dense; an error names a column of texts.
func (b *batch) numbers() (*batch, error) {
	switch {
	case b.codes != nil:
		return b.codeValues()
	case b.sparse != nil:
		return b.sparse.dense(), nil
	case b.columns == nil:
		return b, nil
	}
	out := dense(b.rows, b.cols)
	for c, column := range b.columns {
		if column.Numbers == nil && b.rows > 0 {
			return nil, invalid("%s holds text, and the model takes numbers there", columnName(column, c))
		}
		for i, v := range column.Numbers {
			out.dense[i*b.cols+c] = v
		}
	}
	return out, nil
}

func (b *batch) hasTexts() bool {
	for _, column := range b.columns {
		if column.Numbers == nil && b.rows > 0 {
			return true
		}
	}
	return false
}

// codeValues gives predicted classes as numbers, as an estimator that is fed another's predictions takes them.
func (b *batch) codeValues() (*batch, error) {
	out := dense(b.rows, b.cols)
	for i, code := range b.codes {
		v, ok := b.labels[i%b.cols].number(int(code))
		if !ok {
			return nil, invalid("the model computes with predicted classes that are texts")
		}
		out.dense[i] = v
	}
	return out, nil
}

// pick gives some columns of the batch.
func (b *batch) pick(columns []int) *batch {
	out := &batch{rows: b.rows, cols: len(columns)}
	switch {
	case b.columns != nil:
		out.columns = make([]tabular.Column, len(columns))
		for i, c := range columns {
			out.columns[i] = b.columns[c]
		}
	case b.sparse != nil:
		out.sparse = b.sparse.pick(columns)
	default:
		out.dense = make([]float64, b.rows*len(columns))
		for i := range b.rows {
			from, to := b.row(i), out.row(i)
			for k, c := range columns {
				to[k] = from[c]
			}
		}
	}
	return out
}

// slice gives some neighbouring columns of dense rows.
func (b *batch) slice(from, cols int) *batch {
	out := dense(b.rows, cols)
	for i := range b.rows {
		copy(out.row(i), b.row(i)[from:from+cols])
	}
	return out
}

// column gives one column as it is; of numbers, as a copy.
func (b *batch) column(c int) tabular.Column {
	if b.columns != nil {
		return b.columns[c]
	}
	values := make([]float64, b.rows)
	for i := range values {
		values[i] = b.dense[i*b.cols+c]
	}
	return tabular.Column{Numbers: values}
}

// tolerance is which numbers that aren't finite an estimator takes.
type tolerance int

const (
	finite   tolerance = iota // neither NaN nor infinity
	missing                   // NaN
	anything                  // both
)

// check refuses numbers that the library refuses.
func (b *batch) check(t tolerance) error {
	values := b.dense
	if b.sparse != nil {
		values = b.sparse.values
	}
	if t == anything || len(values) == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range values {
		sum += v * 0
	}
	if sum == 0 {
		return nil
	}
	for i, v := range values {
		at, in := i%max(b.cols, 1), i/max(b.cols, 1)
		if b.sparse != nil {
			at, in = int(b.sparse.indices[i]), b.sparse.rowOf(i)
		}
		switch {
		case math.IsInf(v, 0):
			return invalid("row %d has an infinite value in column %d, which the model doesn't take", in, at)
		case t == finite && math.IsNaN(v):
			return invalid("row %d has no value (NaN) in column %d, and the model takes none that is missing", in, at)
		}
	}
	return nil
}
