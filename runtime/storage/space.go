package storage

import (
	"github.com/sluice-serving/sluice/host/disk"
	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// spared is what a fetch leaves free on a disk, for logs and for what else is written there.
const spared = 16 << 20

// checkSpace refuses a fetch that can't fit, before it fills the disk.
func checkSpace(u origin.URI, dir string, need int64) error {
	free, err := disk.Free(dir)
	if err != nil || need == 0 || need+spared <= free {
		return nil // where free space can't be told, the disk itself will
	}
	return u.Fail(origin.ReasonDiskFull, "the model needs %s in %s and %s are free there", "make room, or set SLUICE_CACHE to a folder of a larger disk",
		Bytes(need+spared), dir, Bytes(free))
}
