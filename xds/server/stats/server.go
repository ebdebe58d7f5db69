// Package stats is a server of Envoy's metrics service, which stands beside the discovery server: each Envoy tells it every
// second what each endpoint answered, by status and by the time it took, and a bounded window of that is kept.
//
// Protocol: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/service/metrics/v3/metrics_service.proto
package stats

import (
	"log/slog"
	"time"

	metrics "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
	"google.golang.org/grpc"
)

// ServerOptions are what a [Server] is made from. Store must be set.
type ServerOptions struct {
	Logger *slog.Logger
	Store  *Store
	// RefusedConnections counts the client connections that Envoy closes since there are too many. It may be nil.
	RefusedConnections Counter
}

// Server takes the statistics of every Envoy that connects into a [Store].
type Server struct {
	logger *slog.Logger
	store  *Store
	// refused is [ServerOptions.RefusedConnections].
	refused Counter
}

// NewServer makes a server; Register adds it to a gRPC server.
func NewServer(o ServerOptions) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{logger: o.Logger, store: o.Store, refused: o.RefusedConnections}
}

// Register makes the server take statistics on g.
func (s *Server) Register(g *grpc.Server) {
	metrics.RegisterMetricsServiceServer(g, &service{server: s})
}

// service is the gRPC face of a server.
type service struct {
	metrics.UnimplementedMetricsServiceServer
	server *Server
}

// StreamMetrics takes one Envoy's statistics until it goes away. What it sends is what was new since the flush before, so
// that nothing has to be known of the Envoy itself.
func (s *service) StreamMetrics(stream metrics.MetricsService_StreamMetricsServer) error {
	connections := connectionWatch{counter: s.server.refused, logger: s.server.logger}
	for {
		message, err := stream.Recv()
		if err != nil {
			s.server.logger.Debug("statistics end", "reason", err)
			return err
		}
		connections.take(time.Now(), message)
		if flush := read(message); len(flush.ByEndpoint)+len(flush.Refused) > 0 {
			s.server.store.Add(time.Now(), flush)
		}
	}
}
