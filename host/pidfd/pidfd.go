// Package pidfd names one process of this machine for good. A pid alone comes to mean another process once the first
// has ended; a pid with its start time does not, and a pidfd that was opened on both can be signalled and waited for
// without that doubt, child or not.
package pidfd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// ErrGone says that the process that was asked for has ended.
var ErrGone = errors.New("no such process")

// Process is a handle on one process. It has to be closed.
type Process struct {
	pid int
	fd  int
}

// Open gives a handle on the process with that pid if it began at startTicks (see [StartTicks]), else [ErrGone]: it has
// ended, and its pid may be another's by now.
func Open(pid int, startTicks uint64) (*Process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("opening process %d: %w", pid, err)
	}
	p := &Process{pid: pid, fd: fd}
	// Read after the pidfd holds the process: what /proc shows now is the process that the handle means, or none.
	began, err := StartTicks(pid)
	// A process that has ended stays in /proc until its parent asks for its exit status.
	if err == nil && (began != startTicks || p.Ended()) || errors.Is(err, os.ErrNotExist) {
		err = ErrGone
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// StartTicks is a process's start time in clock ticks after boot (field 22 of /proc/PID/stat). The error is
// [os.ErrNotExist] if there is no process with that pid.
func StartTicks(pid int) (uint64, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, err)
	}
	stat, err := process.Stat()
	if errors.Is(err, unix.ESRCH) {
		// It ended between the opening of its file and the reading.
		err = os.ErrNotExist
	}
	if err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, err)
	}
	return stat.Starttime, nil
}

// PID is the process's number, which is another's once the process has ended.
func (p *Process) PID() int { return p.pid }

// Close gives the handle back; the process goes on.
func (p *Process) Close() { _ = unix.Close(p.fd) }

// Signal sends a signal; the error is [ErrGone] if the process has ended.
func (p *Process) Signal(signal unix.Signal) error {
	err := unix.PidfdSendSignal(p.fd, signal, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	if err != nil {
		return fmt.Errorf("process %d: %w", p.pid, err)
	}
	return nil
}

// Ended says whether the process has ended, collected by its parent or not.
func (p *Process) Ended() bool {
	ready, err := unix.Poll(p.end(), 0)
	return err == nil && ready > 0
}

// Wait returns nil when the process has ended, and ctx's error if that comes first.
func (p *Process) Wait(ctx context.Context) error {
	// How long a single poll may keep a cancelled context waiting.
	const slice = 100 * time.Millisecond
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ready, err := unix.Poll(p.end(), int(slice.Milliseconds()))
		switch {
		case err != nil && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("waiting for process %d to end: %w", p.pid, err)
		case ready > 0:
			return nil
		}
	}
}

// end is what a wait for the end polls: a pidfd becomes readable when its process ends.
func (p *Process) end() []unix.PollFd {
	return []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}} //nolint:gosec // a file descriptor is a small number
}
