package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/sluice-serving/sluice/host/bootid"
	"github.com/sluice-serving/sluice/host/pidfd"
)

// configFlag is followed by the bootstrap's path; an Envoy that was left is known by it.
const configFlag = "--config-path"

// listenerDrain is how long the requests that came in by a port may still run after the port was taken away.
const listenerDrain = time.Hour

// process is one running Envoy, as the supervisor sees it.
type process interface {
	pid() int
	// exited closes when the process has ended and its log has been read to the end.
	exited() <-chan struct{}
	// outcome says how it ended; only after exited has closed.
	outcome() string
	signal(syscall.Signal) error
}

// startEnvoy goes on with an Envoy that was left, or else writes the bootstrap and starts the binary in a process group of
// its own, so that a Ctrl-C at the terminal reaches the supervisor alone and the stop is orderly. Two Envoys over one
// directory would both listen, and share the requests.
func (p *Proxy) startEnvoy() (process, error) {
	if left, err := p.takeOver(); left != nil || err != nil {
		return left, err
	}
	config, err := bootstrapJSON(p.options)
	if err != nil {
		return nil, err
	}
	if err := writeIfChanged(p.bootstrapFile(), config); err != nil {
		return nil, fmt.Errorf("envoy's bootstrap: %w", err)
	}
	if err := os.Remove(p.adminSocket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("envoy's old admin socket: %w", err)
	}
	log, err := newLog(p.options.Dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(p.options.Binary, p.arguments()...) //nolint:gosec,noctx // the operator names the binary; the supervisor ends it
	cmd.Dir = p.options.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout, cmd.Stderr = log, log
	err = errors.Join(p.startRecorded(cmd, hashOf(config)), log.Close())
	if err != nil {
		return nil, fmt.Errorf("starting Envoy: %w", err)
	}
	child := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(child.done)
		p.attendEnd(child.pid(), 0, func() { child.err = cmd.Wait() })
	}()
	return child, nil
}

// writeIfChanged leaves a file that is as it should be: on a full disk it could not be written anew.
func writeIfChanged(name string, data []byte) error {
	if have, err := os.ReadFile(name); err == nil && bytes.Equal(have, data) {
		return nil
	}
	return os.WriteFile(name, data, 0o600)
}

// startRecorded starts a process that a later run in the directory can find. One that can't be recorded, because the disk is
// full, serves all the same.
func (p *Proxy) startRecorded(cmd *exec.Cmd, bootstrap string) error {
	boot, err := bootid.Read()
	if err != nil {
		return err
	}
	unrecorded := func(err error) {
		// A record that is empty, for which there is room, has the next start look through all processes.
		err = errors.Join(err, os.WriteFile(recordFile(p.options.Dir), nil, 0o600))
		p.logger.Error("Envoy can't be recorded; a start after a kill would end it and start another", "error", err)
	}
	if err := remember(p.options.Dir, record{}); err != nil {
		unrecorded(err)
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, forget(p.options.Dir))
	}
	ticks, err := pidfd.StartTicks(cmd.Process.Pid)
	if err == nil {
		err = remember(p.options.Dir, record{PID: cmd.Process.Pid, StartTicks: ticks, Boot: boot, Bootstrap: bootstrap})
	}
	if err != nil {
		unrecorded(err)
	}
	return nil
}

// attendEnd follows a process's log from an offset and returns when wait has and the log has been read to its end.
func (p *Proxy) attendEnd(pid int, from int64, wait func()) {
	ended := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		if err := followLog(p.options.Dir, from, ended, p.logger.With("pid", pid), p.expectedToEnd); err != nil {
			p.logger.Warn("Envoy's log can't be followed", "error", err)
		}
	})
	wait()
	close(ended)
	reading.Wait()
	if err := forget(p.options.Dir); err != nil {
		p.logger.Warn("the record of the ended Envoy can't be removed", "error", err)
	}
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
		// Its filters write an error for each request that they refuse, and its statistics (misc) for an answer that was cut and
		// so has no latency: both are counted.
		"--component-log-level", "http:critical,config:error,misc:critical",
		"--log-format", logFormat,
		"--log-format-escaped",
		// For a listener that is taken away: its connections are told at once to take no further request, and those that
		// still have one in flight may take as long as an answer may.
		"--drain-strategy", "immediate",
		"--drain-time-s", strconv.Itoa(int(listenerDrain / time.Second)),
	}
	if p.options.Concurrency > 0 {
		args = append(args, "--concurrency", strconv.Itoa(p.options.Concurrency))
	}
	return args
}

// child is an Envoy that this process has started.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	// err is written before done closes.
	err error
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
