package oip

import (
	"fmt"
	"strconv"
	"strings"
)

// PredictRequest is a V1 request, read by a model's inputs.
type PredictRequest struct {
	Inputs []Tensor
	// Outputs is what the request names in "outputs", in this order. If it is
	// empty, "predictions" is the model's first output alone, which is what
	// KServe's servers answer.
	Outputs []string
	// Columns says that the request came as "inputs": several outputs are then
	// answered side by side rather than row by row.
	Columns bool
}

// DecodePredictRequest reads a V1 body. The rows of "instances" are values (for
// a model of one input) or objects of named values; "inputs" is the whole
// value of the one input, or an object of them. Datatypes are the model's, and
// shapes are found in the nesting; dimensions of 1 at the end may be left out.
//
// Errors are *TensorError, *RequestError or a *SyntaxError; all are the
// client's.
func DecodePredictRequest(body []byte, inputs []TensorSpec) (*PredictRequest, error) {
	d := predictDecoder{scanner: scanner{data: body}, specs: inputs}
	if err := d.request(); err != nil {
		return nil, err
	}
	if d.columns == nil {
		return nil, &RequestError{Problem: `the request has neither "instances" nor "inputs"`}
	}
	for i, column := range d.columns {
		if !d.present[i] {
			return nil, &TensorError{Tensor: inputs[i].Name, Problem: "the input is missing; the model's inputs are " + specNames(inputs)}
		}
		t := column.tensor()
		t.Shape = padShape(t.Shape, inputs[i])
		d.out.Inputs = append(d.out.Inputs, t)
	}
	return &d.out, nil
}

type predictDecoder struct {
	scanner
	specs   []TensorSpec
	columns []columnReader // one of each spec; nil until the inputs are met
	present []bool         // of each spec: the request has it
	out     PredictRequest
}

func (d *predictDecoder) request() error {
	err := d.object(func(key string) error {
		switch key {
		case "instances":
			if err := d.begin(); err != nil {
				return err
			}
			return d.rows()
		case "inputs":
			if err := d.begin(); err != nil {
				return err
			}
			d.out.Columns = true
			return d.wholes()
		case "outputs":
			d.out.Outputs = nil
			return d.array(d.outputName)
		default:
			return d.skip()
		}
	})
	if err != nil {
		return err
	}
	return d.end()
}

func (d *predictDecoder) begin() error {
	if d.columns != nil {
		return &RequestError{Problem: `the request has both "instances" and "inputs", or one of them twice; one must go`}
	}
	d.columns = make([]columnReader, len(d.specs))
	d.present = make([]bool, len(d.specs))
	for i, spec := range d.specs {
		d.columns[i] = newColumn(spec.Name, spec.Datatype, 0)
	}
	return nil
}

func (d *predictDecoder) outputName(index int) error {
	if d.peek() != '"' {
		return &RequestError{Where: "outputs[" + strconv.Itoa(index) + "]", Problem: "expected an output's name, given " + d.given()}
	}
	name, err := d.str()
	d.out.Outputs = append(d.out.Outputs, name)
	return err
}

// rows reads "instances".
func (d *predictDecoder) rows() error {
	if d.peek() != '[' {
		return &RequestError{Where: "instances", Problem: "expected an array with one element a prediction, given " + d.given()}
	}
	rows := 0
	err := d.array(func(index int) error {
		rows++
		if d.peek() == '{' && !d.loneBytes() {
			return d.namedRow(index)
		}
		if len(d.specs) != 1 {
			return &RequestError{Where: fmt.Sprintf("instances[%d]", index), Problem: "the model has several inputs, so expected an object with " + specNames(d.specs) + ", given " + d.given()}
		}
		d.present[0] = true
		return d.columns[0].read(&d.scanner, 1)
	})
	if err != nil {
		return err
	}
	if rows == 0 {
		return &RequestError{Where: "instances", Problem: "the array is empty"}
	}
	for _, column := range d.columns {
		if err := column.close(0, rows); err != nil {
			return err
		}
	}
	return nil
}

// namedRow reads one instance that is an object; it must have every input.
func (d *predictDecoder) namedRow(index int) error {
	seen := make([]bool, len(d.specs))
	err := d.object(func(key string) error {
		i, err := d.find(key, fmt.Sprintf("instances[%d]", index))
		if err != nil {
			return err
		}
		if seen[i] {
			return &TensorError{Tensor: key, Problem: fmt.Sprintf("it is given twice in instances[%d]", index)}
		}
		seen[i], d.present[i] = true, true
		return d.columns[i].read(&d.scanner, 1)
	})
	if err != nil {
		return err
	}
	for i, found := range seen {
		if !found {
			return &TensorError{Tensor: d.specs[i].Name, Problem: fmt.Sprintf("it is missing in instances[%d]; the model's inputs are %s", index, specNames(d.specs))}
		}
	}
	return nil
}

// wholes reads "inputs".
func (d *predictDecoder) wholes() error {
	if d.peek() != '{' || d.loneBytes() {
		if len(d.specs) != 1 {
			return &RequestError{Where: "inputs", Problem: "the model has several inputs, so expected an object with " + specNames(d.specs) + ", given " + d.given()}
		}
		if d.looksLikeV2() {
			return &RequestError{Where: "inputs", Problem: "this is a V2 request: send it to /v2/models/NAME/infer"}
		}
		d.present[0] = true
		return d.columns[0].read(&d.scanner, 0)
	}
	return d.object(func(key string) error {
		i, err := d.find(key, "inputs")
		if err != nil {
			return err
		}
		if d.present[i] {
			return &TensorError{Tensor: key, Problem: "it is given twice"}
		}
		d.present[i] = true
		return d.columns[i].read(&d.scanner, 0)
	})
}

func (d *predictDecoder) find(name, where string) (int, error) {
	for i, spec := range d.specs {
		if spec.Name == name {
			return i, nil
		}
	}
	return 0, &RequestError{Where: where, Problem: fmt.Sprintf("the model has no input %q; its inputs are %s", name, specNames(d.specs))}
}

// loneBytes says whether the object at pos is not names to values but the one
// value {"b64": …} of a BYTES input.
func (d *predictDecoder) loneBytes() bool {
	if len(d.specs) != 1 || d.specs[0].Datatype != Bytes || d.specs[0].Name == "b64" {
		return false
	}
	ahead := scanner{data: d.data, pos: d.pos + 1}
	if ahead.peek() != '"' {
		return false
	}
	key, err := ahead.str()
	return err == nil && key == "b64"
}

// looksLikeV2 says whether an array of objects stands at pos, as V2 has it.
func (d *predictDecoder) looksLikeV2() bool {
	if d.peek() != '[' {
		return false
	}
	ahead := scanner{data: d.data, pos: d.pos + 1}
	return ahead.peek() == '{' && d.specs[0].Datatype != Bytes
}

// padShape adds the dimensions of 1 that a request left out at the end: a model
// whose input is [-1,1] takes plain numbers as rows.
func padShape(shape []int64, spec TensorSpec) []int64 {
	if spec.AnyRank || len(shape) >= len(spec.Shape) {
		return shape
	}
	for _, dim := range spec.Shape[len(shape):] {
		if dim != 1 {
			return shape
		}
	}
	padded := append([]int64{}, shape...)
	for len(padded) < len(spec.Shape) {
		padded = append(padded, 1)
	}
	return padded
}

func specNames(specs []TensorSpec) string {
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = strconv.Quote(spec.Name)
	}
	return strings.Join(names, ", ")
}
