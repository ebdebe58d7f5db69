package oip

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/test/bounded"
)

var (
	matrix = []TensorSpec{{Name: "x", Datatype: FP32, Shape: []int64{-1, 2}}}
	pair   = []TensorSpec{{Name: "a", Datatype: FP32, Shape: []int64{-1, 1}}, {Name: "b", Datatype: Bytes, Shape: []int64{-1}}}
	texts  = []TensorSpec{{Name: "t", Datatype: Bytes, Shape: []int64{-1}}}
	scalar = []TensorSpec{{Name: "s", Datatype: FP32, Shape: []int64{}}}
)

func TestV1BodiesAreReadByTheModelsInputs(t *testing.T) {
	t.Parallel()
	x := []Tensor{NewTensor("x", FP32, []int64{2, 2}, []float32{1, 2, 3, 4})}
	ab := []Tensor{NewTensor("a", FP32, []int64{2, 1}, []float32{1, 2}), {Name: "b", Datatype: Bytes, Shape: []int64{2}, Strings: []string{"p", "q"}}}
	tests := []struct {
		body  string
		specs []TensorSpec
		want  PredictRequest
	}{
		{`{"instances":[[1,2],[3,4]]}`, matrix, PredictRequest{Inputs: x}},
		{`{"instances":[{"x":[1,2]},{"x":[3,4]}]}`, matrix, PredictRequest{Inputs: x}},
		{`{"inputs":[[1,2],[3,4]]}`, matrix, PredictRequest{Inputs: x, Columns: true}},
		{`{"inputs":{"x":[[1,2],[3,4]]},"outputs":["y","z"]}`, matrix, PredictRequest{Inputs: x, Columns: true, Outputs: []string{"y", "z"}}},
		{`{"signature_name":"serving_default","instances":[{"a":1,"b":"p"},{"b":"q","a":2}]}`, pair, PredictRequest{Inputs: ab}},
		{`{"inputs":{"b":["p","q"],"a":[[1],[2]]}}`, pair, PredictRequest{Inputs: ab, Columns: true}},
		{`{"instances":["p",{"b64":"cQ=="}]}`, texts, PredictRequest{Inputs: []Tensor{{Name: "t", Datatype: Bytes, Shape: []int64{2}, Strings: []string{"p", "q"}}}}},
		{`{"inputs":{"s":5}}`, scalar, PredictRequest{Inputs: []Tensor{NewTensor("s", FP32, []int64{}, []float32{5})}, Columns: true}},
		{`{"inputs":5}`, scalar, PredictRequest{Inputs: []Tensor{NewTensor("s", FP32, []int64{}, []float32{5})}, Columns: true}},
	}
	for _, test := range tests {
		got, err := DecodePredictRequest([]byte(test.body), test.specs)
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		if diff := cmp.Diff(&test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.body, diff)
		}
	}
}

func TestWrongV1BodiesAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body  string
		specs []TensorSpec
		want  string
	}{
		{`{}`, matrix, `neither "instances" nor "inputs"`},
		{`{"instances":5}`, matrix, "instances: expected an array with one element a prediction, given 5"},
		{`{"instances":[]}`, matrix, "instances: the array is empty"},
		{`{"instances":[[1,2]],"inputs":[[1,2]]}`, matrix, `both "instances" and "inputs"`},
		{`{"instances":[[1,2],[3]]}`, matrix, `tensor "x": the array is ragged`},
		{`{"instances":[[1,2],3]}`, matrix, `tensor "x": the array is ragged`},
		{`{"instances":[{"y":1}]}`, matrix, `instances[0]: the model has no input "y"; its inputs are "x"`},
		{`{"instances":[{"a":1,"b":"p"},{"a":1}]}`, pair, `tensor "b": it is missing in instances[1]`},
		{`{"instances":[{"a":1,"b":"p","a":1}]}`, pair, `tensor "a": it is given twice in instances[0]`},
		{`{"instances":[[1,2]]}`, pair, `instances[0]: the model has several inputs, so expected an object with "a", "b", given [1`},
		{`{"inputs":[1]}`, pair, `inputs: the model has several inputs`},
		{`{"inputs":{"a":[1]}}`, pair, `tensor "b": the input is missing`},
		{`{"inputs":[{"name":"x","shape":[1]}]}`, matrix, `this is a V2 request: send it to /v2/models/NAME/infer`},
		{`{"instances":[[1,"2"]]}`, matrix, `tensor "x": element 1: expected FP32, given "2"`},
		{`{"instances":[[1,2]],"outputs":[5]}`, matrix, `outputs[0]: expected an output's name, given 5`},
		{`{"instances":[[1,2]`, matrix, `unexpected end`},
	}
	for _, test := range tests {
		_, err := DecodePredictRequest([]byte(test.body), test.specs)
		if err == nil || !strings.Contains(err.Error(), test.want) || !IsRequestFault(err) {
			t.Errorf("%s:\n got %v\nwant %s", test.body, err, test.want)
		}
	}
}

func TestPredictionsAreNestedAsTheOutputs(t *testing.T) {
	t.Parallel()
	label := NewTensor("label", Int64, []int64{2}, []int64{0, 2})
	odds := NewTensor("odds", FP32, []int64{2, 2}, []float32{0.5, 0.25, 1, 0})
	empty := NewTensor("e", FP32, []int64{2, 0}, []float32{})
	one := NewTensor("s", FP64, []int64{}, []float64{1.5})
	tests := []struct {
		req     PredictRequest
		outputs []Tensor
		want    string
	}{
		{PredictRequest{}, []Tensor{label, odds}, `{"predictions":[0,2]}`},
		{PredictRequest{Outputs: []string{"odds"}}, []Tensor{odds}, `{"predictions":[[0.5,0.25],[1,0]]}`},
		{PredictRequest{Outputs: []string{"label", "odds"}}, []Tensor{label, odds}, `{"predictions":[{"label":0,"odds":[0.5,0.25]},{"label":2,"odds":[1,0]}]}`},
		{PredictRequest{Outputs: []string{"label", "odds"}, Columns: true}, []Tensor{label, odds}, `{"predictions":{"label":[0,2],"odds":[[0.5,0.25],[1,0]]}}`},
		{PredictRequest{}, []Tensor{empty}, `{"predictions":[[],[]]}`},
		{PredictRequest{}, []Tensor{one}, `{"predictions":1.5}`},
	}
	for _, test := range tests {
		got, err := AppendPredictResponse(nil, &test.req, test.outputs)
		if err != nil || string(got) != test.want {
			t.Errorf("got %s %v, want %s", got, err, test.want)
		}
	}
	if _, err := AppendPredictResponse(nil, &PredictRequest{Outputs: []string{"label", "s"}}, []Tensor{label, one}); err == nil || !strings.Contains(err.Error(), "no common rows") {
		t.Error(err)
	}
}

// bodyMemory is what a request's body may have allocated, whatever shapes and lengths it claims.
func bodyMemory() bounded.Memory { return bounded.Memory{PerByte: 256, Constant: 1 << 20} }

func FuzzPredictRequest(f *testing.F) {
	for _, seed := range []string{`{"instances":[[1,2],[3,4]]}`, `{"inputs":{"a":[[1]],"b":["p"]}}`, `{"instances":[{"a":1,"b":"q"}],"outputs":["y"]}`, `{"instances":["a",{"b64":"AA=="}]}`, `{"inputs":5}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, specs := range [][]TensorSpec{matrix, pair, texts, scalar} {
			var req *PredictRequest
			var err error
			bodyMemory().Run(t, len(body), func() { req, err = DecodePredictRequest(body, specs) })
			if err != nil {
				if !IsRequestFault(err) {
					t.Fatalf("%T is not the client's fault: %v", err, err)
				}
				continue
			}
			if !json.Valid(body) {
				t.Fatalf("not JSON, and taken: %q", body)
			}
			for _, tensor := range req.Inputs {
				if err := tensor.Check(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := AppendPredictResponse(nil, &PredictRequest{}, req.Inputs); err != nil {
				t.Logf("its inputs have no JSON form as outputs: %v", err)
			}
		}
	})
}
