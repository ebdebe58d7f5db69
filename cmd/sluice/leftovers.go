package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/prometheus/procfs"

	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/standalone"
)

// endLeftovers ends what a sluice that was killed left running over a state directory: its Envoy, then its models.
func endLeftovers(ctx context.Context, stateDir string) (err error) {
	stateDir, err = filepath.Abs(stateDir)
	if err != nil {
		return err
	}
	// Held so that nobody starts over this directory meanwhile; closing it removes the pid file too.
	state, err := standalone.OpenStateDir(stateDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	if err := endEnvoys(ctx, filepath.Join(stateDir, "envoy", "bootstrap.json")); err != nil {
		return err
	}
	// An engine begins by ending what the one before it left.
	processes, err := engine.New(engine.Options{Dir: filepath.Join(stateDir, "pods"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("ending the processes that were left: %w", err)
	}
	return processes.Stop(ctx)
}

// endEnvoys ends the processes that were started with a configuration file, which is one state directory's own.
func endEnvoys(ctx context.Context, bootstrap string) error {
	all, err := procfs.AllProcs()
	if err != nil {
		return fmt.Errorf("looking for Envoy in /proc: %w", err)
	}
	for _, process := range all {
		// Processes come and go, and others' may not be readable: none of those is ours.
		arguments, err := process.CmdLine()
		if err != nil || !startedWith(arguments, bootstrap) {
			continue
		}
		stat, err := process.Stat()
		if err != nil {
			continue
		}
		if err := endProcess(ctx, process.PID, stat.Starttime); err != nil && !errors.Is(err, errNoProcess) {
			return fmt.Errorf("ending Envoy (pid %d): %w", process.PID, err)
		}
	}
	return nil
}

func startedWith(arguments []string, bootstrap string) bool {
	i := slices.Index(arguments, "--config-path")
	return i >= 0 && i+1 < len(arguments) && arguments[i+1] == bootstrap
}
