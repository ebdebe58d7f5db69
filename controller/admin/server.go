package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	readTimeout = 10 * time.Second
	// writeTimeout bounds an answer; a stream of log lines moves its deadline on as it goes.
	writeTimeout   = 60 * time.Second
	idleTimeout    = 2 * time.Minute
	explainTimeout = 10 * time.Second
	shutdownGrace  = 5 * time.Second

	maxHeaderBytes = 16 << 10
	// maxLogStreams bounds the open files and the polling that clients can cause.
	maxLogStreams = 32
)

// Options are what a [Server] is made of. Source, Loads, Gatherer and Logger must be set.
type Options struct {
	Source   Source
	Loads    LoadSource
	Gatherer prometheus.Gatherer
	Logger   *slog.Logger
	// Address is the "host:port" that the admin port was asked to listen on. Requests whose Host header is neither it
	// nor loopback are refused, see [Server.Handler].
	Address string
	// Version is sluice's own version, shown at /api/v1.
	Version string
}

// Server answers the admin API from a [Source].
type Server struct {
	source   Source
	loads    LoadSource
	gatherer prometheus.Gatherer
	logger   *slog.Logger
	hosts    hostPolicy
	version  string
	// streams holds a token for each log request in progress.
	streams chan struct{}
	// pollEvery is how often a followed log is looked at; tests shorten it.
	pollEvery time.Duration
}

// New makes a server; it starts nothing.
func New(o Options) *Server {
	return &Server{
		source: o.Source, loads: o.Loads, gatherer: o.Gatherer, logger: o.Logger, version: o.Version,
		hosts:     newHostPolicy(o.Address),
		streams:   make(chan struct{}, maxLogStreams),
		pollEvery: 200 * time.Millisecond,
	}
}

// Serve answers on listener until ctx ends, then gives requests in progress a few seconds. It closes the listener and
// returns nil after an orderly stop.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:        s.Handler(),
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(s.logger.Handler(), slog.LevelWarn),
		// Requests end with ctx, or else a followed log would hold the stop up.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
