package proxy

import (
	"context"
	"net/http"
	"syscall"
	"time"

	"github.com/sluice-serving/sluice/host/pidfd"
)

const (
	// firstBackoff is the wait after an exit; it doubles with each that follows soon, up to lastBackoff.
	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 10 * time.Second
	// steady is how long a process must have run for its exit to count as the first again.
	steady = 30 * time.Second
)

// Run keeps an Envoy running until ctx ends, then stops it in order: it accepts no more connections, the
// requests in flight have [Options.DrainTime] to end, then come SIGTERM and, if it stays, SIGKILL. It returns
// nil after an orderly stop; the error is that Envoy could not be started the first time.
func (p *Proxy) Run(ctx context.Context) error {
	backoff := firstBackoff
	for first := true; ; first = false {
		running, err := p.next()
		switch {
		case err != nil && first:
			return err
		case err != nil:
			p.logger.Error("Envoy can't be started", "error", err)
			p.ended(err.Error())
		default:
			p.began(running, first)
			began := p.State().StartedAt
			if p.attend(ctx, running) {
				return nil
			}
			if time.Since(began) >= steady {
				backoff = firstBackoff
			}
		}
		p.logger.Warn("Envoy ended, it is started again", "exit", p.State().LastExit, "after", backoff)
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
			return nil
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// next gives the Envoy that was adopted, or else a new one.
func (p *Proxy) next() (process, error) {
	if left := p.left; left != nil {
		p.left = nil
		return left, nil
	}
	return p.start()
}

// attend waits for the process to end or for ctx, after which it ends the process. It says whether the end was
// wanted.
func (p *Proxy) attend(ctx context.Context, running process) (wanted bool) {
	select {
	case <-running.exited():
	case <-ctx.Done():
		p.stop(running, p.options.DrainTime)
		wanted = true
	}
	p.ended(running.outcome())
	return wanted
}

// stop ends a process in order and returns when it is gone. Its requests have a time to end, 0 for as long as they take.
func (p *Proxy) stop(running process, within time.Duration) {
	p.setStopping(true)
	if err := rememberEnd(p.options.Dir, running.pid()); err != nil {
		p.logger.Warn("Envoy's end can't be recorded", "error", err)
	}
	p.drain(running, within)
	for _, step := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := running.signal(step); err != nil {
			p.logger.Debug("Envoy can't be signalled", "signal", step, "error", err)
		}
		timer := time.NewTimer(p.options.KillAfter)
		select {
		case <-running.exited():
			timer.Stop()
			return
		case <-timer.C:
			p.logger.Warn("Envoy is still there", "signal", step, "after", p.options.KillAfter)
		}
	}
	<-running.exited()
}

// drainListeners closes the listeners and waits until no request is in flight, at most within, or for good if that is 0.
func (p *Proxy) drainListeners(running process, within time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	if within > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), within)
	}
	defer cancel()
	if _, err := p.call(ctx, http.MethodPost, "/drain_listeners"); err != nil {
		p.logger.Debug("Envoy can't be drained", "error", err)
		return
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for first := true; ; first = false {
		active, err := p.downstreamActive(ctx)
		if err != nil || active == 0 {
			return
		}
		if first {
			p.logger.Info("waiting for requests in flight; another Ctrl-C ends them", "requests", active, "at most", atMost(within))
		}
		select {
		case <-tick.C:
		case <-p.options.Hurry:
			p.logger.Warn("Envoy is ended with requests in flight", "requests", active)
			return
		case <-running.exited():
			return
		case <-ctx.Done():
			p.logger.Warn("Envoy is ended with requests in flight", "requests", active, "after", within)
			return
		}
	}
}

// atMost names a bound, of which 0 is none.
func atMost(within time.Duration) string {
	if within == 0 {
		return "as long as they take"
	}
	return within.String()
}

func (p *Proxy) setStopping(stopping bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = stopping
}

func (p *Proxy) began(running process, first bool) {
	// A process that has ended already has no start time: 0.
	ticks, _ := pidfd.StartTicks(running.pid())
	at, known := time.Now(), p.State().PID == running.pid()
	p.mu.Lock()
	defer p.mu.Unlock()
	if known { // adopted already
		return
	}
	if before, adopted := running.(interface{ startedAt() time.Time }); adopted {
		at = before.startedAt()
		p.logger.Info("Envoy of the run before is adopted", "pid", running.pid())
	} else {
		p.logger.Info("Envoy started", "pid", running.pid())
	}
	p.state.PID, p.state.StartTicks, p.state.StartedAt = running.pid(), ticks, at
	if !first {
		p.state.Restarts++
	}
}

func (p *Proxy) ended(how string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.PID, p.state.StartTicks, p.state.StartedAt, p.state.LastExit = 0, 0, time.Time{}, how
}
