package server_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/server"
)

const irisV1 = `{"instances":[[5.1,3.5,1.4,0.2],[6.7,3,5.2,2.3]]}`

func TestHTTPAnswersAsTheProtocolsSay(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{}, "iris", "multi", "scalar")
	tests := []struct {
		method, path, body string
		status             int
		want               string // the answer starts so
	}{
		{"GET", "/", "", 200, `{"status":"alive"}`},
		{"GET", "/v2", "", 200, `{"name":"sluice","version":"test","extensions":["binary_tensor_data","model_repository"]}`},
		{"GET", "/v2/", "", 200, `{"name":"sluice"`},
		{"GET", "/v2/health/live", "", 200, `{"live":true}`},
		{"HEAD", "/v2/health/live", "", 200, ``},
		{"GET", "/v2/health/ready", "", 200, `{"ready":true}`},
		{"GET", "/v2/models", "", 200, `{"models":["iris","multi","scalar"]}`},
		{"GET", "/v2/models/iris", "", 200, `{"name":"iris","versions":["1"],"platform":"test","inputs":[{"name":"X","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"label","datatype":"INT64","shape":[-1]},{"name":"probabilities","datatype":"FP32","shape":[-1,3]}]}`},
		{"GET", "/v2/models/scalar", "", 200, `{"name":"scalar","versions":["1"],"platform":"test","inputs":[{"name":"x","datatype":"FP32","shape":[]}]`},
		{"GET", "/v2/models/iris/versions/1", "", 200, `{"name":"iris"`},
		{"GET", "/v2/models/iris/ready", "", 200, `{"name":"iris","ready":true}`},
		{"GET", "/v2/models/iris/versions/1/ready", "", 200, `{"name":"iris","ready":true}`},
		{"GET", "/v2/models/iris/versions/2/ready", "", 404, `{"error":"model \"iris\" has no version \"2\"; it has 1"}`},
		{"GET", "/v2/models/rose", "", 404, `{"error":"there is no model \"rose\"; there is iris, multi, scalar"}`},
		{"POST", "/v2/models/rose/infer", "{}", 404, `{"error":"there is no model \"rose\"`},
		{"POST", "/v2/models/iris/infer", `{"id":"7","inputs":[{"name":"X","datatype":"FP32","shape":[1,4],"data":[5.1,3.5,1.4,0.2]}],"outputs":[{"name":"label"}]}`, 200,
			`{"model_name":"iris","model_version":"1","id":"7","outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[0]}]}`},
		{"POST", "/v2/models/iris/versions/1/infer", `{"inputs":[{"name":"X","datatype":"FP32","shape":[0,4],"data":[]}],"outputs":[{"name":"label"}]}`, 200,
			`{"model_name":"iris","model_version":"1","outputs":[{"name":"label","datatype":"INT64","shape":[0],"data":[]}]}`},
		{"POST", "/v2/models/iris/infer", `{"inputs":[{"name":"X","datatype":"FP32","shape":[1,3],"data":[1,2,3]}]}`, 400, `{"error":"tensor \"X\": expected shape [-1,4], given [1,3]"}`},
		{"POST", "/v2/models/iris/infer", `{"inputs":[{"name":"X","datatype":"FP32","shape":[1,4],"data":[1,2,3,NaN]}]}`, 400, `{"error":"tensor \"X\": element 3: expected FP32, given NaN`},
		{"POST", "/v2/models/iris/infer", `{`, 400, `{"error":"the body is not valid JSON: unexpected end`},
		{"POST", "/v2/models/multi/infer", `{"inputs":[{"name":"values","datatype":"FP32","shape":[2,3],"data":[1,2,3,4,5,6]},{"name":"limit","datatype":"FP32","shape":[3],"data":[1,2,3]},{"name":"name","datatype":"BYTES","shape":[1],"data":["p"]}]}`, 400,
			`{"error":"the model can't compute these inputs: `},
		{"GET", "/v2/models/iris/infer", "", 405, `{"error":"/v2/models/iris/infer is answered to POST, not to GET"}`},
		{"POST", "/v2/models/iris", "{}", 405, `{"error":"/v2/models/iris describes the model and is answered to GET; inference is POST /v2/models/iris/infer"}`},
		{"DELETE", "/v2/models/iris", "", 405, `{"error":"/v2/models/iris is answered to GET, not to DELETE"}`},
		{"POST", "/v2/models/iris:predict", irisV1, 404, `{"error":"/v2/models/iris:predict mixes two protocols: V1 is POST /v1/models/iris:predict, V2 is POST /v2/models/iris/infer"}`},
		{"POST", "/v2/repository/index", "", 200, `[{"name":"iris","version":"1","state":"READY","reason":""}`},
		{"POST", "/v2/repository/models/iris/unload", "", 403, `{"error":"models can't be loaded and unloaded by request`},
		{"GET", "/v1/models", "", 200, `{"models":["iris","multi","scalar"]}`},
		{"GET", "/v1/models/iris", "", 200, `{"name":"iris","ready":true}`},
		{"GET", "/v1/models/rose", "", 404, `{"error":"there is no model`},
		{"POST", "/v1/models/iris:predict", irisV1, 200, `{"predictions":[0,2]}`},
		{"POST", "/v1/models/iris:predict", `{"inputs":{"X":[[5.1,3.5,1.4,0.2]]},"outputs":["label","probabilities"]}`, 200, `{"predictions":{"label":[0],"probabilities":[[0.98`},
		{"POST", "/v1/models/iris:predict", `{"instances":[[5.1,3.5,1.4,0.2]],"outputs":["probability"]}`, 400, `{"error":"tensor \"probability\": the model has no such output; its outputs are \"label\"`},
		{"POST", "/v1/models/iris:predict", `{"instances":[[1,2],[3]]}`, 400, `{"error":"tensor \"X\": the array is ragged`},
		{"POST", "/v1/models/multi:predict", `{"instances":[{"values":[1,2,3],"limit":5,"name":"p"}],"outputs":["total","over","echo"]}`, 200, `{"predictions":[{"total":6,"over":true,"echo":"p"}]}`},
		{"POST", "/v1/models/scalar:predict", `{"inputs":41}`, 200, `{"predictions":42}`},
		{"GET", "/v1/models/iris:predict", "", 405, `{"error":"/v1/models/iris:predict is answered to POST, not to GET"}`},
		{"POST", "/v1/models/iris:explain", irisV1, 404, `{"error":"this is a model, not an explainer`},
		{"POST", "/v1/models/iris:fly", irisV1, 404, `{"error":"nothing is served at /v1/models/iris:fly`},
		{"GET", "/nowhere", "", 404, `{"error":"nothing is served at /nowhere`},
	}
	for _, test := range tests {
		status, answer, header := r.exchange(t, test.method, test.path, []byte(test.body), nil)
		if status != test.status || !strings.HasPrefix(string(answer), test.want) {
			t.Errorf("%s %s %s:\n got %d %s\nwant %d %s", test.method, test.path, test.body, status, answer, test.status, test.want)
		}
		if got := header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s %s: content type %q", test.method, test.path, got)
		}
	}
}

func TestBinaryTensorsGoThere(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{}, "strings", "half")
	header := `{"inputs":[{"name":"x","datatype":"FP16","shape":[1,2],"parameters":{"binary_data_size":4}}],"parameters":{"binary_data_output":true}}`
	status, answer, got := r.exchange(t, "POST", "/v2/models/half/infer", append([]byte(header), 0, 0x3c, 0, 0x7c), http.Header{oip.HeaderContentLength: {strconv.Itoa(len(header))}})
	length, err := strconv.Atoi(got.Get(oip.HeaderContentLength))
	if status != 200 || err != nil || got.Get("Content-Type") != "application/octet-stream" || !bytes.Equal(answer[length:], []byte{0, 0x3c, 0, 0x7c}) {
		t.Fatalf("%d %q %v", status, answer, got)
	}
	for value, want := range map[string]string{"x": "expected the number of bytes of JSON", "-1": "expected the number", "99999": "is more than the body's"} {
		status, answer := r.do(t, "POST", "/v2/models/half/infer", header, http.Header{oip.HeaderContentLength: {value}})
		if status != 400 || !strings.Contains(answer, want) {
			t.Errorf("header length %s: %d %s", value, status, answer)
		}
	}
	// Bytes that are no text can only be answered as binary data.
	body := `{"inputs":[{"name":"x","datatype":"BYTES","shape":[1,1],"data":[{"b64":"/w=="}]}]}`
	if status, answer := r.post(t, "/v2/models/strings/infer", body); status != 400 || !strings.Contains(answer, "binary_data") {
		t.Errorf("%d %s", status, answer)
	}
}

func TestCompressedBodiesAreReadWithinTheBound(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{MaxBody: 1000}, "iris")
	squeeze := func(encoding, body string) string {
		var out bytes.Buffer
		var w io.WriteCloser = gzip.NewWriter(&out)
		if encoding == "deflate" {
			w = zlib.NewWriter(&out)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	bomb := irisV1 + strings.Repeat(" ", 100_000)
	for _, encoding := range []string{"gzip", "deflate"} {
		header := http.Header{"Content-Encoding": {encoding}}
		if status, answer := r.do(t, "POST", "/v1/models/iris:predict", squeeze(encoding, irisV1), header); status != 200 {
			t.Errorf("%s: %d %s", encoding, status, answer)
		}
		if status, answer := r.do(t, "POST", "/v1/models/iris:predict", squeeze(encoding, bomb), header); status != 413 || !strings.Contains(answer, "more than 1000 bytes once decompressed") {
			t.Errorf("%s bomb: %d %s", encoding, status, answer)
		}
		if status, answer := r.do(t, "POST", "/v1/models/iris:predict", "plain", header); status != 400 || !strings.Contains(answer, "the body can't be read") {
			t.Errorf("%s that is none: %d %s", encoding, status, answer)
		}
	}
	if status, answer := r.do(t, "POST", "/v1/models/iris:predict", irisV1, http.Header{"Content-Encoding": {"br"}}); status != 415 {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := r.post(t, "/v1/models/iris:predict", bomb); status != 413 || !strings.HasPrefix(answer, `{"error":"the body has 100049 bytes, and at most 1000 are taken: send fewer rows at once, or start the server with a larger --max-body"}`) {
		t.Errorf("too large: %d %s", status, answer)
	}
	// Without a length it is found while reading.
	resp, err := r.client.Post("http://"+r.HTTPAddress()+"/v1/models/iris:predict", "application/json", io.MultiReader(strings.NewReader(bomb)))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if closing := resp.Body.Close(); err != nil || closing != nil || resp.StatusCode != 413 || !strings.Contains(string(answer), "more than 1000 bytes, and at most 1000") {
		t.Errorf("too large in chunks: %d %s %v %v", resp.StatusCode, answer, err, closing)
	}
}

func TestMetricsCountByModelProtocolAndCode(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{}, "iris")
	r.post(t, "/v1/models/iris:predict", irisV1)
	r.post(t, "/v1/models/iris:predict", "{}")
	r.post(t, "/v2/models/made-up-by-a-client/infer", "{}")
	_, metrics := r.get(t, "/metrics")
	for _, want := range []string{
		`sluice_runtime_requests_total{code="200",model="iris",protocol="v1"} 1`,
		`sluice_runtime_requests_total{code="400",model="iris",protocol="v1"} 1`,
		`sluice_runtime_requests_total{code="404",model="",protocol="v2"} 1`,
		`sluice_runtime_request_duration_seconds_count{model="iris",protocol="v1"} 2`,
		`request_predict_seconds_count{model_name="iris"} 1`,
		`sluice_runtime_requests_in_flight{model="iris"} 0`,
		`sluice_runtime_batch_rows_sum{model="iris"} 2`,
		`sluice_runtime_model_load_seconds{model="iris"}`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(metrics, "made-up") {
		t.Error("a client made up a label")
	}
}

func TestModelsAreLoadedAndUnloadedByRequestIfAllowed(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{RepositoryAPI: true}, "iris")
	for _, step := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/v2/repository/models/iris/unload", 200}, {"GET", "/v2/models/iris/ready", 503}, {"POST", "/v1/models/iris:predict", 503}, {"GET", "/v2/health/ready", 200},
		{"POST", "/v2/repository/models/iris/load", 200}, {"GET", "/v2/models/iris/ready", 200}, {"POST", "/v2/repository/models/rose/load", 404},
	} {
		if status, answer := r.do(t, step.method, step.path, "", nil); status != step.status {
			t.Errorf("%s: %d %s, want %d", step.path, status, answer, step.status)
		}
	}
}
