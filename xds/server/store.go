package server

import (
	"slices"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// store is the published state and the streams that follow it. Its lock is held for map operations only, never
// while something is sent.
type store struct {
	// changed holds a token when rejections or clients have changed since it was last received.
	changed chan struct{}

	mu       sync.Mutex
	catalog  catalog
	revision Revision
	watchers map[*watcher]struct{}
	// progress is closed, and replaced, when a stream has settled or ended.
	progress chan struct{}
}

// watcher is the part of a stream that the store writes to; the store's lock guards its fields.
type watcher struct {
	// wake holds a token when dirty has grown since it was last received.
	wake chan struct{}

	node    string
	since   time.Time
	dirty   map[envoy.Key]struct{}
	settled Revision
	waiting bool
}

func newStore() *store {
	return &store{
		changed:  make(chan struct{}, 1),
		catalog:  make(catalog),
		watchers: make(map[*watcher]struct{}),
		progress: make(chan struct{}),
	}
}

func (s *store) publish(set []envoy.Resource, remove []envoy.Key) Revision {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publishLocked(set, remove)
}

func (s *store) replace(set []envoy.Resource) Revision {
	s.mu.Lock()
	defer s.mu.Unlock()
	stays := make(map[envoy.Key]struct{}, len(set))
	for _, r := range set {
		stays[r.Key()] = struct{}{}
	}
	var remove []envoy.Key
	for typeURL, byName := range s.catalog {
		for name := range byName {
			key := envoy.Key{TypeURL: typeURL, Name: name}
			if _, ok := stays[key]; !ok {
				remove = append(remove, key)
			}
		}
	}
	return s.publishLocked(set, remove)
}

func (s *store) publishLocked(set []envoy.Resource, remove []envoy.Key) Revision {
	touched := make([]envoy.Key, 0, len(set)+len(remove))
	for _, r := range set {
		if s.catalog.set(r) {
			touched = append(touched, r.Key())
		}
	}
	for _, key := range remove {
		if s.catalog.remove(key) {
			touched = append(touched, key)
		}
	}
	// The first publication counts even when it is empty: it says that there is nothing to serve.
	if len(touched) > 0 || s.revision == 0 {
		s.revision++
		s.touchLocked(touched...)
		// A new content may have cleared a rejection.
		s.notifyLocked()
	}
	return s.revision
}

// touchLocked makes every stream look at the keys again.
func (s *store) touchLocked(keys ...envoy.Key) {
	for w := range s.watchers {
		for _, k := range keys {
			w.dirty[k] = struct{}{}
		}
		offerToken(w.wake)
	}
}

// next merges what was published since into the stream's state and decides, under the same lock, what to send:
// so a route that names a new cluster is never read without that cluster being known as new.
func (s *store) next(w *watcher, st *state) (delivery, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == 0 {
		return delivery{}, false
	}
	for key := range w.dirty {
		st.touch(key)
	}
	clear(w.dirty)
	d, ok := st.next(s.catalog)
	w.waiting = ok || len(st.busy) > 0
	if !w.waiting && st.complete() && w.settled < s.revision {
		w.settled = s.revision
		s.advanceLocked()
	}
	return d, ok
}

func (s *store) accept(d delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range d.added {
		s.catalog.accept(r.Key(), r.Version)
	}
}

// reject sets a resource aside for every stream and says whether that is news.
func (s *store) reject(r Rejection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.catalog.reject(r) {
		return false
	}
	s.touchLocked(envoy.Key{TypeURL: r.TypeURL, Name: r.Name})
	s.notifyLocked()
	return true
}

func (s *store) attach(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[w] = struct{}{}
	s.notifyLocked()
}

func (s *store) identify(w *watcher, node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.node = node
	s.notifyLocked()
}

func (s *store) detach(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers, w)
	s.advanceLocked()
	s.notifyLocked()
}

// settled says whether every stream has answered r, and gives a channel that closes when that may have changed.
func (s *store) settled(r Revision) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.watchers {
		if w.settled < r {
			return false, s.progress
		}
	}
	return true, s.progress
}

func (s *store) rejections() []Rejection {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Rejection
	for _, byName := range s.catalog {
		for _, e := range byName {
			if e.rejected != nil {
				r := *e.rejected
				r.Objects = slices.Clone(r.Objects)
				list = append(list, r)
			}
		}
	}
	return list
}

func (s *store) clients() []Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Client, 0, len(s.watchers))
	for w := range s.watchers {
		list = append(list, Client{Node: w.node, Since: w.since, Settled: w.settled, Waiting: w.waiting})
	}
	return list
}

func (s *store) offered() []envoy.Resource {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []envoy.Resource
	for _, typeURL := range envoy.Types() {
		for _, name := range s.catalog.names(typeURL) {
			if r, standing := s.catalog.offer(envoy.Key{TypeURL: typeURL, Name: name}); standing == present {
				list = append(list, r)
			}
		}
	}
	return list
}

func (s *store) advanceLocked() {
	close(s.progress)
	s.progress = make(chan struct{})
}

func (s *store) notifyLocked() { offerToken(s.changed) }

// offerToken leaves a token in a channel of capacity one, unless one is there already.
func offerToken(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
