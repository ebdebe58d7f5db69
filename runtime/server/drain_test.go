package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/server"
)

const gateBody = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}`

func gateCall() *oipgrpc.ModelInferRequest {
	return &oipgrpc.ModelInferRequest{ModelName: "gate", Inputs: []*oipgrpc.ModelInferRequest_InferInputTensor{{
		Name: "x", Datatype: "FP32", Shape: []int64{1}, Contents: &oipgrpc.InferTensorContents{Fp32Contents: []float32{1}}}}}
}

func TestAStopAnswersWhatIsInFlight(t *testing.T) {
	t.Parallel()
	g := newGate()
	r := run(t, server.Options{}, model.Options{}, map[string]model.Opener{"gate": g.opener()})
	r.waitReady(t)
	client, watcher := r.grpc(t), healthpb.NewHealthClient(r.dial(t))
	// A watch never ends by itself, and must not hold up the stop.
	watch, err := watcher.Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := watch.Recv(); err != nil || first.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Fatal(first, err)
	}
	byHTTP, byGRPC := make(chan int, 1), make(chan error, 1)
	go func() {
		status, _ := r.post(t, "/v2/models/gate/infer", gateBody)
		byHTTP <- status
	}()
	go func() {
		_, err := client.ModelInfer(t.Context(), gateCall())
		byGRPC <- err
	}()
	<-g.entered
	<-g.entered
	r.stop()
	if next, err := watch.Recv(); err != nil || next.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING || r.Ready() {
		t.Error(next, err)
	}
	select {
	case err := <-r.ended:
		t.Fatalf("ended with requests in flight: %v", err)
	default:
	}
	close(g.open)
	if status := <-byHTTP; status != http.StatusOK {
		t.Errorf("HTTP: %d", status)
	}
	if err := <-byGRPC; err != nil {
		t.Errorf("gRPC: %v", err)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

func TestADrainThatTakesTooLongIsCutOff(t *testing.T) {
	t.Parallel()
	g := newGate()
	r := run(t, server.Options{DrainTimeout: 50 * time.Millisecond}, model.Options{}, map[string]model.Opener{"gate": g.opener()})
	r.waitReady(t)
	client := r.grpc(t)
	ended := make(chan error, 1)
	go func() {
		_, err := client.ModelInfer(t.Context(), gateCall())
		ended <- err
	}()
	<-g.entered
	r.stop()
	if err := <-ended; status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

func TestALoadingModelIsLiveAndNotReady(t *testing.T) {
	t.Parallel()
	g, load := newGate(), make(chan struct{})
	r := run(t, server.Options{}, model.Options{}, map[string]model.Opener{"gate": func(context.Context) (model.Predictor, error) {
		<-load
		return g, nil
	}})
	eventually(t, "the model is loading", func() bool {
		_, answer := r.get(t, "/v2/models/gate/ready")
		return strings.Contains(answer, "it is loading")
	})
	for path, want := range map[string]int{"/v2/health/live": 200, "/v2/health/ready": 503, "/v2/models/gate/ready": 503, "/v2/models/gate": 503, "/v1/models/gate": 503} {
		if status, answer := r.get(t, path); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, answer, want)
		}
	}
	if status, answer := r.post(t, "/v1/models/gate:predict", "{}"); status != 503 || answer != `{"error":"model \"gate\" is not ready: it is loading"}` {
		t.Errorf("%d %s", status, answer)
	}
	if _, err := r.grpc(t).ModelInfer(t.Context(), gateCall()); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	close(load)
	r.waitReady(t)
}

func TestAModelThatFailsToLoadEndsTheServer(t *testing.T) {
	t.Parallel()
	r := run(t, server.Options{}, model.Options{}, map[string]model.Opener{"bad": func(context.Context) (model.Predictor, error) { return nil, errors.New("it is cut off") }})
	if err := <-r.ended; err == nil || err.Error() != `model "bad": it is cut off` {
		t.Error(err)
	}
}

func TestAFullQueueRefusesWith429AndAClientThatLeavesMakesRoom(t *testing.T) {
	t.Parallel()
	g := newGate()
	r := run(t, server.Options{}, model.Options{MaxConcurrency: 1}, map[string]model.Opener{"gate": g.opener()})
	r.waitReady(t)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := r.grpc(t).ModelInfer(ctx, gateCall())
		gone <- err
	}()
	<-g.entered
	code, answer, header := r.exchange(t, "POST", "/v2/models/gate/infer", []byte(gateBody), nil)
	if code != http.StatusTooManyRequests || header.Get("Retry-After") == "" || !strings.Contains(string(answer), "overloaded") {
		t.Errorf("%d %s %v", code, answer, header)
	}
	leave()
	if err := <-gone; status.Code(err) != codes.Canceled {
		t.Error(err)
	}
	close(g.open)
	eventually(t, "the next request is served", func() bool {
		status, _ := r.post(t, "/v2/models/gate/infer", gateBody)
		return status == http.StatusOK
	})
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	r := run(t, server.Options{}, model.Options{}, nil)
	_, port, _ := strings.Cut(r.HTTPAddress(), ":")
	taken := 0
	for _, digit := range port {
		taken = taken*10 + int(digit-'0')
	}
	_, err := server.New(server.Options{Address: "127.0.0.1", GRPCPort: taken}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "is taken by another process; choose another by --grpc-port") {
		t.Error(err)
	}
}
