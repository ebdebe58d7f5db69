package onnx

import (
	"fmt"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/onnx/ort"
)

// UnsupportedError says that a model has an input or output that can't be
// served.
type UnsupportedError struct {
	Port   string // `input "x"`
	Type   string
	Remedy string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s is a %s, which the inference protocols can't carry: %s", e.Port, e.Type, e.Remedy)
}

// signatureOf maps a session's inputs and outputs to the protocol's terms.
func signatureOf(inputs, outputs []ort.Port) (model.Signature, error) {
	var s model.Signature
	for _, port := range inputs {
		if port.Type.Kind != ort.KindTensor {
			return s, &UnsupportedError{Port: fmt.Sprintf("input %q", port.Name), Type: port.Type.String(), Remedy: "export the model with tensors as inputs"}
		}
		spec, err := tensorSpec("input", port.Name, port.Type)
		if err != nil {
			return s, err
		}
		s.Inputs = append(s.Inputs, spec)
	}
	for _, port := range outputs {
		spec, err := outputSpec(port)
		if err != nil {
			return s, err
		}
		s.Outputs = append(s.Outputs, spec)
	}
	return s, nil
}

// outputSpec says which tensor an output becomes: a tensor itself, and what
// tensorOf makes of sequences and maps.
func outputSpec(port ort.Port) (oip.TensorSpec, error) {
	switch t := port.Type; {
	case t.Kind == ort.KindTensor:
		return tensorSpec("output", port.Name, t)
	case t.Kind == ort.KindMap && isTensor(t.Item):
		return reshaped(port, *t.Item, []int64{-1})
	case t.Kind == ort.KindSequence && isTensor(t.Item):
		return reshaped(port, *t.Item, append([]int64{-1}, t.Item.Shape...))
	case t.Kind == ort.KindSequence && t.Item != nil && t.Item.Kind == ort.KindMap && isTensor(t.Item.Item):
		return reshaped(port, *t.Item.Item, []int64{-1, -1})
	default:
		return oip.TensorSpec{}, &UnsupportedError{Port: fmt.Sprintf("output %q", port.Name), Type: t.String(), Remedy: "export the model with tensors as outputs (skl2onnx: options={'zipmap': False})"}
	}
}

func isTensor(t *ort.Type) bool { return t != nil && t.Kind == ort.KindTensor }

func reshaped(port ort.Port, item ort.Type, shape []int64) (oip.TensorSpec, error) {
	spec, err := tensorSpec("output", port.Name, item)
	// A sequence's items need not be of one rank, whatever the first says.
	spec.AnyRank = spec.AnyRank && port.Type.Item.Kind == ort.KindTensor && port.Type.Kind == ort.KindSequence
	spec.Shape = shape
	return spec, err
}

func tensorSpec(what, name string, t ort.Type) (oip.TensorSpec, error) {
	datatype, ok := datatypeOf(t.Element)
	if !ok {
		return oip.TensorSpec{}, &UnsupportedError{Port: fmt.Sprintf("%s %q", what, name), Type: t.String(), Remedy: "cast it to another type in the model"}
	}
	spec := oip.TensorSpec{Name: name, Datatype: datatype, Shape: t.Shape, AnyRank: t.AnyRank}
	if t.AnyRank {
		spec.Shape = []int64{-1}
	}
	return spec, nil
}

func datatypeOf(e ort.Element) (oip.Datatype, bool) {
	for _, datatype := range oip.Datatypes() {
		if elementOf(datatype) == e {
			return datatype, true
		}
	}
	return "", false
}

func elementOf(d oip.Datatype) ort.Element {
	switch d {
	case oip.Bool:
		return ort.ElementBool
	case oip.Uint8:
		return ort.ElementUint8
	case oip.Uint16:
		return ort.ElementUint16
	case oip.Uint32:
		return ort.ElementUint32
	case oip.Uint64:
		return ort.ElementUint64
	case oip.Int8:
		return ort.ElementInt8
	case oip.Int16:
		return ort.ElementInt16
	case oip.Int32:
		return ort.ElementInt32
	case oip.Int64:
		return ort.ElementInt64
	case oip.FP16:
		return ort.ElementFloat16
	case oip.BF16:
		return ort.ElementBFloat16
	case oip.FP32:
		return ort.ElementFloat
	case oip.FP64:
		return ort.ElementDouble
	case oip.Bytes:
		return ort.ElementString
	default:
		return ort.ElementUndefined
	}
}
