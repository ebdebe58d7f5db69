package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/xds/proxy"
)

// endLeftovers ends what a sluice that was killed left running over a state directory: its Envoy, then its models.
func endLeftovers(ctx context.Context, stateDir string) (err error) {
	stateDir, err = filepath.Abs(stateDir)
	if err != nil {
		return err
	}
	// Held so that nobody starts over this directory meanwhile.
	state, err := standalone.OpenStateDir(stateDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	logger := slog.New(slog.DiscardHandler)
	if err := proxy.EndLeftover(ctx, envoyDir(stateDir), logger); err != nil {
		return err
	}
	// An engine goes on with what the one before it left, so that it ends it as its own.
	processes, err := engine.New(engine.Options{Dir: podsDir(stateDir), Logger: logger})
	if err != nil {
		return fmt.Errorf("taking over the processes that were left: %w", err)
	}
	if err := processes.Stop(ctx); err != nil {
		return err
	}
	// What the killed one announced is of no use any more.
	if err := os.Remove(filepath.Join(stateDir, standalone.PIDFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
