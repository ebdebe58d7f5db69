package standalone

import (
	"fmt"

	"github.com/prometheus/procfs"
)

// StartTicks is a process's start time in clock ticks after boot.
func StartTicks(pid int) (uint64, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, err)
	}
	stat, err := process.Stat()
	if err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, err)
	}
	return stat.Starttime, nil
}
