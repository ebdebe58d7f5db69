package server_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sluice-serving/sluice/api/oip"
	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/onnx"
	"github.com/sluice-serving/sluice/runtime/repository"
	"github.com/sluice-serving/sluice/runtime/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a server on loopback ports of its own, and a client of it.
type running struct {
	*server.Server
	client http.Client
	stop   context.CancelFunc
	ended  chan error // what Run gave
}

// run serves models; opener gives what opens each.
func run(t *testing.T, options server.Options, modelOptions model.Options, openers map[string]model.Opener) *running {
	t.Helper()
	options.Address, options.Version = "127.0.0.1", "test"
	options.Logger, options.Registry = slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	metrics := server.NewMetrics(options.Registry)
	modelOptions.Observer = metrics
	var models []*model.Model
	for name, opener := range openers {
		models = append(models, model.New(name, "1", "test", opener, modelOptions))
	}
	s, err := server.New(options, repository.New(models...), metrics)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{Server: s, stop: stop, ended: make(chan error, 1), client: http.Client{Transport: &http.Transport{}}}
	go func() {
		r.ended <- s.Run(ctx)
		close(r.ended)
	}()
	t.Cleanup(func() {
		stop()
		r.client.CloseIdleConnections()
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
	return r
}

// serveONNX serves models of runtime/onnx's testdata, and waits until they are ready.
func serveONNX(t *testing.T, options server.Options, names ...string) *running {
	t.Helper()
	engine, err := onnx.Start(onnx.Options{Threads: 1})
	if err != nil {
		t.Fatalf("%v\n(these tests need onnxruntime: run `make deps`)", err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	openers := map[string]model.Opener{}
	for _, name := range names {
		openers[name] = engine.Opener(filepath.Join("..", "onnx", "testdata", name+".onnx"))
	}
	r := run(t, options, model.Options{}, openers)
	r.waitReady(t)
	return r
}

func (r *running) waitReady(t *testing.T) {
	t.Helper()
	eventually(t, "the server is ready", func() bool {
		status, _ := r.get(t, "/v2/health/ready")
		return status == http.StatusOK
	})
}

// eventually polls, for what can only be seen from outside.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	return r.do(t, http.MethodGet, path, "", nil)
}

func (r *running) post(t *testing.T, path, body string) (int, string) {
	t.Helper()
	return r.do(t, http.MethodPost, path, body, nil)
}

func (r *running) do(t *testing.T, method, path, body string, header http.Header) (int, string) {
	t.Helper()
	status, answer, _ := r.exchange(t, method, path, []byte(body), header)
	return status, strings.TrimSpace(string(answer))
}

func (r *running) exchange(t *testing.T, method, path string, body []byte, header http.Header) (int, []byte, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.HTTPAddress()+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer, resp.Header
}

func (r *running) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(r.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (r *running) grpc(t *testing.T) oipgrpc.GRPCInferenceServiceClient {
	t.Helper()
	return oipgrpc.NewGRPCInferenceServiceClient(r.dial(t))
}

// gate is a model that takes a number and answers it when it is let through.
type gate struct {
	entered chan struct{}
	open    chan struct{}
}

var _ model.Predictor = (*gate)(nil)

func newGate() *gate { return &gate{entered: make(chan struct{}, 100), open: make(chan struct{})} }

func (g *gate) opener() model.Opener {
	return func(context.Context) (model.Predictor, error) { return g, nil }
}

// Signature leaves the rank open, so that nothing warms the gate up.
func (g *gate) Signature() model.Signature {
	spec := oip.TensorSpec{Name: "x", Datatype: oip.FP32, Shape: []int64{-1}, AnyRank: true}
	return model.Signature{Inputs: []oip.TensorSpec{spec}, Outputs: []oip.TensorSpec{spec}}
}

func (g *gate) Predict(ctx context.Context, inputs []oip.Tensor) ([]oip.Tensor, error) {
	g.entered <- struct{}{}
	select {
	case <-g.open:
		return inputs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *gate) Close() error { return nil }
