package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestHangupEndsEverything has the terminal go: sluice ends in order, and what it started with it.
func TestHangupEndsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), counted{name: "m", mark: "m", ledger: t.TempDir()}.yaml(t))
	s := start(t, dir)
	started := pids(s.waitService("m", running(1)))
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("sluice ended with %v", err)
		}
	case <-time.After(stopTimeout):
		t.Fatalf("sluice did not end in %v after SIGHUP", stopTimeout)
	}
	s.command = nil
	for pod, pid := range started {
		if process, err := os.FindProcess(pid); err == nil && process.Signal(syscall.Signal(0)) == nil {
			t.Errorf("the process %d of %s is still there", pid, pod)
		}
	}
}
