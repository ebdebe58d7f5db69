package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/host/disk"
)

const (
	// mostLog is the size from which a log is put apart, that of a kubelet's containerLogMaxSize.
	mostLog = 10 << 20
	// logReserve is what is kept free on the disk behind the end of a log. Many servers end a request, or themselves, when a
	// line can't be printed: Python's print raises. With the reserve they can go on for a while on a full disk, and before
	// it is used up the log itself is given up for a new one.
	logReserve = 64 << 10
	// keepLogsEvery is the time between two looks at all logs. What is written in between comes on top of mostLog, and on a
	// full disk has to fit into the reserve.
	keepLogsEvery = time.Second
)

// logKeeper bounds the logs of running containers. The processes write their logs themselves, so that they outlive sluice;
// a log is therefore copied and then cut, which loses the lines that are written between the two.
type logKeeper struct {
	logger *slog.Logger
	most   int64
	// files gives the logs that processes write to now.
	files func() []string
	// full says that the disk had no room for a log, and has not had much since.
	full bool
}

// run looks after the logs until ctx ends.
func (k *logKeeper) run(ctx context.Context) {
	tick := time.NewTicker(keepLogsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.look()
		}
	}
}

// look bounds each log. One message tells that the disk is full, and one that it has room again for more than it gained by
// giving up logs.
func (k *logKeeper) look() {
	roomy := true
	for _, name := range k.files() {
		err := k.bound(name)
		switch {
		case errors.Is(err, unix.ENOSPC):
			roomy = false
			if !k.full {
				k.full = true
				k.logger.Error("the disk of the state directory is full: what processes have logged is given up for what they log next", "log", name, "error", err)
			}
		case err != nil && !errors.Is(err, os.ErrNotExist):
			k.logger.Warn("a log can't be bounded", "log", name, "error", err)
		case k.full:
			roomy = roomy && freeAt(name) >= 4*logReserve
		}
	}
	if k.full && roomy {
		k.full = false
		k.logger.Info("the disk of the state directory has room for logs again")
	}
}

// freeAt is how many bytes may still be written beside a file; 0 where that can't be asked.
func freeAt(name string) int64 {
	free, err := disk.Free(name)
	if err != nil {
		return 0
	}
	return free
}

// bound puts a log apart that has grown too long, and keeps its reserve. The error is ENOSPC where the disk has no room for
// either; the log is then cut all the same.
func (k *logKeeper) bound(name string) error {
	var stat unix.Stat_t
	if err := unix.Stat(name, &stat); err != nil {
		return err
	}
	if stat.Size <= k.most && stat.Blocks*512-stat.Size >= logReserve/2 {
		return nil // as nearly always, and then without opening it
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if stat.Size > k.most {
		return errors.Join(putApart(file, rotatedName(name)), reserve(file, 0))
	}
	err = reserve(file, stat.Size)
	if errors.Is(err, unix.ENOSPC) && stat.Size > 0 {
		err = errors.Join(err, file.Truncate(0), reserve(file, 0))
	}
	return err
}

// rotatedName is where the part of NAME.log goes that was put apart: NAME.1.log.
func rotatedName(name string) string { return strings.TrimSuffix(name, ".log") + ".1.log" }

// putApart copies what a log holds into a file of its own, in place of that of the time before, and cuts the log. It is cut
// even if there is no room for the copy.
func putApart(log *os.File, name string) error {
	next := name + ".next"
	err := copyTo(next, log)
	if err == nil {
		err = os.Rename(next, name)
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("put a long log apart: %w", err), os.Remove(next))
	}
	return errors.Join(err, log.Truncate(0))
}

func copyTo(name string, from io.Reader) error {
	to, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// reserve keeps room on the disk behind a log's end. A filesystem that can't is left alone.
func reserve(log *os.File, end int64) error {
	err := unix.Fallocate(int(log.Fd()), unix.FALLOC_FL_KEEP_SIZE, end, logReserve) //nolint:gosec // a descriptor is small
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

// runningLogs are the logs that the processes of pods write to.
func runningLogs(pods []Pod) []string {
	var files []string
	for i := range pods {
		for _, c := range pods[i].Containers {
			if c.PID != 0 {
				files = append(files, c.LogFile)
			}
		}
	}
	return files
}
