package oip

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// appendFloat writes a float as encoding/json does: the shortest text that
// reads back as the same value of that many bits. JSON has no NaN and no
// infinity; they become null, as orjson (and so KServe's server) has it.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	abs := math.Abs(f)
	tiny, huge := 1e-6, 1e21
	if abs != 0 && (abs < tiny || abs >= huge) {
		return strconv.AppendFloat(dst, f, 'e', -1, bits)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, bits)
}

func formatFloat(f float64, bits int) string {
	return string(appendFloat(nil, f, bits))
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. s must be UTF-8.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	plain := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[plain:i]...)
		plain = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[plain:]...), '"')
}

// elementWriter writes element i of a tensor as JSON.
type elementWriter func(dst []byte, i int) []byte

// writerOf gives the writer for a tensor's elements; an error if a BYTES
// element is no text and so has no JSON form.
func writerOf(t Tensor) (elementWriter, error) {
	switch t.Datatype {
	case Bool:
		v := Elements[bool](t)
		return func(dst []byte, i int) []byte { return strconv.AppendBool(dst, v[i]) }, nil
	case Uint8:
		return unsignedWriter(Elements[uint8](t)), nil
	case Uint16:
		return unsignedWriter(Elements[uint16](t)), nil
	case Uint32:
		return unsignedWriter(Elements[uint32](t)), nil
	case Uint64:
		return unsignedWriter(Elements[uint64](t)), nil
	case Int8:
		return signedWriter(Elements[int8](t)), nil
	case Int16:
		return signedWriter(Elements[int16](t)), nil
	case Int32:
		return signedWriter(Elements[int32](t)), nil
	case Int64:
		return signedWriter(Elements[int64](t)), nil
	case FP16:
		v := Elements[uint16](t)
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(halfToFloat(v[i])), 32) }, nil
	case BF16:
		v := Elements[uint16](t)
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(brainToFloat(v[i])), 32) }, nil
	case FP32:
		v := Elements[float32](t)
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(v[i]), 32) }, nil
	case FP64:
		v := Elements[float64](t)
		return func(dst []byte, i int) []byte { return appendFloat(dst, v[i], 64) }, nil
	default:
		return stringWriter(t)
	}
}

func unsignedWriter[T uint8 | uint16 | uint32 | uint64](v []T) elementWriter {
	return func(dst []byte, i int) []byte { return strconv.AppendUint(dst, uint64(v[i]), 10) }
}

func signedWriter[T int8 | int16 | int32 | int64](v []T) elementWriter {
	return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(v[i]), 10) }
}

func stringWriter(t Tensor) (elementWriter, error) {
	for i, s := range t.Strings {
		if !utf8.ValidString(s) {
			return nil, &TensorError{Tensor: t.Name, Problem: "element " + strconv.Itoa(i) + " is no UTF-8 text and has no JSON form: ask for this output with the parameter binary_data (V2), or by gRPC"}
		}
	}
	return func(dst []byte, i int) []byte { return appendString(dst, t.Strings[i]) }, nil
}

// appendFlat writes all elements as one array.
func appendFlat(dst []byte, t Tensor) ([]byte, error) {
	write, err := writerOf(t)
	if err != nil {
		return dst, err
	}
	count, err := Count(t.Shape)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '[')
	for i := range count {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = write(dst, i)
	}
	return append(dst, ']'), nil
}

// appendNested writes elements from first on as arrays in arrays, one level a
// dimension of shape; a shape without dimensions is one element.
func appendNested(dst []byte, shape []int64, first int, write elementWriter) []byte {
	if len(shape) == 0 {
		return write(dst, first)
	}
	stride := 1
	for _, dim := range shape[1:] {
		stride *= int(dim)
	}
	dst = append(dst, '[')
	for i := range int(shape[0]) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendNested(dst, shape[1:], first+i*stride, write)
	}
	return append(dst, ']')
}
