package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/runtime/repository"
)

// Options are how a server listens and what bounds it sets.
type Options struct {
	// Address is the IP address or host name to listen at.
	Address string
	// HTTPPort and GRPCPort are the ports; 0 lets the system choose.
	HTTPPort, GRPCPort int
	// MaxBody is the most bytes of a request, after decompression; 0: DefaultMaxBody.
	MaxBody int64
	// MaxBodyMemory is the most bytes that the bodies of all HTTP requests in flight take together; 0: four times MaxBody.
	MaxBodyMemory int64
	// DrainTimeout is how long a stop waits for requests in flight; 0: until they are answered.
	DrainTimeout time.Duration
	// RepositoryAPI lets clients load and unload models.
	RepositoryAPI bool
	// Version is the server's own, for V2's metadata.
	Version string
	Logger  *slog.Logger
	// Registry takes the server's metrics and is what GET /metrics gives.
	Registry *prometheus.Registry
}

// DefaultMaxBody bounds a request where Options don't.
const DefaultMaxBody = 256 << 20

// Server serves a repository.
type Server struct {
	options  Options
	models   *repository.Repository
	metrics  *Metrics
	bodies   budget
	http     *http.Server
	grpc     *rpcServer
	httpAt   net.Listener
	grpcAt   net.Listener
	loaded   atomic.Bool // every model that is to be served at the start is
	draining atomic.Bool
}

// New listens on both ports; Run serves them. metrics must be of
// options.Registry.
func New(options Options, models *repository.Repository, metrics *Metrics) (*Server, error) {
	if options.MaxBody <= 0 {
		options.MaxBody = DefaultMaxBody
	}
	if options.MaxBodyMemory <= 0 {
		options.MaxBodyMemory = 4 * options.MaxBody
	}
	s := &Server{options: options, models: models, metrics: metrics}
	s.bodies.most = options.MaxBodyMemory
	var err error
	if s.httpAt, err = listen(options.Address, options.HTTPPort, "--http-port"); err != nil {
		return nil, err
	}
	if s.grpcAt, err = listen(options.Address, options.GRPCPort, "--grpc-port"); err != nil {
		return nil, errors.Join(err, s.httpAt.Close())
	}
	s.http = s.newHTTP()
	s.grpc = newRPCServer(s)
	return s, nil
}

func listen(address string, port int, flag string) (net.Listener, error) {
	at, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d at %s is taken by another process; choose another by %s: %w", port, address, flag, err)
	}
	if err != nil {
		return nil, fmt.Errorf("can't listen at %s port %d: %w", address, port, err)
	}
	return at, nil
}

// HTTPAddress is where HTTP is served.
func (s *Server) HTTPAddress() string { return s.httpAt.Addr().String() }

// GRPCAddress is where gRPC is served.
func (s *Server) GRPCAddress() string { return s.grpcAt.Addr().String() }

// Ready says whether requests are wanted: all models are loaded and the server
// isn't stopping.
func (s *Server) Ready() bool {
	return s.loaded.Load() && !s.draining.Load() && s.models.Ready()
}

// Run loads the models and serves until ctx ends; then it says that it is not
// ready, takes no new connection, answers what is in flight, and unloads the
// models. It answers health requests while the models load. An error is that of
// loading a model or of a listener.
func (s *Server) Run(ctx context.Context) error {
	stop := ctx
	ctx, cancel := context.WithCancelCause(stop)
	defer cancel(nil)
	failures := make(chan error, 3)
	serve := func(run func() error) {
		if err := run(); err != nil {
			cancel(err)
			failures <- err
			return
		}
		failures <- nil
	}
	go serve(s.serveHTTP)
	go serve(s.grpc.serve)
	go serve(func() error { return s.load(ctx) })
	<-ctx.Done()
	if stop.Err() != nil || s.loaded.Load() { // where the load failed there is nothing in flight
		s.options.Logger.Info("stopping: answering what is in flight")
	}
	s.drain()
	err := errors.Join(<-failures, <-failures, <-failures)
	return errors.Join(err, s.models.Close())
}

func (s *Server) serveHTTP() error {
	if err := s.http.Serve(s.httpAt); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("HTTP at %s ended: %w", s.HTTPAddress(), err)
	}
	return nil
}

func (s *Server) load(ctx context.Context) error {
	if err := s.models.LoadAll(ctx); err != nil {
		if ctx.Err() != nil { // stopped before the models were loaded
			return nil
		}
		return err
	}
	s.loaded.Store(true)
	s.grpc.setServing(!s.draining.Load())
	for _, name := range s.models.Names() {
		s.options.Logger.InfoContext(ctx, "model ready", "model", name, "versions", s.models.Versions(name), "http", s.HTTPAddress(), "grpc", s.GRPCAddress())
	}
	return nil
}

// drain stops both listeners side by side. Readiness goes first: a probe on a
// connection that is open already sees it.
func (s *Server) drain() {
	s.draining.Store(true)
	s.grpc.setServing(false)
	ctx, cancel := context.WithCancel(context.Background())
	if s.options.DrainTimeout > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), s.options.DrainTimeout)
	}
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.stop(ctx)
	}()
	if err := s.http.Shutdown(ctx); err != nil {
		s.options.Logger.Warn("requests were cut off at the end of the drain", "error", err, "timeout", s.options.DrainTimeout)
		_ = s.http.Close() // the drain's end has been said
	}
	<-done
}
