package proxy

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/host/bootid"
	"github.com/sluice-serving/sluice/host/pidfd"
)

// stand starts a process that looks as if it were the Envoy of a directory, and gives its record.
func stand(t *testing.T, script, dir string) (record, *pidfd.Process) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script+"; echo ready; while :; do sleep 0.02; done", "envoy", configFlag, bootstrapFile(dir))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	ticks, err := pidfd.StartTicks(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pidfd.Open(cmd.Process.Pid, ticks)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	boot, err := bootid.Read()
	if err != nil {
		t.Fatal(err)
	}
	return record{PID: cmd.Process.Pid, StartTicks: ticks, Boot: boot}, p
}

func TestLeftoverIsEndedAndNothingElse(t *testing.T) {
	t.Parallel()
	const orderly, stubborn = "trap 'exit 0' TERM", "trap '' TERM"
	for name, c := range map[string]struct {
		script string
		// recorded is what the directory's record says of the process.
		recorded func(record) record
		// elsewhere makes the process another directory's.
		elsewhere bool
		ended     bool
	}{
		"it goes when it is asked":              {script: orderly, recorded: func(r record) record { return r }, ended: true},
		"it has to be killed":                   {script: stubborn, recorded: func(r record) record { return r }, ended: true},
		"its start was not recorded to the end": {script: orderly, recorded: func(record) record { return record{} }, ended: true},
		"its pid is another's by now": {script: orderly, recorded: func(r record) record {
			r.StartTicks--
			return r
		}},
		"its record is of another boot": {script: orderly, recorded: func(r record) record {
			r.Boot = "earlier"
			return r
		}},
		"another's Envoy":                  {script: orderly, recorded: func(r record) record { return r }, elsewhere: true},
		"another's Envoy, unrecorded here": {script: orderly, recorded: func(record) record { return record{} }, elsewhere: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			of := dir
			if c.elsewhere {
				of = t.TempDir()
			}
			r, p := stand(t, c.script, of)
			if err := remember(dir, c.recorded(r)); err != nil {
				t.Fatal(err)
			}
			if err := EndLeftover(t.Context(), dir, slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
			if p.Ended() != c.ended {
				t.Errorf("ended: %t", p.Ended())
			}
			if _, err := os.Stat(recordFile(dir)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the record is still there: %v", err)
			}
		})
	}
}

func TestLeftoverIsKnownByAnyPathToItsDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(bootstrapFile(dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	r, p := stand(t, ":", link)
	if err := remember(dir, r); err != nil {
		t.Fatal(err)
	}
	if err := EndLeftover(t.Context(), dir, slog.New(slog.DiscardHandler)); err != nil || !p.Ended() {
		t.Errorf("ended: %t, %v", p.Ended(), err)
	}
}

func TestNoLeftover(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, content := range []string{"", "{", `{"pid":-1}`, `{"pid":4194304,"startTicks":1}`} {
		if content != "" {
			if err := os.WriteFile(recordFile(dir), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := EndLeftover(t.Context(), dir, slog.New(slog.DiscardHandler)); err != nil {
			t.Errorf("record %q: %v", content, err)
		}
	}
}

// waitForAdmin waits until an Envoy, whoever started it, answers on p's admin socket.
func waitForAdmin(t *testing.T, p *Proxy) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := p.ActiveRequests(ctx); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("Envoy did not start")
		}
	}
}
