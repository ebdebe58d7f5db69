package standalone

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the directories must be quiet before they are read: editors and git write a file in
// several steps.
const settle = 100 * time.Millisecond

// watcher tells when something below the directories changed.
type watcher struct {
	notify  *fsnotify.Watcher
	watched map[string]bool
	logger  *slog.Logger
}

func newWatcher(logger *slog.Logger) (*watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching for changes: %w; raise fs.inotify.max_user_instances", err)
	}
	return &watcher{notify: notify, watched: map[string]bool{}, logger: logger}, nil
}

// watch makes the set of watched directories that of dirs. A directory that can't be watched is reported
// once: its changes are seen when another directory's are.
func (w *watcher) watch(dirs []string) {
	wanted := map[string]bool{}
	for _, dir := range dirs {
		wanted[dir] = true
		if w.watched[dir] {
			continue
		}
		w.watched[dir] = true
		if err := w.notify.Add(dir); err != nil {
			w.logger.Warn("directory not watched; changes in it are seen late", "dir", dir, "error", err)
		}
	}
	for dir := range w.watched {
		if !wanted[dir] {
			delete(w.watched, dir)
			// The error says that the directory has gone already, which is why it is dropped.
			_ = w.notify.Remove(dir)
		}
	}
}

// run sends on changed, without waiting, once the directories have been quiet after a change.
func (w *watcher) run(ctx context.Context, changed chan<- struct{}) {
	quiet := time.NewTimer(settle)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-w.notify.Events:
			if !open {
				return
			}
			quiet.Reset(settle)
		case err, open := <-w.notify.Errors:
			if !open {
				return
			}
			// An overflow loses events, not changes: everything is read anew.
			w.logger.Debug("watching for changes", "error", err)
			quiet.Reset(settle)
		case <-quiet.C:
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}
}

func (w *watcher) close() error { return w.notify.Close() }
