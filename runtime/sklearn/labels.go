package sklearn

import (
	"fmt"
	"math"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// labels are classes with the type that they had when the model was trained. One of the slices has them.
type labels struct {
	datatype oip.Datatype
	ints     []int64
	floats   []float64
	texts    []string
}

func (l *labels) len() int {
	return max(len(l.ints), len(l.floats), len(l.texts))
}

// number gives a class as a number; false if it is a text.
func (l *labels) number(i int) (float64, bool) {
	switch {
	case l.ints != nil:
		return float64(l.ints[i]), true
	case l.floats != nil:
		return l.floats[i], true
	default:
		return 0, false
	}
}

// count is 0 to n-1, as cluster numbers are.
func count(n int, datatype oip.Datatype) *labels {
	l := &labels{datatype: datatype, ints: make([]int64, n)}
	for i := range l.ints {
		l.ints[i] = int64(i)
	}
	return l
}

// labelsOf reads classes_.
func labelsOf(v pickle.Value) (*labels, error) {
	array, ok := v.(*pickle.Array)
	if !ok || array.Type == nil {
		return nil, fmt.Errorf("expected an array of classes")
	}
	values, err := array.Values()
	if err != nil {
		return nil, err
	}
	datatype, known := labelTypes()[fmt.Sprintf("%c%d", array.Type.Kind, array.Type.Size)]
	if !known {
		datatype = oip.Bytes
	}
	l := &labels{datatype: datatype}
	if array.Type.Kind == 'O' && len(values) > 0 {
		l.datatype = datatypeOf(values[0])
	}
	for i, v := range values {
		if err := l.add(v); err != nil {
			return nil, fmt.Errorf("class %d: %w", i, err)
		}
	}
	return l, nil
}

func labelTypes() map[string]oip.Datatype {
	return map[string]oip.Datatype{"b1": oip.Bool, "i1": oip.Int8, "i2": oip.Int16, "i4": oip.Int32, "i8": oip.Int64,
		"u1": oip.Uint8, "u2": oip.Uint16, "u4": oip.Uint32, "u8": oip.Uint64, "f4": oip.FP32, "f8": oip.FP64, "f2": oip.FP32}
}

func datatypeOf(v pickle.Value) oip.Datatype {
	switch v.(type) {
	case bool:
		return oip.Bool
	case int64:
		return oip.Int64
	case float64:
		return oip.FP64
	default:
		return oip.Bytes
	}
}

func (l *labels) add(v pickle.Value) error {
	switch {
	case l.datatype == oip.Bytes:
		switch v := v.(type) {
		case string:
			l.texts = append(l.texts, v)
		case []byte:
			l.texts = append(l.texts, string(v))
		default:
			return fmt.Errorf("it is neither a text nor a number")
		}
	case l.datatype == oip.FP32 || l.datatype == oip.FP64:
		f, ok := pickle.Float(v)
		if !ok {
			return fmt.Errorf("it is no number as the others are")
		}
		l.floats = append(l.floats, f)
	default:
		n, ok := pickle.Int(v)
		if !ok {
			return fmt.Errorf("it is no integer as the others are")
		}
		l.ints = append(l.ints, n)
	}
	return nil
}

// tensor spells codes out as the classes they stand for.
func (l *labels) tensor(name string, shape []int64, codes []int32) oip.Tensor {
	switch l.datatype {
	case oip.Bool:
		return spelt(name, oip.Bool, shape, codes, func(c int32) bool { return l.ints[c] != 0 })
	case oip.Int8:
		return spelt(name, oip.Int8, shape, codes, func(c int32) int8 { return int8(l.ints[c]) })
	case oip.Int16:
		return spelt(name, oip.Int16, shape, codes, func(c int32) int16 { return int16(l.ints[c]) })
	case oip.Int32:
		return spelt(name, oip.Int32, shape, codes, func(c int32) int32 { return int32(l.ints[c]) })
	case oip.Uint8:
		return spelt(name, oip.Uint8, shape, codes, func(c int32) uint8 { return uint8(l.ints[c]) })
	case oip.Uint16:
		return spelt(name, oip.Uint16, shape, codes, func(c int32) uint16 { return uint16(l.ints[c]) })
	case oip.Uint32:
		return spelt(name, oip.Uint32, shape, codes, func(c int32) uint32 { return uint32(l.ints[c]) })
	case oip.Uint64:
		return spelt(name, oip.Uint64, shape, codes, func(c int32) uint64 { return uint64(l.ints[c]) })
	case oip.FP32:
		return spelt(name, oip.FP32, shape, codes, func(c int32) float32 { return float32(l.floats[c]) })
	case oip.FP64:
		return spelt(name, oip.FP64, shape, codes, func(c int32) float64 { return l.floats[c] })
	case oip.Bytes:
		texts := make([]string, len(codes))
		for i, c := range codes {
			texts[i] = l.texts[c]
		}
		return oip.Tensor{Name: name, Datatype: oip.Bytes, Shape: shape, Strings: texts}
	default:
		return spelt(name, oip.Int64, shape, codes, func(c int32) int64 { return l.ints[c] })
	}
}

func spelt[T oip.Element](name string, datatype oip.Datatype, shape []int64, codes []int32, spell func(int32) T) oip.Tensor {
	out := make([]T, len(codes))
	for i, c := range codes {
		out[i] = spell(c)
	}
	return oip.NewTensor(name, datatype, shape, out)
}

// index finds the position of a class that is a number.
func (l *labels) index(v float64) (int, bool) {
	for i := range l.len() {
		if n, ok := l.number(i); ok && (n == v || math.IsNaN(n) && math.IsNaN(v)) {
			return i, true
		}
	}
	return 0, false
}
