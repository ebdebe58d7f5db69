package standalone

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

// stamp tells one state of a file from another without reading it. Time and size alone don't: in stores and archives that
// are made to be reproducible all files have the same time, and a link that leads to another file of the same size is a change.
type stamp struct {
	modified time.Time
	size     int64
	missing  bool
	// device and inode are the file's own, and changed is when anything of it, its times included, was set last.
	device, inode uint64
	changed       syscall.Timespec
}

// stampAt is that of the file at a path, by way of symbolic links.
func stampAt(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{missing: true}
	}
	return stampOf(info)
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{modified: info.ModTime(), size: info.Size()}
	if own, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode, s.changed = own.Dev, own.Ino, own.Ctim
	}
	return s
}
