package standalone

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// happened is one event, at a time after the beginning.
type happened struct {
	at   time.Duration
	path string
	op   fsnotify.Op
}

func TestUnrestSettles(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		events []happened
		is     map[string]condition
		paths  string // those told of first
		want   time.Duration
	}{
		"a file moved over another": {[]happened{{0, "a", fsnotify.Create}}, map[string]condition{"a": complete}, "a", wholeTime},
		"a file written and closed": {[]happened{{0, "a", fsnotify.Create}, {ms, "a", fsnotify.Write}}, map[string]condition{"a": complete}, "a", ms + writtenTime},
		"a temporary file takes a place": {
			[]happened{{0, "t", fsnotify.Create}, {0, "t", fsnotify.Write}, {ms, "t", fsnotify.Rename}, {ms, "a", fsnotify.Create}},
			map[string]condition{"t": gone, "a": complete}, "a t", ms + wholeTime,
		},
		"a file gets another name": {[]happened{{0, "a", fsnotify.Rename}, {0, "b", fsnotify.Create}}, map[string]condition{"a": gone, "b": complete}, "a b", quietTime},
		"a removed file":           {[]happened{{0, "a", fsnotify.Remove}}, map[string]condition{"a": gone}, "a", quietTime},
		"a link":                   {[]happened{{0, "a", fsnotify.Create}}, map[string]condition{"a": unclear}, "a", quietTime},
		"one that is written to keeps no other waiting": {
			[]happened{{0, "a", fsnotify.Write}, {0, "b", fsnotify.Create}}, map[string]condition{"a": underWay, "b": complete}, "b", wholeTime,
		},
		"one that nobody writes to any more": {[]happened{{0, "a", fsnotify.Write}}, map[string]condition{"a": underWay}, "a", abandonedTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUnrest(func(path string) condition { return c.is[path] })
			began := time.Unix(1000, 0)
			for _, e := range c.events {
				u.note(fsnotify.Event{Name: e.path, Op: e.op}, began.Add(e.at))
			}
			now := began.Add(c.events[len(c.events)-1].at)
			ready, wait := u.settle(now)
			for wait > 0 {
				now = now.Add(wait)
				ready, wait = u.settle(now)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(ready.paths)), " "); got != c.paths || now.Sub(began) != c.want {
				t.Errorf("told of %q after %v, want %q after %v", got, now.Sub(began), c.paths, c.want)
			}
			u.forget(ready)
			if left := len(u.stirs); left != len(c.is)-len(ready.paths) {
				t.Errorf("%d are left", left)
			}
		})
	}
}

func TestUnrestTellsOfLostEvents(t *testing.T) {
	t.Parallel()
	u := newUnrest(func(string) condition { return underWay })
	began := time.Unix(1000, 0)
	u.note(fsnotify.Event{Name: "a", Op: fsnotify.Write}, began)
	u.lose(began)
	if ready, wait := u.settle(began.Add(quietTime)); !ready.all || wait != 0 || len(ready.paths) > 0 {
		t.Errorf("told of %+v, and to wait %v", ready, wait)
	}
}

// A file whose beginning is a valid manifest is not told of while its writer has it open, however long that pauses; what else
// changes is.
func TestHalfWrittenFileIsNotToldOf(t *testing.T) {
	t.Parallel()
	w, changed := startWatcher(t)
	dir := t.TempDir()
	w.watch([]string{dir})
	dribbled := filepath.Join(dir, "dribbled.yaml")
	file, err := os.Create(dribbled)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range []string{"kind: Secret\n", "metadata: {name: a}\n", "---\n"} {
		if _, err := file.WriteString(part); err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "other.yaml")
		if err := os.WriteFile(other, []byte(part), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(other, filepath.Join(dir, "other.yaml")); err != nil {
			t.Fatal(err)
		}
		for told := false; !told; {
			touched := await(t, changed, "the other file")
			told = touched.paths[filepath.Join(dir, "other.yaml")]
			if touched.paths[dribbled] {
				t.Errorf("told of a file that is open for writing: %v", touched)
			}
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if touched := await(t, changed, "the whole file"); !touched.paths[dribbled] {
		t.Errorf("told of %v", touched)
	}
}

func TestCalmSendsWhatNobodyReceivedYetWithTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events, changed := make(chan fsnotify.Event), make(chan touchedPaths)
		var running sync.WaitGroup
		running.Go(func() { calm(t.Context(), events, nil, slog.New(slog.DiscardHandler), changed) })
		for _, name := range []string{"/absent/a", "/absent/b"} {
			events <- fsnotify.Event{Name: name, Op: fsnotify.Remove}
			<-time.After(2 * quietTime)
		}
		if got := <-changed; len(got.paths) != 2 {
			t.Errorf("told of %v", got.paths)
		}
		close(events)
		running.Wait()
	})
}
