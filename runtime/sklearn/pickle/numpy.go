package pickle

import (
	"fmt"
)

// constructNumpy makes arrays, dtypes and scalars.
func (m *machine) constructNumpy(global *Global, args []Value) (Value, bool, error) {
	switch global.String() {
	case "numpy._core.multiarray._reconstruct", "numpy.ndarray":
		return &Array{Type: &DType{Kind: 'b', Size: 1}, Shape: []int{0}}, true, nil
	case "numpy.dtype":
		text, ok := first(args).(string)
		if !ok {
			return nil, true, m.cursor.fail("a dtype whose name is no text")
		}
		t, err := parseDType(text)
		if err != nil {
			return nil, true, m.cursor.fail("%v", err)
		}
		return t, true, nil
	case "numpy._core.multiarray.scalar":
		return m.scalar(args)
	case "numpy._core.numeric._frombuffer":
		return m.fromBuffer(args)
	case "numpy._core._multiarray_umath._ufunc_reconstruct", "numpy._core._ufunc_reconstruct":
		if len(args) == 2 {
			if name, ok := args[1].(string); ok {
				return &Global{Module: "numpy", Name: name}, true, nil
			}
		}
		return nil, true, m.cursor.fail("a function of numpy without a name")
	}
	return nil, false, nil
}

func (m *machine) scalar(args []Value) (Value, bool, error) {
	t, ok := first(args).(*DType)
	if !ok || len(args) > 2 {
		return nil, true, m.cursor.fail("a scalar without a dtype")
	}
	if t.Kind == 'O' {
		return &Scalar{Type: t, Value: last(args[1:])}, true, nil
	}
	raw, ok := rawOf(last(args[1:]))
	if !ok || len(raw) != t.Size || t.Size == 0 || len(t.Fields) > 0 {
		if t.Size == 0 || (t.Kind == 'U' && len(args) == 1) {
			return &Scalar{Type: t, Value: ""}, true, nil
		}
		return nil, true, m.cursor.fail("a scalar of type %s with %d bytes", t, len(raw))
	}
	return &Scalar{Type: t, Value: valueOf(t, raw)}, true, nil
}

// fromBuffer is how protocol 5 writes an array: its bytes, dtype, shape and order.
func (m *machine) fromBuffer(args []Value) (Value, bool, error) {
	if len(args) != 4 {
		return nil, true, m.cursor.fail("an array is made from %d arguments, not from 4", len(args))
	}
	a := &Array{}
	a.Data, _ = rawOf(args[0])
	a.Type, _ = args[1].(*DType)
	a.Fortran = args[3] == "F"
	var err error
	if a.Shape, err = shapeOf(args[2]); err == nil {
		err = a.check()
	}
	if err != nil {
		return nil, true, m.cursor.fail("%v", err)
	}
	return a, true, nil
}

// rawOf is bytes, or the text that Python 2 wrote for them.
func rawOf(v Value) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case string:
		return []byte(v), true
	default:
		return nil, false
	}
}

func shapeOf(v Value) ([]int, error) {
	dims := itemsOf(v)
	if n, ok := v.(int64); ok {
		dims = []Value{n}
	}
	if len(dims) > 64 {
		return nil, fmt.Errorf("an array of %d dimensions", len(dims))
	}
	shape := make([]int, len(dims))
	for i, dim := range dims {
		n, ok := Int(dim)
		if !ok || n < 0 {
			return nil, fmt.Errorf("an array with a dimension that is no size")
		}
		shape[i] = int(n)
	}
	return shape, nil
}

// build applies what an array gives to its __setstate__: (version, shape, dtype, is Fortran, elements).
func (a *Array) build(state Value) error {
	parts := itemsOf(state)
	if len(parts) == 4 { // of numpy before 1.0, without the version
		parts = append([]Value{int64(0)}, parts...)
	}
	if len(parts) != 5 {
		return fmt.Errorf("the state of an array has %d parts, not 5", len(parts))
	}
	t, ok := parts[2].(*DType)
	if !ok {
		return fmt.Errorf("an array whose dtype is a %s", nameOf(parts[2]))
	}
	shape, err := shapeOf(parts[1])
	if err != nil {
		return err
	}
	filled := Array{Type: t, Shape: shape}
	filled.Fortran, _ = parts[3].(bool)
	if items, isList := parts[4].(*List); isList {
		filled.Items = items.Items
	} else {
		filled.Data, _ = rawOf(parts[4])
	}
	if err := filled.check(); err != nil {
		return err
	}
	*a = filled
	return nil
}
