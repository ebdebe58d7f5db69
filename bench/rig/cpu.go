package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// SplitCPUs shares out the processors that this process may use: the first for what is measured, the others for what
// loads it. A machine with only one shares it, and both are empty.
func SplitCPUs() (measured, others []int, err error) {
	all, err := CPUs()
	if err != nil || len(all) < 2 {
		return nil, nil, err
	}
	return all[:1], all[1:], nil
}

// CPUs are the processors that this process may use.
func CPUs() ([]int, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return nil, err
	}
	var all []int
	for cpu := 0; len(all) < allowed.Count(); cpu++ {
		if allowed.IsSet(cpu) {
			all = append(all, cpu)
		}
	}
	return all, nil
}

// Pin lets every thread of a running process use cpus alone; none changes nothing.
func Pin(pid int, cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	wanted := set(cpus)
	// A thread that began before its parent was pinned is found by looking again.
	for range 3 {
		tasks, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
		if err != nil {
			return fmt.Errorf("the threads of process %d: %w", pid, err)
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				return fmt.Errorf("the threads of process %d: %w", pid, err)
			}
			if err := unix.SchedSetaffinity(tid, &wanted); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("processors %v for thread %d of process %d: %w", cpus, tid, pid, err)
			}
		}
	}
	return nil
}

func set(cpus []int) (s unix.CPUSet) {
	for _, cpu := range cpus {
		s.Set(cpu)
	}
	return s
}
