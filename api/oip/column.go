package oip

import (
	"errors"
	"fmt"
	"math"
)

// column collects the elements of one tensor out of nested JSON arrays, and
// finds their shape on the way: dims[l] is the length of every array at level
// l, which the first one there sets and every other must have.
type column[T Element | string] struct {
	name     string
	datatype Datatype
	data     []T
	dims     []int64
	rank     int // the level at which elements stand; -1 before the first
	one      func(*scanner) (T, error)
	finish   func([]T) elements
}

// elements is a tensor without its name, datatype and shape.
type elements struct {
	data    []byte
	strings []string
	missing []bool
}

// columnReader is a column of any element type.
type columnReader interface {
	// read reads one value that stands inside level arrays.
	read(s *scanner, level int) error
	// close notes that an array at level had n elements.
	close(level, n int) error
	// tensor is what was read; its shape is what was found.
	tensor() Tensor
}

// mismatch is an element that isn't of the datatype.
type mismatch struct{ given, remedy string }

func (m *mismatch) Error() string { return "given " + m.given + m.remedy }

// newColumn makes a column of a valid datatype with room for capacity elements.
func newColumn(name string, datatype Datatype, capacity int) columnReader {
	switch datatype {
	case Bool:
		return numeric(name, datatype, capacity, (*scanner).boolean)
	case Uint8:
		return numeric(name, datatype, capacity, unsigned[uint8](math.MaxUint8))
	case Uint16:
		return numeric(name, datatype, capacity, unsigned[uint16](math.MaxUint16))
	case Uint32:
		return numeric(name, datatype, capacity, unsigned[uint32](math.MaxUint32))
	case Uint64:
		return numeric(name, datatype, capacity, unsigned[uint64](math.MaxUint64))
	case Int8:
		return numeric(name, datatype, capacity, signed[int8](math.MaxInt8))
	case Int16:
		return numeric(name, datatype, capacity, signed[int16](math.MaxInt16))
	case Int32:
		return numeric(name, datatype, capacity, signed[int32](math.MaxInt32))
	case Int64:
		return numeric(name, datatype, capacity, signed[int64](math.MaxInt64))
	case FP16:
		return numeric(name, datatype, capacity, narrow(halfFromFloat, halfToFloat))
	case BF16:
		return numeric(name, datatype, capacity, narrow(brainFromFloat, brainToFloat))
	case FP32:
		return numeric(name, datatype, capacity, (*scanner).fp32)
	case FP64:
		return numeric(name, datatype, capacity, (*scanner).fp64)
	default:
		return textColumn(name, datatype, capacity)
	}
}

func textColumn(name string, datatype Datatype, capacity int) columnReader {
	var missing []int
	c := &column[string]{name: name, datatype: datatype, rank: -1, data: make([]string, 0, capacity)}
	c.one = func(s *scanner) (string, error) {
		if s.null() {
			missing = append(missing, len(c.data))
			return "", nil
		}
		return s.bytes()
	}
	c.finish = func(data []string) elements {
		e := elements{strings: data}
		if missing != nil {
			e.missing = make([]bool, len(data))
		}
		for _, i := range missing {
			e.missing[i] = true
		}
		return e
	}
	return c
}

func numeric[T Element](name string, datatype Datatype, capacity int, one func(*scanner) (T, error)) columnReader {
	return &column[T]{name: name, datatype: datatype, rank: -1, data: make([]T, 0, capacity), one: one,
		finish: func(data []T) elements { return elements{data: bytesOf(data)} }}
}

func (c *column[T]) read(s *scanner, level int) error {
	if s.peek() == '[' {
		return c.array(s, level)
	}
	return c.element(s, level)
}

func (c *column[T]) array(s *scanner, level int) error {
	if level >= maxDepth {
		return s.fail(fmt.Sprintf("values nested deeper than %d", maxDepth))
	}
	if c.rank >= 0 && level >= c.rank {
		return c.ragged("a %s at nesting level %d, as before, given an array", c.datatype, level)
	}
	s.pos++
	if s.peek() == ']' {
		s.pos++
		return c.close(level, 0)
	}
	for n := 1; ; n++ {
		var err error
		if s.peek() == '[' {
			err = c.array(s, level+1)
		} else {
			err = c.element(s, level+1)
		}
		if err != nil {
			return err
		}
		done, err := s.next(']')
		if err != nil {
			return err
		}
		if done {
			return c.close(level, n)
		}
	}
}

func (c *column[T]) element(s *scanner, level int) error {
	if level != c.rank {
		if c.rank >= 0 || level < len(c.dims) {
			return c.ragged("an array at nesting level %d, as before, given %s", level, s.given())
		}
		c.rank = level
	}
	v, err := c.one(s)
	if err != nil {
		return c.located(err)
	}
	c.data = append(c.data, v)
	return nil
}

func (c *column[T]) close(level, n int) error {
	if c.dims == nil {
		c.dims = make([]int64, 0, 4) // one allocation for most
	}
	for len(c.dims) <= level {
		c.dims = append(c.dims, -1)
	}
	if c.dims[level] < 0 {
		c.dims[level] = int64(n)
		return nil
	}
	if c.dims[level] != int64(n) {
		return c.ragged("%d elements in each array at nesting level %d, as in the first, given %d", c.dims[level], level, n)
	}
	return nil
}

func (c *column[T]) tensor() Tensor {
	shape := c.dims
	if shape == nil {
		shape = []int64{}
	}
	e := c.finish(c.data)
	return Tensor{Name: c.name, Datatype: c.datatype, Shape: shape, Data: e.data, Strings: e.strings, Missing: e.missing}
}

func (c *column[T]) ragged(format string, args ...any) error {
	return &TensorError{Tensor: c.name, Problem: "the array is ragged: expected " + fmt.Sprintf(format, args...) + fmt.Sprintf(" (after %d elements)", len(c.data))}
}

// located says which element a mismatch was; a syntax error knows its place.
func (c *column[T]) located(err error) error {
	var m *mismatch
	if !errors.As(err, &m) {
		return err
	}
	return &TensorError{Tensor: c.name, Problem: fmt.Sprintf("element %d: expected %s, %s", len(c.data), c.datatype, m)}
}
