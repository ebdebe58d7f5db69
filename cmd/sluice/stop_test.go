package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/standalone"
)

// child starts a shell script as a process of its own, waits for its first line, and announces it in a state directory.
// ended is closed when it has ended.
func child(t *testing.T, script string) (stateDir string, ended <-chan struct{}) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// It ends by the script's own exit status or by the signal that ends the test; neither matters here.
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	ticks, err := standalone.StartTicks(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return announce(t, standalone.Process{PID: cmd.Process.Pid, StartTicks: ticks, Admin: "127.0.0.1:9080"}), done
}

func announce(t *testing.T, process standalone.Process) string {
	t.Helper()
	dir := t.TempDir()
	data, err := json.Marshal(process)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, standalone.PIDFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestStopAsksAndWaits(t *testing.T) {
	t.Parallel()
	dir, ended := child(t, `trap 'sleep 0.2; exit 0' TERM; echo ready; while :; do sleep 0.05; done`)
	got := sluice(t.Context(), nil, nil, "stop", "--state-dir", dir)
	if got.code != exitOK || !strings.HasPrefix(got.out, "stopped sluice (pid ") {
		t.Fatalf("got %+v", got)
	}
	<-ended
}

func TestStopSaysWhenItTakesTooLong(t *testing.T) {
	t.Parallel()
	dir, _ := child(t, `trap '' TERM; echo ready; while :; do sleep 0.05; done`)
	got := sluice(t.Context(), nil, nil, "stop", "--state-dir", dir, "--timeout", "300ms")
	if got.code != exitWrong || !strings.Contains(got.err, "has not ended within 300ms") {
		t.Errorf("got %+v", got)
	}
}

func TestStopTouchesNoOtherProcess(t *testing.T) {
	t.Parallel()
	// This test's own pid with another start time: a pid that the kernel gave away again.
	dir := announce(t, standalone.Process{PID: os.Getpid(), StartTicks: 1})
	got := sluice(t.Context(), nil, nil, "stop", "--state-dir", dir)
	if got.code != exitUnreachable || !strings.Contains(got.err, "has ended without a stop") {
		t.Errorf("got %+v", got)
	}
}

func TestStopNeedsToKnowWhich(t *testing.T) {
	t.Parallel()
	for want, arguments := range map[string][]string{
		"say which sluice to stop": {"stop"},
		"not both":                 {"stop", "dir", "--state-dir", "x"},
	} {
		if got := sluice(t.Context(), nil, nil, arguments...); got.code != exitUsage || !strings.Contains(got.err, want) {
			t.Errorf("sluice %v: %+v", arguments, got)
		}
	}
	got := sluice(t.Context(), nil, nil, "stop", "--state-dir", t.TempDir())
	if got.code != exitUnreachable || !strings.Contains(got.err, "no sluice has the state directory") {
		t.Errorf("got %+v", got)
	}
}
