package standalone

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

const (
	// wholeTime is how long a path must be quiet at which a file has come as a whole: moved or linked there, as editors and
	// tools replace one. The other files of the same change come within it.
	wholeTime = 5 * time.Millisecond
	// writtenTime is that of a file that was written where it stands and that nobody has open for writing any more: who
	// writes one in several goes opens it again at once.
	writtenTime = 25 * time.Millisecond
	// quietTime is that of a path at which nothing is any more, since it may come again, and of what can't be told.
	quietTime = 100 * time.Millisecond
	// quietAtLatest bounds the wait for all of these: a server may log into a directory of manifests for as long as it runs.
	quietAtLatest = time.Second
	// abandonedTime is when a file is read that somebody has open for writing and does not write to: most never close it.
	abandonedTime = 10 * time.Second
)

// condition is what can be told of a path without reading what is there.
type condition int

const (
	// unclear: it is no file, or the file system does not tell.
	unclear condition = iota
	// gone: nothing is there.
	gone
	// complete: a file that nobody has open for writing.
	complete
	// underWay: a file that somebody has open for writing.
	underWay
)

// conditionOf looks at a path. The kernel grants a read lease on a file only if nobody has it open for writing (fcntl(2),
// "Leases"), and only to the file's owner and root; of other files nothing can be told.
func conditionOf(path string) condition {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return gone
	case err != nil || !info.Mode().IsRegular():
		return unclear
	}
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return unclear
	}
	defer file.Close() // only looked at; this ends the lease as well
	switch _, err = unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_RDLCK); {
	case errors.Is(err, unix.EAGAIN):
		return underWay
	case err != nil:
		return unclear
	}
	_, _ = unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_UNLCK) // or else the close does it
	return complete
}

// unrest is what has happened at paths that nobody was told of yet.
type unrest struct {
	look  func(path string) condition
	stirs map[string]stir
	// lost is when events were lost last, so that anything may have changed; zero if none were.
	lost time.Time
	// first and last are the first and last happening of all, zero if nothing has happened.
	first, last time.Time
}

// stir is what has happened at one path.
type stir struct {
	first, last time.Time
	// came says that the first of it was that something came to the path, and written that it was written there.
	came, written bool
}

func newUnrest(look func(string) condition) *unrest {
	return &unrest{look: look, stirs: map[string]stir{}}
}

func (u *unrest) note(event fsnotify.Event, now time.Time) {
	s, known := u.stirs[event.Name]
	if !known {
		s.first, s.came = now, event.Has(fsnotify.Create)
	}
	s.last, s.written = now, s.written || event.Has(fsnotify.Write)
	u.stirs[event.Name] = s
	u.first, u.last = earlier(u.first, now), now
}

func (u *unrest) lose(now time.Time) {
	u.lost, u.last = now, now
	u.first = earlier(u.first, now)
}

// forget drops what somebody has been told of.
func (u *unrest) forget(told touchedPaths) {
	// Another map: the room of one that was large once would be walked each time.
	rest := map[string]stir{}
	if told.all {
		u.lost = time.Time{}
	}
	u.first = u.lost
	for path, s := range u.stirs {
		if !told.paths[path] {
			rest[path], u.first = s, earlier(u.first, s.first)
		}
	}
	u.stirs = rest
}

// settle gives the paths that may be read now. Where there is none it gives how long to wait before the next look, 0 if
// nothing has happened. Paths wait for each other, since a file that was moved is missing at one and new at the other; only
// one that is still written to keeps none waiting.
func (u *unrest) settle(now time.Time) (ready touchedPaths, wait time.Duration) {
	if u.first.IsZero() {
		return touchedPaths{}, 0
	}
	latest := u.first.Add(quietAtLatest).Sub(now)
	if early := u.last.Add(wholeTime).Sub(now); early > 0 && latest > 0 {
		return touchedPaths{}, min(early, latest)
	}
	ready.paths = map[string]bool{}
	needed, again := time.Duration(0), writtenTime
	began := time.Time{}
	for path, s := range u.stirs {
		need, settled := s.need(u.look(path), now)
		if need -= now.Sub(s.last); !settled {
			again = min(again, need)
			continue
		}
		ready.paths[path] = true
		needed, began = max(needed, need), earlier(began, s.first)
	}
	if ready.all = !u.lost.IsZero(); ready.all {
		needed, began = max(needed, u.lost.Add(quietTime).Sub(now)), earlier(began, u.lost)
	}
	switch {
	case began.IsZero():
		return touchedPaths{}, again
	case needed > 0 && now.Sub(began) < quietAtLatest:
		return touchedPaths{}, min(needed, began.Add(quietAtLatest).Sub(now))
	}
	return ready, 0
}

// need is how long a path must have been quiet; settled is false while what is there is still written.
func (s stir) need(is condition, now time.Time) (need time.Duration, settled bool) {
	switch {
	case is == underWay && now.Sub(s.last) < abandonedTime:
		return abandonedTime, false
	case is == underWay:
		return abandonedTime, true
	case is == complete && s.written:
		return writtenTime, true
	case is == complete, is == gone && s.came: // a temporary file that was moved away
		return wholeTime, true
	}
	return quietTime, true
}

// earlier is the earlier of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
