package engine

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// adopt takes up a process that an earlier run has started; nil if it has ended, or is another by now. The pidfd is opened
// before the process is looked at, so that it holds the one that was seen.
func (l *ledger) adopt(e entry, mark string) *process {
	fd, err := unix.PidfdOpen(e.PID, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil
	}
	handle := os.NewFile(uintptr(fd), "pidfd")
	if stat, same := l.same(e); !same || stat.group != e.PID || e.Mark != mark {
		handle.Close()
		return nil
	}
	p := &process{pid: e.PID, start: e.Start, handle: handle, mark: mark, ledger: l, exited: make(chan struct{})}
	go p.collectAdopted()
	return p
}

// collectAdopted waits for the leader and ends what it left in its group.
func (p *process) collectAdopted() {
	defer close(p.exited)
	waitEnd(p.handle)
	p.signalAdopted(syscall.SIGKILL)
	p.mu.Lock()
	p.collected = true
	p.mu.Unlock()
	p.handle.Close()
	if syscall.Kill(-p.pid, 0) == nil {
		endAll(p.member, 0, nil)
	}
	p.exit = exitStatus{unknown: true}
	p.ledger.forgetStarted(p.pid, p.start)
}

// member selects what is in the group and surely ours: the group's number may be somebody else's once the leader has ended.
func (p *process) member(s procStat) bool { return s.group == p.pid && marked(p.mark)(s) }

// signalProcessGroup is PIDFD_SIGNAL_PROCESS_GROUP of the kernel's include/uapi/linux/pidfd.h (since 6.9): the signal goes to
// the group of the process that the pidfd means, whoever has its number now.
const signalProcessGroup = 1 << 2

// signalAdopted sends to the group. A process that isn't our child may be collected, and its number given to another, at any
// time, so that the number alone won't do.
func (p *process) signalAdopted(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.collected {
		return
	}
	err := controlled(p.handle, func(fd int) error { return unix.PidfdSendSignal(fd, sig, nil, signalProcessGroup) })
	if errors.Is(err, unix.EINVAL) {
		p.signalMembers(sig)
	}
}

// signalMembers sends to the group's members one by one, for kernels that can't send to a group by pidfd. While the leader
// lives, all in its group are its own.
func (p *process) signalMembers(sig syscall.Signal) {
	members := running(inGroup(p.pid))
	if hasEnded(p.handle) {
		members = running(p.member)
	}
	signalEach(members, sig)
}

// waitEnd returns when the process of a pidfd has ended. It waits in the runtime's poller, where a thousand processes need no
// thousand threads; where that takes no pidfd, a thread waits.
func waitEnd(handle *os.File) {
	conn, err := handle.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(fd uintptr) bool { return polled(fd, 0) })
	_ = conn.Control(func(fd uintptr) {
		for !polled(fd, -1) { // at once, unless the poller did not wait
			continue
		}
	})
}

func hasEnded(handle *os.File) (ended bool) {
	err := controlled(handle, func(fd int) error {
		ended = polled(uintptr(fd), 0)
		return nil
	})
	return ended || err != nil
}

// controlled does something with a file's descriptor while it can't be closed.
func controlled(handle *os.File, do func(fd int) error) error {
	conn, err := handle.SyscallConn()
	if err != nil {
		return err
	}
	var done error
	if err := conn.Control(func(fd uintptr) { done = do(int(fd)) }); err != nil {
		return err
	}
	return done
}

// polled says whether the process of a pidfd has ended, and waits for it as long as poll(2) with that timeout does.
func polled(fd uintptr, timeout int) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, timeout) //nolint:gosec // a file descriptor is a small number
	return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
}
