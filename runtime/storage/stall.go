package storage

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// watchdog ends requests once a server has sent nothing for a while, its first answer included.
type watchdog struct {
	timer  *time.Timer
	after  time.Duration
	cancel context.CancelCauseFunc
	ctx    context.Context //nolint:containedctx // it belongs to the requests that the watchdog is made for
}

// watchdogKey finds the watchdog in the context of a request, which passes the stores' libraries.
type watchdogKey struct{}

func newWatchdog(ctx context.Context, after time.Duration) *watchdog {
	w := &watchdog{after: after}
	ctx, w.cancel = context.WithCancelCause(ctx)
	w.ctx = context.WithValue(ctx, watchdogKey{}, w)
	w.timer = time.AfterFunc(after, func() { w.cancel(errStalled) })
	return w
}

// stop ends the watch; the requests' context is done from then on.
func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}

// alive is told whenever something has come.
func (w *watchdog) alive() {
	if w.ctx.Err() == nil {
		w.timer.Reset(w.after)
	}
}

// blame puts the watchdog's reason in the place of what a library says when it is cancelled.
func (w *watchdog) blame(err error) error {
	if err != nil && errors.Is(context.Cause(w.ctx), errStalled) {
		return errStalled
	}
	return err
}

// watching tells the watchdog of each request what comes, whichever library reads it.
type watching struct{ http.RoundTripper }

func (t watching) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	dog, ok := request.Context().Value(watchdogKey{}).(*watchdog)
	if err != nil || !ok {
		return response, err
	}
	dog.alive()
	response.Body = watched{response.Body, dog}
	return response, nil
}

// watched is a body under watch.
type watched struct {
	io.ReadCloser
	dog *watchdog
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.dog.alive()
	}
	return n, err
}
