package oip

import (
	"fmt"
	"math"
	"strconv"
	"unsafe"
)

// Tensor is a named, typed, shaped block of elements, in row-major order.
//
// Exactly one of Data and Strings holds the elements: Strings for BYTES, Data
// for every other datatype. A tensor whose shape has no dimensions is a scalar
// and holds one element; one with a dimension of 0 holds none.
type Tensor struct {
	Name     string
	Datatype Datatype
	Shape    []int64
	// Data is the elements, little-endian, one after another; its length is
	// the number of elements times Datatype.Size. Its first byte stands at an
	// address that Datatype.Size divides, so that it can be read in place.
	Data []byte
	// Strings is the elements of a BYTES tensor; they need not be text.
	Strings []string
	// Missing marks elements of Strings that a request gave as null, where the model knows missing values; nil if none is.
	Missing []bool
	// Parameters are the protocol's free-form additions: string, bool, int64, uint64 or
	// float64 values.
	Parameters Parameters
}

// Parameters are the free-form additions of a request, response or tensor. The
// values are bool, int64, uint64, float64 or string.
type Parameters map[string]any

// Element is a Go type whose memory is an element of some Datatype. FP16 and
// BF16 are held as uint16.
type Element interface {
	bool | uint8 | uint16 | uint32 | uint64 | int8 | int16 | int32 | int64 | float32 | float64
}

// NewTensor makes a tensor that shares data's memory.
func NewTensor[T Element](name string, datatype Datatype, shape []int64, data []T) Tensor {
	return Tensor{Name: name, Datatype: datatype, Shape: shape, Data: bytesOf(data)}
}

// Elements reads a tensor's data in place as a slice of T. It panics if T's
// size isn't the datatype's: that is the caller's mistake, not the client's.
func Elements[T Element](t Tensor) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if size != t.Datatype.Size() {
		panic(fmt.Sprintf("oip: elements of %d bytes asked of a %s tensor", size, t.Datatype))
	}
	return view[T](t.Data)
}

// Allocate gives a zeroed, aligned buffer for count elements of size bytes.
func Allocate(count, size int) []byte {
	// Memory is asked for in whole words, so that it is aligned for every datatype.
	words := make([]uint64, (count*size+7)/8)
	return bytesOf(words)[: count*size : count*size]
}

// Align gives data itself if it can be read in place as elements of size
// bytes, or an aligned copy of it.
func Align(data []byte, size int) []byte {
	if len(data) == 0 || size <= 1 || uintptr(unsafe.Pointer(unsafe.SliceData(data)))%uintptr(size) == 0 {
		return data
	}
	aligned := Allocate(len(data)/size, size)
	copy(aligned, data)
	return aligned
}

// Count is the number of elements of a shape. An error names a negative
// dimension, or a product that no memory could hold.
func Count(shape []int64) (int, error) {
	count := int64(1)
	for i, dim := range shape {
		if dim < 0 {
			return 0, fmt.Errorf("dimension %d of shape %s is negative", i, ShapeString(shape))
		}
		if dim != 0 && count > math.MaxInt64/16/dim {
			return 0, fmt.Errorf("shape %s has too many elements", ShapeString(shape))
		}
		count *= dim
	}
	return int(count), nil
}

// ShapeString writes a shape as JSON does: "[1,4]".
func ShapeString(shape []int64) string { return string(appendShape(nil, shape)) }

func appendShape(dst []byte, shape []int64) []byte {
	dst = append(dst, '[')
	for i, dim := range shape {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, dim, 10)
	}
	return append(dst, ']')
}

// Check says what is wrong between a tensor's shape, datatype and elements.
func (t Tensor) Check() error {
	if !t.Datatype.Valid() {
		_, err := ParseDatatype(string(t.Datatype))
		return &TensorError{Tensor: t.Name, Problem: err.Error()}
	}
	count, err := Count(t.Shape)
	if err != nil {
		return &TensorError{Tensor: t.Name, Problem: err.Error()}
	}
	have := len(t.Strings)
	if size := t.Datatype.Size(); size > 0 {
		if len(t.Data) != count*size {
			return &TensorError{Tensor: t.Name, Expected: fmt.Sprintf("%d bytes for shape %s of %s", count*size, ShapeString(t.Shape), t.Datatype),
				Given: fmt.Sprintf("%d bytes", len(t.Data))}
		}
		return nil
	}
	if have != count {
		return &TensorError{Tensor: t.Name, Expected: fmt.Sprintf("%d elements for shape %s", count, ShapeString(t.Shape)), Given: fmt.Sprintf("%d elements", have)}
	}
	return nil
}

func bytesOf[T Element](data []T) []byte {
	if len(data) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), len(data)*int(unsafe.Sizeof(zero)))
}

func view[T Element](data []byte) []T {
	if len(data) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/int(unsafe.Sizeof(zero)))
}
