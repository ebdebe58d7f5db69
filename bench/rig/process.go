package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stopTimeout is how long a process may take to end after a signal: a thousand models are ended in order.
const stopTimeout = 2 * time.Minute

// Command is a process to be started.
type Command struct {
	// Name is what messages and the log file call it.
	Name string
	Path string
	Args []string
	// Env is added to the environment.
	Env []string
	// CPUs, if any, are the processors that it and its children may use.
	CPUs []int
}

// Process is one that a benchmark has started.
type Process struct {
	name   string
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
	// err is how it ended; written before exited closes.
	err error
}

// Start starts a process in a group of its own, so that a Ctrl-C at the terminal reaches the benchmark alone, which then
// ends its processes in order. What it prints goes to a file.
func (r *Rig) Start(c Command) (*Process, error) {
	log, err := os.CreateTemp(r.Work, c.Name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()                      // the child has its own copy
	cmd := exec.Command(c.Path, c.Args...) //nolint:gosec,noctx // the benchmark names it, and ends it by a signal
	cmd.Dir = r.Work
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := startOn(cmd, c.CPUs); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	p := &Process{name: c.Name, cmd: cmd, log: log.Name(), exited: make(chan struct{})}
	go p.reap()
	return p, nil
}

// startOn starts cmd from a thread that may use cpus alone: a child inherits that, and its children do.
func startOn(cmd *exec.Cmd, cpus []int) error {
	if len(cpus) == 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	wanted := set(cpus)
	if err := unix.SchedSetaffinity(0, &wanted); err != nil {
		return fmt.Errorf("processors %v: %w", cpus, err)
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &before))
}

func (p *Process) reap() {
	p.err = p.cmd.Wait()
	close(p.exited)
}

// PID is its process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited closes when it has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// LogFile is the file with what it printed.
func (p *Process) LogFile() string { return p.log }

// Err says how it ended, with the end of what it printed; only after Exited has closed.
func (p *Process) Err() error {
	return fmt.Errorf("%s ended (%v); it printed: %s", p.name, p.cmd.ProcessState, tail(p.log))
}

// Stop sends SIGINT and waits for the end. What is still there after two minutes is killed, which is an error, as is an
// exit status other than 0.
func (p *Process) Stop() error {
	select {
	case <-p.exited:
		return p.Err()
	default:
	}
	_ = p.cmd.Process.Signal(os.Interrupt) // fails only when it has ended
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.exited:
		if p.err != nil {
			return p.Err()
		}
		return nil
	case <-timer.C:
		_ = p.cmd.Process.Kill() // fails only when it has ended
		<-p.exited
		return fmt.Errorf("%s had not ended %v after SIGINT and was killed", p.name, stopTimeout)
	}
}

// End ends a process that does not care how: it is killed with what it started, and waited for.
func (p *Process) End() {
	_ = unix.Kill(-p.PID(), unix.SIGKILL) // the group is its own; fails only when all of it has ended
	<-p.exited
}

// Await polls check until it succeeds. It gives up when p or ctx has ended, or timeout is over, with check's last error.
func (p *Process) Await(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return p.Err()
		case <-ctx.Done():
			return fmt.Errorf("%s, in %v: %w", p.name, timeout, err)
		case <-tick.C:
		}
	}
}

// tail is the end of a log, for a message.
func tail(path string) string {
	const most = 2000
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-most):])
}
