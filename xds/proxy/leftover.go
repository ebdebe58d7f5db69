package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/xds/proxy/pidfd"
)

// leftoverPatience is how long an Envoy that was left has to go, after SIGTERM and once more after SIGKILL.
const leftoverPatience = 5 * time.Second

// EndLeftover ends the Envoy that an earlier run in dir ([Options.Dir]) left running because it was killed; it holds
// the ports of the listeners. Nothing is left when it returns nil, and another's process is never touched. It is ended
// without draining: who served its requests went with the run. No proxy of this process may be running in dir.
func EndLeftover(ctx context.Context, dir string, logger *slog.Logger) error {
	return endLeftover(ctx, dir, logger, leftoverPatience)
}

func endLeftover(ctx context.Context, dir string, logger *slog.Logger, patience time.Duration) error {
	left, err := findLeftover(dir)
	if err != nil {
		return fmt.Errorf("looking for an Envoy that was left running: %w", err)
	}
	if left != nil {
		defer left.Close()
		logger.Info("ending the Envoy that an earlier run left", "pid", left.PID())
		if err := end(ctx, left, patience); err != nil {
			return fmt.Errorf("ending the Envoy that an earlier run left (pid %d): %w", left.PID(), err)
		}
	}
	return forget(dir)
}

// end asks a process to end, then makes it.
func end(ctx context.Context, p *pidfd.Process, patience time.Duration) error {
	for _, step := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		if err := p.Signal(step); errors.Is(err, pidfd.ErrGone) {
			return nil
		} else if err != nil {
			return err
		}
		bound, cancel := context.WithTimeout(ctx, patience)
		err := p.Wait(bound)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("it is still there %s after SIGKILL", patience)
}

// record is the file that remembers the running Envoy of a directory. Without a file none runs. A PID of 0 says that
// one was about to be started, so that a run that was killed in between leaves nothing unseen.
type record struct {
	PID int `json:"pid"`
	// StartTicks tells the process from a later one with the same PID; see [pidfd.StartTicks].
	StartTicks uint64 `json:"startTicks"`
}

func recordFile(dir string) string    { return filepath.Join(dir, "envoy.json") }
func bootstrapFile(dir string) string { return filepath.Join(dir, "bootstrap.json") }

// remember replaces the record as a whole: a reader finds the old one or the new.
func remember(dir string, r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	next := recordFile(dir) + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, recordFile(dir))
}

func forget(dir string) error {
	if err := os.Remove(recordFile(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// findLeftover gives the Envoy that runs over dir, or nil. Whoever wants to go on with it instead of ending it begins
// here.
func findLeftover(dir string) (*pidfd.Process, error) {
	data, err := os.ReadFile(recordFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	if json.Unmarshal(data, &r) != nil || r.PID == 0 {
		return searchLeftover(dir)
	}
	return openEnvoy(r.PID, r.StartTicks, dir)
}

// searchLeftover looks through all processes, for a start that was not recorded to its end.
func searchLeftover(dir string) (*pidfd.Process, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	for _, process := range all {
		if !runsOver(process.PID, dir) {
			continue
		}
		ticks, err := pidfd.StartTicks(process.PID)
		if err != nil {
			continue
		}
		if p, err := openEnvoy(process.PID, ticks, dir); p != nil || err != nil {
			return p, err
		}
	}
	return nil, nil
}

// openEnvoy gives a handle on the process if it still is the one meant and an Envoy over dir, else nil. The command
// line is asked as well since start times begin anew with each boot.
func openEnvoy(pid int, startTicks uint64, dir string) (*pidfd.Process, error) {
	p, err := pidfd.Open(pid, startTicks)
	if errors.Is(err, pidfd.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !runsOver(pid, dir) {
		p.Close()
		return nil, nil
	}
	return p, nil
}

// runsOver says whether a process was started with dir's bootstrap. One that has ended, or is another user's, was not.
func runsOver(pid int, dir string) bool {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return false
	}
	arguments, err := process.CmdLine()
	if err != nil {
		return false
	}
	i := slices.Index(arguments, configFlag)
	return i >= 0 && i+1 < len(arguments) && sameFile(arguments[i+1], bootstrapFile(dir))
}

// sameFile compares two paths, and what they lead to: a directory may be reached by several.
func sameFile(a, b string) bool {
	if a == b {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
