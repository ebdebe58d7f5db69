package engine

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// procStat is what /proc/PID/stat says that the engine needs (proc_pid_stat(5)).
type procStat struct {
	pid   int
	state byte
	group int
	// start is the start time in clock ticks since boot: with the pid it names a process for as long as the machine runs.
	start uint64
}

func readStat(pid int) (procStat, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	return parseStat(data)
}

// parseStat reads the fields after the command's name, which may itself hold spaces and parentheses.
func parseStat(data []byte) (procStat, error) {
	open, closing := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 1 || closing < open {
		return procStat{}, fmt.Errorf("stat: no command name in %q", data)
	}
	fields := strings.Fields(string(data[closing+1:]))
	if len(fields) < 20 || fields[0] == "" {
		return procStat{}, fmt.Errorf("stat: %d fields after the command name, want at least 20", len(fields))
	}
	pid, err1 := strconv.Atoi(strings.TrimSpace(string(data[:open])))
	group, err2 := strconv.Atoi(fields[2])
	start, err3 := strconv.ParseUint(fields[19], 10, 64)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return procStat{}, fmt.Errorf("stat: %w", err)
		}
	}
	return procStat{pid: pid, state: fields[0][0], group: group, start: start}, nil
}

// gone is true of a process that has ended and only waits to be collected.
func (s procStat) gone() bool { return s.state == 'Z' || s.state == 'X' }

// running are the processes that satisfy keep, without this one and those that have ended.
func running(keep func(procStat) bool) []procStat {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []procStat
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if stat, err := readStat(pid); err == nil && !stat.gone() && keep(stat) {
			out = append(out, stat)
		}
	}
	return out
}

// inGroup selects the members of a process group.
func inGroup(group int) func(procStat) bool {
	return func(s procStat) bool { return s.group == group }
}

// marked selects processes whose environment at their start held variable (NAME=value): it is inherited, so it finds
// descendants that have left the process group.
func marked(variable string) func(procStat) bool {
	return func(s procStat) bool { return hasVariable(s.pid, func(v string) bool { return v == variable }) }
}

// markedPrefix selects processes whose environment holds a variable that begins so.
func markedPrefix(prefix string) func(procStat) bool {
	return func(s procStat) bool {
		return hasVariable(s.pid, func(v string) bool { return strings.HasPrefix(v, prefix) })
	}
}

func hasVariable(pid int, match func(string) bool) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	for variable := range strings.SplitSeq(string(data), "\x00") {
		if match(variable) {
			return true
		}
	}
	return false
}

// totalMemory is the machine's memory in bytes, 0 if /proc does not tell.
func totalMemory() int64 {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kib * 1024
		}
	}
	return 0
}
