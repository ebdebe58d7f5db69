package standalone

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

func TestCalmWaitsForQuietButNotForEver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every time.Duration
		count int
		want  []time.Duration // when it signals
	}{
		"one event":                       {count: 1, want: []time.Duration{quietTime}},
		"a burst is one change":           {every: 50 * time.Millisecond, count: 4, want: []time.Duration{150*time.Millisecond + quietTime}},
		"two changes":                     {every: 300 * time.Millisecond, count: 2, want: []time.Duration{quietTime, 300*time.Millisecond + quietTime}},
		"a log that is always written to": {every: 30 * time.Millisecond, count: 50, want: []time.Duration{quietAtLatest, 1470*time.Millisecond + quietTime}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				events, changed := make(chan fsnotify.Event), make(chan touchedPaths)
				var running sync.WaitGroup
				running.Go(func() { calm(t.Context(), events, nil, slog.New(slog.DiscardHandler), changed) })
				began := time.Now()
				var got []time.Duration
				done := make(chan struct{})
				running.Go(func() {
					defer close(done)
					for range c.want {
						<-changed
						got = append(got, time.Since(began))
					}
				})
				for i := range c.count {
					if i > 0 {
						<-time.After(c.every)
					}
					events <- fsnotify.Event{}
				}
				<-done
				close(events)
				running.Wait()
				for i, want := range c.want {
					if got[i] != want {
						t.Errorf("signal %d after %v, want %v", i, got[i], want)
					}
				}
			})
		})
	}
}

// startWatcher gives a watcher that runs until the test ends, and its signals.
func startWatcher(t *testing.T) (*watcher, <-chan touchedPaths) {
	t.Helper()
	w, err := newWatcher(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	changed := make(chan touchedPaths)
	var running sync.WaitGroup
	running.Go(func() { w.run(t.Context(), changed) })
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
		running.Wait()
	})
	return w, changed
}

// await fails the test when nothing comes for 90 seconds.
func await(t *testing.T, signal <-chan touchedPaths, what string) (touched touchedPaths) {
	t.Helper()
	select {
	case touched = <-signal:
	case <-time.After(90 * time.Second):
		t.Fatalf("waited in vain for %s", what)
	}
	return touched
}

func TestDirectoryThatIsMadeAgainIsWatchedAgain(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	sub := filepath.Join(root, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	w, changed := startWatcher(t)
	if !w.watch([]string{root, sub}) {
		t.Error("new directories don't count as added")
	}
	if w.watch([]string{root, sub}) {
		t.Error("the same directories count as added")
	}
	if err := os.Remove(sub); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	await(t, changed, "the removal")
	if !w.watch([]string{root, sub}) {
		t.Error("the directory that was made again doesn't count as added")
	}
	if err := os.WriteFile(filepath.Join(sub, "a.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, changed, "the file in the directory that was made again")
}

func TestDirectoryThatCouldNotBeWatchedIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, changed := startWatcher(t)
	dir := filepath.Join(t.TempDir(), "late")
	if w.watch([]string{dir}) {
		t.Error("an absent directory counts as added")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if !w.watch([]string{dir}) {
		t.Error("the directory is not watched although it is there now")
	}
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, changed, "the file")
}
