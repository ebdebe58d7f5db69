package tabular

// Matrix is numbers in row-major order. Exactly one of F32 and F64 holds them, Rows·Cols long; NaN is a missing value.
type Matrix struct {
	Rows, Cols int
	F32        []float32
	F64        []float64
}

// Float64 gives the numbers in double precision: in place if they are, else a copy.
func (m Matrix) Float64() []float64 {
	if m.F32 == nil {
		return m.F64
	}
	wide := make([]float64, len(m.F32))
	for i, v := range m.F32 {
		wide[i] = float64(v)
	}
	return wide
}

// Float32 gives the numbers in single precision: in place if they are, else a rounded copy.
func (m Matrix) Float32() []float32 {
	if m.F64 == nil {
		return m.F32
	}
	narrow := make([]float32, len(m.F64))
	for i, v := range m.F64 {
		narrow[i] = float32(v)
	}
	return narrow
}

// Column is one feature of every row. Exactly one of Numbers and Texts holds the values; a missing number is NaN.
type Column struct {
	Name    string
	Numbers []float64
	Texts   []string
	// Missing marks the rows without a text; nil if all have one.
	Missing []bool
}

// Frame is a batch of rows.
type Frame struct {
	Rows int
	// Names are those of the columns as the client gave them, nil if it named none.
	Names []string
	// Numbers holds all values if they are numbers; else Columns does, one for each feature.
	Numbers *Matrix
	Columns []Column
}
