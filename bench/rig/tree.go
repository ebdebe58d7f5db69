package rig

import (
	"fmt"

	"github.com/prometheus/procfs"
)

// TreeMemory gives the resident memory of a process and of all that descend from it, in bytes. What several processes share counts
// once: it is taken to be what the one of them that shares most shares, so that a tree never looks larger than it is.
func TreeMemory(pid int) (int, error) {
	tree, err := descendants(pid)
	if err != nil {
		return 0, err
	}
	var private, shared uint64
	for _, member := range tree {
		process, err := procfs.NewProc(member)
		if err != nil {
			return 0, err
		}
		rollup, err := process.ProcSMapsRollup()
		if err != nil {
			return 0, fmt.Errorf("the memory of process %d: %w", member, err)
		}
		private += rollup.PrivateClean + rollup.PrivateDirty
		shared = max(shared, rollup.SharedClean+rollup.SharedDirty)
	}
	return int(private + shared), nil
}

// descendants gives a process and all below it.
func descendants(pid int) ([]int, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, process := range all {
		stat, err := process.Stat()
		if err != nil {
			continue // it has ended meanwhile
		}
		children[stat.PPID] = append(children[stat.PPID], stat.PID)
	}
	tree := []int{pid}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	return tree, nil
}
