package proxy

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/host/pidfd"
)

// victim is what runs in a process of its own, to be killed.
func victim(dir string) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	p, err := New(realOptions(dir, logger))
	if err == nil {
		err = p.Run(context.Background())
	}
	logger.Error("the victim ended by itself", "error", err)
	os.Exit(1)
}

func realOptions(dir string, logger *slog.Logger) Options {
	binary, err := FindBinary("")
	if err != nil {
		panic(err)
	}
	return Options{Binary: binary, Dir: dir, XDSSocket: filepath.Join(dir, "xds.sock"), Concurrency: 1, Logger: logger}
}

// shortDir is a directory in which sockets can have their paths.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sluice-left")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// killedRun runs a proxy in a process of its own, kills that once its log has said what is waited for and Envoy answers,
// and gives the Envoy that is left.
func killedRun(t *testing.T, dir, says string) *pidfd.Process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimDir+"="+dir)
	output, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() && !strings.Contains(lines.Text(), says) {
		t.Log(lines.Text())
	}
	p, err := New(realOptions(dir, nil))
	if err != nil {
		t.Fatal(err)
	}
	waitForAdmin(t, p)
	left, _, err := findLeftover(dir)
	if err != nil || left == nil {
		t.Fatalf("no Envoy is recorded: %v", err)
	}
	t.Cleanup(left.Close)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, output) // to its end, which the kill brings
	_ = cmd.Wait()
	if left.Ended() {
		t.Fatal("Envoy ended with the run, so that this test shows nothing")
	}
	return left
}

// TestEnvoyOfAKilledRunIsAdopted kills two runs in a row, and goes on with the Envoy of the first.
func TestEnvoyOfAKilledRunIsAdopted(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	left := killedRun(t, dir, "Envoy started")
	if again := killedRun(t, dir, "is adopted"); again.PID() != left.PID() {
		t.Fatalf("the second run has Envoy %d, not %d", again.PID(), left.PID())
	}
	for _, output := range []string{"1", "2"} {
		file := filepath.Join("/proc", fmt.Sprint(left.PID()), "fd", output)
		if name, err := os.Readlink(file); err != nil || name != filepath.Join(dir, logName) {
			t.Errorf("output %s of Envoy is %s, %v", output, name, err)
		}
	}
	for _, fd := range openFiles(t, left.PID()) {
		if strings.HasSuffix(fd, ".lock") {
			t.Errorf("Envoy has %s open", fd)
		}
	}

	p, err := New(realOptions(dir, slog.New(slog.NewTextHandler(t.Output(), nil))))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Adopt(); err != nil {
		t.Fatal(err)
	}
	ticks, err := pidfd.StartTicks(left.PID())
	if err != nil {
		t.Fatal(err)
	}
	adopted := p.State()
	if !p.Running() || adopted.PID != left.PID() || adopted.StartTicks != ticks || adopted.StartedAt.IsZero() {
		t.Errorf("adopted: %+v, left %d", adopted, left.PID())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if err := syscall.Kill(left.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	next := waitForProcess(t, p, adopted)
	if next.Restarts != 1 || !strings.Contains(next.LastExit, "not known") {
		t.Errorf("after the end of the adopted one: %+v", next)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAdoptedEnvoyIsStoppedInOrder(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	left := killedRun(t, dir, "Envoy started")
	p, err := New(realOptions(dir, slog.New(slog.NewTextHandler(t.Output(), nil))))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if state := waitForProcess(t, p, State{}); state.PID != left.PID() {
		t.Errorf("Envoy %d runs, not the adopted %d", state.PID, left.PID())
	}
	cancel()
	if err := <-done; err != nil || !left.Ended() {
		t.Errorf("ended: %t, %v", left.Ended(), err)
	}
	if _, err := os.Stat(recordFile(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the record is still there: %v", err)
	}
}

// TestAnotherEnvoyIsReplaced has an Envoy left with other options than the next run has.
func TestAnotherEnvoyIsReplaced(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	left := killedRun(t, dir, "Envoy started")
	o := realOptions(dir, slog.New(slog.NewTextHandler(t.Output(), nil)))
	o.MaxConnections = 1000
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if state := waitForProcess(t, p, State{}); state.PID == left.PID() || !left.Ended() {
		t.Errorf("Envoy %d runs beside %d", state.PID, left.PID())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestEndThatHasBegunIsRecorded looks at the record while Envoy is drained: a run that is killed then leaves an Envoy that
// listens no more.
func TestEndThatHasBegunIsRecorded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := remember(dir, record{PID: 7, StartTicks: 8, Boot: "b", Bootstrap: "h"}); err != nil {
		t.Fatal(err)
	}
	read := func() (r record) {
		data, err := os.ReadFile(recordFile(dir))
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	s := newSupervised(syscall.SIGTERM)
	s.proxy.options.Dir = dir
	drained := false
	s.proxy.drain = func(process, time.Duration) { drained = read().Ending }
	another := &fakeProcess{number: 9, obeys: []syscall.Signal{syscall.SIGTERM}, done: make(chan struct{})}
	s.proxy.stop(another, time.Second)
	if read().Ending {
		t.Error("the end of another process is recorded")
	}
	s.proxy.stop(&fakeProcess{number: 7, obeys: []syscall.Signal{syscall.SIGTERM}, done: make(chan struct{})}, time.Second)
	if want := (record{PID: 7, StartTicks: 8, Boot: "b", Bootstrap: "h", Ending: true}); read() != want || !drained {
		t.Errorf("record %+v, there at the drain: %t", read(), drained)
	}
}

func TestWhatKeepsAnEnvoyFromBeingAdopted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := stand(t, "trap 'exit 0' TERM", dir)
	o := Options{Binary: shell, Dir: dir, XDSSocket: filepath.Join(dir, "xds.sock"), Logger: slog.New(slog.DiscardHandler)}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	config, err := bootstrapJSON(p.options)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := bootstrapJSON(p.options); err != nil || !slices.Equal(config, again) {
		t.Fatalf("equal options give unequal bootstraps: %v", err)
	}
	same := hashOf(config)
	for _, c := range []struct {
		bootstrap, binary string
		ending            bool
		want              string
	}{
		{"", shell, false, "its start was not recorded"},
		{same, shell, true, "its end had begun"},
		{hashOf(nil), shell, false, "its bootstrap is another"},
		{same, os.Args[0], false, "its binary is not"},
		{same, filepath.Join(dir, "none"), false, "its binary is not"},
		{same, shell, false, "its command line is another"},
	} {
		r.Bootstrap, p.options.Binary, r.Ending = c.bootstrap, c.binary, c.ending
		why, err := p.differs(r.PID, r)
		if err != nil || !strings.Contains(why, c.want) {
			t.Errorf("%q, %v; want %q", why, err, c.want)
		}
	}
}

// openFiles are the names behind a process's file descriptors.
func openFiles(t *testing.T, pid int) []string {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(links) == 0 {
		t.Fatalf("no open files of %d: %v", pid, err)
	}
	var names []string
	for _, link := range links {
		if name, err := os.Readlink(link); err == nil {
			names = append(names, name)
		}
	}
	return names
}
