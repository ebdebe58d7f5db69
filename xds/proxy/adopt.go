package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/sluice-serving/sluice/host/pidfd"
)

// Adopt takes over the Envoy that an earlier run in the directory left running because it was killed, if it is what Run
// would start; Run then goes on with it, and until then it counts as running. One that is another is drained and ended. It
// is called before Run, which adopts by itself if nobody has; called earlier, nobody connects to an Envoy that is to end.
func (p *Proxy) Adopt() error {
	left, err := p.takeOver()
	if err != nil {
		return err
	}
	if left != nil {
		p.left = left
		p.began(left, true)
	}
	return nil
}

// takeOver gives the Envoy that was left running, nil if there is none that can be gone on with.
func (p *Proxy) takeOver() (process, error) {
	left, r, err := p.findLeft()
	if err != nil {
		return nil, fmt.Errorf("looking for an Envoy that was left running: %w", err)
	}
	if left == nil {
		return nil, nil
	}
	why, err := p.differs(left.pid(), r)
	if err != nil {
		return nil, err
	}
	if why == "" {
		return left, nil
	}
	p.logger.Info("the Envoy of the run before can't be adopted: it is drained and ended, and another one started", "pid", left.pid(), "reason", why)
	p.stop(left, replaceWithin)
	p.setStopping(false)
	return nil, forget(p.options.Dir)
}

// differs says in what an Envoy that was left is another than the one that would be started now, "" if in nothing.
func (p *Proxy) differs(pid int, r record) (string, error) {
	config, err := bootstrapJSON(p.options)
	if err != nil {
		return "", err
	}
	arguments := commandLine(pid)
	// The same directory may have been reached by another path.
	if i := slices.Index(arguments, configFlag); i >= 0 && i+1 < len(arguments) && sameFile(arguments[i+1], p.bootstrapFile()) {
		arguments[i+1] = p.bootstrapFile()
	}
	switch {
	case r.Bootstrap == "":
		return "its start was not recorded to the end", nil
	case r.Ending:
		return "its end had begun", nil
	case r.Bootstrap != hashOf(config):
		return "its bootstrap is another", nil
	case !sameFile(fmt.Sprintf("/proc/%d/exe", pid), p.options.Binary):
		return "its binary is not " + p.options.Binary + " as it is now", nil
	case len(arguments) == 0 || !slices.Equal(arguments[1:], p.arguments()):
		return "its command line is another", nil
	}
	return "", nil
}

func hashOf(bootstrap []byte) string {
	sum := sha256.Sum256(bootstrap)
	return hex.EncodeToString(sum[:])
}

// adopted is an Envoy that an earlier run has started. Its handle stays open for as long as this process runs: there is one
// at most.
type adopted struct {
	handle *pidfd.Process
	since  time.Time
	done   chan struct{}
}

// findLeft gives the Envoy that was left running with what is recorded of it, and begins to follow it; nil if there is none.
func (p *Proxy) findLeft() (*adopted, record, error) {
	handle, r, err := findLeftover(p.options.Dir)
	if err != nil || handle == nil {
		return nil, record{}, err
	}
	a := &adopted{handle: handle, since: startTime(handle.PID()), done: make(chan struct{})}
	// What it said while nobody followed, mostly that its discovery server is away, stays in its log.
	from := logSize(p.options.Dir)
	go func() {
		defer close(a.done)
		p.attendEnd(a.pid(), from, func() {
			if err := handle.Wait(context.Background()); err != nil {
				p.logger.Error("Envoy's end can't be waited for", "pid", a.pid(), "error", err)
			}
		})
	}()
	return a, r, nil
}

// startTime is when a process began; the present for one that can't be asked.
func startTime(pid int) time.Time {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return time.Now()
	}
	stat, err := process.Stat()
	if err != nil {
		return time.Now()
	}
	seconds, err := stat.StartTime()
	if err != nil {
		return time.Now()
	}
	return time.UnixMilli(int64(seconds * 1000))
}

func (a *adopted) pid() int                      { return a.handle.PID() }
func (a *adopted) exited() <-chan struct{}       { return a.done }
func (a *adopted) startedAt() time.Time          { return a.since }
func (a *adopted) signal(s syscall.Signal) error { return a.handle.Signal(s) }

// outcome can't say more: only the parent of a process is told its exit status.
func (a *adopted) outcome() string {
	return "ended; how is not known, since an earlier run had started it"
}
