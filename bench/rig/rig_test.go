package rig

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// prepared is a rig over binaries that do nothing.
func prepared(t *testing.T) *Rig {
	t.Helper()
	r := Rig{Root: t.TempDir(), Work: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	return &r
}

// TestWhatIsMissingIsAnError goes without sluice's binary, then without Envoy: there is no result of half a benchmark.
func TestWhatIsMissingIsAnError(t *testing.T) {
	root := t.TempDir()
	if _, err := (Rig{Root: root}).Prepare(); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("without sluice: %v, want the remedy", err)
	}
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "bin", "sluice"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLUICE_ENVOY", "")
	t.Setenv("SLUICE_CACHE", t.TempDir())
	t.Setenv("PATH", "")
	if _, err := (Rig{Root: root}).Prepare(); err == nil || !strings.Contains(err.Error(), "make deps") {
		t.Errorf("without Envoy: %v, want the remedy", err)
	}
}

func TestPartsThatDoNotExistAreRefused(t *testing.T) {
	t.Parallel()
	r := Rig{Parts: map[string]bool{"static": true, "statik": true}}
	if err := r.CheckParts("static", "process"); err == nil || !strings.Contains(err.Error(), `"statik"`) {
		t.Errorf("%v, want the part that there isn't", err)
	}
	if !r.Wants("static") || r.Wants("process") || !(&Rig{}).Wants("process") {
		t.Error("parts that are named are wanted alone, and without names all are")
	}
}

func TestProcessIsEndedInOrder(t *testing.T) {
	t.Parallel()
	r := prepared(t)
	p, err := r.Start(Command{Name: "sh", Path: "/bin/sh", Args: []string{"-c", `trap 'echo bye; exit 0' INT; echo "$GREETING"; while :; do sleep 0.01; done`}, Env: []string{"GREETING=hello"}})
	if err != nil {
		t.Fatal(err)
	}
	said := func(what string) func(context.Context) error {
		return func(context.Context) error {
			data, err := os.ReadFile(p.LogFile())
			if err == nil && !strings.Contains(string(data), what) {
				err = errors.New(string(data))
			}
			return err
		}
	}
	if err := p.Await(t.Context(), 90*time.Second, said("hello")); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if err := said("bye")(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestProcessThatFailsIsReportedWithWhatItPrinted ends the wait for one that never gets ready.
func TestProcessThatFailsIsReportedWithWhatItPrinted(t *testing.T) {
	t.Parallel()
	p, err := prepared(t).Start(Command{Name: "sh", Path: "/bin/sh", Args: []string{"-c", "echo no luck >&2; exit 3"}})
	if err != nil {
		t.Fatal(err)
	}
	never := func(context.Context) error { return errors.New("not yet") }
	err = p.Await(t.Context(), 90*time.Second, never)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("%v, want the exit status and the output", err)
	}
	if p.Stop() == nil {
		t.Error("stopping a process that has ended by itself is no error")
	}
}

func TestProcessStaysOnItsProcessors(t *testing.T) {
	t.Parallel()
	all, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	r := prepared(t)
	p, err := r.Start(Command{Name: "sleep", Path: "/bin/sleep", Args: []string{"600"}, CPUs: all[:1]})
	if err != nil {
		t.Fatal(err)
	}
	defer p.End()
	if got := allowed(t, p.PID()); got != len(all[:1]) {
		t.Errorf("started on %d processors, want 1", got)
	}
	if err := Pin(p.PID(), all); err != nil {
		t.Fatal(err)
	}
	if got := allowed(t, p.PID()); got != len(all) {
		t.Errorf("pinned to %d processors, want %d", got, len(all))
	}
	if now, err := CPUs(); err != nil || len(now) != len(all) {
		t.Errorf("this process has %v, %v; before it had %v", now, err, all)
	}
}

func TestUsageAndChildren(t *testing.T) {
	t.Parallel()
	r := prepared(t)
	p, err := r.Start(Command{Name: "sleep", Path: "/bin/sleep", Args: []string{"600"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.End()
	if err := p.Await(t.Context(), 90*time.Second, func(context.Context) error {
		children, err := Children(os.Getpid())
		if err == nil && len(children["sleep"]) == 0 {
			err = errors.New("no child called sleep")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if used, err := UsageOf(p.PID()); err != nil || used.RSS == 0 {
		t.Errorf("usage %+v, %v", used, err)
	}
	if _, err := Child(os.Getpid(), "nobody"); err == nil {
		t.Error("no error for a child that isn't there")
	}
}

// TestMemoryOfATree has a shell that holds next to nothing start one that does, and ends both.
func TestMemoryOfATree(t *testing.T) {
	t.Parallel()
	const held = 20 << 20
	script := fmt.Sprintf(`sh -c 'x=$(head -c %d /dev/zero | tr "\0" x); echo full; read -r _ <"$0"' "$0"; true`, held)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := prepared(t).Start(Command{Name: "sh", Path: "/bin/sh", Args: []string{"-c", script, fifo}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Await(t.Context(), 90*time.Second, func(context.Context) error {
		data, err := os.ReadFile(p.LogFile())
		if err == nil && !strings.Contains(string(data), "full") {
			err = errors.New("the child isn't there")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if memory, err := TreeMemory(p.PID()); err != nil || memory.Anonymous < held || memory.Resident < memory.Anonymous {
		t.Errorf("%+v bytes, %v; the child alone holds %d", memory, err, held)
	}
	tree, err := descendants(p.PID())
	if err != nil || len(tree) < 2 {
		t.Errorf("processes %v, %v", tree, err)
	}
	p.End()
	for _, pid := range tree {
		if err := unix.Kill(pid, 0); err == nil && !ended(pid) {
			t.Errorf("process %d goes on", pid)
		}
	}
}

// ended says whether a process is dead, though nobody has waited for it yet, or will be when its signal arrives.
func ended(pid int) bool {
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		process, err := procfs.NewProc(pid)
		if err != nil {
			return true
		}
		if stat, err := process.Stat(); err != nil || stat.State == "Z" {
			return true
		}
	}
	return false
}

// allowed is how many processors a process may use.
func allowed(t *testing.T, pid int) int {
	t.Helper()
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &cpus); err != nil {
		t.Fatal(err)
	}
	return cpus.Count()
}
