package model

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
)

// Signature is the inputs and outputs of a model, in the model's order.
type Signature struct {
	Inputs  []oip.TensorSpec
	Outputs []oip.TensorSpec
	// Rows says that the inputs are features of rows: V1's bodies are read as a table, and a null is a missing value.
	Rows Rows
}

// Rows says whether a model's inputs are features of rows.
type Rows int

// What a row may hold.
const (
	NoRows Rows = iota // the inputs are tensors of any meaning
	RowsOfNumbers
	RowsWithTexts
)

// Arrange puts the tensors of a request in the order of the inputs, or says
// which is missing, unknown, of another datatype or of another shape. An error
// is an *oip.TensorError.
func (s Signature) Arrange(given []oip.Tensor) ([]oip.Tensor, error) {
	ordered := make([]oip.Tensor, len(s.Inputs))
	found := make([]bool, len(s.Inputs))
	for _, t := range given {
		i := indexOf(s.Inputs, t.Name)
		if i < 0 {
			return nil, &oip.TensorError{Tensor: t.Name, Problem: "the model has no such input; its inputs are " + describe(s.Inputs)}
		}
		if err := matches(s.Inputs[i], t); err != nil {
			return nil, err
		}
		ordered[i], found[i] = t, true
	}
	for i, ok := range found {
		if !ok {
			return nil, &oip.TensorError{Tensor: s.Inputs[i].Name, Problem: "the input is missing; the model's inputs are " + describe(s.Inputs)}
		}
	}
	return ordered, nil
}

// Select picks the named outputs out of all outputs, in the order of names; no
// names pick all. An error is an *oip.TensorError.
func (s Signature) Select(names []string, all []oip.Tensor) ([]oip.Tensor, error) {
	if len(names) == 0 {
		return all, nil
	}
	picked := make([]oip.Tensor, len(names))
	for k, name := range names {
		i := indexOf(s.Outputs, name)
		if i < 0 || i >= len(all) {
			return nil, &oip.TensorError{Tensor: name, Problem: "the model has no such output; its outputs are " + describe(s.Outputs)}
		}
		picked[k] = all[i]
	}
	return picked, nil
}

// CheckOutputs says whether the model has the named outputs, before anything is
// computed for a request that asks for others.
func (s Signature) CheckOutputs(names []string) error {
	for _, name := range names {
		if indexOf(s.Outputs, name) < 0 {
			return &oip.TensorError{Tensor: name, Problem: "the model has no such output; its outputs are " + describe(s.Outputs)}
		}
	}
	return nil
}

func matches(spec oip.TensorSpec, t oip.Tensor) error {
	if t.Datatype != spec.Datatype {
		return &oip.TensorError{Tensor: t.Name, Expected: "datatype " + string(spec.Datatype), Given: string(t.Datatype)}
	}
	if !spec.Fits(t.Shape) {
		return &oip.TensorError{Tensor: t.Name, Expected: "shape " + oip.ShapeString(spec.Shape), Given: oip.ShapeString(t.Shape)}
	}
	return nil
}

// Zeros gives a tensor of zeros for each input, with 1 for each dimension that
// takes any size; false if an input's rank is open, so that nothing is sure to
// fit.
func (s Signature) Zeros() ([]oip.Tensor, bool) {
	const most = 64 << 20 // elements: warming up must not be what exhausts memory
	zeros := make([]oip.Tensor, len(s.Inputs))
	for i, spec := range s.Inputs {
		if spec.AnyRank {
			return nil, false
		}
		shape := make([]int64, len(spec.Shape))
		for k, dim := range spec.Shape {
			shape[k] = dim
			if dim < 0 {
				shape[k] = 1
			}
		}
		count, err := oip.Count(shape)
		if err != nil || count > most {
			return nil, false
		}
		zeros[i] = oip.Tensor{Name: spec.Name, Datatype: spec.Datatype, Shape: shape}
		if spec.Datatype == oip.Bytes {
			zeros[i].Strings = make([]string, count)
		} else {
			zeros[i].Data = oip.Allocate(count, spec.Datatype.Size())
		}
	}
	return zeros, true
}

// Batchable says whether requests can be joined along the first dimension of
// every input and taken apart along that of every output.
func (s Signature) Batchable() bool {
	for _, spec := range append(append([]oip.TensorSpec{}, s.Inputs...), s.Outputs...) {
		if spec.AnyRank || len(spec.Shape) == 0 || spec.Shape[0] >= 0 {
			return false
		}
	}
	return len(s.Inputs) > 0
}

func indexOf(specs []oip.TensorSpec, name string) int {
	for i, spec := range specs {
		if spec.Name == name {
			return i
		}
	}
	return -1
}

func describe(specs []oip.TensorSpec) string {
	parts := make([]string, len(specs))
	for i, spec := range specs {
		parts[i] = fmt.Sprintf("%s (%s %s)", strconv.Quote(spec.Name), spec.Datatype, oip.ShapeString(spec.Shape))
	}
	return strings.Join(parts, ", ")
}
