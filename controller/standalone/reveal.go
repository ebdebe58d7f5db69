package standalone

import (
	"context"
	"time"
)

// revealWithin bounds how long a view waits for Envoy. An Envoy that hangs must not hide why.
const revealWithin = 2 * time.Second

// revealer puts views in force once the running Envoy has answered what they speak of, so that who is
// told "ready" is not answered by the routes before. Views that wait are laid over each other.
type revealer struct {
	// waiting holds the view that waits.
	waiting chan *view
}

func newRevealer() revealer { return revealer{waiting: make(chan *view, 1)} }

// offer adds to the view that waits. It has one caller at a time and never waits itself.
func (r revealer) offer(next *view) {
	select {
	case waiting := <-r.waiting:
		waiting.add(next)
		next = waiting
	default:
	}
	r.waiting <- next
}

// run reveals views until ctx ends.
func (r revealer) run(ctx context.Context, envoys Envoys, traffic Traffic, reveal func(*view)) {
	for {
		select {
		case <-ctx.Done():
			return
		case next := <-r.waiting:
			bounded, cancel := context.WithTimeout(ctx, revealWithin)
			// In time or not, the view is what there is to know.
			_ = awaitAcknowledged(bounded, envoys, traffic, next.revision)
			cancel()
			reveal(next)
		}
	}
}
