package oip

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// imageBody is a V2 request with one image's worth of numbers, 3·224·224, as
// Python writes float32s.
func imageBody() []byte {
	random := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	b.WriteString(`{"inputs":[{"name":"x","datatype":"FP32","shape":[1,3,224,224],"data":[`)
	for i := range 3 * 224 * 224 {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, float64(random.Float32()))
	}
	b.WriteString(`]}]}`)
	return []byte(b.String())
}

func BenchmarkInferRequestFP32(b *testing.B) {
	body := imageBody()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeInferRequest(body, -1); err != nil {
			b.Fatal(err)
		}
	}
}

// The same by encoding/json into a typed struct, for comparison.
func BenchmarkInferRequestFP32EncodingJSON(b *testing.B) {
	body := imageBody()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var req struct {
			Inputs []struct {
				Name, Datatype string
				Shape          []int64
				Data           []float32
			}
		}
		if err := json.Unmarshal(body, &req); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPredictRequestSmall(b *testing.B) {
	body := []byte(`{"instances":[[5.1,3.5,1.4,0.2],[6.7,3.0,5.2,2.3]]}`)
	specs := []TensorSpec{{Name: "X", Datatype: FP32, Shape: []int64{-1, 4}}}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodePredictRequest(body, specs); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInferResponseFP32(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	data := make([]float32, 1000)
	for i := range data {
		data[i] = random.Float32()
	}
	resp := &InferResponse{ModelName: "m", ModelVersion: "1", Outputs: []Tensor{NewTensor("y", FP32, []int64{1, 1000}, data)}}
	b.ReportAllocs()
	buffer := make([]byte, 0, 1<<16)
	for b.Loop() {
		if _, _, err := AppendInferResponse(buffer, &InferRequest{}, resp); err != nil {
			b.Fatal(err)
		}
	}
}
