package storage

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// retry says how often, and how soon, a request that failed is made again.
type retry struct {
	// attempts are those in a row that bring nothing.
	attempts int
	// stalls are those in a row at which the server is silent; 0 is as many as attempts.
	stalls int
	// first and limit bound the wait, which doubles.
	first, limit time.Duration
	logger       *slog.Logger
}

// do calls attempt until it goes well, fails for good, or has failed too often in a row without moving.
func (r retry) do(ctx context.Context, what string, attempt func() (moved bool, err error)) error {
	wait, silent := r.first, 0
	for tries := 1; ; tries++ {
		moved, err := attempt()
		if moved {
			tries, wait = 1, r.first
		}
		if silent++; !errors.Is(err, errStalled) {
			silent = 0
		}
		if err == nil || ctx.Err() != nil {
			if err != nil {
				err = context.Cause(ctx)
			}
			return err
		}
		if !retryable(err) || tries >= r.attempts || r.stalls > 0 && silent >= r.stalls {
			return err
		}
		// Spread out: many replicas fail at one moment when a store does.
		pause := wait/2 + rand.N(wait/2+1)
		r.logger.DebugContext(ctx, "trying again", "what", what, "try", tries, "wait", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		wait = min(2*wait, r.limit)
	}
}
