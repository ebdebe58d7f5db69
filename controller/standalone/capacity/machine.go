package capacity

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/prometheus/procfs"
)

// controlGroupMemory is the memory limit of the control group that a container's own file system shows as its root.
const controlGroupMemory = "/sys/fs/cgroup/memory.max"

// Read gives what this machine has.
func Read() (Machine, error) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return Machine{}, fmt.Errorf("reading the limit of open files: %w", err)
	}
	return Machine{OpenFiles: files.Max, Memory: min(machineMemory(), groupMemory(controlGroupMemory))}, nil
}

// machineMemory is 0 where /proc does not tell.
func machineMemory() uint64 {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return 0
	}
	info, err := proc.Meminfo()
	if err != nil || info.MemTotalBytes == nil {
		return 0
	}
	return *info.MemTotalBytes
}

// groupMemory is the largest number where there is no limit.
func groupMemory(file string) uint64 {
	data, err := os.ReadFile(file)
	if err != nil {
		return math.MaxUint64
	}
	limit, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	if err != nil { // "max"
		return math.MaxUint64
	}
	return limit
}

// LimitOpenFiles sets the soft limit of this process, which what it starts inherits. The Go runtime has raised it to the hard
// limit for itself, and gives children what was there before unless the program sets it.
func LimitOpenFiles(most uint64) error {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("reading the limit of open files: %w", err)
	}
	files.Cur = min(most, files.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("setting the limit of open files to %d: %w", files.Cur, err)
	}
	return nil
}
