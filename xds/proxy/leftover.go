package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/prometheus/procfs"

	"github.com/sluice-serving/sluice/host/bootid"
	"github.com/sluice-serving/sluice/host/pidfd"
)

// EndLeftover ends the Envoy that an earlier run in dir ([Options.Dir]) left running because it was killed, as an orderly
// stop would: it is drained first, which the end of ctx cuts short. Nothing is left when it returns nil, and another's
// process is never touched. No proxy of this process may be running in dir.
func EndLeftover(ctx context.Context, dir string, logger *slog.Logger) error {
	p := &Proxy{
		options: Options{Dir: dir, DrainTime: DefaultDrainTime, KillAfter: defaultKillAfter, Hurry: ctx.Done()},
		logger:  logger, admin: adminClient(filepath.Join(dir, adminSocketName)),
	}
	p.drain = p.drainListeners
	left, _, err := p.findLeft()
	if err != nil {
		return err
	}
	if left != nil {
		p.logger.Info("ending the Envoy that an earlier run left", "pid", left.pid())
		p.stop(left, p.options.DrainTime)
	}
	return forget(dir)
}

// Leftover gives the pid of the Envoy that an earlier run in dir left running, 0 if there is none: it holds ports that are
// not another's.
func Leftover(dir string) (pid int, err error) {
	left, _, err := findLeftover(dir)
	if err != nil || left == nil {
		return 0, err
	}
	defer left.Close()
	return left.PID(), nil
}

// record is the file that remembers the running Envoy of a directory. Without a file none runs. A PID of 0 says that
// one was about to be started, so that a run that was killed in between leaves nothing unseen.
type record struct {
	PID int `json:"pid"`
	// StartTicks tells the process from a later one with the same PID; see [pidfd.StartTicks].
	StartTicks uint64 `json:"startTicks"`
	// Boot is the machine's boot id (see [bootid.Read]): pids and start times begin again with each boot.
	Boot string `json:"boot"`
	// Bootstrap is the SHA-256 of the bootstrap that it was started with, in hexadecimal.
	Bootstrap string `json:"bootstrap"`
	// Ending says that its end has begun: it takes no connections any more.
	Ending bool `json:"ending,omitempty"`
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

// rememberEnd notes that the end of a recorded process has begun.
func rememberEnd(dir string, pid int) error {
	data, err := os.ReadFile(recordFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var r record
	if json.Unmarshal(data, &r) != nil || r.PID != pid {
		return nil // nobody can adopt it by such a record
	}
	r.Ending = true
	return remember(dir, r)
}

func forget(dir string) error {
	if err := os.Remove(recordFile(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// findLeftover gives the Envoy that runs over dir with what is recorded of it, or nil.
func findLeftover(dir string) (*pidfd.Process, record, error) {
	data, err := os.ReadFile(recordFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, record{}, nil
	}
	if err != nil {
		return nil, record{}, err
	}
	var r record
	if json.Unmarshal(data, &r) != nil || r.PID == 0 {
		p, err := searchLeftover(dir)
		return p, record{}, err
	}
	boot, err := bootid.Read()
	if err != nil || r.Boot != "" && r.Boot != boot { // records that older versions wrote have none
		return nil, record{}, err
	}
	p, err := openEnvoy(r.PID, r.StartTicks, dir)
	return p, r, err
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

// openEnvoy gives a handle on the process if it still is the one meant and an Envoy over dir, else nil.
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
	arguments := commandLine(pid)
	i := slices.Index(arguments, configFlag)
	return i >= 0 && i+1 < len(arguments) && sameFile(arguments[i+1], bootstrapFile(dir))
}

// commandLine gives a process's arguments, nil if it can't be asked.
func commandLine(pid int) []string {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return nil
	}
	arguments, err := process.CmdLine()
	if err != nil {
		return nil
	}
	return arguments
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
