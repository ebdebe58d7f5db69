package oip

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func columnOf(name string, values ...float64) Tensor {
	return NewTensor(name, FP64, []int64{int64(len(values))}, values)
}

func textsOf(name string, values ...string) Tensor {
	return Tensor{Name: name, Datatype: Bytes, Shape: []int64{int64(len(values))}, Strings: values}
}

func TestRowsAreReadHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	two := []Tensor{NewTensor("", FP64, []int64{2, 2}, []float64{1, 2, 3, 4})}
	named := []Tensor{columnOf("a", 1, 3), textsOf("b", "p", "q")}
	holed := textsOf("", "", "q")
	holed.Missing = []bool{true, false}
	late := textsOf("", "p", "")
	late.Missing = []bool{false, true}
	tests := []struct {
		body string
		want PredictRequest
	}{
		{`{"instances":[[1,2],[3,4]]}`, PredictRequest{Inputs: two}},
		{`{"inputs":[[1,2],[3,4]],"outputs":["predict_proba"]}`, PredictRequest{Inputs: two, Columns: true, Outputs: []string{"predict_proba"}}},
		{`{"instances":[1,2]}`, PredictRequest{Inputs: []Tensor{NewTensor("", FP64, []int64{2, 1}, []float64{1, 2})}}},
		{`{"instances":["p","q"]}`, PredictRequest{Inputs: []Tensor{textsOf("", "p", "q")}}},
		{`{"instances":[[1,"p"],[3,"q"]]}`, PredictRequest{Inputs: []Tensor{columnOf("", 1, 3), textsOf("", "p", "q")}}},
		{`{"instances":[[null,"p"],["q",null]]}`, PredictRequest{Inputs: []Tensor{holed, late}}},
		{`{"instances":[[1,2],["p",true]]}`, PredictRequest{}},
		{`{"instances":[{"a":1,"b":"p"},{"b":"q","a":3}]}`, PredictRequest{Inputs: named}},
		{`{"instances":[{"a":[1,3],"b":["p","q"]}]}`, PredictRequest{Inputs: named}},
		{`{"instances":[[{"a":1,"b":"p"},{"b":"q","a":3}]]}`, PredictRequest{Inputs: named}},
		{`{"inputs":[{"a":{"0":1,"1":3},"b":{"0":"p","1":"q"}}]}`, PredictRequest{Inputs: named, Columns: true}},
		{`{"inputs":{"a":[[1],[3]],"b":["p","q"]}}`, PredictRequest{Inputs: named, Columns: true}},
		{`{"instances":[[1.5,null]]}`, PredictRequest{Inputs: []Tensor{NewTensor("", FP64, []int64{1, 2}, []float64{1.5, math.NaN()})}}},
		{`{"instances":[[true,false]]}`, PredictRequest{Inputs: []Tensor{NewTensor("", FP64, []int64{1, 2}, []float64{1, 0})}}},
	}
	for _, test := range tests {
		got, err := DecodeRowsRequest([]byte(test.body), true)
		if test.want.Inputs == nil {
			if err == nil || !strings.Contains(err.Error(), "instances[1][0]: expected a number, as in the rows before, given the text \"p\"") {
				t.Errorf("%s: %v", test.body, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		if diff := cmp.Diff(&test.want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s:\n%s", test.body, diff)
		}
	}
}

func TestWrongRowsAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct{ body, want string }{
		{`{}`, `neither "instances" nor "inputs"`},
		{`{"instances":[]}`, "instances: the array is empty"},
		{`{"instances":5}`, "instances: expected an array with one element a row, given 5"},
		{`{"instances":[[1,2],[3]]}`, "instances[1]: the row has 1 values, and those before it have 2"},
		{`{"instances":[[1,2],[3,4,5]]}`, "instances[1]: the row has 3 values, and those before it have 2"},
		{`{"instances":[[1,"x"]]}`, `instances[0][1]: expected a number, given the text "x"`},
		{`{"instances":[[1,[2]]]}`, "instances[0][1]: expected a number or a text, given [2"},
		{`{"instances":[[1,NaN]]}`, "instances[0][1]: expected a number, given NaN"},
		{`{"instances":[{"a":1},{"b":1}]}`, `instances[1]: feature "b" is not in the rows before, which have "a"`},
		{`{"instances":[{"a":1,"b":2},{"b":1}]}`, `instances[1]: feature "a" is missing; the rows before have "a", "b"`},
		{`{"instances":[{"a":1,"a":2}]}`, `instances[0]: feature "a" is given twice`},
		{`{"instances":[{"a":[1,2],"b":[2]}]}`, `instances[0]: feature "b" has 1 values, and those before it have 2`},
		{`{"instances":[{"a":"x"}]}`, `instances[0].a: expected a number, given the text "x"`},
		{`{"instances":[{"a":1},[1]]}`, "instances[1]: expected an object of feature names, as before"},
		{`{"instances":[[1],{"a":1}]}`, "instances[1]: expected a row of values without names, as before"},
		{`{"instances":[[1]],"inputs":[[1]]}`, `both "instances" and "inputs"`},
		{`{"instances":[[1]`, "not valid JSON"},
	}
	for _, test := range tests {
		if _, err := DecodeRowsRequest([]byte(test.body), false); err == nil || !strings.Contains(err.Error(), test.want) || !IsRequestFault(err) {
			t.Errorf("%s: got %v, want %s", test.body, err, test.want)
		}
	}
}

// Whatever a body holds, every tensor that comes out is whole.
func FuzzDecodeRowsRequest(f *testing.F) {
	for _, seed := range []string{`{"instances":[[1,null],["a",2]]}`, `{"instances":[{"a":[1,2],"b":{"0":"x","1":null}}],"outputs":["y"]}`, `{"inputs":{"a":[[1]],"b":[true]}}`, `{"instances":[[],[]]}`, `{"instances":[[{"a":1}],[{"a":2}]]}`} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, texts bool) {
		var req *PredictRequest
		var err error
		bodyMemory().Run(t, len(body), func() { req, err = DecodeRowsRequest(body, texts) })
		if err != nil {
			if !IsRequestFault(err) {
				t.Fatal(err)
			}
			return
		}
		for _, tensor := range req.Inputs {
			if err := tensor.Check(); err != nil {
				t.Fatal(err)
			}
			if tensor.Missing != nil && len(tensor.Missing) != len(tensor.Strings) {
				t.Fatal("marks and texts differ in number")
			}
			if tensor.Datatype == Bytes && !texts {
				t.Fatal("a text came out")
			}
		}
	})
}

func TestNullsAreMissingValuesWhereTheModelKnowsThem(t *testing.T) {
	t.Parallel()
	body := []byte(`{"inputs":[{"name":"a","datatype":"FP32","shape":[2],"data":[1,null]},{"data":["x",null],"name":"b","datatype":"BYTES","shape":[2,1]}]}`)
	req, err := DecodeInferRequestWithNulls(body, -1)
	if err != nil {
		t.Fatal(err)
	}
	if v := Elements[float32](req.Inputs[0]); v[0] != 1 || v[1] == v[1] {
		t.Error(v)
	}
	if diff := cmp.Diff([]bool{false, true}, req.Inputs[1].Missing); diff != "" {
		t.Error(diff)
	}
	if _, err := DecodeInferRequest(body, -1); err == nil || !strings.Contains(err.Error(), `expected FP32, given null`) {
		t.Error(err)
	}
}
