// Package lrs is the load reporting server (LRS), which stands beside the discovery server: each Envoy tells it every
// second what each endpoint was asked and has in flight, and a bounded window of that is kept.
//
// Protocol: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/service/load_stats/v3/lrs.proto
package lrs

import (
	"log/slog"
	"net"
	"strconv"
	"time"

	loadstats "github.com/envoyproxy/go-control-plane/envoy/service/load_stats/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ServerOptions are what a [Server] is made from. Store must be set.
type ServerOptions struct {
	Logger *slog.Logger
	Store  *Store
	// Interval is the time from one report to the next; 0 is a second.
	Interval time.Duration
}

// Server takes the load reports of every Envoy that connects into a [Store].
type Server struct {
	logger   *slog.Logger
	store    *Store
	interval time.Duration
}

// NewServer makes a server; Register adds it to a gRPC server.
func NewServer(o ServerOptions) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	return &Server{logger: o.Logger, store: o.Store, interval: o.Interval}
}

// Register makes the server take load reports on g.
func (s *Server) Register(g *grpc.Server) {
	loadstats.RegisterLoadReportingServiceServer(g, &reporting{server: s})
}

// reporting is the gRPC face of a server.
type reporting struct {
	loadstats.UnimplementedLoadReportingServiceServer
	server *Server
}

// StreamLoadStats asks one Envoy for reports of all its clusters and takes them until it goes away.
func (r *reporting) StreamLoadStats(stream loadstats.LoadReportingService_StreamLoadStatsServer) error {
	hello, err := stream.Recv()
	if err != nil {
		return err
	}
	logger := r.server.logger.With("node", hello.GetNode().GetId())
	// One answer is enough: Envoy goes by it until the stream ends, and finds clusters that come later by itself.
	if err := stream.Send(&loadstats.LoadStatsResponse{
		SendAllClusters:           true,
		ReportEndpointGranularity: true,
		LoadReportingInterval:     durationpb.New(r.server.interval),
	}); err != nil {
		return err
	}
	logger.Debug("load reports begin")
	reporter := r.server.store.Begin(time.Now())
	defer reporter.End()
	for {
		request, err := stream.Recv()
		if err != nil {
			logger.Debug("load reports end", "reason", err)
			return err
		}
		reporter.Add(time.Now(), read(request))
	}
}

// read gives what a report says of each endpoint. Envoy leaves out those without a request since the report before and
// none in flight. An endpoint without IP address and port is not one of ours: the discovery server's own socket.
func read(request *loadstats.LoadStatsRequest) map[Endpoint]Counts {
	counts := map[Endpoint]Counts{}
	for _, cluster := range request.GetClusterStats() {
		for _, locality := range cluster.GetUpstreamLocalityStats() {
			for _, stats := range locality.GetUpstreamEndpointStats() {
				socket := stats.GetAddress().GetSocketAddress()
				if socket == nil {
					continue
				}
				endpoint := Endpoint{
					Cluster: cluster.GetClusterName(),
					Address: net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue()))),
				}
				counts[endpoint] = counts[endpoint].plus(Counts{
					Issued:    stats.GetTotalIssuedRequests(),
					Succeeded: stats.GetTotalSuccessfulRequests(),
					Failed:    stats.GetTotalErrorRequests(),
					InFlight:  stats.GetTotalRequestsInProgress(),
				})
			}
		}
	}
	return counts
}
