package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/sluice-serving/sluice/xds/proxy/pidfd"
)

// configFlag is followed by the bootstrap's path; an Envoy that was left is known by it.
const configFlag = "--config-path"

// process is one running Envoy, as the supervisor sees it.
type process interface {
	pid() int
	// exited closes when the process has ended and its log has been read to the end.
	exited() <-chan struct{}
	// outcome says how it ended; only after exited has closed.
	outcome() string
	signal(syscall.Signal) error
}

// startEnvoy writes the bootstrap and starts the binary in a process group of its own, so that a Ctrl-C at the
// terminal reaches the supervisor alone and the stop is orderly. Two Envoys over one directory would both listen, and
// share the requests: one that was left is ended first.
func (p *Proxy) startEnvoy() (process, error) {
	if err := EndLeftover(context.Background(), p.options.Dir, p.logger); err != nil {
		return nil, err
	}
	if err := p.writeBootstrap(); err != nil {
		return nil, err
	}
	if err := os.Remove(p.adminSocket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("envoy's old admin socket: %w", err)
	}
	cmd := exec.Command(p.options.Binary, p.arguments()...) //nolint:gosec,noctx // the operator names the binary; the supervisor ends it
	cmd.Dir = p.options.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, input, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("envoy's log: %w", err)
	}
	cmd.Stdout, cmd.Stderr = input, input
	err = p.startRecorded(cmd)
	input.Close() // the child has its own copy
	if err != nil {
		output.Close() // nothing was read from it
		return nil, fmt.Errorf("starting Envoy: %w", err)
	}
	child := &child{cmd: cmd, done: make(chan struct{})}
	go child.follow(output, p)
	return child, nil
}

// startRecorded starts a process that a later run in the directory can find; one that can't be recorded is ended.
func (p *Proxy) startRecorded(cmd *exec.Cmd) error {
	if err := remember(p.options.Dir, record{}); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, forget(p.options.Dir))
	}
	ticks, err := pidfd.StartTicks(cmd.Process.Pid)
	if err == nil {
		err = remember(p.options.Dir, record{PID: cmd.Process.Pid, StartTicks: ticks})
	}
	if err != nil {
		_ = cmd.Process.Kill() // fails only when it has ended
		_ = cmd.Wait()         // how it ended is known
	}
	return err
}

// expectedToEnd says that what Envoy warns of now is the noise of its own stop.
func (p *Proxy) expectedToEnd() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopping
}

func (p *Proxy) arguments() []string {
	args := []string{
		configFlag, p.bootstrapFile(),
		// Hot restart shares memory between Envoys of one base id; a second sluice of this user would meet it.
		"--disable-hot-restart",
		"--log-level", "warning",
		"--log-format", logFormat,
		"--log-format-escaped",
		"--drain-time-s", strconv.Itoa(max(1, int(p.options.DrainTime/time.Second))),
	}
	if p.options.Concurrency > 0 {
		args = append(args, "--concurrency", strconv.Itoa(p.options.Concurrency))
	}
	return args
}

// child is a process of the operating system.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	// err is written before done closes.
	err error
}

// follow reads the log to its end and reaps the process.
func (c *child) follow(output *os.File, p *Proxy) {
	defer close(c.done)
	forwardLog(output, p.logger.With("pid", c.pid()), p.expectedToEnd)
	output.Close() // only read
	c.err = c.cmd.Wait()
	if err := forget(p.options.Dir); err != nil {
		p.logger.Warn("the record of the ended Envoy can't be removed", "error", err)
	}
}

func (c *child) pid() int                { return c.cmd.Process.Pid }
func (c *child) exited() <-chan struct{} { return c.done }

func (c *child) outcome() string {
	if c.err != nil {
		return c.err.Error()
	}
	return "exit status 0"
}

func (c *child) signal(s syscall.Signal) error { return c.cmd.Process.Signal(s) }
