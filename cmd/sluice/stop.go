package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/controller/standalone"
)

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
everything it started has ended.`,
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
	serving, err := standalone.ReadProcess(dir)
	if errors.Is(err, os.ErrNotExist) {
		return &unreachableError{fmt.Errorf("no sluice has the state directory %s; name the paths that \"sluice run\" was given, or its --state-dir", dir)}
	}
	if err != nil {
		return err
	}
	handle, err := openProcess(serving.PID, serving.StartTicks)
	if errors.Is(err, errNoProcess) {
		return &unreachableError{fmt.Errorf("the sluice of state directory %s (pid %d) has ended without a stop; "+
			"start it again and end that one to end what it left running", dir, serving.PID)}
	}
	if err != nil {
		return err
	}
	defer handle.close()
	if err := o.end(cmd.Context(), handle, serving.PID); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "stopped sluice (pid %d)\n", serving.PID)
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

// end asks the process to end and waits for it.
func (o *stopOptions) end(ctx context.Context, handle processHandle, pid int) error {
	if err := handle.signal(unix.SIGTERM); err != nil && !errors.Is(err, errNoProcess) {
		return fmt.Errorf("sending SIGTERM to sluice (pid %d): %w", pid, err)
	}
	waiting, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	err := handle.wait(waiting)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("sluice (pid %d) has not ended within %s: it may be draining requests; wait longer with --timeout, or end it at once with: kill -9 %d",
			pid, o.timeout, pid)
	}
	return err
}
