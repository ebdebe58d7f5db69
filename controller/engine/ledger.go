package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/host/bootid"
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
	// Mark is the variable in its environment that names this state directory and the pod: NAME=value.
	Mark string `json:"mark"`
	// Engine and EngineName are set when the process is a container engine's client: the container outlives it.
	Engine     string `json:"engine,omitempty"`
	EngineName string `json:"engineName,omitempty"`
	// Began is when the process was started.
	Began time.Time `json:"began"`
	// Dir is its working directory; Secrets name the variables in its environment that hold values of Secrets; Names are
	// the pairs of its launch's pathNames.
	Dir     string      `json:"dir,omitempty"`
	Secrets []string    `json:"secrets,omitempty"`
	Names   [][2]string `json:"names,omitempty"`
}

// ledger keeps a file for each running process, so that a start after kill -9 finds what the last one left.
type ledger struct {
	dir, boot string
	logger    *slog.Logger
}

func openLedger(dir string, logger *slog.Logger) (*ledger, error) {
	boot, err := bootid.Read()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &ledger{dir: dir, boot: boot, logger: logger}, nil
}

func (l *ledger) file(pid int) string { return filepath.Join(l.dir, strconv.Itoa(pid)+".json") }

func (l *ledger) announcement(e entry) string {
	return filepath.Join(l.dir, e.Namespace+"_"+e.Pod+"_"+e.Container+announced)
}

// announced ends the names of the files of processes that are about to be started.
const announced = ".starting"

// announce notes that a container's process is about to be started, so that a run that is killed before it is recorded leaves
// none unseen. It gives what takes the note back, whether or not there is one.
func (l *ledger) announce(e entry) (recorded func(), err error) {
	name := l.announcement(e)
	data, err := json.Marshal(e)
	if err == nil {
		err = replaceFile(name, data, 0o600)
	}
	return func() { l.remove(name) }, err
}

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

func (l *ledger) forget(pid int) { l.remove(l.file(pid)) }

// forgetStarted removes the record of a process that began at start, and leaves that of a later one with its number.
func (l *ledger) forgetStarted(pid int, start uint64) {
	var e entry
	if data, err := os.ReadFile(l.file(pid)); err == nil && json.Unmarshal(data, &e) == nil && e.Start != start {
		return
	}
	l.forget(pid)
}

func (l *ledger) remove(name string) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.logger.Warn("the record of a process can't be removed", "file", name, "error", err)
	}
}

// announcements are the containers whose process an earlier run was about to start.
func (l *ledger) announcements() ([]entry, error) {
	files, err := filepath.Glob(filepath.Join(l.dir, "*"+announced))
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, file := range files {
		var e entry
		// One that was cut off while it was written is of a process that was not started.
		if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &e) == nil {
			out = append(out, e)
		}
	}
	return out, nil
}

// forgetAnnouncements removes the notes once what was started is ended or adopted.
func (l *ledger) forgetAnnouncements(entries []entry) {
	for _, e := range entries {
		l.remove(l.announcement(e))
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

// lives says whether a recorded process still runs and may be gone on with: it leads its group, and was started for its pod
// by a run with this state directory, whose marks begin as given. That much is in the record, and the environment is not
// asked: a program that shows a title in ps (setproctitle) has overwritten it.
func (l *ledger) lives(e entry, mark string) bool {
	stat, same := l.same(e)
	return same && stat.group == e.PID && e.Mark == podVariable+"="+mark+e.Namespace+"/"+e.Pod
}

// same says whether a recorded process still runs, and how it is.
func (l *ledger) same(e entry) (procStat, bool) {
	stat, err := readStat(e.PID)
	return stat, err == nil && e.Boot == l.boot && stat.start == e.Start && !stat.gone()
}

// endStrays ends what an earlier run with this state directory left and nobody goes on with: the recorded processes with
// their groups, if pid, start time and boot still agree, and whatever carries this directory's mark. The pods and processes
// that are kept are left alone, but for what a process of theirs that has ended left in its group.
func (l *ledger) endStrays(recorded []entry, mark string, pods map[types.NamespacedName]bool, pids map[int]bool, grace time.Duration) {
	groups, deserted := map[int]bool{}, map[int]bool{}
	for _, e := range recorded {
		_, runs := l.same(e)
		switch {
		case pids[e.PID]:
		case runs:
			groups[e.PID] = true
			l.logger.Info("ending a process that an earlier run left", "pid", e.PID, "namespace", e.Namespace, "pod", e.Pod, "container", e.Container)
		case e.Boot == l.boot:
			deserted[e.PID] = true
		}
	}
	prefix := podVariable + "=" + mark
	kept := func(variable string) bool {
		namespace, name, _ := strings.Cut(strings.TrimPrefix(variable, prefix), "/")
		return pods[types.NamespacedName{Namespace: namespace, Name: name}]
	}
	endAll(func(s procStat) bool {
		if groups[s.group] {
			return true
		}
		return hasVariable(s.pid, func(v string) bool { return strings.HasPrefix(v, prefix) && (deserted[s.group] || !kept(v)) })
	}, grace, nil)
	for _, e := range recorded {
		if pids[e.PID] {
			continue
		}
		l.bury(e)
	}
}

// bury forgets a process that has ended, and removes the container that one of a container engine may have left: with its
// name taken it could not be started again.
func (l *ledger) bury(e entry) {
	if e.Engine != "" {
		removeContainer(context.Background(), e.Engine, e.EngineName)
	}
	l.forget(e.PID)
}
