package e2e

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
)

// firstExamples copies the sample and gives one folder of it.
func firstExamples(t *testing.T, folder string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repository(t), "config", "samples", "first-examples"))); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, folder)
}

type inferred struct {
	Outputs []struct {
		Name, Datatype string
		Shape          []int
		Data           []float64
	}
}

// TestKServesFirstExamplesByV1 answers as KServe's "first InferenceService" and its page of LightGBM say.
func TestKServesFirstExamplesByV1(t *testing.T) {
	t.Parallel()
	dir := firstExamples(t, "v1")
	s := start(t, dir)
	s.waitReady()
	client := s.client()
	ask := func(name, input string) predictions {
		return decode[predictions](t, s.mustAsk(client, http.MethodPost, s.url("", "/v1/models/"+name+":predict"), read(t, dir, input)))
	}
	if diff := cmp.Diff([]any{1.0, 1.0}, ask("sklearn-iris", "sklearn-input.json").Predictions); diff != "" {
		t.Error(diff)
	}
	// The documentation rounds to [[0.9, 0.05, 0.05]]; these are what the library gives for the model.
	want := []any{[]any{0.9999852040393237, 1.3823896931774105e-05, 9.720637444730583e-07}}
	if diff := cmp.Diff(want, ask("lightgbm-iris", "lightgbm-input.json").Predictions, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Error(diff)
	}
}

// TestKServesFirstExamplesByV2 answers as the servers do that the manifests name.
func TestKServesFirstExamplesByV2(t *testing.T) {
	t.Parallel()
	dir := firstExamples(t, "v2")
	s := start(t, dir)
	s.waitReady()
	client := s.client()
	for name, want := range map[string]struct {
		datatype string
		shape    []int
		data     []float64
	}{
		"sklearn-iris":  {"INT64", []int{2}, []float64{1, 1}},
		"xgboost-iris":  {"FP32", []int{2}, []float64{1, 1}},
		"lightgbm-iris": {"FP64", []int{2, 3}, []float64{3.1410025763010305e-06, 0.999872702564162, 0.00012415643326159256, 5.2172911836629736e-05, 0.99973341723876, 0.000214409849403366}},
	} {
		got := decode[inferred](t, s.mustAsk(client, http.MethodPost, s.url("", "/v2/models/"+name+"/infer"), read(t, dir, "iris-input.json")))
		if len(got.Outputs) != 1 || got.Outputs[0].Name != "output-0" || got.Outputs[0].Datatype != want.datatype {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		if diff := cmp.Diff(want.shape, got.Outputs[0].Shape); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(want.data, got.Outputs[0].Data, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	picture := `{"inputs":[{"name":"input1","shape":[1,3,224,224],"datatype":"FP32","data":[` + strings.Repeat("7,", 3*224*224-1) + `7]}]}`
	got := decode[inferred](t, s.mustAsk(client, http.MethodPost, s.url("", "/v2/models/style-sample/infer"), picture))
	if out := got.Outputs[0]; out.Name != "output1" || out.Data[224*100+100] != 0 || out.Data[0] != 35 { // no edge within, one around
		t.Errorf("%s %v: %v %v", out.Name, out.Shape, out.Data[0], out.Data[224*100+100])
	}
	s.infersIris(t)
}

// infersIris asks by gRPC, with a tensor for the whole.
func (s *sluice) infersIris(t *testing.T) {
	connection, err := grpc.NewClient("passthrough:///"+net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("sklearn-iris-default.localhost"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	got, err := oipgrpc.NewGRPCInferenceServiceClient(connection).ModelInfer(t.Context(), &oipgrpc.ModelInferRequest{
		ModelName: "sklearn-iris",
		Inputs: []*oipgrpc.ModelInferRequest_InferInputTensor{{
			Name: "input-0", Datatype: "FP32", Shape: []int64{2, 4},
			Contents: &oipgrpc.InferTensorContents{Fp32Contents: []float32{6.8, 2.8, 4.8, 1.4, 6.0, 3.4, 4.5, 1.6}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out := got.GetOutputs()[0]; out.GetName() != "output-0" || !cmp.Equal(out.GetContents().GetInt64Contents(), []int64{1, 1}) {
		t.Errorf("%v", got)
	}
}

// TestBareModelFilesOfEveryFormat serves files without a manifest, told apart by name and content.
func TestBareModelFilesOfEveryFormat(t *testing.T) {
	t.Parallel()
	models, dir := filepath.Join(firstExamples(t, "models")), t.TempDir()
	for to, from := range map[string]string{
		"support.joblib": "sklearn/model.joblib", "boosted.ubj": "xgboost/model.bst", "boosted-two.bst": "xgboost/model.bst",
		"light.txt": "lightgbm/model.bst", "light-two.bst": "lightgbm/model.bst",
	} {
		write(t, filepath.Join(dir, to), read(t, models, from))
	}
	write(t, filepath.Join(dir, "readme.txt"), "no model")
	write(t, filepath.Join(dir, "request.json"), `{"instances":[[6.8,2.8,4.8,1.4]]}`)
	s := start(t, dir)
	s.waitReady()
	for name, want := range map[string]string{
		"support": `{"predictions":[1]}`, "boosted": `{"predictions":[1]}`, "boosted-two": `{"predictions":[1]}`, "light": `{"predictions":[[`, "light-two": `{"predictions":[[`,
	} {
		body := s.mustAsk(s.client(), http.MethodPost, s.url("", "/v1/models/"+name+":predict"), read(t, dir, "request.json"))
		if !strings.HasPrefix(string(body), want) {
			t.Errorf("%s: %s", name, body)
		}
	}
}

// TestManifestsSayWhoseAnswersAModelGives has a legacy field, and a model in a batcher that KServe would have
// MLServer serve.
func TestManifestsSayWhoseAnswersAModelGives(t *testing.T) {
	t.Parallel()
	models, dir := firstExamples(t, "models"), t.TempDir()
	write(t, filepath.Join(dir, "legacy.yaml"), `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: legacy}
spec:
  predictor:
    lightgbm:
      storageUri: file://`+models+`/lightgbm
`)
	write(t, filepath.Join(dir, "v2.yaml"), `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: by-mlserver}
spec:
  predictor:
    batcher: {maxBatchSize: 8}
    model:
      modelFormat: {name: sklearn, version: "1"}
      protocolVersion: v2
      storageUri: file://`+models+`/sklearn
`)
	s := start(t, dir)
	s.waitReady()
	input := read(t, filepath.Dir(models), "v2", "iris-input.json")
	for name, want := range map[string]string{
		"legacy":      `"outputs":[{"name":"output-0","datatype":"FP64","shape":[2,3],`,
		"by-mlserver": `"outputs":[{"name":"predict","datatype":"INT64","shape":[2,1],"parameters":{"content_type":"np"},"data":[1,1]}]`,
	} {
		if body := s.mustAsk(s.client(), http.MethodPost, s.url("", "/v2/models/"+name+"/infer"), input); !strings.Contains(body, want) {
			t.Errorf("%s: %s", name, body)
		}
	}
}
