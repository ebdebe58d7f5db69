package oip

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, body string) *InferRequest {
	t.Helper()
	req, err := DecodeInferRequest([]byte(body), -1)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return req
}

func TestEveryDatatypeIsReadFromJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		datatype Datatype
		data     string
		want     Tensor
	}{
		{Bool, "[true,false,1,0]", NewTensor("x", Bool, []int64{4}, []bool{true, false, true, false})},
		{Uint8, "[0,255,1.0,2e1]", NewTensor("x", Uint8, []int64{4}, []uint8{0, 255, 1, 20})},
		{Uint16, "[0,65535,1,2]", NewTensor("x", Uint16, []int64{4}, []uint16{0, 65535, 1, 2})},
		{Uint32, "[0,4294967295,1,2]", NewTensor("x", Uint32, []int64{4}, []uint32{0, math.MaxUint32, 1, 2})},
		{Uint64, "[0,18446744073709551615,1,2]", NewTensor("x", Uint64, []int64{4}, []uint64{0, math.MaxUint64, 1, 2})},
		{Int8, "[-128,127,-0,2]", NewTensor("x", Int8, []int64{4}, []int8{-128, 127, 0, 2})},
		{Int16, "[-32768,32767,1,2]", NewTensor("x", Int16, []int64{4}, []int16{-32768, 32767, 1, 2})},
		{Int32, "[-2147483648,2147483647,1,2]", NewTensor("x", Int32, []int64{4}, []int32{math.MinInt32, math.MaxInt32, 1, 2})},
		{Int64, "[-9223372036854775808,9223372036854775807,1,2]", NewTensor("x", Int64, []int64{4}, []int64{math.MinInt64, math.MaxInt64, 1, 2})},
		{FP16, "[1.5,-65504,0,1e-9]", NewTensor("x", FP16, []int64{4}, []uint16{0x3e00, 0xfbff, 0, 0})},
		{BF16, "[1.5,-2,0,1]", NewTensor("x", BF16, []int64{4}, []uint16{0x3fc0, 0xc000, 0, 0x3f80})},
		{FP32, "[1.5,-2,0,1e-3]", NewTensor("x", FP32, []int64{4}, []float32{1.5, -2, 0, 1e-3})},
		{FP64, "[1.5,-2,0,1e-300]", NewTensor("x", FP64, []int64{4}, []float64{1.5, -2, 0, 1e-300})},
		{Bytes, `["a","","é\n\u00e9\ud83d\ude00",{"b64":"AP8="}]`, Tensor{Name: "x", Datatype: Bytes, Shape: []int64{4}, Strings: []string{"a", "", "é\né😀", "\x00\xff"}}},
	}
	for _, test := range tests {
		for _, order := range []string{`"datatype":"%d","shape":[4],"data":%v`, `"data":%v,"datatype":"%d","shape":[4]`} {
			fields := strings.NewReplacer("%d", string(test.datatype), "%v", test.data).Replace(order)
			req := decode(t, `{"inputs":[{"name":"x",`+fields+`}]}`)
			if diff := cmp.Diff(test.want, req.Inputs[0]); diff != "" {
				t.Errorf("%s from %s:\n%s", test.datatype, test.data, diff)
			}
		}
	}
}

func TestDataMayBeFlatOrNestedAsTheShape(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ shape, data string }{
		{"[2,2]", "[1,2,3,4]"}, {"[2,2]", "[[1,2],[3,4]]"}, {"[4,1]", "[[1],[2],[3],[4]]"}, {"[1,2,2]", " [ [ [ 1 , 2 ] , [ 3 , 4 ] ] ] "},
		{"[]", "7"}, {"[]", "[7]"}, {"[1]", "7"}, {"[0]", "[]"}, {"[2,0]", "[[],[]]"}, {"[2,0]", "[]"}, {"[2,0,3]", "[[],[]]"},
	} {
		req := decode(t, `{"inputs":[{"name":"x","datatype":"INT64","shape":`+test.shape+`,"data":`+test.data+`}]}`)
		if got := ShapeString(req.Inputs[0].Shape); got != test.shape {
			t.Errorf("%s as %s: shape %s", test.data, test.shape, got)
		}
	}
}

func TestWrongInferRequestsAreNamed(t *testing.T) {
	t.Parallel()
	input := func(fields string) string { return `{"inputs":[{"name":"x",` + fields + `}]}` }
	tests := []struct{ body, want string }{
		{``, "the body is not valid JSON: unexpected end, an object expected at byte 0"},
		{`[]`, `unexpected '[', an object expected at byte 0`},
		{`{}`, `the request has no "inputs"`},
		{`{"inputs":[]} x`, "unexpected 'x', the end expected at byte 14"},
		{`{"inputs":[{}]}`, `inputs[0]: "name" is missing`},
		{`{"inputs":[{"name":"x","shape":[1],"data":[1]}]}`, `inputs[0]: "datatype" is missing`},
		{`{"inputs":[{"name":5}]}`, `inputs[0].name: expected a string, given 5`},
		{input(`"datatype":"FP32","data":[1]`), `inputs[0]: "shape" is missing`},
		{input(`"datatype":"FP32","shape":[1]`), `tensor "x": it has no "data"`},
		{input(`"datatype":"float64","shape":[1],"data":[1]`), `tensor "x": datatype "float64" is not one of the protocol's; did you mean "FP64"?`},
		{input(`"datatype":"FP8","shape":[1],"data":[1]`), `tensor "x": datatype "FP8" is not one of the protocol's: BOOL, UINT8`},
		{input(`"datatype":"FP32","shape":[-1],"data":[1]`), `tensor "x": dimension 0 of the shape is no whole number from 0 up`},
		{input(`"datatype":"FP32","shape":"1","data":[1]`), `tensor "x": expected a shape like [1,4], given "1"`},
		{input(`"datatype":"FP32","shape":[4611686018427387904,4],"data":[1]`), `tensor "x": shape [4611686018427387904,4] has too many elements`},
		{input(`"datatype":"FP32","shape":[1000000000],"data":[1]`), `tensor "x": expected 1000000000 elements for shape [1000000000], given 1 elements`},
		{input(`"datatype":"FP32","shape":[2,2],"data":[[1],[2],[3],[4]]`), `tensor "x": expected 4 elements for shape [2,2], given data nested as [4,1]`},
		{input(`"datatype":"FP32","shape":[2,2],"data":[[1,2],[3]]`), `tensor "x": the array is ragged: expected 2 elements in each array at nesting level 1, as in the first, given 1`},
		{input(`"datatype":"FP32","shape":[2,2],"data":[[1,2],3]`), `tensor "x": the array is ragged: expected an array at nesting level 1, as before, given 3`},
		{input(`"datatype":"FP32","shape":[2],"data":[1,[2]]`), `tensor "x": the array is ragged: expected a FP32 at nesting level 1, as before, given an array`},
		{input(`"datatype":"FP32","shape":[2],"data":[1,NaN]`), `tensor "x": element 1: expected FP32, given NaN (JSON has no such number`},
		{input(`"data":[1,-Infinity],"datatype":"FP32","shape":[2]`), `tensor "x": element 1: expected FP32, given -Infinity`},
		{input(`"datatype":"FP32","shape":[1],"data":[1e39]`), `tensor "x": element 0: expected FP32, given 1e39, which is out of its range`},
		{input(`"datatype":"FP16","shape":[1],"data":[65520]`), `tensor "x": element 0: expected FP16, given 65520, which is out of its range`},
		{input(`"datatype":"FP32","shape":[1],"data":[null]`), `tensor "x": element 0: expected FP32, given null`},
		{input(`"datatype":"FP32","shape":[1],"data":["1"]`), `tensor "x": element 0: expected FP32, given "1"`},
		{input(`"datatype":"FP32","shape":[1],"data":[true]`), `tensor "x": element 0: expected FP32, given true`},
		{input(`"datatype":"INT64","shape":[1],"data":[1.5]`), `tensor "x": element 0: expected INT64, given 1.5`},
		{input(`"datatype":"INT8","shape":[1],"data":[-129]`), `tensor "x": element 0: expected INT8, given -129`},
		{input(`"datatype":"INT64","shape":[1],"data":[9223372036854775808]`), `tensor "x": element 0: expected INT64, given 9223372036854775808`},
		{input(`"datatype":"UINT8","shape":[1],"data":[-1]`), `tensor "x": element 0: expected UINT8, given -1`},
		{input(`"datatype":"UINT64","shape":[1],"data":[18446744073709551616]`), `tensor "x": element 0: expected UINT64, given 18446744073709551616`},
		{input(`"datatype":"BOOL","shape":[1],"data":[2]`), `tensor "x": element 0: expected BOOL, given 2`},
		{input(`"datatype":"BYTES","shape":[1],"data":[1]`), `tensor "x": element 0: expected BYTES, given 1`},
		{input(`"datatype":"BYTES","shape":[1],"data":[{"b64":"%"}]`), `tensor "x": element 0: expected BYTES, given {"b64":"%"`},
		{input(`"datatype":"BYTES","shape":[1],"data":["` + "\xff" + `"]`), "a string that is not UTF-8"},
		{input(`"datatype":"FP32","shape":[1],"data":[1],"parameters":{"shared_memory_region":"r"}`), `tensor "x": parameter "shared_memory_region" is not supported`},
		{input(`"datatype":"FP32","shape":[1],"data":[1],"parameters":{"a":[]}`), `parameters.a: a parameter is a string, a number or a boolean`},
		{input(`"datatype":"FP32","shape":[1],"data":` + strings.Repeat("[", 1000)), "values nested deeper than 128"},
		{`{"parameters":` + strings.Repeat(`{"a":`, 10), "a parameter is a string"},
		{`{"x":` + strings.Repeat("[", 100000), "values nested deeper than 128"},
		{`{"inputs":[],"parameters":{"sequence_id":3}}`, "sequences are not supported"},
		{`{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]},{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}`, `tensor "x": the input is given twice`},
		{`{"inputs":[],"outputs":[{}]}`, `outputs[0]: "name" is missing`},
	}
	for _, test := range tests {
		_, err := DecodeInferRequest([]byte(test.body), -1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.80s:\n got %v\nwant %s", test.body, err, test.want)
		} else if !IsRequestFault(err) {
			t.Errorf("%.80s: %T is not the client's fault", test.body, err)
		}
	}
}

func TestIDParametersAndOutputsAreRead(t *testing.T) {
	t.Parallel()
	req := decode(t, `{"id":"7","unknown":{"a":[1,{}]},"parameters":{"s":"x","b":true,"n":null,"i":-3,"f":0.5},"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":false}}]}`)
	want := &InferRequest{ID: "7", Parameters: Parameters{"s": "x", "b": true, "i": int64(-3), "f": 0.5},
		Outputs: []RequestedOutput{{Name: "y", Parameters: Parameters{"binary_data": false}}}}
	if diff := cmp.Diff(want, req); diff != "" {
		t.Error(diff)
	}
}

func TestBinaryDataFollowsTheHeader(t *testing.T) {
	t.Parallel()
	header := `{"inputs":[{"name":"a","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}},{"name":"j","datatype":"INT8","shape":[1],"data":[5]},{"name":"s","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":9}}]}`
	a := NewTensor("a", FP32, []int64{2}, []float32{1.5, float32(math.Inf(1))})
	s := Tensor{Name: "s", Datatype: Bytes, Shape: []int64{2}, Strings: []string{"\x00", ""}}
	for pad := range 8 { // wherever the data stands, it comes out aligned
		body := s.AppendRaw(a.AppendRaw([]byte(header + strings.Repeat(" ", pad))))
		req, err := DecodeInferRequest(body, len(header)+pad)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Tensor{a, NewTensor("j", Int8, []int64{1}, []int8{5}), s}, req.Inputs, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Parameters" }, cmp.Ignore())); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWrongBinaryRequestsAreNamed(t *testing.T) {
	t.Parallel()
	one := func(fields, blob string) (string, int) {
		header := `{"inputs":[{"name":"x",` + fields + `}]}`
		return header + blob, len(header)
	}
	tests := []struct{ fields, blob, want string }{
		{`"datatype":"FP32","shape":[1],"parameters":{"binary_data_size":8}`, "1234", "expected binary_data_size of at most the 4 bytes that are left of the body, given 8"},
		{`"datatype":"FP32","shape":[1],"parameters":{"binary_data_size":-1}`, "1234", "given -1"},
		{`"datatype":"FP32","shape":[1],"parameters":{"binary_data_size":"4"}`, "1234", "given 4"},
		{`"datatype":"FP32","shape":[2],"parameters":{"binary_data_size":4}`, "1234", "expected 8 bytes for shape [2] of FP32, given 4 bytes"},
		{`"datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}`, "12345", "1 bytes of binary data that no input claims"},
		{`"datatype":"FP32","shape":[1],"data":[1],"parameters":{"binary_data_size":4}`, "1234", `it has both "data" and the parameter binary_data_size`},
		{`"datatype":"BOOL","shape":[1],"parameters":{"binary_data_size":1}`, "\x02", "element 0: expected BOOL (a byte of 0 or 1), given 2"},
		{`"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":3}`, "123", "element 0 is cut off"},
		{`"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}`, "\xff\xff\xff\xff1", "element 0 is cut off"},
		{`"datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":4}`, "\x00\x00\x00\x00", "expected 2 elements for shape [2], given 1 elements"},
	}
	for _, test := range tests {
		body, length := one(test.fields, test.blob)
		_, err := DecodeInferRequest([]byte(body), length)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s:\n got %v\nwant %s", test.fields, err, test.want)
		}
	}
	if _, err := DecodeInferRequest([]byte("{}"), 3); err == nil || !strings.Contains(err.Error(), "3 is more than the body's 2 bytes") {
		t.Error(err)
	}
}

func TestResponsesAreJSONOrBinary(t *testing.T) {
	t.Parallel()
	resp := &InferResponse{ModelName: "m\"", ModelVersion: "1", ID: "7", Outputs: []Tensor{
		NewTensor("f", FP32, []int64{2, 2}, []float32{0.1, -1e-7, float32(math.NaN()), 1e30}),
		{Name: "s", Datatype: Bytes, Shape: []int64{1}, Strings: []string{"a\"\\\n\x01é"}, Parameters: Parameters{"keys": "x"}},
	}}
	body, length, err := AppendInferResponse(nil, &InferRequest{}, resp)
	want := `{"model_name":"m\"","model_version":"1","id":"7","outputs":[{"name":"f","datatype":"FP32","shape":[2,2],"data":[0.1,-1e-07,null,1e+30]},` +
		`{"name":"s","datatype":"BYTES","shape":[1],"parameters":{"keys":"x"},"data":["a\"\\\n\u0001é"]}]}`
	if err != nil || length != -1 || string(body) != want || !json.Valid(body) {
		t.Errorf("%s %d %v\nwant %s", body, length, err, want)
	}
	req := &InferRequest{Parameters: Parameters{"binary_data_output": true}, Outputs: []RequestedOutput{{Name: "s", Parameters: Parameters{"binary_data": false}}}}
	body, length, err = AppendInferResponse([]byte("kept"), req, resp)
	if err != nil || length < 0 || string(body[:4]) != "kept" || !json.Valid(body[4:4+length]) || len(body) != 4+length+16 {
		t.Errorf("%q %d %v", body, length, err)
	}
	if !strings.Contains(string(body), `"parameters":{"binary_data_size":16}`) || !strings.Contains(string(body), `"data":["a`) {
		t.Errorf("%q", body)
	}
	bad := &InferResponse{Outputs: []Tensor{{Name: "s", Datatype: Bytes, Shape: []int64{1}, Strings: []string{"\xff"}}}}
	if _, _, err := AppendInferResponse(nil, &InferRequest{}, bad); err == nil || !strings.Contains(err.Error(), "no UTF-8 text") {
		t.Error(err)
	}
	if _, _, err := AppendInferResponse(nil, &InferRequest{Parameters: Parameters{"binary_data_output": "yes"}}, resp); err == nil {
		t.Error("a string was taken as a boolean")
	}
}

// What is accepted must be JSON, and must read as encoding/json reads it.
func FuzzInferRequest(f *testing.F) {
	for _, seed := range []string{
		`{"inputs":[{"name":"x","datatype":"FP64","shape":[2],"data":[1,2.5]}]}`,
		`{"inputs":[{"data":[[1],[2]],"name":"x","datatype":"FP64","shape":[2,1]}],"outputs":[{"name":"y"}]}`,
		`{"inputs":[{"data":["a\u00e9",{"b64":"AA=="}],"name":"x","datatype":"BYTES","shape":[2]}],"id":"1"}`,
		`{"inputs":[{"name":"x","datatype":"BOOL","shape":[1],"parameters":{"binary_data_size":1}}]}` + "\x01",
		`{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}}]}` + "\x01\x00\x00\x00a",
	} {
		f.Add([]byte(seed), strings.LastIndexByte(seed, '}')+1)
		f.Add([]byte(seed), -1)
	}
	f.Fuzz(func(t *testing.T, body []byte, header int) {
		var req *InferRequest
		var err error
		bodyMemory().Run(t, len(body), func() { req, err = DecodeInferRequest(body, header) })
		if err != nil {
			if !IsRequestFault(err) {
				t.Fatalf("%T is not the client's fault: %v", err, err)
			}
			return
		}
		document := body
		if header >= 0 {
			document = body[:header]
		}
		if !json.Valid(document) {
			t.Fatalf("not JSON, and taken: %q", document)
		}
		for _, tensor := range req.Inputs {
			if err := tensor.Check(); err != nil {
				t.Fatal(err)
			}
		}
		checkAgainstEncodingJSON(t, document, req)
	})
}

// checkAgainstEncodingJSON compares the FP64 tensors of a request with what
// encoding/json finds.
func checkAgainstEncodingJSON(t *testing.T, document []byte, req *InferRequest) {
	t.Helper()
	var want struct {
		Inputs []struct{ Data any }
	}
	if json.Unmarshal(document, &want) != nil || len(want.Inputs) != len(req.Inputs) || strings.Count(string(document), `"data"`) != len(req.Inputs) {
		return // its field names match without case, so it may see others
	}
	for i, tensor := range req.Inputs {
		if tensor.Datatype != FP64 || want.Inputs[i].Data == nil {
			continue
		}
		if diff := cmp.Diff(flatten(want.Inputs[i].Data), Elements[float64](tensor)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func flatten(value any) []float64 {
	switch v := value.(type) {
	case float64:
		return []float64{v}
	case []any:
		var out []float64
		for _, element := range v {
			out = append(out, flatten(element)...)
		}
		return out
	}
	return nil
}
