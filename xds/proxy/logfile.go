package proxy

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Envoy writes what it says to a file of its own, by its standard error: a pipe to sluice would end Envoy with the first
// line after sluice was killed. It is not --log-path, of which Envoy holds lines back for seconds, and loses them and the
// stack trace when it crashes.
const (
	logName         = "envoy.log"
	previousLogName = "envoy.previous.log"
)

const (
	// followEvery is how often the end of the log is looked at.
	followEvery = 200 * time.Millisecond
	// maxLogFile is how large the log may become before it is emptied. Its lines are in sluice's own log by then. One that
	// comes between the last look and the emptying is lost, which warnings may be once in so many.
	maxLogFile = 4 << 20
)

// newLog begins the log of one more process; that of the one before is kept beside it.
func newLog(dir string) (*os.File, error) {
	name := filepath.Join(dir, logName)
	if err := os.Rename(name, filepath.Join(dir, previousLogName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("envoy's old log: %w", err)
	}
	log, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("envoy's log: %w", err)
	}
	return log, nil
}

// logSize gives the size of the log now, 0 if there is none.
func logSize(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, logName))
	if err != nil {
		return 0
	}
	return info.Size()
}

// followLog turns the lines of the log from an offset on into records, until ended is closed and the log has been read to
// its end.
func followLog(dir string, from int64, ended <-chan struct{}, logger *slog.Logger, quiet func() bool) error {
	file, err := os.OpenFile(filepath.Join(dir, logName), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	forwardLog(&tail{file: file, offset: from, ended: ended, limit: maxLogFile}, logger, quiet)
	return nil
}

// tail reads a file that another process appends to, and waits at its end for more.
type tail struct {
	file   *os.File
	offset int64
	ended  <-chan struct{}
	limit  int64
}

// Read gives [io.EOF] at the end of the file once ended is closed.
func (t *tail) Read(p []byte) (int, error) {
	for {
		over := closed(t.ended) // asked before the file is: what was written until then is in it
		n, err := t.file.ReadAt(p, t.offset)
		t.offset += int64(n)
		if n > 0 {
			return n, nil
		}
		if over || !errors.Is(err, io.EOF) {
			return 0, err
		}
		if err := t.trim(); err != nil {
			return 0, err
		}
		select {
		case <-t.ended:
		case <-time.After(followEvery):
		}
	}
}

// trim empties the file when it has become too large, and begins it anew if somebody else has emptied it.
func (t *tail) trim() error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	switch size := info.Size(); {
	case size < t.offset:
		t.offset = 0
	case size == t.offset && size > t.limit:
		t.offset = 0
		return t.file.Truncate(0)
	}
	return nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
