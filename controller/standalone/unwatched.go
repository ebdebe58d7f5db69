package standalone

import (
	"time"

	"golang.org/x/sys/unix"
)

// walkEvery is how often everything is walked while changes may come without an event.
const walkEvery = 10 * time.Second

// writtenElsewhere says whether a file system is of a type that other machines, or the host of this one, write to as well: the
// kernel tells of its own writes only (inotify(7), "Limitations and caveats").
func writtenElsewhere(kind int64) bool {
	const cifs, smb2, ceph, afs, gpfs, lustre = 0xFF534D42, 0xFE534D42, 0x00C36400, 0x5346414F, 0x47504653, 0x0BD00BD0
	switch kind & 0xFFFFFFFF {
	case unix.NFS_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC, unix.V9FS_MAGIC, cifs, smb2, ceph, afs, gpfs, lustre:
		return true // virtiofs says that it is FUSE
	}
	return false
}

// onSharedFileSystem says whether a directory is written to from elsewhere. One that can't be asked is reported where it is read.
func onSharedFileSystem(dir string) bool {
	var about unix.Statfs_t
	return unix.Statfs(dir, &about) == nil && writtenElsewhere(int64(about.Type))
}

// blind says whether some directory may change without an event.
func (w *watcher) blind() bool { return len(w.failed) > 0 || w.shared }

// readUnwatched takes what the directories hold now, where events alone don't tell. It says whether they don't.
func (l *loop) readUnwatched() bool {
	if !l.watcher.blind() {
		return false
	}
	l.readAll()
	return true
}
