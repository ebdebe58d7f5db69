package storage

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// memory is a source of bytes, for what concerns the cache alone.
type memory struct {
	objects map[string]string
	opened  int
}

func (m *memory) place() string                          { return "memory" }
func (m *memory) list(context.Context) ([]object, error) { return nil, nil }
func (m *memory) trusts(context.Context, object) bool    { return true }
func (m *memory) close() error                           { return nil }
func (m *memory) open(_ context.Context, o object, offset, length int64) (io.ReadCloser, error) {
	m.opened++
	data := m.objects[o.key][offset:]
	if length >= 0 {
		data = data[:length]
	}
	return io.NopCloser(strings.NewReader(data)), nil
}

func ensured(t *testing.T, c cache, m *memory, key string) held {
	t.Helper()
	d := &download{source: m, retry: retry{attempts: 1}, stall: time.Minute, slots: make(chan struct{}, 1), meter: &meter{}}
	h, err := c.ensure(t.Context(), d, object{name: key, key: key, size: int64(len(m.objects[key])), version: "1", ranged: true})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCacheKeepsWhatIsInUseAndWhatWasUsedLast(t *testing.T) {
	t.Parallel()
	c, err := openCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{objects: map[string]string{"old": "1111", "linked": "2222", "used": "3333", "new": "4444"}}
	for _, key := range []string{"old", "linked", "used", "new"} {
		h := ensured(t, c, m, key)
		// A second apart, and before now.
		past := time.Now().Add(-time.Hour).Add(time.Duration(m.opened) * time.Second)
		if err := os.Chtimes(h.path+".seal", past, past); err != nil {
			t.Fatal(err)
		}
		if key == "linked" {
			if err := os.Link(h.path, filepath.Join(t.TempDir(), "model")); err != nil {
				t.Fatal(err)
			}
		}
		if key == "used" {
			defer h.release()
			continue
		}
		h.release()
	}
	if err := c.trim(5, time.Now()); err != nil {
		t.Fatal(err)
	}
	for key, there := range map[string]bool{"old": false, "linked": true, "used": true, "new": false} {
		before := m.opened
		ensured(t, c, m, key).release()
		if (m.opened == before) != there {
			t.Errorf("%s: in the cache %v, want %v", key, m.opened == before, there)
		}
	}
	if err := c.trim(1<<20, time.Now()); err != nil {
		t.Fatal(err)
	}
	before := m.opened
	ensured(t, c, m, "old").release()
	if m.opened != before {
		t.Error("a cache that fits was trimmed")
	}
}

func TestBlobThatSomebodyWroteToIsFetchedAgain(t *testing.T) {
	t.Parallel()
	c, err := openCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{objects: map[string]string{"a": "right"}}
	h := ensured(t, c, m, "a")
	h.release()
	later := time.Now().Add(time.Minute)
	for _, content := range []string{"wrong", "longer than before"} {
		if err := os.Remove(h.path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(h.path, later, later); err != nil {
			t.Fatal(err)
		}
		again := ensured(t, c, m, "a")
		again.release()
		if data, err := os.ReadFile(again.path); err != nil || !bytes.Equal(data, []byte("right")) {
			t.Errorf("got %q, %v", data, err)
		}
	}
	if err := os.Chtimes(h.path, later, later); err != nil {
		t.Fatal(err)
	}
	before := m.opened
	ensured(t, c, m, "a").release()
	if m.opened != before {
		t.Error("a blob that was only touched was fetched again")
	}
}

func TestStaleFetchesAreRemoved(t *testing.T) {
	t.Parallel()
	c, err := openCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x.lock", "x.data", "x.state"} {
		if err := os.WriteFile(filepath.Join(c.dir, "partial", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int {
		entries, err := os.ReadDir(filepath.Join(c.dir, "partial"))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if err := c.trim(0, time.Now()); err != nil || count() != 3 {
		t.Errorf("a fetch of just now: %d files, %v", count(), err)
	}
	if err := c.trim(0, time.Now().Add(2*staleAfter)); err != nil || count() != 0 {
		t.Errorf("a stale fetch: %d files, %v", count(), err)
	}
}
