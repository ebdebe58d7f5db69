package sklearn

import "sort"

// sparse is rows that are mostly zero: row i has values[starts[i]:starts[i+1]] in the columns indices.
type sparse struct {
	rows, cols int
	starts     []int
	indices    []int32
	values     []float64
}

// rowOf is the row that a value belongs to.
func (s *sparse) rowOf(value int) int {
	return sort.Search(s.rows, func(row int) bool { return s.starts[row+1] > value })
}

func (s *sparse) row(i int) ([]int32, []float64) {
	return s.indices[s.starts[i]:s.starts[i+1]], s.values[s.starts[i]:s.starts[i+1]]
}

func (s *sparse) batch() *batch { return &batch{rows: s.rows, cols: s.cols, sparse: s} }

func (s *sparse) dense() *batch {
	out := dense(s.rows, s.cols)
	for i := range s.rows {
		indices, values := s.row(i)
		to := out.row(i)
		for k, c := range indices {
			to[c] += values[k]
		}
	}
	return out
}

// pick keeps columns, in the order given.
func (s *sparse) pick(columns []int) *sparse {
	to := make([]int32, s.cols)
	for i := range to {
		to[i] = -1
	}
	for i, c := range columns {
		to[c] = int32(i)
	}
	out := &sparse{rows: s.rows, cols: len(columns), starts: make([]int, 1, s.rows+1)}
	for i := range s.rows {
		indices, values := s.row(i)
		for k, c := range indices {
			if to[c] >= 0 {
				out.indices = append(out.indices, to[c])
				out.values = append(out.values, values[k])
			}
		}
		out.starts = append(out.starts, len(out.indices))
	}
	return out
}

// scaled gives the rows with each value changed.
func (s *sparse) scaled(change func(column int32, v float64) float64) *sparse {
	out := *s
	out.values = make([]float64, len(s.values))
	for i, v := range s.values {
		out.values[i] = change(s.indices[i], v)
	}
	return &out
}

// sparseOf gives any numbers as sparse rows.
func sparseOf(b *batch) *sparse {
	if b.sparse != nil {
		return b.sparse
	}
	out := &sparse{rows: b.rows, cols: b.cols, starts: make([]int, 1, b.rows+1)}
	for i := range b.rows {
		for c, v := range b.row(i) {
			if v != 0 {
				out.indices = append(out.indices, int32(c))
				out.values = append(out.values, v)
			}
		}
		out.starts = append(out.starts, len(out.indices))
	}
	return out
}

// beside joins batches of the same rows column by column: dense if all are, text if one is, else sparse.
func beside(rows int, parts []*batch) (*batch, error) {
	total, anySparse, anyText := 0, false, false
	for i, p := range parts {
		if p.columns != nil && !p.hasTexts() {
			var err error
			if p, err = p.numbers(); err != nil {
				return nil, err
			}
			parts[i] = p
		}
		total += p.cols
		anySparse = anySparse || p.sparse != nil
		anyText = anyText || p.columns != nil
	}
	switch {
	case len(parts) == 1:
		return parts[0], nil
	case anyText:
		out := &batch{rows: rows, cols: total}
		for _, p := range parts {
			if p.sparse != nil {
				p = p.sparse.dense()
			}
			for c := range p.cols {
				out.columns = append(out.columns, p.column(c))
			}
		}
		return out, nil
	case anySparse:
		return besideSparse(rows, total, parts), nil
	}
	out := dense(rows, total)
	at := 0
	for _, p := range parts {
		for i := range rows {
			copy(out.dense[i*total+at:], p.row(i))
		}
		at += p.cols
	}
	return out, nil
}

func besideSparse(rows, cols int, parts []*batch) *batch {
	out := &sparse{rows: rows, cols: cols, starts: make([]int, 1, rows+1)}
	sources := make([]*sparse, len(parts))
	for i, p := range parts {
		sources[i] = sparseOf(p)
	}
	for i := range rows {
		at := int32(0)
		for _, s := range sources {
			indices, values := s.row(i)
			for _, c := range indices {
				out.indices = append(out.indices, at+c)
			}
			out.values = append(out.values, values...)
			at += int32(s.cols)
		}
		out.starts = append(out.starts, len(out.indices))
	}
	return out.batch()
}
