package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// podVariable marks every process of a pod, and through inheritance all its descendants: "SLUICE_POD=DIR#namespace/name".
const podVariable = "SLUICE_POD"

// command is one program to run, everything resolved.
type command struct {
	// path is the program's file; args begin with the name it is called by.
	path string
	args []string
	dir  string
	// env is the whole environment, NAME=value.
	env []string
	// logFile takes standard output and error. The child writes it itself, so that it goes on when sluice is killed.
	logFile string
	// mark is the NAME=value in env by which descendants are found.
	mark string
	// entry is what the ledger remembers of the process.
	entry entry
}

// process is a running program in a process group of its own.
type process struct {
	pid int
	// cmd is set for a child, and handle, a pidfd, for a process that an earlier run has started.
	cmd    *exec.Cmd
	handle *os.File
	// start is the start time in clock ticks, as recorded, of a process that isn't a child.
	start  uint64
	mark   string
	ledger *ledger
	// exited is closed when the leader has been collected and no process of its group is left.
	exited chan struct{}
	// exit may be read after exited.
	exit exitStatus

	mu sync.Mutex
	// collected guards the pid: once the leader is collected, the kernel may give its number to somebody else.
	collected bool
}

// exitStatus is how a process ended: by a signal, or with a code.
type exitStatus struct {
	code   int
	signal syscall.Signal
	// unknown is true of a process that was adopted: only its parent is told.
	unknown bool
}

func (s exitStatus) String() string {
	if s.unknown {
		return "ended; its exit status is not known, since an earlier run of sluice had started it"
	}
	if s.signal != 0 {
		return fmt.Sprintf("killed by signal %d (%v)", s.signal, s.signal)
	}
	return fmt.Sprintf("exit code %d", s.code)
}

// start runs a command in a process group of its own and records it in the ledger.
func start(c command, l *ledger) (*process, error) {
	log, err := os.OpenFile(c.logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	c.entry.Mark = c.mark
	cmd := &exec.Cmd{
		Path: c.path, Args: c.args, Dir: c.dir, Env: c.env, Stdout: log, Stderr: log,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	// Without its notes, as on a full disk, it serves all the same, and by its mark it is found.
	recorded, unnoted := l.announce(c.entry)
	defer recorded()
	err = errors.Join(cmd.Start(), log.Close())
	if cmd.Process == nil {
		return nil, fmt.Errorf("start %s: %w", c.path, err)
	}
	p := &process{pid: cmd.Process.Pid, cmd: cmd, mark: c.mark, ledger: l, exited: make(chan struct{})}
	if err := l.record(p.pid, c.entry); err != nil {
		err = errors.Join(unnoted, err)
		l.logger.Warn("a process can't be recorded; a start after a kill would end it", "pid", p.pid, "error", err)
	}
	go p.collect()
	return p, nil
}

// collect waits for the leader, ends what it left in its group, and only then gives its pid back to the kernel.
func (p *process) collect() {
	defer close(p.exited)
	waitExit(p.pid)
	p.signal(syscall.SIGKILL)
	// While the number is surely this process's: the record of a later one has it in its name too.
	p.ledger.forget(p.pid)
	p.mu.Lock()
	p.collected = true
	_ = p.cmd.Wait() // the exit status is read below, whatever it is
	p.mu.Unlock()
	// Killed members take a moment to go. Only if there are any is /proc searched, and then by group and mark, since from
	// here on the group's number may be somebody else's.
	if syscall.Kill(-p.pid, 0) == nil {
		ours := marked(p.mark)
		endAll(func(s procStat) bool { return s.group == p.pid && ours(s) }, 0, nil)
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		p.exit = exitStatus{code: status.ExitStatus()}
		if status.Signaled() {
			p.exit.signal = status.Signal()
		}
	}
}

// waitExit returns when a child has ended, leaving it to be collected. It waits on a pidfd in the runtime's poller, so that
// a thousand processes don't cost a thousand threads; where the poller takes no pidfd, a thread waits.
func waitExit(pid int) {
	pollExit(pid)
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func pollExit(pid int) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return
	}
	file := os.NewFile(uintptr(fd), "pidfd")
	defer file.Close()
	conn, err := file.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(fd uintptr) bool {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PIDFD, int(fd), &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		return err == nil && info.Signo != 0 || err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN)
	})
}

// signal sends to the whole group, unless the leader has been collected.
func (p *process) signal(sig syscall.Signal) {
	if p.cmd == nil {
		p.signalAdopted(sig)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.collected {
		_ = syscall.Kill(-p.pid, sig) // fails only when there is nobody left
	}
}

// terminate asks the group to end, waits grace, and kills it. When kill is closed it does not wait. It returns when no
// process is left.
func (p *process) terminate(grace time.Duration, kill <-chan struct{}) {
	p.signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		return
	case <-timer.C:
	case <-kill:
	}
	p.signal(syscall.SIGKILL)
	<-p.exited
}
