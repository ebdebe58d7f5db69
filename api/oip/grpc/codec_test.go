package grpc

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/api/oip"
)

func tensors() []oip.Tensor {
	return []oip.Tensor{
		oip.NewTensor("BOOL", oip.Bool, []int64{2}, []bool{true, false}),
		oip.NewTensor("UINT8", oip.Uint8, []int64{2}, []uint8{0, 255}),
		oip.NewTensor("UINT16", oip.Uint16, []int64{2}, []uint16{0, 65535}),
		oip.NewTensor("UINT32", oip.Uint32, []int64{2}, []uint32{0, math.MaxUint32}),
		oip.NewTensor("UINT64", oip.Uint64, []int64{2}, []uint64{0, math.MaxUint64}),
		oip.NewTensor("INT8", oip.Int8, []int64{2}, []int8{-128, 127}),
		oip.NewTensor("INT16", oip.Int16, []int64{2}, []int16{math.MinInt16, math.MaxInt16}),
		oip.NewTensor("INT32", oip.Int32, []int64{2}, []int32{math.MinInt32, math.MaxInt32}),
		oip.NewTensor("INT64", oip.Int64, []int64{2}, []int64{math.MinInt64, math.MaxInt64}),
		oip.NewTensor("FP32", oip.FP32, []int64{2}, []float32{-1.5, float32(math.Inf(1))}),
		oip.NewTensor("FP64", oip.FP64, []int64{1, 2}, []float64{-1.5, 1e300}),
		{Name: "BYTES", Datatype: oip.Bytes, Shape: []int64{2}, Strings: []string{"\x00\xff", ""}},
	}
}

// request makes a request of what a response holds: both carry tensors alike.
func request(resp *ModelInferResponse) *ModelInferRequest {
	req := &ModelInferRequest{RawInputContents: resp.GetRawOutputContents()}
	for _, o := range resp.GetOutputs() {
		req.Inputs = append(req.Inputs, &ModelInferRequest_InferInputTensor{Name: o.GetName(), Datatype: o.GetDatatype(), Shape: o.GetShape(), Parameters: o.GetParameters(), Contents: o.GetContents()})
	}
	return req
}

func TestTensorsSurviveTypedAndRawContents(t *testing.T) {
	t.Parallel()
	half := oip.NewTensor("FP16", oip.FP16, []int64{2}, []uint16{0x3c00, 0x7c00})
	for name, want := range map[string][]oip.Tensor{"typed": tensors(), "raw, for FP16 has no typed field": append(tensors(), half)} {
		resp := EncodeInfer(&ModelInferRequest{}, &oip.InferResponse{Outputs: want})
		if raw := len(resp.GetRawOutputContents()) > 0; raw != strings.HasPrefix(name, "raw") {
			t.Errorf("%s: raw contents: %v", name, raw)
		}
		got, err := DecodeInfer(request(resp))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got.Inputs); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestRawRequestsGetRawResponses(t *testing.T) {
	t.Parallel()
	resp := EncodeInfer(&ModelInferRequest{RawInputContents: [][]byte{{1}}}, &oip.InferResponse{Outputs: tensors()[:1]})
	if len(resp.GetRawOutputContents()) != 1 || resp.GetOutputs()[0].GetContents() != nil {
		t.Error(resp)
	}
}

func TestParametersSurvive(t *testing.T) {
	t.Parallel()
	want := oip.Parameters{"b": true, "i": int64(-1), "u": uint64(1), "f": 0.5, "s": "x"}
	got, err := decodeParameters(encodeParameters(want))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestWrongRequestsAreNamed(t *testing.T) {
	t.Parallel()
	input := func(datatype string, shape []int64, contents *InferTensorContents) *ModelInferRequest {
		return &ModelInferRequest{Inputs: []*ModelInferRequest_InferInputTensor{{Name: "x", Datatype: datatype, Shape: shape, Contents: contents}}}
	}
	raw := func(datatype string, shape []int64, blobs ...string) *ModelInferRequest {
		req := input(datatype, shape, nil)
		for _, blob := range blobs {
			req.RawInputContents = append(req.RawInputContents, []byte(blob))
		}
		return req
	}
	both := raw("UINT8", []int64{1}, "a")
	both.Inputs[0].Contents = &InferTensorContents{}
	twice := input("FP32", []int64{0}, nil)
	twice.Inputs = append(twice.Inputs, twice.Inputs[0])
	tests := []struct {
		req  *ModelInferRequest
		want string
	}{
		{input("FLOAT", nil, nil), `did you mean "FP32"?`},
		{input("FP32", []int64{1}, nil), "expected 4 bytes for shape [1] of FP32, given 0 bytes"},
		{input("FP32", []int64{-1}, nil), "dimension 0 of shape [-1] is negative"},
		{input("FP16", []int64{1}, nil), "FP16 has no field in contents: send it as raw_input_contents"},
		{input("INT8", []int64{1}, &InferTensorContents{IntContents: []int32{128}}), "element 0: expected INT8, given 128"},
		{input("UINT8", []int64{1}, &InferTensorContents{UintContents: []uint32{256}}), "element 0: expected UINT8, given 256"},
		{input("BYTES", []int64{2}, &InferTensorContents{BytesContents: [][]byte{nil}}), "expected 2 elements for shape [2], given 1 elements"},
		{raw("FP32", []int64{2}, "1234"), "expected 8 bytes for shape [2] of FP32, given 4 bytes"},
		{raw("FP32", []int64{1}, "1234", "5678"), "it has 2 entries for 1 inputs"},
		{raw("BOOL", []int64{1}, "\x05"), "expected BOOL"},
		{both, "it has contents and the request has raw_input_contents"},
		{twice, "the input is given twice"},
		{&ModelInferRequest{Parameters: map[string]*InferParameter{"p": {}}}, "parameters.p: the parameter has no value"},
		{&ModelInferRequest{Parameters: map[string]*InferParameter{"sequence_id": {ParameterChoice: &InferParameter_StringParam{StringParam: "a"}}}}, "sequences are not supported"},
	}
	for _, test := range tests {
		_, err := DecodeInfer(test.req)
		if err == nil || !strings.Contains(err.Error(), test.want) || !oip.IsRequestFault(err) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
