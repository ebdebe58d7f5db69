package pidfd_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/host/pidfd"
)

func TestProcessIsHeldToItsEnd(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	ticks, err := pidfd.StartTicks(pid)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pidfd.Open(pid, ticks+1); !errors.Is(err, pidfd.ErrGone) {
		t.Errorf("a pid with another start time: %v", err)
	}
	p, err := pidfd.Open(pid, ticks)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := p.Wait(short); !errors.Is(err, context.DeadlineExceeded) || p.Ended() {
		t.Errorf("while it runs: %v, ended %t", err, p.Ended())
	}
	if err := p.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(t.Context()); err != nil || !p.Ended() {
		t.Errorf("after its end: %v, ended %t", err, p.Ended())
	}
	// Nobody has collected it yet, so that its pid is not free; it has ended all the same.
	if _, err := pidfd.Open(pid, ticks); !errors.Is(err, pidfd.ErrGone) {
		t.Errorf("opening an ended process: %v", err)
	}
	_ = cmd.Wait() // ended by the signal
	if err := p.Signal(unix.SIGTERM); !errors.Is(err, pidfd.ErrGone) {
		t.Errorf("signalling an ended process: %v", err)
	}
	if _, err := pidfd.StartTicks(pid); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("start time of an ended process: %v", err)
	}
	for _, none := range []int{0, -1} {
		if _, err := pidfd.Open(none, 0); !errors.Is(err, pidfd.ErrGone) {
			t.Errorf("pid %d: %v", none, err)
		}
	}
}
