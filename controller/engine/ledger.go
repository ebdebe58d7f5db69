package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// entry is one running process as the state directory remembers it.
type entry struct {
	PID int `json:"pid"`
	// Start is the process's start time in clock ticks since boot, Boot the machine's boot id. Together with PID they name
	// one process for ever.
	Start     uint64 `json:"start"`
	Boot      string `json:"boot"`
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container"`
	// Engine and EngineName are set when the process is a container engine's client: the container outlives it.
	Engine     string `json:"engine,omitempty"`
	EngineName string `json:"engineName,omitempty"`
}

// ledger keeps a file for each running process, so that a start after kill -9 finds what the last one left.
type ledger struct {
	dir, boot string
	logger    *slog.Logger
}

func openLedger(dir string, logger *slog.Logger) (*ledger, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &ledger{dir: dir, boot: boot, logger: logger}, nil
}

func (l *ledger) file(pid int) string { return filepath.Join(l.dir, strconv.Itoa(pid)+".json") }

func (l *ledger) record(pid int, e entry) error {
	stat, err := readStat(pid)
	if err != nil {
		return err
	}
	e.PID, e.Start, e.Boot = pid, stat.start, l.boot
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return replaceFile(l.file(pid), data, 0o600)
}

func (l *ledger) forget(pid int) {
	if err := os.Remove(l.file(pid)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.logger.Warn("cannot remove the record of an ended process", "pid", pid, "error", err)
	}
}

// entries reads what an earlier run recorded; a file that can't be read is reported and left out.
func (l *ledger) entries() ([]entry, error) {
	files, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".json") {
			continue
		}
		var e entry
		data, err := os.ReadFile(filepath.Join(l.dir, file.Name()))
		if err == nil {
			err = json.Unmarshal(data, &e)
		}
		if err != nil {
			l.logger.Warn("a process record can't be read; what it names, if it runs, is found by its environment", "file", file.Name(), "error", err)
			continue
		}
		out = append(out, e)
	}
	return out, nil
}

// endLeftovers ends what an earlier run with this state directory left running: the recorded processes with their groups,
// if pid, start time and boot still agree, and whatever carries this directory's mark.
func (l *ledger) endLeftovers(ctx context.Context, mark string, grace time.Duration) error {
	entries, err := l.entries()
	if err != nil {
		return fmt.Errorf("read the records of an earlier run: %w", err)
	}
	groups := map[int]bool{}
	for _, e := range entries {
		if stat, err := readStat(e.PID); err == nil && e.Boot == l.boot && stat.start == e.Start {
			groups[e.PID] = true
			l.logger.Info("ending a process that an earlier run left", "pid", e.PID, "namespace", e.Namespace, "pod", e.Pod, "container", e.Container)
		}
	}
	ours := markedPrefix(podVariable + "=" + mark)
	endAll(func(s procStat) bool { return groups[s.group] || ours(s) }, grace, ctx.Done())
	for _, e := range entries {
		if e.Engine != "" {
			removeContainer(ctx, e.Engine, e.EngineName)
		}
		l.forget(e.PID)
	}
	return nil
}
