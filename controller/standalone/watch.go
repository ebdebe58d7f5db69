package standalone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watcher tells when something in the directories changed.
type watcher struct {
	notify *fsnotify.Watcher
	// failed are the directories that can't be watched, of which the user has been told.
	failed map[string]bool
	// shared says that a directory is on a file system that is written to from elsewhere.
	shared bool
	logger *slog.Logger
}

func newWatcher(logger *slog.Logger) (*watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching for changes: %w; raise fs.inotify.max_user_instances", err)
	}
	return &watcher{notify: notify, failed: map[string]bool{}, logger: logger}, nil
}

// watch makes the set of watched directories that of dirs, and says whether there is one among them that wasn't
// watched until now. A directory that can't be watched is tried again each time and reported once.
func (w *watcher) watch(dirs []string) (added bool) {
	// What the kernel watches, and not what was asked for: a directory that was removed took its watch along, and may
	// be there again.
	watched := map[string]bool{}
	for _, dir := range w.notify.WatchList() {
		watched[dir] = true
	}
	wanted, failed, shared := map[string]bool{}, map[string]bool{}, false
	for _, dir := range dirs {
		wanted[dir] = true
		shared = shared || onSharedFileSystem(dir)
		switch err := w.notify.Add(dir); {
		case errors.Is(err, fs.ErrNotExist):
			// It went after it was found, which is an event of the directory that it was in.
		case err != nil:
			failed[dir] = true
			if !w.failed[dir] {
				w.logger.Warn("directory not watched; changes in it are looked for", "dir", dir, "every", walkEvery, "error", err)
			}
		default:
			added = added || !watched[dir]
		}
	}
	w.failed, w.shared = failed, shared
	for dir := range watched {
		if !wanted[dir] {
			// The error says that the directory has gone already, which is why it is dropped.
			_ = w.notify.Remove(dir)
		}
	}
	return added
}

// run sends on changed what has changed, once the directories have been quiet after it.
func (w *watcher) run(ctx context.Context, changed chan<- touchedPaths) {
	calm(ctx, w.notify.Events, w.notify.Errors, w.logger, changed)
}

// touchedPaths are the paths that events named, as the kernel names them: absolute and without symbolic links.
type touchedPaths struct {
	paths map[string]bool
	// all says that events were lost, so that anything may have changed.
	all bool
}

// calm makes one signal of many events: when what they name has been quiet for as long as [unrest] asks for. What comes while
// nobody receives a signal goes into it, or into the next.
func calm(ctx context.Context, events <-chan fsnotify.Event, failures <-chan error, logger *slog.Logger, changed chan<- touchedPaths) {
	waiting := newUnrest(conditionOf)
	look := time.NewTimer(0)
	defer look.Stop()
	// due is changed while ready is to be sent, and nil otherwise.
	var due chan<- touchedPaths
	var ready touchedPaths
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-events:
			if !open {
				return
			}
			waiting.note(event, time.Now())
		case err, open := <-failures:
			if !open {
				return
			}
			// An overflow loses events, not changes: everything is read anew.
			logger.Debug("watching for changes", "error", err)
			waiting.lose(time.Now())
		case <-look.C:
		case due <- ready:
			waiting.forget(ready)
		}
		due = nil
		var wait time.Duration
		if ready, wait = waiting.settle(time.Now()); wait > 0 {
			look.Reset(wait)
		} else if ready.all || len(ready.paths) > 0 {
			due = changed
		}
	}
}

func (w *watcher) close() error { return w.notify.Close() }
