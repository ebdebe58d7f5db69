package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/host/pidfd"
)

// stateLock is the file that a sluice makes in its state directory before all others.
const stateLock = "sluice.lock"

// stopOptions are the flags of `sluice stop`.
type stopOptions struct {
	stateDir string
	timeout  time.Duration
}

func newStopCommand() *cobra.Command {
	var o stopOptions
	cmd := &cobra.Command{
		Use:   "stop [DIR...]",
		Short: "Stop the sluice that serves a directory, with its Envoy and its models",
		Long: `Stop the sluice that serves the paths given to "sluice run", or that has the state directory named, and wait until it and
everything it started has ended. If it was killed, end what it left running.`,
		Example: `  sluice stop config/samples/quickstart
  sluice stop --state-dir /var/lib/sluice`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	cmd.Flags().StringVar(&o.stateDir, "state-dir", "", "state directory of the sluice to stop (default: the one of DIR)")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 2*time.Minute, "how long to wait for it to end")
	return cmd
}

func (o *stopOptions) run(cmd *cobra.Command, paths []string) error {
	dir, err := o.directory(paths)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, stateLock)); err != nil {
		return &unreachableError{fmt.Errorf("no sluice has the state directory %s; name the paths that \"sluice run\" was given, or its --state-dir", dir)}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	serving, err := standalone.ReadProcess(dir)
	if err == nil {
		err = endProcess(ctx, serving.PID, serving.StartTicks)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("sluice (pid %d) has not ended within %s: it may be draining requests; wait longer with --timeout, or end it at once with: kill -9 %d",
			serving.PID, o.timeout, serving.PID)
	case err == nil:
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "stopped sluice (pid %d)\n", serving.PID)
		return err
	case !errors.Is(err, pidfd.ErrGone) && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("stopping the sluice of state directory %s: %w", dir, err)
	}
	if err := endLeftovers(ctx, dir); err != nil {
		return fmt.Errorf("ending what a killed sluice left running: %w", err)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "no sluice runs there any more; what a killed one may have left running is ended")
	return err
}

// directory is where the pid file stands.
func (o *stopOptions) directory(paths []string) (string, error) {
	if o.stateDir != "" {
		if len(paths) > 0 {
			return "", usagef("name either DIR or --state-dir, not both")
		}
		return o.stateDir, nil
	}
	if len(paths) == 0 {
		return "", usagef("say which sluice to stop: the DIR that it serves, or its --state-dir")
	}
	dir, err := standalone.DefaultStateDir(paths)
	if err != nil {
		return "", &usageError{err}
	}
	return dir, nil
}

// endProcess asks a process to end and waits for it. The error is [pidfd.ErrGone] if it had ended before.
func endProcess(ctx context.Context, pid int, startTicks uint64) error {
	process, err := pidfd.Open(pid, startTicks)
	if err != nil {
		return err
	}
	defer process.Close()
	if err := process.Signal(unix.SIGTERM); err != nil {
		return err
	}
	return process.Wait(ctx)
}
