package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/host/pidfd"
	"github.com/sluice-serving/sluice/xds/proxy"
)

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
	// Before anything of a killed run is taken over, which may take long: who meets the lock meanwhile is told of this process.
	if err := state.Announce(o.announcement()); err != nil {
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
	return s.serve(ctx, impatient, func(ctx context.Context) { console{driver: s.driver, out: out, options: o}.run(ctx) })
}

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
