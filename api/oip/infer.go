package oip

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// HeaderContentLength is the HTTP header of the binary tensor data extension:
// the length of the JSON that comes before the binary data of a body.
const HeaderContentLength = "Inference-Header-Content-Length"

// InferRequest is a V2 inference request.
type InferRequest struct {
	ID         string
	Parameters Parameters
	Inputs     []Tensor
	// Outputs is what is asked for, in this order; empty asks for every output.
	Outputs []RequestedOutput
}

// RequestedOutput is an output that a request names.
type RequestedOutput struct {
	Name       string
	Parameters Parameters
}

// InferResponse is the answer to an InferRequest.
type InferResponse struct {
	ModelName    string
	ModelVersion string
	ID           string
	Outputs      []Tensor
}

// DecodeInferRequest reads a V2 body. headerLength is the value of
// HeaderContentLength, or -1 if there is none, in which case the whole body is
// JSON. The tensors of binary data may share body's memory.
//
// Errors are *TensorError, *RequestError or a *SyntaxError; all are the
// client's.
func DecodeInferRequest(body []byte, headerLength int) (*InferRequest, error) {
	return decodeInfer(body, headerLength, false)
}

// DecodeInferRequestWithNulls is [DecodeInferRequest] for a model that knows missing values: a null among floats is NaN, and
// among texts it is marked in Missing.
func DecodeInferRequestWithNulls(body []byte, headerLength int) (*InferRequest, error) {
	return decodeInfer(body, headerLength, true)
}

func decodeInfer(body []byte, headerLength int, nulls bool) (*InferRequest, error) {
	header, blobs := body, []byte(nil)
	if headerLength >= 0 {
		if headerLength > len(body) {
			return nil, &RequestError{Where: HeaderContentLength, Problem: fmt.Sprintf("%d is more than the body's %d bytes", headerLength, len(body))}
		}
		header, blobs = body[:headerLength], body[headerLength:]
	}
	d := inferDecoder{scanner: scanner{data: header, nulls: nulls}}
	if err := d.request(); err != nil {
		return nil, err
	}
	if err := d.attach(blobs); err != nil {
		return nil, err
	}
	return d.finish()
}

// inferDecoder holds a request while it is read.
type inferDecoder struct {
	scanner
	out       InferRequest
	hasInputs bool
	elsewhere []bool // of each input: its elements stand in the binary part
}

func (d *inferDecoder) request() error {
	err := d.object(func(key string) (err error) {
		switch key {
		case "id":
			d.out.ID, err = d.named("id")
		case "parameters":
			d.out.Parameters, err = d.scanner.parameters()
		case "inputs":
			d.hasInputs = true
			d.out.Inputs, d.elsewhere = nil, nil
			err = d.array(d.input)
		case "outputs":
			d.out.Outputs = nil
			err = d.array(d.output)
		default:
			err = d.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.end()
}

// finish checks what can only be checked of the whole.
func (d *inferDecoder) finish() (*InferRequest, error) {
	if !d.hasInputs {
		return nil, &RequestError{Problem: `the request has no "inputs" (V1's "instances" go to /v1/models/NAME:predict)`}
	}
	if err := d.out.Parameters.CheckRequest(); err != nil {
		return nil, err
	}
	var seen map[string]bool // needed of several alone
	if len(d.out.Inputs) > 1 {
		seen = make(map[string]bool, len(d.out.Inputs))
	}
	for _, t := range d.out.Inputs {
		if seen[t.Name] {
			return nil, &TensorError{Tensor: t.Name, Problem: "the input is given twice"}
		}
		if seen != nil {
			seen[t.Name] = true
		}
		if err := t.Check(); err != nil {
			return nil, err
		}
	}
	return &d.out, nil
}

// named reads a string member.
func (d *inferDecoder) named(where string) (string, error) {
	if d.peek() != '"' {
		return "", &RequestError{Where: where, Problem: "expected a string, given " + d.given()}
	}
	return d.str()
}

// inputText reads a string member of an input; it may share the body's memory.
func (d *inferDecoder) inputText(f *inputFields, member string) (string, error) {
	if d.peek() != '"' {
		return "", &RequestError{Where: f.where() + "." + member, Problem: "expected a string, given " + d.given()}
	}
	return d.view()
}

func (d *inferDecoder) output(index int) error {
	where := "outputs[" + strconv.Itoa(index) + "]"
	var out RequestedOutput
	err := d.object(func(key string) (err error) {
		switch key {
		case "name":
			out.Name, err = d.named(where + ".name")
		case "parameters":
			out.Parameters, err = d.scanner.parameters()
		default:
			err = d.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if out.Name == "" {
		return &RequestError{Where: where, Problem: `"name" is missing`}
	}
	d.out.Outputs = append(d.out.Outputs, out)
	return out.Parameters.unsupported(out.Name)
}

// inputFields is an input while its members are read, in whatever order they come.
type inputFields struct {
	index    int
	tensor   Tensor
	hasName  bool
	hasShape bool
	hasData  bool
	dataAt   int // where the data stands if it came before shape and datatype; -1 if not
}

// where names the input in a message.
func (f *inputFields) where() string { return "inputs[" + strconv.Itoa(f.index) + "]" }

func (d *inferDecoder) input(index int) error {
	f := &inputFields{index: index, dataAt: -1}
	if err := d.object(func(key string) error { return d.inputMember(f, key) }); err != nil {
		return err
	}
	if err := f.complete(); err != nil {
		return err
	}
	if f.dataAt >= 0 {
		later := scanner{data: d.data, pos: f.dataAt, nulls: d.nulls}
		if err := later.tensorData(&f.tensor); err != nil {
			return err
		}
	}
	d.out.Inputs = append(d.out.Inputs, f.tensor)
	d.elsewhere = append(d.elsewhere, !f.hasData)
	return f.tensor.Parameters.unsupported(f.tensor.Name)
}

func (d *inferDecoder) inputMember(f *inputFields, key string) (err error) {
	switch key {
	case "name":
		f.hasName = true
		f.tensor.Name, err = d.inputText(f, "name")
		f.tensor.Name = strings.Clone(f.tensor.Name)
	case "datatype":
		f.tensor.Datatype, err = d.datatype(f)
	case "shape":
		f.hasShape = true
		f.tensor.Shape, err = d.shape(f)
	case "parameters":
		f.tensor.Parameters, err = d.scanner.parameters()
	case "data":
		if f.hasData {
			return &RequestError{Where: f.where(), Problem: `"data" is given twice`}
		}
		f.hasData = true
		if f.hasShape && f.hasName && f.tensor.Datatype != "" {
			return d.tensorData(&f.tensor)
		}
		d.peek()
		f.dataAt = d.pos
		err = d.skipData()
	default:
		err = d.skip()
	}
	return err
}

// skipData steps over data that can't be decoded yet. Tokens that only Python
// writes (NaN) are left to the decoding, which can name the tensor.
func (d *inferDecoder) skipData() error {
	depth := 0
	for {
		switch d.peek() {
		case '[', '{':
			depth++
			d.pos++
		case ']', '}':
			depth--
			d.pos++
		case '"':
			if err := d.skipString(); err != nil {
				return err
			}
		case 0:
			return d.unexpected("the end of the data")
		case ',':
			if depth == 0 {
				return d.unexpected("data")
			}
			d.pos++
			continue
		default:
			d.pos++
			continue
		}
		if depth < 0 {
			return d.unexpected("data")
		}
		if depth == 0 {
			return nil
		}
	}
}

func (d *inferDecoder) datatype(f *inputFields) (Datatype, error) {
	name, err := d.inputText(f, "datatype")
	if err != nil {
		return "", err
	}
	datatype, err := ParseDatatype(name)
	if err != nil {
		return "", &TensorError{Tensor: f.tensor.Name, Problem: err.Error()}
	}
	return datatype, nil
}

func (d *inferDecoder) shape(f *inputFields) ([]int64, error) {
	shape, dimension := make([]int64, 0, 4), signed[int64](1<<63-1)
	if d.peek() != '[' {
		return nil, &TensorError{Tensor: f.tensor.Name, Expected: "a shape like [1,4]", Given: d.given()}
	}
	err := d.array(func(int) error {
		dim, err := dimension(&d.scanner)
		var wrong *mismatch
		if errors.As(err, &wrong) || err == nil && dim < 0 {
			return &TensorError{Tensor: f.tensor.Name, Problem: fmt.Sprintf("dimension %d of the shape is no whole number from 0 up", len(shape))}
		}
		shape = append(shape, dim)
		return err
	})
	return shape, err
}

func (f *inputFields) complete() error {
	var missing string
	switch {
	case !f.hasName:
		missing = "name"
	case f.tensor.Datatype == "":
		missing = "datatype"
	case !f.hasShape:
		missing = "shape"
	default:
		_, err := Count(f.tensor.Shape)
		if err != nil {
			return &TensorError{Tensor: f.tensor.Name, Problem: err.Error()}
		}
		return nil
	}
	return &RequestError{Where: f.where(), Problem: fmt.Sprintf("%q is missing", missing)}
}

// tensorData reads "data" for a tensor whose datatype and shape are known: a
// flat array, or arrays nested as the shape is.
func (s *scanner) tensorData(t *Tensor) error {
	count, err := Count(t.Shape)
	if err != nil {
		return &TensorError{Tensor: t.Name, Problem: err.Error()}
	}
	// A shape is only a claim: an element takes two bytes of JSON at least.
	column := newColumn(t.Name, t.Datatype, min(count, (len(s.data)-s.pos)/2+1))
	if err := column.read(s, 0); err != nil {
		return err
	}
	found := column.tensor()
	if !fits(found.Shape, t.Shape, count) {
		return &TensorError{Tensor: t.Name, Expected: fmt.Sprintf("%d elements for shape %s", count, ShapeString(t.Shape)), Given: describeData(found.Shape)}
	}
	t.Data, t.Strings, t.Missing = found.Data, found.Strings, found.Missing
	return nil
}

// fits says whether data of the shape that was found is a way to write shape.
func fits(found, shape []int64, count int) bool {
	if len(found) == 1 && found[0] == int64(count) || len(found) == 0 && count == 1 {
		return true
	}
	if len(found) != len(shape) {
		// [[],[]] says less than a shape like [2,0,3], and no more is there to say.
		empty, err := Count(found)
		return err == nil && empty == 0 && count == 0
	}
	for i := range found {
		if found[i] != shape[i] {
			return false
		}
	}
	return true
}

func describeData(found []int64) string {
	switch len(found) {
	case 0:
		return "one value"
	case 1:
		return fmt.Sprintf("%d elements", found[0])
	default:
		return "data nested as " + ShapeString(found)
	}
}
