package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/controller/standalone"
)

// endProcess asks a process to end and waits for it. The error is [errNoProcess] if it had ended before.
func endProcess(ctx context.Context, pid int, startTicks uint64) error {
	handle, err := openProcess(pid, startTicks)
	if err != nil {
		return err
	}
	defer handle.close()
	if err := handle.signal(unix.SIGTERM); err != nil {
		return err
	}
	return handle.wait(ctx)
}

// processHandle names one process for good: unlike a pid, a pidfd never comes to mean another process.
type processHandle struct{ fd int }

// errNoProcess says that the process that was asked for has ended.
var errNoProcess = errors.New("no such process")

// openProcess gives a handle on the process with that pid if it began at startTicks (clock ticks after boot), else
// [errNoProcess]: it has ended, and its pid may be another's by now. The handle has to be closed.
func openProcess(pid int, startTicks uint64) (processHandle, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return processHandle{}, errNoProcess
	}
	if err != nil {
		return processHandle{}, fmt.Errorf("opening process %d: %w", pid, err)
	}
	handle := processHandle{fd}
	// Read after the pidfd holds the process: what /proc shows now is the process that the handle means, or none.
	began, err := standalone.StartTicks(pid)
	// A process that has ended stays in /proc until its parent asks for its exit status.
	if err == nil && (began != startTicks || handle.ended()) || errors.Is(err, os.ErrNotExist) {
		err = errNoProcess
	}
	if err != nil {
		handle.close()
		return processHandle{}, err
	}
	return handle, nil
}

func (p processHandle) close() { _ = unix.Close(p.fd) }

func (p processHandle) signal(signal unix.Signal) error {
	err := unix.PidfdSendSignal(p.fd, signal, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return errNoProcess
	}
	return err
}

// poll is what a wait for the end asks: a pidfd becomes readable when its process ends.
func (p processHandle) poll() []unix.PollFd {
	return []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
}

func (p processHandle) ended() bool {
	ready, err := unix.Poll(p.poll(), 0)
	return err == nil && ready > 0
}

// wait returns nil when the process has ended, and ctx's error if that comes first.
func (p processHandle) wait(ctx context.Context) error {
	// How long a single poll may keep a cancelled context waiting.
	const slice = 100 * time.Millisecond
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ready, err := unix.Poll(p.poll(), int(slice.Milliseconds()))
		switch {
		case err != nil && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("waiting for the process to end: %w", err)
		case ready > 0:
			return nil
		}
	}
}
