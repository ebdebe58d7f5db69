package backend

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	oip "github.com/sluice-serving/sluice/api/oip/grpc"
)

// StreamMethod is the method that streams its answer. Triton's protocol has it beside those of the Open Inference Protocol.
const StreamMethod = "/inference.GRPCInferenceService/ModelStreamInfer"

// service is the part of the Open Inference Protocol's service that a backend has, with one method that streams.
func (s *Server) service() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: oip.GRPCInferenceService_ServiceDesc.ServiceName,
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "ModelInfer",
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				return s.infer(ctx, decode)
			},
		}},
		Streams: []grpc.StreamDesc{{
			StreamName: "ModelStreamInfer", ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return s.streamInfer(stream) },
		}},
	}
}

func (s *Server) infer(ctx context.Context, decode func(any) error) (*oip.ModelInferResponse, error) {
	var request oip.ModelInferRequest
	if err := decode(&request); err != nil {
		return nil, err
	}
	done := s.arrive(request.GetId())
	if err := grpc.SetHeader(ctx, s.header()); err != nil {
		return nil, err
	}
	if !s.ready.Load() {
		done()
		return nil, s.tooEarly()
	}
	waited, err := wait(ctx, of(ctx, HeaderDelay), of(ctx, HeaderUntil))
	switch {
	case err != nil:
		s.running.Add(-1)
		return nil, status.Error(codes.InvalidArgument, err.Error())
	case !waited:
		s.running.Add(-1)
		return nil, ctx.Err()
	}
	done()
	return &oip.ModelInferResponse{Id: request.GetId()}, nil
}

func (s *Server) streamInfer(stream grpc.ServerStream) error {
	var request oip.ModelInferRequest
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	done := s.arrive(request.GetId())
	if err := stream.SetHeader(s.header()); err != nil {
		return err
	}
	if !s.ready.Load() {
		done()
		return s.tooEarly()
	}
	ctx := stream.Context()
	var noted bool
	err := pieces(ctx, of(ctx, HeaderUntil), func() { noted = true; done() }, func(piece string) error {
		return stream.SendMsg(&oip.ModelInferResponse{Id: piece})
	})
	if !noted {
		s.running.Add(-1)
	}
	return err
}

func (s *Server) header() metadata.MD { return metadata.Pairs(HeaderName, s.name) }

func (s *Server) tooEarly() error {
	return status.Errorf(codes.Unavailable, "%s was asked before it was ready", s.name)
}

// of is the first value of a key of the call's metadata, or empty.
func of(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return values[0]
	}
	return ""
}
