package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // clients may compress; the bound is on what comes out
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
)

// maxStreams is how many calls may be in flight on one connection; a client waits with more.
const maxStreams = 1000

// rpcServer is the gRPC side of a Server.
type rpcServer struct {
	server *Server
	grpc   *grpc.Server
	health *health.Server
	calls  calls
}

func newRPCServer(s *Server) *rpcServer {
	r := &rpcServer{server: s, health: health.NewServer(), calls: calls{idle: make(chan struct{})}}
	// A tensor is bounded as over HTTP; names and shapes come on top.
	const overhead = 1 << 20
	size := int(s.options.MaxBody) + overhead
	r.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(size), grpc.MaxSendMsgSize(size), grpc.MaxConcurrentStreams(maxStreams),
		grpc.UnaryInterceptor(r.count),
		// Clients and proxies that keep idle connections alive are not to be cut off for it.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	oipgrpc.RegisterGRPCInferenceServiceServer(r.grpc, &service{server: s})
	healthpb.RegisterHealthServer(r.grpc, r.health)
	reflection.Register(r.grpc)
	r.setServing(false)
	return r
}

func (r *rpcServer) serve() error {
	if err := r.grpc.Serve(r.server.grpcAt); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("gRPC at %s ended: %w", r.server.GRPCAddress(), err)
	}
	return nil
}

// setServing sets grpc.health.v1's answer, for the server and for the service.
func (r *rpcServer) setServing(serving bool) {
	status := healthpb.HealthCheckResponse_NOT_SERVING
	if serving {
		status = healthpb.HealthCheckResponse_SERVING
	}
	r.health.SetServingStatus("", status)
	r.health.SetServingStatus(oipgrpc.GRPCInferenceService_ServiceDesc.ServiceName, status)
}

// stop answers the calls in flight and ends. Streams that never end by
// themselves (a health watch, reflection) are not waited for.
func (r *rpcServer) stop(ctx context.Context) {
	graceful := make(chan struct{})
	go func() {
		defer close(graceful)
		r.grpc.GracefulStop()
	}()
	select {
	case <-graceful:
	case <-r.calls.drained():
		// Answers that were given are on their way to the sockets.
		const flush = time.Second
		select {
		case <-graceful:
		case <-time.After(flush):
		case <-ctx.Done():
		}
	case <-ctx.Done():
		r.server.options.Logger.Warn("gRPC calls were cut off at the end of the drain", "timeout", r.server.options.DrainTimeout)
	}
	r.grpc.Stop()
	<-graceful
}

func (r *rpcServer) count(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	r.calls.enter()
	defer r.calls.leave()
	return handler(ctx, req)
}
