package engine

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// endAll ends the processes that select picks: SIGTERM, grace, SIGKILL; with no grace SIGKILL at once. Each is signalled
// through a pidfd and only if it is still the process that was picked. It returns when none is left, or after 5 s more for
// those that even SIGKILL does not end.
func endAll(selects func(procStat) bool, grace time.Duration, kill <-chan struct{}) {
	left := running(selects)
	if len(left) == 0 {
		return
	}
	if grace > 0 {
		signalEach(left, syscall.SIGTERM)
		waitNone(selects, grace, kill)
	}
	signalEach(running(selects), syscall.SIGKILL)
	waitNone(selects, 5*time.Second, nil)
}

// waitNone polls: processes that are not our children can't be waited for.
func waitNone(selects func(procStat) bool, limit time.Duration, stop <-chan struct{}) {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(running(selects)) > 0 {
		select {
		case <-tick.C:
		case <-deadline.C:
			return
		case <-stop:
			return
		}
	}
}

func signalEach(processes []procStat, sig syscall.Signal) {
	for _, s := range processes {
		signalSame(s, sig)
	}
}

// signalSame holds the process by a pidfd before it looks whether it is the one meant, so that a pid that has been given to
// another process in between is not touched.
func signalSame(s procStat, sig syscall.Signal) {
	fd, err := unix.PidfdOpen(s.pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if now, err := readStat(s.pid); err == nil && now.start == s.start {
		_ = unix.PidfdSendSignal(fd, sig, nil, 0) // fails only when it has ended
	}
}
