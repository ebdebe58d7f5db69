package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
)

// TestQuickstart is `make run` as a newcomer sees it: every service of the sample answers by every way that
// the README names. The parts share one sluice, since they change nothing.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()

	t.Run("prints a table and commands", func(t *testing.T) { s.printsTable(t) })
	t.Run("V1 by host and by name", func(t *testing.T) { s.answersV1(t, dir) })
	t.Run("V2 by host and by name", func(t *testing.T) { s.answersV2(t, dir) })
	t.Run("health and metadata", s.answersHealth)
	t.Run("gRPC by authority", s.answersGRPC)
	t.Run("unknown models and hosts", s.refusesUnknown)
	t.Run("wrong tensors", s.refusesWrongTensors)
	t.Run("canary split", func(t *testing.T) { s.splits(t, dir) })
	t.Run("Python clients", func(t *testing.T) { s.servesPython(t, dir) })
	t.Run("curl", func(t *testing.T) { s.servesCurl(t, dir) })
}

func (s *sluice) printsTable(t *testing.T) {
	eventually(t, startTimeout, "the table", func() error {
		for _, want := range []string{"iris-default.localhost", "digits-default.localhost", "sentiment", "iris-canary", "onnx", "Try it:", "curl "} {
			if !strings.Contains(s.output.String(), want) {
				return fmt.Errorf("%q isn't in what sluice printed", want)
			}
		}
		return nil
	})
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

type predictions struct {
	Predictions []any `json:"predictions"`
}

func (s *sluice) answersV1(t *testing.T, dir string) {
	client := s.client()
	for _, name := range []string{"iris", "digits", "iris-canary", "sentiment"} {
		input := "iris-input.json"
		if name == "digits" || name == "sentiment" {
			input = name + "-input.json"
		}
		for _, url := range []string{s.url(name, "/v1/models/"+name+":predict"), s.url("", "/v1/models/"+name+":predict")} {
			body := s.mustAsk(client, http.MethodPost, url, read(t, dir, input))
			if got := decode[predictions](t, body); len(got.Predictions) != 2 {
				t.Errorf("%s: %d predictions, want 2: %s", url, len(got.Predictions), body)
			}
		}
	}
}

// tensors is a V2 answer.
type tensors struct {
	ModelName string `json:"model_name"`
	Outputs   []struct {
		Name     string  `json:"name"`
		Datatype string  `json:"datatype"`
		Shape    []int64 `json:"shape"`
		Data     []any   `json:"data"`
	} `json:"outputs"`
}

func (s *sluice) answersV2(t *testing.T, dir string) {
	client := s.client()
	for _, name := range []string{"iris", "digits"} {
		for _, url := range []string{s.url(name, "/v2/models/"+name+"/infer"), s.url("", "/v2/models/"+name+"/infer")} {
			body := s.mustAsk(client, http.MethodPost, url, read(t, dir, name+"-input-v2.json"))
			got := decode[tensors](t, body)
			if got.ModelName != name || len(got.Outputs) == 0 || got.Outputs[0].Shape[0] != 2 {
				t.Errorf("%s: %s", url, body)
			}
		}
	}
}

func (s *sluice) answersHealth(t *testing.T) {
	client := s.client()
	for _, path := range []string{"/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/iris", "/v2/models/iris/ready", "/v1/models/iris"} {
		s.mustAsk(client, http.MethodGet, s.url("iris", path), "")
		s.mustAsk(client, http.MethodGet, s.url("", path), "")
	}
	metadata := decode[struct {
		Name   string `json:"name"`
		Inputs []struct {
			Datatype string  `json:"datatype"`
			Shape    []int64 `json:"shape"`
		} `json:"inputs"`
	}](t, s.mustAsk(client, http.MethodGet, s.url("", "/v2/models/iris"), ""))
	if metadata.Name != "iris" || len(metadata.Inputs) != 1 || metadata.Inputs[0].Datatype != "FP32" {
		t.Errorf("metadata of iris: %+v", metadata)
	}
	s.mustAsk(client, http.MethodGet, fmt.Sprintf("http://IRIS-Default.LocalHost:%d/v2/models/iris", s.port), "")
}

func (s *sluice) answersGRPC(t *testing.T) {
	connection, err := grpc.NewClient("passthrough:///"+net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("iris-default.localhost"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client := oipgrpc.NewGRPCInferenceServiceClient(connection)
	if live, err := client.ServerLive(ctx, &oipgrpc.ServerLiveRequest{}); err != nil || !live.GetLive() {
		t.Errorf("ServerLive: %v %v", live, err)
	}
	response, err := client.ModelInfer(ctx, &oipgrpc.ModelInferRequest{
		ModelName: "iris",
		Inputs: []*oipgrpc.ModelInferRequest_InferInputTensor{{
			Name: "input-0", Datatype: "FP32", Shape: []int64{1, 4},
			Contents: &oipgrpc.InferTensorContents{Fp32Contents: []float32{6.8, 2.8, 4.8, 1.4}},
		}},
	})
	if err != nil {
		t.Fatalf("ModelInfer: %v", err)
	}
	if response.GetModelName() != "iris" || len(response.GetOutputs()) == 0 {
		t.Errorf("ModelInfer: %v", response)
	}
}

func (s *sluice) refusesUnknown(t *testing.T) {
	client := s.client()
	for url, status := range map[string]int{
		s.url("", "/v2/models/nobody/infer"):                       http.StatusNotFound,
		s.url("iris", "/v2/models/digits"):                         http.StatusNotFound,
		fmt.Sprintf("http://elsewhere.example:%d/nowhere", s.port): http.StatusNotFound,
	} {
		got, err := ask(client, http.MethodGet, url, "")
		if err != nil {
			t.Fatal(err)
		}
		if got.status != status || !strings.Contains(got.body, `"error"`) {
			t.Errorf("%s: %d %s, want %d and an error", url, got.status, got.body, status)
		}
	}
}

func (s *sluice) refusesWrongTensors(t *testing.T) {
	client := s.client()
	for name, body := range map[string]string{
		"shape":    `{"inputs":[{"name":"input-0","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}`,
		"datatype": `{"inputs":[{"name":"input-0","shape":[1,4],"datatype":"INT64","data":[1,2,3,4]}]}`,
		"name":     `{"inputs":[{"name":"petals","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}`,
		"count":    `{"inputs":[{"name":"input-0","shape":[1,4],"datatype":"FP32","data":[1,2,3]}]}`,
		"syntax":   `{"inputs":[{"name":"input-0"`,
	} {
		got, err := ask(client, http.MethodPost, s.url("iris", "/v2/models/iris/infer"), body)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, `"error"`) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// servesPython runs the Python clients of test/clients.
func (s *sluice) servesPython(t *testing.T, dir string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if named := os.Getenv("SLUICE_CACHE"); named != "" {
		cache = named
	} else {
		cache = filepath.Join(cache, "sluice")
	}
	python := filepath.Join(cache, "python", "clients", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Fatalf("%v; run: make clients", err)
	}
	command := exec.CommandContext(t.Context(), python, filepath.Join(repository(t), "test", "clients", "ask.py"), strconv.Itoa(s.port), dir)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// servesCurl runs curl as the README shows it.
func (s *sluice) servesCurl(t *testing.T, dir string) {
	for _, host := range []string{"iris-default.localhost", "localhost"} {
		url := fmt.Sprintf("http://%s:%d/v1/models/iris:predict", host, s.port)
		command := exec.CommandContext(t.Context(), "curl", "-sS", "--fail-with-body", "--noproxy", "*", url, "-d", "@"+filepath.Join(dir, "iris-input.json"))
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		if got := decode[predictions](t, string(out)); len(got.Predictions) != 2 {
			t.Errorf("%s: %s", command, out)
		}
	}
}
