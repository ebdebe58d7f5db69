package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// watchdog ends a request that nothing has come of for a while, its first answer included.
type watchdog struct {
	timer  *time.Timer
	after  time.Duration
	cancel context.CancelCauseFunc
	ctx    context.Context //nolint:containedctx // it belongs to the one request that the watchdog is made for
}

func newWatchdog(ctx context.Context, after time.Duration) *watchdog {
	w := &watchdog{after: after}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(after, func() { w.cancel(errStalled) })
	return w
}

// stop ends the watch; the request's context is done from then on.
func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}

// blame puts the watchdog's reason in the place of what a library says when it is cancelled.
func (w *watchdog) blame(err error) error {
	if err != nil && errors.Is(context.Cause(w.ctx), errStalled) {
		return errStalled
	}
	return err
}

// watched is a body under watch.
type watched struct {
	io.Reader
	dog *watchdog
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.dog.timer.Reset(w.dog.after)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = w.dog.blame(err)
	}
	return n, err
}
