package pickle

import (
	"fmt"
	"math"
)

// joblibModule is where joblib's classes stand that mark an array in the stream.
const joblibModule = "joblib.numpy_pickle"

// buildJoblib puts the array that follows in the file in the place of the wrapper that announces it.
func (m *machine) buildJoblib(wrapper *Object, state Value) error {
	switch wrapper.Name {
	case "NumpyArrayWrapper":
	case "NDArrayWrapper", "ZNDArrayWrapper":
		return m.cursor.fail("joblib before 0.10 wrote this model's arrays into files of their own beside it: load it there and dump it again with a newer joblib")
	default:
		wrapper.State = state
		return nil
	}
	wrapper.State = state
	if wrapper.Attrs() == nil {
		return m.cursor.fail("a joblib array without its description")
	}
	array, err := m.arrayHere(wrapper)
	if err != nil {
		return err
	}
	// The wrapper may have been remembered already: what is recalled by that number is the array from here on.
	m.replace(wrapper, array)
	return nil
}

// recent is how far back in the memo a wrapper is looked for; its number is given just before its state.
const recent = 8

func (m *machine) replace(old, by Value) {
	m.stack[len(m.stack)-1] = by
	for i := len(m.memo) - 1; i >= max(0, len(m.memo)-recent); i-- {
		if m.memo[i] == old {
			m.memo[i] = by
		}
	}
}

func (m *machine) arrayHere(wrapper *Object) (Value, error) {
	attr := func(name string) Value { v, _ := wrapper.Attr(name); return v }
	t, ok := attr("dtype").(*DType)
	if !ok {
		return nil, m.cursor.fail("a joblib array without a dtype")
	}
	if t.Kind == 'O' {
		return m.nestedPickle()
	}
	shape, err := shapeOf(attr("shape"))
	if err != nil {
		return nil, m.cursor.fail("%v", err)
	}
	count, err := countOf(shape)
	if err != nil {
		return nil, m.cursor.fail("%v", err)
	}
	if attr("numpy_array_alignment_bytes") != nil {
		padding, err := m.cursor.byte()
		if err != nil {
			return nil, err
		}
		if _, err := m.cursor.take(uint64(padding)); err != nil {
			return nil, err
		}
	}
	if t.Size > 0 && count > math.MaxInt/t.Size {
		return nil, m.cursor.fail("an array of shape %v", shape)
	}
	raw, err := m.cursor.take(uint64(count) * uint64(t.Size))
	if err != nil {
		return nil, err
	}
	return &Array{Type: t, Shape: shape, Fortran: attr("order") == "F", Data: raw}, m.charge(objectCost)
}

// nestedPickle reads an array of objects, which joblib writes as a pickle of its own within this one.
func (m *machine) nestedPickle() (Value, error) {
	if m.nested+1 >= nestedPickles {
		return nil, &LimitError{Offset: int64(m.cursor.pos), Bound: fmt.Sprintf("%d pickles stand within each other", nestedPickles)}
	}
	inner := &machine{cursor: m.cursor, spent: m.spent, limits: m.limits, nested: m.nested + 1}
	v, err := inner.run()
	if err != nil {
		return nil, err
	}
	array, ok := v.(*Array)
	if !ok {
		return nil, m.cursor.fail("an array of objects is a %s", nameOf(v))
	}
	return array, nil
}
