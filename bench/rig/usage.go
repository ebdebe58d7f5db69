package rig

import (
	"fmt"
	"time"

	"github.com/prometheus/procfs"
)

// Usage is what a process has used so far.
type Usage struct {
	// CPU is user and system time of all its threads, in steps of 10 ms.
	CPU time.Duration
	// RSS is its resident memory in bytes, shared pages included.
	RSS int
}

// UsageOf reads the usage of a running process.
func UsageOf(pid int) (Usage, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return Usage{}, err
	}
	stat, err := process.Stat()
	if err != nil {
		return Usage{}, err
	}
	return Usage{
		CPU: time.Duration(stat.CPUTime() * float64(time.Second)),
		RSS: stat.ResidentMemory(),
	}, nil
}

// Children gives the process ids of pid's children, by the name of their program as the kernel has it (its first 15
// bytes).
func Children(pid int) (map[string][]int, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	children := map[string][]int{}
	for _, process := range all {
		stat, err := process.Stat()
		if err != nil {
			continue // it has ended meanwhile
		}
		if stat.PPID == pid {
			children[stat.Comm] = append(children[stat.Comm], stat.PID)
		}
	}
	return children, nil
}

// Child is the only child of pid with a program's name.
func Child(pid int, name string) (int, error) {
	children, err := Children(pid)
	if err != nil {
		return 0, err
	}
	if n := len(children[name]); n != 1 {
		return 0, fmt.Errorf("process %d has %d children called %s, not one", pid, n, name)
	}
	return children[name][0], nil
}
