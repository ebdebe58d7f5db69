package server

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-serving/sluice/api/oip"
	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
	"github.com/sluice-serving/sluice/runtime/model"
)

// service is inference.GRPCInferenceService.
type service struct {
	oipgrpc.UnimplementedGRPCInferenceServiceServer
	server *Server
}

func (s *service) ServerLive(context.Context, *oipgrpc.ServerLiveRequest) (*oipgrpc.ServerLiveResponse, error) {
	return &oipgrpc.ServerLiveResponse{Live: true}, nil
}

func (s *service) ServerReady(context.Context, *oipgrpc.ServerReadyRequest) (*oipgrpc.ServerReadyResponse, error) {
	return &oipgrpc.ServerReadyResponse{Ready: s.server.Ready()}, nil
}

func (s *service) ModelReady(_ context.Context, req *oipgrpc.ModelReadyRequest) (*oipgrpc.ModelReadyResponse, error) {
	m, err := s.server.models.Get(req.GetName(), req.GetVersion())
	if err != nil {
		return nil, s.fail(err)
	}
	return &oipgrpc.ModelReadyResponse{Ready: m.Status().State == model.Ready}, nil
}

func (s *service) ServerMetadata(context.Context, *oipgrpc.ServerMetadataRequest) (*oipgrpc.ServerMetadataResponse, error) {
	m := s.server.metadata()
	return &oipgrpc.ServerMetadataResponse{Name: m.Name, Version: m.Version, Extensions: m.Extensions}, nil
}

func (s *service) ModelMetadata(_ context.Context, req *oipgrpc.ModelMetadataRequest) (*oipgrpc.ModelMetadataResponse, error) {
	m, err := s.server.describe(req.GetName(), req.GetVersion())
	if err != nil {
		return nil, s.fail(err)
	}
	return &oipgrpc.ModelMetadataResponse{Name: m.Name, Versions: m.Versions, Platform: m.Platform, Inputs: specs(m.Inputs), Outputs: specs(m.Outputs)}, nil
}

func specs(in []oip.TensorSpec) []*oipgrpc.ModelMetadataResponse_TensorMetadata {
	out := make([]*oipgrpc.ModelMetadataResponse_TensorMetadata, len(in))
	for i, spec := range in {
		out[i] = &oipgrpc.ModelMetadataResponse_TensorMetadata{Name: spec.Name, Datatype: string(spec.Datatype), Shape: spec.Shape}
	}
	return out
}

func (s *service) ModelInfer(ctx context.Context, req *oipgrpc.ModelInferRequest) (*oipgrpc.ModelInferResponse, error) {
	m, err := s.server.models.Get(req.GetModelName(), req.GetModelVersion())
	label := req.GetModelName()
	if err != nil {
		label = ""
	}
	request := s.server.metrics.begin(label, GRPC)
	defer func() { request.end(int(codeOf(err))) }()
	var resp *oipgrpc.ModelInferResponse
	if err == nil {
		resp, err = s.infer(ctx, m, req)
	}
	if err != nil {
		return nil, s.fail(err)
	}
	return resp, nil
}

func (s *service) infer(ctx context.Context, m *model.Model, req *oipgrpc.ModelInferRequest) (*oipgrpc.ModelInferResponse, error) {
	decoded, err := oipgrpc.DecodeInfer(req)
	if err != nil {
		return nil, err
	}
	resp, err := s.server.run(ctx, m, decoded)
	if err != nil {
		return nil, err
	}
	return oipgrpc.EncodeInfer(req, resp), nil
}

func (s *service) RepositoryIndex(_ context.Context, req *oipgrpc.RepositoryIndexRequest) (*oipgrpc.RepositoryIndexResponse, error) {
	out := &oipgrpc.RepositoryIndexResponse{}
	for _, entry := range s.server.models.Index() {
		if req.GetReady() && entry.State != "READY" {
			continue
		}
		out.Models = append(out.Models, &oipgrpc.RepositoryIndexResponse_ModelIndex{Name: entry.Name, Version: entry.Version, State: entry.State, Reason: entry.Reason})
	}
	return out, nil
}

func (s *service) RepositoryModelLoad(ctx context.Context, req *oipgrpc.RepositoryModelLoadRequest) (*oipgrpc.RepositoryModelLoadResponse, error) {
	if err := s.server.mayChangeModels(); err != nil {
		return nil, s.fail(err)
	}
	if err := s.server.models.Load(ctx, req.GetModelName()); err != nil {
		return nil, s.fail(err)
	}
	return &oipgrpc.RepositoryModelLoadResponse{}, nil
}

func (s *service) RepositoryModelUnload(_ context.Context, req *oipgrpc.RepositoryModelUnloadRequest) (*oipgrpc.RepositoryModelUnloadResponse, error) {
	if err := s.server.mayChangeModels(); err != nil {
		return nil, s.fail(err)
	}
	if err := s.server.models.Unload(req.GetModelName()); err != nil {
		return nil, s.fail(err)
	}
	return &oipgrpc.RepositoryModelUnloadResponse{}, nil
}

// fail gives an error its gRPC code.
func (s *service) fail(err error) error {
	code := codeOf(err)
	if code == codes.Internal {
		s.server.options.Logger.Error("call failed", "error", err)
	}
	return status.Error(code, err.Error())
}
