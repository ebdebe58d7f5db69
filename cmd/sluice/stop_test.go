package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/host/pidfd"
)

// child starts a shell script as a process of its own and waits for its first line; arguments are what it seems to have
// been started with. ended is closed when it has ended.
func child(t *testing.T, script string, arguments ...string) (pid int, ended <-chan struct{}) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script, "sh"}, arguments...)...)
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
	return cmd.Process.Pid, done
}

// serving announces a process in a state directory as the sluice that serves it.
func serving(t *testing.T, pid int) string {
	t.Helper()
	ticks, err := pidfd.StartTicks(pid)
	if err != nil {
		t.Fatal(err)
	}
	return announce(t, standalone.Process{PID: pid, StartTicks: ticks, Admin: "127.0.0.1:9080"})
}

func announce(t *testing.T, process standalone.Process) string {
	t.Helper()
	dir := t.TempDir()
	data, err := json.Marshal(process)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{standalone.PIDFile: data, stateLock: nil} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// recordEnvoy writes what xds/proxy remembers of a running Envoy.
func recordEnvoy(t *testing.T, dir string, pid int) {
	t.Helper()
	ticks, err := pidfd.StartTicks(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "envoy"), 0o700); err != nil {
		t.Fatal(err)
	}
	record := fmt.Sprintf(`{"pid":%d,"startTicks":%d}`, pid, ticks)
	if err := os.WriteFile(filepath.Join(dir, "envoy", "envoy.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Scripts that end on SIGTERM, and that don't.
const (
	orderly  = `trap 'sleep 0.2; exit 0' TERM; echo ready; while :; do sleep 0.05; done`
	stubborn = `trap '' TERM; echo ready; while :; do sleep 0.05; done`
)

func TestStopAsksAndWaits(t *testing.T) {
	t.Parallel()
	pid, ended := child(t, orderly)
	got := sluice(t.Context(), nil, nil, "stop", "--state-dir", serving(t, pid))
	if got.code != exitOK || !strings.HasPrefix(got.out, "stopped sluice (pid ") {
		t.Fatalf("got %+v", got)
	}
	<-ended
}

func TestStopSaysWhenItTakesTooLong(t *testing.T) {
	t.Parallel()
	pid, _ := child(t, stubborn)
	got := sluice(t.Context(), nil, nil, "stop", "--state-dir", serving(t, pid), "--timeout", "300ms")
	if got.code != exitWrong || !strings.Contains(got.err, "has not ended within 300ms") {
		t.Errorf("got %+v", got)
	}
}

func TestStopEndsWhatAKilledSluiceLeftAndNothingElse(t *testing.T) {
	t.Parallel()
	// This test's own pid with another start time: a pid that the kernel gave away again.
	dir := announce(t, standalone.Process{PID: os.Getpid(), StartTicks: 1})
	pid, ended := child(t, orderly, "--config-path", filepath.Join(dir, "envoy", "bootstrap.json"))
	recordEnvoy(t, dir, pid)
	_, another := child(t, orderly, "--config-path", filepath.Join(t.TempDir(), "envoy", "bootstrap.json"))
	got := sluice(t.Context(), nil, nil, "stop", "--state-dir", dir)
	if got.code != exitOK || !strings.HasPrefix(got.out, "no sluice runs there any more") {
		t.Fatalf("got %+v", got)
	}
	<-ended
	select {
	case <-another:
		t.Error("another sluice's Envoy was ended")
	default:
	}
	// Once more, without the pid file: there is nothing left to do.
	if got := sluice(t.Context(), nil, nil, "stop", "--state-dir", dir); got.code != exitOK {
		t.Errorf("a second stop gave %+v", got)
	}
	if _, err := standalone.ReadProcess(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the pid file is still there: %v", err)
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
