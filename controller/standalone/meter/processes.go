package meter

import (
	"os"

	"github.com/prometheus/procfs"

	"github.com/sluice-serving/sluice/controller/admin"
)

// process is what /proc says of one. cpu is in seconds, with that of its children that have ended; memory is the resident
// set in bytes.
type process struct {
	parent int
	cpu    float64
	memory uint64
}

// clockTick is the unit of times in /proc/PID/stat: a hundredth of a second on every Linux that Go runs on.
const clockTick = 0.01

// readProcesses reads all processes of this machine, as far as /proc shows them; nil if it can't be read. One that ends
// meanwhile is left out.
func readProcesses() map[int]process {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil
	}
	page := uint64(os.Getpagesize())
	found := make(map[int]process, len(all))
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil {
			continue
		}
		ticks := float64(stat.UTime) + float64(stat.STime) + float64(stat.CUTime) + float64(stat.CSTime)
		found[p.PID] = process{parent: stat.PPID, cpu: ticks * clockTick, memory: uint64(max(stat.RSS, 0)) * page}
	}
	return found
}

// usageByRevision adds up what the processes of each revision's pods use, with all processes below them. A revision
// without a process that is seen is not in it.
func usageByRevision(services []admin.Service, processes map[int]process) map[revision]*admin.Usage {
	owners := map[int]revision{}
	for i := range services {
		for _, pod := range services[i].Pods {
			for _, container := range pod.Containers {
				if container.PID != 0 {
					owners[container.PID] = revision{services[i].Namespace, services[i].Name, pod.Revision}
				}
			}
		}
	}
	used := map[revision]*admin.Usage{}
	for pid, p := range processes {
		owner, owned := ownerOf(pid, processes, owners)
		if !owned {
			continue
		}
		if used[owner] == nil {
			used[owner] = &admin.Usage{}
		}
		used[owner].Processes++
		used[owner].CPUSeconds += p.cpu
		used[owner].MemoryBytes += p.memory
	}
	return used
}

// ownerOf goes up from a process to the container that it is in. The count of steps ends a circle, which the processes of
// different moments could make.
func ownerOf(pid int, processes map[int]process, owners map[int]revision) (revision, bool) {
	for range len(processes) {
		if owner, owned := owners[pid]; owned {
			return owner, true
		}
		p, known := processes[pid]
		if !known {
			break
		}
		pid = p.parent
	}
	return revision{}, false
}
