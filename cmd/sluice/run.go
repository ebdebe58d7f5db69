package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/standalone/capacity"
	"github.com/sluice-serving/sluice/controller/standalone/meter"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/proxy"
	"github.com/sluice-serving/sluice/xds/proxy/pidfd"
	"github.com/sluice-serving/sluice/xds/server"
	"github.com/sluice-serving/sluice/xds/server/lrs"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

// stopGrace bounds an orderly stop of the processes, beyond which they are killed.
const stopGrace = 30 * time.Second

// maxEnvoyMessage bounds what Envoy may send at once. A load report of 20,000 endpoints takes 4 MiB, which is gRPC's own
// bound.
const maxEnvoyMessage = 64 << 20

// runOptions are the flags of `sluice run`.
type runOptions struct {
	paths     []string
	listen    string
	httpPort  uint16
	adminPort uint16
	stateDir  string
	envoy     string
	accessLog string
	logFormat logFormat
	verbose   bool
	limits    limitOptions
	access    accessOptions
	// drainTimeout is how long a stop waits for requests in flight, 0 for as long as they take.
	drainTimeout time.Duration
}

func newRunCommand() *cobra.Command {
	o := runOptions{logFormat: logAuto}
	cmd := &cobra.Command{
		Use:   "run DIR|FILE...",
		Short: "Serve manifests or model files on this machine, behind Envoy",
		Long: `Run serves every InferenceService in the directories given, with models as processes of this machine behind an
Envoy of its own. It watches the directories: a manifest that is added, changed or removed takes effect at once, and a
broken one is reported while its last good version goes on serving.

A model file, or a directory of model files without manifests, is served as well, each under its own name.
Ctrl-C ends everything that was started, and so do SIGTERM and the end of the terminal. If sluice is killed, Envoy and the models serve on, and the next run over the same
paths goes on with them.`,
		Example: `  sluice run config/samples/quickstart
  sluice run model.onnx
  sluice run models/ --http-port 8081 --admin-port 9081`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, paths []string) error {
			o.paths = paths
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1", "IP address that the HTTP port is opened on; 0.0.0.0 is every one of this machine")
	flags.Uint16Var(&o.httpPort, "http-port", 8080, "port that requests come in at")
	flags.Uint16Var(&o.adminPort, "admin-port", 9080, "port that the other commands ask, on 127.0.0.1")
	flags.StringVar(&o.stateDir, "state-dir", "", "directory for what outlives a restart (default: below ~/.local/state/sluice)")
	flags.StringVar(&o.envoy, "envoy", "", "Envoy binary (default: SLUICE_ENVOY, that of 'make deps', or PATH)")
	flags.StringVar(&o.accessLog, "access-log", "", "file that Envoy appends one JSON line a request to")
	o.access.addFlags(flags)
	flags.Var(&o.logFormat, "log-format", "auto, text or json; auto is text on a terminal")
	flags.DurationVar(&o.drainTimeout, "drain-timeout", proxy.DefaultDrainTime, "longest wait for requests in flight when stopping, 0 for as long as they take; a second Ctrl-C ends it")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log debugging lines too")
	o.limits.addFlags(flags)
	return cmd
}

// check refuses what could not work, before anything is started or ended. leftEnvoy is the pid of an Envoy that a killed
// run left, whose ports are ours.
func (o *runOptions) check(leftEnvoy int) error {
	for _, path := range o.paths {
		if _, err := os.Stat(path); err != nil {
			return usagef("%w; give a directory of manifests, a manifest or a model file", err)
		}
	}
	if net.ParseIP(o.listen) == nil {
		return usagef("--listen %q is no IP address; 127.0.0.1 is this machine alone, 0.0.0.0 every address of it", o.listen)
	}
	if o.httpPort == 0 || o.adminPort == 0 || o.httpPort == o.adminPort {
		return usagef("--http-port %d and --admin-port %d must be two different ports from 1 to 65535", o.httpPort, o.adminPort)
	}
	if err := o.access.check(o.listen, []uint16{o.httpPort, o.adminPort}, leftEnvoy); err != nil {
		return err
	}
	if err := standalone.CheckPort(o.listen, o.httpPort, "--http-port", leftEnvoy); err != nil {
		return err
	}
	if o.drainTimeout < 0 {
		return usagef("--drain-timeout %s is no time to wait; 0 waits as long as the requests take", o.drainTimeout)
	}
	var err error
	if o.accessLog, err = checkAccessLog(o.accessLog); err != nil {
		return err
	}
	return standalone.CheckPort("127.0.0.1", o.adminPort, "--admin-port", 0)
}

// run starts everything, waits for ctx, and ends everything that it started.
func (o *runOptions) run(ctx context.Context, out, errOut io.Writer) (err error) {
	if o.stateDir == "" {
		if o.stateDir, err = standalone.DefaultStateDir(o.paths); err != nil {
			return err
		}
	}
	if o.stateDir, err = filepath.Abs(o.stateDir); err != nil {
		return err
	}
	state, err := standalone.OpenStateDir(o.stateDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	if err := state.CheckSpace(); err != nil {
		return err
	}
	logger := newLogger(errOut, o.logFormat, o.verbose)
	limits, err := o.limits.resolve(logger)
	if err != nil {
		return err
	}
	leftEnvoy, err := proxy.Leftover(envoyDir(o.stateDir))
	if err != nil {
		return fmt.Errorf("looking for the Envoy of a killed sluice: %w", err)
	}
	if err := o.check(leftEnvoy); err != nil {
		return err
	}
	o.access.warn(o.listen, logger)
	impatient, stopListening := secondSignal()
	defer stopListening()
	defer outliveReaders()()
	s, err := o.assemble(impatient, limits, logger)
	if err != nil {
		return err
	}
	if err := state.Announce(o.announcement()); err != nil {
		return err
	}
	return s.serve(ctx, impatient, func(ctx context.Context) { console{driver: s.driver, out: out, options: o}.run(ctx) })
}

// envoyDir is Envoy's place in a state directory, and podsDir the engine's.
func envoyDir(stateDir string) string { return filepath.Join(stateDir, "envoy") }
func podsDir(stateDir string) string  { return filepath.Join(stateDir, "pods") }

// announcement is what `sluice stop` reads.
func (o *runOptions) announcement() standalone.Process {
	p := standalone.Process{PID: os.Getpid(), Admin: o.adminAddress()}
	// A start time that can't be read leaves 0, by which `sluice stop` finds no process and then meets the lock.
	p.StartTicks, _ = pidfd.StartTicks(p.PID)
	for _, path := range o.paths {
		if absolute, err := filepath.Abs(path); err == nil {
			p.Dirs = append(p.Dirs, absolute)
		}
	}
	return p
}

func (o *runOptions) adminAddress() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(o.adminPort)))
}

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
	answered := stats.NewStore(stats.StoreOptions{Observer: answers})
	loads := meter.NewLoads(s.driver, reports, answered)
	registry.MustRegister(counters, answers, loads)
	s.loads = lrs.NewServer(lrs.ServerOptions{Logger: logger.With("part", "load"), Store: reports})
	s.answers = stats.NewServer(stats.ServerOptions{Logger: logger.With("part", "stats"), Store: answered})
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

// serve runs all parts until ctx ends or one fails, then stops them in order: Envoy lets its requests finish
// while the models still run, then the models end, then what served both.
func (s *stack) serve(ctx, impatient context.Context, show func(context.Context)) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	control, stopControl := context.WithCancel(context.WithoutCancel(ctx))
	defer stopControl()
	discovery := grpc.NewServer(grpc.MaxRecvMsgSize(maxEnvoyMessage))
	s.xds.Register(discovery)
	s.loads.Register(discovery)
	s.answers.Register(discovery)

	var controls, edges sync.WaitGroup
	supervise(&controls, fail, "admin port", func() error { return s.admin.Serve(control, s.adminPort) })
	supervise(&controls, fail, "xDS server", func() error { return discovery.Serve(s.xdsSocket) })
	supervise(&edges, fail, "driver", func() error { return s.driver.Run(ctx, s.engine, s.xds, s.proxy) })
	supervise(&edges, fail, "Envoy", func() error { return s.proxy.Run(ctx) })
	edges.Go(func() { show(ctx) })

	<-ctx.Done()
	s.logger.Info("stopping")
	edges.Wait()
	err := s.stopEngine(impatient)
	stopControl()
	discovery.Stop()
	controls.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// stopEngine ends the processes, patiently until a second Ctrl-C.
func (s *stack) stopEngine(impatient context.Context) error {
	ctx, cancel := context.WithTimeout(impatient, stopGrace)
	defer cancel()
	return s.engine.Stop(ctx)
}

// outliveReaders has a write fail where who read sluice's output is gone, until it is undone. Without it that write would
// end sluice, and leave Envoy and the models to themselves. To ignore the signal would do it too, but children would inherit that.
func outliveReaders() (undo func()) {
	never := make(chan os.Signal, 1)
	signal.Notify(never, syscall.SIGPIPE)
	return func() { signal.Stop(never) }
}

// supervise runs one part; its failure is everybody's.
func supervise(group *sync.WaitGroup, fail context.CancelCauseFunc, name string, part func() error) {
	group.Go(func() {
		if err := part(); err != nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}
