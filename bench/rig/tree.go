package rig

import (
	"fmt"

	"github.com/prometheus/procfs"
)

// Memory is that of some processes, in bytes.
type Memory struct {
	// Resident is all that is in memory, mapped files included.
	Resident int
	// Anonymous is what of it no file holds, so that the kernel can't drop it.
	Anonymous int
}

// TreeMemory gives the memory of a process and of all that descend from it. What several processes share counts
// once: it is taken to be what the one of them that shares most shares, so that a tree never looks larger than it is.
func TreeMemory(pid int) (Memory, error) {
	tree, err := descendants(pid)
	if err != nil {
		return Memory{}, err
	}
	var private, shared, anonymous uint64
	for _, member := range tree {
		process, err := procfs.NewProc(member)
		if err != nil {
			return Memory{}, err
		}
		rollup, err := process.ProcSMapsRollup()
		if err != nil {
			return Memory{}, fmt.Errorf("the memory of process %d: %w", member, err)
		}
		private += rollup.PrivateClean + rollup.PrivateDirty
		shared = max(shared, rollup.SharedClean+rollup.SharedDirty)
		anonymous += rollup.Anonymous
	}
	return Memory{Resident: int(private + shared), Anonymous: int(anonymous)}, nil
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
