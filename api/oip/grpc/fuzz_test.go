package grpc

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/test/bounded"
)

// Whatever bytes a call brings, every tensor that comes out is whole, and what is refused is the client's fault.
func FuzzDecodeInfer(f *testing.F) {
	for _, seed := range []*ModelInferRequest{
		request(EncodeInfer(&ModelInferRequest{}, &oip.InferResponse{Outputs: tensors()})),
		request(EncodeInfer(&ModelInferRequest{RawInputContents: [][]byte{{1}}}, &oip.InferResponse{Outputs: tensors()})),
		{Id: "1", Parameters: map[string]*InferParameter{"a": {ParameterChoice: &InferParameter_Int64Param{Int64Param: 1}}},
			Outputs: []*ModelInferRequest_InferRequestedOutputTensor{{Name: "y"}}},
		{Inputs: []*ModelInferRequest_InferInputTensor{{Name: "x", Datatype: "INT8", Shape: []int64{1 << 40, 1 << 40}, Contents: &InferTensorContents{IntContents: []int32{300}}}}},
	} {
		data, err := proto.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	memory := bounded.Memory{PerByte: 256, Constant: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		var call ModelInferRequest
		if proto.Unmarshal(data, &call) != nil {
			return
		}
		var req *oip.InferRequest
		var err error
		memory.Run(t, len(data), func() { req, err = DecodeInfer(&call) })
		if err != nil {
			if !oip.IsRequestFault(err) {
				t.Fatalf("%T is not the client's fault: %v", err, err)
			}
			return
		}
		for _, tensor := range req.Inputs {
			if err := tensor.Check(); err != nil {
				t.Fatal(err)
			}
		}
		EncodeInfer(&call, &oip.InferResponse{Outputs: req.Inputs})
	})
}
