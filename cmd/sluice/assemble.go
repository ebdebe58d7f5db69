package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/standalone/capacity"
	"github.com/sluice-serving/sluice/controller/standalone/meter"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/proxy"
	"github.com/sluice-serving/sluice/xds/server"
	"github.com/sluice-serving/sluice/xds/server/lrs"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

// envoyDir is Envoy's place in a state directory, and podsDir the engine's.
func envoyDir(stateDir string) string { return filepath.Join(stateDir, "envoy") }
func podsDir(stateDir string) string  { return filepath.Join(stateDir, "pods") }

// stack is everything that one `sluice run` consists of.
type stack struct {
	driver    *standalone.Driver
	engine    *engine.Engine
	proxy     *proxy.Proxy
	xds       *server.Server
	loads     *lrs.Server
	answers   *stats.Server
	xdsSocket net.Listener
	admin     *admin.Server
	adminPort net.Listener
	logger    *slog.Logger
}

// assemble makes the parts and opens their sockets; nothing runs yet.
func (o *runOptions) assemble(impatient context.Context, limits capacity.Limits, logger *slog.Logger) (*stack, error) {
	binary, err := findEnvoy(impatient, o.envoy)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding sluice's own binary: %w", err)
	}
	dir := envoyDir(o.stateDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	containers := findContainerEngine(logger)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	s := &stack{logger: logger}
	s.driver = standalone.New(standalone.Options{
		Paths: o.paths, StateDir: o.stateDir, Listen: o.listen, HTTPPort: o.httpPort,
		Serving: o.access.serving(), HTTPSPort: o.access.httpsPort, CertifiedName: o.access.certifiedName(), Hosts: o.access.names(o.listen),
		ContainerEngine: containers, BundledFormats: bundledFormats(),
		Listener: envoy.Options{AccessLog: o.accessLog, Limits: o.limits.envoyLimits(limits), TrustedCA: trustedCA(os.Getenv)}, Version: version,
		Logger: logger,
	})
	s.xds = server.New(server.Options{Logger: logger.With("part", "xds"), Registerer: registry})
	counters := meter.NewCounters(s.driver)
	reports := lrs.NewStore(lrs.StoreOptions{Observer: counters})
	answers := meter.NewAnswers(s.driver)
	answered := stats.NewStore(stats.StoreOptions{Observers: []stats.Observer{answers, counters}})
	loads := meter.NewLoads(s.driver, reports, answered)
	refused := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "sluice_connections_refused_total",
		Help: "Client connections that Envoy closed as they came, since there were as many as --max-connections allows.",
	})
	registry.MustRegister(counters, answers, loads, refused)
	s.loads = lrs.NewServer(lrs.ServerOptions{Logger: logger.With("part", "load"), Store: reports})
	s.answers = stats.NewServer(stats.ServerOptions{Logger: logger.With("part", "stats"), Store: answered, RefusedConnections: refused})
	// What of the processes of a killed run can be gone on with is adopted here, Envoy below.
	s.engine, err = engine.New(engine.Options{
		Dir: podsDir(o.stateDir), Self: self, Logger: logger.With("part", "engine"),
		ContainerEngine: containers, Drain: s.driver.Drain, Changed: s.driver.EngineChanged,
	})
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "xds.sock")
	s.proxy, err = proxy.New(proxy.Options{
		Binary: binary, Dir: dir, XDSSocket: socket, MaxConnections: limits.Connections, MaxMemory: limits.Memory,
		DrainTime: o.drainTimeout, Hurry: impatient.Done(), Logger: logger.With("part", "envoy"),
	})
	if err != nil {
		return nil, err
	}
	// Before the discovery socket is opened: one that can't be adopted would be told of changes while it ends.
	if err := s.proxy.Adopt(); err != nil {
		return nil, err
	}
	s.admin = admin.New(admin.Options{
		Source: s.driver, Loads: loads, Gatherer: registry, Logger: logger.With("part", "admin"), Address: o.adminAddress(), Version: version,
	})
	return s, s.listen(socket, o.adminAddress())
}

// listen opens the discovery socket and the admin port.
func (s *stack) listen(socket, adminAddress string) (err error) {
	// A socket file that a killed sluice left behind; the state directory's lock says that nobody uses it.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if s.xdsSocket, err = net.Listen("unix", socket); err != nil {
		return err
	}
	if s.adminPort, err = net.Listen("tcp", adminAddress); err != nil {
		return errors.Join(err, s.xdsSocket.Close())
	}
	return nil
}
