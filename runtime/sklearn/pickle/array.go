package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Array is a numpy array. Its elements are in Data, or in Items where the dtype is object.
type Array struct {
	Type  *DType
	Shape []int
	// Fortran says that Data has the first index run fastest. Items never are in that order.
	Fortran bool
	Data    []byte // may be a part of the file's content: not to be changed
	Items   []Value
}

// Len is the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, dim := range a.Shape {
		n *= dim
	}
	return n
}

// countOf multiplies a shape out; an error where no memory could hold it.
func countOf(shape []int) (int, error) {
	count := 1
	for _, dim := range shape {
		if dim < 0 || (dim > 0 && count > math.MaxInt32*64/dim) {
			return 0, fmt.Errorf("an array of shape %v", shape)
		}
		count *= dim
	}
	return count, nil
}

// check says whether the elements are as many as the shape says.
func (a *Array) check() error {
	if a.Type == nil {
		return fmt.Errorf("an array without a dtype")
	}
	count, err := countOf(a.Shape)
	if err != nil {
		return err
	}
	if a.Type.Kind == 'O' {
		if len(a.Items) != count {
			return fmt.Errorf("an array of shape %v with %d values", a.Shape, len(a.Items))
		}
		return nil
	}
	if a.Type.Size > 0 && count > math.MaxInt/a.Type.Size || len(a.Data) != count*a.Type.Size {
		return fmt.Errorf("an array of shape %v and type %s with %d bytes", a.Shape, a.Type, len(a.Data))
	}
	return nil
}

// Floats are the elements in row-major order, any number or bool as a float64.
func (a *Array) Floats() ([]float64, error) {
	if a.Type == nil {
		return nil, fmt.Errorf("expected an array of numbers, found one that was never filled")
	}
	out := make([]float64, len(a.Items)+len(a.Data)/max(1, a.Type.Size))
	if a.Type.Kind == 'O' {
		for i, item := range a.Items {
			v, ok := Float(item)
			if !ok {
				return nil, fmt.Errorf("element %d is no number", i)
			}
			out[i] = v
		}
		return out, nil
	}
	if len(a.Type.Fields) > 0 || !strings.ContainsRune("biuf", rune(a.Type.Kind)) {
		return nil, fmt.Errorf("expected an array of numbers, found %s", a.Type)
	}
	a.each(func(i int, raw []byte) { out[i] = floatOf(a.Type, raw) })
	return out, nil
}

// Ints are the elements in row-major order; an error if they are no integers or bools.
func (a *Array) Ints() ([]int64, error) {
	if a.Type == nil {
		return nil, fmt.Errorf("expected an array of integers, found one that was never filled")
	}
	out := make([]int64, len(a.Items)+len(a.Data)/max(1, a.Type.Size))
	switch a.Type.Kind {
	case 'O':
		for i, item := range a.Items {
			v, ok := Int(item)
			if !ok {
				return nil, fmt.Errorf("element %d is no integer", i)
			}
			out[i] = v
		}
	case 'b', 'i', 'u':
		a.each(func(i int, raw []byte) { out[i] = intOf(a.Type, raw) })
	default:
		return nil, fmt.Errorf("expected an array of integers, found %s", a.Type)
	}
	return out, nil
}

// Values are the elements in row-major order, each as a Scalar's value would be, or as it is in an array of objects.
func (a *Array) Values() ([]Value, error) {
	if a.Type == nil {
		return nil, fmt.Errorf("an array that was never filled")
	}
	if a.Type.Kind == 'O' {
		return a.Items, nil
	}
	if len(a.Type.Fields) > 0 {
		return nil, fmt.Errorf("expected an array of plain values, found a %s", a.Type)
	}
	out := make([]Value, len(a.Data)/max(1, a.Type.Size))
	a.each(func(i int, raw []byte) { out[i] = valueOf(a.Type, raw) })
	return out, nil
}

// Field is one field of an array of records, as an array of its own.
func (a *Array) Field(name string) (*Array, bool) {
	if a.Type == nil {
		return nil, false
	}
	for _, f := range a.Type.Fields {
		if f.Name != name {
			continue
		}
		out := &Array{Type: f.Type, Shape: a.Shape, Data: make([]byte, a.Len()*f.Type.Size)}
		a.each(func(i int, raw []byte) { copy(out.Data[i*f.Type.Size:], raw[f.Offset:f.Offset+f.Type.Size]) })
		return out, true
	}
	return nil, false
}

// each visits the raw elements with their row-major index.
func (a *Array) each(visit func(i int, raw []byte)) {
	size := a.Type.Size
	if size == 0 {
		return
	}
	count := len(a.Data) / size
	if !a.Fortran || len(a.Shape) < 2 {
		for i := range count {
			visit(i, a.Data[i*size:(i+1)*size])
		}
		return
	}
	strides := make([]int, len(a.Shape)) // of the row-major order
	for d, step := len(a.Shape)-1, 1; d >= 0; d-- {
		strides[d] = step
		step *= a.Shape[d]
	}
	index := make([]int, len(a.Shape))
	for i := range count {
		at := 0
		for d, v := range index {
			at += v * strides[d]
		}
		visit(at, a.Data[i*size:(i+1)*size])
		for d := range index {
			if index[d]++; index[d] < a.Shape[d] {
				break
			}
			index[d] = 0
		}
	}
}

func orderOf(t *DType) binary.ByteOrder {
	if t.Big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func bitsOf(t *DType, raw []byte) uint64 {
	order := orderOf(t)
	switch t.Size {
	case 1:
		return uint64(raw[0])
	case 2:
		return uint64(order.Uint16(raw))
	case 4:
		return uint64(order.Uint32(raw))
	default:
		return order.Uint64(raw)
	}
}

func intOf(t *DType, raw []byte) int64 {
	bits := bitsOf(t, raw)
	if t.Kind == 'i' || t.Kind == 'M' || t.Kind == 'm' {
		shift := 64 - 8*t.Size
		return int64(bits<<shift) >> shift
	}
	return int64(bits)
}

func floatOf(t *DType, raw []byte) float64 {
	switch {
	case t.Kind == 'u' || t.Kind == 'b':
		return float64(bitsOf(t, raw))
	case t.Kind != 'f':
		return float64(intOf(t, raw))
	case t.Size == 8:
		return math.Float64frombits(bitsOf(t, raw))
	case t.Size == 4:
		return float64(math.Float32frombits(uint32(bitsOf(t, raw))))
	default:
		return halfOf(uint16(bitsOf(t, raw)))
	}
}

func halfOf(bits uint16) float64 {
	sign, exponent, fraction := bits>>15, int(bits>>10&31), float64(bits&1023)
	v := math.Ldexp(fraction, -24)
	switch {
	case exponent == 31 && fraction == 0:
		v = math.Inf(1)
	case exponent == 31:
		v = math.NaN()
	case exponent > 0:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if sign == 1 {
		return -v
	}
	return v
}

func valueOf(t *DType, raw []byte) Value {
	switch t.Kind {
	case 'b':
		return raw[0] != 0
	case 'i', 'M', 'm':
		return intOf(t, raw)
	case 'u':
		if v := bitsOf(t, raw); v > math.MaxInt64 {
			return v
		}
		return intOf(t, raw)
	case 'f':
		return floatOf(t, raw)
	case 'c':
		half := &DType{Kind: 'f', Size: t.Size / 2, Big: t.Big}
		return complex(floatOf(half, raw[:half.Size]), floatOf(half, raw[half.Size:]))
	case 'U':
		return textOf(t, raw)
	case 'S':
		return []byte(strings.TrimRight(string(raw), "\x00"))
	default:
		return raw
	}
}

// textOf reads UTF-32 up to its padding.
func textOf(t *DType, raw []byte) string {
	order := orderOf(t)
	end := len(raw) / 4
	for end > 0 && order.Uint32(raw[4*end-4:]) == 0 {
		end--
	}
	var b strings.Builder
	for i := range end {
		r := order.Uint32(raw[4*i:])
		if r > utf8.MaxRune {
			r = utf8.RuneError
		}
		b.WriteRune(rune(r))
	}
	return b.String()
}

// Float reads any number or bool.
func Float(v Value) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case *Scalar:
		if v.Type == nil || v.Type.Kind == 'O' {
			return 0, false
		}
		return Float(v.Value)
	case *Array:
		if v.Type == nil || v.Type.Kind == 'O' || v.Len() != 1 || v.check() != nil {
			return 0, false
		}
		values, err := v.Floats()
		if err != nil || len(values) != 1 {
			return 0, false
		}
		return values[0], true
	}
	return 0, false
}

// Int reads any integer or bool, also one that a float holds exactly.
func Int(v Value) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case *Scalar:
		if v.Type == nil || v.Type.Kind == 'O' {
			return 0, false
		}
		return Int(v.Value)
	}
	f, ok := Float(v)
	return int64(f), ok && f == math.Trunc(f) && math.Abs(f) < 1<<53
}
