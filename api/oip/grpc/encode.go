package grpc

import (
	"fmt"

	"github.com/sluice-serving/sluice/api/oip"
)

// EncodeInfer writes a response. Outputs are raw, as Triton has them, unless
// the request's inputs came in typed contents and every output has a typed
// field: so a person with grpcurl reads what they would write.
func EncodeInfer(req *ModelInferRequest, resp *oip.InferResponse) *ModelInferResponse {
	out := &ModelInferResponse{ModelName: resp.ModelName, ModelVersion: resp.ModelVersion, Id: resp.ID}
	typed := len(req.GetRawInputContents()) == 0 && allTyped(resp.Outputs)
	for _, t := range resp.Outputs {
		o := &ModelInferResponse_InferOutputTensor{Name: t.Name, Datatype: string(t.Datatype), Shape: t.Shape, Parameters: encodeParameters(t.Parameters)}
		if typed {
			o.Contents = encodeContents(t)
		} else {
			out.RawOutputContents = append(out.RawOutputContents, t.Raw())
		}
		out.Outputs = append(out.Outputs, o)
	}
	return out
}

func allTyped(outputs []oip.Tensor) bool {
	for _, t := range outputs {
		if t.Datatype == oip.FP16 || t.Datatype == oip.BF16 {
			return false
		}
	}
	return true
}

func encodeContents(t oip.Tensor) *InferTensorContents {
	c := &InferTensorContents{}
	switch t.Datatype {
	case oip.Bool:
		c.BoolContents = oip.Elements[bool](t)
	case oip.Int8:
		c.IntContents = widen[int32](oip.Elements[int8](t))
	case oip.Int16:
		c.IntContents = widen[int32](oip.Elements[int16](t))
	case oip.Int32:
		c.IntContents = oip.Elements[int32](t)
	case oip.Int64:
		c.Int64Contents = oip.Elements[int64](t)
	case oip.Uint8:
		c.UintContents = widen[uint32](oip.Elements[uint8](t))
	case oip.Uint16:
		c.UintContents = widen[uint32](oip.Elements[uint16](t))
	case oip.Uint32:
		c.UintContents = oip.Elements[uint32](t)
	case oip.Uint64:
		c.Uint64Contents = oip.Elements[uint64](t)
	case oip.FP32:
		c.Fp32Contents = oip.Elements[float32](t)
	case oip.FP64:
		c.Fp64Contents = oip.Elements[float64](t)
	case oip.Bytes:
		for _, s := range t.Strings {
			c.BytesContents = append(c.BytesContents, []byte(s))
		}
	}
	return c
}

func widen[W int32 | uint32, N narrow](elements []N) []W {
	wide := make([]W, len(elements))
	for i, v := range elements {
		wide[i] = W(v)
	}
	return wide
}

func decodeParameters(in map[string]*InferParameter) (oip.Parameters, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := oip.Parameters{}
	for name, p := range in {
		switch v := p.GetParameterChoice().(type) {
		case *InferParameter_BoolParam:
			out[name] = v.BoolParam
		case *InferParameter_Int64Param:
			out[name] = v.Int64Param
		case *InferParameter_StringParam:
			out[name] = v.StringParam
		case *InferParameter_DoubleParam:
			out[name] = v.DoubleParam
		case *InferParameter_Uint64Param:
			out[name] = v.Uint64Param
		default:
			return nil, &oip.RequestError{Where: "parameters." + name, Problem: "the parameter has no value"}
		}
	}
	return out, nil
}

func encodeParameters(in oip.Parameters) map[string]*InferParameter {
	if len(in) == 0 {
		return nil
	}
	out := map[string]*InferParameter{}
	for name, value := range in {
		p := &InferParameter{}
		switch v := value.(type) {
		case bool:
			p.ParameterChoice = &InferParameter_BoolParam{BoolParam: v}
		case int64:
			p.ParameterChoice = &InferParameter_Int64Param{Int64Param: v}
		case uint64:
			p.ParameterChoice = &InferParameter_Uint64Param{Uint64Param: v}
		case float64:
			p.ParameterChoice = &InferParameter_DoubleParam{DoubleParam: v}
		default:
			p.ParameterChoice = &InferParameter_StringParam{StringParam: fmt.Sprint(v)}
		}
		out[name] = p
	}
	return out
}
