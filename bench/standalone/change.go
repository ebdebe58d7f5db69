package standalone

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	// pollEvery is how finely a change is seen, and changeTimeout when it is given up.
	pollEvery     = time.Millisecond
	changeTimeout = 2 * time.Minute
	// pauseAtLeast is how long a change waits after the one before it was seen, and as long again at most: what sluice
	// does once a second must not fall into step with the changes.
	pauseAtLeast = 200 * time.Millisecond
)

// burst is some changes in a row.
type burst struct {
	times []time.Duration
	// used is what was used from before the first change to the pause after the last, in wall.
	used spent
	wall time.Duration
}

// burst changes service 0 n times. It is polled all the time, also between changes.
func (f *fleet) burst(ctx context.Context, n int) (burst, error) {
	var b burst
	var err error
	b.used, b.wall, err = f.measure(func() error {
		for range n {
			took, err := f.change(ctx)
			if err != nil {
				return fmt.Errorf("%s, %d services, version %d: %w", f.kind.title, f.size, f.version, err)
			}
			b.times = append(b.times, took)
			if err := f.pollFor(ctx, pauseAtLeast+rand.N(pauseAtLeast)); err != nil {
				return err
			}
		}
		return nil
	})
	return b, err
}

// change gives the time from the moment at which the file is replaced to the end of the first answer that shows it.
func (f *fleet) change(ctx context.Context) (time.Duration, error) {
	f.version++
	// Written beside the directory and moved into it: one event, and never half a file.
	next := filepath.Join(f.rig.Work, "next.yaml")
	if err := os.WriteFile(next, []byte(f.kind.manifest(0, f.version)), 0o600); err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := os.Rename(next, f.file(0)); err != nil {
		return 0, err
	}
	limit := begin.Add(changeTimeout)
	err := f.poll(ctx, func(answer *fasthttp.Response, now time.Time) (bool, error) {
		if now.After(limit) {
			return false, fmt.Errorf("not seen in %v", changeTimeout)
		}
		return f.kind.shows(f.version, answer), nil
	})
	return time.Since(begin), err
}

// pollFor polls service 0 for a while, as a change does.
func (f *fleet) pollFor(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	return f.poll(ctx, func(_ *fasthttp.Response, now time.Time) (bool, error) { return now.After(end), nil })
}

// poll asks service 0 over its connection until done says so. Every answer has to be a 200: a change that fails requests
// has no change time.
func (f *fleet) poll(ctx context.Context, done func(answer *fasthttp.Response, now time.Time) (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		answer, err := f.poller.Ask()
		if err != nil {
			return err
		}
		if status := answer.StatusCode(); status != fasthttp.StatusOK {
			return fmt.Errorf("answered %d: %.200s", status, answer.Body())
		}
		if ok, err := done(answer, time.Now()); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
