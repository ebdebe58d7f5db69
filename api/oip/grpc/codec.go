package grpc

import (
	"fmt"
	"math"

	"github.com/sluice-serving/sluice/api/oip"
)

// DecodeInfer reads a request. Raw contents share req's memory. Errors are
// *oip.TensorError or *oip.RequestError; all are the client's.
func DecodeInfer(req *ModelInferRequest) (*oip.InferRequest, error) {
	out := &oip.InferRequest{ID: req.GetId()}
	var err error
	if out.Parameters, err = decodeParameters(req.GetParameters()); err != nil {
		return nil, err
	}
	if err := out.Parameters.CheckRequest(); err != nil {
		return nil, err
	}
	raw := req.GetRawInputContents()
	if len(raw) > 0 && len(raw) != len(req.GetInputs()) {
		return nil, &oip.RequestError{Where: "raw_input_contents", Problem: fmt.Sprintf("it has %d entries for %d inputs, and must have one each or none", len(raw), len(req.GetInputs()))}
	}
	seen := map[string]bool{}
	for i, in := range req.GetInputs() {
		if seen[in.GetName()] {
			return nil, &oip.TensorError{Tensor: in.GetName(), Problem: "the input is given twice"}
		}
		seen[in.GetName()] = true
		var blob []byte
		if len(raw) > 0 {
			blob = raw[i]
		}
		t, err := decodeInput(in, blob, len(raw) > 0)
		if err != nil {
			return nil, err
		}
		out.Inputs = append(out.Inputs, t)
	}
	for _, want := range req.GetOutputs() {
		parameters, err := decodeParameters(want.GetParameters())
		if err != nil {
			return nil, err
		}
		if err := parameters.CheckTensor(want.GetName()); err != nil {
			return nil, err
		}
		out.Outputs = append(out.Outputs, oip.RequestedOutput{Name: want.GetName(), Parameters: parameters})
	}
	return out, nil
}

func decodeInput(in *ModelInferRequest_InferInputTensor, blob []byte, raw bool) (oip.Tensor, error) {
	t := oip.Tensor{Name: in.GetName(), Shape: in.GetShape()}
	var err error
	if t.Datatype, err = oip.ParseDatatype(in.GetDatatype()); err != nil {
		return t, &oip.TensorError{Tensor: t.Name, Problem: err.Error()}
	}
	if t.Shape == nil {
		t.Shape = []int64{}
	}
	if t.Parameters, err = decodeParameters(in.GetParameters()); err != nil {
		return t, err
	}
	if err := t.Parameters.CheckTensor(t.Name); err != nil {
		return t, err
	}
	if raw {
		if in.GetContents() != nil {
			return t, &oip.TensorError{Tensor: t.Name, Problem: "it has contents and the request has raw_input_contents; one of them must go"}
		}
		return t, t.SetRaw(blob)
	}
	if err := decodeContents(&t, in.GetContents()); err != nil {
		return t, err
	}
	return t, t.Check()
}

// decodeContents reads the field of the contents that the datatype has.
func decodeContents(t *oip.Tensor, c *InferTensorContents) error {
	var err error
	switch t.Datatype {
	case oip.Bool:
		setElements(t, c.GetBoolContents())
	case oip.Int8:
		err = setNarrow[int8](t, c.GetIntContents(), math.MinInt8, math.MaxInt8)
	case oip.Int16:
		err = setNarrow[int16](t, c.GetIntContents(), math.MinInt16, math.MaxInt16)
	case oip.Int32:
		setElements(t, c.GetIntContents())
	case oip.Int64:
		setElements(t, c.GetInt64Contents())
	case oip.Uint8:
		err = setNarrow[uint8](t, c.GetUintContents(), 0, math.MaxUint8)
	case oip.Uint16:
		err = setNarrow[uint16](t, c.GetUintContents(), 0, math.MaxUint16)
	case oip.Uint32:
		setElements(t, c.GetUintContents())
	case oip.Uint64:
		setElements(t, c.GetUint64Contents())
	case oip.FP32:
		setElements(t, c.GetFp32Contents())
	case oip.FP64:
		setElements(t, c.GetFp64Contents())
	case oip.Bytes:
		t.Strings = make([]string, len(c.GetBytesContents()))
		for i, b := range c.GetBytesContents() {
			t.Strings[i] = string(b)
		}
	default:
		err = &oip.TensorError{Tensor: t.Name, Problem: fmt.Sprintf("%s has no field in contents: send it as raw_input_contents", t.Datatype)}
	}
	return err
}

func setElements[T oip.Element](t *oip.Tensor, elements []T) {
	t.Data = oip.NewTensor(t.Name, t.Datatype, t.Shape, elements).Data
}

// setNarrow takes elements that travel in a wider type than their own.
func setNarrow[N narrow, W int32 | uint32](t *oip.Tensor, wide []W, low, high W) error {
	elements := make([]N, len(wide))
	for i, v := range wide {
		if v < low || v > high {
			return &oip.TensorError{Tensor: t.Name, Problem: fmt.Sprintf("element %d: expected %s, given %v", i, t.Datatype, v)}
		}
		elements[i] = N(v)
	}
	setElements(t, elements)
	return nil
}

type narrow interface{ int8 | int16 | uint8 | uint16 }
