package server_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
	"github.com/sluice-serving/sluice/runtime/server"
)

func irisCall(model string, width int64) *oipgrpc.ModelInferRequest {
	return &oipgrpc.ModelInferRequest{ModelName: model, Id: "7", Inputs: []*oipgrpc.ModelInferRequest_InferInputTensor{{
		Name: "X", Datatype: "FP32", Shape: []int64{1, width}, Contents: &oipgrpc.InferTensorContents{Fp32Contents: []float32{5.1, 3.5, 1.4, 0.2}[:width]},
	}}}
}

func TestGRPCAnswersAsTheProtocolSays(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{}, "iris")
	client, ctx := r.grpc(t), t.Context()
	if live, err := client.ServerLive(ctx, &oipgrpc.ServerLiveRequest{}); err != nil || !live.GetLive() {
		t.Error(live, err)
	}
	if ready, err := client.ServerReady(ctx, &oipgrpc.ServerReadyRequest{}); err != nil || !ready.GetReady() {
		t.Error(ready, err)
	}
	if ready, err := client.ModelReady(ctx, &oipgrpc.ModelReadyRequest{Name: "iris"}); err != nil || !ready.GetReady() {
		t.Error(ready, err)
	}
	if metadata, err := client.ServerMetadata(ctx, &oipgrpc.ServerMetadataRequest{}); err != nil || metadata.GetName() != "sluice" {
		t.Error(metadata, err)
	}
	metadata, err := client.ModelMetadata(ctx, &oipgrpc.ModelMetadataRequest{Name: "iris", Version: "1"})
	if err != nil || metadata.GetInputs()[0].GetDatatype() != "FP32" || len(metadata.GetOutputs()) != 2 || metadata.GetVersions()[0] != "1" {
		t.Error(metadata, err)
	}
	answer, err := client.ModelInfer(ctx, irisCall("iris", 4))
	if err != nil || answer.GetId() != "7" || answer.GetModelVersion() != "1" || answer.GetOutputs()[0].GetContents().GetInt64Contents()[0] != 0 {
		t.Error(answer, err)
	}
	index, err := client.RepositoryIndex(ctx, &oipgrpc.RepositoryIndexRequest{Ready: true})
	if err != nil || len(index.GetModels()) != 1 || index.GetModels()[0].GetState() != "READY" {
		t.Error(index, err)
	}
}

func TestGRPCErrorsHaveTheirCodes(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{MaxBody: 1000}, "iris")
	client, ctx := r.grpc(t), t.Context()
	infer := func(req *oipgrpc.ModelInferRequest) error { _, err := client.ModelInfer(ctx, req); return err }
	_, unload := client.RepositoryModelUnload(ctx, &oipgrpc.RepositoryModelUnloadRequest{ModelName: "iris"})
	_, metadata := client.ModelMetadata(ctx, &oipgrpc.ModelMetadataRequest{Name: "iris", Version: "9"})
	huge := irisCall("iris", 4)
	huge.RawInputContents = [][]byte{make([]byte, 2<<20)}
	for _, test := range []struct {
		name string
		err  error
		want codes.Code
	}{
		{"unknown model", infer(irisCall("rose", 4)), codes.NotFound},
		{"unknown version", metadata, codes.NotFound},
		{"wrong shape", infer(irisCall("iris", 3)), codes.InvalidArgument},
		{"too large", infer(huge), codes.ResourceExhausted},
		{"unload", unload, codes.PermissionDenied},
	} {
		if got := status.Code(test.err); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, test.err, test.want)
		}
	}
	if got := status.Convert(infer(irisCall("iris", 3))).Message(); got != `tensor "X": expected shape [-1,4], given [1,3]` {
		t.Error(got)
	}
}

func TestHealthAndReflectionAreOn(t *testing.T) {
	t.Parallel()
	r := serveONNX(t, server.Options{}, "iris")
	conn := r.dial(t)
	for _, name := range []string{"", "inference.GRPCInferenceService"} {
		got, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
		if err != nil || got.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("%q: %v %v", name, got, err)
		}
	}
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, service := range answer.GetListServicesResponse().GetService() {
		names[service.GetName()] = true
	}
	if !names["inference.GRPCInferenceService"] || !names["grpc.health.v1.Health"] {
		t.Error(names)
	}
}
